//! Whose credentials the pods of a component have: the role of their service account by the cluster's identity
//! provider, the role of a pod identity association, or the role of the node.
//!
//! The role of the node comes last: <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>.
//! Where a service account has two roles, by the identity provider and by an association, both are judged.

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};

use crate::catalogue::iam::{AddonComponents, Component, PARSED};
use crate::facts::base::context::Context;
use crate::facts::inventory::cluster;
use crate::snapshot::aws::eks::{Addon, PodIdentityAssociation, PodIdentityAssociationDetail};

use super::role_chain;
use super::role_usage::{RoleChain, last};

/// Whose credentials pods have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// These roles of their service accounts.
    Own(BTreeSet<String>),
    /// The role of the node.
    Node,
}

/// What is known of an EKS add-on's components.
pub(crate) fn components(addon: &str) -> Option<&'static AddonComponents> {
    PARSED.addons.get(addon)
}

/// Whose credentials the pods of a component have, as an EKS add-on or else by the published names of its
/// service accounts.
pub(crate) fn of_component(context: &Context<'_>, name: &str, component: &Component) -> Known<Credentials> {
    let own = PARSED.addons.iter().find(|(_, addon)| addon.components.iter().any(|own| own == name));
    if let Some((addon, _)) = own {
        let described = context.snapshot.aws.addon.iter().flatten();
        let known = described.into_iter().any(|described| described.addon_name == *addon);
        if known || cluster::addons(context)?.iter().any(|listed| listed == addon) {
            return of_addon(context, addon, component);
        }
    }
    let roles = by_service_account(context, component)?;
    perhaps(context, component, &roles)?;
    if roles.is_empty() {
        let account = component.accounts.first().map_or("", String::as_str);
        return Err(vec![Missing::unmodelled(format!(
            "the IAM role of {}, not an EKS add-on here; read with `kubectl get serviceaccount -A -o yaml` (by default {account})",
            component.name
        ))]);
    }
    Ok(Credentials::Own(roles))
}

/// Whose credentials a component of an EKS add-on has.
pub(crate) fn of_addon(context: &Context<'_>, addon: &str, component: &Component) -> Known<Credentials> {
    let described = context.snapshot.aws.addon.iter().flatten();
    let described = described.into_iter().find(|described| described.addon_name == addon);
    let described = described.ok_or_else(|| vec![context.missing("addon", Some(addon))])?;
    let mut roles = by_addon(context, described)?;
    if roles.is_empty() {
        roles = by_service_account(context, component)?;
    }
    // Which of the two comes first depends on what the pods were started with.
    roles.extend(described.service_account_role_arn.clone());
    perhaps(context, component, &roles)?;
    Ok(if roles.is_empty() { Credentials::Node } else { Credentials::Own(roles) })
}

/// Associations that the add-on itself manages, whatever the service accounts are called.
fn by_addon(context: &Context<'_>, addon: &Addon) -> Known<BTreeSet<String>> {
    addon.pod_identity_associations.iter().filter_map(|arn| last(arn)).map(|id| role(context, id)).collect()
}

/// The roles of associations of service accounts with the published names.
fn by_service_account(context: &Context<'_>, component: &Component) -> Known<BTreeSet<String>> {
    let mut roles = BTreeSet::new();
    for one in listed(context)? {
        let of = (one.namespace.as_deref(), one.service_account.as_deref());
        if component.service_accounts().any(|(namespace, name)| of == (Some(namespace), Some(name))) {
            roles.insert(role(context, &one.association_id)?);
        }
    }
    Ok(roles)
}

/// Where no role is known: associations that may be the component's, because a namespace or a service account of
/// its own may have another name here.
fn perhaps(context: &Context<'_>, component: &Component, known: &BTreeSet<String>) -> Known<()> {
    if !known.is_empty() {
        return Ok(());
    }
    let half = |one: &&PodIdentityAssociation| {
        let (of, account) = (one.namespace.as_deref(), one.service_account.as_deref());
        component.service_accounts().any(|(namespace, name)| {
            namespace != "kube-system" && (of == Some(namespace) || account == Some(name))
        })
    };
    let found = listed(context)?.iter().find(half);
    found.map_or(Ok(()), |one| {
        Err(vec![Missing::unmodelled(format!(
            "whether the pods of {} have service account {}/{}, which has a pod identity association",
            component.name,
            one.namespace.as_deref().unwrap_or("unknown"),
            one.service_account.as_deref().unwrap_or("unknown")
        ))])
    })
}

fn listed<'s>(context: &Context<'s>) -> Known<&'s [PodIdentityAssociation]> {
    let name = &context.cluster.clone()?.name;
    context.items(context.snapshot.aws.pod_identity_associations.as_deref(), "associations", name)
}

/// What may restrict pods with these roles beyond the roles' own policies: the session policy of an association,
/// and the way to a role by another one.
pub(crate) fn restrictions(context: &Context<'_>, roles: &BTreeSet<String>) -> Vec<Missing> {
    let details = context.snapshot.aws.pod_identity_association.iter().flatten();
    let of_roles = details.filter(|one| {
        let last = one.target_role_arn.as_ref().or(one.role_arn.as_ref());
        last.is_some_and(|arn| roles.contains(arn))
    });
    let mut found = Vec::new();
    for one in of_roles {
        let id = &one.association_id;
        if one.policy.as_deref().is_some_and(|policy| !policy.is_empty()) {
            found.push(Missing::unmodelled(format!("what the session policy of {id} allows")));
        }
        let chain = RoleChain::of(one);
        match chain.as_ref().map(|chain| (chain, role_chain::arrives(context, chain))) {
            None | Some((_, Ok(true))) => {}
            Some((chain, Ok(false))) => found.push(Missing::unmodelled(format!(
                "the credentials of pods of {id}; role {} may not assume {}",
                last(&chain.first).unwrap_or(&chain.first),
                chain.target
            ))),
            Some((_, Err(missing))) => found.extend(missing),
        }
    }
    found
}

/// The role that an association ends with: pods get that of a second account where there is one.
/// <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html>
fn role(context: &Context<'_>, association: &str) -> Known<String> {
    let mut details = context.snapshot.aws.pod_identity_association.iter().flatten();
    let detail = details.find(|detail| detail.association_id == association);
    let role = |detail: &PodIdentityAssociationDetail| {
        detail.target_role_arn.clone().or_else(|| detail.role_arn.clone())
    };
    detail.and_then(role).ok_or_else(|| vec![context.missing("association", Some(association))])
}

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

use super::permissions::{Limit, Session};
use super::role_usage::{PodUse, RoleChain, last};
use super::{pod_identity, role_chain};

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
    if let Some((addon, _)) = own
        && (described(context, addon).is_some()
            || cluster::addons(context)?.iter().any(|listed| listed == addon))
    {
        return of_addon(context, addon, component);
    }
    let accounts: Vec<_> = component.service_accounts().collect();
    let roles = by_service_account(context, &accounts)?;
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
    let described = described(context, addon).ok_or_else(|| vec![context.missing("addon", Some(addon))])?;
    let accounts = service_accounts(described, component);
    let mut roles = by_service_account(context, &accounts)?;
    let others = by_addon(context, described, &accounts, &mut roles)?;
    // Which of the two comes first depends on what the pods were started with.
    roles.extend(described.service_account_role_arn.clone());
    if roles.is_empty() {
        if let Some(one) = others.first() {
            return Err(vec![unclear(component, one.namespace.as_deref(), one.service_account.as_deref())]);
        }
        if described.namespace_config.is_none() {
            perhaps(context, component, &roles)?;
        }
    }
    Ok(if roles.is_empty() { Credentials::Node } else { Credentials::Own(roles) })
}

/// An EKS add-on as it was described.
pub(super) fn described<'s>(context: &Context<'s>, addon: &str) -> Option<&'s Addon> {
    context.snapshot.aws.addon.iter().flatten().find(|described| described.addon_name == addon)
}

/// The service accounts of a component of an EKS add-on, by namespace and published name. An add-on is in the
/// namespace that EKS tells of it:
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_AddonNamespaceConfigResponse.html>
pub(super) fn service_accounts<'a>(addon: &'a Addon, component: &'a Component) -> Vec<(&'a str, &'a str)> {
    let own = addon.namespace_config.as_ref().and_then(|config| config.namespace.as_deref());
    component.service_accounts().map(|(namespace, name)| (own.unwrap_or(namespace), name)).collect()
}

/// Adds the roles of associations that the add-on itself manages, of the component's service accounts. The others
/// are returned: their service accounts are another component's, or the component's by another name.
fn by_addon<'s>(
    context: &Context<'s>,
    addon: &Addon,
    accounts: &[(&str, &str)],
    roles: &mut BTreeSet<String>,
) -> Known<Vec<&'s PodIdentityAssociationDetail>> {
    let mut others = Vec::new();
    for id in addon.pod_identity_associations.iter().filter_map(|arn| last(arn)) {
        let detail = detail(context, id)?;
        let account = detail.service_account.as_deref();
        if accounts.is_empty() || accounts.iter().any(|(_, name)| account == Some(name)) {
            roles.insert(role(context, id)?);
        } else {
            others.push(detail);
        }
    }
    Ok(others)
}

/// The roles of associations of these service accounts.
fn by_service_account(context: &Context<'_>, accounts: &[(&str, &str)]) -> Known<BTreeSet<String>> {
    let mut roles = BTreeSet::new();
    for one in listed(context)? {
        let of = (one.namespace.as_deref(), one.service_account.as_deref());
        if accounts.iter().any(|(namespace, name)| of == (Some(namespace), Some(name))) {
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
        Err(vec![unclear(component, one.namespace.as_deref(), one.service_account.as_deref())])
    })
}

/// An association that may be the component's.
fn unclear(component: &Component, namespace: Option<&str>, account: Option<&str>) -> Missing {
    Missing::unmodelled(format!(
        "whether the pods of {} have service account {}/{}, which has a pod identity association",
        component.name,
        namespace.unwrap_or("unknown"),
        account.unwrap_or("unknown")
    ))
}

fn listed<'s>(context: &Context<'s>) -> Known<&'s [PodIdentityAssociation]> {
    let name = &context.cluster.clone()?.name;
    context.items(context.snapshot.aws.pod_identity_associations.as_deref(), "associations", name)
}

/// The session of a component's pods that have a role by an association: its policy and its tags.
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html>
pub(crate) fn session(context: &Context<'_>, name: &str, component: &Component, role: &str) -> Session {
    let own = PARSED.addons.iter().find(|(_, addon)| addon.components.iter().any(|own| own == name));
    let accounts = match own.and_then(|(addon, _)| described(context, addon)) {
        Some(addon) => service_accounts(addon, component),
        None => component.service_accounts().collect(),
    };
    let details = context.snapshot.aws.pod_identity_association.iter().flatten();
    let of_role = details.filter(|one| {
        let of = (one.namespace.as_deref(), one.service_account.as_deref());
        let last = one.target_role_arn.as_ref().or(one.role_arn.as_ref());
        last.is_some_and(|arn| arn == role)
            && accounts.iter().any(|(namespace, name)| of == (Some(namespace), Some(name)))
    });
    let found: Vec<&PodIdentityAssociationDetail> = of_role.collect();
    let tags = match found.as_slice() {
        [one] => pod_identity::principal_tags(context, &PodUse::of(one)),
        // Which of several associations it is decides the tags.
        _ => Vec::new(),
    };
    Session { limits: found.into_iter().filter_map(limit).collect(), tags }
}

/// The session policy of an association.
fn limit(one: &PodIdentityAssociationDetail) -> Option<Limit> {
    let text = one.policy.as_deref().filter(|text| !text.is_empty())?;
    let what = format!("the session policy of association {}", one.association_id);
    let document = serde_json::from_str(text);
    let document = document.map_err(|_| vec![Missing::unmodelled(format!("{what}, which is no JSON"))]);
    Some(Limit { what, document })
}

/// What may keep pods from these roles: the way to a role by another one.
pub(crate) fn restrictions(context: &Context<'_>, roles: &BTreeSet<String>) -> Vec<Missing> {
    let details = context.snapshot.aws.pod_identity_association.iter().flatten();
    let of_roles = details.filter(|one| {
        let last = one.target_role_arn.as_ref().or(one.role_arn.as_ref());
        last.is_some_and(|arn| roles.contains(arn))
    });
    let mut found = Vec::new();
    for one in of_roles {
        let id = &one.association_id;
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
    let detail = detail(context, association)?;
    let role = detail.target_role_arn.clone().or_else(|| detail.role_arn.clone());
    role.ok_or_else(|| vec![context.missing("association", Some(association))])
}

fn detail<'s>(context: &Context<'s>, association: &str) -> Known<&'s PodIdentityAssociationDetail> {
    let mut details = context.snapshot.aws.pod_identity_association.iter().flatten();
    let detail = details.find(|detail| detail.association_id == association);
    detail.ok_or_else(|| vec![context.missing("association", Some(association))])
}

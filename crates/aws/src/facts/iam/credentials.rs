//! Whose credentials the pods of a component have: the role of their service account by the cluster's identity
//! provider, the role of a pod identity association, or the role of the node.
//!
//! The first of them that is set up wins, as in the SDKs' chain of credential providers:
//! <https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html>,
//! <https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};

use crate::catalogue::iam::{AddonComponents, Component, PARSED};
use crate::facts::base::context::Context;
use crate::facts::inventory::cluster;
use crate::snapshot::aws::eks::{Addon, PodIdentityAssociationDetail};

use super::role_usage::last;

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
    if let Some(arn) = &described.service_account_role_arn {
        return Ok(Credentials::Own(BTreeSet::from([arn.clone()])));
    }
    let mut roles = by_addon(context, described)?;
    roles.extend(by_service_account(context, component)?);
    Ok(if roles.is_empty() { Credentials::Node } else { Credentials::Own(roles) })
}

/// Associations that the add-on itself manages, whatever the service accounts are called.
fn by_addon(context: &Context<'_>, addon: &Addon) -> Known<BTreeSet<String>> {
    addon.pod_identity_associations.iter().filter_map(|arn| last(arn)).map(|id| role(context, id)).collect()
}

/// Associations of service accounts with the published names. Where the namespace is the component's own, it
/// may have another name here: either half will do.
fn by_service_account(context: &Context<'_>, component: &Component) -> Known<BTreeSet<String>> {
    let name = &context.cluster.clone()?.name;
    let all = context.snapshot.aws.pod_identity_associations.as_deref();
    let listed = context.items(all, "associations", name)?;
    let mut roles = BTreeSet::new();
    for one in listed {
        let (of, account) = (one.namespace.as_deref(), one.service_account.as_deref());
        let own = component.service_accounts().any(|(namespace, name)| {
            let both = of == Some(namespace) && account == Some(name);
            both || namespace != "kube-system" && (of == Some(namespace) || account == Some(name))
        });
        if own {
            roles.insert(role(context, &one.association_id)?);
        }
    }
    Ok(roles)
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

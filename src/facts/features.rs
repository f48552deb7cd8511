//! Which features the cluster uses, and which AWS services they need.
//!
//! The matrix is data (`rules/eks/services.yaml`); what shows a feature is here. The user's word
//! outranks it both ways. A feature that AWS could show but was not asked about is unknown; one
//! that AWS cannot show and nobody declares counts as not used, and the report says so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::network::{Known, Missing};
use crate::snapshot::aws::eks::FargateProfile;

use super::beyond::beyond;
use super::endpoint_policy::{Owner, Sender};
use super::{Context, bootstrap, nodes};

/// The matrix as it is embedded.
const MATRIX: &str = include_str!("../../rules/eks/services.yaml");

/// Features, services, and what the services need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Matrix {
    /// By feature.
    pub features: BTreeMap<String, Feature>,
    /// By suffix of the service's name.
    pub services: BTreeMap<String, Service>,
}

/// Something that a cluster may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feature {
    /// What shows it, for readers.
    #[cfg_attr(not(test), expect(dead_code, reason = "the matrix says it to those who read it"))]
    detected: String,
    /// Whether it may be used without AWS showing it.
    #[serde(default)]
    unseen: bool,
    /// Suffixes of the services that it needs.
    pub services: Vec<String>,
    /// The roles whose machines call them; empty: any may.
    #[serde(default)]
    pub clients: Vec<String>,
    /// TCP ports on which its pods serve webhooks or aggregated APIs to the control plane.
    #[serde(default)]
    pub control_plane_ports: Vec<u16>,
}

/// An AWS service as an endpoint offers it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    /// Endpoint types that can serve nodes.
    pub types: Vec<String>,
    /// Whether clients cannot be told another host name.
    #[serde(default)]
    pub name_fixed: bool,
    /// Whether its name carries no region.
    #[serde(default)]
    pub global: bool,
    /// What an endpoint policy has to allow at least.
    #[serde(default)]
    pub policy: Vec<Needs>,
}

/// A service that the matrix does not have.
pub(super) static OTHER: LazyLock<Service> = LazyLock::new(|| Service {
    types: vec!["Interface".into(), "Gateway".into()],
    name_fixed: false,
    global: false,
    policy: Vec::new(),
});

/// Actions on one resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Needs {
    /// IAM actions.
    pub actions: Vec<String>,
    /// An ARN with placeholders, or `*` for whatever there may be; none where the actions take none.
    #[serde(default)]
    pub resource: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub caller: Sender,
    /// Whose the resource is.
    #[serde(default)]
    pub owner: Owner,
    /// Which clusters it is about: an address family, a system of nodes, or a feature; absent: all.
    #[serde(default)]
    pub when: Option<String>,
    /// What stops without it, where nodes and pods run all the same.
    #[serde(default)]
    pub optional: Option<String>,
}

/// The embedded matrix; a mistake in it is a mistake in this program, which a test finds.
pub(super) fn matrix() -> Known<&'static Matrix> {
    static PARSED: LazyLock<Known<Matrix>> = LazyLock::new(|| {
        serde_saphyr::from_str(MATRIX).map_err(|error| {
            vec![Missing::unmodelled(format!("rules/eks/services.yaml, which cannot be read: {error}"))]
        })
    });
    PARSED.as_ref().map_err(Clone::clone)
}

/// What is known about one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is used.
    Yes,
    /// It is not.
    No,
    /// AWS did not say.
    Unknown(Vec<Missing>),
}

/// What AWS shows about one feature.
enum Sign {
    Seen,
    /// What would show it was read and does not.
    Unseen,
    Unread(Vec<Missing>),
}

/// The use of every feature of the matrix; assumptions go to the context.
pub(super) fn used(context: &Context<'_>, matrix: &Matrix) -> BTreeMap<String, Use> {
    let mut assumed = Vec::new();
    let used = matrix
        .features
        .iter()
        .map(|(name, feature)| {
            let use_ = match context.intent.features.get(name) {
                Some(true) => Use::Yes,
                Some(false) => Use::No,
                None => match sign(context, name) {
                    Sign::Seen => Use::Yes,
                    Sign::Unread(missing) if Missing::all_not_yet(&missing) => {
                        assumed.push(name.as_str());
                        Use::No
                    }
                    Sign::Unread(missing) => Use::Unknown(missing),
                    Sign::Unseen => {
                        if feature.unseen || context.plan().is_some() {
                            assumed.push(name.as_str());
                        }
                        Use::No
                    }
                },
            };
            (name.clone(), use_)
        })
        .collect();
    if !assumed.is_empty() {
        context.assume(format!(
            "Features that AWS does not show and nobody declared (features: in privek-audit.yaml) are not used: {}.",
            assumed.join(", ")
        ));
    }
    used
}

fn sign(context: &Context<'_>, feature: &str) -> Sign {
    match feature {
        "nodes" => has_nodes(context),
        "fargate" => of(fargate_profiles(context).map(|names| !names.is_empty())),
        "auto_mode" => of(context
            .cluster
            .clone()
            .map(|cluster| cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true))),
        "irsa" => addon_roles(context),
        "pod_identity" => pod_identity(context),
        "cluster_autoscaler" => of(autoscaler_tags(context)),
        "cloudwatch_logs" | "cloudwatch_metrics" | "cloudwatch_observability" => {
            addon(context, "amazon-cloudwatch-observability")
        }
        "ebs_csi" => addon(context, "aws-ebs-csi-driver"),
        "efs_csi" => addon(context, "aws-efs-csi-driver"),
        "fsx_csi" => addon(context, "aws-fsx-csi-driver"),
        "eks_api" => of(bootstrap::asks_eks(context)),
        "metrics_server" => addon(context, "metrics-server"),
        "cert_manager" => addon(context, "cert-manager"),
        "guardduty_runtime" => addon(context, "aws-guardduty-agent"),
        _ => Sign::Unseen,
    }
}

fn of(shown: Known<bool>) -> Sign {
    match shown {
        Ok(true) => Sign::Seen,
        Ok(false) => Sign::Unseen,
        Err(missing) => Sign::Unread(missing),
    }
}

/// A cluster runs on EC2 instances unless all that was read says that it runs on Fargate.
fn has_nodes(context: &Context<'_>) -> Sign {
    let listed = nodes::listed(context);
    let beyond = beyond(context);
    if !listed.groups.is_empty() || !beyond.places.is_empty() || !beyond.unlisted.is_empty() {
        return Sign::Seen;
    }
    match fargate_profiles(context) {
        Ok([]) => {
            if listed.unlisted.is_empty() && context.plan().is_none() {
                context.assume("Nodes are still to come, as EC2 instances in the cluster's subnets.");
            }
            Sign::Seen
        }
        Ok(_) if listed.unlisted.is_empty() => match nodes::instances(context) {
            Ok(instances) => of(Ok(!instances.is_empty())),
            Err(missing) => Sign::Unread(missing),
        },
        Ok(_) => Sign::Unread(listed.unlisted),
        Err(missing) => Sign::Unread(missing),
    }
}

/// Names of the cluster's Fargate profiles.
pub(super) fn fargate_profiles<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.fargate_profile_names.as_deref(), "fargateProfileNames", &cluster.name)
}

/// The Fargate profiles that were described, and why there may be more.
pub(super) fn described_profiles<'s>(context: &Context<'s>) -> (Vec<&'s FargateProfile>, Vec<Missing>) {
    let names = match fargate_profiles(context) {
        Ok(names) => names,
        Err(missing) => return (Vec::new(), missing),
    };
    let (mut described, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let mut profiles = context.snapshot.aws.fargate_profile.iter().flatten();
        match profiles.find(|profile| profile.fargate_profile_name == *name) {
            Some(profile) => described.push(profile),
            None => missing.push(context.missing("fargateProfile", Some(name))),
        }
    }
    (described, missing)
}

/// Names of the cluster's add-ons.
pub(super) fn addons<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.addons.as_deref(), "addons", &cluster.name)
}

fn addon(context: &Context<'_>, name: &str) -> Sign {
    of(addons(context).map(|names| names.iter().any(|listed| listed == name)))
}

/// Roles of add-ons' service accounts; the list and the descriptions are read separately.
fn addon_roles(context: &Context<'_>) -> Sign {
    let described = || context.snapshot.aws.addon.iter().flatten();
    if described().any(|addon| addon.service_account_role_arn.is_some()) {
        return Sign::Seen;
    }
    let names = match addons(context) {
        Ok(names) => names,
        Err(missing) => return Sign::Unread(missing),
    };
    match names.iter().find(|name| !described().any(|addon| addon.addon_name == **name)) {
        Some(undescribed) => Sign::Unread(vec![context.missing("addon", Some(undescribed))]),
        None => Sign::Unseen,
    }
}

fn pod_identity(context: &Context<'_>) -> Sign {
    let associations = context.cluster.clone().and_then(|cluster| {
        let all = &context.snapshot.aws.pod_identity_associations;
        context.items(all.as_deref(), "associations", &cluster.name).map(|list| !list.is_empty())
    });
    match (addon(context, "eks-pod-identity-agent"), of(associations)) {
        (Sign::Seen, _) | (_, Sign::Seen) => Sign::Seen,
        (Sign::Unseen, Sign::Unseen) => Sign::Unseen,
        (Sign::Unread(mut one), Sign::Unread(other)) => {
            one.extend(other);
            Sign::Unread(one)
        }
        (Sign::Unread(missing), _) | (_, Sign::Unread(missing)) => Sign::Unread(missing),
    }
}

/// Tags that a cluster autoscaler looks for, on groups where EKS has not put them by itself.
fn autoscaler_tags(context: &Context<'_>) -> Known<bool> {
    let cluster = context.cluster.clone()?;
    let all = &context.snapshot.aws.auto_scaling_groups;
    let all = context.items(all.as_deref(), "AutoScalingGroups", &cluster.name)?;
    let listed = nodes::listed(context);
    let by_eks = |name: &String| {
        listed.groups.iter().any(|group| group.managed && group.auto_scaling_groups.contains(name))
    };
    Ok(all.iter().filter(|group| !by_eks(&group.auto_scaling_group_name)).any(|group| {
        let has = |prefix: &str| {
            group.tags.iter().any(|tag| tag.key.as_deref().is_some_and(|key| key.starts_with(prefix)))
        };
        has("k8s.io/cluster-autoscaler/") && !has("eks:nodegroup-name")
    }))
}

/// Whether some feature needs a service, and which ones do.
pub(super) fn needed(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    service: &str,
) -> (Known<bool>, Vec<String>) {
    by_some(matrix, used, |feature| feature.services.iter().any(|suffix| suffix == service))
}

/// Whether machines of a role need a service: of the features that any machine may run, or they only.
pub(super) fn needed_by(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    service: &str,
    role: &str,
) -> Known<bool> {
    let calls =
        |feature: &Feature| feature.clients.is_empty() || feature.clients.iter().any(|client| client == role);
    by_some(matrix, used, |feature| calls(feature) && feature.services.iter().any(|suffix| suffix == service))
        .0
}

/// Whether the cluster uses one of the features of this kind, and which ones it is known to use.
pub(super) fn by_some(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    of_kind: impl Fn(&Feature) -> bool,
) -> (Known<bool>, Vec<String>) {
    let mut by = Vec::new();
    let mut missing = Vec::new();
    for (name, _) in matrix.features.iter().filter(|(_, feature)| of_kind(feature)) {
        match used.get(name) {
            Some(Use::Yes) => by.push(name.clone()),
            Some(Use::Unknown(why)) => missing.extend(why.clone()),
            Some(Use::No) | None => {}
        }
    }
    missing.sort();
    missing.dedup();
    let some = if !by.is_empty() {
        Ok(true)
    } else if missing.is_empty() {
        Ok(false)
    } else {
        Err(missing)
    };
    (some, by)
}

/// Whether the cluster uses a feature.
pub(super) fn uses(context: &Context<'_>, matrix: &Matrix, feature: &str) -> Known<bool> {
    match used(context, matrix).remove(feature) {
        Some(Use::Yes) => Ok(true),
        Some(Use::Unknown(missing)) => Err(missing),
        Some(Use::No) | None => Ok(false),
    }
}

#[cfg(test)]
#[path = "features_tests.rs"]
mod tests;

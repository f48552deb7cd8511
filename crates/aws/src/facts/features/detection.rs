//! What shows that a cluster uses a feature, as far as AWS can show it: node groups, add-ons,
//! providers, tags. What was read and shows nothing is no proof for what lives in Kubernetes only.

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{self, addons, fargate_profiles};
use crate::facts::inventory::ungrouped_nodes::beyond;
use crate::facts::inventory::{node_groups, user_data};

use super::FeatureUse;

/// What AWS shows of a feature; nothing where what would show it was read and does not.
pub(crate) fn detected(context: &Context<'_>, feature: &str) -> FeatureUse {
    match feature {
        "nodes" => has_nodes(context),
        "fargate" => fargate(context),
        "auto_mode" => auto_mode(context),
        "irsa" => irsa(context),
        "pod_identity" => {
            first([addon(context, "eks-pod-identity-agent"), pod_identity_associations(context)])
        }
        "cluster_autoscaler" => autoscaler_tags(context),
        "cloudwatch_logs" | "cloudwatch_metrics" | "cloudwatch_observability" => {
            addon(context, "amazon-cloudwatch-observability")
        }
        "ebs_csi" => addon(context, "aws-ebs-csi-driver"),
        "efs_csi" => addon(context, "aws-efs-csi-driver"),
        "fsx_csi" => addon(context, "aws-fsx-csi-driver"),
        "s3_csi" => addon(context, "aws-mountpoint-s3-csi-driver"),
        "eks_api" => of(user_data::asks_eks(context), "the user data of a node group"),
        "metrics_server" => addon(context, "metrics-server"),
        "cert_manager" => addon(context, "cert-manager"),
        "guardduty_runtime" => addon(context, "aws-guardduty-agent"),
        "network_flow_monitor" => addon(context, "aws-network-flow-monitoring-agent"),
        "secrets_manager" => addon(context, "aws-secrets-store-csi-driver-provider"),
        "external_dns" => addon(context, "external-dns"),
        "private_ca" => addon(context, "aws-privateca-connector-for-kubernetes"),
        "argo_cd_capability" => argo_cd(context),
        "hybrid_nodes_pod_identity" => hybrid_agent(context),
        _ => Ok(None),
    }
}

fn of(shown: Known<bool>, by: &str) -> FeatureUse {
    shown.map(|shown| shown.then(|| by.to_owned()))
}

/// Of several things that show a feature any will do.
fn first<const N: usize>(all: [FeatureUse; N]) -> FeatureUse {
    let mut missing = Vec::new();
    for shown in all {
        match shown {
            Ok(None) => {}
            Ok(shown) => return Ok(shown),
            Err(why) => missing.extend(why),
        }
    }
    known::complete(missing).map(|()| None)
}

/// A cluster runs on EC2 instances unless all that was read says that it runs on Fargate.
fn has_nodes(context: &Context<'_>) -> FeatureUse {
    let listed = node_groups::listed(context);
    let beyond = beyond(context);
    if let Some(group) = listed.groups.first() {
        let kind = if group.managed { "node group" } else { "Auto Scaling group" };
        return Ok(Some(format!("the {kind} {}", group.name)));
    }
    if let Some(place) = beyond.places.first() {
        return Ok(Some(format!("{} in {}", place.name, place.subnet)));
    }
    if !beyond.unlisted.is_empty() {
        return Ok(Some("nodes outside node groups".into()));
    }
    match fargate_profiles(context) {
        Ok([]) => {
            if listed.unlisted.is_empty() && context.plan().is_none() {
                context.assume("Nodes will be EC2 instances in the cluster's subnets.");
            }
            Ok(Some("the cluster has no Fargate profiles".into()))
        }
        Ok(_) if listed.unlisted.is_empty() => match node_groups::instances(context) {
            Ok(instances) => of(Ok(!instances.is_empty()), "instances with the cluster's tag"),
            Err(missing) => Err(missing),
        },
        Ok(_) => Err(listed.unlisted),
        Err(missing) => Err(missing),
    }
}

fn fargate(context: &Context<'_>) -> FeatureUse {
    Ok(fargate_profiles(context)?.first().map(|first| format!("the Fargate profile {first}")))
}

fn auto_mode(context: &Context<'_>) -> FeatureUse {
    let enabled = context
        .cluster
        .clone()
        .map(|cluster| cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true));
    of(enabled, "the cluster's computeConfig")
}

fn addon(context: &Context<'_>, name: &str) -> FeatureUse {
    of(addons(context).map(|names| names.iter().any(|listed| listed == name)), &format!("the add-on {name}"))
}

/// The Pod Identity Agent runs on hybrid nodes where the add-on is told to create a daemon set for them, `hybrid` or
/// `hybrid-bottlerocket` (<https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-add-ons.html>).
fn hybrid_agent(context: &Context<'_>) -> FeatureUse {
    const NAME: &str = "eks-pod-identity-agent";
    if !addons(context)?.iter().any(|listed| listed == NAME) {
        return Ok(None);
    }
    let mut described = context.snapshot.aws.addon.iter().flatten();
    let addon = described
        .find(|addon| addon.addon_name == NAME)
        .ok_or_else(|| vec![context.missing("addon", Some(NAME))])?;
    let text = addon.configuration_values.as_deref().unwrap_or_default().trim();
    if text.is_empty() {
        return Ok(None);
    }
    let json = serde_json::from_str::<serde_json::Value>(text).ok();
    let Some(values) = json.or_else(|| serde_saphyr::from_str::<serde_json::Value>(text).ok()) else {
        let what = format!("the configurationValues of the add-on {NAME}; the format is not JSON or YAML");
        return Err(vec![Missing::unmodelled(what)]);
    };
    let sets = values.get("daemonsets").and_then(serde_json::Value::as_object);
    let creates = sets.into_iter().flatten().any(|(name, set)| {
        name.starts_with("hybrid") && set.get("create").and_then(serde_json::Value::as_bool) == Some(true)
    });
    Ok(creates.then(|| format!("configurationValues of the add-on {NAME}")))
}

/// An identity provider for the cluster's issuer is there for nothing else.
fn irsa(context: &Context<'_>) -> FeatureUse {
    let issuer = cluster::issuer(context);
    let provider = issuer.and_then(|issuer| {
        let known = cluster::identity_provider_exists(context, &issuer)?;
        Ok((known, issuer))
    });
    let provider =
        provider.map(|(known, issuer)| known.then(|| format!("IAM's identity provider for {issuer}")));
    first([addon_roles(context), provider])
}

/// Roles of add-ons' service accounts; the list and the descriptions are read separately.
fn addon_roles(context: &Context<'_>) -> FeatureUse {
    let described = || context.snapshot.aws.addon.iter().flatten();
    if let Some(addon) = described().find(|addon| addon.service_account_role_arn.is_some()) {
        return Ok(Some(format!("the role of the add-on {}", addon.addon_name)));
    }
    match addons(context)?.iter().find(|name| !described().any(|addon| addon.addon_name == **name)) {
        Some(undescribed) => Err(vec![context.missing("addon", Some(undescribed))]),
        None => Ok(None),
    }
}

fn pod_identity_associations(context: &Context<'_>) -> FeatureUse {
    let associations = context.cluster.clone().and_then(|cluster| {
        let all = &context.snapshot.aws.pod_identity_associations;
        context.items(all.as_deref(), "associations", &cluster.name).map(|list| !list.is_empty())
    });
    of(associations, "a pod identity association")
}

/// Tags that a cluster autoscaler looks for, on groups where EKS has not put them by itself.
fn autoscaler_tags(context: &Context<'_>) -> FeatureUse {
    let all = context.cluster.clone().and_then(|cluster| {
        let all = &context.snapshot.aws.auto_scaling_groups;
        context.items(all.as_deref(), "AutoScalingGroups", &cluster.name)
    });
    let all = all?;
    let listed = node_groups::listed(context);
    let by_eks = |name: &String| {
        listed.groups.iter().any(|group| group.managed && group.auto_scaling_groups.contains(name))
    };
    let tagged = all.iter().filter(|group| !by_eks(&group.auto_scaling_group_name)).find(|group| {
        let has = |prefix: &str| {
            group.tags.iter().any(|tag| tag.key.as_deref().is_some_and(|key| key.starts_with(prefix)))
        };
        has("k8s.io/cluster-autoscaler/") && !has("eks:nodegroup-name")
    });
    Ok(tagged.map(|group| format!("tags of the Auto Scaling group {}", group.auto_scaling_group_name)))
}

/// Argo CD as EKS runs it is reached through an endpoint only where its access is limited to some.
fn argo_cd(context: &Context<'_>) -> FeatureUse {
    let limited = context.cluster.clone().and_then(|cluster| {
        Ok(!cluster::argo_cds(context, cluster)?.is_empty() && cluster::argo_cd_private(context, cluster)?)
    });
    of(limited, "an Argo CD capability that is limited to VPC endpoints")
}

//! The cluster's add-ons together.

use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::inventory::cluster::{self, NETWORKING_ADDONS};
use crate::snapshot::aws::eks::Cluster;

/// What rules see of a cluster's add-ons together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AddonsFacts {
    /// Those of `vpc-cni`, `coredns` and `kube-proxy` that are not EKS add-ons (`addons`); none with EKS Auto
    /// Mode, which includes all three.
    unmanaged_networking: Fact<Vec<String>>,
    /// Whether those of `vpc-cni`, `coredns` and `kube-proxy` that the cluster needs are EKS add-ons
    /// (`addons`).
    networking_managed: Fact<bool>,
    /// Whether service accounts get IAM roles through EKS Pod Identity (`associations`, or declared).
    pod_identity: Fact<bool>,
    /// Whether the EKS Pod Identity agent runs on nodes: the add-on `eks-pod-identity-agent`, or EKS Auto
    /// Mode.
    pod_identity_agent: Fact<bool>,
}

/// The facts about the add-ons of one cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> AddonsFacts {
    let auto_mode = cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true);
    let names = cluster::addons(context);
    let unmanaged = names.clone().map(|names| {
        let unmanaged =
            NETWORKING_ADDONS.iter().filter(|name| !auto_mode && !names.iter().any(|there| there == *name));
        unmanaged.map(|name| (*name).to_owned()).collect::<Vec<_>>()
    });
    let used = services::matrix().and_then(|matrix| features::uses(context, matrix, "pod_identity"));
    AddonsFacts {
        networking_managed: Fact(unmanaged.clone().map(|unmanaged| unmanaged.is_empty())),
        unmanaged_networking: Fact(unmanaged),
        pod_identity: Fact(used),
        pod_identity_agent: Fact(if auto_mode {
            Ok(true)
        } else {
            names.map(|names| names.iter().any(|name| name == "eks-pod-identity-agent"))
        }),
    }
}

//! Nodes that no group lists: those of EKS Auto Mode and Karpenter, whose node classes are written in
//! Kubernetes only, and those of a cluster that is still to be created.

use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::network::Groups;

use super::cluster;

/// Where such nodes are, and why there may be more.
#[derive(Debug, Default)]
pub(crate) struct UngroupedNodes {
    /// In a fixed order.
    pub places: Vec<NodePlacement>,
    /// Empty when they are all.
    pub unlisted: Vec<Missing>,
}

/// A subnet, with the security groups of the nodes in it.
#[derive(Debug)]
pub(crate) struct NodePlacement {
    /// The subnet's id.
    pub subnet: String,
    /// What its nodes carry.
    pub groups: Groups,
    /// Whose nodes they are.
    pub name: &'static str,
    /// Whether EKS Auto Mode runs them.
    pub automatic: bool,
}

/// Whose nodes those of EKS Auto Mode are.
const AUTO_MODE: &str = "EKS Auto Mode";

/// The places of nodes that no group lists.
pub(crate) fn beyond(context: &Context<'_>) -> UngroupedNodes {
    let mut beyond = UngroupedNodes::default();
    let own = || match cluster::cluster_group(context) {
        Ok(group) => Groups::Known(vec![group]),
        Err(missing) => Groups::Unread(missing),
    };
    if let Some(plan) = context.plan() {
        beyond.add(&plan.node_subnets, &own(), "planned nodes");
    }
    if let Some(nodes) = &context.intent.nodes {
        let groups = if nodes.security_groups.is_empty() {
            own()
        } else {
            Groups::Known(nodes.security_groups.clone())
        };
        beyond.add(&nodes.subnets, &groups, "declared nodes");
    } else {
        auto_mode(context, &own, &mut beyond);
    }
    beyond
}

/// The built-in node pools use the node class `default`, which names the cluster's subnets and its own
/// security group (<https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html>).
fn auto_mode(context: &Context<'_>, own: &dyn Fn() -> Groups, beyond: &mut UngroupedNodes) {
    let compute = context.cluster.as_ref().ok().and_then(|cluster| cluster.compute_config.as_ref());
    let Some(compute) = compute.filter(|compute| compute.enabled == Some(true)) else { return };
    if compute.node_pools.is_empty() {
        beyond.unlisted.push(Missing::intent(
            "the subnets and security groups of EKS Auto Mode's node classes (nodes: in privek-audit.yaml)",
        ));
        return;
    }
    match context.vpc_config().map(|config| config.subnet_ids.clone()) {
        Ok(Some(subnets)) => {
            context.assume("EKS Auto Mode has nodes of its built-in node pools only, in the cluster's subnets with the cluster security group. Subnets and security groups of other node classes are only in Kubernetes and have to be declared (nodes: in privek-audit.yaml).");
            beyond.add(&subnets, &own(), AUTO_MODE);
        }
        Ok(None) => beyond.unlisted.push(context.field("cluster", "resourcesVpcConfig.subnetIds")),
        Err(missing) => beyond.unlisted.extend(missing),
    }
}

impl UngroupedNodes {
    fn add(&mut self, subnets: &[String], groups: &Groups, name: &'static str) {
        self.places.extend(subnets.iter().map(|subnet| NodePlacement {
            subnet: subnet.clone(),
            groups: groups.clone(),
            name,
            automatic: name == AUTO_MODE,
        }));
    }
}

#[cfg(test)]
mod tests;

//! The control plane: its network interfaces in the VPC, and where they may move.

use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::network::{Carriers, End, EndKind, Groups};

use super::end_set::Ends;
use super::placements::Placements;

/// The network interfaces that EKS placed in the VPC; before it did, where it may place them.
pub(crate) fn interfaces(context: &Context<'_>) -> Ends {
    if context.plan().is_some() {
        return subnets(context);
    }
    let interfaces = match context.control_plane_interfaces() {
        Ok(interfaces) => interfaces,
        Err(missing) => return Ends::unlisted(missing),
    };
    let known: Vec<End> = interfaces
        .iter()
        .map(|interface| End {
            label: interface.network_interface_id.clone(),
            kind: EndKind::Interface { id: interface.network_interface_id.clone() },
        })
        .collect();
    let unlisted = if known.is_empty() {
        // The call was answered: no permission would show more.
        let what = "the network interfaces of the control plane; ec2:DescribeNetworkInterfaces returned none described \"Amazon EKS <cluster>\"";
        vec![Missing::operation(what, None)]
    } else {
        Vec::new()
    };
    Ends { known, unlisted, doubts: silent(context), ..Ends::default() }
}

/// Why the API may not answer there.
fn silent(context: &Context<'_>) -> Vec<Missing> {
    match context.private_access() {
        Ok(true) => Vec::new(),
        Ok(false) => vec![Missing::probe(
            "whether the Kubernetes API answers on the control plane's network interfaces; the private API endpoint is off",
        )],
        Err(missing) => missing,
    }
}

/// Every subnet of the cluster's configuration, with the groups that EKS puts on its interfaces: an
/// update of the cluster makes new interfaces, in any of these subnets
/// (<https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>), with the cluster's own group
/// and the additional ones (<https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>).
pub(crate) fn subnets(context: &Context<'_>) -> Ends {
    let config = match context.vpc_config() {
        Ok(config) => config,
        Err(missing) => return Ends::unlisted(missing),
    };
    let field = |name: &str| vec![context.field("cluster", &format!("resourcesVpcConfig.{name}"))];
    let Some(subnets) = config.subnet_ids.as_ref().filter(|ids| !ids.is_empty()) else {
        return Ends::unlisted(field("subnetIds"));
    };
    let groups = match (&config.cluster_security_group_id, &config.security_group_ids) {
        (Some(own), Some(more)) => Groups::Known([own].into_iter().chain(more).cloned().collect()),
        (None, _) => Groups::Unread(field("clusterSecurityGroupId")),
        (_, None) => Groups::Unread(field("securityGroupIds")),
    };
    let mut places = Placements::default();
    for subnet in subnets {
        places.add(context, subnet, (&groups, &Carriers::default()), "the control plane");
    }
    Ends { doubts: silent(context), ..places.into_ends(context) }
}

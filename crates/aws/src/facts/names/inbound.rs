//! The inbound endpoints of the cluster's VPC.

use std::collections::BTreeSet;

use crate::facts::base::context::Context;
use crate::facts::ends;

/// The addresses of the inbound Resolver endpoints in the cluster's VPC, for fixes.
pub(crate) fn inbound_servers(context: &Context<'_>) -> Vec<String> {
    let inbound = ends::of_role(context, "resolver-inbound");
    let nets = inbound.known.iter().filter_map(|end| match &end.kind {
        crate::network::EndKind::Subnet { addresses: Some(nets), .. } => Some(nets),
        _ => None,
    });
    let addresses: BTreeSet<std::net::IpAddr> = nets.flatten().map(ipnet::IpNet::addr).collect();
    addresses.into_iter().map(|address| address.to_string()).collect()
}

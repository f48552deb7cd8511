//! DNS64: in a subnet with it, the VPC's resolver makes IPv6 addresses of the IPv4 addresses of names without IPv6
//! ones, and a NAT gateway translates packets to them
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>).

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv6Net};
use privek_core::known::{self, Missing};
use privek_core::path::Verdict;
use privek_core::sets::ports::Ports;

use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::ends::end_set::{self, Ends};
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::{Route, VpcEndpoint};

/// The prefix of the addresses that DNS64 makes.
const NAT64: &str = "64:ff9b::/96";

/// Why clients in subnets with DNS64 may not reach a VPC endpoint whose names have IPv4 addresses only. Clients
/// with an IPv6 address prefer the ones that DNS64 makes (<https://www.rfc-editor.org/rfc/rfc6724>), so that packets
/// come to the VPC endpoint from a NAT gateway; those that fall back to IPv4 come from the client itself.
pub(crate) fn doubts(
    context: &Context<'_>,
    sources: &Ends,
    (endpoint, targets): (&VpcEndpoint, &Ends),
    ports: Ports,
) -> Vec<Missing> {
    let families = vpc_endpoint::record_families(context, endpoint);
    let is_interface = vpc_endpoint::is_interface(context, endpoint) == Ok(true);
    if !is_interface || !families.is_ok_and(|families| families.v4 && !families.v6) {
        return Vec::new();
    }
    let subnets: BTreeSet<String> =
        sources.known.iter().filter_map(|source| end_set::subnet(context, source)).collect();
    let mut gateways = BTreeSet::new();
    for subnet in subnets.iter().filter(|subnet| has_dns64(context, subnet)) {
        gateways.extend(nat_gateway(context, subnet));
    }
    let closed = gateways.into_iter().filter(|gateway| !admits(context, gateway, targets, ports));
    known::joined(closed.map(|gateway| {
        Missing::probe(format!(
            "whether clients in subnets with DNS64 fall back to the IPv4 addresses of {}; {} does not allow packets from NAT gateway {gateway}",
            endpoint.vpc_endpoint_id, endpoint.vpc_endpoint_id
        ))
    }))
}

/// Whether a subnet has DNS64, and machines with IPv6 addresses.
fn has_dns64(context: &Context<'_>, subnet: &str) -> bool {
    context.network.subnet(subnet).is_ok_and(|subnet| {
        subnet.enable_dns64 == Some(true) && !subnet.ipv6_cidr_block_association_set.is_empty()
    })
}

/// The NAT gateway that a subnet's route table has for the addresses that DNS64 makes.
fn nat_gateway(context: &Context<'_>, subnet: &str) -> Option<String> {
    let made = NAT64.parse::<Ipv6Net>().ok()?;
    let prefix = |route: &Route| route.destination_ipv6_cidr_block.as_deref()?.parse::<Ipv6Net>().ok();
    let table = context.network.effective_route_table(subnet).ok()?;
    let wide = table.routes.iter().filter_map(|route| Some((prefix(route)?, route)));
    let (_, route) =
        wide.filter(|(prefix, _)| prefix.contains(&made)).max_by_key(|(prefix, _)| prefix.prefix_len())?;
    route.nat_gateway_id.clone()
}

/// Whether a VPC endpoint admits packets from a NAT gateway.
fn admits(context: &Context<'_>, id: &str, targets: &Ends, ports: Ports) -> bool {
    let mut all = context.snapshot.aws.nat_gateways.iter().flatten();
    let Some(gateway) = all.find(|gateway| gateway.nat_gateway_id == id) else { return false };
    let Some(subnet) = gateway.subnet_id.clone() else { return false };
    let addresses: Vec<IpNet> = gateway
        .addresses_in_use()
        .filter_map(|address| address.private_ip.as_deref()?.parse::<std::net::IpAddr>().ok())
        .map(IpNet::from)
        .collect();
    let (groups, carriers) = (Groups::Undeclared, Carriers::default());
    let kind = EndKind::Subnet { subnet, addresses: Some(addresses), groups, carriers };
    let from = End { label: id.to_owned(), kind };
    let open = |target: &End| {
        let paths = context.network.trace(&from, target, &ports);
        paths.iter().all(|path| path.verdict == Verdict::Open)
    };
    targets.known.iter().all(open)
}

//! VPC endpoints outside the cluster's VPC: whether the service's names resolve to one, and whether packets
//! could reach one.
//!
//! A service's own name resolves to an address outside the VPC by a Route 53 Profile with the VPC endpoint, by
//! a private hosted zone, or by a resolver rule to a hub. Without these, the VPC's resolver never returns it.

use std::collections::BTreeSet;

use ipnet::IpNet;
use privek_core::known::{self, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::facts::inventory::vpc_owner;
use crate::snapshot::aws::ec2::Route;

use super::destination::Destination;
use super::service_endpoint;

/// What would have to be read to know that no endpoint outside this snapshot serves clients in these
/// subnets; empty where that is known. Where no route leads out of the subnets, no name helps.
pub(crate) fn unread(
    context: &Context<'_>,
    subnets: &BTreeSet<String>,
    (suffix, service): (&str, &Service),
) -> Vec<Missing> {
    let mut missing = of_owner(context, subnets);
    let ways = ways_out(context, subnets, &mut missing);
    let Some(hub) = ways.first().map(|way| way.target.clone()) else { return missing };
    let mut doubts = Vec::new();
    match service_endpoint::destinations(context, suffix, service) {
        Ok(all) => {
            let open = ways.iter().filter(|way| way.is_open).map(|way| way.target.as_str());
            let open: BTreeSet<&str> = open.collect();
            for one in all {
                match one {
                    Ok(Destination::Public) => doubts.extend(open.iter().map(|target| {
                        Missing::unmodelled(format!(
                            "the path through {target} for packets to the public addresses of {suffix}"
                        ))
                    })),
                    Ok(_) => {}
                    Err(why) => doubts.extend(why),
                }
            }
        }
        Err(why) => doubts.extend(why),
    }
    if !service.name_fixed {
        doubts.push(Missing::probe(format!("the host name that clients of {suffix} use")));
    }
    if !doubts.is_empty() {
        missing.extend(doubts);
        missing.push(Missing::probe(format!(
            "a DNS query for {suffix}'s name and a connection from a node's subnet; a VPC endpoint in another VPC may be reachable through the route to {hub}"
        )));
    }
    known::joined(missing)
}

/// Participants of a shared VPC cannot describe its owner's endpoints, though they may use them:
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>.
pub(crate) fn of_owner(context: &Context<'_>, subnets: &BTreeSet<String>) -> Vec<Missing> {
    let owners: BTreeSet<&str> = subnets
        .iter()
        .filter_map(|id| context.network.subnet(id).ok())
        .filter_map(|subnet| subnet.owner_id.as_deref())
        .filter(|owner| vpc_owner::is_other(context, owner))
        .collect();
    owners.into_iter().map(of_other_account).collect()
}

/// What would show the endpoints of a VPC that another account shares.
pub(crate) fn of_other_account(owner: &str) -> Missing {
    Missing::operation(
        format!(
            "ec2:DescribeVpcEndpoints in account {owner}, the owner of the shared subnets and their VPC endpoints"
        ),
        Some("ec2:DescribeVpcEndpoints"),
    )
}

/// A target through which packets may leave to another VPC or network.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct WayOut {
    target: String,
    /// Whether packets to public addresses use this target.
    is_open: bool,
}

/// Whether a route may match public addresses, those of AWS services among them.
fn is_open(route: &Route) -> bool {
    let link_local = "169.254.0.0/16".parse::<IpNet>().into_iter().collect();
    let closed = [AddressSet::private(), link_local];
    let to = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
    let to = to.and_then(|text| text.parse::<IpNet>().ok());
    let within = |range: &AddressSet| to.is_some_and(|to| range.contains_all(&to.into()));
    !closed.iter().any(within)
}

/// The targets of these subnets' routes out of the VPC, and of the subnets of NAT gateways in their routes: a
/// private NAT gateway sends packets to other networks
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-scenarios.html>).
fn ways_out(context: &Context<'_>, subnets: &BTreeSet<String>, unread: &mut Vec<Missing>) -> Vec<WayOut> {
    let mut ways = BTreeSet::new();
    let mut seen = subnets.clone();
    let mut ahead: Vec<String> = subnets.iter().cloned().collect();
    while let Some(subnet) = ahead.pop() {
        let table = match context.network.effective_route_table(&subnet) {
            Ok(table) => table,
            Err(missing) => {
                unread.extend(missing);
                continue;
            }
        };
        // A route whose state is not known may forward.
        let may_forward = |route: &&Route| context.network.is_active(table, route) != Ok(false);
        for route in table.routes.iter().filter(may_forward) {
            if let Some(id) = route.nat_gateway_id.as_deref() {
                let mut gateways = context.snapshot.aws.nat_gateways.iter().flatten();
                match gateways.find(|gateway| gateway.nat_gateway_id == id) {
                    Some(gateway) => {
                        let its = gateway.subnet_id.iter().filter(|its| seen.insert((*its).clone()));
                        ahead.extend(its.cloned());
                    }
                    // One that was not read may be a private one.
                    None => _ = ways.insert(WayOut { target: id.to_owned(), is_open: false }),
                }
            }
            // A prefix list with a gateway endpoint as its target forwards to that service only.
            let gateway = route.gateway_id.as_deref().filter(|id| {
                id.starts_with("vgw-")
                    || id.starts_with("vpce-") && route.destination_prefix_list_id.is_none()
            });
            let target = [
                route.transit_gateway_id.as_deref(),
                route.vpc_peering_connection_id.as_deref(),
                route.core_network_arn.as_deref(),
                route.odb_network_arn.as_deref(),
                route.network_interface_id.as_deref(),
                route.instance_id.as_deref(),
                route.local_gateway_id.as_deref(),
                gateway,
            ];
            let target = target.into_iter().flatten().next();
            ways.extend(target.map(|target| WayOut { target: target.to_owned(), is_open: is_open(route) }));
        }
    }
    ways.into_iter().collect()
}

//! VPC endpoints outside the cluster's VPC: whether the service's names resolve to one, and whether packets
//! could reach one.
//!
//! A service's own name resolves to an address outside the VPC by a Route 53 Profile with the VPC endpoint, by
//! a private hosted zone, or by a resolver rule to a hub. Without these, the VPC's resolver never returns it.

use std::collections::BTreeSet;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::base::domain_name::{domain, within};
use crate::facts::inventory::{route53_profiles, route53_resolver, vpc_dns, vpc_owner};
use crate::snapshot::aws::ec2::{Route, ServiceDetail};
use crate::snapshot::aws::route53resolver::ResolverRule;

/// What would have to be read to know that no endpoint outside this snapshot serves clients in these
/// subnets; empty where that is known.
pub(crate) fn unread(
    context: &Context<'_>,
    subnets: &BTreeSet<String>,
    suffix: &str,
    offer: Option<&ServiceDetail>,
) -> Vec<Missing> {
    let mut missing = of_owner(context, subnets);
    let ways = ways_out(context, subnets, &mut missing);
    let forwarded = forward_rule(context, suffix, offer).unwrap_or_else(|why| {
        missing.extend(why);
        None
    });
    let hub = match (&forwarded, ways.first()) {
        (Some(rule), _) => format!("the resolver rule {rule}"),
        (None, Some(way)) => format!("the route to {}", way.target),
        (None, None) => return missing,
    };
    let fixed = services::matrix()
        .is_ok_and(|matrix| matrix.services.get(suffix).is_none_or(|service| service.name_fixed));
    let leads = format!("a VPC endpoint in another VPC may be reachable through {hub}");
    let mut doubts = answerers(context, &private_names(context, suffix, offer), &leads);
    if let Some(rule) = forwarded {
        doubts.push(Missing::probe(format!(
            "the answer of the targets of resolver rule {rule} for {suffix}'s name"
        )));
    }
    let open: BTreeSet<&str> = ways.iter().filter(|way| way.is_open).map(|way| way.target.as_str()).collect();
    doubts.extend(open.into_iter().map(|target| {
        Missing::unmodelled(format!(
            "the path through {target} for packets to the public addresses of {suffix}"
        ))
    }));
    if !fixed {
        doubts.push(Missing::probe(format!(
            "the host name that clients of {suffix} use; a VPC endpoint in another VPC may be reachable through {hub}"
        )));
    }
    if !doubts.is_empty() {
        missing.extend(doubts);
        missing.push(Missing::probe(format!(
            "a DNS query for {suffix}'s name and a connection from a node's subnet"
        )));
    }
    missing
}

/// What besides the endpoints that were read may answer for these names in the VPC: private hosted zones,
/// a Route 53 Profile, other name servers. `why` says what that would matter for.
pub(crate) fn answerers(context: &Context<'_>, names: &[String], why: &str) -> Vec<Missing> {
    let id = match &context.vpc {
        Ok(id) => id,
        Err(missing) => return missing.clone(),
    };
    let aws = &context.snapshot.aws;
    let mut doubts = Vec::new();
    let unread = |action: &str| {
        Missing::operation(format!("{action} for {id}, which is not read: {why}"), Some(action))
    };
    match context.items(aws.hosted_zones_by_vpc.as_deref(), "HostedZonesByVPC", id) {
        Ok(all) => {
            let zones = all.iter().filter(|one| one.vpc_id == *id).flat_map(|one| &one.hosted_zone_summaries);
            for zone in zones {
                let Some(name) = zone.name.as_deref() else {
                    doubts.push(context.field("HostedZonesByVPC", "Name of a hosted zone"));
                    continue;
                };
                let domain = domain(name);
                if names.iter().any(|name| within(name, &domain) || within(&domain, name)) {
                    doubts.push(Missing::probe(format!(
                        "the answer of private hosted zone {} ({domain}) for {}",
                        zone.hosted_zone_id.as_deref().unwrap_or("without an id"),
                        names.join(", ")
                    )));
                }
            }
        }
        Err(_) => doubts.push(unread("route53:ListHostedZonesByVPC")),
    }
    match route53_profiles::doubts(context, id, names) {
        Ok(found) => doubts.extend(found),
        Err(_) => doubts.push(unread("route53profiles:ListProfileAssociations")),
    }
    match vpc_dns::asks_amazon(context) {
        Ok(true) => {}
        Ok(false) => doubts.push(Missing::probe(format!(
            "the answer of the DNS servers in the DHCP options of {id} for {}",
            names.join(", ")
        ))),
        Err(missing) => doubts.extend(missing),
    }
    doubts
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

/// A resolver rule of the VPC that forwards the service's names.
fn forward_rule(context: &Context<'_>, suffix: &str, offer: Option<&ServiceDetail>) -> Known<Option<String>> {
    let names = private_names(context, suffix, offer);
    forwarding(context, |domain| domain.is_empty() || names.iter().any(|name| within(name, domain)))
}

/// The names that a service's private DNS answers for.
pub(crate) fn private_names(
    context: &Context<'_>,
    suffix: &str,
    offer: Option<&ServiceDetail>,
) -> Vec<String> {
    let names: Vec<String> = offer
        .into_iter()
        .flat_map(|detail| {
            let several = detail.private_dns_names.iter().filter_map(|name| name.private_dns_name.as_deref());
            detail.private_dns_name.as_deref().into_iter().chain(several)
        })
        .map(|name| name.trim_start_matches("*.").to_ascii_lowercase())
        .collect();
    if !names.is_empty() {
        return names;
    }
    let host: Vec<&str> = suffix.split('.').rev().collect();
    let domain = context.domain().unwrap_or("amazonaws.com");
    let region = context.region.as_deref().unwrap_or_default();
    vec![format!("{}.{region}.{domain}", host.join("."))]
}

/// A forwarding rule that is associated with the VPC and whose domain is one of these.
pub(crate) fn forwarding(context: &Context<'_>, takes: impl Fn(&str) -> bool) -> Known<Option<String>> {
    let (rules, unread) = route53_resolver::forward_rules(context);
    let takes = |rule: &&ResolverRule| takes(&domain(rule.domain_name.as_deref().unwrap_or_default()));
    match rules.into_iter().find(takes) {
        Some(rule) => Ok(Some(rule.id.clone())),
        None if unread.is_empty() => Ok(None),
        None => Err(unread),
    }
}

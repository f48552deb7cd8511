//! VPCs behind transit gateways: not all that are attached, but those that the gateways' route
//! tables forward to, between the ends of a path, in both directions.
//!
//! The walk needs nothing but attachments and transit gateway routes, so all the VPCs that it finds
//! are read side by side. It takes every VPC for one that sends packets back into the gateway,
//! as an inspection VPC does; a few too many cost little, and one too few would leave an unknown.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use privek_aws::snapshot::aws::ec2::{TransitGatewayAttachment, TransitGatewayRoute};
use privek_aws::snapshot::{Aws, Snapshot};

use crate::collect::aws::ec2::vpcs::prefixes;
use crate::collect::aws::operations;
use crate::collect::aws::session::Session;

use super::vpc;

/// How many VPCs behind transit gateways are read at most.
const AT_MOST: usize = 20;

/// Reads those behind the transit gateways of `near`, which were read, on paths to the networks, and those of
/// `candidates`, VPCs that an address end may be in, that share a gateway with them.
pub(crate) async fn read(
    session: &Session<'_>,
    near: &BTreeSet<String>,
    candidates: &BTreeSet<String>,
    wanted: &[IpNet],
) {
    let (found, account) = session.look(|snapshot| {
        let wanted = destinations(snapshot, near, wanted);
        (reached(&snapshot.aws, near, candidates, &wanted), snapshot.header.account.clone())
    });
    let mut readable = Vec::new();
    for (vpc, owner) in found {
        match owner.filter(|owner| account.as_ref().is_some_and(|account| account != owner)) {
            Some(owner) => {
                let message = format!("{vpc} belongs to account {owner}; add --profile for that account");
                session.gap(operations::DESCRIBE_VPCS, &vpc, "OtherAccount", message);
            }
            None => readable.push(vpc),
        }
    }
    let readable = vpc::at_most(session, AT_MOST, readable);
    if !readable.is_empty() {
        Box::pin(vpc::behind(session, &readable)).await;
    }
}

/// What packets go to: anywhere, back to the VPCs themselves, the targets of resolver rules, and
/// what the caller names.
fn destinations(snapshot: &Snapshot, near: &BTreeSet<String>, wanted: &[IpNet]) -> BTreeSet<IpNet> {
    let vpcs = snapshot.aws.vpcs.iter().flatten().filter(|vpc| near.contains(&vpc.vpc_id));
    let targets = snapshot.aws.resolver_rules.iter().flatten().flat_map(|rule| &rule.target_ips);
    let targets = targets.flat_map(|target| [&target.ip, &target.ipv6]).flatten();
    let targets = targets.filter_map(|ip| ip.parse().ok().map(|ip: std::net::IpAddr| IpNet::from(ip)));
    let mut all: BTreeSet<IpNet> = vpcs.flat_map(prefixes).chain(targets).collect();
    all.extend(wanted.iter().map(IpNet::trunc));
    all.extend([IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())]);
    all
}

/// The VPCs that packets may come through or end in, the nearest first, with their owners.
fn reached(
    aws: &Aws,
    near: &BTreeSet<String>,
    candidates: &BTreeSet<String>,
    wanted: &BTreeSet<IpNet>,
) -> Vec<(String, Option<String>)> {
    let attachments = Attachments::of(aws);
    let mut seen: BTreeSet<&str> = near.iter().map(String::as_str).collect();
    let mut queue: Vec<&str> = seen.iter().copied().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(vpc) = queue.get(at).copied() {
        at += 1;
        let tables = attachments.of_vpc.get(vpc).into_iter().flatten().filter_map(|own| table(own));
        let tables: BTreeSet<&str> = tables.collect();
        let routes = aws.transit_gateway_routes.iter().flatten();
        for table in routes.filter(|table| tables.contains(table.transit_gateway_route_table_id.as_str())) {
            let routes: Vec<(Vec<IpNet>, &TransitGatewayRoute)> =
                table.routes.iter().map(|route| (destination(aws, route), route)).collect();
            let next = wanted.iter().flat_map(|wanted| deciding(&routes, wanted));
            for next in next.flat_map(|route| attachments.behind(route)) {
                if seen.insert(next) {
                    queue.push(next);
                    found.push(next);
                }
            }
        }
        // Without a route it is not reached, but then the missing route is what the path is about.
        for next in attachments.beside(vpc).filter(|vpc| candidates.contains(*vpc)) {
            if seen.insert(next) {
                queue.push(next);
                found.push(next);
            }
        }
    }
    found.into_iter().map(|vpc| (vpc.to_owned(), attachments.owner(vpc))).collect()
}

/// Attachments of VPCs to transit gateways.
struct Attachments<'a> {
    of_vpc: BTreeMap<&'a str, Vec<&'a TransitGatewayAttachment>>,
    by_id: BTreeMap<&'a str, &'a TransitGatewayAttachment>,
}

impl<'a> Attachments<'a> {
    fn of(aws: &'a Aws) -> Self {
        let mut attachments = Self { of_vpc: BTreeMap::new(), by_id: BTreeMap::new() };
        for attachment in aws.transit_gateway_attachments.iter().flatten() {
            if let Some(vpc) = vpc_of(attachment) {
                attachments.of_vpc.entry(vpc).or_default().push(attachment);
                attachments.by_id.insert(&attachment.transit_gateway_attachment_id, attachment);
            }
        }
        attachments
    }

    /// The VPCs that a route forwards to.
    fn behind(&self, route: &'a TransitGatewayRoute) -> impl Iterator<Item = &'a str> {
        route.transit_gateway_attachments.iter().filter_map(|to| match to.resource_type.as_deref() {
            Some("vpc") => to.resource_id.as_deref(),
            Some(_) => None,
            None => vpc_of(self.by_id.get(to.transit_gateway_attachment_id.as_deref()?)?),
        })
    }

    /// The VPCs that share a transit gateway with one.
    fn beside(&self, vpc: &str) -> impl Iterator<Item = &'a str> {
        let gateways: BTreeSet<&str> = self
            .of_vpc
            .get(vpc)
            .into_iter()
            .flatten()
            .filter_map(|own| own.transit_gateway_id.as_deref())
            .collect();
        let shares = move |attachment: &&TransitGatewayAttachment| {
            attachment.transit_gateway_id.as_deref().is_some_and(|id| gateways.contains(id))
        };
        self.of_vpc
            .values()
            .flatten()
            .copied()
            .filter(shares)
            .filter_map(vpc_of)
            .collect::<BTreeSet<_>>()
            .into_iter()
    }

    fn owner(&self, vpc: &str) -> Option<String> {
        self.of_vpc.get(vpc)?.iter().find_map(|attachment| attachment.resource_owner_id.clone())
    }
}

fn vpc_of(attachment: &TransitGatewayAttachment) -> Option<&str> {
    if attachment.resource_type.as_deref() == Some("vpc") { attachment.resource_id.as_deref() } else { None }
}

fn table(attachment: &TransitGatewayAttachment) -> Option<&str> {
    attachment.association.as_ref()?.transit_gateway_route_table_id.as_deref()
}

fn destination(aws: &Aws, route: &TransitGatewayRoute) -> Vec<IpNet> {
    if let Some(text) = &route.destination_cidr_block {
        return text.parse().into_iter().collect();
    }
    let lists = aws.prefix_list_entries.iter().flatten();
    let list = lists.filter(|list| Some(&list.prefix_list_id) == route.prefix_list_id.as_ref());
    let entries = list.flat_map(|list| &list.entries).filter_map(|entry| entry.cidr.as_deref());
    entries.filter_map(|text| text.parse().ok()).collect()
}

/// The routes that decide about a network: the longest one that holds all of it, and, unless it is
/// everything, each one for a part of it.
fn deciding<'r>(
    routes: &[(Vec<IpNet>, &'r TransitGatewayRoute)],
    wanted: &IpNet,
) -> impl Iterator<Item = &'r TransitGatewayRoute> {
    let longest = |to: &[IpNet]| to.iter().filter(|to| to.contains(wanted)).map(IpNet::prefix_len).max();
    let whole = routes.iter().filter_map(|(to, _)| longest(to)).max();
    let inside =
        |to: &[IpNet]| wanted.prefix_len() > 0 && to.iter().any(|to| wanted.contains(to) && to != wanted);
    let decides = |to: &[IpNet]| inside(to) || (whole.is_some() && longest(to) == whole);
    routes.iter().filter(|(to, _)| decides(to)).map(|(_, route)| *route).collect::<Vec<_>>().into_iter()
}

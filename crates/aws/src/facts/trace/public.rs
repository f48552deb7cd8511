//! A service that no VPC endpoint serves: its public addresses, if a route exists to them.

use std::rc::Rc;

use privek_core::known::{self, Known, Missing};
use privek_core::path::{Hop, Leg, Verdict};

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::{centralized, service_endpoint};
use crate::facts::ends::end_set::Ends;
use crate::facts::ends::pods_towards;
use crate::network::{Blocker, BlockerCode, Egress, End, EndKind, Path, Remedy};
use crate::snapshot::aws::ec2::Route;

use super::service::{ServicePaths, subnet};

/// The paths of these sources: blocked where it is proved that there is no VPC endpoint and no other path.
pub(crate) fn paths(
    context: &Context<'_>,
    (sources, of_pods): (&[&End], bool),
    suffix: &str,
    found: &mut ServicePaths,
) {
    let mut near = Rc::new(Ends::known(sources.iter().copied().cloned().collect()));
    if of_pods {
        let public = End { label: suffix.to_owned(), kind: EndKind::PrefixList { id: suffix.to_owned() } };
        near = pods_towards(context, &near, &[public]);
        found.unlisted.extend(near.unlisted.iter().cloned());
    }
    let mut nowhere = Vec::new();
    for source in &near.known {
        match way(context, source, suffix) {
            Ok(PublicRoute::Nowhere { subnet }) => nowhere.push((source, subnet)),
            Ok(PublicRoute::Out { by }) => found.unlisted.push(Missing::probe(format!(
                "the path from {} through {by} to the public addresses of {suffix}; no VPC endpoint serves {suffix} \
                 (create one, or trace to an address)",
                source.label
            ))),
            Err(missing) => found.unlisted.extend(missing),
        }
    }
    if nowhere.is_empty() {
        return;
    }
    let subnets: Vec<&str> = nowhere.iter().map(|(_, subnet)| subnet.as_str()).collect();
    let blocker = match blocker(context, suffix, &subnets) {
        Ok(blocker) => blocker,
        Err(missing) => return found.unlisted.extend(missing),
    };
    found.paths.extend(nowhere.iter().map(|(source, _)| Path {
        from: source.label.clone(),
        to: suffix.to_owned(),
        verdict: Verdict::Blocked,
        hops: vec![Hop {
            kind: blocker.kind.clone(),
            id: blocker.id.clone(),
            decision: "drop".to_owned(),
            by: blocker.reason.clone(),
            blocks: true,
        }],
        return_hops: Vec::new(),
        blockers: vec![blocker.clone()],
        missing: Vec::new(),
        assumptions: Vec::new(),
    }));
}

/// Where a subnet's packets for a public address go.
enum PublicRoute {
    Out { by: &'static str },
    Nowhere { subnet: String },
}

fn way(context: &Context<'_>, source: &End, suffix: &str) -> Known<PublicRoute> {
    let Some(subnet) = subnet(context, source) else {
        let what = format!("the public addresses of {suffix}, and the path from {} to them", source.label);
        return Err(vec![Missing::probe(what)]);
    };
    let by = match context.network.egress(&subnet)? {
        Egress::Isolated => None,
        Egress::Nat => Some("a NAT gateway"),
        Egress::Internet => Some("an internet gateway"),
        Egress::Inspected { target } => {
            let what = format!("forwarding by {target} to the public addresses of {suffix}");
            return Err(vec![Missing::unmodelled(what)]);
        }
    };
    if let Some(by) = by {
        return Ok(PublicRoute::Out { by });
    }
    let mut missing = not_ours(context);
    let matrix = services::matrix()?;
    let service = matrix.services.get(suffix).unwrap_or(&services::OTHER);
    let offer = service_endpoint::offer(context, suffix, service).ok().flatten();
    missing.extend(centralized::unread(context, &[subnet.clone()].into(), suffix, offer));
    let table = context.network.effective_route_table(&subnet)?;
    if table.routes.iter().any(leads_out) {
        missing.push(Missing::unmodelled(format!(
            "whether {suffix} has addresses that {} routes to the internet",
            table.route_table_id
        )));
    }
    known::complete(missing).map(|()| PublicRoute::Nowhere { subnet })
}

/// Whether a route is to the internet for some addresses; a default route has been looked at.
fn leads_out(route: &Route) -> bool {
    let default = |cidr: &Option<String>| cidr.as_deref().is_some_and(|cidr| cidr.ends_with("/0"));
    let out = route.nat_gateway_id.is_some()
        || route.egress_only_internet_gateway_id.is_some()
        || route.gateway_id.as_deref().is_some_and(|id| id.starts_with("igw-"));
    out && !default(&route.destination_cidr_block) && !default(&route.destination_ipv6_cidr_block)
}

/// Why the VPC may have endpoints that this account does not see.
fn not_ours(context: &Context<'_>) -> Vec<Missing> {
    let Ok(id) = context.vpc.as_deref() else { return context.vpc.clone().err().unwrap_or_default() };
    let mut vpcs = context.snapshot.aws.vpcs.iter().flatten();
    let Some(vpc) = vpcs.find(|vpc| vpc.vpc_id == id) else { return vec![context.missing("Vpcs", Some(id))] };
    let Some(owner) = vpc.owner_id.as_deref() else {
        return vec![context.field("Vpcs", &format!("OwnerId of {id}"))];
    };
    let ours = context.account.as_deref() == Some(owner) || context.snapshot.header.accounts.contains(owner);
    if ours { Vec::new() } else { vec![centralized::of_other_account(owner)] }
}

fn blocker(context: &Context<'_>, suffix: &str, subnets: &[&str]) -> Known<Blocker> {
    let vpc = context.vpc.clone()?;
    let matrix = services::matrix()?;
    let service = matrix.services.get(suffix).unwrap_or(&services::OTHER);
    let offer = service_endpoint::offer(context, suffix, service).ok().flatten();
    let is_gateway = service.types.first().is_some_and(|kind| kind == "Gateway");
    let mut chosen: Vec<String> = Vec::new();
    for &subnet in subnets {
        let fresh = if is_gateway {
            let table = &context.network.effective_route_table(subnet)?.route_table_id;
            (!chosen.contains(table)).then(|| table.clone())
        } else {
            // An endpoint has one subnet in a zone.
            let taken = |other: &String| context.network.same_zone(other, subnet) != Ok(false);
            (!chosen.iter().any(taken)).then(|| subnet.to_owned())
        };
        chosen.extend(fresh);
    }
    let remedy = Remedy {
        target: Some(service_endpoint::service_name(context, suffix, service, offer)),
        target_option: Some(if is_gateway { "Gateway" } else { "Interface" }.to_owned()),
        group: service_endpoint::group_for_endpoint(context, matrix),
        subnets: chosen,
        vpc: Some(vpc.clone()),
        ..Remedy::default()
    };
    Ok(Blocker {
        code: BlockerCode::EndpointMissing,
        kind: "vpc".to_owned(),
        reason: format!(
            "{vpc} has no VPC endpoint for {suffix}, and {} no path to the internet{}",
            have(subnets),
            causes(context, subnets)
        ),
        id: vpc,
        leg: Some(Leg::Request),
        part: None,
        remedy,
    })
}

/// The objects that leave subnets without a path to the internet.
fn causes(context: &Context<'_>, subnets: &[&str]) -> String {
    let found = subnets.iter().filter_map(|subnet| context.network.egress_cause(subnet).ok().flatten());
    let reasons: std::collections::BTreeSet<String> = found.map(|cause| cause.reason).collect();
    if reasons.is_empty() {
        return String::new();
    }
    format!(": {}", reasons.into_iter().collect::<Vec<_>>().join("; "))
}

fn have(subnets: &[&str]) -> String {
    let all: std::collections::BTreeSet<&str> = subnets.iter().copied().collect();
    let names: Vec<&str> = all.iter().copied().collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    format!("{} {verb}", names.join(", "))
}

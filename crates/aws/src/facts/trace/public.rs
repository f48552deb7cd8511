//! A service that no VPC endpoint serves: its public addresses, if a route exists to them.

use std::rc::Rc;

use privek_core::known::{self, Known, Missing};
use privek_core::path::Leg;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::service_names;
use crate::facts::ends::end_set::Ends;
use crate::facts::ends::pods_towards;
use crate::facts::inventory::vpc_owner;
use crate::facts::serving::{endpoint_group, unseen};
use crate::network::{Blocker, BlockerCode, Egress, End, EndKind, Remedy, blocked_path};

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
    found
        .paths
        .extend(nowhere.iter().map(|(source, _)| blocked_path(&source.label, suffix, blocker.clone())));
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
    missing.extend(unseen::unread(context, &[subnet.clone()].into(), (suffix, service)));
    known::complete(missing).map(|()| PublicRoute::Nowhere { subnet })
}

/// Why the VPC may have endpoints that this account does not see.
fn not_ours(context: &Context<'_>) -> Vec<Missing> {
    let Ok(id) = context.vpc.as_deref() else { return context.vpc.clone().err().unwrap_or_default() };
    match vpc_owner::other_owner(context, id) {
        Ok(owner) => owner.into_iter().map(unseen::of_other_account).collect(),
        Err(missing) => missing,
    }
}

fn blocker(context: &Context<'_>, suffix: &str, subnets: &[&str]) -> Known<Blocker> {
    let vpc = context.vpc.clone()?;
    let matrix = services::matrix()?;
    let service = matrix.services.get(suffix).unwrap_or(&services::OTHER);
    let offer = service_names::offer(context, suffix, service).ok().flatten();
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
        target: Some(service_names::service_name(context, suffix, service, offer)),
        target_option: Some(if is_gateway { "Gateway" } else { "Interface" }.to_owned()),
        group: endpoint_group::group_for_endpoint(context, matrix),
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

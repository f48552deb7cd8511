//! What DNS servers outside AWS need to know in order to send a private cluster's names to its VPC:
//! which names, and to which addresses of its inbound endpoints.
//!
//! What is in a snapshot is not to be trusted here: the answer becomes the configuration of servers. A
//! name that is none of AWS's, or that is a domain of more than one service, is left out, and so
//! is an address outside the VPC.

mod error;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use privek_core::known::Missing;
use privek_core::observation::CLUSTER;
use privek_core::report::forwarders::{Domain, Forwarders};

use crate::intent::Intent;
use crate::snapshot::Snapshot;
use crate::snapshot::aws::route53resolver::{IpAddressResponse, ResolverEndpoint};

use super::base::context::Context;
use super::inventory::route53_resolver::endpoint_answers;
use super::names;
use super::names::answer::Answer;
use super::serving::needed_names::{self, NeededName};
use error::make_one;

pub use error::ForwardersError;

/// Which names are sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The region's domain of all clusters, not only this cluster's host.
    pub whole_region: bool,
    /// Also the names of services that interface VPC endpoints serve.
    pub services: bool,
}

/// What servers outside AWS need to know.
///
/// # Errors
/// The cluster's name, or the addresses of an inbound Resolver endpoint that answers, do not exist or
/// are unknown.
pub fn forwarding(
    snapshot: &Snapshot,
    intent: &Intent,
    wanted: Wanted,
) -> Result<Forwarders, ForwardersError> {
    let context = Context::new(snapshot, intent);
    let unread = |missing: Vec<Missing>| ForwardersError::Unread { missing };
    let cluster = context.cluster.clone().map_err(unread)?;
    let vpc = context.vpc.clone().map_err(unread)?;
    let mut forwarding = Forwarders {
        cluster: cluster.name.clone(),
        vpc,
        account: context.account.clone(),
        region: context.region.clone(),
        collected_at: snapshot.header.collected_at.clone(),
        servers: BTreeMap::new(),
        domains: BTreeMap::new(),
        notes: Vec::new(),
    };
    servers(&context, &mut forwarding)?;
    let host = names::cluster_host(&context).map_err(unread)?;
    let domain = region_of(&context, &host)
        .map(|region| if wanted.whole_region { region } else { host.clone() })
        .and_then(|domain| domain.parse().ok());
    let domain = domain.ok_or_else(|| ForwardersError::Foreign { host: host.clone() })?;
    unanswered(&context, &host, &mut forwarding.notes);
    forwarding.domains.entry(domain).or_default().insert(CLUSTER.to_owned());
    match context.private_access() {
        Ok(true) => {}
        Ok(false) => forwarding.notes.push(
            "The private API endpoint is off: the resolver of the VPC returns public addresses, like public DNS."
                .to_owned(),
        ),
        Err(missing) => forwarding.notes.push(unknown("the state of the private API endpoint", &missing)),
    }
    let hybrid = cluster.remote_network_config.is_some();
    if wanted.services || hybrid {
        services(&context, &mut forwarding);
    }
    if hybrid && !wanted.services {
        forwarding.notes.push(
            "The cluster has hybrid nodes, which look up AWS service names: these names are included."
                .to_owned(),
        );
    }
    Ok(forwarding)
}

/// What keeps the VPC's resolver from answering forwarded queries for the API name: the configuration does not work
/// until that is mended.
fn unanswered(context: &Context<'_>, host: &str, notes: &mut Vec<String>) {
    match names::through_inbound(context, host) {
        Ok(found) => match found.answer {
            Ok(Answer::Nothing) => {
                for blocker in &found.blockers {
                    notes.push(format!(
                        "The resolver of the VPC has no answer for {host} yet: {} {}.",
                        blocker.id, blocker.reason
                    ));
                }
            }
            Ok(_) => {}
            Err(missing) => {
                notes.push(unknown(&format!("the answer of the VPC's resolver for {host}"), &missing));
            }
        },
        Err(missing) => {
            notes.push(unknown(&format!("the answer of the VPC's resolver for {host}"), &missing));
        }
    }
}

/// The addresses of the VPC's inbound Resolver endpoints that answer.
fn servers(context: &Context<'_>, forwarding: &mut Forwarders) -> Result<(), ForwardersError> {
    let vpc = &forwarding.vpc;
    let all = context.snapshot.aws.resolver_endpoints.as_deref();
    let endpoints = context
        .items(all, "ResolverEndpoints", vpc)
        .map_err(|missing| ForwardersError::Unread { missing })?;
    let is = |text: Option<&str>, what: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(what));
    let inbound: Vec<&ResolverEndpoint> = endpoints
        .iter()
        .filter(|endpoint| endpoint.host_vpc_id.as_ref() == Some(vpc))
        .filter(|endpoint| is(endpoint.direction.as_deref(), "INBOUND"))
        .collect();
    if inbound.is_empty() {
        let elsewhere = endpoints
            .iter()
            .filter(|endpoint| is(endpoint.direction.as_deref(), "INBOUND"))
            .filter_map(|endpoint| Some(format!("{} in {}", endpoint.id, endpoint.host_vpc_id.as_ref()?)));
        return Err(ForwardersError::NoEndpoint {
            vpc: vpc.clone(),
            elsewhere: elsewhere.collect(),
            command: make_one(context),
        });
    }
    let (mut left_out, mut unread) = (Vec::new(), Vec::new());
    for endpoint in inbound {
        let id = &endpoint.id;
        let status = endpoint.status.as_deref();
        if endpoint_answers(status) != Some(true) {
            left_out.push(format!("{id} is left out: its status is {}.", status.unwrap_or("unknown")));
            continue;
        }
        if !is(status, "OPERATIONAL") {
            left_out.push(format!(
                "The status of {id} is {}: only the addresses with status ATTACHED answer.",
                status.unwrap_or_default()
            ));
        }
        // Servers forward over UDP and TCP; a Resolver endpoint may support DNS over HTTPS only:
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverEndpoint.html
        let plain = endpoint.protocols.iter().any(|protocol| protocol.eq_ignore_ascii_case("Do53"));
        if !endpoint.protocols.is_empty() && !plain {
            left_out.push(format!("{id} is left out: it accepts {} only.", endpoint.protocols.join(", ")));
            continue;
        }
        let lists = context.snapshot.aws.resolver_endpoint_ip_addresses.iter().flatten();
        match lists.into_iter().find(|one| one.resolver_endpoint_id == *id) {
            Some(list) => {
                for one in &list.ip_addresses {
                    left_out.extend(address(context, (vpc, id), one, &mut forwarding.servers));
                }
            }
            None => unread.push(context.missing("ResolverEndpointIpAddresses", Some(id))),
        }
    }
    if !forwarding.servers.is_empty() {
        left_out.extend(unread.iter().map(|missing| {
            unknown("the addresses of another inbound Resolver endpoint", std::slice::from_ref(missing))
        }));
        forwarding.notes.extend(left_out);
        return Ok(());
    }
    if unread.is_empty() {
        return Err(ForwardersError::NoAddress { vpc: vpc.clone(), why: left_out });
    }
    Err(ForwardersError::Unread { missing: unread })
}

/// Adds the addresses of one of an endpoint's interfaces; says why, where it is left out.
fn address(
    context: &Context<'_>,
    (vpc, endpoint): (&str, &str),
    one: &IpAddressResponse,
    servers: &mut BTreeMap<IpAddr, String>,
) -> Vec<String> {
    let mut left_out = Vec::new();
    for text in [one.ip.as_deref(), one.ipv6.as_deref()].into_iter().flatten() {
        let of = format!("{text} of {endpoint}");
        let status = one.status.as_deref();
        if !status.is_some_and(|status| status.eq_ignore_ascii_case("ATTACHED")) {
            left_out.push(format!("{of} is left out: its status is {}.", status.unwrap_or("unknown")));
            continue;
        }
        match text.parse::<IpAddr>() {
            Ok(address) if is_inside(context, vpc, address) => {
                servers.insert(address, endpoint.to_owned());
            }
            Ok(_) => left_out.push(format!("{of} is left out: it is outside the CIDRs of {vpc}.")),
            Err(_) => left_out.push(format!("{of} is left out: it is not an IP address.")),
        }
    }
    left_out
}

/// Whether an address may be the VPC's; where its prefixes were not read, any private one may.
fn is_inside(context: &Context<'_>, vpc: &str, address: IpAddr) -> bool {
    match context.network.vpc_cidrs(vpc) {
        Ok(prefixes) => prefixes.iter().any(|prefix| prefix.contains(&address)),
        Err(_) => match address {
            IpAddr::V4(address) => address.is_private(),
            IpAddr::V6(address) => {
                !(address.is_loopback() || address.is_unspecified() || address.is_multicast())
            }
        },
    }
}

/// The names of the services that interface VPC endpoints of the VPC serve.
fn services(context: &Context<'_>, forwarding: &mut Forwarders) {
    let needed = needed_names::through_inbound(context);
    let mut unforwarded = BTreeSet::new();
    for name in needed.listed.iter().filter(|name| name.of != CLUSTER) {
        match &name.expected {
            Ok(addresses) if addresses.is_empty() => {
                unforwarded.insert(name.of.as_str());
            }
            Ok(_) => match domain_of(context, name) {
                Some(domain) => _ = forwarding.domains.entry(domain).or_default().insert(name.of.clone()),
                None => forwarding
                    .notes
                    .push(format!("{} is left out: it is not the name of one AWS service.", name.name)),
            },
            Err(missing) => {
                let what = format!("whether {} resolves to private addresses in the VPC", name.name);
                forwarding.notes.push(unknown(&what, missing));
            }
        }
    }
    if !unforwarded.is_empty() {
        let all: Vec<&str> = unforwarded.into_iter().collect();
        forwarding.notes.push(format!(
            "No interface VPC endpoint of the VPC serves {}: these names resolve as in public DNS.",
            all.join(", ")
        ));
    }
    if !needed.unlisted.is_empty() {
        forwarding.notes.push(unknown("further names that the cluster needs", &needed.unlisted));
    }
    // What is beneath a domain is in it.
    let domains: Vec<Domain> = forwarding.domains.keys().cloned().collect();
    forwarding.domains.retain(|domain, _| !domains.iter().any(|above| domain.is_below(above)));
}

/// The domain that is sent on for a name. Images come from registries of several accounts, and an
/// endpoint for registries answers for all of them.
fn domain_of(context: &Context<'_>, name: &NeededName) -> Option<Domain> {
    let host = name.name.as_str();
    let registries = host.split_once('.').filter(|(account, rest)| {
        account.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with("dkr.ecr.")
    });
    let domain = registries.map_or(host, |(_, rest)| rest);
    is_narrow(context, domain).then(|| domain.parse().ok()).flatten()
}

/// Whether a name is beneath AWS's domains, and not as wide as a region or wider.
fn is_narrow(context: &Context<'_>, name: &str) -> bool {
    let mut domains = context.domain().into_iter().chain(context.newer_domain()).chain(["on.aws"]);
    let before = domains.find_map(|domain| name.strip_suffix(domain));
    let Some(before) = before.and_then(|before| before.strip_suffix('.')) else { return false };
    !before.is_empty() && Some(before) != context.region.as_deref()
}

/// The domain that the names of all of EKS's clusters in the region are beneath, if this host is.
fn region_of(context: &Context<'_>, host: &str) -> Option<String> {
    let region = context.region.as_deref()?;
    let usual = context.domain().map(|domain| format!("{region}.eks.{domain}"));
    let newer = context.newer_domain().map(|domain| format!("eks-cluster.{region}.{domain}"));
    let beneath = |domain: &String| {
        host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
    };
    usual.into_iter().chain(newer).find(beneath)
}

fn unknown(what: &str, missing: &[Missing]) -> String {
    let told: Vec<&str> = missing.iter().take(3).map(|one| one.what.as_str()).collect();
    format!("Unknown: {what} ({}).", told.join("; "))
}

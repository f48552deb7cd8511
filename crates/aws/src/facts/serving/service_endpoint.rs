//! The VPC endpoints of a service: which ones there are, and which one serves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services::{self, OTHER, Service};
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint::{self, is_central, is_gateway, is_interface, state, type_right};
use crate::facts::endpoints::{private_names, service_names};
use crate::facts::inventory::route53_profiles;
use crate::facts::inventory::vpc_dns::{VpcDnsAttribute, dns_attribute};
use crate::facts::names;
use crate::network::Blocker;
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::destination::{self, Destination};

/// The destinations of the names of a service, as the cluster's machines in the VPC look them up.
pub(crate) fn destinations<'s>(
    context: &Context<'s>,
    suffix: &str,
    service: &Service,
) -> Known<Vec<Known<Destination<'s>>>> {
    let hosts = service_names::hosts(context, suffix, service)?;
    let of = |host: &String| {
        destination::of_lookup(context, (suffix, service), host, &*names::of_nodes(context, host)?)
    };
    Ok(hosts.iter().map(of).collect())
}

/// The VPC endpoints of a service: those in the cluster's VPC and in its Route 53 Profile, and those of other
/// VPCs that the service's names resolve to. The one that serves the service comes first. VPC endpoints that
/// are being deleted do not count.
pub(crate) fn of<'s>(context: &Context<'s>, suffix: &str, service: &Service) -> Known<Vec<&'s VpcEndpoint>> {
    service_names::region(context)?;
    let vpc = context.vpc.clone()?;
    let all = context.items(context.snapshot.aws.vpc_endpoints.as_deref(), "VpcEndpoints", &vpc)?;
    let of_profile: Vec<&str> =
        route53_profiles::endpoints(context).iter().map(|one| one.vpc_endpoint_id.as_str()).collect();
    let (near, far): (Vec<&VpcEndpoint>, Vec<&VpcEndpoint>) = all
        .iter()
        .filter(|endpoint| service_names::is_for(context, endpoint, suffix, service))
        .filter(|endpoint| !matches!(state(endpoint).as_deref(), Some("deleted" | "deleting")))
        .partition(|endpoint| {
            endpoint.vpc_id.as_deref() == Some(&vpc)
                || of_profile.contains(&endpoint.vpc_endpoint_id.as_str())
        });
    let mut found = near;
    if !far.is_empty() {
        let destinations = destinations(context, suffix, service).unwrap_or_else(|why| vec![Err(why)]);
        let named = |endpoint: &&VpcEndpoint| {
            destinations.iter().any(|one| one.as_ref().is_ok_and(|one| one.is_at(endpoint)))
        };
        found.extend(far.into_iter().filter(named));
        let unknown: Vec<Missing> = destinations.into_iter().filter_map(Result::err).flatten().collect();
        if found.is_empty() && !unknown.is_empty() {
            return Err(known::joined(unknown));
        }
    }
    found.sort_by_cached_key(|endpoint| {
        let serves = names_served(context, endpoint) == Ok(true);
        let available = state(endpoint).as_deref() == Some("available");
        // An interface VPC endpoint for S3 serves only by names that are known to resolve to it; packets to
        // public addresses use the gateway VPC endpoint.
        (
            type_right(context, endpoint, service) != Ok(true),
            !available,
            !serves,
            is_gateway(context, endpoint) != Ok(true),
            is_central(context, endpoint),
            endpoint.vpc_endpoint_id.clone(),
        )
    });
    Ok(found)
}

/// The addresses of a VPC endpoint that the names of a service resolve to for the cluster's machines in the VPC;
/// `None` where no name is known to resolve to it, so that any of its interfaces may be meant.
pub(crate) fn told_addresses(
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    suffix: &str,
    service: &Service,
) -> Option<BTreeSet<IpAddr>> {
    let mut told = BTreeSet::new();
    for host in service_names::hosts(context, suffix, service).ok()? {
        let lookup = names::of_nodes(context, &host).ok()?;
        let destination = destination::of_lookup(context, (suffix, service), &host, &lookup).ok()?;
        if destination.is_at(endpoint) {
            told.extend(lookup.answer.as_ref().ok()?.addresses(context).ok()??);
        }
    }
    (!told.is_empty()).then_some(told)
}

/// Whether the service's own names all resolve to this VPC endpoint: to the addresses of an interface VPC
/// endpoint, or to the public addresses that a gateway VPC endpoint has routes for.
pub(crate) fn names_served(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    let suffix = vpc_endpoint::suffix(endpoint).unwrap_or_default();
    let service = services::matrix()?.services.get(suffix).unwrap_or(&OTHER);
    let is_interface = is_interface(context, endpoint)?;
    let all = destinations(context, suffix, service)?;
    known::all(all.into_iter().map(|one| {
        one.map(|one| if is_interface { one.is_at(endpoint) } else { one == Destination::Public })
    }))
}

/// What blocks the lookup of the service's own names from nodes, with the reason: a DNS Firewall rule, for instance.
pub(crate) fn name_blockers(context: &Context<'_>, suffix: &str, service: &Service) -> Vec<String> {
    let hosts = service_names::hosts(context, suffix, service).unwrap_or_default();
    let lookups = hosts.iter().filter_map(|host| names::of_nodes(context, host).ok());
    let of = |blocker: &Blocker| format!("{}: {}", blocker.id, blocker.reason);
    let blockers: BTreeSet<String> =
        lookups.flat_map(|lookup| lookup.blockers.iter().map(of).collect::<Vec<_>>()).collect();
    blockers.into_iter().collect()
}

/// Both DNS attributes of the VPC: without them no private name of an endpoint resolves in it
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>).
pub(crate) fn dns_attributes(context: &Context<'_>) -> Known<bool> {
    let vpc = context.vpc.clone()?;
    let of = |attribute| dns_attribute(context, &vpc, attribute);
    known::and(of(VpcDnsAttribute::Support), of(VpcDnsAttribute::Hostnames))
}

/// The VPC endpoint of another service that answers for the parent domain of a service's names, where these
/// have no address because of it
/// (<https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html>).
pub(crate) fn hidden_by<'s>(
    context: &Context<'s>,
    suffix: &str,
    service: &Service,
) -> Option<&'s VpcEndpoint> {
    let above = service.beneath.as_deref()?;
    let of = services::matrix().ok()?.services.get(above)?;
    let hosts = service_names::hosts(context, suffix, service).ok()?;
    let hidden = hosts.iter().any(|host| {
        names::of_nodes(context, host).is_ok_and(|lookup| {
            lookup.answer == Ok(names::answer::Answer::Nothing) && !lookup.blockers.is_empty()
        })
    });
    let all = self::of(context, above, of).ok()?;
    let answers = |endpoint: &&VpcEndpoint| private_names::is_on(context, endpoint, false) == Ok(true);
    all.into_iter().find(answers).filter(|_| hidden)
}

//! Where clients of a service's name are led: the answer of DNS, compared with who has the addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};

use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::facts::endpoints::private_names::{self, matches};
use crate::facts::endpoints::{service_names, vpc_endpoint};
use crate::facts::inventory::{subnets, vpc_owner};
use crate::facts::names::answer::{self, Answer, Lookup};
use crate::snapshot::aws::ec2::{ManagedPrefixList, NetworkInterface, Route, VpcEndpoint};

/// What a name of a service resolves to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Destination<'s> {
    /// The addresses of VPC endpoints for the service.
    Endpoints(Vec<&'s VpcEndpoint>),
    /// The service's public addresses.
    Public,
    /// No address.
    Nothing,
    /// Addresses where no VPC endpoint for the service is; the reason why not.
    Elsewhere(String),
}

impl Destination<'_> {
    /// Whether the name resolves to this VPC endpoint.
    pub fn is_at(&self, endpoint: &VpcEndpoint) -> bool {
        matches!(self, Self::Endpoints(all)
            if all.iter().any(|one| one.vpc_endpoint_id == endpoint.vpc_endpoint_id))
    }
}

/// The destination that a lookup of a service's name in the cluster's VPC leads to.
pub(crate) fn of_lookup<'s>(
    context: &Context<'s>,
    (suffix, service): (&str, &Service),
    host: &str,
    lookup: &Lookup,
) -> Known<Destination<'s>> {
    let answer = lookup.answer.as_ref().map_err(Clone::clone)?;
    let mut all: Vec<Destination<'s>> = Vec::new();
    for one in answer.each() {
        match (of_answer(context, (suffix, service), host, one)?, all.last_mut()) {
            // Whichever VPC endpoint the policy chooses, clients use all of them in turn.
            (Destination::Endpoints(more), Some(Destination::Endpoints(found))) => {
                let new = |one: &&VpcEndpoint| {
                    !found.iter().any(|other| other.vpc_endpoint_id == one.vpc_endpoint_id)
                };
                let more: Vec<_> = more.into_iter().filter(new).collect();
                found.extend(more);
            }
            (Destination::Elsewhere(_), Some(Destination::Elsewhere(_))) => {}
            (one, Some(other)) if one == *other => {}
            (one, None) => all.push(one),
            (_, Some(_)) => return Err(vec![answer::undecided()]),
        }
    }
    Ok(all.pop().unwrap_or(Destination::Nothing))
}

/// The destination that one answer leads to.
fn of_answer<'s>(
    context: &Context<'s>,
    (suffix, service): (&str, &Service),
    host: &str,
    answer: &Answer,
) -> Known<Destination<'s>> {
    let mut of_endpoint = None;
    let addresses = match answer {
        Answer::Addresses(addresses) => addresses.clone(),
        Answer::Endpoint { id, .. } => {
            of_endpoint = Some(id);
            BTreeSet::new()
        }
        Answer::Choice(_) => return Err(vec![answer::undecided()]),
        Answer::Public => return Ok(Destination::Public),
        Answer::Nothing => return Ok(Destination::Nothing),
    };
    let all = context.snapshot.aws.vpc_endpoints.iter().flatten();
    let candidates: Vec<&VpcEndpoint> = all
        .filter(|endpoint| {
            // Names of one service may be those of several VPC endpoint services, FIPS names for instance.
            service_names::is_for(context, endpoint, suffix, service)
                || private_names::patterns(context, endpoint).iter().any(|one| matches(one, host))
        })
        .filter(|endpoint| !vpc_endpoint::is_gone(endpoint))
        .filter(|endpoint| vpc_endpoint::is_interface(context, endpoint) != Ok(false))
        .collect();
    if let Some(id) = of_endpoint {
        if let Some(endpoint) = candidates.iter().find(|endpoint| endpoint.vpc_endpoint_id == *id) {
            return Ok(Destination::Endpoints(vec![endpoint]));
        }
        let other = answer::endpoint(context, id);
        let state =
            other.filter(|other| vpc_endpoint::is_gone(other)).and_then(|other| other.state.as_deref());
        let service = other.and_then(|other| other.service_name.as_deref()).unwrap_or("another service");
        return Ok(Destination::Elsewhere(match state {
            Some(state) => format!("{id} is {state}"),
            None => format!("{id} is a VPC endpoint for {service}"),
        }));
    }
    let (mut found, mut missing): (Vec<&VpcEndpoint>, Vec<Missing>) = (Vec::new(), Vec::new());
    let (mut elsewhere, mut public) = (Vec::new(), false);
    for address in addresses {
        match at(context, suffix, &candidates, address) {
            Ok(Holder::Endpoint(endpoint)) => {
                let known = found.iter().any(|one| one.vpc_endpoint_id == endpoint.vpc_endpoint_id);
                found.extend((!known).then_some(endpoint));
            }
            Ok(Holder::Other(reason)) => elsewhere.push(reason),
            Ok(Holder::Public) => public = true,
            Err(why) => missing.extend(why),
        }
    }
    // One wrong address is enough: clients use it for some of their connections.
    if let Some(reason) = elsewhere.into_iter().next() {
        return Ok(Destination::Elsewhere(reason));
    }
    known::complete(missing)?;
    Ok(match (public, found.is_empty()) {
        (true, true) => Destination::Public,
        (true, false) => Destination::Elsewhere("some of the addresses are public".to_owned()),
        (false, _) => Destination::Endpoints(found),
    })
}

/// What has an address.
enum Holder<'s> {
    Endpoint(&'s VpcEndpoint),
    Public,
    /// Something else, or nothing at all.
    Other(String),
}

fn at<'s>(
    context: &Context<'s>,
    suffix: &str,
    candidates: &[&'s VpcEndpoint],
    address: IpAddr,
) -> Known<Holder<'s>> {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for &endpoint in candidates {
        match vpc_endpoint::addresses(context, endpoint) {
            Ok(all) if all.contains(&address) => found.push(endpoint),
            Ok(_) => {}
            Err(missing) => unread.extend(missing),
        }
    }
    let vpcs = vpcs_with(context, address);
    let own = context.vpc.as_deref().ok();
    // Packets for an address of the VPC's own prefixes never leave the VPC.
    let inside = own.filter(|own| vpcs.contains(own));
    if let Some(own) = inside {
        found.retain(|endpoint| endpoint.vpc_id.as_deref() == Some(own));
    }
    if let Some(first) = found.first() {
        return Ok(Holder::Endpoint(first));
    }
    known::complete(unread)?;
    if vpcs.is_empty() {
        return beyond(context, suffix, address);
    }
    let homes = inside.map_or(vpcs, |own| vec![own]);
    let mut reasons = Vec::new();
    for vpc in homes {
        reasons.push(other_in(context, vpc, address)?);
    }
    Ok(Holder::Other(reasons.into_iter().next().unwrap_or_default()))
}

/// The VPCs that were read whose prefixes have an address.
fn vpcs_with<'s>(context: &Context<'s>, address: IpAddr) -> Vec<&'s str> {
    let all = context.snapshot.aws.vpcs.iter().flatten();
    let has = |vpc: &&str| {
        context.network.vpc_cidrs(vpc).is_ok_and(|cidrs| cidrs.iter().any(|cidr| cidr.contains(&address)))
    };
    all.map(|vpc| vpc.vpc_id.as_str()).filter(has).collect()
}

/// What has an address of a VPC, where it is no VPC endpoint for the service.
fn other_in(context: &Context<'_>, vpc: &str, address: IpAddr) -> Known<String> {
    let aws = &context.snapshot.aws;
    let all = context.items(aws.network_interfaces.as_deref(), "NetworkInterfaces", vpc)?;
    let has = |interface: &&NetworkInterface| {
        interface.vpc_id.as_deref() == Some(vpc) && interface.addresses().any(|its| its == address)
    };
    let Some(interface) = all.iter().find(has) else {
        // The owner of a VPC sees all interfaces in it, participants their own.
        return match vpc_owner::other_owner(context, vpc) {
            Ok(Some(owner)) => Err(vec![Missing::operation(
                format!("ec2:DescribeNetworkInterfaces in account {owner}, the owner of {vpc}"),
                Some("ec2:DescribeNetworkInterfaces"),
            )]),
            _ => Ok(format!("no network interface in {vpc} has {address}")),
        };
    };
    let id = &interface.network_interface_id;
    let what = interface.description.as_deref().filter(|text| !text.is_empty());
    let endpoints = context.items(aws.vpc_endpoints.as_deref(), "VpcEndpoints", vpc)?;
    let holder = endpoints.iter().find(|endpoint| endpoint.network_interface_ids.contains(id));
    Ok(match (holder, what) {
        (Some(other), _) => format!(
            "{address} is an address of {}, a VPC endpoint for {}",
            other.vpc_endpoint_id,
            other.service_name.as_deref().unwrap_or("another service")
        ),
        (None, Some(what)) => format!("{address} is an address of {id} ({what})"),
        (None, None) => format!("{address} is an address of {id}"),
    })
}

/// What has an address in no VPC that was read: the service itself, something behind a route, or nothing that the
/// cluster's machines could reach. That an address is public does not make it the service's.
fn beyond(context: &Context<'_>, suffix: &str, address: IpAddr) -> Known<Holder<'static>> {
    let lists = context.snapshot.aws.prefix_lists.iter().flatten();
    let end = format!(".{suffix}");
    let mut own =
        lists.filter(|list| list.prefix_list_name.as_ref().is_some_and(|name| name.ends_with(&end)));
    let has = |list: &ManagedPrefixList| {
        let entries = context.network.prefix_list(&list.prefix_list_id);
        entries.is_ok_and(|all| all.iter().any(|cidr| cidr.contains(&address)))
    };
    if own.any(has) {
        return Ok(Holder::Public);
    }
    let (subnets, unlisted) = subnets::client_subnets(context);
    let mut missing = unlisted;
    for subnet in &subnets {
        match context.network.effective_route_table(subnet) {
            Ok(table) => {
                if let Some(route) = table.routes.iter().find(|route| leads_to(context, route, address)) {
                    let to = route.destination_cidr_block.as_deref();
                    let to = to.or(route.destination_ipv6_cidr_block.as_deref());
                    return Err(vec![Missing::probe(format!(
                        "what answers at {address}, behind the route of {} to {}",
                        table.route_table_id,
                        to.or(route.destination_prefix_list_id.as_deref()).unwrap_or("its destination")
                    ))]);
                }
            }
            Err(why) => missing.extend(why),
        }
    }
    known::complete(missing)?;
    Ok(Holder::Other(format!("no subnet of the nodes has a route to {address}")))
}

/// Whether a route may be for an address.
fn leads_to(context: &Context<'_>, route: &Route, address: IpAddr) -> bool {
    let cidr = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
    if let Some(cidr) = cidr.and_then(|text| text.parse::<IpNet>().ok()) {
        return cidr.contains(&address);
    }
    let list = route.destination_prefix_list_id.as_deref();
    list.is_some_and(|list| {
        let entries = context.network.prefix_list(list);
        entries.is_ok_and(|all| all.iter().any(|cidr| cidr.contains(&address)))
    })
}

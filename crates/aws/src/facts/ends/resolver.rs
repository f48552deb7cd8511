//! Route 53 Resolver: its endpoints in the VPC, and what its rules forward to.

use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::facts::inventory::route53_resolver::{endpoint_answers, forward_rules};
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::route53resolver::{ResolverEndpoint, ResolverRule};

use super::end_set::{Ends, Parties, Party};

/// The addresses on which the VPC's resolver answers other networks.
///
/// An endpoint for delegation (`INBOUND_DELEGATION`) is none that servers forward to:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-forwarding-inbound-queries.html>.
pub(crate) fn inbound(context: &Context<'_>) -> Ends {
    of_direction(context, "INBOUND")
}

/// The addresses from which the VPC's resolver asks other networks.
pub(crate) fn outbound(context: &Context<'_>) -> Ends {
    of_direction(context, "OUTBOUND")
}

fn of_direction(context: &Context<'_>, direction: &str) -> Ends {
    let endpoints = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.resolver_endpoints.as_deref();
        Ok((context.items(all, "ResolverEndpoints", &vpc)?, vpc))
    });
    let (endpoints, vpc) = match endpoints {
        Ok(known) => known,
        Err(missing) => return Ends::unlisted(missing),
    };
    let mut ends = Ends::default();
    for endpoint in endpoints {
        let Some(host) = endpoint.host_vpc_id.as_deref() else {
            ends.unlisted.push(context.field("ResolverEndpoints", &format!("HostVPCId of {}", endpoint.id)));
            continue;
        };
        let here = host == vpc;
        match endpoint.direction.as_deref() {
            Some(its) if its.eq_ignore_ascii_case(direction) && here => {
                ends.extend(&of_endpoint(context, endpoint));
            }
            Some(_) => {}
            None => {
                let field = format!("Direction of {}", endpoint.id);
                ends.unlisted.push(context.field("ResolverEndpoints", &field));
            }
        }
    }
    ends.sorted()
}

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_IpAddressResponse.html>
fn address_answers(status: Option<&str>) -> Option<bool> {
    match status.map(str::to_ascii_uppercase).as_deref() {
        Some("ATTACHED") => Some(true),
        Some("DETACHING" | "DELETING" | "FAILED_CREATION" | "FAILED_RESOURCE_GONE") => Some(false),
        _ => None,
    }
}

/// What a status leaves open.
fn doubt(context: &Context<'_>, (collection, of): (&str, &str), status: Option<&str>) -> Missing {
    match status {
        Some(status) => Missing::unmodelled(format!("whether {of} works in status {status}")),
        None => context.field(collection, &format!("Status of {of}")),
    }
}

/// An endpoint's addresses that answer, each with the endpoint's security groups.
pub(crate) fn of_endpoint(context: &Context<'_>, endpoint: &ResolverEndpoint) -> Ends {
    let id = &endpoint.id;
    let status = endpoint.status.as_deref();
    let mut ends = match endpoint_answers(status) {
        Some(true) => Ends::default(),
        Some(false) => return Ends::default(),
        None => Ends::unlisted(vec![doubt(context, ("ResolverEndpoints", id), status)]),
    };
    let all = context.snapshot.aws.resolver_endpoint_ip_addresses.iter().flatten();
    let Some(addresses) = all.into_iter().find(|one| one.resolver_endpoint_id == *id) else {
        return Ends::unlisted(vec![context.missing("ResolverEndpointIpAddresses", Some(id))]);
    };
    let groups = Groups::of(endpoint.security_group_ids.iter().cloned(), || {
        vec![context.field("ResolverEndpoints", &format!("SecurityGroupIds of {id}"))]
    });
    for response in &addresses.ip_addresses {
        let status = response.status.as_deref();
        match address_answers(status) {
            Some(true) => {}
            Some(false) => continue,
            None => {
                let address = response.ip.as_deref().or(response.ipv6.as_deref()).unwrap_or("an address");
                let of = format!("{address} of {id}");
                ends.unlisted.push(doubt(context, ("ResolverEndpointIpAddresses", &of), status));
                continue;
            }
        }
        let texts = [response.ip.as_deref(), response.ipv6.as_deref()];
        let nets: Option<Vec<IpNet>> =
            texts.into_iter().flatten().map(|text| text.parse::<IpAddr>().ok().map(IpNet::from)).collect();
        match (nets.filter(|nets| !nets.is_empty()), &response.subnet_id) {
            (Some(nets), Some(subnet)) => {
                let shown: Vec<String> = nets.iter().map(|net| net.addr().to_string()).collect();
                ends.known.push(End {
                    label: format!("{} of {id}", shown.join(", ")),
                    kind: EndKind::Subnet {
                        subnet: subnet.clone(),
                        addresses: Some(nets),
                        groups: groups.clone(),
                        carriers: Carriers::default(),
                    },
                });
            }
            _ => ends.unlisted.push(field_of(context, id)),
        }
    }
    if addresses.ip_addresses.is_empty() {
        ends.unlisted.push(field_of(context, id));
    } else if ends.are_none() {
        ends.unlisted.push(Missing::unmodelled(format!("the addresses of {id}; none has status ATTACHED")));
    }
    ends.known.sort_by(|one, other| one.label.cmp(&other.label));
    ends
}

fn field_of(context: &Context<'_>, endpoint: &str) -> Missing {
    context.field("ResolverEndpointIpAddresses", &format!("Ip and SubnetId of {endpoint}"))
}

/// One party for each forwarding rule that applies to the VPC: the servers that it forwards to, asked
/// by the rule's own outbound endpoint.
pub(crate) fn targets<'c>(context: &'c Context<'_>) -> Parties<'c> {
    let (rules, unlisted) = forward_rules(context);
    let listed = rules.into_iter().map(|rule| target(context, rule)).collect();
    Parties { listed, unlisted }
}

fn target<'c>(context: &'c Context<'_>, rule: &ResolverRule) -> Party<'c> {
    let mut ends = Ends::default();
    let mut ports = Vec::new();
    for target in &rule.target_ips {
        let text = target.ip.as_deref().or(target.ipv6.as_deref()).unwrap_or_default();
        // DNS's own port is the default:
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_TargetAddress.html
        let port = u16::try_from(target.port.unwrap_or(53)).ok();
        if let (Ok(address), Some(port)) = (text.parse::<IpAddr>(), port) {
            let kind =
                EndKind::Addresses { cidr: IpNet::from(address), via: None, groups: Groups::Undeclared };
            ends.known.push(End { label: format!("{text} of {}", rule.id), kind });
            ports.push(port);
        } else {
            let field = format!("TargetIps of {}", rule.id);
            ends.unlisted.push(context.field("ResolverRules", &field));
        }
    }
    if rule.target_ips.is_empty() {
        ends.unlisted.push(context.field("ResolverRules", &format!("TargetIps of {}", rule.id)));
    }
    let mut asker = asker(context, rule);
    if asker.are_none() {
        asker.unlisted.push(Missing::unmodelled(format!(
            "the source addresses of {}; the outbound Resolver endpoint of the rule is being deleted",
            rule.id
        )));
    }
    let party = Party::new(format!("resolver-targets:{}", rule.id), ends);
    Party { ports: Some(ports), only_from: Some(Rc::new(asker)), ..party }
}

/// The addresses of the outbound endpoint that a rule forwards through; a shared rule's may be another
/// VPC's, or another account's.
fn asker(context: &Context<'_>, rule: &ResolverRule) -> Ends {
    let Some(id) = rule.resolver_endpoint_id.as_deref() else {
        let field = format!("ResolverEndpointId of {}", rule.id);
        return Ends::unlisted(vec![context.field("ResolverRules", &field)]);
    };
    let mut all = context.snapshot.aws.resolver_endpoints.iter().flatten();
    match all.find(|endpoint| endpoint.id == id) {
        Some(endpoint) => of_endpoint(context, endpoint),
        None => Ends::unlisted(vec![context.missing("ResolverEndpoints", Some(id))]),
    }
}

//! The ends of AWS services: the interfaces of their VPC endpoints, or what a gateway serves.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::Missing;

use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::endpoints::service_endpoint;
use crate::facts::features;
use crate::network::{End, EndKind, Groups};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::end_set::Ends;

/// Whether the matrix has a service of this suffix.
pub(crate) fn is_service(name: &str) -> bool {
    services::matrix().is_ok_and(|matrix| matrix.services.contains_key(name))
}

/// The ends of the endpoint that serves a service best; of `services`, those of all that are needed.
pub(crate) fn of_service(context: &Context<'_>, name: &str) -> Ends {
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Ends::unlisted(missing),
    };
    if name != "services" {
        return best(context, name, matrix.services.get(name).unwrap_or(&services::OTHER));
    }
    let used = features::used(context, matrix);
    let mut ends = Ends::default();
    for (suffix, service) in &matrix.services {
        match features::needed(matrix, &used, suffix).0 {
            Ok(true) => ends.extend(&best(context, suffix, service)),
            Ok(false) => {}
            Err(missing) => ends.unlisted.extend(missing),
        }
    }
    ends
}

fn best(context: &Context<'_>, suffix: &str, service: &Service) -> Ends {
    match service_endpoint::of(context, suffix, service).map(|list| list.first().copied()) {
        Ok(Some(endpoint)) => {
            let doubts = doubts(context, endpoint, suffix, true);
            Ends { doubts, ..of_endpoint(context, endpoint) }
        }
        Ok(None) => {
            let what = format!("the path to {suffix} without a VPC endpoint");
            Ends::unlisted(vec![Missing::unmodelled(what)])
        }
        Err(missing) => Ends::unlisted(missing),
    }
}

/// Why the service's own name may not resolve to a VPC endpoint, or the VPC endpoint may not answer.
pub(crate) fn doubts(
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    suffix: &str,
    is_inside: bool,
) -> Vec<Missing> {
    let id = &endpoint.vpc_endpoint_id;
    let mut doubts = service_endpoint::silent(context, endpoint);
    // Others than the VPC's own clients have name servers of their own, which is a stated assumption.
    if !is_inside {
        return doubts;
    }
    match service_endpoint::names_served(context, endpoint) {
        Ok(true) => {}
        Ok(false) => doubts.push(Missing::probe(format!(
            "whether clients use the DNS names of {id} itself; the public name of {suffix} does not resolve to {id} \
             (`--to {id}` traces to {id} under any name)"
        ))),
        Err(missing) => doubts.extend(missing),
    }
    doubts
}

/// What packets to an endpoint are sent to: its interfaces, or what a gateway serves.
pub(crate) fn of_endpoint(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
    match service_endpoint::is_gateway(context, endpoint) {
        Ok(true) => match service_endpoint::prefix_list(context, endpoint) {
            Ok(list) => {
                let label = format!("{list} through {}", endpoint.vpc_endpoint_id);
                Ends::known(vec![End { label, kind: EndKind::PrefixList { id: list } }])
            }
            Err(missing) => Ends::unlisted(missing),
        },
        Ok(false) => interfaces(context, endpoint),
        Err(missing) => Ends::unlisted(missing),
    }
}

/// The network interfaces of an interface endpoint; where they are not to be had, or cannot be
/// right, its subnets and groups, which say the same.
fn interfaces(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
    let interfaces: Option<Vec<End>> = endpoint
        .network_interface_ids
        .iter()
        .map(|id| {
            plausible(context, id).then(|| End {
                label: format!("{id} of {}", endpoint.vpc_endpoint_id),
                kind: EndKind::Interface { id: id.clone() },
            })
        })
        .collect();
    match interfaces {
        Some(known) if !known.is_empty() => Ends::known(known),
        _ => {
            let groups = endpoint.groups.iter().filter_map(|group| group.group_id.clone());
            let groups = Groups::of(groups, || {
                vec![context.field("VpcEndpoints", &format!("Groups of {}", endpoint.vpc_endpoint_id))]
            });
            let known: Vec<End> = endpoint
                .subnet_ids
                .iter()
                .map(|subnet| End {
                    label: format!("{} in {subnet}", endpoint.vpc_endpoint_id),
                    kind: EndKind::Subnet { subnet: subnet.clone(), addresses: None, groups: groups.clone() },
                })
                .collect();
            let unlisted = if known.is_empty() {
                vec![context.field("VpcEndpoints", &format!("SubnetIds of {}", endpoint.vpc_endpoint_id))]
            } else {
                Vec::new()
            };
            Ends { known, unlisted, ..Ends::default() }
        }
    }
}

/// Whether an interface was read and its address lies in its subnet (some emulators invent one).
fn plausible(context: &Context<'_>, id: &str) -> bool {
    let Ok(interface) = context.network.interface(id) else { return false };
    let address = interface.private_ip_address.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    let subnet = interface.subnet_id.as_deref().and_then(|subnet| context.network.subnet_cidrs(subnet).ok());
    match (address, subnet) {
        (Some(address), Some(cidrs)) => cidrs.iter().any(|cidr: &IpNet| cidr.contains(&address)),
        _ => false,
    }
}

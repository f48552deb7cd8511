//! The ends of AWS services: the interfaces of their VPC endpoints, or what a gateway serves.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Ends;
use crate::facts::{Context, endpoints, features};
use crate::network::{End, EndKind, Groups, Missing};
use crate::snapshot::aws::ec2::VpcEndpoint;

/// Whether the matrix has a service of this suffix.
pub(super) fn is_service(name: &str) -> bool {
    features::matrix().is_ok_and(|matrix| matrix.services.contains_key(name))
}

/// The ends of the endpoint that serves a service best; of `services`, those of all that are needed.
pub(super) fn of_service(context: &Context<'_>, name: &str) -> Ends {
    let matrix = match features::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Ends::unlisted(missing),
    };
    let used = features::used(context, matrix);
    let mut ends = Ends::default();
    for (suffix, service) in &matrix.services {
        if name == "services" {
            match features::needed(matrix, &used, suffix).0 {
                Ok(true) => {}
                Ok(false) => continue,
                Err(missing) => {
                    ends.unlisted.extend(missing);
                    continue;
                }
            }
        } else if name != suffix {
            continue;
        }
        match endpoints::of(context, suffix, service).map(|list| list.first().copied()) {
            Ok(Some(endpoint)) => ends.extend(&of_any(context, endpoint)),
            Ok(None) => {
                let what = format!("how {suffix} is reached without a VPC endpoint");
                ends.unlisted.push(Missing::unmodelled(what));
            }
            Err(missing) => ends.unlisted.extend(missing),
        }
    }
    ends
}

/// The ends of an endpoint of any type.
pub(super) fn of_any(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
    if !endpoints::is_gateway(endpoint) {
        return of_endpoint(context, endpoint);
    }
    let id = &endpoint.vpc_endpoint_id;
    let lists = context.snapshot.aws.route_tables.iter().flatten().flat_map(|table| &table.routes);
    let list = lists
        .filter(|route| route.gateway_id.as_deref() == Some(id))
        .find_map(|route| route.destination_prefix_list_id.clone());
    match list {
        Some(list) => {
            let label = format!("{list} through {id}");
            Ends::known(vec![End { label, kind: EndKind::PrefixList { id: list } }])
        }
        None => Ends::unlisted(vec![context.missing("RouteTables", context.vpc.as_deref().ok())]),
    }
}

/// The network interfaces of an interface endpoint; where they are not to be had, or cannot be
/// right, its subnets and groups, which say the same.
pub(in crate::facts) fn of_endpoint(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
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
        Some(known) if !known.is_empty() => Ends { known, unlisted: Vec::new() },
        _ => {
            let groups: Vec<String> =
                endpoint.groups.iter().filter_map(|group| group.group_id.clone()).collect();
            let known: Vec<End> = endpoint
                .subnet_ids
                .iter()
                .map(|subnet| End {
                    label: format!("{} in {subnet}", endpoint.vpc_endpoint_id),
                    kind: EndKind::Subnet {
                        subnet: subnet.clone(),
                        addresses: None,
                        groups: Groups::Known(groups.clone()),
                    },
                })
                .collect();
            let unlisted = if known.is_empty() {
                vec![context.field("VpcEndpoints", &format!("SubnetIds of {}", endpoint.vpc_endpoint_id))]
            } else {
                Vec::new()
            };
            Ends { known, unlisted }
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

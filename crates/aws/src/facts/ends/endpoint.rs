//! The ends of AWS services: the interfaces of their VPC endpoints, or what a gateway serves.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::end_set::Ends;

/// What packets to an endpoint are sent to: its interfaces, or what a gateway serves.
pub(crate) fn of_endpoint(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
    match vpc_endpoint::is_gateway(context, endpoint) {
        Ok(true) => match vpc_endpoint::prefix_list(context, endpoint) {
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

/// What packets to an endpoint are sent to by clients that look up its names: of its interfaces those that the
/// answer names (`told`), else the addresses of the families that the names have records for.
pub(crate) fn by_name(
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    told: Option<&BTreeSet<IpAddr>>,
) -> Ends {
    let mut ends = of_endpoint(context, endpoint);
    let families = vpc_endpoint::record_families(context, endpoint).ok();
    let addresses = |end: &End| match &end.kind {
        EndKind::Interface { id } => context.network.interface(id).ok().map(|its| its.addresses().collect()),
        _ => None,
    };
    // The addresses of an answer that are none of the interfaces' are another matter.
    let is_told = |one: &IpAddr| told.is_some_and(|told| told.contains(one));
    let by_told = ends.known.iter().filter_map(addresses).flatten().any(|one: IpAddr| is_told(&one));
    if by_told {
        ends.known.retain(|end| addresses(end).is_none_or(|all: Vec<IpAddr>| all.iter().any(is_told)));
    }
    for end in &mut ends.known {
        let EndKind::Interface { id } = &end.kind else { continue };
        let Ok(interface) = context.network.interface(id) else { continue };
        let Some(subnet) = interface.subnet_id.clone() else { continue };
        let all: Vec<IpAddr> = interface.addresses().collect();
        let is_named = |one: &&IpAddr| {
            if by_told { is_told(one) } else { families.is_none_or(|families| families.has(one)) }
        };
        let named: Vec<IpNet> = all.iter().filter(is_named).map(|one| IpNet::from(*one)).collect();
        if named.is_empty() || named.len() == all.len() {
            continue;
        }
        let groups = interface.groups.iter().filter_map(|group| group.group_id.clone());
        let groups =
            Groups::of(groups, || vec![context.field("NetworkInterfaces", &format!("Groups of {id}"))]);
        let carriers = Carriers::of_endpoint();
        end.kind = EndKind::Subnet { subnet, addresses: Some(named), groups, carriers };
    }
    ends
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
                    kind: EndKind::Subnet {
                        subnet: subnet.clone(),
                        addresses: None,
                        groups: groups.clone(),
                        carriers: Carriers::of_endpoint(),
                    },
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

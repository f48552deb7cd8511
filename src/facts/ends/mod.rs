//! The ends of the flows that rules declare: roles of the cluster and endpoints of services.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::network::{End, EndKind, Groups, Known, Missing, MissingKind};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::{Context, features, nodes};

/// The ends that are known, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// In a fixed order.
    pub known: Vec<End>,
    /// Empty when they are all.
    pub unlisted: Vec<Missing>,
}

/// The control plane: the network interfaces that EKS placed in the VPC.
pub(super) fn control_plane(context: &Context<'_>) -> Ends {
    let interfaces = match context.control_plane_interfaces() {
        Ok(interfaces) => interfaces,
        Err(missing) => return Ends { known: Vec::new(), unlisted: missing },
    };
    let known: Vec<End> = interfaces
        .iter()
        .map(|interface| End {
            label: interface.network_interface_id.clone(),
            kind: EndKind::Interface { id: interface.network_interface_id.clone() },
        })
        .collect();
    let unlisted = if known.is_empty() {
        let what = "ec2:DescribeNetworkInterfaces showed no interface of the control plane (\"Amazon EKS <cluster>\")";
        vec![Missing {
            kind: MissingKind::Operation,
            what: what.into(),
            permission: Some("ec2:DescribeNetworkInterfaces".into()),
        }]
    } else {
        Vec::new()
    };
    Ends { known, unlisted }
}

/// The nodes: for each subnet and set of security groups one end, with the subnet beside it.
pub(super) fn nodes(context: &Context<'_>) -> Ends {
    let listed = nodes::listed(context);
    let mut unlisted = listed.unlisted.clone();
    let mut names: BTreeMap<(String, Vec<String>), BTreeSet<String>> = BTreeMap::new();
    let mut unread: BTreeMap<String, Vec<Missing>> = BTreeMap::new();
    for group in &listed.groups {
        let subnets = match &group.subnets {
            Ok(subnets) => subnets,
            Err(missing) => {
                unlisted.extend(missing.clone());
                continue;
            }
        };
        for subnet in subnets {
            match &group.security_groups {
                Groups::Known(groups) => {
                    let key = (subnet.clone(), sorted(groups));
                    names.entry(key).or_default().insert(group.name.clone());
                }
                Groups::Unread(missing) => {
                    unread.entry(subnet.clone()).or_default().extend(missing.clone());
                }
                Groups::Undeclared => {
                    let missing = context.missing("SecurityGroups", context.vpc.as_deref().ok());
                    unread.entry(subnet.clone()).or_default().push(missing);
                }
            }
        }
    }
    match nodes::loose_instances(context, &listed.groups) {
        Ok(instances) => {
            for instance in instances {
                let groups: Vec<String> =
                    instance.security_groups.iter().filter_map(|group| group.group_id.clone()).collect();
                if let Some(subnet) = &instance.subnet_id {
                    let of_no_group = "nodes of no group".to_owned();
                    names.entry((subnet.clone(), sorted(&groups))).or_default().insert(of_no_group);
                }
            }
        }
        Err(missing) => unlisted.extend(missing),
    }
    fargate(context, &mut names, &mut unlisted);
    if names.is_empty() && unread.is_empty() && unlisted.is_empty() {
        planned(context, &mut names, &mut unlisted);
    }
    let known = names.into_iter().map(|((subnet, groups), of)| {
        let of: Vec<String> = of.into_iter().collect();
        (format!("{} in {subnet}", of.join(", ")), subnet, Groups::Known(groups))
    });
    let of_unread = unread.into_iter().map(|(subnet, mut missing)| {
        missing.sort();
        missing.dedup();
        (format!("nodes in {subnet}"), subnet, Groups::Unread(missing))
    });
    let known = known
        .chain(of_unread)
        .map(|(label, subnet, groups)| {
            let addresses = used_prefixes(context, &subnet);
            End { label, kind: EndKind::Subnet { subnet, addresses, groups } }
        })
        .collect();
    unlisted.sort();
    unlisted.dedup();
    Ends { known, unlisted }
}

/// The prefixes of a subnet that nodes speak from: IPv4 only, unless it is an IPv6 cluster.
fn used_prefixes(context: &Context<'_>, subnet: &str) -> Option<Vec<IpNet>> {
    let config = context.cluster.as_ref().ok()?.kubernetes_network_config.as_ref()?;
    if config.ip_family.as_deref() != Some("ipv4") {
        return None;
    }
    let cidrs = context.network.subnet_cidrs(subnet).ok()?;
    Some(cidrs.into_iter().filter(|cidr| matches!(cidr, IpNet::V4(_))).collect())
}

/// Pods on Fargate carry the cluster's security group unless Kubernetes says otherwise:
/// <https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html>.
fn fargate(
    context: &Context<'_>,
    names: &mut BTreeMap<(String, Vec<String>), BTreeSet<String>>,
    unlisted: &mut Vec<Missing>,
) {
    let (profiles, missing) = features::described_profiles(context);
    unlisted.extend(missing);
    for profile in profiles {
        match cluster_group(context) {
            Ok(group) => {
                for subnet in &profile.subnets {
                    let key = (subnet.clone(), vec![group.clone()]);
                    let name = format!("Fargate profile {}", profile.fargate_profile_name);
                    names.entry(key).or_default().insert(name);
                }
            }
            Err(missing) => unlisted.extend(missing),
        }
    }
}

/// Before there are nodes: the cluster's subnets and its own group.
fn planned(
    context: &Context<'_>,
    names: &mut BTreeMap<(String, Vec<String>), BTreeSet<String>>,
    unlisted: &mut Vec<Missing>,
) {
    match (context.vpc_config(), cluster_group(context)) {
        (Ok(config), Ok(group)) => {
            for subnet in config.subnet_ids.iter().flatten() {
                let key = (subnet.clone(), vec![group.clone()]);
                names.entry(key).or_default().insert("planned nodes".into());
            }
        }
        (Err(missing), _) | (_, Err(missing)) => unlisted.extend(missing),
    }
}

fn cluster_group(context: &Context<'_>) -> Known<String> {
    let config = context.vpc_config()?;
    config
        .cluster_security_group_id
        .clone()
        .ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.clusterSecurityGroupId")])
}

/// The network interfaces of an interface endpoint; where they are not to be had, or cannot be
/// right, its subnets and groups, which say the same.
pub(super) fn of_endpoint(context: &Context<'_>, endpoint: &VpcEndpoint) -> Ends {
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

fn sorted(groups: &[String]) -> Vec<String> {
    let set: BTreeSet<&String> = groups.iter().collect();
    set.into_iter().cloned().collect()
}

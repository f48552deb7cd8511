//! Node groups as subjects: managed ones, and the Auto Scaling groups of self-managed nodes.

use std::collections::BTreeMap;

use privek_core::known::Known;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::capacity::shortage::Shortage;
use crate::facts::capacity::{self, Capacity, ZoneCapacity, address_demand, eni_trunking};
use crate::facts::inventory::cluster::ipv6;
use crate::facts::inventory::max_pods::{self, Kubelet, Limit};
use crate::facts::inventory::node_groups::{self, NodeGroup};
use crate::facts::inventory::user_data;
use crate::facts::inventory::vpc_cni::{self, CniKnown};

use status::GroupStateFacts;

/// What rules see of a node group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NodegroupFacts {
    /// `nodegroup.nodegroupName`, or `AutoScalingGroups[].AutoScalingGroupName`.
    id: String,
    /// `nodegroup.nodegroupName`, or `AutoScalingGroups[].AutoScalingGroupName`.
    name: Option<String>,
    /// Whether the node group is managed by EKS: `nodegroups` lists the node group.
    managed: bool,
    /// `nodegroup.subnets`, or `AutoScalingGroups[].VPCZoneIdentifier`.
    subnets: Fact<Vec<String>>,
    /// The security groups in the launch template, else the cluster security group (`clusterSecurityGroupId`)
    /// and `nodegroup.resources.remoteAccessSecurityGroup`.
    security_groups: Fact<Vec<String>>,
    /// `nodegroup.instanceTypes`, the launch template's `InstanceType`, or the Auto Scaling group's overrides.
    instance_types: Fact<Vec<String>>,
    /// `nodegroup.nodeRole`; null for self-managed nodes.
    node_role: Option<String>,
    /// `nodegroup.scalingConfig.minSize`, or `AutoScalingGroups[].MinSize`.
    min_size: Fact<i64>,
    /// `nodegroup.scalingConfig.maxSize`, or `AutoScalingGroups[].MaxSize`.
    max_size: Fact<i64>,
    /// `nodegroup.scalingConfig.desiredSize`, or `AutoScalingGroups[].DesiredCapacity`.
    desired_size: Fact<i64>,
    /// Instances of the warm pool (`nodegroup.warmPoolConfig`, or `AutoScalingGroups[].WarmPoolConfiguration`)
    /// besides the node group's maximum size; 0 without a warm pool.
    warm_pool_size: Fact<i64>,
    /// Whether pods get addresses from /28 prefixes (`ENABLE_PREFIX_DELEGATION` of the add-on `vpc-cni`).
    prefix_delegation: Fact<bool>,
    /// The maximum number of pods on a node, by instance type (`InstanceTypes[].NetworkInfo`).
    max_pods_by_type: Fact<BTreeMap<String, i64>>,
    /// The maximum number of pods on a node of the smallest instance type (`InstanceTypes[].NetworkInfo`);
    /// EKS applies this number to the whole node group.
    max_pods: Fact<i64>,
    /// By zone, the addresses that the node group needs at its maximum size, and the free addresses
    /// (`Subnets[].AvailableIpAddressCount`).
    zones: Fact<Vec<ZoneFacts>>,
    /// Whether the subnets have addresses for every node with its first pods, at the node group's maximum
    /// size (`Subnets[].AvailableIpAddressCount`).
    fits_minimum: Fact<bool>,
    /// Whether the subnets have addresses for every node with its maximum number of pods, at the node group's
    /// maximum size (`Subnets[].AvailableIpAddressCount`).
    fits_full: Fact<bool>,
    /// Zones with too few free addresses at the node group's maximum size, with the node groups that share
    /// the subnets.
    shortages: Vec<ShortageFacts>,
    /// The largest maximum size at which all pods of all node groups have addresses; null if the present
    /// maximum fits, or no size fits.
    size_that_fits: Option<i64>,
    #[serde(flatten)]
    state: GroupStateFacts,
    /// The largest number of nodes that an update of the node group at its maximum size adds in one zone
    /// (`nodegroup.updateConfig`).
    update_nodes_a_zone: Fact<i64>,
    /// Whether the subnets have addresses for the nodes of an update (`nodegroup.updateConfig`) besides the
    /// maximum size and load balancers (`Subnets[].AvailableIpAddressCount`).
    fits_update: Fact<bool>,
    /// Zones with too few free addresses for an update at the node group's maximum size, with the node groups
    /// that share the subnets.
    update_shortages: Vec<ShortageFacts>,
    /// Whether all instance types of a managed node group have the same maximum number of pods
    /// (`InstanceTypes[].NetworkInfo`).
    same_max_pods: Fact<bool>,
    /// Whether the cluster's pods have IPv6 addresses (`cluster.kubernetesNetworkConfig.ipFamily`).
    ipv6: Fact<bool>,
    /// Whether pods with their own security groups get their own network interfaces (`ENABLE_POD_ENI`).
    pod_interfaces: Fact<bool>,
    /// Instance types of the node group on the Xen hypervisor (`InstanceTypes[].Hypervisor`). These types
    /// support no prefixes, no IPv6 and no network interfaces for pods.
    xen_types: Fact<Vec<String>>,
    /// Instance types of the node group (`nodegroup.instanceTypes`) without network interfaces for pods, by
    /// AWS's list of trunking types.
    types_without_pod_interfaces: Fact<Vec<String>>,
    /// Whether all instance types (`nodegroup.instanceTypes`) of another node group support network
    /// interfaces for pods.
    pod_interfaces_elsewhere: Fact<bool>,
}

/// One zone of a node group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ZoneFacts {
    /// `Subnets[].AvailabilityZoneId`.
    zone: String,
    /// The node group's subnets in the zone.
    subnets: Vec<String>,
    /// The node group's instances in the zone (`Reservations[].Instances`).
    nodes_now: Fact<i64>,
    /// The zone's share of the node group's maximum size.
    nodes_at_maximum: Fact<i64>,
    /// Additional addresses in the zone until every node runs its first pods.
    needed_minimum: Fact<i64>,
    /// Additional addresses in the zone until every node runs its maximum number of pods.
    needed_full: Fact<i64>,
    /// The sum of `Subnets[].AvailableIpAddressCount` of the node group's subnets in the zone.
    free_addresses: Fact<i64>,
}

/// Groups that a zone cannot hold together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ShortageFacts {
    /// `Subnets[].AvailabilityZoneId`.
    zone: String,
    /// The node groups that need addresses in the zone.
    groups: Vec<String>,
    /// The subnets of the zone that the node groups use.
    subnets: Vec<String>,
    /// Additional addresses that the node groups need.
    needed: i64,
    /// Free addresses in the subnets.
    free: i64,
}

/// Every node group, with what may be missing.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let listed = node_groups::listed(context);
    if listed.groups.is_empty() {
        return Subjects { listed: Vec::new(), unlisted: listed.unlisted };
    }
    let cni = vpc_cni::cni(context);
    let ipv6 = ipv6(context);
    let kubelets: Vec<Known<Kubelet>> =
        listed.groups.iter().map(|group| kubelet(context, group, &ipv6)).collect();
    let loads = listed
        .groups
        .iter()
        .zip(&kubelets)
        .map(|(group, kubelet)| address_demand::load(context, group, &cni, kubelet));
    let capacities = capacity::plan(context, &listed, loads.collect());
    let subjects = listed.groups.iter().zip(&kubelets).zip(capacities).map(|((group, kubelet), capacity)| {
        Subject::new(
            "nodegroup",
            &group.name,
            Some(&group.name),
            &facts(context, (group, &listed), &cni, (kubelet, &ipv6), capacity),
        )
    });
    Subjects { listed: subjects.collect(), unlisted: listed.unlisted.clone() }
}

fn facts(
    context: &Context<'_>,
    (group, listed): (&NodeGroup, &node_groups::Listed),
    cni: &CniKnown,
    (kubelet, ipv6): (&Known<Kubelet>, &Known<bool>),
    capacity: Capacity,
) -> NodegroupFacts {
    let by_type = max_pods(context, group, cni, kubelet);
    let described = context.snapshot.aws.nodegroup.iter().flatten();
    let described =
        described.filter(|_| group.managed).find(|described| described.nodegroup_name == group.name);
    NodegroupFacts {
        id: group.name.clone(),
        name: Some(group.name.clone()),
        managed: group.managed,
        subnets: Fact(group.subnets.clone()),
        security_groups: Fact(group.security_groups.ids().map(<[String]>::to_vec)),
        instance_types: Fact(group.instance_types.clone()),
        node_role: described.and_then(|described| described.node_role.clone()),
        min_size: Fact(group.min_size.clone()),
        max_size: Fact(group.max_size.clone()),
        desired_size: Fact(group.desired_size.clone()),
        warm_pool_size: Fact(warm_pool_size(group)),
        prefix_delegation: Fact(cni.setting(|cni| cni.prefixes)),
        same_max_pods: Fact(by_type.clone().map(|by_type| {
            let mut counts = by_type.values();
            let first = counts.next();
            counts.all(|count| Some(count) == first)
        })),
        ipv6: Fact(ipv6.clone()),
        pod_interfaces: Fact(cni.setting(|cni| cni.pod_interfaces)),
        xen_types: Fact(xen_types(context, group)),
        types_without_pod_interfaces: Fact(eni_trunking::types_without(context, group)),
        pod_interfaces_elsewhere: Fact(eni_trunking::elsewhere(context, group, listed)),
        update_nodes_a_zone: capacity.update.nodes_a_zone,
        fits_update: capacity.update.fits,
        update_shortages: shortages(capacity.update.shortages),
        max_pods: Fact(by_type.clone().map(|by_type| by_type.values().copied().min().unwrap_or_default())),
        max_pods_by_type: Fact(by_type),
        zones: Fact(capacity.zones.map(|zones| zones.into_iter().map(zone).collect())),
        fits_minimum: capacity.fits_minimum,
        fits_full: capacity.fits_full,
        shortages: shortages(capacity.shortages),
        size_that_fits: capacity.size_that_fits,
        state: status::facts(context, group, described),
    }
}

fn warm_pool_size(group: &NodeGroup) -> Known<i64> {
    match group.warm_pool.as_ref().map_err(Clone::clone)? {
        None => Ok(0),
        Some(pool) => group.max_size.clone().map(|nodes| pool.size_beside(nodes)),
    }
}

fn shortages(shortages: Vec<Shortage>) -> Vec<ShortageFacts> {
    let facts = |short: Shortage| ShortageFacts {
        zone: short.zone,
        groups: short.groups,
        subnets: short.subnets,
        needed: short.needed,
        free: short.free,
    };
    shortages.into_iter().map(facts).collect()
}

fn xen_types(context: &Context<'_>, group: &NodeGroup) -> Known<Vec<String>> {
    let mut xen = Vec::new();
    for name in group.instance_types.clone()? {
        if !max_pods::shape(context, &name)?.nitro {
            xen.push(name);
        }
    }
    Ok(xen)
}

fn zone(zone: ZoneCapacity) -> ZoneFacts {
    ZoneFacts {
        zone: zone.zone,
        subnets: zone.subnets,
        nodes_now: zone.nodes_now,
        nodes_at_maximum: zone.nodes_at_maximum,
        needed_minimum: zone.needed_minimum,
        needed_full: zone.needed_full,
        free_addresses: zone.free,
    }
}

/// Pods by type: the smallest number of the CNI's possible set-ups, which is what is proved.
fn max_pods(
    context: &Context<'_>,
    group: &NodeGroup,
    cni: &CniKnown,
    kubelet: &Known<Kubelet>,
) -> Known<BTreeMap<String, i64>> {
    let kubelet = kubelet.clone()?;
    let mut by_type = BTreeMap::new();
    for name in group.instance_types.clone()? {
        let shape = max_pods::shape(context, &name)?;
        let counts = cni
            .candidates()
            .iter()
            .map(|cni| max_pods::max_pods(shape, cni, kubelet))
            .collect::<Known<Vec<_>>>()?;
        by_type.insert(name, counts.into_iter().min().unwrap_or_default());
    }
    Ok(by_type)
}

fn kubelet(context: &Context<'_>, group: &NodeGroup, ipv6: &Known<bool>) -> Known<Kubelet> {
    let windows = group.ami_type.as_deref().is_some_and(|ami| ami.starts_with("WINDOWS"));
    // A custom image may be anything; whether EKS's cap applies must be known.
    let custom = group.custom_ami.clone()?;
    let limit = if group.managed && !custom { Limit::Managed } else { Limit::Image };
    let told = if limit == Limit::Image { user_data::max_pods(context, group) } else { None };
    Ok(Kubelet { limit, windows, ipv6: ipv6.clone()?, told })
}

mod security_group_tags;
mod status;
#[cfg(test)]
mod tests;

//! The cluster's subnets: their zones, their free addresses, who is in them, and what decides for them.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;

use crate::facts::base::context::{Context, plausible_count};
use crate::snapshot::aws::ec2::{AvailabilityZone, NetworkInterface, Subnet};

use super::{cluster, load_balancer_tags, node_groups};

/// The zone that a subnet is in: its id, or its name where AWS returns no id.
pub(crate) fn zone(context: &Context<'_>, id: &str) -> Known<String> {
    let subnet = context.network.subnet(id)?;
    let zone = subnet.availability_zone_id.clone().or_else(|| subnet.availability_zone.clone());
    zone.ok_or_else(|| field(context, "AvailabilityZoneId", id))
}

pub(crate) fn listed_zone<'s>(context: &Context<'s>, subnet: &Known<&Subnet>) -> Known<&'s AvailabilityZone> {
    let subnet = subnet.clone()?;
    let mut zones = context.snapshot.aws.availability_zones.iter().flatten();
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    zones
        .find(|zone| {
            same(&zone.zone_id, &subnet.availability_zone_id)
                || same(&zone.zone_name, &subnet.availability_zone)
        })
        .ok_or_else(|| match &context.snapshot.aws.availability_zones {
            Some(_) => vec![context.field("AvailabilityZones", &format!("the zone of {}", subnet.subnet_id))],
            None => vec![context.missing("AvailabilityZones", None)],
        })
}

/// How many addresses a subnet has left.
pub(crate) fn free_addresses(context: &Context<'_>, id: &str) -> Known<i64> {
    let subnet = context.network.subnet(id)?;
    plausible_count(subnet.available_ip_address_count)
        .ok_or_else(|| field(context, "AvailableIpAddressCount", id))
}

/// Whether EKS is known to place control planes in this subnet's zone.
pub(crate) fn takes_control_plane(context: &Context<'_>, subnet: &Subnet) -> bool {
    let refused = subnet.availability_zone_id.as_deref().is_none_or(|zone| REFUSED.contains(&zone));
    let zone = listed_zone(context, &Ok(subnet));
    let regional = zone.is_ok_and(|zone| zone.zone_type.as_deref() == Some("availability-zone"));
    regional && !refused && subnet.outpost_arn.is_none()
}

/// Zones, by id, that EKS refuses for the control plane
/// (<https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>).
pub(crate) const REFUSED: [&str; 3] = ["use1-az3", "usw1-az2", "cac1-az3"];

/// The subnets that the control plane or nodes use, and why there may be more.
pub(crate) fn used(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    SubnetUse::of(context).used()
}

/// Who is where.
pub(crate) struct SubnetUse {
    /// The cluster's subnets.
    pub cluster: Known<BTreeSet<String>>,
    /// Subnets of the control plane's interfaces.
    pub interfaces: Known<BTreeSet<String>>,
    /// Subnets of nodes, and why there may be more.
    pub nodes: (BTreeSet<String>, Vec<Missing>),
    /// Subnets of what calls AWS, and why there may be more.
    pub clients: (BTreeSet<String>, Vec<Missing>),
    /// Subnets of managed node groups, and why there may be more.
    pub managed: (BTreeSet<String>, Vec<Missing>),
}

impl SubnetUse {
    pub fn of(context: &Context<'_>) -> Self {
        let cluster = context.vpc_config().and_then(|config| {
            let ids = config.subnet_ids.clone();
            ids.ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.subnetIds")])
        });
        let subnet = |interface: &&NetworkInterface| interface.subnet_id.clone();
        let interfaces = context.control_plane_interfaces();
        Self {
            cluster: cluster.map(|ids| ids.into_iter().collect()),
            interfaces: interfaces.map(|all| all.iter().filter_map(subnet).collect()),
            nodes: node_groups::known_subnets(context),
            clients: client_subnets(context),
            managed: node_groups::managed_subnets(context),
        }
    }

    /// All of them, and why there may be more.
    pub fn used(&self) -> (BTreeSet<String>, Vec<Missing>) {
        let mut ids: BTreeSet<String> = self.nodes.0.clone();
        ids.extend(self.clients.0.iter().cloned());
        let mut unlisted: Vec<Missing> = self.clients.1.clone();
        unlisted.extend(self.nodes.1.iter().cloned());
        ids.extend(self.cluster.iter().flatten().cloned());
        ids.extend(self.interfaces.iter().flatten().cloned());
        for missing in [self.cluster.as_ref().err(), self.interfaces.as_ref().err()].into_iter().flatten() {
            unlisted.extend(missing.iter().cloned());
        }
        (ids, known::joined(unlisted))
    }
}

/// Whether a subnet is among these, or what is missing to know them all.
pub(crate) fn among((known, missing): &(BTreeSet<String>, Vec<Missing>), id: &str) -> Fact<bool> {
    Fact(known::proved(known.contains(id), missing.iter().cloned()))
}

pub(crate) fn field(context: &Context<'_>, name: &str, id: &str) -> Vec<Missing> {
    vec![context.field("Subnets", &format!("{name} of {id}"))]
}

/// Subnets whose nodes call AWS: those of node groups, instances and Fargate profiles; before there
/// are any, those of the cluster. With it, why there may be more.
pub(crate) fn client_subnets(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let (mut subnets, mut missing) = node_groups::known_subnets(context);
    let (profiles, more) = cluster::described_profiles(context);
    subnets.extend(profiles.into_iter().flat_map(|profile| profile.subnets.iter().cloned()));
    missing.extend(more);
    if subnets.is_empty() && missing.is_empty() {
        match context.vpc_config() {
            Ok(config) => subnets.extend(config.subnet_ids.clone().unwrap_or_default()),
            Err(why) => missing.extend(why),
        }
    }
    (subnets, known::joined(missing))
}

/// What decides for subnets, by its id, each with those subnets.
pub(crate) type Deciding<'s, T> = BTreeMap<&'s str, (&'s T, BTreeSet<String>)>;

/// What decides for the cluster's subnets, by its id, each with those subnets; and why there may be more.
pub(crate) fn by_subnet<'s, T>(
    context: &Context<'_>,
    decides: impl Fn(&str) -> Known<(&'s str, &'s T)>,
) -> (Deciding<'s, T>, Vec<Missing>) {
    let (mut subnets, mut unlisted) = used(context);
    match load_balancer_tags::marked(context) {
        Ok(marked) => {
            let possible = marked.possible.iter().filter(|(subnet, _)| !subnets.contains(&subnet.subnet_id));
            unlisted.extend(possible.flat_map(|(_, missing)| missing.iter().cloned()));
            subnets.extend(marked.certain.iter().map(|subnet| subnet.subnet_id.clone()));
        }
        Err(missing) => unlisted.extend(missing),
    }
    let mut found: Deciding<'s, T> = BTreeMap::new();
    for subnet in subnets {
        match decides(&subnet) {
            Ok((id, what)) => _ = found.entry(id).or_insert_with(|| (what, BTreeSet::new())).1.insert(subnet),
            Err(missing) => unlisted.extend(missing),
        }
    }
    (found, known::joined(unlisted))
}

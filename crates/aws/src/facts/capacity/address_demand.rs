//! Addresses that node groups need in the subnets of a zone: running nodes up to what the CNI assigns, and
//! additional nodes completely; as the smallest and the largest number that missing inputs allow.

use std::collections::BTreeMap;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::max_pods::{self, Demand, Kubelet};
use crate::facts::inventory::node_groups::NodeGroup;
use crate::facts::inventory::subnets;
use crate::facts::inventory::vpc_cni::CniKnown;
use crate::snapshot::aws::ec2::Instance;

use super::bin_packing::{Free, Item};

/// The addresses of a group's nodes, as the smallest and the largest number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    /// At the least.
    pub low: Demand,
    /// At the most; `None` where no bound is known.
    pub high: Option<Demand>,
    /// What is missing where the two differ.
    pub missing: Vec<Missing>,
}

/// What is assumed of an input that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The smallest number of addresses.
    Low,
    /// The largest number of addresses.
    High,
}

/// A node that runs: its subnet and the addresses that it holds there.
pub(crate) struct Running {
    pub subnet: String,
    pub held: Option<i64>,
}

/// A group with everything that is known about its place.
pub(crate) struct Member<'g> {
    pub group: &'g NodeGroup,
    pub load: Load,
    /// Its subnets by zone.
    pub zones: Known<BTreeMap<String, Vec<String>>>,
    pub running: Known<Vec<Running>>,
}

/// The addresses of a group's nodes; every type counts, because the group may start any.
pub(crate) fn load(
    context: &Context<'_>,
    group: &NodeGroup,
    cni: &CniKnown,
    kubelet: &Known<Kubelet>,
) -> Load {
    let shapes = group
        .instance_types
        .clone()
        .and_then(|types| types.iter().map(|name| max_pods::shape(context, name)).collect::<Known<Vec<_>>>());
    let least = Demand { minimum: 1, full: 1 };
    let known = shapes.and_then(|shapes| Ok((shapes, kubelet.clone()?)));
    let (shapes, kubelet) = match known {
        Ok(known) => known,
        Err(missing) => return Load { low: least, high: None, missing },
    };
    if matches!(cni, CniKnown::Unread(_)) && pods_are_elsewhere(context) {
        return Load { low: least, high: None, missing: cni.missing() };
    }
    let mut low: Option<Demand> = None;
    let mut high = Some(least);
    let mut missing = Vec::new();
    for candidate in cni.candidates() {
        if candidate.custom_networking {
            let what = "the pod subnets of the VPC CNI's custom networking; ENIConfig objects in Kubernetes are not read";
            missing.push(Missing::unmodelled(what));
            return Load { low: least, high: None, missing };
        }
        let demands = shapes.iter().map(|shape| max_pods::demand(*shape, &candidate, kubelet));
        let most = demands.reduce(|one, other| join(one, other, i64::max)).unwrap_or(least);
        low = Some(low.map_or(most, |low| join(low, most, i64::min)));
        high = high.map(|high| join(high, most, i64::max));
    }
    let low = low.unwrap_or(least);
    if high != Some(low) {
        missing.extend(cni.missing());
    }
    Load { low, high, missing }
}

/// Whether the CNI's interfaces, `aws-K8S-<instance>`, show that custom networking is on: one of them is
/// in another subnet than its instance.
pub(crate) fn pods_are_elsewhere(context: &Context<'_>) -> bool {
    let aws = &context.snapshot.aws;
    let instances = aws.reservations.iter().flatten().flat_map(|reservation| &reservation.instances);
    let homes: BTreeMap<&str, &Option<String>> =
        instances.map(|instance| (instance.instance_id.as_str(), &instance.subnet_id)).collect();
    aws.network_interfaces.iter().flatten().any(|interface| {
        let instance = interface.description.as_deref().and_then(|text| text.strip_prefix("aws-K8S-"));
        instance.and_then(|id| homes.get(id)).is_some_and(|home| **home != interface.subnet_id)
    })
}

fn join(one: Demand, other: Demand, pick: fn(i64, i64) -> i64) -> Demand {
    Demand { minimum: pick(one.minimum, other.minimum), full: pick(one.full, other.full) }
}

impl Demand {
    pub(crate) fn level_minimum(self) -> i64 {
        self.minimum
    }

    pub(crate) fn level_full(self) -> i64 {
        self.full
    }
}

/// With the first pods, or with all.
pub(crate) type Level = fn(Demand) -> i64;

/// Everything that wants addresses in one zone; `None` where there is no bound.
pub(crate) fn items(
    members: &[Member<'_>],
    zone: &str,
    level: Level,
    bound: Bound,
    resized: Option<(usize, i64)>,
) -> Option<Vec<Item>> {
    let mut items = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let Some(zones) = member.zones.as_ref().ok() else { continue };
        let Some(subnets) = zones.get(zone) else { continue };
        let each = match bound {
            Bound::Low => level(member.load.low),
            Bound::High => level(member.load.high?),
        };
        let size = match resized {
            Some((group, size)) if group == at => Some(size),
            _ => member.group.max_size.as_ref().ok().copied(),
        };
        let running = match (&member.running, bound) {
            (Ok(running), _) => running.as_slice(),
            // At the least, all nodes of the maximum run already and hold everything.
            (Err(_), Bound::Low) => continue,
            (Err(_), Bound::High) => &[],
        };
        for node in running.iter().filter(|node| subnets.contains(&node.subnet)) {
            let held = node.held.unwrap_or(if bound == Bound::Low { each } else { 1 });
            let subnets = vec![node.subnet.clone()];
            items.push(Item { group: at, count: 1, size: (each - held).max(0), subnets });
        }
        let beside = beside(member, size, bound)?;
        let count = match (size, bound) {
            (Some(size), _) => growth(size + beside.running, zones, subnets, running),
            (None, Bound::Low) => 0,
            (None, Bound::High) => return None,
        };
        // An instance that leaves the warm pool for the group has its first address already.
        let has_address = beside.spare.min(count);
        let first = count - has_address;
        items.push(Item { group: at, count: first, size: each, subnets: subnets.clone() });
        items.push(Item { group: at, count: has_address, size: (each - 1).max(0), subnets: subnets.clone() });
        let each = if beside.reuses_nodes { each.max(1) } else { 1 };
        let warm = share(beside.to_come, zones);
        items.push(Item { group: at, count: warm, size: each, subnets: subnets.clone() });
    }
    Some(items)
}

/// What a warm pool means for a group at this size.
#[derive(Default)]
struct Beside {
    /// Instances that the pool still gets.
    to_come: i64,
    /// Instances of the pool that the group will take.
    spare: i64,
    /// Instances of the pool that are among those that run.
    running: i64,
    reuses_nodes: bool,
}

/// The zones of a pool's present instances are not read: at the least they are where they save most.
/// `None` where there is no bound.
fn beside(member: &Member<'_>, size: Option<i64>, bound: Bound) -> Option<Beside> {
    let pool = match (&member.group.warm_pool, bound) {
        (Ok(None), _) | (Err(_), Bound::Low) => return Some(Beside::default()),
        (Err(_), Bound::High) => return None,
        (Ok(Some(pool)), _) => pool,
    };
    let wanted = size.map_or(0, |size| pool.size_beside(size));
    let now = match (&pool.size_now, bound) {
        (Ok(now), _) => *now,
        (Err(_), Bound::Low) => i64::from(u32::MAX),
        (Err(_), Bound::High) if pool.runs => return None,
        (Err(_), Bound::High) => 0,
    };
    Some(match bound {
        Bound::Low => {
            Beside { to_come: (wanted - now).max(0), spare: (now - wanted).max(0), ..Beside::default() }
        }
        Bound::High => Beside {
            to_come: wanted,
            running: if pool.runs { now } else { 0 },
            reuses_nodes: pool.reuses_nodes,
            ..Beside::default()
        },
    })
}

/// What is missing about a group's warm pool, where there is one.
pub(crate) fn missing_of_warm_pool(group: &NodeGroup) -> Vec<Missing> {
    match &group.warm_pool {
        Ok(None) => Vec::new(),
        Err(missing) => missing.clone(),
        Ok(Some(pool)) => {
            let mut missing = pool.size_now.as_ref().err().cloned().unwrap_or_default();
            if pool.size_now.as_ref().is_ok_and(|now| *now > 0) || pool.reuses_nodes {
                missing.push(Missing::unmodelled(format!(
                    "zones and addresses of the instances in the warm pool of {}",
                    group.name
                )));
            }
            missing
        }
    }
}

/// Nodes that one zone may still get.
fn growth(size: i64, zones: &BTreeMap<String, Vec<String>>, subnets: &[String], running: &[Running]) -> i64 {
    let here = count(running.iter().filter(|node| subnets.contains(&node.subnet)).count());
    (share(size, zones) - here).clamp(0, (size - count(running.len())).max(0))
}

pub(crate) fn share(size: i64, zones: &BTreeMap<String, Vec<String>>) -> i64 {
    let zones = count(zones.len()).max(1);
    (size + zones - 1).div_euclid(zones)
}

pub(crate) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn free(context: &Context<'_>, items: &[Item], bound: Bound) -> Free {
    let subnets = items.iter().flat_map(|item| &item.subnets);
    subnets
        .map(|subnet| {
            let unknown = if bound == Bound::Low { i64::from(u32::MAX) } else { 0 };
            (subnet.clone(), subnets::free_addresses(context, subnet).unwrap_or(unknown))
        })
        .collect()
}

/// A group's subnets by zone.
pub(crate) fn zones(context: &Context<'_>, group: &NodeGroup) -> Known<BTreeMap<String, Vec<String>>> {
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in group.subnets.clone()? {
        zones.entry(subnets::zone(context, &id)?).or_default().push(id);
    }
    Ok(zones)
}

/// A group's nodes as they run.
pub(crate) fn running(context: &Context<'_>, members: &[&Instance]) -> Vec<Running> {
    members
        .iter()
        .filter_map(|instance| {
            let subnet = instance.subnet_id.clone()?;
            Some(Running { held: held(context, instance, &subnet), subnet })
        })
        .collect()
}

/// Addresses that an instance holds in its subnet: those of its interfaces and their prefixes.
fn held(context: &Context<'_>, instance: &Instance, subnet: &str) -> Option<i64> {
    let own = instance.network_interfaces.iter().filter(|one| one.subnet_id.as_deref() == Some(subnet));
    let counts: Vec<(usize, usize)> =
        own.map(|one| (one.private_ip_addresses.len(), one.ipv4_prefixes.len())).collect();
    let counts = if counts.is_empty() {
        let attached = context.snapshot.aws.network_interfaces.iter().flatten().filter(|one| {
            one.instance() == Some(&instance.instance_id) && one.subnet_id.as_deref() == Some(subnet)
        });
        attached.map(|one| (one.private_ip_addresses.len(), one.ipv4_prefixes.len())).collect()
    } else {
        counts
    };
    if counts.is_empty() {
        return None;
    }
    Some(counts.into_iter().map(|(addresses, prefixes)| count(addresses.max(1) + prefixes * 16)).sum())
}

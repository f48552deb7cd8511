//! Whether the node subnets hold the node groups at their maximum size.
//!
//! Auto Scaling keeps a group's zones balanced and chooses itself which of them gets an odd node,
//! so each zone must hold its larger share of the maximum, `ceil(max / zones)`
//! (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html>); room in
//! another zone does not help. `AvailableIpAddressCount` already leaves out what nodes hold now,
//! so only growth counts: that of nodes that run, up to what the CNI takes, and whole nodes to
//! come. Groups that share subnets are judged together.
//!
//! Where an input is missing, the least and the most that it could mean are both tried: what
//! does not fit at the least fails, what fits at the most passes, the rest is unknown.

use std::collections::{BTreeMap, BTreeSet};

use crate::network::{Known, MissingKind};
use crate::snapshot::aws::ec2::Instance;

use super::fit::{self, Free, Item};
use super::nodes::{self, NodeGroup};
use super::pods::{self, CniKnown, Demand, Kubelet};
use super::{Context, Fact, Missing, subnet};

/// What a group's nodes take, at the least and at the most.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Load {
    low: Demand,
    /// `None` where no bound is known.
    high: Option<Demand>,
    missing: Vec<Missing>,
}

/// One zone of one group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ZoneCapacity {
    pub zone: String,
    pub subnets: Vec<String>,
    pub nodes_now: Fact<i64>,
    pub nodes_at_maximum: Fact<i64>,
    pub needed_minimum: Fact<i64>,
    pub needed_full: Fact<i64>,
    pub free: Fact<i64>,
}

/// Groups that a zone cannot hold together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shortage {
    pub zone: String,
    pub groups: Vec<String>,
    pub subnets: Vec<String>,
    pub needed: i64,
    pub free: i64,
}

/// The answer for one group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Capacity {
    pub zones: Known<Vec<ZoneCapacity>>,
    pub fits_minimum: Fact<bool>,
    pub fits_full: Fact<bool>,
    /// Why it does not fit, for the lowest level that does not.
    pub shortages: Vec<Shortage>,
    /// The largest maximum with which it fits, where it does not now; not below its minimum.
    pub size_that_fits: Option<i64>,
}

/// What is assumed of an input that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Low,
    High,
}

/// A node that runs: its subnet and the addresses that it holds there.
struct Running {
    subnet: String,
    held: Option<i64>,
}

/// A group with everything that is known about its place.
struct Member<'g> {
    group: &'g NodeGroup,
    load: Load,
    /// Its subnets by zone.
    zones: Known<BTreeMap<String, Vec<String>>>,
    running: Known<Vec<Running>>,
}

/// What a group's nodes take; every type counts, because the group may start any.
pub(super) fn load(
    context: &Context<'_>,
    group: &NodeGroup,
    cni: &CniKnown,
    kubelet: &Known<Kubelet>,
) -> Load {
    let shapes = group
        .instance_types
        .clone()
        .and_then(|types| types.iter().map(|name| pods::shape(context, name)).collect::<Known<Vec<_>>>());
    let least = Demand { minimum: 1, full: 1 };
    let known = shapes.and_then(|shapes| Ok((shapes, kubelet.clone()?)));
    let (shapes, kubelet) = match known {
        Ok(known) => known,
        Err(missing) => return Load { low: least, high: None, missing },
    };
    let mut low: Option<Demand> = None;
    let mut high = Some(least);
    let mut missing = Vec::new();
    for candidate in cni.candidates() {
        if candidate.custom_networking {
            let what =
                "the subnets that the VPC CNI's custom networking gives to pods, which are in Kubernetes";
            missing.push(Missing { kind: MissingKind::Unmodelled, what: what.into(), permission: None });
            return Load { low: least, high: None, missing };
        }
        let demands = shapes.iter().map(|shape| pods::demand(*shape, &candidate, kubelet));
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

fn join(one: Demand, other: Demand, pick: fn(i64, i64) -> i64) -> Demand {
    Demand { minimum: pick(one.minimum, other.minimum), full: pick(one.full, other.full) }
}

/// The answers for all groups, in their order; `loads` are theirs.
pub(super) fn plan(context: &Context<'_>, listed: &nodes::Listed, loads: Vec<Load>) -> Vec<Capacity> {
    let instances = nodes::instances(context);
    let members: Vec<Member<'_>> = listed
        .groups
        .iter()
        .zip(loads)
        .map(|(group, load)| Member {
            zones: zones(context, group),
            running: instances.clone().map(|all| running(context, group, &all)),
            group,
            load,
        })
        .collect();
    if let Ok(loose) = nodes::loose_instances(context, &listed.groups)
        && !loose.is_empty()
    {
        context.assume("Nodes outside the node groups keep the addresses that they hold now.");
    }
    // A group whose place is unknown may be in anybody's way.
    let elsewhere: Vec<Missing> = listed
        .unlisted
        .iter()
        .cloned()
        .chain(members.iter().filter_map(|m| m.zones.as_ref().err()).flatten().cloned())
        .collect();
    let answers =
        [Demand::level_minimum, Demand::level_full].map(|level| Answers::of(context, &members, level));
    members
        .iter()
        .enumerate()
        .map(|(at, member)| answer(context, &members, at, member, &answers, &elsewhere))
        .collect()
}

fn answer(
    context: &Context<'_>,
    members: &[Member<'_>],
    at: usize,
    member: &Member<'_>,
    answers: &[Answers; 2],
    elsewhere: &[Missing],
) -> Capacity {
    let [minimum, full] = answers;
    let fits_minimum = minimum.fits(at, member, elsewhere);
    // What does not fit with its first pods does not with all.
    let fits_full = match fits_minimum.value() {
        Some(false) => Fact::known(false),
        _ => full.fits(at, member, elsewhere),
    };
    let shortages = match (fits_minimum.value(), fits_full.value()) {
        (Some(false), _) => minimum.shortages(context, members, at),
        (_, Some(false)) => full.shortages(context, members, at),
        _ => Vec::new(),
    };
    let size_that_fits = if shortages.is_empty() { None } else { size_that_fits(context, members, at) };
    let zones = member.zones.clone().map(|zones| {
        zones.into_iter().map(|(zone, subnets)| zone_capacity(context, members, at, zone, subnets)).collect()
    });
    Capacity { zones, fits_minimum, fits_full, shortages, size_that_fits }
}

impl Demand {
    fn level_minimum(self) -> i64 {
        self.minimum
    }

    fn level_full(self) -> i64 {
        self.full
    }
}

type Level = fn(Demand) -> i64;

/// Which groups do not fit, by zone, at the least and at the most; `None` where the search gave up.
struct Answers {
    level: Level,
    low: Option<BTreeMap<String, Vec<Vec<usize>>>>,
    high: Option<BTreeMap<String, Vec<Vec<usize>>>>,
    /// What is missing where the two differ.
    missing: Vec<Missing>,
}

impl Answers {
    fn of(context: &Context<'_>, members: &[Member<'_>], level: Level) -> Self {
        let mut missing: Vec<Missing> = Vec::new();
        for member in members {
            missing.extend(member.load.missing.iter().cloned());
            for inputs in [member.running.as_ref().err(), member.group.max_size.as_ref().err()] {
                missing.extend(inputs.into_iter().flatten().cloned());
            }
            for subnet in member.zones.iter().flatten().flat_map(|(_, subnets)| subnets) {
                missing.extend(subnet::free_addresses(context, subnet).err().into_iter().flatten());
            }
        }
        let solve = |bound| {
            let mut all = BTreeMap::new();
            for zone in members.iter().flat_map(|member| member.zones.iter().flat_map(BTreeMap::keys)) {
                if !all.contains_key(zone) {
                    let items = items(members, zone, level, bound, None)?;
                    all.insert(zone.clone(), fit::culprits(&items, &free(context, &items, bound))?);
                }
            }
            Some(all)
        };
        Self { level, low: solve(Bound::Low), high: solve(Bound::High), missing }
    }

    fn fits(&self, at: usize, member: &Member<'_>, elsewhere: &[Missing]) -> Fact<bool> {
        let named =
            |sets: &BTreeMap<String, Vec<Vec<usize>>>| sets.values().flatten().any(|set| set.contains(&at));
        if self.low.as_ref().is_some_and(named) {
            return Fact::known(false);
        }
        let mut missing = elsewhere.to_vec();
        missing.extend(member.zones.as_ref().err().into_iter().flatten().cloned());
        match &self.high {
            Some(sets) if !named(sets) => {}
            _ if self.missing.is_empty() => missing.push(Missing {
                kind: MissingKind::Unmodelled,
                what: "how this many node groups and subnets fit into each other".into(),
                permission: None,
            }),
            _ => missing.extend(self.missing.iter().cloned()),
        }
        missing.sort();
        missing.dedup();
        Fact(if missing.is_empty() { Ok(true) } else { Err(missing) })
    }

    fn shortages(&self, context: &Context<'_>, members: &[Member<'_>], at: usize) -> Vec<Shortage> {
        let mut shortages = Vec::new();
        for (zone, sets) in self.low.iter().flatten() {
            let Some(set) = sets.iter().find(|set| set.contains(&at)) else { continue };
            let items = items(members, zone, self.level, Bound::Low, None).unwrap_or_default();
            let items: Vec<Item> = items.into_iter().filter(|item| set.contains(&item.group)).collect();
            let subnets: BTreeSet<String> = items.iter().flat_map(|item| item.subnets.clone()).collect();
            shortages.push(Shortage {
                zone: zone.clone(),
                groups: set.iter().map(|group| members[*group].group.name.clone()).collect(),
                needed: items.iter().map(|item| item.count * item.size).sum(),
                free: subnets.iter().filter_map(|subnet| subnet::free_addresses(context, subnet).ok()).sum(),
                subnets: subnets.into_iter().collect(),
            });
        }
        shortages
    }
}

/// Everything that wants addresses in one zone; `None` where there is no bound.
fn items(
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
        let count = match (size, bound) {
            (Some(size), _) => growth(size, zones, subnets, running),
            (None, Bound::Low) => 0,
            (None, Bound::High) => return None,
        };
        items.push(Item { group: at, count, size: each, subnets: subnets.clone() });
    }
    Some(items)
}

/// Nodes that one zone may still get.
fn growth(size: i64, zones: &BTreeMap<String, Vec<String>>, subnets: &[String], running: &[Running]) -> i64 {
    let here = count(running.iter().filter(|node| subnets.contains(&node.subnet)).count());
    (share(size, zones) - here).clamp(0, (size - count(running.len())).max(0))
}

fn share(size: i64, zones: &BTreeMap<String, Vec<String>>) -> i64 {
    let zones = count(zones.len()).max(1);
    (size + zones - 1).div_euclid(zones)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn free(context: &Context<'_>, items: &[Item], bound: Bound) -> Free {
    let subnets = items.iter().flat_map(|item| &item.subnets);
    subnets
        .map(|subnet| {
            let unknown = if bound == Bound::Low { i64::from(u32::MAX) } else { 0 };
            (subnet.clone(), subnet::free_addresses(context, subnet).unwrap_or(unknown))
        })
        .collect()
}

/// The largest maximum of this group with which every pod of everybody has an address.
fn size_that_fits(context: &Context<'_>, members: &[Member<'_>], at: usize) -> Option<i64> {
    let zones = members[at].zones.as_ref().ok()?;
    let holds = |size: i64| {
        zones.keys().all(|zone| {
            items(members, zone, Demand::level_full, Bound::High, Some((at, size)))
                .and_then(|items| {
                    let others_too = fit::culprits(&items, &free(context, &items, Bound::High))?;
                    Some(!others_too.iter().any(|set| set.contains(&at)))
                })
                .unwrap_or(false)
        })
    };
    let (mut holding, mut failing) = (0, *members[at].group.max_size.as_ref().ok()?);
    if !holds(holding) {
        return None;
    }
    while failing - holding > 1 {
        let middle = holding + (failing - holding) / 2;
        if holds(middle) { holding = middle } else { failing = middle }
    }
    let least = members[at].group.min_size.as_ref().ok().copied().unwrap_or(0).max(1);
    (holding >= least).then_some(holding)
}

fn zone_capacity(
    context: &Context<'_>,
    members: &[Member<'_>],
    at: usize,
    zone: String,
    subnets: Vec<String>,
) -> ZoneCapacity {
    let member = &members[at];
    let needed = |level: Level| {
        let sum = |bound| {
            let items = items(members, &zone, level, bound, None)?;
            Some(items.iter().filter(|item| item.group == at).map(|item| item.count * item.size).sum::<i64>())
        };
        Fact(match (sum(Bound::Low), sum(Bound::High)) {
            (Some(low), Some(high)) if low == high => Ok(low),
            _ => Err(missing_of(members)),
        })
    };
    let free: Known<Vec<i64>> =
        subnets.iter().map(|subnet| subnet::free_addresses(context, subnet)).collect();
    let zones = member.zones.as_ref().ok();
    ZoneCapacity {
        nodes_now: Fact(
            member
                .running
                .as_ref()
                .map_err(Clone::clone)
                .map(|running| count(running.iter().filter(|node| subnets.contains(&node.subnet)).count())),
        ),
        nodes_at_maximum: Fact(
            member.group.max_size.clone().map(|size| zones.map_or(size, |zones| share(size, zones))),
        ),
        needed_minimum: needed(Demand::level_minimum),
        needed_full: needed(Demand::level_full),
        free: Fact(free.map(|all| all.into_iter().sum())),
        zone,
        subnets,
    }
}

fn missing_of(members: &[Member<'_>]) -> Vec<Missing> {
    let mut missing: Vec<Missing> = Vec::new();
    for member in members {
        missing.extend(member.load.missing.iter().cloned());
        for inputs in [member.running.as_ref().err(), member.group.max_size.as_ref().err()] {
            missing.extend(inputs.into_iter().flatten().cloned());
        }
    }
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        missing.push(Missing {
            kind: MissingKind::Operation,
            what: "the addresses that running nodes hold".into(),
            permission: Some("ec2:DescribeInstances".into()),
        });
    }
    missing
}

/// A group's subnets by zone.
fn zones(context: &Context<'_>, group: &NodeGroup) -> Known<BTreeMap<String, Vec<String>>> {
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in group.subnets.clone()? {
        zones.entry(subnet::zone(context, &id)?).or_default().push(id);
    }
    Ok(zones)
}

fn running(context: &Context<'_>, group: &NodeGroup, instances: &[&Instance]) -> Vec<Running> {
    let of_group = instances.iter().filter(|instance| nodes::belongs(context, instance, group));
    of_group
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
            let by = one.attachment.as_ref().and_then(|attachment| attachment.instance_id.as_deref());
            by == Some(&instance.instance_id) && one.subnet_id.as_deref() == Some(subnet)
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

#[cfg(test)]
#[path = "capacity_tests.rs"]
mod tests;

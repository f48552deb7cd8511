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

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;

use super::base::context::Context;
use super::inventory::max_pods::Demand;
use super::inventory::{node_group_instances, node_groups, subnets};
use address_demand::{
    Bound, Level, Load, Member, count, free, items, missing_of_warm_pool, running, share, zones,
};
use bin_packing::Item;
use shortage::Shortage;
use update_surge::Update;

/// One zone of one group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ZoneCapacity {
    pub zone: String,
    pub subnets: Vec<String>,
    pub nodes_now: Fact<i64>,
    pub nodes_at_maximum: Fact<i64>,
    pub needed_minimum: Fact<i64>,
    pub needed_full: Fact<i64>,
    pub free: Fact<i64>,
}

/// The answer for one group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Capacity {
    pub zones: Known<Vec<ZoneCapacity>>,
    pub fits_minimum: Fact<bool>,
    pub fits_full: Fact<bool>,
    /// Why it does not fit, for the lowest level that does not.
    pub shortages: Vec<Shortage>,
    /// The largest maximum with which it fits, where it does not now; not below its minimum.
    pub size_that_fits: Option<i64>,
    /// Whether it can be updated at its maximum size.
    pub update: Update,
}

/// The answers for all groups, in their order; `loads` are theirs.
pub(crate) fn plan(context: &Context<'_>, listed: &node_groups::Listed, loads: Vec<Load>) -> Vec<Capacity> {
    let instances = node_groups::instances(context)
        .map(|all| node_group_instances::of_each(context, &listed.groups, &all));
    let members: Vec<Member<'_>> = listed
        .groups
        .iter()
        .zip(loads)
        .enumerate()
        .map(|(at, (group, load))| Member {
            zones: zones(context, group),
            running: instances.as_ref().map(|of| running(context, &of[at])).map_err(Clone::clone),
            group,
            load,
        })
        .collect();
    if let Ok(loose) = node_groups::loose_instances(context, &listed.groups)
        && !loose.is_empty()
    {
        context.assume("Nodes outside the node groups keep their present addresses.");
    }
    // A group in unknown subnets may use the addresses of any other.
    let elsewhere: Vec<Missing> = listed
        .unlisted
        .iter()
        .cloned()
        .chain(members.iter().filter_map(|m| m.zones.as_ref().err()).flatten().cloned())
        .collect();
    let answers =
        [Demand::level_minimum, Demand::level_full].map(|level| Misfits::of(context, &members, level));
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
    answers: &[Misfits; 2],
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
        let needed = |zone: &str| [minimum, full].map(|answers| answers.needed(members, zone, at));
        zones
            .into_iter()
            .map(|(zone, subnets)| zone_capacity(context, &members[at], needed(&zone), zone, subnets))
            .collect()
    });
    let update = update_surge::update(context, members, at, elsewhere, &full.missing);
    Capacity { zones, fits_minimum, fits_full, shortages, size_that_fits, update }
}

/// Which groups do not fit, by zone, at the least and at the most; `None` where the search gave up.
struct Misfits {
    level: Level,
    low: Option<BTreeMap<String, Vec<Vec<usize>>>>,
    high: Option<BTreeMap<String, Vec<Vec<usize>>>>,
    /// What each group needs in each zone, at the least and at the most; `None` where there is no bound.
    needs: BTreeMap<String, [Option<BTreeMap<usize, i64>>; 2]>,
    /// What is missing where the two differ.
    missing: Vec<Missing>,
}

impl Misfits {
    fn of(context: &Context<'_>, members: &[Member<'_>], level: Level) -> Self {
        let mut missing: Vec<Missing> = Vec::new();
        for member in members {
            missing.extend(member.load.missing.iter().cloned());
            for inputs in [member.running.as_ref().err(), member.group.max_size.as_ref().err()] {
                missing.extend(inputs.into_iter().flatten().cloned());
            }
            missing.extend(missing_of_warm_pool(member.group));
            for subnet in member.zones.iter().flatten().flat_map(|(_, subnets)| subnets) {
                missing.extend(subnets::free_addresses(context, subnet).err().into_iter().flatten());
            }
        }
        let solve = |bound| {
            let mut all = BTreeMap::new();
            for zone in members.iter().flat_map(|member| member.zones.iter().flat_map(BTreeMap::keys)) {
                if !all.contains_key(zone) {
                    let items = items(members, zone, level, bound, None)?;
                    all.insert(zone.clone(), bin_packing::culprits(&items, &free(context, &items, bound))?);
                }
            }
            Some(all)
        };
        let zones = members.iter().flat_map(|member| member.zones.iter().flat_map(BTreeMap::keys));
        let zones: BTreeSet<&String> = zones.collect();
        let needs = zones.into_iter().map(|zone| {
            let sums = [Bound::Low, Bound::High].map(|bound| {
                let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
                for item in items(members, zone, level, bound, None)? {
                    *sums.entry(item.group).or_default() += item.count * item.size;
                }
                Some(sums)
            });
            (zone.clone(), sums)
        });
        let needs = needs.collect();
        Self { level, low: solve(Bound::Low), high: solve(Bound::High), needs, missing }
    }

    /// What a group needs in a zone.
    fn needed(&self, members: &[Member<'_>], zone: &str, at: usize) -> Fact<i64> {
        let sum = |sums: &Option<BTreeMap<usize, i64>>| {
            sums.as_ref().map(|sums| sums.get(&at).copied().unwrap_or_default())
        };
        Fact(match self.needs.get(zone).map(|[low, high]| (sum(low), sum(high))) {
            Some((Some(low), Some(high))) if low == high => Ok(low),
            _ => Err(missing_of(members)),
        })
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
            _ if self.missing.is_empty() => {
                missing.push(Missing::unmodelled(
                    "the distribution of this many node groups over their subnets",
                ));
            }
            _ => missing.extend(self.missing.iter().cloned()),
        }
        Fact(known::disproved(false, missing))
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
                free: subnets.iter().filter_map(|subnet| subnets::free_addresses(context, subnet).ok()).sum(),
                subnets: subnets.into_iter().collect(),
            });
        }
        shortages
    }
}

/// The largest maximum of this group with which every pod of every group has an address.
fn size_that_fits(context: &Context<'_>, members: &[Member<'_>], at: usize) -> Option<i64> {
    let zones = members[at].zones.as_ref().ok()?;
    let holds = |size: i64| {
        zones.keys().all(|zone| {
            items(members, zone, Demand::level_full, Bound::High, Some((at, size)))
                .and_then(|items| {
                    let others_too = bin_packing::culprits(&items, &free(context, &items, Bound::High))?;
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
    member: &Member<'_>,
    [needed_minimum, needed_full]: [Fact<i64>; 2],
    zone: String,
    subnets: Vec<String>,
) -> ZoneCapacity {
    let free: Known<Vec<i64>> =
        subnets.iter().map(|subnet| subnets::free_addresses(context, subnet)).collect();
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
        needed_minimum,
        needed_full,
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
        missing.extend(missing_of_warm_pool(member.group));
    }
    if missing.is_empty() {
        missing.push(Missing::operation("the addresses of running nodes", Some("ec2:DescribeInstances")));
    }
    known::joined(missing)
}

pub mod address_demand;
pub mod bin_packing;
pub mod eni_trunking;
pub mod free_prefixes;
pub mod pod_subnets;
pub mod shortage;
#[cfg(test)]
mod tests;
pub mod update_surge;

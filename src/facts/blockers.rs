//! What stands in the way of all paths of a flow, said once for each object.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::Context;
use crate::network::{AddressSet, Blocker, BlockerCode};

/// More prefixes than a reason lists.
const MANY: usize = 8;

/// The blockers of all paths: what one object does to several parts is said once.
pub(super) fn merged(context: &Context<'_>, mut all: Vec<Blocker>) -> Vec<Blocker> {
    all.sort();
    // Wide parts first, so that what they cover is found to be said already.
    all.sort_by_key(|blocker| nets(blocker).iter().map(IpNet::prefix_len).min());
    let mut places: BTreeMap<_, Vec<Blocker>> = BTreeMap::new();
    for blocker in all {
        let place = (blocker.code, blocker.kind.clone(), blocker.id.clone(), blocker.leg);
        let same = places.entry(place).or_default();
        if !same.iter_mut().any(|known| says_too(known, &blocker)) {
            same.push(blocker);
        }
    }
    let mut merged: Vec<Blocker> = places.into_values().flatten().collect();
    merged.iter_mut().for_each(shorten);
    merged.sort_by(|one, other| (one.leg, one).cmp(&(other.leg, other)));
    context.share_numbers(&mut merged);
    merged
}

/// The rule numbers that fixes give to new entries of network ACLs, so that all fixes of one report
/// can be applied: each entry has a number of its own, and the same one wherever it is proposed.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// An entry has one number for each place that it is needed in: before this entry, or after all.
    entries: BTreeMap<Entry, BTreeSet<i64>>,
    taken: BTreeSet<(BlockerCode, String, i64)>,
}

/// Direction and ACL, protocol, ports and prefix of an entry.
type Entry = (BlockerCode, String, (Option<String>, Option<u16>, Option<u16>), String);

impl Numbers {
    /// Gives each entry that a fix adds to a network ACL its number; fewer where none is free.
    pub(super) fn share(&mut self, blockers: &mut [Blocker]) {
        // What other findings propose may be taken where nothing else is left: each fix works by itself.
        let mut own = BTreeSet::new();
        for blocker in blockers {
            let free = std::mem::take(&mut blocker.remedy.rule_numbers);
            let remedy = &blocker.remedy;
            let ports = (remedy.protocol.clone(), remedy.from_port, remedy.to_port);
            let place = |number: i64| (blocker.code, blocker.id.clone(), number);
            let numbers = remedy.cidrs.iter().map_while(|cidr| {
                let entry = (blocker.code, blocker.id.clone(), ports.clone(), cidr.clone());
                let known = self.entries.get(&entry).into_iter().flatten();
                let known = known.copied().find(|number| free.contains(number));
                let mut unused = free.iter().copied().filter(|number| !own.contains(&place(*number)));
                let number = known
                    .or_else(|| unused.clone().find(|number| !self.taken.contains(&place(*number))))
                    .or_else(|| unused.next())?;
                own.insert(place(number));
                self.taken.insert(place(number));
                self.entries.entry(entry).or_default().insert(number);
                Some(number)
            });
            blocker.remedy.rule_numbers = numbers.collect();
        }
    }
}

/// Whether a blocker says what another one of the same object says, once its parts are added.
fn says_too(known: &mut Blocker, other: &Blocker) -> bool {
    let mut apart = (known.remedy.clone(), other.remedy.clone());
    (apart.0.cidrs, apart.1.cidrs) = (Vec::new(), Vec::new());
    // The subnet is only where the fix begins; a table's route serves all of its subnets.
    (apart.0.subnet, apart.1.subnet) = (None, None);
    if apart.0 != apart.1 {
        return false;
    }
    let wide = nets(known);
    let covered = |net: &IpNet| wide.iter().any(|wide| wide.contains(net));
    let narrow = nets(other);
    let covered = !narrow.is_empty() && narrow.iter().all(covered);
    let (ours, theirs) = (known.remedy.cidrs.join(", "), other.remedy.cidrs.join(", "));
    let alike = known.reason == other.reason
        || !theirs.is_empty() && known.reason == other.reason.replacen(&theirs, &ours, 1);
    if !covered && !alike {
        return false;
    }
    if !covered {
        known.remedy.cidrs.extend(other.remedy.cidrs.iter().cloned());
        known.remedy.cidrs.sort();
        known.remedy.cidrs.dedup();
        if !ours.is_empty() {
            known.reason = known.reason.replacen(&ours, &known.remedy.cidrs.join(", "), 1);
        }
    }
    known.part = match (known.part.take(), &other.part) {
        (Some(one), Some(two)) if !covered && one != *two => Some(format!("{one}, {two}")),
        (Some(one), Some(_)) => Some(one),
        // One of them blocks everything.
        _ => None,
    };
    true
}

/// Of very many prefixes the first are told.
fn shorten(blocker: &mut Blocker) {
    let (all, texts) = (nets(blocker), &blocker.remedy.cidrs);
    if all.len() == texts.len() && texts.len() > MANY {
        let told = all.into_iter().collect::<AddressSet>().told();
        blocker.reason = blocker.reason.replacen(&texts.join(", "), &told, 1);
    }
}

fn nets(blocker: &Blocker) -> Vec<IpNet> {
    blocker.remedy.cidrs.iter().filter_map(|text| text.parse().ok()).collect()
}

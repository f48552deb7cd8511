//! What stands in the way of all paths of a flow, said once for each object.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use crate::network::{Blocker, BlockerCode};

/// The blockers of all paths: what one object does to several parts is said once.
pub(super) fn merged(mut all: Vec<Blocker>) -> Vec<Blocker> {
    all.sort();
    // Wide parts first, so that what they cover is found to be said already.
    all.sort_by_key(|blocker| nets(blocker).iter().map(IpNet::prefix_len).min());
    let mut merged: Vec<Blocker> = Vec::new();
    for blocker in all {
        let place = |known: &Blocker| (known.code, known.kind.clone(), known.id.clone(), known.leg);
        let same = merged.iter_mut().filter(|known| place(known) == place(&blocker));
        if !same.into_iter().any(|known| says_too(known, &blocker)) {
            merged.push(blocker);
        }
    }
    merged.sort_by(|one, other| (one.leg, one).cmp(&(other.leg, other)));
    share_numbers(&mut merged);
    merged
}

/// Gives each entry that a fix adds to a network ACL a rule number of its own.
fn share_numbers(blockers: &mut [Blocker]) {
    let mut used: BTreeMap<(BlockerCode, String), BTreeSet<i64>> = BTreeMap::new();
    for blocker in blockers {
        let used = used.entry((blocker.code, blocker.id.clone())).or_default();
        let entries = blocker.remedy.cidrs.len();
        blocker.remedy.rule_numbers.retain(|number| !used.contains(number));
        blocker.remedy.rule_numbers.truncate(entries);
        used.extend(blocker.remedy.rule_numbers.iter().copied());
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

fn nets(blocker: &Blocker) -> Vec<IpNet> {
    blocker.remedy.cidrs.iter().filter_map(|text| text.parse().ok()).collect()
}

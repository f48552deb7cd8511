//! Numbers for new entries of network ACLs: the first entry that matches decides, so they have to come
//! before the one that denies.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use std::collections::{BTreeMap, BTreeSet};

use crate::network::MovedEntry;
use crate::snapshot::aws::ec2::{NetworkAcl, NetworkAclEntry};

use super::compiled::{Direction, LAST};

/// More than the entries that an ACL may have.
const ENOUGH: u8 = 64;

/// Numbers for new entries, the best first, and what has to move so that they are free.
#[derive(Default)]
pub(crate) struct FreeNumbers {
    pub numbers: Vec<i64>,
    pub moved: Vec<MovedEntry>,
    pub freed: Vec<i64>,
}

/// The room before an entry.
pub(crate) fn before(acl: &NetworkAcl, direction: Direction, number: i64) -> FreeNumbers {
    let entries: BTreeMap<i64, &NetworkAclEntry> = acl
        .entries
        .iter()
        .filter(|entry| entry.egress == Some(direction == Direction::Outbound))
        .filter_map(|entry| Some((entry.rule_number?, entry)))
        .filter(|(number, _)| *number < LAST)
        .collect();
    let numbers = free(&entries, number);
    if !numbers.is_empty() {
        return FreeNumbers { numbers, ..FreeNumbers::default() };
    }
    made(&entries).unwrap_or_default()
}

/// The free numbers before an entry, the last one first; before the final one, those after all others.
fn free(entries: &BTreeMap<i64, &NetworkAclEntry>, before: i64) -> Vec<i64> {
    let free = |number: &i64| !entries.contains_key(number);
    if before == LAST {
        let highest = entries.keys().next_back().copied().unwrap_or(0);
        let after = (highest / 10 * 10 + 10)..LAST;
        return after.filter(free).take(ENOUGH.into()).collect();
    }
    (1..before).rev().filter(free).take(ENOUGH.into()).collect()
}

/// Moves the first entries back in their order, the last of them first, so that at no moment another
/// entry decides than before. Whoever asks for room in a list gets the same.
fn made(entries: &BTreeMap<i64, &NetworkAclEntry>) -> Option<FreeNumbers> {
    let (mut next, mut moves) = (1 + i64::from(ENOUGH), Vec::new());
    for (number, entry) in entries {
        if *number >= next {
            break;
        }
        moves.push((*number, next, *entry));
        next += 1;
    }
    if next > LAST {
        return None;
    }
    let new: BTreeSet<i64> = moves.iter().map(|(_, to, _)| *to).collect();
    let written = moves.iter().rev().map(|(_, to, entry)| with_number(*to, entries.contains_key(to), entry));
    let freed = moves.iter().rev().map(|(number, ..)| *number).filter(|number| !new.contains(number));
    Some(FreeNumbers {
        numbers: (1..=i64::from(ENOUGH)).rev().collect(),
        moved: written.collect::<Option<_>>()?,
        freed: freed.collect(),
    })
}

fn with_number(number: i64, replaces: bool, entry: &NetworkAclEntry) -> Option<MovedEntry> {
    let icmp = entry.icmp_type_code.as_ref();
    let ports = entry.port_range.as_ref();
    Some(MovedEntry {
        number,
        replaces,
        action: entry.rule_action.clone()?,
        protocol: entry.protocol.clone()?,
        cidr: entry.cidr_block.clone().or_else(|| entry.ipv6_cidr_block.clone())?,
        from_port: ports.and_then(|ports| ports.from),
        to_port: ports.and_then(|ports| ports.to),
        icmp_type: icmp.map(|icmp| icmp.r#type.unwrap_or(-1)),
        icmp_code: icmp.map(|icmp| icmp.code.unwrap_or(-1)),
    })
}

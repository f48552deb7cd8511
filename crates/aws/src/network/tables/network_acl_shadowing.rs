//! Entries of a network ACL that never decide, because earlier entries decide all their packets.

use privek_core::known::Known;
use privek_core::sets::header_space::HeaderSpace;

use crate::snapshot::aws::ec2::NetworkAcl;

use super::compiled::{Direction, LAST};

/// An entry that would allow what is denied before it is looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdleEntry {
    /// The rule number.
    pub number: i64,
    /// Whether it is an outbound entry.
    pub egress: bool,
    /// Numbers of the entries that deny it, and of those that allow the rest of it.
    pub behind: Vec<i64>,
}

/// The entries that allow nothing, because what they are for is decided, and some of it denied,
/// before them (<https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>).
pub fn idle_entries(acl: &NetworkAcl) -> Known<Vec<IdleEntry>> {
    let mut idle = Vec::new();
    for direction in [Direction::Inbound, Direction::Outbound] {
        let entries = super::network_acl::compile(acl, direction).map_err(|missing| vec![missing])?;
        for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.allows) {
            let mut left = HeaderSpace::of(&entry.addresses, &entry.points);
            let (mut behind, mut denied) = (Vec::new(), false);
            for earlier in &entries[..at] {
                if !left.take(&earlier.addresses, &earlier.points).is_empty() {
                    behind.push(earlier.number);
                    denied |= !earlier.allows;
                }
            }
            if left.is_empty() && denied && entry.number != LAST {
                idle.push(IdleEntry {
                    number: entry.number,
                    egress: direction == Direction::Outbound,
                    behind,
                });
            }
        }
    }
    Ok(idle)
}

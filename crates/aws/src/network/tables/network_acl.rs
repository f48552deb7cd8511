//! Network ACLs: numbered entries, the first that matches decides, stateless.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use ipnet::IpNet;
use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::header_space::{HeaderBlock, HeaderSpace};
use privek_core::sets::ports;
use privek_core::sets::ranges::Ranges;

use crate::network::segment::Segment;
use crate::network::{Blocker, BlockerCode, Remedy, TraceLog};
use crate::snapshot::aws::ec2::{NetworkAcl, NetworkAclEntry};

use super::compiled::{AclEntry, Direction, LAST, Tables};
use super::network_acl_numbers;

impl Tables<'_> {
    /// What the ACL of a subnet does with packets from (inbound) or to (outbound) a part.
    pub(crate) fn check_acl(
        &self,
        log: &mut TraceLog,
        leg: Leg,
        (subnet, direction): (&str, Direction),
        peer: &Segment<'_>,
        points: &Ranges,
    ) {
        let acl = match self.network_acl(subnet) {
            Ok(acl) => acl,
            Err(missing) => {
                log.hop(leg, "network-acl", subnet, "unknown", "the network ACL was not read");
                return log.missing(missing);
            }
        };
        let id = acl.network_acl_id.as_str();
        let compiled = self.entries.get((id, direction), || compile(acl, direction));
        let compiled = match compiled.as_ref() {
            Ok(entries) => entries,
            Err(missing) => return log.missing([missing.clone()]),
        };
        let evaluation = evaluate(compiled, &peer.addresses, points);
        if evaluation.denied.is_empty() {
            let entries: Vec<String> = evaluation.allowing.iter().map(ToString::to_string).collect();
            let plural = if entries.len() == 1 { "entry" } else { "entries" };
            let by = format!("{} {plural} {}", word(direction), entries.join(", "));
            log.hop(leg, "network-acl", id, "allow", &by);
            let others = if leg == Leg::Reply { ports::unpicked(points) } else { Ranges::default() };
            if !others.is_empty() && !evaluate(compiled, &peer.addresses, &others).denied.is_empty() {
                log.assume(format!(
                    "Clients use only the default ports of their operating system ({}); {id} denies replies to others.",
                    ports::describe(points)
                ));
            }
            return;
        }
        if peer.is_stand_in && !evaluation.allowing.is_empty() {
            return log.missing(peer.unread.clone());
        }
        for (number, block) in &evaluation.denied {
            if leg == Leg::Reply && peer.is_repeated && ports::are_very_few_replies(&block.points) {
                let what = ports::describe(&block.points);
                log.hop(leg, "network-acl", id, "assumed", &format!("denies {what} only"));
                log.assume(format!(
                    "Connections to which {id} denies the replies ({what}, one in a thousand at most) are repeated \
                     from another port that the VPC CNI picks."
                ));
                continue;
            }
            let blocker = blocker(acl, *number, direction, leg, (subnet, peer, points), block);
            log.hop(leg, "network-acl", id, "deny", &blocker.reason);
            log.block(blocker);
        }
    }
}

/// Whether the first entry each way is one that allows every IPv4 packet.
pub(crate) fn lets_all_through(acl: &NetworkAcl) -> bool {
    [false, true].into_iter().all(|egress| {
        let entries = acl.entries.iter().filter(|entry| {
            entry.egress == Some(egress) && (entry.ipv6_cidr_block.is_none() || entry.cidr_block.is_some())
        });
        entries.min_by_key(|entry| entry.rule_number.unwrap_or(LAST)).is_some_and(|first| {
            first.rule_action.as_deref() == Some("allow")
                && first.protocol.as_deref() == Some("-1")
                && first.cidr_block.as_deref() == Some("0.0.0.0/0")
        })
    })
}

struct Evaluation {
    /// Numbers of the entries that let something through.
    allowing: Vec<i64>,
    /// What an entry keeps out.
    denied: Vec<(i64, HeaderBlock)>,
}

/// The entries of one direction in their order; one that cannot be read leaves all undecided.
pub(crate) fn compile(acl: &NetworkAcl, direction: Direction) -> Result<Vec<AclEntry>, Missing> {
    let unlike = direction != Direction::Outbound;
    let mut entries: Vec<&NetworkAclEntry> =
        acl.entries.iter().filter(|entry| entry.egress != Some(unlike)).collect();
    entries.sort_by_key(|entry| entry.rule_number.unwrap_or(LAST));
    let compiled = entries.into_iter().map(|entry| {
        let number = entry.rule_number.unwrap_or(LAST);
        let prefix = entry.cidr_block.as_deref().or(entry.ipv6_cidr_block.as_deref());
        let prefix = prefix.and_then(|prefix| prefix.parse::<IpNet>().ok());
        let whole = entry.egress.is_some() && entry.rule_number.is_some() && entry.rule_action.is_some();
        let (Some(prefix), Some(points), true) = (prefix, entry_points(entry), whole) else {
            let what =
                format!("entry {number} of {}; a field is absent or not understood", acl.network_acl_id);
            return Err(Missing::unmodelled(what));
        };
        let allows = entry.rule_action.as_deref() == Some("allow");
        Ok(AclEntry { number, allows, addresses: prefix.into(), points })
    });
    compiled.collect()
}

fn evaluate(entries: &[AclEntry], addresses: &AddressSet, points: &Ranges) -> Evaluation {
    let mut left = HeaderSpace::of(addresses, points);
    let mut evaluation = Evaluation { allowing: Vec::new(), denied: Vec::new() };
    for entry in entries {
        if left.is_empty() {
            break;
        }
        let taken = left.take(&entry.addresses, &entry.points);
        if !entry.allows {
            evaluation.denied.extend(taken.iter().map(|block| (entry.number, block.clone())));
        } else if !taken.is_empty() {
            evaluation.allowing.push(entry.number);
        }
    }
    evaluation.denied.extend(left.iter().map(|block| (LAST, block.clone())));
    evaluation
}

fn entry_points(entry: &NetworkAclEntry) -> Option<Ranges> {
    let (first, last) = match (&entry.port_range, &entry.icmp_type_code) {
        (Some(range), _) => (range.from, range.to),
        (None, Some(icmp)) => (icmp.r#type, icmp.code),
        (None, None) => (None, None),
    };
    ports::rule_points(entry.protocol.as_deref(), first, last)
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

fn blocker(
    acl: &NetworkAcl,
    number: i64,
    direction: Direction,
    leg: Leg,
    (subnet, peer, points): (&str, &Segment<'_>, &Ranges),
    block: &HeaderBlock,
) -> Blocker {
    let id = &acl.network_acl_id;
    let who = peer.told(&block.addresses);
    let (code, way) = match direction {
        Direction::Inbound => (BlockerCode::NetworkAclIngress, format!("into {subnet} from {who}")),
        Direction::Outbound => (BlockerCode::NetworkAclEgress, format!("out of {subnet} to {who}")),
    };
    let what = ports::describe(&block.points);
    let reason = if number == LAST {
        format!("{id} has no {} allow entry for {what} {way}", word(direction))
    } else {
        format!("{id} denies {what} {way} by {} entry {number}", word(direction))
    };
    let room = network_acl_numbers::before(acl, direction, number);
    // The fix for a gap in the ephemeral range opens the whole range, not the gap alone.
    let (protocol, from_port, to_port) = ports::for_fix(points);
    Blocker {
        code,
        kind: "network-acl".to_owned(),
        id: id.clone(),
        leg: Some(leg),
        part: peer.part(&block.addresses),
        reason,
        remedy: Remedy {
            protocol: Some(protocol),
            from_port,
            to_port,
            cidrs: peer.prefixes_for_fix(&block.addresses),
            rule_numbers: room.numbers,
            moved_entries: room.moved,
            freed_numbers: room.freed,
            few_ports: leg == Leg::Reply && ports::are_few_replies(&block.points),
            low_ports: leg == Leg::Reply && ports::are_low_replies(&block.points),
            subnet: Some(subnet.to_owned()),
            prefix_list: peer.prefix_list.clone(),
            ..Remedy::default()
        },
    }
}

//! Security groups: the union of all rules of all groups on an interface, stateful, so that only
//! the request is looked at.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>

use std::collections::BTreeSet;
use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::header_space::{HeaderBlock, HeaderSpace};
use privek_core::sets::ports;
use privek_core::sets::ranges::Ranges;

use crate::network::{Blocker, BlockerCode, Groups, Remedy, TraceLog};
use crate::snapshot::aws::ec2::{IpPermission, SecurityGroup};

use super::compiled::{Direction, Peer, Rule, Tables};
use super::side::Side;

/// A rule that would admit something if what is missing were as it needs to be.
struct Doubt {
    points: Ranges,
    missing: Vec<Missing>,
}

impl<'s> Tables<'s> {
    /// What the security groups of one side do with the request.
    pub(crate) fn check_groups(&self, log: &mut TraceLog, side: &Side<'_, '_>) {
        let (own, leg) = (side.own, Leg::Request);
        if own.prefix_list.is_some() {
            return;
        }
        let ids = match &own.groups {
            _ if own.vpc().is_none() => {
                return log.assume(format!("The firewalls of {} outside AWS allow the traffic.", own.label));
            }
            _ if own.unfiltered => {
                return log.hop(leg, "network-interface", &own.what, "allow", "no security group applies");
            }
            Groups::Unread(missing) => return log.missing(missing.clone()),
            Groups::Known(ids) if !ids.is_empty() => ids,
            Groups::Known(_) => {
                // Every such interface has one: a list without any was not read.
                let what = format!("the security groups of {}", own.label);
                return log.missing([Missing::unmodelled(what)]);
            }
            Groups::Undeclared if side.direction == Direction::Outbound => {
                return log
                    .assume(format!("The security groups of {} allow the outbound requests.", own.label));
            }
            Groups::Undeclared => {
                return log.missing([Groups::undeclared(&own.label)]);
            }
        };
        let mut left = HeaderSpace::of(&side.peer.addresses, side.points);
        let mut doubts = Vec::new();
        for id in ids {
            match self.security_group(id) {
                Ok(group) => self.apply_group(log, side, group, (&mut left, &mut doubts)),
                Err(missing) => doubts.push(Doubt { points: side.points.clone(), missing }),
            }
        }
        let admitted_some = !is_whole(&left, side);
        let everything = AddressSet::everything();
        let undecided = left.clone();
        for doubt in doubts {
            _ = left.take(&everything, &doubt.points);
            if !undecided.clone().take(&everything, &doubt.points).is_empty() {
                log.missing(doubt.missing);
            }
        }
        if left.is_empty() {
            return;
        }
        if side.peer.is_stand_in && admitted_some {
            return log.missing(side.peer.unread.clone());
        }
        for block in left.iter() {
            let blocker = self.blocker(side, ids, block);
            log.hop(leg, "security-group", &blocker.id, "deny", &blocker.reason);
            log.block(blocker);
        }
    }

    fn apply_group(
        &self,
        log: &mut TraceLog,
        side: &Side<'_, '_>,
        group: &'s SecurityGroup,
        (left, doubts): (&mut HeaderSpace, &mut Vec<Doubt>),
    ) {
        for rule in self.rules(group, side.direction).iter() {
            let Some(points) = &rule.points else {
                let what = format!("the protocol `{}` in a rule of {}", rule.protocol, group.group_id);
                doubts.push(Doubt { points: side.points.clone(), missing: vec![Missing::unmodelled(what)] });
                continue;
            };
            if !left.meets(points) {
                continue;
            }
            for peer in &rule.peers {
                match self.meant(side, group, peer) {
                    Ok(Some(addresses)) => {
                        let taken = left.take(&addresses, points);
                        if !taken.is_empty() {
                            let by = format!(
                                "{} {} {} {}",
                                verb(side),
                                ports::describe(points),
                                word(side),
                                peer.name()
                            );
                            log.hop(Leg::Request, "security-group", &group.group_id, "allow", &by);
                        }
                    }
                    Ok(None) => {}
                    Err(missing) => doubts.push(Doubt { points: points.clone(), missing }),
                }
            }
        }
    }

    /// A group's rules of one direction.
    fn rules(&self, group: &'s SecurityGroup, direction: Direction) -> Rc<Vec<Rule<'s>>> {
        self.rules.get((&group.group_id, direction), || {
            let permissions = match direction {
                Direction::Inbound => &group.ip_permissions,
                Direction::Outbound => &group.ip_permissions_egress,
            };
            permissions.iter().map(|permission| self.compile(permission)).collect()
        })
    }

    fn compile(&self, permission: &'s IpPermission) -> Rule<'s> {
        let v4 = permission.ip_ranges.iter().filter_map(|range| range.cidr_ip.as_deref());
        let v6 = permission.ipv6_ranges.iter().filter_map(|range| range.cidr_ipv6.as_deref());
        let prefixes = v4.chain(v6).map(|text| {
            let prefix = text.parse::<IpNet>().ok();
            Peer::Prefix(text, prefix.map(AddressSet::from))
        });
        let lists = permission.prefix_list_ids.iter().filter_map(|list| list.prefix_list_id.as_deref());
        let lists = lists.map(|id| {
            let prefixes = self.prefix_list(id);
            Peer::List(id, prefixes.map(|prefixes| prefixes.into_iter().collect()))
        });
        let groups = permission.user_id_group_pairs.iter().map(Peer::Group);
        let protocol = permission.ip_protocol.as_deref();
        Rule {
            points: ports::rule_points(protocol, permission.from_port, permission.to_port),
            protocol: protocol.unwrap_or("none"),
            peers: prefixes.chain(lists).chain(groups).collect(),
        }
    }

    /// The addresses that a rule's peer means of the other side; none where it means somebody else.
    fn meant(
        &self,
        side: &Side<'_, '_>,
        group: &SecurityGroup,
        peer: &Peer<'_>,
    ) -> Known<Option<AddressSet>> {
        match peer {
            Peer::Prefix(text, None) => {
                let what = format!("the prefix `{text}` in a rule of {}", group.group_id);
                Err(vec![Missing::unmodelled(what)])
            }
            Peer::List(list, _) if side.peer.prefix_list.as_deref() == Some(list) => {
                Ok(Some(side.peer.addresses.clone()))
            }
            Peer::Prefix(_, Some(addresses)) | Peer::List(_, Ok(addresses)) => Ok(Some(addresses.clone())),
            Peer::List(_, Err(missing)) => Err(missing.clone()),
            Peer::Group(pair) => self.admits_reference(side, group, pair),
        }
    }

    fn blocker(&self, side: &Side<'_, '_>, ids: &[String], block: &HeaderBlock) -> Blocker {
        let (code, rule) = match side.direction {
            Direction::Inbound => (BlockerCode::SecurityGroupIngress, "inbound"),
            Direction::Outbound => (BlockerCode::SecurityGroupEgress, "outbound"),
        };
        let (peer, points) = (side.peer, &block.points);
        // In one order, so that the same groups read the same wherever they are.
        let named: Vec<&str> = ids.iter().map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        let have = if named.len() == 1 { "has" } else { "have" };
        let mut reason = format!(
            "{} {have} no {rule} rule for {} {} {}",
            named.join(", "),
            ports::describe(points),
            word(side),
            peer.told(&block.addresses),
        );
        let others = self.admitted(ids, side, points);
        if !others.is_empty() {
            let shown: Vec<&str> = others.iter().take(4).map(String::as_str).collect();
            let more = if others.len() > shown.len() { ", …" } else { "" };
            reason = format!("{reason}; existing rules are {} {}{more}", word(side), shown.join(", "));
        }
        let (protocol, from_port, to_port) = ports::for_fix(points);
        let group = match &peer.groups {
            Groups::Known(groups) if !side.connections.is_empty() => {
                groups.iter().find(|group| self.reference_works(side, group)).cloned()
            }
            _ => None,
        };
        let opened = self.group_to_open(ids);
        let owner = |id: &str| self.security_groups.get(id).and_then(|group| group.owner_id.as_deref());
        let account = group.as_deref().and_then(owner);
        let account = account.filter(|account| Some(*account) != owner(&opened)).map(str::to_owned);
        Blocker {
            code,
            kind: "security-group".to_owned(),
            id: opened,
            leg: Some(Leg::Request),
            part: peer.part(&block.addresses),
            reason,
            remedy: Remedy {
                protocol: Some(protocol),
                from_port,
                to_port,
                cidrs: if peer.is_stand_in { Vec::new() } else { peer.prefixes_for_fix(&block.addresses) },
                group,
                account,
                prefix_list: peer.prefix_list.clone(),
                ..Remedy::default()
            },
        }
    }

    /// The group that a fix adds its rule to: not the one that EKS made, if there is another.
    ///
    /// <https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>
    fn group_to_open(&self, ids: &[String]) -> String {
        let made_by_eks = |id: &&String| {
            let name = self.security_groups.get(id.as_str()).and_then(|group| group.group_name.as_deref());
            name.is_some_and(|name| name.starts_with("eks-cluster-sg-"))
        };
        ids.iter().find(|id| !made_by_eks(id)).or(ids.first()).cloned().unwrap_or_default()
    }

    /// The peers that the groups allow on these ports.
    fn admitted(&self, ids: &[String], side: &Side<'_, '_>, points: &Ranges) -> BTreeSet<String> {
        let mut peers = BTreeSet::new();
        for group in ids.iter().filter_map(|id| self.security_groups.get(id.as_str())) {
            for rule in self.rules(group, side.direction).iter() {
                if rule.points.as_ref().is_some_and(|its| its.contains_all(points)) {
                    peers.extend(rule.peers.iter().map(|peer| peer.name().to_owned()));
                }
            }
        }
        peers
    }
}

/// Whether nothing was taken from a flow yet.
fn is_whole(left: &HeaderSpace, side: &Side<'_, '_>) -> bool {
    let mut blocks = left.iter();
    matches!((blocks.next(), blocks.next()), (Some(block), None)
        if block.addresses == side.peer.addresses && block.points == *side.points)
}

fn word(side: &Side<'_, '_>) -> &'static str {
    match side.direction {
        Direction::Inbound => "from",
        Direction::Outbound => "to",
    }
}

fn verb(side: &Side<'_, '_>) -> &'static str {
    match side.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

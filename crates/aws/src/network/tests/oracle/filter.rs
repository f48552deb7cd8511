//! What lets one packet through: network ACLs and security groups.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>

use super::{
    feature::Feature,
    forward::{Over, Packet, World},
    plan::{Peer, Rule, Subnet},
};

impl World<'_> {
    /// The first entry that matches decides; where none does, the packet is dropped.
    pub fn acl_lets(&self, subnet: &Subnet, egress: bool, packet: &Packet<'_>) -> bool {
        let leg = if packet.reply { Feature::AclReply } else { Feature::AclRequest };
        let own = self.plan.acls.iter().find(|acl| acl.subnets.contains(&subnet.id));
        let default = || self.plan.acls.iter().find(|acl| acl.vpc == subnet.vpc && acl.subnets.is_empty());
        let Some(acl) = own.or_else(default) else { return false };
        let peer = if egress { packet.destination } else { packet.source };
        let entries = acl.entries.iter().filter(|entry| entry.egress == egress && entry.net.contains(&peer));
        let mut matching: Vec<_> = entries
            .filter(|entry| {
                entry.protocol == -1
                    || (entry.protocol == packet.protocol || !self.features.has(Feature::AclProtocol))
                        && entry.ports.is_none_or(|(first, last)| {
                            (first..=last).contains(&packet.port) || !self.features.has(Feature::AclPorts)
                        })
            })
            .collect();
        matching.sort_by_key(|entry| entry.number);
        let decisive = match matching[..] {
            [_, .., last] if last.allow != matching[0].allow && !self.features.has(Feature::AclOrder) => {
                Some(last)
            }
            _ => matching.first().copied(),
        };
        decisive.is_some_and(|entry| entry.allow) || !self.features.has(leg)
    }

    /// Any rule of any group is enough.
    pub fn groups_let(
        &self,
        groups: &[String],
        inbound: bool,
        packet: &Packet<'_>,
        peer_groups: &[String],
        over: &Over,
    ) -> bool {
        groups.iter().any(|id| {
            let group = self.plan.group(id);
            let rules = if inbound { &group.inbound } else { &group.outbound };
            rules.iter().any(|rule| self.rule_admits(rule, inbound, packet, peer_groups, over))
        })
    }

    fn rule_admits(
        &self,
        rule: &Rule,
        inbound: bool,
        packet: &Packet<'_>,
        peer_groups: &[String],
        over: &Over,
    ) -> bool {
        let address = if inbound { packet.source } else { packet.destination };
        let peer = match &rule.peer {
            Peer::Net(net) => net.contains(&address),
            Peer::List(list) => {
                let entries = &self.plan.list(list).entries;
                entries.iter().any(|net| net.contains(&address)) && self.features.has(Feature::PrefixListRule)
            }
            Peer::Group(group) => peer_groups.contains(group) && self.reference_counts(inbound, over),
        };
        peer && (rule.protocol == -1
            || (rule.protocol == packet.protocol || !self.features.has(Feature::RuleProtocol))
                && rule.ports.is_none_or(|(first, last)| {
                    (first..=last).contains(&packet.port) || !self.features.has(Feature::RulePorts)
                }))
            && (!rule.half || self.features.has(Feature::UnionOfRules))
    }

    /// Over peering: <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>.
    /// Over a transit gateway in inbound rules only, where it and both attachments support it:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>.
    fn reference_counts(&self, inbound: bool, over: &Over) -> bool {
        match over {
            Over::Vpc => self.features.has(Feature::GroupReference),
            Over::Peering => self.features.has(Feature::PeeringReference),
            Over::Transit { references } => {
                inbound
                    && (*references || !self.features.has(Feature::TransitReferenceSupport))
                    && self.features.has(Feature::TransitReference)
            }
            Over::Translated | Over::Outside => false,
        }
    }
}

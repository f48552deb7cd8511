//! How two VPCs are connected, and which references to security groups that permits.

use crate::known::Missing;
use crate::network::Groups;
use crate::network::segment::Part;
use crate::sets::addresses::AddressSet;
use crate::snapshot::aws::ec2::{SecurityGroup, UserIdGroupPair, VpcPeeringConnection};

use super::compiled::{Direction, Tables};
use super::side::{Answer, Connection, Side};

impl<'s> Tables<'s> {
    /// The peering connections between two VPCs, active ones first.
    pub(crate) fn peerings_between(&self, a: &str, b: &str) -> Vec<&'s VpcPeeringConnection> {
        let mut found: Vec<_> = self
            .peerings_by_vpc
            .get(a)
            .into_iter()
            .flatten()
            .copied()
            .filter(|peering| {
                let requester = peering.requester_vpc_info.as_ref().and_then(|side| side.vpc_id.as_deref());
                let accepter = peering.accepter_vpc_info.as_ref().and_then(|side| side.vpc_id.as_deref());
                (requester, accepter) == (Some(a), Some(b)) || (requester, accepter) == (Some(b), Some(a))
            })
            .collect();
        found.sort_by_key(|peering| !is_active(peering));
        found
    }

    /// Whether a rule's reference to a security group means the other side.
    pub(crate) fn admits_reference(
        &self,
        side: &Side<'_, '_>,
        group: &SecurityGroup,
        pair: &UserIdGroupPair,
    ) -> Answer {
        let Some(id) = pair.group_id.as_deref() else { return Answer::No };
        // AWS names the VPC of a referenced group only where it is another one.
        let home = self
            .security_groups
            .get(id)
            .and_then(|group| group.vpc_id.as_deref())
            .or(pair.vpc_id.as_deref())
            .or(group.vpc_id.as_deref());
        match &side.peer.groups {
            _ if side.peer.vpc().is_none() => return Answer::No,
            Groups::Known(groups) if !groups.iter().any(|group| group == id) => return Answer::No,
            // A group is carried within its own VPC, so nobody elsewhere carries it by chance.
            Groups::Undeclared | Groups::Unread(_) if home != side.peer.vpc() => return Answer::No,
            _ => {}
        }
        match self.reference_allowed(side) {
            Answer::Yes(_) => {}
            other => return other,
        }
        match &side.peer.groups {
            Groups::Known(_) => Answer::Yes(side.peer.addresses.clone()),
            Groups::Undeclared => Answer::Maybe(vec![Missing::carried(&side.peer.label, id)]),
            Groups::Unread(missing) => Answer::Maybe(missing.clone()),
        }
    }

    /// Whether a rule that refers to this group of the other side would work.
    pub(crate) fn reference_works(&self, side: &Side<'_, '_>, group: &str) -> bool {
        self.security_groups.contains_key(group) && matches!(self.reference_allowed(side), Answer::Yes(_))
    }

    fn reference_allowed(&self, side: &Side<'_, '_>) -> Answer {
        let mut maybe = Vec::new();
        for connection in side.connections {
            let answer = match connection {
                Connection::Local => continue,
                Connection::Peering(id) => self.over_peering(id),
                Connection::TransitGateway(id) => self.over_transit_gateway(side, id),
                // Who is behind a NAT gateway carries no group there; whom the client's own rules
                // mean within its VPC does not depend on the way.
                Connection::Nat(_) if side.own.vpc() == side.peer.vpc() => continue,
                Connection::VpnGateway(_)
                | Connection::Internet(_)
                | Connection::Nat(_)
                | Connection::Endpoint(_) => Answer::No,
            };
            match answer {
                Answer::Yes(_) => {}
                Answer::No => return Answer::No,
                Answer::Maybe(missing) => maybe.extend(missing),
            }
        }
        if side.connections.is_empty() {
            maybe = self.unread_connections(side);
            return if maybe.is_empty() { Answer::No } else { Answer::Maybe(maybe) };
        }
        if maybe.is_empty() { Answer::Yes(AddressSet::default()) } else { Answer::Maybe(maybe) }
    }

    /// What would tell how the two sides' VPCs are connected, where no connection was found.
    fn unread_connections(&self, side: &Side<'_, '_>) -> Vec<Missing> {
        let (Some(own), Some(peer)) = (side.own.vpc(), side.peer.vpc()) else { return Vec::new() };
        let mut unread = self.unread_peerings(own, peer);
        // Outbound references do not work over transit gateways.
        if side.direction == Direction::Inbound {
            unread.extend(self.unread_attachments(own, peer));
        }
        unread
    }

    /// A peering connection is listed with either of its VPCs.
    fn unread_peerings(&self, a: &str, b: &str) -> Vec<Missing> {
        let read = [a, b].iter().any(|vpc| self.covers("VpcPeeringConnections", vpc));
        if read { Vec::new() } else { self.missing("VpcPeeringConnections", b) }
    }

    fn unread_attachments(&self, a: &str, b: &str) -> Vec<Missing> {
        const KEY: &str = "TransitGatewayVpcAttachments";
        let unread = |vpc: &&str| !self.covers(KEY, vpc);
        let is_free = |vpc: &str| self.covers(KEY, vpc) && !self.transit_gateways_by_vpc.contains_key(vpc);
        if is_free(a) || is_free(b) {
            return Vec::new();
        }
        [a, b].into_iter().filter(unread).flat_map(|vpc| self.missing(KEY, vpc)).collect()
    }

    /// Within one Region only:
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
    fn over_peering(&self, id: &str) -> Answer {
        let Some(peering) = self.peerings.get(id) else {
            return Answer::Maybe(self.missing("VpcPeeringConnections", id));
        };
        let region = |side: &Option<crate::snapshot::aws::ec2::VpcPeeringConnectionVpcInfo>| {
            side.as_ref().and_then(|side| side.region.clone())
        };
        let (requester, accepter) = (region(&peering.requester_vpc_info), region(&peering.accepter_vpc_info));
        if !is_active(peering) {
            return Answer::No;
        }
        match (requester, accepter) {
            (Some(one), Some(other)) if one == other => Answer::Yes(AddressSet::default()),
            (Some(_), Some(_)) => Answer::No,
            _ => Answer::Maybe(self.missing("VpcPeeringConnections", id)),
        }
    }

    /// Inbound only, not at interface endpoints, and switched on at the gateway and both attachments:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
    fn over_transit_gateway(&self, side: &Side<'_, '_>, id: &str) -> Answer {
        if side.direction == Direction::Outbound || side.own.is_endpoint {
            return Answer::No;
        }
        let Some(gateway) = self.transit_gateways.get(id) else {
            return Answer::Maybe(self.missing("TransitGateways", id));
        };
        let mut settings =
            vec![gateway.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())];
        for vpc in [side.own.vpc(), side.peer.vpc()].into_iter().flatten() {
            let Some(attachments) = self.vpc_attachments.get(&(id, vpc)) else {
                return Answer::Maybe(self.missing("TransitGatewayVpcAttachments", vpc));
            };
            settings.extend(attachments.iter().map(|attachment| {
                attachment.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())
            }));
        }
        if settings.iter().all(|setting| *setting == Some("enable")) {
            Answer::Yes(AddressSet::default())
        } else if settings.contains(&None) && !settings.contains(&Some("disable")) {
            Answer::Maybe(self.missing("TransitGateways", id))
        } else {
            Answer::No
        }
    }

    /// How two sides could be connected, for a path whose routes do not connect them.
    pub(crate) fn possible_connection(&self, a: &Part<'_>, b: &Part<'_>) -> Option<Connection> {
        let (a, b) = (a.vpc()?, b.vpc()?);
        if a == b {
            return Some(Connection::Local);
        }
        let peering = self.peerings_between(a, b).first().copied();
        let over_peering =
            |it: &VpcPeeringConnection| Connection::Peering(it.vpc_peering_connection_id.clone());
        if let Some(active) = peering.filter(|peering| is_active(peering)) {
            return Some(over_peering(active));
        }
        if !self.unread_peerings(a, b).is_empty() {
            return None;
        }
        if let Some(gateway) = self.common_gateway(a, b) {
            return Some(Connection::TransitGateway(gateway.to_owned()));
        }
        peering.filter(|_| self.unread_attachments(a, b).is_empty()).map(over_peering)
    }

    /// A transit gateway that both VPCs are attached to.
    pub(crate) fn common_gateway(&self, a: &str, b: &str) -> Option<&'s str> {
        let (a, b) = (self.transit_gateways_by_vpc.get(a)?, self.transit_gateways_by_vpc.get(b)?);
        a.intersection(b).next().copied()
    }
}

/// Whether a peering connection forwards.
pub(crate) fn is_active(peering: &VpcPeeringConnection) -> bool {
    peering.status.as_ref().and_then(|status| status.code.as_deref()).is_some_and(|code| code == "active")
}

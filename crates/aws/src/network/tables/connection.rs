//! How two VPCs are connected, and which references to security groups that permits.

use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::network::Groups;
use crate::network::segment::Segment;
use crate::snapshot::aws::ec2::{SecurityGroup, UserIdGroupPair, VpcPeeringConnection};

use super::compiled::{Direction, Tables};
use super::side::{Connection, Side};

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

    /// The addresses of the other side that a rule's reference to a security group means; none where it
    /// means somebody else.
    pub(crate) fn admits_reference(
        &self,
        side: &Side<'_, '_>,
        group: &SecurityGroup,
        pair: &UserIdGroupPair,
    ) -> Known<Option<AddressSet>> {
        let Some(id) = pair.group_id.as_deref() else { return Ok(None) };
        // AWS names the VPC of a referenced group only where it is another one.
        let home = self
            .security_groups
            .get(id)
            .and_then(|group| group.vpc_id.as_deref())
            .or(pair.vpc_id.as_deref())
            .or(group.vpc_id.as_deref());
        match &side.peer.groups {
            _ if side.peer.vpc().is_none() => return Ok(None),
            Groups::Known(groups) if !groups.iter().any(|group| group == id) => return Ok(None),
            // A group is carried within its own VPC, so no interface elsewhere carries the group by chance.
            Groups::Undeclared | Groups::Unread(_) if home != side.peer.vpc() => return Ok(None),
            _ => {}
        }
        if !self.reference_allowed(side)? {
            return Ok(None);
        }
        match &side.peer.groups {
            Groups::Known(_) => Ok(Some(side.peer.addresses.clone())),
            Groups::Undeclared => Err(vec![Groups::perhaps(&side.peer.label, id)]),
            Groups::Unread(missing) => Err(missing.clone()),
        }
    }

    /// Whether a rule that refers to this group of the other side would work.
    pub(crate) fn reference_works(&self, side: &Side<'_, '_>, group: &str) -> bool {
        self.security_groups.contains_key(group) && self.reference_allowed(side) == Ok(true)
    }

    /// Whether a rule that refers to a security group of the other side admits it.
    fn reference_allowed(&self, side: &Side<'_, '_>) -> Known<bool> {
        if side.connections.is_empty() {
            return known::proved(false, self.unread_connections(side));
        }
        known::all(side.connections.iter().map(|connection| match connection {
            Connection::Local => Ok(true),
            Connection::Peering(id) => self.over_peering(id),
            Connection::TransitGateway(id) => self.over_transit_gateway(side, id),
            // A client behind a NAT gateway carries no group there; what the client's own rules
            // mean within its VPC does not depend on the path.
            Connection::Nat(_) if side.own.vpc() == side.peer.vpc() => Ok(true),
            Connection::VpnGateway(_)
            | Connection::Internet(_)
            | Connection::Nat(_)
            | Connection::Endpoint(_) => Ok(false),
        }))
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
    fn over_peering(&self, id: &str) -> Known<bool> {
        let Some(peering) = self.peerings.get(id) else {
            return Err(self.missing("VpcPeeringConnections", id));
        };
        let region = |side: &Option<crate::snapshot::aws::ec2::VpcPeeringConnectionVpcInfo>| {
            side.as_ref().and_then(|side| side.region.clone())
        };
        let (requester, accepter) = (region(&peering.requester_vpc_info), region(&peering.accepter_vpc_info));
        if !is_active(peering) {
            return Ok(false);
        }
        match (requester, accepter) {
            (Some(one), Some(other)) if one == other => Ok(true),
            (Some(_), Some(_)) => Ok(false),
            _ => Err(self.missing("VpcPeeringConnections", id)),
        }
    }

    /// Inbound only, not at interface endpoints, and switched on at the gateway and both attachments:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
    fn over_transit_gateway(&self, side: &Side<'_, '_>, id: &str) -> Known<bool> {
        if side.direction == Direction::Outbound || side.own.is_endpoint {
            return Ok(false);
        }
        let Some(gateway) = self.transit_gateways.get(id) else {
            return Err(self.missing("TransitGateways", id));
        };
        let mut settings =
            vec![gateway.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())];
        for vpc in [side.own.vpc(), side.peer.vpc()].into_iter().flatten() {
            let Some(attachments) = self.vpc_attachments.get(&(id, vpc)) else {
                return Err(self.missing("TransitGatewayVpcAttachments", vpc));
            };
            settings.extend(attachments.iter().map(|attachment| {
                attachment.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())
            }));
        }
        if settings.iter().all(|setting| *setting == Some("enable")) {
            Ok(true)
        } else if settings.contains(&None) && !settings.contains(&Some("disable")) {
            Err(self.missing("TransitGateways", id))
        } else {
            Ok(false)
        }
    }

    /// How two sides could be connected, for a path whose routes do not connect them.
    pub(crate) fn possible_connection(&self, a: &Segment<'_>, b: &Segment<'_>) -> Option<Connection> {
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

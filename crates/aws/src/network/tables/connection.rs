//! How two VPCs are connected.

use privek_core::known::Missing;

use crate::network::segment::Segment;
use crate::snapshot::aws::ec2::{TransitGatewayAttachment, VpcPeeringConnection};

use super::compiled::Tables;
use super::side::Connection;

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

    /// A peering connection is listed with either of its VPCs.
    pub(crate) fn unread_peerings(&self, a: &str, b: &str) -> Vec<Missing> {
        let read = [a, b].iter().any(|vpc| self.covers("VpcPeeringConnections", vpc));
        if read { Vec::new() } else { self.missing("VpcPeeringConnections", b) }
    }

    pub(crate) fn unread_attachments(&self, a: &str, b: &str) -> Vec<Missing> {
        const KEY: &str = "TransitGatewayVpcAttachments";
        let unread = |vpc: &&str| !self.covers(KEY, vpc);
        let is_free = |vpc: &str| self.covers(KEY, vpc) && !self.transit_gateways_by_vpc.contains_key(vpc);
        if is_free(a) || is_free(b) {
            return Vec::new();
        }
        [a, b].into_iter().filter(unread).flat_map(|vpc| self.missing(KEY, vpc)).collect()
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

    /// A transit gateway that both VPCs are attached to; else one of the first VPC's that is peered with one of
    /// the other's.
    pub(crate) fn common_gateway(&self, a: &str, b: &str) -> Option<&'s str> {
        let (a, b) = (self.transit_gateways_by_vpc.get(a)?, self.transit_gateways_by_vpc.get(b)?);
        let peered = |near: &&&str| b.iter().any(|far| self.peering_attachment(near, far).is_some());
        a.intersection(b).next().or_else(|| a.iter().find(peered)).copied()
    }

    /// The peering attachment of one transit gateway to another.
    pub(crate) fn peering_attachment(&self, near: &str, far: &str) -> Option<&'s TransitGatewayAttachment> {
        let others = self.other_attachments.get(near).into_iter().flatten().copied();
        let mut peerings = others.filter(|its| {
            its.resource_id.as_deref() == Some(far) && its.resource_type.as_deref().is_some_and(is_peering)
        });
        peerings.next()
    }
}

/// Whether an attachment is a peering attachment, to another transit gateway.
pub(crate) fn is_peering(kind: &str) -> bool {
    matches!(kind, "peering" | "tgw-peering")
}

/// Whether a peering connection forwards.
pub(crate) fn is_active(peering: &VpcPeeringConnection) -> bool {
    peering.status.as_ref().and_then(|status| status.code.as_deref()).is_some_and(|code| code == "active")
}

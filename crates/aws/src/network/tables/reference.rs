//! References of rules to security groups: whom they mean, and over which connections they work.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html#security-group-referencing>

use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::network::Groups;
use crate::network::index::zone::ZoneKind;
use crate::snapshot::aws::ec2::{
    IpPermission, SecurityGroup, Subnet, UserIdGroupPair, VpcPeeringConnectionVpcInfo,
};

use super::compiled::{Direction, Tables};
use super::connection::is_active;
use super::side::{Connection, Side};

/// The Availability Zone in which no reference works over a transit gateway, and the Local Zones in which
/// they do:
/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>.
const WITHOUT_REFERENCES: &str = "use1-az3";
const LOCAL_ZONES: &[&str] = &[
    "us-east-1-atl-2a",
    "us-east-1-chi-2a",
    "us-east-1-dfw-2a",
    "us-east-1-iah-2a",
    "us-east-1-mia-2a",
    "us-west-2-lax-1a",
    "us-west-2-lax-1b",
    "us-west-2-phx-2a",
];

/// Whether the peering connection of a reference never forwards again, so that the reference is stale:
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
fn is_stale(status: &str) -> bool {
    let gone = ["deleted", "deleting", "rejected", "expired", "failed"];
    gone.iter().any(|gone| status.eq_ignore_ascii_case(gone))
}

/// What a stale reference admits: nobody over a peering connection. AWS does not say what it admits otherwise.
fn stale(
    side: &Side<'_, '_>,
    (group, id): (&SecurityGroup, &str),
    (peering, status): (Option<&str>, &str),
) -> Known<Option<AddressSet>> {
    let only_peered = side.connections.iter().all(|its| matches!(its, Connection::Peering(_)));
    let carries = match &side.peer.groups {
        Groups::Known(groups) => groups.iter().any(|group| group == id),
        Groups::Undeclared | Groups::Unread(_) => true,
    };
    if only_peered || !carries || side.peer.vpc().is_none() {
        return Ok(None);
    }
    let peering = peering.unwrap_or("a peering connection");
    Err(vec![Missing::unmodelled(format!(
        "the reference of {} to {id}, which is of {peering} in status {status}",
        group.group_id
    ))])
}

impl Tables<'_> {
    /// The addresses of the other side that a rule's reference to a security group means; none where it
    /// means somebody else.
    pub(crate) fn admits_reference(
        &self,
        side: &Side<'_, '_>,
        group: &SecurityGroup,
        pair: &UserIdGroupPair,
    ) -> Known<Option<AddressSet>> {
        let Some(id) = pair.group_id.as_deref() else { return Ok(None) };
        let status = pair.peering_status.as_deref().filter(|status| is_stale(status));
        if let Some(status) = status.filter(|_| !side.connections.is_empty()) {
            return stale(side, (group, id), (pair.vpc_peering_connection_id.as_deref(), status));
        }
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
            Groups::Unread(missing) if side.peer.is_misdeclared => return Err(missing.clone()),
            _ => {}
        }
        let carried = match &side.peer.groups {
            Groups::Known(_) => Ok(true),
            Groups::Undeclared | Groups::Unread(_) => self.may_carry(id, home, side.peer.vpc()),
        };
        if !known::and(self.reference_allowed(side), carried)? {
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
            Connection::Peering(id) => self.reference_over_peering(id),
            Connection::TransitGateway(id) => self.reference_over_transit_gateway(side, id),
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

    /// Within one Region only:
    /// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
    fn reference_over_peering(&self, id: &str) -> Known<bool> {
        let Some(peering) = self.peerings.get(id) else {
            return Err(self.missing("VpcPeeringConnections", id));
        };
        let region =
            |side: &Option<VpcPeeringConnectionVpcInfo>| side.as_ref().and_then(|side| side.region.clone());
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
    fn reference_over_transit_gateway(&self, side: &Side<'_, '_>, id: &str) -> Known<bool> {
        if side.direction == Direction::Outbound || side.own.is_endpoint {
            return Ok(false);
        }
        if side.own.is_mount_target && !self.sends_everything(&side.own.groups)? {
            return Err(vec![Missing::unmodelled(format!(
                "references to security groups over {id} at {}, a mount target of EFS whose security groups do not \
                 allow all outbound traffic",
                side.own.label
            ))]);
        }
        let Some(gateway) = self.transit_gateways.get(id) else {
            return Err(self.missing("TransitGateways", id));
        };
        let mut settings =
            vec![gateway.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())];
        let mut zones = Vec::new();
        for vpc in [side.own.vpc(), side.peer.vpc()].into_iter().flatten() {
            let Some(attachments) = self.vpc_attachments.get(&(id, vpc)) else {
                return self.reference_between_gateways(id, vpc);
            };
            settings.extend(attachments.iter().map(|attachment| {
                attachment.options.as_ref().and_then(|o| o.security_group_referencing_support.as_deref())
            }));
            zones.extend(attachments.iter().flat_map(|attachment| {
                let id = &attachment.transit_gateway_attachment_id;
                attachment.subnet_ids.iter().map(move |subnet| self.has_references(subnet, id))
            }));
        }
        let switched = if settings.iter().all(|setting| *setting == Some("enable")) {
            Ok(true)
        } else if settings.contains(&None) && !settings.contains(&Some("disable")) {
            Err(self.missing("TransitGateways", id))
        } else {
            Ok(false)
        };
        let ends = [side.own.subnet(), side.peer.subnet()].into_iter().flatten();
        known::all(
            std::iter::once(switched).chain(ends.map(|subnet| self.zone_has_references(subnet))).chain(zones),
        )
    }

    /// Whether references work in the zone of a subnet.
    fn zone_has_references(&self, subnet: &Subnet) -> Known<bool> {
        let id = &subnet.subnet_id;
        if let Some(outpost) = &subnet.outpost_arn {
            return Err(vec![Missing::unmodelled(format!(
                "references to security groups of {id} on Outpost {outpost} over a transit gateway"
            ))]);
        }
        match self.zone_kind(subnet)? {
            ZoneKind::Regional => match self.zone_id(subnet) {
                Some(zone) => Ok(zone != WITHOUT_REFERENCES),
                // Names of zones are each account's own.
                None if subnet.availability_zone.as_deref().is_some_and(|it| it.starts_with("us-east-1")) => {
                    Err(self.missing_of("Subnets", id, format!("AvailabilityZoneId of {id}")))
                }
                None => Ok(true),
            },
            ZoneKind::Local { .. } => {
                Ok(subnet.availability_zone.as_deref().is_some_and(|zone| LOCAL_ZONES.contains(&zone)))
            }
            ZoneKind::Other(kind) => Err(vec![Missing::unmodelled(format!(
                "references to security groups of {id} in a {kind} over a transit gateway"
            ))]),
        }
    }

    /// Whether references are known to work over an attachment, as far as the zone of one of its subnets
    /// decides; what an attachment to such a zone and to others does for the others is not documented.
    fn has_references(&self, subnet: &str, attachment: &str) -> Known<bool> {
        let Ok(its) = self.subnet(subnet) else { return Ok(true) };
        if self.zone_has_references(its)? {
            return Ok(true);
        }
        Err(vec![Missing::unmodelled(format!(
            "references to security groups over {attachment}, which has {subnet} in {}",
            self.zone_id(its).unwrap_or("a zone without such references")
        ))])
    }

    /// Between VPCs of two transit gateways: references work between VPCs that are attached to one
    /// (<https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>).
    fn reference_between_gateways(&self, gateway: &str, vpc: &str) -> Known<bool> {
        let key = "TransitGatewayVpcAttachments";
        let elsewhere = self.transit_gateways_by_vpc.get(vpc).is_some_and(|ids| !ids.contains(gateway));
        if elsewhere || self.covers(key, vpc) { Ok(false) } else { Err(self.missing(key, vpc)) }
    }

    /// Whether one of these security groups allows all outbound traffic. AWS documents that references work at
    /// mount targets of EFS with such a rule:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
    fn sends_everything(&self, groups: &Groups) -> Known<bool> {
        let everywhere = |permission: &IpPermission| {
            permission.ip_protocol.as_deref() == Some("-1")
                && permission.ip_ranges.iter().any(|range| range.cidr_ip.as_deref() == Some("0.0.0.0/0"))
        };
        let open = |id: &String| Ok(self.security_group(id)?.ip_permissions_egress.iter().any(everywhere));
        known::any(groups.ids()?.iter().map(open))
    }
}

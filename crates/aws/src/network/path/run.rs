//! Packets on their way: what every kind of hop is given, and what it gives back.

use ipnet::IpNet;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ranges::Ranges;

use crate::network::segment::{Location, Segment};
use crate::network::tables::side::Connection;
use crate::network::{Blocker, BlockerCode, Remedy, TraceLog};
use crate::snapshot::aws::ec2::{RouteTable, Subnet, TransitGatewayVpcAttachment};

use super::edge::Edge;

/// Packets on one leg of a flow.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a, 's> {
    pub leg: Leg,
    pub from: &'a Segment<'s>,
    pub to: &'a Segment<'s>,
    /// Protocols and destination ports.
    pub points: &'a Ranges,
}

impl<'s> Run<'_, 's> {
    /// The packets to some of the addresses.
    pub fn to<'b>(self, to: &'b Segment<'s>) -> Run<'b, 's>
    where
        Self: 'b,
    {
        Run { to, ..self }
    }
}

/// A subnet whose route table decides next.
#[derive(Clone, Copy)]
pub(crate) struct SubnetHop<'s> {
    pub subnet: &'s Subnet,
    pub vpc: &'s str,
    /// The attachment over which the packets came into the VPC, where they do not start in it.
    pub over: Option<&'s TransitGatewayVpcAttachment>,
}

/// How far packets came, and to which of their addresses.
pub(crate) struct Arrival<'s> {
    pub addresses: AddressSet,
    pub at: ArrivalPoint<'s>,
}

impl<'s> Arrival<'s> {
    pub fn destination(run: Run<'_, 's>, connection: Connection) -> Self {
        Self { addresses: run.to.addresses.clone(), at: ArrivalPoint::Destination(connection) }
    }

    pub fn outside(run: Run<'_, 's>, edge: Edge<'s>) -> Self {
        Self { addresses: run.to.addresses.clone(), at: ArrivalPoint::Outside(edge) }
    }
}

/// Where a walk ends.
pub(crate) enum ArrivalPoint<'s> {
    /// At the destination.
    Destination(Connection),
    /// Out of what was read.
    Outside(Edge<'s>),
    /// At a NAT gateway, which goes on in its own name.
    Translator(Box<Translator<'s>>),
}

/// A table in the place where it decides.
pub(crate) struct Decider<'a, 's> {
    pub table: &'s RouteTable,
    pub hop: SubnetHop<'s>,
    /// The addresses that one of its routes decides about.
    pub addresses: &'a AddressSet,
    /// That route's destination; empty where there is none.
    pub by: &'a str,
}

/// How packets that stay in the VPC got to it.
pub(crate) fn local(hop: SubnetHop<'_>) -> Connection {
    let gateway = hop.over.and_then(|attachment| attachment.transit_gateway_id.clone());
    gateway.map_or(Connection::Local, Connection::TransitGateway)
}

/// The beginning of an id, which says what it is.
pub(crate) fn kind(id: &str) -> &str {
    id.split('-').next().unwrap_or_default()
}

/// The declared connection of a network, if routes can have it as a target.
pub(crate) fn declared(via: Option<&str>) -> Option<&str> {
    via.filter(|via| is_target(via))
}

pub(crate) fn is_target(id: &str) -> bool {
    matches!(kind(id), "pcx" | "tgw" | "vgw" | "lgw" | "cagw" | "eni" | "i" | "vpce" | "igw" | "eigw" | "nat")
        || id.starts_with("arn:")
}

pub(crate) fn is_internet(id: &str) -> bool {
    matches!(kind(id), "igw" | "eigw" | "nat")
}

/// What AWS never does, whatever the routes say.
pub(crate) fn block_never<'s>(
    log: &mut TraceLog,
    run: Run<'_, 's>,
    target: &str,
    reason: String,
) -> Vec<Arrival<'s>> {
    let name = match kind(target) {
        "pcx" => "vpc-peering-connection",
        "vgw" => "vpn-gateway",
        "igw" => "internet-gateway",
        "eigw" => "egress-only-internet-gateway",
        "nat" => "nat-gateway",
        "vpce" => "vpc-endpoint",
        "eni" => "network-interface",
        _ => "route-target",
    };
    log.hop(run.leg, name, target, "drop", &reason);
    let mut blocker = at(BlockerCode::NeverForwarded, name, target, Some(run.leg), reason);
    blocker.part = run.to.part(&run.to.addresses);
    log.block(blocker);
    Vec::new()
}

/// A blocker without a part or a remedy.
pub(crate) fn at(code: BlockerCode, kind: &str, id: &str, leg: Option<Leg>, reason: String) -> Blocker {
    Blocker {
        code,
        kind: kind.to_owned(),
        id: id.to_owned(),
        leg,
        part: None,
        reason,
        remedy: Remedy::default(),
    }
}

/// A NAT gateway that goes on in its own name.
pub(crate) struct Translator<'s> {
    /// Its own addresses.
    pub part: Segment<'s>,
    /// Its subnet.
    pub hop: SubnetHop<'s>,
    /// The destination's IPv4 addresses, where it translates IPv6 to IPv4; else nothing.
    pub towards: Vec<Segment<'s>>,
}

impl<'s> Translator<'s> {
    /// Where the gateway's own packets go that go to these addresses for its client.
    pub fn destinations<'b>(&'b self, to: &'b Segment<'s>) -> Vec<&'b Segment<'s>> {
        if self.towards.is_empty() { vec![to] } else { self.towards.iter().collect() }
    }
}

/// Where packets enter a transit gateway from, if that is a VPC.
#[derive(Clone, Copy, Default)]
pub(crate) struct Origin<'s> {
    pub vpc: Option<&'s str>,
    pub subnet: Option<&'s Subnet>,
    /// The peering attachments of transit gateways so far.
    pub crossings: u8,
}

pub(crate) const GATEWAY: &str = "transit-gateway";

pub(crate) const ATTACHMENT: &str = "transit-gateway-attachment";

pub(crate) const TABLE: &str = "transit-gateway-route-table";

/// What no internet gateway forwards:
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>. The prefixes for documentation count
/// as public, because documentation uses them for public ones.
pub(crate) const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
    "::/3",
    "4000::/2",
    "8000::/1",
];

/// Addresses that are routed on the internet.
pub(crate) fn public() -> AddressSet {
    let others: AddressSet = NOT_PUBLIC.iter().filter_map(|text| text.parse::<IpNet>().ok()).collect();
    AddressSet::everything().subtract(&others)
}

/// Whether packets are requests to the internet: to public addresses in no VPC that was read, which
/// have no declared connection.
pub(crate) fn is_meant(run: Run<'_, '_>) -> bool {
    run.leg == Leg::Request && is_on_internet(run.to)
}

/// Whether addresses are on the internet: public ones in no VPC that was read, which have no declared
/// connection.
pub(crate) fn is_on_internet(part: &Segment<'_>) -> bool {
    let Location::Outside { via } = &part.place else { return false };
    part.prefix_list.is_none()
        && via.as_deref().is_none_or(is_internet)
        && public().contains_all(&part.addresses)
}

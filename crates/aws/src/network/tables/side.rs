//! One side of a flow as its security groups see it, and how the two sides are connected.

use std::collections::BTreeSet;

use privek_core::sets::ranges::Ranges;

use crate::network::segment::Segment;

use super::compiled::Direction;

/// How a packet gets from one side to the other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Connection {
    /// Within one VPC.
    Local,
    /// Over a peering connection.
    Peering(String),
    /// Over a transit gateway.
    TransitGateway(String),
    /// Over a virtual private gateway.
    VpnGateway(String),
    /// Over an internet gateway.
    Internet(String),
    /// Through a NAT gateway, within one VPC or not.
    Nat(String),
    /// Through a gateway endpoint.
    Endpoint(String),
}

/// One side of a flow as its security groups see it.
pub(crate) struct Side<'a, 's> {
    pub direction: Direction,
    pub own: &'a Segment<'s>,
    pub peer: &'a Segment<'s>,
    pub points: &'a Ranges,
    /// How the two sides are connected.
    pub connections: &'a BTreeSet<Connection>,
}

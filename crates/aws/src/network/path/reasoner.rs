//! Who answers questions about paths.

use std::ops::Deref;

use privek_core::known::{Known, Missing};
use privek_core::sets::address_map::AddressMap;

use crate::network::Blocker;
use crate::network::end::End;
use crate::network::index::Network;
use crate::network::memo::KeyedMemo;
use crate::network::segment::Segment;
use crate::network::tables::compiled::Tables;
use crate::snapshot::Snapshot;
use crate::snapshot::aws::ec2::TransitGatewayRoute;

/// An end's parts, and what keeps it from having more.
#[derive(Debug, Default)]
pub(crate) struct Resolved<'s> {
    pub parts: Vec<Segment<'s>>,
    pub blockers: Vec<Blocker>,
    pub missing: Vec<Missing>,
}

/// Answers questions about paths, and remembers what it worked out: several rules ask the same. What one
/// table does it answers as [`Tables`] does, what is in the snapshot as [`Network`] does.
#[derive(Debug)]
pub struct Reasoner<'s> {
    tables: Tables<'s>,
    /// By end, the VPC of the other end, and whether it is the source.
    pub(crate) ends: KeyedMemo<(End, Option<&'s str>, bool), Resolved<'s>>,
    /// By VPC: the subnets that are known to have a route to an internet gateway, in order of their ids.
    pub(crate) public_subnets: KeyedMemo<&'s str, Vec<&'s str>>,
    /// By transit gateway route table.
    pub(crate) transit: KeyedMemo<&'s str, Known<AddressMap<Option<&'s TransitGatewayRoute>>>>,
}

impl<'s> Reasoner<'s> {
    /// Indexes a snapshot.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        Self {
            tables: Tables::new(Network::new(snapshot)),
            ends: KeyedMemo::default(),
            public_subnets: KeyedMemo::default(),
            transit: KeyedMemo::default(),
        }
    }
}

impl<'s> Deref for Reasoner<'s> {
    type Target = Tables<'s>;

    fn deref(&self) -> &Tables<'s> {
        &self.tables
    }
}

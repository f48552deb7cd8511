//! What the texts of rules, entries and routes come to, worked out when first asked for.

use std::ops::Deref;

use privek_core::known::{Known, Missing};
use privek_core::sets::address_map::AddressMap;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ranges::Ranges;

use crate::network::index::Network;
use crate::network::memo::KeyedMemo;
use crate::snapshot::aws::ec2::UserIdGroupPair;

/// A permission as a set of numbers, with its peers.
#[derive(Debug)]
pub(crate) struct Rule<'s> {
    /// Nothing where the protocol is unheard of.
    pub points: Option<Ranges>,
    pub protocol: &'s str,
    pub peers: Vec<Peer<'s>>,
}

/// The source or destination of a rule.
#[derive(Debug)]
pub(crate) enum Peer<'s> {
    /// A prefix; nothing where it cannot be read.
    Prefix(&'s str, Option<AddressSet>),
    List(&'s str, Known<AddressSet>),
    Group(&'s UserIdGroupPair),
}

impl Peer<'_> {
    pub fn name(&self) -> &str {
        match self {
            Self::Prefix(name, _) | Self::List(name, _) => name,
            Self::Group(pair) => pair.group_id.as_deref().unwrap_or("a group without id"),
        }
    }
}

/// Which of a network ACL's two lists decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

/// The number of the entry that every ACL ends with, whether AWS lists it or not.
pub(crate) const LAST: i64 = 32767;

/// An entry as sets of numbers.
#[derive(Debug)]
pub(crate) struct AclEntry {
    pub number: i64,
    pub allows: bool,
    pub addresses: AddressSet,
    pub points: Ranges,
}

/// What a table does with addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RouteOutcome<'t> {
    /// They are in the VPC; the route's destination.
    Local(String),
    /// They go to a target; the route's destination.
    To(&'t str, String),
    /// Their target is gone; the route's destination.
    Blackhole(String),
    /// No route.
    Nowhere,
    Unknown(Vec<Missing>),
}

impl RouteOutcome<'_> {
    /// Whether packets fare alike, by whichever route.
    pub fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Local(_), Self::Local(_)) | (Self::Blackhole(_), Self::Blackhole(_)) => true,
            (Self::To(one, _), Self::To(two, _)) => one == two,
            _ => self == other,
        }
    }
}

/// Addresses with one outcome.
#[derive(Clone, Debug)]
pub(crate) struct Piece<'t> {
    pub addresses: AddressSet,
    pub outcome: RouteOutcome<'t>,
}

/// What one table, list or group does with packets. What is in the snapshot it answers as [`Network`] does.
#[derive(Debug)]
pub struct Tables<'s> {
    network: Network<'s>,
    /// By security group.
    pub(crate) rules: KeyedMemo<(&'s str, Direction), Vec<Rule<'s>>>,
    /// By network ACL.
    pub(crate) entries: KeyedMemo<(&'s str, Direction), Result<Vec<AclEntry>, Missing>>,
    /// By route table and VPC: the outcome for every address.
    pub(crate) routes: KeyedMemo<(&'s str, &'s str), AddressMap<RouteOutcome<'s>>>,
}

impl<'s> Tables<'s> {
    /// The tables of a network, none of them read yet.
    pub(crate) fn new(network: Network<'s>) -> Self {
        Self {
            network,
            rules: KeyedMemo::default(),
            entries: KeyedMemo::default(),
            routes: KeyedMemo::default(),
        }
    }
}

impl<'s> Deref for Tables<'s> {
    type Target = Network<'s>;

    fn deref(&self) -> &Network<'s> {
        &self.network
    }
}

//! What a leg came to: the connections that it took, and who translated its addresses.

use std::collections::BTreeSet;

use super::{AddressSet, connection::Connection, part::Part};

/// The ways that packets took.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached<'s> {
    pub connections: BTreeSet<Connection>,
    pub translated: Vec<Translation<'s>>,
}

/// Packets that a NAT gateway sent on in its own name.
#[derive(Clone, Debug)]
pub(super) struct Translation<'s> {
    /// Where they go to.
    pub addresses: AddressSet,
    /// The NAT gateway in its subnet; none where it is a regional one, which has no subnet.
    pub gateway: Option<Part<'s>>,
    /// The ways that they took from there.
    pub beyond: Reached<'s>,
}

impl Reached<'_> {
    /// Whether nothing arrives anywhere.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.translated.is_empty()
    }

    /// Those of the destinations that see the sender's own address.
    pub fn untranslated(&self, destinations: &AddressSet) -> AddressSet {
        destinations.subtract(&AddressSet::union_all(self.translated.iter().map(|way| &way.addresses)))
    }

    /// Adds other ways.
    pub fn extend(&mut self, other: Self) {
        self.connections.extend(other.connections);
        self.translated.extend(other.translated);
    }
}

impl From<Connection> for Reached<'_> {
    fn from(connection: Connection) -> Self {
        Self { connections: BTreeSet::from([connection]), translated: Vec::new() }
    }
}

impl From<Option<Connection>> for Reached<'_> {
    fn from(connection: Option<Connection>) -> Self {
        connection.map(Self::from).unwrap_or_default()
    }
}

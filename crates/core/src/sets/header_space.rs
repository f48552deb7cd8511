//! Parts of a flow: addresses on the other side, with protocols and ports.
//!
//! A packet filter (of an interface or of a subnet) looks at the address of the other side and at the
//! destination port only, so what it lets through is a set of such pairs.

use super::addresses::AddressSet;
use super::ranges::Ranges;

/// Every one of these addresses with every one of these ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderBlock {
    /// The addresses on the other side.
    pub addresses: AddressSet,
    /// The protocols and ports, as numbers.
    pub points: Ranges,
}

/// What is left of a flow while rules are taken from it; the addresses of its blocks are disjoint,
/// and no two blocks have the same ports.
#[derive(Clone, Debug, Default)]
pub struct HeaderSpace(Vec<HeaderBlock>);

impl HeaderSpace {
    /// Every one of these addresses with every one of these ports.
    pub fn of(addresses: &AddressSet, points: &Ranges) -> Self {
        let mut space = Self::default();
        space.add(addresses.clone(), points.clone());
        space
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its blocks; their addresses are disjoint.
    pub fn iter(&self) -> impl Iterator<Item = &HeaderBlock> {
        self.0.iter()
    }

    /// Whether any of it is for these protocols and ports.
    pub fn meets(&self, points: &Ranges) -> bool {
        self.0.iter().any(|block| block.points.meets(points))
    }

    /// Takes a rule's part out, and returns what was taken.
    #[must_use]
    pub fn take(&mut self, addresses: &AddressSet, points: &Ranges) -> Self {
        let (mut left, mut taken) = (Self::default(), Self::default());
        for block in std::mem::take(&mut self.0) {
            let both_addresses = block.addresses.intersect(addresses);
            let both_points = block.points.intersect(points);
            if both_addresses.is_empty() || both_points.is_empty() {
                left.add(block.addresses, block.points);
                continue;
            }
            left.add(block.addresses.subtract(&both_addresses), block.points.clone());
            left.add(both_addresses.clone(), block.points.subtract(&both_points));
            taken.add(both_addresses, both_points);
        }
        *self = left;
        taken
    }

    fn add(&mut self, addresses: AddressSet, points: Ranges) {
        if addresses.is_empty() || points.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|block| block.points == points) {
            Some(block) => block.addresses = block.addresses.union(&addresses),
            None => self.0.push(HeaderBlock { addresses, points }),
        }
    }
}

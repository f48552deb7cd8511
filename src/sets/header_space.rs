//! Parts of a flow: addresses on the other side, with protocols and ports.
//!
//! A filter (a security group, a network ACL) looks at the address of the other side and at the
//! destination port only, so what it lets through is a set of such pairs.

use super::addresses::AddressSet;
use super::ranges::Ranges;

/// Every one of these addresses with every one of these ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub addresses: AddressSet,
    pub points: Ranges,
}

/// What is left of a flow while rules are taken from it; the addresses of its regions are disjoint,
/// and no two regions have the same ports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Regions(Vec<Region>);

impl Regions {
    pub fn of(addresses: &AddressSet, points: &Ranges) -> Self {
        let mut regions = Self::default();
        regions.add(addresses.clone(), points.clone());
        regions
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.0.iter()
    }

    /// Whether any of it is for these protocols and ports.
    pub fn meets(&self, points: &Ranges) -> bool {
        self.0.iter().any(|region| region.points.meets(points))
    }

    /// Takes a rule's part out, and returns what was taken.
    pub fn take(&mut self, addresses: &AddressSet, points: &Ranges) -> Self {
        let (mut left, mut taken) = (Self::default(), Self::default());
        for region in std::mem::take(&mut self.0) {
            let both_addresses = region.addresses.intersect(addresses);
            let both_points = region.points.intersect(points);
            if both_addresses.is_empty() || both_points.is_empty() {
                left.add(region.addresses, region.points);
                continue;
            }
            left.add(region.addresses.subtract(&both_addresses), region.points.clone());
            left.add(both_addresses.clone(), region.points.subtract(&both_points));
            taken.add(both_addresses, both_points);
        }
        *self = left;
        taken
    }

    fn add(&mut self, addresses: AddressSet, points: Ranges) {
        if addresses.is_empty() || points.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|region| region.points == points) {
            Some(region) => region.addresses = region.addresses.union(&addresses),
            None => self.0.push(Region { addresses, points }),
        }
    }
}

//! What a table makes of all addresses there are: sets that do not overlap, found by the addresses.

use std::collections::BTreeMap;

use super::addresses::AddressSet;
use super::ranges::Ranges;

/// Sets of addresses that do not overlap, each with a value.
#[derive(Debug)]
pub struct AddressMap<T> {
    values: Vec<T>,
    /// For each family the ranges in order, each with the place of its value.
    families: [Vec<(u128, u128, usize)>; 2],
}

impl<T> AddressMap<T> {
    /// The map of these sets.
    pub fn of(sets: impl IntoIterator<Item = (AddressSet, T)>) -> Self {
        let mut map = Self { values: Vec::new(), families: [Vec::new(), Vec::new()] };
        for (addresses, value) in sets {
            let at = map.values.len();
            map.values.push(value);
            for (family, ranges) in map.families.iter_mut().zip(addresses.families()) {
                family.extend(ranges.iter().map(|(first, last)| (first, last, at)));
            }
        }
        map.families.iter_mut().for_each(|family| family.sort_unstable());
        map
    }

    /// The parts that some addresses are divided into, in the order in which the sets were given.
    pub fn split(&self, addresses: &AddressSet) -> impl Iterator<Item = (AddressSet, &T)> {
        let mut parts: BTreeMap<usize, [Vec<(u128, u128)>; 2]> = BTreeMap::new();
        for (at, ranges) in addresses.families().into_iter().enumerate() {
            let family = &self.families[at];
            for (first, last) in ranges.iter() {
                let from = family.partition_point(|known| known.1 < first);
                for known in family[from..].iter().take_while(|known| known.0 <= last) {
                    let both = (known.0.max(first), known.1.min(last));
                    parts.entry(known.2).or_default()[at].push(both);
                }
            }
        }
        parts.into_iter().filter_map(|(at, ranges)| {
            let addresses = AddressSet::of_families(ranges.map(Ranges::collect));
            Some((addresses, self.values.get(at)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(prefixes: &[&str]) -> AddressSet {
        prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect()
    }

    #[test]
    fn addresses_are_split_as_the_sets_are_in_their_order() {
        let map = AddressMap::of([
            (set(&["10.1.0.0/16", "fd00::/8"]), "one"),
            (set(&["10.0.0.0/16", "10.2.0.0/16"]), "two"),
        ]);
        let split = |prefixes: &[&str]| -> Vec<String> {
            let wanted = set(prefixes);
            map.split(&wanted).map(|(part, value)| format!("{value} {part}")).collect()
        };
        assert_eq!(split(&["10.0.0.0/8"]), ["one 10.1.0.0/16", "two 10.0.0.0/16, 10.2.0.0/16"]);
        assert_eq!(split(&["10.0.255.0/24", "10.1.0.7/32"]), ["one 10.1.0.7", "two 10.0.255.0/24"]);
        assert_eq!(split(&["fd00::1/128", "10.3.0.0/16"]), ["one fd00::1"]);
        assert!(split(&["192.168.0.0/16"]).is_empty());
    }
}

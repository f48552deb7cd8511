//! Sets of addresses, IPv4 and IPv6 apart.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use super::ranges::Ranges;

/// A set of addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressSet {
    v4: Ranges,
    v6: Ranges,
}

impl AddressSet {
    /// Every address there is.
    pub fn everything() -> Self {
        Self { v4: Ranges::of(0, u32::MAX.into()), v6: Ranges::of(0, u128::MAX) }
    }

    /// Addresses that anybody may use, and that the internet does not route: private ones (RFC 1918,
    /// RFC 4193) and shared ones (RFC 6598).
    pub fn private() -> Self {
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
            .iter()
            .filter_map(|prefix| prefix.parse::<IpNet>().ok())
            .collect()
    }

    /// Whether there is no address in it.
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The addresses that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// The addresses that are in any of them.
    pub fn union_all<'a>(sets: impl Iterator<Item = &'a Self> + Clone) -> Self {
        Self {
            v4: Ranges::collect(sets.clone().flat_map(|set| set.v4.iter())),
            v6: Ranges::collect(sets.flat_map(|set| set.v6.iter())),
        }
    }

    /// The addresses that are in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// The addresses that are not in the other.
    #[must_use]
    pub fn subtract(&self, other: &Self) -> Self {
        Self { v4: self.v4.subtract(&other.v4), v6: self.v6.subtract(&other.v6) }
    }

    /// Whether every address of the other is in this set.
    pub fn contains_all(&self, other: &Self) -> bool {
        self.v4.contains_all(&other.v4) && self.v6.contains_all(&other.v6)
    }

    /// The IPv4 addresses.
    #[must_use]
    pub fn only_v4(&self) -> Self {
        Self { v4: self.v4.clone(), v6: Ranges::default() }
    }

    /// The IPv6 addresses.
    #[must_use]
    pub fn only_v6(&self) -> Self {
        Self { v4: Ranges::default(), v6: self.v6.clone() }
    }

    /// The IPv4 and the IPv6 addresses as numbers.
    pub fn families(&self) -> [&Ranges; 2] {
        [&self.v4, &self.v6]
    }

    /// The set of these IPv4 and IPv6 addresses.
    pub fn of_families([v4, v6]: [Ranges; 2]) -> Self {
        Self { v4, v6 }
    }

    /// The prefixes in a sentence: all of a few, the first of many.
    pub fn told(&self) -> String {
        let all: Vec<String> = self.cidrs().into_iter().map(text).collect();
        told(&all)
    }

    /// The fewest prefixes that make up the set, in order.
    pub fn cidrs(&self) -> Vec<IpNet> {
        let v4 = self.v4.iter().flat_map(|(first, last)| {
            Ipv4Subnets::new(v4_address(first), v4_address(last), 0).map(IpNet::V4)
        });
        let v6 = self.v6.iter().flat_map(|(first, last)| {
            Ipv6Subnets::new(Ipv6Addr::from(first), Ipv6Addr::from(last), 0).map(IpNet::V6)
        });
        v4.chain(v6).collect()
    }
}

fn v4_address(number: u128) -> Ipv4Addr {
    Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))
}

impl FromIterator<IpNet> for AddressSet {
    fn from_iter<I: IntoIterator<Item = IpNet>>(prefixes: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for prefix in prefixes {
            match prefix {
                IpNet::V4(net) => {
                    v4.push((u32::from(net.network()).into(), u32::from(net.broadcast()).into()));
                }
                IpNet::V6(net) => v6.push((u128::from(net.network()), u128::from(net.broadcast()))),
            }
        }
        Self { v4: Ranges::collect(v4), v6: Ranges::collect(v6) }
    }
}

impl From<IpNet> for AddressSet {
    fn from(prefix: IpNet) -> Self {
        Self::from_iter([prefix])
    }
}

impl From<IpAddr> for AddressSet {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => IpNet::V4(Ipv4Net::from(address)).into(),
            IpAddr::V6(address) => IpNet::V6(Ipv6Net::from(address)).into(),
        }
    }
}

/// As many as a sentence bears.
const FEW: usize = 8;

/// Texts in a sentence: all of a few, the first of many.
pub fn told(all: &[String]) -> String {
    if all.len() <= FEW {
        return all.join(", ");
    }
    let shown = FEW - 2;
    format!("{} and {} more", all[..shown].join(", "), all.len() - shown)
}

/// A single address is written without a length.
fn text(prefix: IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.addr().to_string()
    } else {
        prefix.to_string()
    }
}

/// The prefixes, comma-separated; single addresses without a length.
impl fmt::Display for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.cidrs().into_iter().map(text).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::AddressSet;

    fn set(prefixes: &[&str]) -> AddressSet {
        prefixes.iter().map(|prefix| prefix.parse().unwrap()).collect()
    }

    #[test]
    fn prefixes_come_back_as_few_as_possible() {
        assert_eq!(set(&["10.0.1.0/24", "10.0.0.0/24", "10.0.0.7/32"]).to_string(), "10.0.0.0/23");
        assert_eq!(AddressSet::everything().to_string(), "0.0.0.0/0, ::/0");
    }

    #[test]
    fn of_many_prefixes_the_first_are_told() {
        let many = |count: u8| -> AddressSet {
            (0..count).map(|at| format!("10.0.{}.0/24", at * 2).parse::<ipnet::IpNet>().unwrap()).collect()
        };
        assert_eq!(many(8).told(), many(8).to_string());
        let told =
            "10.0.0.0/24, 10.0.2.0/24, 10.0.4.0/24, 10.0.6.0/24, 10.0.8.0/24, 10.0.10.0/24 and 34 more";
        assert_eq!(many(40).told(), told);
    }

    #[test]
    fn a_hole_is_cut_out_exactly() {
        let left = set(&["10.0.0.0/30"]).subtract(&set(&["10.0.0.1/32"]));
        assert_eq!(left.to_string(), "10.0.0.0, 10.0.0.2/31");
    }

    #[test]
    fn ipv4_and_ipv6_never_meet() {
        assert!(set(&["0.0.0.0/0"]).intersect(&set(&["::/0"])).is_empty());
    }
}

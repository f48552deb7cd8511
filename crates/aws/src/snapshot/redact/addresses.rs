//! Prefix-preserving replacement of addresses: two addresses that share their first n bits
//! still share exactly n bits afterwards, so containment, overlap and sizes survive.
//!
//! Each bit is flipped or not by a keyed hash of the bits before it. Where meaning depends on
//! the bits themselves (private ranges, link-local, a VPC's resolver at base + 2), the flips are
//! pinned to "not", which keeps the replacement prefix-preserving.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sha2::{Digest, Sha256};

use crate::snapshot::aws::Aws;

/// Ranges that stay themselves, while what is inside changes.
const CLASSES: &[&str] = &[
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    // The Docker bridge, which EKS documents as a range to keep free.
    "172.17.0.0/16",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.19.0.0/16",
    "2000::/3",
    "fc00::/7",
    "fd00::/8",
];

/// Ranges in which every address means something by itself.
const FIXED: &[&str] = &[
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/8",
    "64:ff9b::/96",
    "fd00:ec2::/32",
    "fe80::/10",
    "ff00::/8",
];

/// The first `length` bits of `bits`, left-aligned; IPv4 uses the top 32.
#[derive(Clone, Copy, Debug)]
struct Prefix {
    v6: bool,
    bits: u128,
    length: u8,
}

impl Prefix {
    fn of(net: IpNet) -> Self {
        let (v6, bits) = to_bits(net.network());
        Self { v6, bits, length: net.prefix_len() }
    }

    fn starts(&self, v6: bool, bits: u128) -> bool {
        self.v6 == v6 && top(bits, self.length) == self.bits
    }
}

/// The keyed replacement of one snapshot's addresses.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    key: [u8; 32],
    classes: Vec<Prefix>,
    fixed: Vec<Prefix>,
    /// VPC prefixes, whose resolver stays at base + 2.
    vpcs: Vec<Prefix>,
    /// Service prefixes, whose DNS stays at base + 10.
    services: Vec<Prefix>,
}

impl Addresses {
    pub(super) fn new(key: [u8; 32], aws: &Aws) -> Self {
        let parse = |ranges: &[&str]| {
            ranges.iter().filter_map(|range| range.parse().ok()).map(Prefix::of).collect::<Vec<_>>()
        };
        let own = aws.vpcs.iter().flatten().flat_map(|vpc| {
            let more = vpc.cidr_block_association_set.iter().filter_map(|set| set.cidr_block.as_deref());
            vpc.cidr_block.as_deref().into_iter().chain(more)
        });
        let peers = aws
            .vpc_peering_connections
            .iter()
            .flatten()
            .flat_map(|peering| [&peering.requester_vpc_info, &peering.accepter_vpc_info])
            .flatten()
            .flat_map(|side| {
                let more = side.cidr_block_set.iter().filter_map(|block| block.cidr_block.as_deref());
                side.cidr_block.as_deref().into_iter().chain(more)
            });
        let vpcs = own.chain(peers).filter_map(|cidr| cidr.parse().ok()).map(Prefix::of).collect();
        let clusters = aws.cluster.iter().flatten();
        let services = clusters
            .filter_map(|cluster| cluster.kubernetes_network_config.as_ref())
            .flat_map(|network| [&network.service_ipv4_cidr, &network.service_ipv6_cidr])
            .flatten()
            .filter_map(|cidr| cidr.parse().ok())
            .map(Prefix::of)
            .collect();
        Self { key, classes: parse(CLASSES), fixed: parse(FIXED), vpcs, services }
    }

    /// The prefix that stands for this one.
    pub(super) fn net(&self, net: IpNet) -> IpNet {
        // Host bits are kept meaningful: `10.0.0.5/16` becomes the same address in the same prefix.
        let length = if net.addr() == net.network() { net.prefix_len() } else { net.max_prefix_len() };
        let replaced = self.replace(net.addr(), length);
        match replaced {
            IpAddr::V4(address) => Ipv4Net::new(address, net.prefix_len()).map_or(net, IpNet::V4),
            IpAddr::V6(address) => Ipv6Net::new(address, net.prefix_len()).map_or(net, IpNet::V6),
        }
    }

    /// The address that stands for this one.
    pub(super) fn address(&self, address: IpAddr) -> IpAddr {
        self.replace(address, if address.is_ipv4() { 32 } else { 128 })
    }

    /// An address or a prefix in text, if that is what it is.
    pub(super) fn text(&self, text: &str) -> Option<String> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(self.address(address).to_string());
        }
        text.parse::<IpNet>().ok().map(|net| self.net(net).to_string())
    }

    fn replace(&self, address: IpAddr, length: u8) -> IpAddr {
        let (v6, bits) = to_bits(address);
        let mut out = 0u128;
        for depth in 0..length {
            let before = top(bits, depth);
            let bit = (bits >> (127 - depth)) & 1;
            let flip = u128::from(!self.pinned(v6, before, depth) && self.flips(v6, before, depth));
            out |= (bit ^ flip) << (127 - depth);
        }
        from_bits(v6, out)
    }

    fn pinned(&self, v6: bool, before: u128, depth: u8) -> bool {
        let on_the_way =
            |class: &Prefix| class.v6 == v6 && depth < class.length && top(class.bits, depth) == before;
        let towards = |prefix: &Prefix, host: u128| {
            let host = host << if v6 { 0 } else { 96 };
            prefix.v6 == v6 && depth >= prefix.length && top(prefix.bits | host, depth) == before
        };
        self.classes.iter().chain(&self.fixed).any(on_the_way)
            || self.fixed.iter().any(|fixed| depth >= fixed.length && fixed.starts(v6, before))
            || self.vpcs.iter().any(|vpc| towards(vpc, 2))
            || self.services.iter().any(|services| towards(services, 10))
    }

    fn flips(&self, v6: bool, before: u128, depth: u8) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update([u8::from(v6), depth]);
        hash.update(before.to_be_bytes());
        hash.finalize().first().is_some_and(|byte| byte & 1 == 1)
    }
}

fn top(bits: u128, length: u8) -> u128 {
    if length == 0 { 0 } else { bits & (u128::MAX << (128 - u32::from(length))) }
}

fn to_bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(address.to_bits()) << 96),
        IpAddr::V6(address) => (true, address.to_bits()),
    }
}

fn from_bits(v6: bool, bits: u128) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from_bits(bits))
    } else {
        let [a, b, c, d, ..] = bits.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    }
}

//! NAT64: a NAT gateway turns IPv6 packets for `64:ff9b::/96` into IPv4 packets of its own, for the address
//! in the last 32 bits.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>

use ipnet::IpNet;
use privek_core::known::Missing;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports;
use privek_core::sets::ranges::Ranges;

use crate::network::segment::Segment;
use crate::network::{End, EndKind, Groups, TraceLog};

use super::reasoner::Reasoner;
use super::run::Run;

/// Whether all these addresses stand for IPv4 addresses.
pub(crate) fn is_translated(addresses: &AddressSet) -> bool {
    let prefix = "64:ff9b::/96".parse::<IpNet>().ok().into_iter().collect::<AddressSet>();
    !addresses.is_empty() && prefix.contains_all(addresses)
}

/// The IPv4 addresses that they stand for.
fn embedded(addresses: &AddressSet) -> AddressSet {
    let last = |address: u128| address & u128::from(u32::MAX);
    let [_, v6] = addresses.families();
    AddressSet::of_families([
        Ranges::collect(v6.iter().map(|(first, end)| (last(first), last(end)))),
        Ranges::default(),
    ])
}

impl<'s> Reasoner<'s> {
    /// The destinations of the IPv4 packets that a NAT gateway makes.
    pub(crate) fn behind_nat64(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        gateway: &str,
    ) -> Vec<Segment<'s>> {
        let others = run.points.subtract(&ports::translated());
        if !others.is_empty() {
            let what = format!("NAT64 of {} by {gateway}", ports::describe(&others));
            log.missing([Missing::unmodelled(what)]);
        }
        let mut parts = Vec::new();
        for cidr in embedded(&run.to.addresses).cidrs() {
            let kind = EndKind::Addresses { cidr, via: None, groups: Groups::Undeclared };
            let end = End { label: run.to.label.clone(), kind };
            let resolved = self.resolve(&end, None, false);
            log.missing(resolved.missing);
            resolved.blockers.into_iter().for_each(|blocker| log.block(blocker));
            for part in resolved.parts {
                if let Some(service) = part.service {
                    let what = format!("the path from {gateway} to {}", service.name());
                    log.missing([Missing::unmodelled(what)]);
                } else {
                    parts.push(part);
                }
            }
        }
        parts
    }
}

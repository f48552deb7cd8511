//! What comes from the internet: to addresses with a public address, or public themselves.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::path::Leg;

use crate::network::segment::{Location, Segment};
use crate::network::{BlockerCode, Groups, TraceLog};
use crate::snapshot::aws::ec2::NetworkInterface;

use super::reasoner::Reasoner;
use super::run::{Run, at, public};

const KIND: &str = "network-interface";

impl<'s> Reasoner<'s> {
    /// The network interface behind a public address: an internet gateway translates one to one between
    /// the public and the private address.
    pub(crate) fn behind_public_address(&self, from: &Segment<'s>, to: &Segment<'s>) -> Option<Segment<'s>> {
        if !public().contains_all(&from.addresses) {
            return None;
        }
        let (interface, private) = self.with_public_address(to)?;
        let subnet = self.subnet(interface.subnet_id.as_deref()?).ok()?;
        let place = Location::Inside { subnet, vpc: self.vpc_of(subnet).ok()? };
        let what = interface.network_interface_id.clone();
        let mut part = Segment::new(&to.label, what, place, private.into(), Groups::Undeclared);
        self.apply_interface(&mut part, interface);
        part.interface = Some(&interface.network_interface_id);
        part.mapped = Some(private.into());
        Some(part)
    }

    /// The network interface with exactly this public address, and the private address that it is for.
    pub(crate) fn with_public_address(&self, to: &Segment<'s>) -> Option<(&'s NetworkInterface, IpNet)> {
        let [wanted] = to.addresses.cidrs()[..] else { return None };
        if wanted.prefix_len() < wanted.max_prefix_len() || !public().contains_all(&to.addresses) {
            return None;
        }
        let wanted = wanted.addr().to_string();
        self.interfaces.values().copied().find_map(|interface| {
            let primary = (interface.private_ip_address.as_deref(), interface.association.as_ref());
            let others = interface.private_ip_addresses.iter();
            let others = others.map(|one| (one.private_ip_address.as_deref(), one.association.as_ref()));
            let mut all = std::iter::once(primary).chain(others);
            all.find_map(|(private, association)| {
                (association?.public_ip.as_deref()? == wanted)
                    .then(|| private?.parse::<IpAddr>().ok().map(IpNet::from))?
            })
            .map(|private| (interface, private))
        })
    }

    /// A NAT gateway answers none but the connections that it began:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>.
    #[allow(clippy::unused_self, reason = "called like its siblings, which ask the network")]
    pub(crate) fn block_unsolicited(&self, log: &mut TraceLog, to: &Segment<'s>) {
        let reason =
            format!("{} is of a NAT gateway, which drops connections that it did not begin", to.what);
        log.hop(Leg::Request, KIND, &to.what, "drop", &reason);
        log.block(at(BlockerCode::NeverForwarded, KIND, &to.what, Some(Leg::Request), reason));
    }

    /// What keeps a network interface from the internet's packets, whatever the routes say
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>).
    #[allow(clippy::unused_self, reason = "called like its siblings, which ask the network")]
    pub(crate) fn check_unsolicited(&self, log: &mut TraceLog, run: Run<'_, 's>) {
        if run.to.denies_internet {
            let id = run.to.interface.unwrap_or(&run.to.what);
            let reason = format!("{id} drops packets from the internet (DenyAllIgwTraffic)");
            log.hop(run.leg, KIND, id, "drop", &reason);
            log.block(at(BlockerCode::NeverForwarded, KIND, id, Some(run.leg), reason));
        }
    }
}

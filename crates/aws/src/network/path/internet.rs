//! Internet gateways, for who has a public address, and egress-only internet gateways for IPv6.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
//! <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>

use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;

use crate::network::{BlockerCode, PublicAddresses, TraceLog};
use crate::snapshot::aws::ec2::{GatewayAttachment, Subnet};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{Arrival, Decider, Run, SubnetHop, at, block_never, kind, public};

impl<'s> Reasoner<'s> {
    pub(crate) fn over_internet_gateway(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        let hop = decider.hop;
        let (name, collection) = match kind(id) {
            "eigw" => ("egress-only-internet-gateway", "EgressOnlyInternetGateways"),
            _ => ("internet-gateway", "InternetGateways"),
        };
        let attachments = match kind(id) {
            "eigw" => self.egress_only_gateways.get(id).map(|gateway| &gateway.attachments),
            _ => self.internet_gateways.get(id).map(|gateway| &gateway.attachments),
        };
        match attachments.map(|attachments| is_attached(attachments, hop.vpc)) {
            Some(Some(true)) => log.hop(run.leg, name, id, "forward", "to the internet"),
            Some(Some(false)) => {
                let reason = format!("{id} is not attached to {}", hop.vpc);
                log.hop(run.leg, name, id, "drop", &reason);
                let mut blocker = at(BlockerCode::GatewayDetached, name, id, None, reason);
                blocker.remedy.vpc = Some(hop.vpc.to_owned());
                log.block(blocker);
            }
            Some(None) | None => {
                log.hop(run.leg, name, id, "unknown", "the attachment was not read");
                log.missing(self.missing(collection, id));
            }
        }
        self.check_public_access(log, run, (hop, id));
        let needs_public_address = self.check_internet_firewall(log, run, decider, id);
        if let Some(nat) = run.from.translator {
            if nat.connectivity_type.as_deref() == Some("private") {
                let nat = &nat.nat_gateway_id;
                let reason = format!(
                    "{nat} is a private NAT gateway, and {id} drops packets from private NAT gateways"
                );
                return block_never(log, run, nat, reason);
            }
        } else if needs_public_address {
            self.check_public_address(log, run, (hop, id));
        }
        if let (Leg::Request, Some((interface, _))) = (run.leg, self.with_public_address(run.to)) {
            let what = format!(
                "the path from {id} to {}, the network interface with public address {}",
                interface.network_interface_id,
                run.to.addresses.told()
            );
            log.missing([Missing::unmodelled(what)]);
        }
        log.assume(format!("The internet behind {id} carries packets to {} and replies.", run.to.label));
        vec![Arrival::outside(run, Edge::Internet { id: id.to_owned(), vpc: hop.vpc })]
    }

    /// An internet gateway forwards IPv4 only for addresses with a public address, and IPv6 only
    /// for those that are public themselves.
    fn check_public_address(&self, log: &mut TraceLog, run: Run<'_, 's>, (hop, id): (SubnetHop<'s>, &str)) {
        let from = run.from;
        let v6 = !from.addresses.only_v6().is_empty();
        let subnet = &hop.subnet.subnet_id;
        let without = match (&from.mapped, &from.public) {
            _ if v6 => from.addresses.subtract(&self.public_v6(hop.vpc)),
            (Some(mapped), _) => from.addresses.subtract(mapped),
            (None, PublicAddresses::Assigned) => {
                return log
                    .assume(format!("{} has the public addresses that AWS assigns at launch.", from.label));
            }
            (None, PublicAddresses::Unread(missing)) => return log.missing(missing.clone()),
            (None, PublicAddresses::Lacking(_)) => from.addresses.clone(),
            (None, PublicAddresses::BySubnet) => match hop.subnet.map_public_ip_on_launch {
                Some(true) => {
                    return log.assume(format!(
                        "{} has public addresses: {subnet} assigns public addresses at launch.",
                        from.label
                    ));
                }
                Some(false) => from.addresses.clone(),
                None => return log.missing(self.missing("Subnets", subnet)),
            },
        };
        if without.is_empty() {
            return;
        }
        let (kind, object, reason) = match (from.interface, from.mapped.is_some()) {
            (Some(interface), _) => (
                "network-interface",
                interface,
                format!("{interface} has no public address for {}", without.told()),
            ),
            (None, true) => (
                "subnet",
                subnet.as_str(),
                format!("network interfaces with {} have no public address", without.told()),
            ),
            (None, false) => {
                let reason = match &from.public {
                    PublicAddresses::Lacking(reason) => reason.clone(),
                    _ => format!("{subnet} assigns no public addresses at launch"),
                };
                ("subnet", subnet.as_str(), reason)
            }
        };
        let reason = format!("{reason}, and {id} requires a public address");
        log.hop(run.leg, kind, object, "drop", &reason);
        let mut blocker = at(BlockerCode::PublicAddressMissing, kind, object, Some(run.leg), reason);
        blocker.part = from.part(&without);
        blocker.remedy.cidrs = without.cidrs().iter().map(ToString::to_string).collect();
        // What a launch template turns off, the subnet does not turn on; and without the group of a Local Zone
        // no public address can be named.
        let by_subnet = from.mapped.is_some() || !matches!(from.public, PublicAddresses::Lacking(_));
        if let (Ok(group), true) = (self.border_group(hop.subnet), by_subnet) {
            blocker.remedy.subnet = Some(subnet.clone());
            blocker.remedy.network_border_group = group;
        }
        log.block(blocker);
    }

    /// The addresses that are public themselves in a VPC: not those of its private IPv6 prefixes.
    pub(crate) fn public_v6(&self, vpc: &str) -> AddressSet {
        public().subtract(&self.private_v6(vpc).into_iter().collect())
    }

    /// What VPC Block Public Access does in a VPC, or in one of its subnets; `None` where AWS did not say.
    fn public_access_mode<'n>(&'n self, vpc: &str, subnet: Option<&'n Subnet>) -> Option<&'n str> {
        // Exclusions show in the subnet's own state.
        let own = subnet.and_then(|subnet| subnet.block_public_access_states.as_ref());
        let vpc = || self.vpcs.get(vpc).and_then(|vpc| vpc.block_public_access_states.as_ref());
        own.or_else(vpc)?.internet_gateway_block_mode.as_deref()
    }

    /// Whether VPC Block Public Access keeps a VPC, or one of its subnets, from the internet; `outbound_only`
    /// is what a NAT gateway or an egress-only gateway sends there.
    pub(crate) fn public_access_stops(
        &self,
        vpc: &str,
        subnet: Option<&Subnet>,
        outbound_only: bool,
    ) -> bool {
        self.public_access_mode(vpc, subnet).is_some_and(|mode| is_stopped(mode, outbound_only))
    }

    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
    fn check_public_access(&self, log: &mut TraceLog, run: Run<'_, 's>, (hop, id): (SubnetHop<'s>, &str)) {
        let outbound_only = run.from.translator.is_some() || kind(id) == "eigw";
        let mode = self.public_access_mode(hop.vpc, Some(hop.subnet));
        let Some(stops) = mode.map(|mode| is_stopped(mode, outbound_only)) else {
            return log.assume(format!("VPC Block Public Access blocks nothing in {}.", hop.vpc));
        };
        if stops {
            let subnet = &hop.subnet.subnet_id;
            let reason = format!(
                "VPC Block Public Access ({}) blocks packets from {subnet} to {id}",
                mode.unwrap_or_default()
            );
            log.hop(run.leg, "subnet", subnet, "drop", &reason);
            let mut blocker = at(BlockerCode::PublicAccessBlocked, "subnet", subnet, Some(run.leg), reason);
            blocker.remedy.subnet = Some(subnet.clone());
            blocker.remedy.state =
                Some(if outbound_only { "allow-egress" } else { "allow-bidirectional" }.to_owned());
            log.block(blocker);
        }
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
fn is_stopped(mode: &str, outbound_only: bool) -> bool {
    match mode {
        "block-bidirectional" => true,
        "block-ingress" => !outbound_only,
        _ => false,
    }
}

/// Whether a gateway is attached to a VPC, if that was read.
pub(crate) fn is_attached(attachments: &[GatewayAttachment], vpc: &str) -> Option<bool> {
    let its = attachments.iter().filter(|attachment| attachment.vpc_id.as_deref() == Some(vpc));
    let states: Option<Vec<&str>> = its.map(|attachment| attachment.state.as_deref()).collect();
    states.map(|states| states.iter().any(|state| matches!(*state, "available" | "attached")))
}

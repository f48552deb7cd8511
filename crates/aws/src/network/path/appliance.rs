//! What packets pass on their way that is neither AWS's nor of a VPC's own: an instance, a firewall
//! behind a VPC endpoint, a network on premises. What it forwards is not to be read in AWS.

use privek_core::known::Missing;

use crate::network::TraceLog;

use super::reasoner::Reasoner;
use super::run::{Arrival, Decider, Run, block_never, kind};

impl<'s> Reasoner<'s> {
    /// To a network interface: one with source/destination check drops what is not for itself.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html#EIP_Disable_SrcDestCheck>
    pub(crate) fn over_interface(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        if kind(id) == "eni" {
            match self.interface(id).map(|interface| interface.source_dest_check) {
                Ok(Some(true)) => {
                    let told = decider.addresses.told();
                    let reason = format!(
                        "{} sends {told} to {id}, whose source/destination check drops packets for other addresses",
                        decider.table.route_table_id
                    );
                    return block_never(log, run, id, reason);
                }
                Ok(Some(false)) => {}
                Ok(None) => log.missing(self.missing("NetworkInterfaces", id)),
                Err(missing) => log.missing(missing),
            }
        }
        self.over_unknown(log, run, decider, id)
    }

    /// To something whose forwarding is not modelled.
    #[allow(clippy::unused_self, reason = "called like its siblings, which ask the network")]
    pub(crate) fn over_unknown(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        let table = &decider.table.route_table_id;
        let what = format!("forwarding of {} by {id}, the target in {table}", decider.addresses.told());
        log.hop(run.leg, "route-target", id, "unknown", "not modelled");
        log.missing([Missing::unmodelled(what)]);
        Vec::new()
    }

    /// To a network on premises on the way to a VPC: whether that network forwards is not known.
    #[allow(clippy::unused_self, reason = "called like its siblings, which ask the network")]
    pub(crate) fn over_premises(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (name, id, by): (&str, &str, &str),
    ) -> Vec<Arrival<'s>> {
        let told = run.to.told(&run.to.addresses);
        log.hop(run.leg, name, id, "unknown", &format!("the connected network decides about {told}"));
        let what = format!("forwarding of {told} by the network behind {id}, the next hop in {by}");
        log.missing([Missing::unmodelled(what)]);
        Vec::new()
    }

    /// Whether a network on premises may have a path into a VPC, or out of it: by a virtual private gateway
    /// or a transit gateway of the VPC.
    pub(crate) fn may_meet_premises(&self, vpc: &str) -> bool {
        self.vpn_gateways_by_vpc.contains_key(vpc)
            || self.transit_gateways_by_vpc.contains_key(vpc)
            || !self.covers("VpnGateways", vpc)
            || !self.covers("TransitGatewayVpcAttachments", vpc)
    }

    /// Whether a virtual private gateway is no next hop for packets: they are for the VPC itself, or for a
    /// VPC that no network on premises has a path to.
    pub(crate) fn is_vain_on_premises(&self, run: Run<'_, 's>, vpc: &str) -> bool {
        run.to.vpc().is_some_and(|to| to == vpc || !self.may_meet_premises(to))
    }
}

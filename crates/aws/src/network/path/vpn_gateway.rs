//! Virtual private gateways, for VPN and Direct Connect alike.
//!
//! <https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html>

use crate::network::{BlockerCode, TraceLog};

use super::edge::Edge;
use super::internet::is_attached;
use super::reasoner::Reasoner;
use super::run::{Arrival, Decider, Run, at};

impl<'s> Reasoner<'s> {
    pub(crate) fn over_vpn_gateway(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        const KIND: &str = "vpn-gateway";
        let vpc = decider.hop.vpc;
        let arrival = || match run.to.vpc() {
            Some(_) => Vec::new(),
            None => vec![Arrival::outside(run, Edge::Vpn { id: id.to_owned(), vpc })],
        };
        let Some(gateway) = self.vpn_gateways.get(id) else {
            log.hop(run.leg, KIND, id, "unknown", "the VPN gateway was not read");
            log.missing(self.missing("VpnGateways", id));
            return arrival();
        };
        let Some(attached) = is_attached(&gateway.vpc_attachments, vpc) else {
            log.hop(run.leg, KIND, id, "unknown", "the attachment was not read");
            log.missing(self.missing("VpnGateways", id));
            return arrival();
        };
        if !Self::forwards(log, run, (KIND, id), gateway.state.as_deref()) {
            return arrival();
        }
        if !attached {
            let reason = format!("{id} is not attached to {vpc}");
            log.hop(run.leg, KIND, id, "drop", &reason);
            let mut blocker = at(BlockerCode::GatewayDetached, KIND, id, None, reason);
            blocker.remedy.vpc = Some(vpc.to_owned());
            log.block(blocker);
            return arrival();
        }
        if run.to.vpc().is_some() {
            return self.over_premises(log, run, (KIND, id, &decider.table.route_table_id));
        }
        let told = format!("the connected network contains {}", decider.addresses.told());
        log.hop(run.leg, KIND, id, "assumed", &told);
        log.assume(format!(
            "The VPN or Direct Connect behind {id} connects {} and routes both directions.",
            run.to.label
        ));
        arrival()
    }
}

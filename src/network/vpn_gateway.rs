//! Virtual private gateways, for VPN and Direct Connect alike.
//!
//! <https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html>

use super::{
    BlockerCode, Missing, Network,
    connection::Connection,
    leg::{Decider, Run, at},
    route::Way,
    story::Story,
};

impl<'s> Network<'s> {
    pub(super) fn over_vpn_gateway(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Option<Connection> {
        const KIND: &str = "vpn-gateway";
        let Some(gateway) = self.vpn_gateways.get(id) else {
            story.hop(run.leg, KIND, id, "unknown", "the gateway was not read");
            story.missing(self.missing("VpnGateways", id));
            return None;
        };
        let attached = gateway.vpc_attachments.iter().any(|attachment| {
            attachment.vpc_id.as_deref() == Some(decider.vpc)
                && attachment.state.as_deref() == Some("attached")
        });
        if !attached {
            let reason = format!("{id} is not attached to {}", decider.vpc);
            story.hop(run.leg, KIND, id, "drop", &reason);
            let mut blocker = at(BlockerCode::GatewayDetached, KIND, id, None, reason);
            blocker.remedy.vpc = Some(decider.vpc.to_owned());
            story.block(blocker);
            return None;
        }
        story.hop(
            run.leg,
            KIND,
            id,
            "assumed",
            &format!("the network behind it holds {}", decider.addresses),
        );
        story.assume(format!(
            "The VPN or Direct Connect behind {id} connects {} and routes it both ways.",
            run.to.label
        ));
        Some(Connection::VpnGateway(id.to_owned()))
    }

    /// A route table of a gateway may send what comes in to an appliance:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html>
    pub(super) fn check_gateway_routes(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (gateway, vpc): (&str, &'s str),
    ) {
        let Some(table) = self.associated_tables.get(gateway) else { return };
        for piece in self.routes(table, vpc, &run.to.addresses) {
            if !matches!(piece.way, Way::Local(_)) {
                let what = format!(
                    "the gateway route table {}: where it sends {}",
                    table.route_table_id, piece.addresses
                );
                story.missing([Missing::unmodelled(what)]);
            }
        }
    }
}

//! From one transit gateway to another over a peering attachment, which each of the two lists under one
//! id, with a route table of its own. Its routes are static.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html>

use privek_core::known::Missing;

use crate::network::TraceLog;

use super::reasoner::Reasoner;
use super::run::{ATTACHMENT, Arrival, Origin, Run};
use super::transit::Step;

/// More transit gateways in a row than anyone needs.
const MOST: u8 = 4;

impl<'s> Reasoner<'s> {
    /// Over a peering attachment, and on by the other gateway's route table.
    pub(crate) fn over_transit_peering(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        step: Step<'_, 's>,
        (id, peer): (&str, Option<&str>),
    ) -> Vec<Arrival<'s>> {
        let near = self.attachment_of(step.gateway, id);
        self.check_outward_attachment(log, run, (step.gateway, id, "other transit gateway"), near);
        let peer = near.and_then(|its| its.resource_id.as_deref()).or(peer);
        let far = peer.and_then(|peer| Some((peer, self.attachment_of(peer, id)?)));
        let Some((peer, _)) = far else {
            let peer = peer.unwrap_or("the other transit gateway");
            log.hop(run.leg, ATTACHMENT, id, "unknown", &format!("the attachments of {peer} were not read"));
            log.missing(self.missing("TransitGatewayAttachments", peer));
            return Vec::new();
        };
        let crossings = step.origin.crossings + 1;
        if crossings > MOST {
            let what = format!("paths over more than {MOST} transit gateway peering attachments");
            log.missing([Missing::unmodelled(what)]);
            return Vec::new();
        }
        log.hop(run.leg, ATTACHMENT, id, "forward", &format!("peering of {} with {peer}", step.gateway));
        // What comes from elsewhere may leave in any zone.
        let origin = Origin { subnet: None, crossings, ..step.origin };
        self.leave_attachment(log, run, (peer, id), origin)
    }

    /// Whether packets for a VPC go from this gateway to another one, because the VPC is attached there only.
    pub(crate) fn is_behind_peering(&self, gateway: &str, vpc: &str) -> bool {
        !self.vpc_attachments.contains_key(&(gateway, vpc)) && self.peering_towards(gateway, vpc).is_some()
    }

    /// The peering attachment of a gateway to one that a VPC is attached to.
    pub(crate) fn peering_towards(&self, gateway: &str, vpc: &str) -> Option<&'s str> {
        let mut theirs = self.transit_gateways_by_vpc.get(vpc)?.iter();
        let peering = theirs.find_map(|far| self.peering_attachment(gateway, far))?;
        Some(peering.transit_gateway_attachment_id.as_str())
    }
}

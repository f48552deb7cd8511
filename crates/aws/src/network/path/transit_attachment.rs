//! Attachments to transit gateways: whether one is there, in the sender's zone, and forwards.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>

use privek_core::known::Missing;

use crate::network::index::zone::ZoneKind;
use crate::network::tables::compiled::Direction;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::{Subnet, TransitGatewayAttachment, TransitGatewayVpcAttachment};

use super::reasoner::Reasoner;
use super::run::{ATTACHMENT, GATEWAY, Run, at};

impl<'s> Reasoner<'s> {
    /// The available attachment of a VPC.
    pub(crate) fn vpc_attachment(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        gateway: &str,
        vpc: &str,
    ) -> Option<&'s TransitGatewayVpcAttachment> {
        let attachments = self.vpc_attachments.get(&(gateway, vpc)).map(Vec::as_slice).unwrap_or_default();
        if let Some(found) = attachments.iter().find(|attachment| is_available(attachment)) {
            return Some(found);
        }
        if let Some(attachment) = attachments.first() {
            self.block_attachment(log, run, attachment, vpc);
            return Some(attachment);
        }
        if !self.covers("TransitGatewayVpcAttachments", vpc) {
            log.hop(run.leg, GATEWAY, gateway, "unknown", "the attachments were not read");
            log.missing(self.missing("TransitGatewayVpcAttachments", vpc));
            return None;
        }
        let reason = format!("{gateway} has no attachment to {vpc}");
        log.hop(run.leg, GATEWAY, gateway, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayAttachment, GATEWAY, gateway, None, reason);
        blocker.remedy.vpc = Some(vpc.to_owned());
        blocker.remedy.subnets = self.subnets_to_attach(vpc).into_values().map(ToOwned::to_owned).collect();
        blocker.remedy.more_to_come = !self.routes_by_itself(gateway);
        log.block(blocker);
        None
    }

    /// Subnets reach a transit gateway only where their own zone has an attachment:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
    pub(crate) fn check_zone(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        subnet: &'s Subnet,
        attachment: &TransitGatewayVpcAttachment,
    ) {
        let id = attachment.transit_gateway_attachment_id.as_str();
        let mut unread = Vec::new();
        let mut found = false;
        for other in &attachment.subnet_ids {
            let Some(its) = self.subnets.get(other.as_str()) else {
                unread.extend(self.missing("Subnets", other));
                continue;
            };
            match self.same_attachment_zone(subnet, its) {
                Ok(true) => {
                    found = true;
                    let by = format!("{other} in {}", self.attachment_zone(subnet).unwrap_or("its zone"));
                    log.hop(run.leg, ATTACHMENT, id, "forward", &by);
                    // What goes to a transit gateway enters the attachment's subnet, even if it is the sender's own:
                    // https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
                    self.check_acl(log, run.leg, (other, Direction::Inbound), run.from, run.points);
                }
                Ok(false) => {}
                Err(missing) => unread.extend(missing),
            }
        }
        if found {
            return;
        }
        if !unread.is_empty() {
            return log.missing(unread);
        }
        let zone = self.attachment_zone(subnet).unwrap_or("its zone");
        let regional = self.zone_kind(subnet) == Ok(ZoneKind::Regional);
        let whose = if regional { "zone" } else { "parent zone" };
        let reason = format!("{id} has no subnet in {zone}, the {whose} of {}", subnet.subnet_id);
        log.hop(run.leg, ATTACHMENT, id, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayZone, ATTACHMENT, id, Some(run.leg), reason);
        let vpc = attachment.vpc_id.as_deref().unwrap_or_default();
        let chosen = self.subnet_to_attach(vpc, zone);
        let chosen = chosen.or_else(|| regional.then_some(subnet.subnet_id.as_str()));
        blocker.remedy.subnet = chosen.map(str::to_owned);
        log.block(blocker);
        let Some(chosen) = chosen else { return };
        let mut unseen = TraceLog::default();
        self.check_acl(&mut unseen, run.leg, (chosen, Direction::Inbound), run.from, run.points);
        log.append_unseen(unseen);
    }

    /// Whether a gateway forwards in this state; one that is gone or about to be never does again.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGateway.html>
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnGateway.html>
    pub(crate) fn forwards(
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (kind, id): (&str, &str),
        state: Option<&str>,
    ) -> bool {
        match state.map(str::to_ascii_lowercase).as_deref() {
            None | Some("available") => true,
            Some(state @ ("deleting" | "deleted")) => {
                let reason = format!("{id} is {state}");
                log.hop(run.leg, kind, id, "drop", &reason);
                log.block(at(BlockerCode::NeverForwarded, kind, id, None, reason));
                false
            }
            Some(state) => {
                log.hop(run.leg, kind, id, "unknown", state);
                log.missing([Missing::unmodelled(format!("whether {id} forwards in state {state}"))]);
                true
            }
        }
    }

    /// An attachment of a VPC that is not available.
    pub(crate) fn block_attachment(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        attachment: &TransitGatewayVpcAttachment,
        vpc: &str,
    ) {
        let id = attachment.transit_gateway_attachment_id.as_str();
        let gateway = attachment.transit_gateway_id.as_deref().unwrap_or("a transit gateway");
        let Some(state) = attachment.state.as_deref() else {
            log.hop(run.leg, ATTACHMENT, id, "unknown", "the state of the attachment was not read");
            return log.missing(self.missing("TransitGatewayVpcAttachments", vpc));
        };
        let reason = format!("{id} is {state}, and does not connect {vpc} to {gateway}");
        if let Some(reason) = stops(log, run, (id, state), reason) {
            let mut blocker = at(BlockerCode::TransitGatewayAttachment, ATTACHMENT, id, None, reason);
            blocker.remedy.vpc = Some(vpc.to_owned());
            blocker.remedy.state = Some(state.to_owned());
            log.block(blocker);
        }
    }

    /// Whether an attachment of a network outside AWS forwards. Its state is that of the attachment, not of
    /// the VPN's tunnels or of BGP, which are on the far side of what is proved:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayAttachment.html>
    pub(crate) fn check_outward_attachment(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (gateway, id, kind): (&str, &str, &str),
        found: Option<&TransitGatewayAttachment>,
    ) {
        let Some(state) = found.and_then(|found| found.state.as_deref()) else {
            log.hop(run.leg, ATTACHMENT, id, "unknown", "the state of the attachment was not read");
            return log.missing(self.missing("TransitGatewayAttachments", id));
        };
        if state.eq_ignore_ascii_case("available") {
            return;
        }
        let reason = format!("{id} is {state}, and does not connect the {kind} to {gateway}");
        if let Some(reason) = stops(log, run, (id, state), reason) {
            let mut blocker = at(BlockerCode::TransitGatewayAttachment, ATTACHMENT, id, None, reason);
            // What accepts a VPC's attachment accepts no other.
            blocker.remedy.state = (state != "pendingAcceptance").then(|| state.to_owned());
            log.block(blocker);
        }
    }
}

/// The reason, where an attachment that is not available stops packets for certain.
fn stops(log: &mut TraceLog, run: Run<'_, '_>, (id, state): (&str, &str), reason: String) -> Option<String> {
    // AWS does not say whether an attachment forwards while it is changed, nor what a new state means.
    const STOPPED: &[&str] = &[
        "initiating",
        "initiatingRequest",
        "pendingAcceptance",
        "pending",
        "deleting",
        "deleted",
        "failed",
        "rejected",
        "rejecting",
        "failing",
    ];
    if !STOPPED.contains(&state) {
        log.hop(run.leg, ATTACHMENT, id, "unknown", state);
        log.missing([Missing::unmodelled(format!("whether {id} forwards in state {state}"))]);
        return None;
    }
    log.hop(run.leg, ATTACHMENT, id, "drop", &reason);
    Some(reason)
}

/// Whether a VPC's attachment forwards.
pub(crate) fn is_available(attachment: &TransitGatewayVpcAttachment) -> bool {
    attachment.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available"))
}

/// Whether an attachment is of a network outside AWS, of which nothing can be read.
pub(crate) fn is_private_network(kind: &str) -> bool {
    matches!(kind, "vpn" | "direct-connect-gateway" | "connect" | "vpn-concentrator" | "client-vpn")
}

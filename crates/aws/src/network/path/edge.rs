//! Edges: where packets leave what was read, and where packets from beyond enter.

use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::ranges::Ranges;

use crate::network::segment::Segment;
use crate::network::tables::compiled::{Direction, RouteOutcome};
use crate::network::tables::side::Connection;
use crate::network::{BlockerCode, TraceLog};

use super::reasoner::Reasoner;
use super::run::{Arrival, Origin, Run, at, kind};

/// Where packets leave what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edge<'s> {
    /// An internet gateway, an egress-only one or a regional NAT gateway.
    Internet { id: String, vpc: &'s str },
    /// A virtual private gateway.
    Vpn { id: String, vpc: &'s str },
    /// A transit gateway's attachment of something else than a VPC.
    Attachment { gateway: String, id: String },
    /// A peering connection to a VPC that was not read.
    Peering { id: String, vpc: &'s str },
    /// A gateway endpoint.
    Endpoint { id: String, vpc: &'s str },
}

impl Edge<'_> {
    pub fn connection(&self) -> Connection {
        match self {
            Self::Internet { id, .. } => Connection::Internet(id.clone()),
            Self::Vpn { id, .. } => Connection::VpnGateway(id.clone()),
            Self::Attachment { gateway, .. } => Connection::TransitGateway(gateway.clone()),
            Self::Peering { id, .. } => Connection::Peering(id.clone()),
            Self::Endpoint { id, .. } => Connection::Endpoint(id.clone()),
        }
    }
}

impl<'s> Reasoner<'s> {
    /// Brings packets in from outside, and says how far they come.
    pub(crate) fn enter(&self, log: &mut TraceLog, run: Run<'_, 's>, edge: &Edge<'s>) -> Vec<Arrival<'s>> {
        let told = run.from.told(&run.from.addresses);
        let (id, name, vpc) = match edge {
            Edge::Internet { id, vpc } => (id, "internet-gateway", *vpc),
            Edge::Vpn { id, vpc } => (id, "vpn-gateway", *vpc),
            Edge::Peering { id, vpc } => (id, "vpc-peering-connection", *vpc),
            Edge::Endpoint { id, vpc } => (id, "vpc-endpoint", *vpc),
            Edge::Attachment { gateway, id } => {
                return self.leave_attachment(log, run, (gateway, id), Origin::default());
            }
        };
        let name = match kind(id) {
            "eigw" => "egress-only-internet-gateway",
            "nat" => "nat-gateway",
            _ => name,
        };
        log.hop(run.leg, name, id, "assumed", &format!("packets from {told} enter"));
        if run.to.vpc() != Some(vpc) {
            let what = format!("the reply path from {id} of {vpc} to {}", run.to.label);
            log.missing([Missing::unmodelled(what)]);
            return Vec::new();
        }
        self.check_gateway_routes(log, run, (id, vpc));
        self.deliver(log, run, (vpc, edge.connection()))
    }

    /// What blocks packets in the last subnet, wherever they enter.
    pub(crate) fn check_arrival(
        &self,
        log: &mut TraceLog,
        leg: Leg,
        (from, to): (&Segment<'s>, &Segment<'s>),
        points: &Ranges,
    ) {
        if let Some(subnet) = to.subnet().filter(|subnet| !self.may_be_foot(to, &subnet.subnet_id)) {
            self.check_acl(log, leg, (&subnet.subnet_id, Direction::Inbound), from, points);
        }
    }

    /// What a transit gateway brings into its attachment's own subnet meets no network ACL:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
    fn may_be_foot(&self, to: &Segment<'s>, subnet: &str) -> bool {
        let Some(vpc) = to.vpc() else { return false };
        let all = self.vpc_attachments.iter().filter(|((_, its), _)| *its == vpc);
        let mut feet = all.flat_map(|(_, attachments)| attachments).flat_map(|its| &its.subnet_ids);
        feet.any(|foot| foot == subnet) || !self.covers("TransitGatewayVpcAttachments", vpc)
    }

    /// A route table of a gateway may send inbound packets to an appliance:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html>
    fn check_gateway_routes(&self, log: &mut TraceLog, run: Run<'_, 's>, (gateway, vpc): (&str, &'s str)) {
        let Some(table) = self.associated_tables.get(gateway) else {
            // An association is listed with its table only.
            if matches!(kind(gateway), "igw" | "vgw") && !self.covers("RouteTables", vpc) {
                log.missing(self.missing("RouteTables", vpc));
            }
            return;
        };
        let id = table.route_table_id.as_str();
        for piece in self.routes(table, vpc, &run.to.addresses) {
            match &piece.outcome {
                RouteOutcome::Local(by) => {
                    log.hop(run.leg, "route-table", id, "forward", &format!("{by} to local"));
                }
                RouteOutcome::Blackhole(by) => {
                    let reason =
                        format!("{id} has a blackhole route for {by} and is associated with {gateway}");
                    log.hop(run.leg, "route-table", id, "drop", &reason);
                    let mut blocker =
                        at(BlockerCode::RouteBlackhole, "route-table", id, Some(run.leg), reason);
                    blocker.part = run.to.part(&piece.addresses);
                    log.block(blocker);
                }
                RouteOutcome::Unknown(missing) => log.missing(missing.clone()),
                RouteOutcome::To(target, _) => {
                    log.hop(run.leg, "route-table", id, "unknown", &format!("forwards to {target}"));
                    let what = format!(
                        "forwarding of {} by {target}, the target in gateway route table {id}",
                        piece.addresses.told()
                    );
                    log.missing([Missing::unmodelled(what)]);
                }
                RouteOutcome::Nowhere => {
                    let what =
                        format!("the route for {} in gateway route table {id}", piece.addresses.told());
                    log.missing([Missing::unmodelled(what)]);
                }
            }
        }
    }
}

//! Transit gateways: from an attachment by the route table that it is associated with to another
//! attachment, and on from there.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>

use privek_core::known::Missing;

use crate::network::TraceLog;
use crate::network::index::lookup::RouteState;
use crate::network::tables::connection::is_peering;
use crate::snapshot::aws::ec2::{TransitGatewayRoute, TransitGatewayVpcAttachment};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{ATTACHMENT, Arrival, Decider, GATEWAY, Origin, Run, SubnetHop, TABLE};
use super::transit_attachment::{is_available, is_private_network};
use super::transit_remedy::destination;

/// A transit gateway and one route of it.
#[derive(Clone, Copy)]
pub(crate) struct Step<'a, 's> {
    pub gateway: &'a str,
    pub table: &'s str,
    pub route: Option<&'s TransitGatewayRoute>,
    pub origin: Origin<'s>,
}

impl<'s> Reasoner<'s> {
    /// From a subnet into a transit gateway, and on to the targets in its route table.
    pub(crate) fn over_transit_gateway_attachment(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        gateway: &str,
    ) -> Vec<Arrival<'s>> {
        let SubnetHop { subnet, vpc, over } = decider.hop;
        if let Some(other) = over {
            let id = &other.transit_gateway_attachment_id;
            let what = format!("the path through {gateway} of packets that entered {vpc} over {id}");
            log.hop(run.leg, GATEWAY, gateway, "unknown", "not modelled");
            log.missing([Missing::unmodelled(what)]);
            return Vec::new();
        }
        let origin = Origin { vpc: Some(vpc), subnet: Some(subnet), crossings: 0 };
        let Some(attachment) = self.vpc_attachment(log, run, gateway, vpc) else {
            return self.arrive_unseen(log, run, gateway, origin);
        };
        self.check_zone(log, run, subnet, attachment);
        let id = attachment.transit_gateway_attachment_id.as_str();
        self.leave_attachment(log, run, (gateway, id), origin)
    }

    /// From an attachment on, by the table that it is associated with.
    pub(crate) fn leave_attachment(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (gateway, attachment): (&str, &str),
        origin: Origin<'s>,
    ) -> Vec<Arrival<'s>> {
        let state = self.transit_gateways.get(gateway).and_then(|its| its.state.as_deref());
        if !Self::forwards(log, run, (GATEWAY, gateway), state) {
            return Vec::new();
        }
        let Some((table, routed)) = self.gateway_routes(log, run, (gateway, attachment)) else {
            return self.arrive_unseen(log, run, gateway, origin);
        };
        let mut arrivals = Vec::new();
        for (addresses, route) in routed {
            let to = run.to.only(&addresses);
            let step = Step { gateway, table, route, origin };
            arrivals.extend(self.follow(log, run.to(&to), step, attachment));
        }
        arrivals
    }

    /// Follows a transit gateway's route.
    fn follow(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        step: Step<'_, 's>,
        from: &str,
    ) -> Vec<Arrival<'s>> {
        let forwards =
            step.route.filter(|route| RouteState::of(route.state.as_deref()) == RouteState::Active);
        let Some(route) = forwards else { return self.block_table(log, run, step) };
        let told = run.to.told(&run.to.addresses);
        if route.transit_gateway_attachments.is_empty() {
            let what = format!("the attachment that {} sends {told} to", step.table);
            log.missing([Missing::unmodelled(what)]);
        }
        let mut arrivals = Vec::new();
        for attachment in &route.transit_gateway_attachments {
            let Some(id) = attachment.transit_gateway_attachment_id.as_deref() else {
                let what = format!("the attachment that {} sends {told} to", step.table);
                log.missing([Missing::unmodelled(what)]);
                continue;
            };
            let known = self.attachment_of(step.gateway, id);
            let known_kind = known.and_then(|known| known.resource_type.as_deref());
            let is_vpc = self.vpc_attachments_by_id.contains_key(id).then_some("vpc");
            let kind = attachment.resource_type.as_deref().or(known_kind).or(is_vpc);
            if id == from {
                // Where packets came from, the routes led here: they would come back for ever.
                arrivals.extend(self.block_table(log, run, step));
                continue;
            }
            let by = format!("{} to {id}", destination(route));
            match kind {
                Some("vpc") => {
                    let resource = attachment
                        .resource_id
                        .as_deref()
                        .or_else(|| known.and_then(|its| its.resource_id.as_deref()));
                    arrivals.extend(self.enter_vpc(log, run, step, (id, resource)));
                }
                Some(kind) if is_peering(kind) => {
                    log.hop(run.leg, TABLE, step.table, "forward", &by);
                    let peer = attachment.resource_id.as_deref();
                    arrivals.extend(self.over_transit_peering(log, run, step, (id, peer)));
                }
                Some(kind) if is_private_network(kind) && run.to.vpc().is_some() => {
                    if run.to.vpc().is_some_and(|to| !self.may_meet_premises(to)) {
                        arrivals.extend(self.block_table(log, run, step));
                        continue;
                    }
                    log.hop(run.leg, TABLE, step.table, "forward", &format!("{by} ({kind})"));
                    self.check_outward_attachment(log, run, (step.gateway, id, kind), known);
                    arrivals.extend(self.over_premises(log, run, (ATTACHMENT, id, step.table)));
                }
                Some(kind) if is_private_network(kind) => {
                    log.hop(run.leg, TABLE, step.table, "forward", &format!("{by} ({kind})"));
                    self.check_outward_attachment(log, run, (step.gateway, id, kind), known);
                    let holds = format!("the attached network contains {told}");
                    log.hop(run.leg, ATTACHMENT, id, "assumed", &holds);
                    log.assume(format!(
                        "The {kind} behind {id} of {} connects {} and routes both directions.",
                        step.gateway, run.to.label
                    ));
                    let edge = Edge::Attachment { gateway: step.gateway.to_owned(), id: id.to_owned() };
                    arrivals.push(Arrival::outside(run, edge));
                }
                _ => {
                    let kind = kind.unwrap_or("attachment of an unknown kind");
                    log.hop(run.leg, TABLE, step.table, "unknown", &format!("{by} ({kind})"));
                    let what =
                        format!("the path to {told} beyond {id} ({kind}), the next hop in {}", step.table);
                    log.missing([Missing::unmodelled(what)]);
                }
            }
        }
        arrivals
    }

    /// Out of a transit gateway into a VPC.
    fn enter_vpc(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        step: Step<'_, 's>,
        (id, resource): (&str, Option<&str>),
    ) -> Vec<Arrival<'s>> {
        let attachment = self.vpc_attachments_by_id.get(id).copied();
        let vpc = attachment.and_then(|its| its.vpc_id.as_deref()).or(resource);
        if vpc.is_some() && vpc == step.origin.vpc {
            return self.block_table(log, run, step);
        }
        let by = format!("{} to {id}", step.route.map(destination).unwrap_or_default());
        let known = vpc.and_then(|vpc| self.vpcs.get_key_value(vpc)).map(|(vpc, _)| *vpc);
        let Some(vpc) = known else {
            let vpc = vpc.unwrap_or(id);
            log.hop(run.leg, TABLE, step.table, "unknown", &format!("{by} ({vpc})"));
            let told = run.to.told(&run.to.addresses);
            let what = format!("the path to {told} beyond {vpc}, the next hop in {}", step.table);
            log.missing([Missing::unmodelled(what)]);
            return Vec::new();
        };
        let Some(attachment) = attachment else {
            log.hop(run.leg, TABLE, step.table, "unknown", &by);
            log.missing(self.missing("TransitGatewayVpcAttachments", vpc));
            return Vec::new();
        };
        let mut beyond = TraceLog::default();
        beyond.hop(run.leg, TABLE, step.table, "forward", &by);
        if !is_available(attachment) {
            self.block_attachment(&mut beyond, run, attachment, vpc);
        }
        let arrivals = self.arrive(&mut beyond, run, attachment, step.origin);
        if run.to.vpc().is_some_and(|to| to != vpc) && beyond.is_blocked() {
            // That VPC has no path to the destination, so this route is the wrong one.
            return self.block_table(log, run, step);
        }
        log.append(beyond);
        arrivals
    }

    /// Out of the attachment's subnets, by their route tables.
    pub(crate) fn arrive(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        attachment: &'s TransitGatewayVpcAttachment,
        origin: Origin<'s>,
    ) -> Vec<Arrival<'s>> {
        let options = attachment.options.as_ref();
        let appliance_mode = options.and_then(|options| options.appliance_mode_support.as_deref());
        // Packets stay in the sender's zone where the receiver's attachment has a subnet there, unless
        // the receiver is in appliance mode:
        // https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-appliance-scenario
        let near = |id: &&String| {
            let subnet = self.subnets.get(id.as_str());
            origin
                .subnet
                .zip(subnet)
                .is_none_or(|(from, its)| self.same_attachment_zone(from, its) != Ok(false))
        };
        let (in_zone, others): (Vec<_>, Vec<_>) = attachment.subnet_ids.iter().partition(near);
        let (first, second) = if in_zone.is_empty() { (others, in_zone) } else { (in_zone, others) };
        let mut arrivals = Vec::new();
        for id in first {
            arrivals.extend(self.arrive_in(log, run, attachment, id));
        }
        if appliance_mode == Some("disable") {
            return arrivals;
        }
        for id in second {
            if appliance_mode == Some("enable") {
                arrivals.extend(self.arrive_in(log, run, attachment, id));
                continue;
            }
            let mut perhaps = TraceLog::default();
            self.arrive_in(&mut perhaps, run, attachment, id);
            if !perhaps.is_clear() {
                let attachment = &attachment.transit_gateway_attachment_id;
                let what = format!("whether {attachment} is in appliance mode and uses {id}");
                log.missing([Missing::unmodelled(what)]);
            }
        }
        arrivals
    }

    fn arrive_in(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        attachment: &'s TransitGatewayVpcAttachment,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        let hop = self
            .subnet(id)
            .and_then(|subnet| Ok(SubnetHop { subnet, vpc: self.vpc_of(subnet)?, over: Some(attachment) }));
        match hop {
            Ok(hop) => self.depart(log, run, hop),
            Err(missing) => {
                log.missing(missing);
                Vec::new()
            }
        }
    }

    /// What would block the path in the destination's VPC if the gateway forwarded to that VPC.
    pub(crate) fn arrive_unseen(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        gateway: &str,
        origin: Origin<'s>,
    ) -> Vec<Arrival<'s>> {
        let Some(vpc) = run.to.vpc().filter(|vpc| !self.is_behind_peering(gateway, vpc)) else {
            return Vec::new();
        };
        let mut unseen = TraceLog::default();
        let attachment = self.vpc_attachment(&mut unseen, run, gateway, vpc);
        let arrivals = attachment.map(|attachment| self.arrive(&mut unseen, run, attachment, origin));
        log.append_unseen(unseen);
        arrivals.unwrap_or_default()
    }
}

//! Transit gateways: from an attachment by the route table that it is associated with to another
//! attachment, and on from there.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>

use super::{
    BlockerCode, Missing, Network,
    gate::Gate,
    network_acl::Direction,
    story::Story,
    walk::{Decider, Reach, Run, Spot, at},
    zone::{same_zone, zone},
};
use crate::snapshot::aws::ec2::{Subnet, TransitGatewayRoute, TransitGatewayVpcAttachment};

const GATEWAY: &str = "transit-gateway";
pub(super) const ATTACHMENT: &str = "transit-gateway-attachment";
pub(super) const TABLE: &str = "transit-gateway-route-table";

/// Where packets enter a transit gateway from, if that is a VPC.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin<'s> {
    pub vpc: Option<&'s str>,
    pub subnet: Option<&'s Subnet>,
}

/// A transit gateway and one route of it.
#[derive(Clone, Copy)]
struct Step<'a, 's> {
    gateway: &'a str,
    table: &'s str,
    route: Option<&'s TransitGatewayRoute>,
    origin: Origin<'s>,
}

impl<'s> Network<'s> {
    /// From a subnet into a transit gateway, and on to where its route table leads.
    pub(super) fn over_transit_gateway_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        gateway: &str,
    ) -> Vec<Reach<'s>> {
        let Spot { subnet, vpc, over } = decider.spot;
        if let Some(other) = over {
            let id = &other.transit_gateway_attachment_id;
            let what = format!("{gateway} behind {id}: how it goes on from {vpc}");
            story.hop(run.leg, GATEWAY, gateway, "unknown", "not modelled");
            story.missing([Missing::unmodelled(what)]);
            return Vec::new();
        }
        let origin = Origin { vpc: Some(vpc), subnet: Some(subnet) };
        let Some(attachment) = self.vpc_attachment(story, run, gateway, vpc) else {
            return self.arrive_unseen(story, run, gateway, origin);
        };
        self.check_zone(story, run, subnet, attachment);
        let id = attachment.transit_gateway_attachment_id.as_str();
        self.leave_attachment(story, run, (gateway, id), origin)
    }

    /// From an attachment on, by the table that it is associated with.
    pub(super) fn leave_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (gateway, attachment): (&str, &str),
        origin: Origin<'s>,
    ) -> Vec<Reach<'s>> {
        let Some((table, routed)) = self.gateway_routes(story, run, attachment) else {
            return self.arrive_unseen(story, run, gateway, origin);
        };
        let mut reaches = Vec::new();
        for (addresses, route) in routed {
            let to = run.to.only(&addresses);
            let step = Step { gateway, table, route, origin };
            reaches.extend(self.follow(story, run.to(&to), step, attachment));
        }
        reaches
    }

    /// Follows a transit gateway's route.
    fn follow(&self, story: &mut Story, run: Run<'_, 's>, step: Step<'_, 's>, from: &str) -> Vec<Reach<'s>> {
        let forwards = step.route.filter(|route| route.state.as_deref().unwrap_or("active") == "active");
        let Some(route) = forwards else { return self.block_table(story, run, step) };
        let told = run.to.told(&run.to.addresses);
        if route.transit_gateway_attachments.is_empty() {
            let what = format!("the attachment that {} sends {told} to", step.table);
            story.missing([Missing::unmodelled(what)]);
        }
        let mut reaches = Vec::new();
        for attachment in &route.transit_gateway_attachments {
            let Some(id) = attachment.transit_gateway_attachment_id.as_deref() else {
                let what = format!("the attachment that {} sends {told} to", step.table);
                story.missing([Missing::unmodelled(what)]);
                continue;
            };
            let known = self.attachments.get(id);
            let known_kind = known.and_then(|known| known.resource_type.as_deref());
            let is_vpc = self.vpc_attachments_by_id.contains_key(id).then_some("vpc");
            let kind = attachment.resource_type.as_deref().or(known_kind).or(is_vpc);
            if id == from {
                // AWS sends nothing back through the attachment that it came from.
                reaches.extend(self.block_table(story, run, step));
                continue;
            }
            let by = format!("{} to {id}", destination(route));
            match kind {
                Some("vpc") => {
                    let resource = attachment
                        .resource_id
                        .as_deref()
                        .or_else(|| known.and_then(|its| its.resource_id.as_deref()));
                    reaches.extend(self.enter_vpc(story, run, step, (id, resource)));
                }
                Some(kind) if is_private_network(kind) && run.to.vpc().is_some() => {
                    reaches.extend(self.block_table(story, run, step));
                }
                Some(kind) if is_private_network(kind) => {
                    story.hop(run.leg, TABLE, step.table, "forward", &format!("{by} ({kind})"));
                    let holds = format!("the network behind it holds {told}");
                    story.hop(run.leg, ATTACHMENT, id, "assumed", &holds);
                    story.assume(format!(
                        "The {kind} behind {id} of {} connects {} and routes it both ways.",
                        step.gateway, run.to.label
                    ));
                    let gate = Gate::Attachment { gateway: step.gateway.to_owned(), id: id.to_owned() };
                    reaches.push(Reach::outside(run, gate));
                }
                _ => {
                    let kind = kind.unwrap_or("attachment of an unknown kind");
                    story.hop(run.leg, TABLE, step.table, "unknown", &format!("{by} ({kind})"));
                    let what = format!(
                        "{id} ({kind}), where {} sends {told}: how it goes on from there",
                        step.table
                    );
                    story.missing([Missing::unmodelled(what)]);
                }
            }
        }
        reaches
    }

    /// Out of a transit gateway into a VPC.
    fn enter_vpc(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        step: Step<'_, 's>,
        (id, resource): (&str, Option<&str>),
    ) -> Vec<Reach<'s>> {
        let attachment = self.vpc_attachments_by_id.get(id).copied();
        let vpc = attachment.and_then(|its| its.vpc_id.as_deref()).or(resource);
        if vpc.is_some() && vpc == step.origin.vpc {
            return self.block_table(story, run, step);
        }
        let by = format!("{} to {id}", step.route.map(destination).unwrap_or_default());
        let known = vpc.and_then(|vpc| self.vpcs.get_key_value(vpc)).map(|(vpc, _)| *vpc);
        let Some(vpc) = known else {
            let vpc = vpc.unwrap_or(id);
            story.hop(run.leg, TABLE, step.table, "unknown", &format!("{by} ({vpc})"));
            let told = run.to.told(&run.to.addresses);
            let what = format!("{vpc}, where {} sends {told}: how it goes on from there", step.table);
            story.missing([Missing::unmodelled(what)]);
            return Vec::new();
        };
        let Some(attachment) = attachment else {
            story.hop(run.leg, TABLE, step.table, "unknown", &by);
            story.missing(self.missing("TransitGatewayVpcAttachments", vpc));
            return Vec::new();
        };
        let mut beyond = Story::default();
        beyond.hop(run.leg, TABLE, step.table, "forward", &by);
        if !is_available(attachment) {
            self.block_attachment(&mut beyond, run, attachment, vpc);
        }
        let reaches = self.arrive(&mut beyond, run, attachment, step.origin);
        if run.to.vpc().is_some_and(|to| to != vpc) && beyond.is_blocked() {
            // From that VPC nothing leads there, so it is this route that leads astray.
            return self.block_table(story, run, step);
        }
        story.append(beyond);
        reaches
    }

    /// The available attachment of a VPC.
    fn vpc_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        gateway: &str,
        vpc: &str,
    ) -> Option<&'s TransitGatewayVpcAttachment> {
        let attachments = self.vpc_attachments.get(&(gateway, vpc)).map(Vec::as_slice).unwrap_or_default();
        if let Some(found) = attachments.iter().find(|attachment| is_available(attachment)) {
            return Some(found);
        }
        if let Some(attachment) = attachments.first() {
            self.block_attachment(story, run, attachment, vpc);
            return Some(attachment);
        }
        if !self.covers("TransitGatewayVpcAttachments", vpc) {
            story.hop(run.leg, GATEWAY, gateway, "unknown", "its attachments were not read");
            story.missing(self.missing("TransitGatewayVpcAttachments", vpc));
            return None;
        }
        let reason = format!("{gateway} has no attachment to {vpc}");
        story.hop(run.leg, GATEWAY, gateway, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayAttachment, GATEWAY, gateway, None, reason);
        blocker.remedy.vpc = Some(vpc.to_owned());
        blocker.remedy.subnets = self.subnets_to_attach(vpc).into_values().map(ToOwned::to_owned).collect();
        story.block(blocker);
        None
    }

    /// Subnets reach a transit gateway only where their own zone has an attachment:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
    fn check_zone(
        &self,
        story: &mut Story,
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
            match same_zone(subnet, its) {
                Some(true) => {
                    found = true;
                    let by = format!("{other} in {}", zone(subnet).unwrap_or("its zone"));
                    story.hop(run.leg, ATTACHMENT, id, "forward", &by);
                    // What goes to a transit gateway enters the attachment's subnet, even if it is the sender's own:
                    // https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
                    self.check_acl(story, run.leg, (other, Direction::Inbound), run.from, run.points);
                }
                Some(false) => {}
                None => unread.extend(self.missing("Subnets", &subnet.subnet_id)),
            }
        }
        if found {
            return;
        }
        if !unread.is_empty() {
            return story.missing(unread);
        }
        let zone = zone(subnet).unwrap_or("its zone");
        let reason = format!("{id} has no subnet in {zone}, where {} is", subnet.subnet_id);
        story.hop(run.leg, ATTACHMENT, id, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayZone, ATTACHMENT, id, Some(run.leg), reason);
        let vpc = attachment.vpc_id.as_deref().unwrap_or_default();
        let chosen = self.subnet_to_attach(vpc, zone).unwrap_or(&subnet.subnet_id);
        blocker.remedy.subnet = Some(chosen.to_owned());
        story.block(blocker);
        let mut unseen = Story::default();
        self.check_acl(&mut unseen, run.leg, (chosen, Direction::Inbound), run.from, run.points);
        story.append_unseen(unseen);
    }

    /// Out of the attachment's subnets, by their route tables.
    fn arrive(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        attachment: &'s TransitGatewayVpcAttachment,
        origin: Origin<'s>,
    ) -> Vec<Reach<'s>> {
        let options = attachment.options.as_ref();
        let appliance_mode = options.and_then(|options| options.appliance_mode_support.as_deref());
        // Packets stay in the sender's zone where the receiver's attachment has a subnet there, unless
        // the receiver is in appliance mode:
        // https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-appliance-scenario
        let near = |id: &&String| {
            let subnet = self.subnets.get(id.as_str());
            origin.subnet.zip(subnet).is_none_or(|(from, its)| same_zone(from, its) != Some(false))
        };
        let (in_zone, others): (Vec<_>, Vec<_>) = attachment.subnet_ids.iter().partition(near);
        let (first, second) = if in_zone.is_empty() { (others, in_zone) } else { (in_zone, others) };
        let mut reaches = Vec::new();
        for id in first {
            reaches.extend(self.arrive_in(story, run, attachment, id));
        }
        if appliance_mode == Some("disable") {
            return reaches;
        }
        for id in second {
            if appliance_mode == Some("enable") {
                reaches.extend(self.arrive_in(story, run, attachment, id));
                continue;
            }
            let mut perhaps = Story::default();
            self.arrive_in(&mut perhaps, run, attachment, id);
            if !perhaps.is_clear() {
                let attachment = &attachment.transit_gateway_attachment_id;
                let what = format!("whether {attachment} is in appliance mode, and so sends through {id}");
                story.missing([Missing::unmodelled(what)]);
            }
        }
        reaches
    }

    fn arrive_in(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        attachment: &'s TransitGatewayVpcAttachment,
        id: &str,
    ) -> Vec<Reach<'s>> {
        let spot = self
            .subnet(id)
            .and_then(|subnet| Ok(Spot { subnet, vpc: self.vpc_of(subnet)?, over: Some(attachment) }));
        match spot {
            Ok(spot) => self.depart(story, run, spot),
            Err(missing) => {
                story.missing(missing);
                Vec::new()
            }
        }
    }

    /// What would stand in the way in the destination's VPC if the gateway led there.
    fn arrive_unseen(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        gateway: &str,
        origin: Origin<'s>,
    ) -> Vec<Reach<'s>> {
        let Some(vpc) = run.to.vpc() else { return Vec::new() };
        let mut unseen = Story::default();
        let attachment = self.vpc_attachment(&mut unseen, run, gateway, vpc);
        let reaches = attachment.map(|attachment| self.arrive(&mut unseen, run, attachment, origin));
        story.append_unseen(unseen);
        reaches.unwrap_or_default()
    }

    /// A route table of a transit gateway stands in the way.
    fn block_table(&self, story: &mut Story, run: Run<'_, 's>, step: Step<'_, 's>) -> Vec<Reach<'s>> {
        let Step { gateway, table, route, origin } = step;
        let wanted = self.wanted_attachment(run, gateway, origin);
        let reason = elsewhere(table, &run.to.told(&run.to.addresses), route);
        story.hop(run.leg, TABLE, table, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayRoute, TABLE, table, Some(run.leg), reason);
        blocker.part = run.to.part(&run.to.addresses);
        blocker.remedy.cidrs = run.to.prefixes_for_fix(&run.to.addresses);
        blocker.remedy.target_option = wanted.map(|_| "--transit-gateway-attachment-id".to_owned());
        blocker.remedy.target = wanted.map(str::to_owned);
        // A static route comes before a propagated one, and takes its place unasked.
        let of_static = route.filter(|route| route.r#type.as_deref() != Some("propagated"));
        blocker.remedy.replaces = of_static.map(|route| destination(route).to_owned());
        story.block(blocker);
        let mut unseen = Story::default();
        let reaches = match wanted.map(|id| (id, self.vpc_attachments_by_id.get(id).copied())) {
            Some((_, Some(attachment))) => self.arrive(&mut unseen, run, attachment, origin),
            Some((id, None)) => {
                let gate = Gate::Attachment { gateway: gateway.to_owned(), id: id.to_owned() };
                vec![Reach::outside(run, gate)]
            }
            None => self.arrive_unseen(&mut unseen, run, gateway, origin),
        };
        story.append_unseen(unseen);
        reaches
    }

    fn block_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        attachment: &TransitGatewayVpcAttachment,
        vpc: &str,
    ) {
        let id = attachment.transit_gateway_attachment_id.as_str();
        let gateway = attachment.transit_gateway_id.as_deref().unwrap_or("a transit gateway");
        let Some(state) = attachment.state.as_deref() else {
            story.hop(run.leg, ATTACHMENT, id, "unknown", "its state was not read");
            return story.missing(self.missing("TransitGatewayVpcAttachments", vpc));
        };
        // AWS does not say whether an attachment forwards while its subnets are changed.
        if matches!(state, "modifying" | "rollingBack") {
            story.hop(run.leg, ATTACHMENT, id, "unknown", state);
            return story
                .missing([Missing::unmodelled(format!("whether {id} forwards while it is {state}"))]);
        }
        let reason = format!("{id}, which attaches {gateway} to {vpc}, is {state}");
        story.hop(run.leg, ATTACHMENT, id, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayAttachment, ATTACHMENT, id, None, reason);
        blocker.remedy.vpc = Some(vpc.to_owned());
        blocker.remedy.state = Some(state.to_owned());
        story.block(blocker);
    }

    /// The attachment that a gateway's route should lead to, where there is no doubt about it.
    fn wanted_attachment(&self, run: Run<'_, 's>, gateway: &str, origin: Origin<'s>) -> Option<&'s str> {
        if let Some(vpc) = run.to.vpc() {
            let own = self.vpc_attachments.get(&(gateway, vpc))?.iter();
            let own: Vec<_> = own.map(|its| its.transit_gateway_attachment_id.as_str()).collect();
            return own.first().copied();
        }
        let only = |mut all: Box<dyn Iterator<Item = &'s str> + '_>| {
            let first = all.next()?;
            all.next().is_none().then_some(first)
        };
        if super::internet::is_meant(run) {
            let range = (gateway, "")..;
            let its = self.vpc_attachments.range(range).take_while(|((id, _), _)| *id == gateway);
            let with_nat = its.filter(|((_, vpc), _)| {
                let nats = self.nat_gateways_by_vpc.get(vpc).into_iter().flatten();
                let mut nats = nats.filter(|nat| nat.connectivity_type.as_deref() != Some("private"));
                origin.vpc != Some(vpc) && nats.next().is_some()
            });
            let ids = with_nat.filter_map(|(_, its)| its.first());
            return only(Box::new(ids.map(|its| its.transit_gateway_attachment_id.as_str())));
        }
        let others = self.other_attachments.get(gateway).into_iter().flatten();
        let outward = others.filter(|its| its.resource_type.as_deref().is_some_and(is_private_network));
        only(Box::new(outward.map(|its| its.transit_gateway_attachment_id.as_str())))
    }
}

fn is_available(attachment: &TransitGatewayVpcAttachment) -> bool {
    attachment.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available"))
}

/// Whether an attachment is of a network outside AWS, of which nothing can be read.
fn is_private_network(kind: &str) -> bool {
    matches!(kind, "vpn" | "direct-connect-gateway" | "connect" | "vpn-concentrator" | "client-vpn")
}

fn destination(route: &TransitGatewayRoute) -> &str {
    route.destination_cidr_block.as_deref().or(route.prefix_list_id.as_deref()).unwrap_or_default()
}

fn elsewhere(table: &str, told: &str, route: Option<&TransitGatewayRoute>) -> String {
    match route {
        None => format!("{table} has no route for {told}"),
        Some(route) if route.state.as_deref() == Some("blackhole") => {
            format!("the route of {table} for {} is a blackhole", destination(route))
        }
        Some(route) => {
            let to: Vec<&str> = route
                .transit_gateway_attachments
                .iter()
                .filter_map(|its| its.transit_gateway_attachment_id.as_deref())
                .collect();
            format!("{table} sends {told} to {} ({})", to.join(", "), destination(route))
        }
    }
}

//! Transit gateways: attachments, their zones, their ACLs and their route tables.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>

use super::{
    AddressSet, BlockerCode, Missing, Network,
    connection::Connection,
    leg::{Decider, Run, at},
    network_acl::Direction,
    part::Place,
    reached::Reached,
    route::Way,
    story::Story,
};
use crate::snapshot::aws::ec2::{Subnet, TransitGatewayRoute, TransitGatewayVpcAttachment};

const GATEWAY: &str = "transit-gateway";
pub(super) const ATTACHMENT: &str = "transit-gateway-attachment";
pub(super) const TABLE: &str = "transit-gateway-route-table";

impl<'s> Network<'s> {
    /// From a subnet into a transit gateway, and on to where its route table leads.
    pub(super) fn over_transit_gateway_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        gateway: &'s str,
    ) -> Reached<'s> {
        let none = Reached::default();
        let Some(attachment) = self.vpc_attachment(story, run, gateway, decider.vpc, Some(decider.subnet))
        else {
            return none;
        };
        self.check_zone(story, run, decider.subnet, attachment);
        let wanted = decider.addresses.intersect(&run.to.addresses);
        let id = &attachment.transit_gateway_attachment_id;
        let Some(routed) = self.gateway_routes(story, run, id, &wanted) else { return none };
        let mut arrived = false;
        let mut further = Reached::default();
        for (table, addresses, route) in routed {
            match self.follow(story, run, (gateway, decider), (table, &addresses, route)) {
                Followed::Arrived => arrived = true,
                Followed::On(reached) => further.extend(reached),
                Followed::Stopped => {}
            }
        }
        if let (true, Some(vpc)) = (arrived, run.to.vpc()) {
            self.arrive(story, run, gateway, vpc);
        } else if let (true, Some(subnet)) = (further.is_empty(), run.to.subnet()) {
            self.check_acl(story, run.leg, (&subnet.subnet_id, Direction::Inbound), run.from, run.points);
        }
        // The ACL of the destination was looked at with the attachment, so the caller must not do it again.
        if further.translated.is_empty() || arrived {
            further.connections.insert(Connection::TransitGateway(gateway.to_owned()));
        }
        further
    }

    /// From a network behind a transit gateway into a subnet; whether its ACL is still to be looked at.
    pub(super) fn out_of_transit_gateway(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (gateway, vpc): (&str, &'s str),
        from: &AddressSet,
    ) -> bool {
        // Which attachment the packets come from is known by where the replies go.
        let Some(attachments) = self.vpc_attachments.get(&(gateway, vpc)) else { return true };
        for own in attachments {
            let own = own.transit_gateway_attachment_id.as_str();
            // What is missing or blocked there is named by the other leg.
            let Some(back) = self.gateway_routes(&mut Story::default(), run, own, from) else { return true };
            for (_, _, route) in back {
                for source in route.into_iter().flat_map(|route| &route.transit_gateway_attachments) {
                    let Some(source) = source.transit_gateway_attachment_id.as_deref() else { continue };
                    if source == own {
                        continue;
                    }
                    let Some(routed) = self.gateway_routes(story, run, source, &run.to.addresses) else {
                        continue;
                    };
                    for (table, addresses, route) in routed {
                        if !leads_to(route, own) {
                            block_table(story, run, (table, &addresses, route), own);
                        }
                    }
                }
            }
        }
        self.arrive(story, run, gateway, vpc);
        false
    }

    /// The available attachment of a VPC.
    fn vpc_attachment(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        gateway: &str,
        vpc: &str,
        subnet: Option<&Subnet>,
    ) -> Option<&'s TransitGatewayVpcAttachment> {
        let attachments = self.vpc_attachments.get(&(gateway, vpc)).map(Vec::as_slice).unwrap_or_default();
        let is_available = |attachment: &&&TransitGatewayVpcAttachment| {
            attachment.state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("available"))
        };
        if let Some(found) = attachments.iter().find(is_available) {
            return Some(found);
        }
        if attachments.is_empty() && !self.covers("TransitGatewayVpcAttachments", vpc) {
            story.hop(run.leg, GATEWAY, gateway, "unknown", "its attachments were not read");
            story.missing(self.missing("TransitGatewayVpcAttachments", vpc));
            return None;
        }
        let (kind, id, reason) = match attachments.first() {
            None => (GATEWAY, gateway, format!("{gateway} has no attachment to {vpc}")),
            Some(attachment) => {
                let id = attachment.transit_gateway_attachment_id.as_str();
                let state = attachment.state.as_deref().unwrap_or("in an unknown state");
                (ATTACHMENT, id, format!("{id}, which attaches {gateway} to {vpc}, is {state}"))
            }
        };
        story.hop(run.leg, kind, id, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayAttachment, kind, id, None, reason);
        blocker.remedy.vpc = Some(vpc.to_owned());
        blocker.remedy.state = attachments.first().and_then(|attachment| attachment.state.clone());
        blocker.remedy.subnet = subnet.map(|subnet| subnet.subnet_id.clone());
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
        let Some(zone) = zone(subnet) else {
            return story.missing(self.missing("Subnets", &subnet.subnet_id));
        };
        let mut unread = None;
        for other in &attachment.subnet_ids {
            match self.subnets.get(other.as_str()) {
                Some(other) if self::zone(other) == Some(zone) => {
                    story.hop(run.leg, ATTACHMENT, id, "forward", &format!("{} in {zone}", other.subnet_id));
                    // What goes to a transit gateway enters the attachment's subnet, even if it is the sender's own:
                    // https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html
                    let inbound = (other.subnet_id.as_str(), Direction::Inbound);
                    return self.check_acl(story, run.leg, inbound, run.from, run.points);
                }
                Some(_) => {}
                None => unread = Some(other),
            }
        }
        if let Some(other) = unread {
            return story.missing(self.missing("Subnets", other));
        }
        let reason = format!("{id} has no subnet in {zone}, where {} is", subnet.subnet_id);
        story.hop(run.leg, ATTACHMENT, id, "drop", &reason);
        let mut blocker = at(BlockerCode::TransitGatewayZone, ATTACHMENT, id, Some(run.leg), reason);
        blocker.remedy.subnet = Some(subnet.subnet_id.clone());
        story.block(blocker);
    }

    /// Out of the attachment's subnets to the receiver.
    fn arrive(&self, story: &mut Story, run: Run<'_, 's>, gateway: &str, vpc: &'s str) {
        let Some(to) = run.to.subnet() else { return };
        let Some(attachment) = self.vpc_attachment(story, run, gateway, vpc, Some(to)) else { return };
        let mut same_subnet_only = true;
        for (id, subnet) in self.entrances(run, attachment) {
            if id == to.subnet_id {
                continue;
            }
            same_subnet_only = false;
            if subnet.is_none() {
                story.missing(self.missing("Subnets", id));
                continue;
            }
            self.check_acl(story, run.leg, (id, Direction::Outbound), run.to, run.points);
            match self.effective_route_table(id) {
                Err(missing) => story.missing(missing),
                Ok(table) => {
                    for piece in self.routes(table, vpc, &run.to.addresses) {
                        if !matches!(piece.way, Way::Local(_)) {
                            let id = &table.route_table_id;
                            let what = format!(
                                "{id} in the attachment's subnet: where it sends {}",
                                piece.addresses
                            );
                            story.missing([Missing::unmodelled(what)]);
                        }
                    }
                }
            }
        }
        if !same_subnet_only {
            self.check_acl(story, run.leg, (&to.subnet_id, Direction::Inbound), run.from, run.points);
        }
    }

    /// Follows a transit gateway's route.
    fn follow(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (gateway, decider): (&'s str, &Decider<'_, 's>),
        (table, addresses, route): (&str, &AddressSet, Option<&'s TransitGatewayRoute>),
    ) -> Followed<'s> {
        let forwards = route.filter(|route| route.state.as_deref().unwrap_or("active") == "active");
        let Some(route) = forwards else {
            block_table(story, run, (table, addresses, route), "");
            return Followed::Stopped;
        };
        let next = self.vpc_behind(gateway, route).filter(|vpc| *vpc != decider.vpc);
        let Some(vpc) = run.to.vpc() else {
            return match next {
                Some(next) => {
                    story.hop(run.leg, TABLE, table, "forward", &format!("{} to {next}", destination(route)));
                    Followed::On(self.through_vpc(story, run, (gateway, next), addresses))
                }
                None => {
                    follow_outside(story, run, (gateway, decider), (table, addresses, route));
                    Followed::Stopped
                }
            };
        };
        let Some(own) = self.vpc_attachment(story, run, gateway, vpc, run.to.subnet()) else {
            return Followed::Stopped;
        };
        let own = own.transit_gateway_attachment_id.as_str();
        if leads_to(Some(route), own) {
            story.hop(run.leg, TABLE, table, "forward", &format!("{} to {own}", destination(route)));
            return Followed::Arrived;
        }
        if let Some(next) = next.filter(|next| *next != vpc) {
            // Another VPC may send them on; if it does not, this route is the fault.
            let mut way = Story::default();
            let reached = self.through_vpc(&mut way, run, (gateway, next), addresses);
            if !way.is_blocked() {
                story.hop(run.leg, TABLE, table, "forward", &format!("{} to {next}", destination(route)));
                story.append(way);
                return Followed::On(reached);
            }
        }
        block_table(story, run, (table, addresses, Some(route)), own);
        Followed::Stopped
    }

    /// The VPC that a route leads to, where it was read.
    fn vpc_behind(&self, gateway: &str, route: &TransitGatewayRoute) -> Option<&'s str> {
        let mut vpcs = route.transit_gateway_attachments.iter().map(|its| {
            let id = its.transit_gateway_attachment_id.as_deref()?;
            self.vpc_attachments.iter().find_map(|((through, vpc), attachments)| {
                let is_its = |attachment: &&TransitGatewayVpcAttachment| {
                    attachment.transit_gateway_attachment_id == id
                };
                (*through == gateway && attachments.iter().any(|attachment| is_its(attachment)))
                    .then_some(*vpc)
            })
        });
        let first = vpcs.next()??;
        (vpcs.all(|vpc| vpc == Some(first)) && self.covers("Subnets", first)).then_some(first)
    }

    /// Into a VPC that does not hold the destination, and on by the tables of its attachment's subnets.
    fn through_vpc(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (gateway, vpc): (&'s str, &'s str),
        addresses: &AddressSet,
    ) -> Reached<'s> {
        let mut reached = Reached::default();
        if run.from.is_going_round() {
            story.missing([Missing::unmodelled(format!("a path as long as this one, which comes to {vpc}"))]);
            return reached;
        }
        let Some(attachment) = self.vpc_attachment(story, run, gateway, vpc, None) else { return reached };
        let to = run.to.only(addresses);
        for (id, subnet) in self.entrances(run, attachment) {
            let Some(subnet) = subnet else {
                story.missing(self.missing("Subnets", id));
                continue;
            };
            let mut from = run.from.clone();
            from.place = Place::Inside { subnet, vpc };
            from.entered.push(vpc);
            from.steps += 1;
            reached.extend(self.leave(story, Run { from: &from, to: &to, ..run }, subnet, vpc));
        }
        reached
    }

    /// The attachment's subnets that packets may come out of: they stay in the sender's zone where the
    /// attachment has a subnet there.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
    fn entrances<'a>(
        &self,
        run: Run<'_, 's>,
        attachment: &'a TransitGatewayVpcAttachment,
    ) -> Vec<(&'a str, Option<&'s Subnet>)> {
        let near = run.from.subnet().and_then(zone);
        let all: Vec<_> = attachment
            .subnet_ids
            .iter()
            .map(|id| (id.as_str(), self.subnets.get(id.as_str()).copied()))
            .collect();
        let in_zone: Vec<_> = all
            .iter()
            .copied()
            .filter(|(_, subnet)| near.is_some() && subnet.and_then(zone) == near)
            .collect();
        if in_zone.is_empty() { all } else { in_zone }
    }
}

/// Where a route of a transit gateway leads.
enum Followed<'s> {
    /// To the receiver's VPC.
    Arrived,
    /// Over another VPC.
    On(Reached<'s>),
    /// Out of AWS, or nowhere.
    Stopped,
}

/// Where a transit gateway's route leads outside the VPCs that were read.
fn follow_outside(
    story: &mut Story,
    run: Run<'_, '_>,
    (gateway, decider): (&str, &Decider<'_, '_>),
    (table, addresses, route): (&str, &AddressSet, &TransitGatewayRoute),
) {
    let told = run.to.told(addresses);
    if route.transit_gateway_attachments.is_empty() {
        let what = format!("the attachment that {table} sends {told} to");
        story.missing([Missing::unmodelled(what)]);
    }
    for attachment in &route.transit_gateway_attachments {
        let id = attachment.transit_gateway_attachment_id.as_deref().unwrap_or("an attachment without id");
        let resource = attachment.resource_id.as_deref().unwrap_or("an unknown resource");
        if attachment.resource_type.as_deref() == Some("vpc") {
            if resource == decider.vpc {
                block_table(story, run, (table, addresses, Some(route)), "");
            } else {
                story.hop(run.leg, TABLE, table, "unknown", &format!("{} to {resource}", destination(route)));
                let what = format!("{resource}, where {table} sends {told}: how it goes on from there");
                story.missing([Missing::unmodelled(what)]);
            }
            continue;
        }
        let kind = attachment.resource_type.as_deref().unwrap_or("network");
        story.hop(run.leg, TABLE, table, "forward", &format!("{} to {id} ({kind})", destination(route)));
        story.hop(run.leg, ATTACHMENT, id, "assumed", &format!("the network behind it holds {told}"));
        story.assume(format!(
            "The {kind} behind {id} of {gateway} connects {} and routes it both ways.",
            run.to.label
        ));
    }
}

fn zone(subnet: &Subnet) -> Option<&str> {
    subnet.availability_zone.as_deref().or(subnet.availability_zone_id.as_deref())
}

fn destination(route: &TransitGatewayRoute) -> &str {
    route.destination_cidr_block.as_deref().or(route.prefix_list_id.as_deref()).unwrap_or_default()
}

fn leads_to(route: Option<&TransitGatewayRoute>, attachment: &str) -> bool {
    route.is_some_and(|route| {
        route.state.as_deref().unwrap_or("active") == "active"
            && !route.transit_gateway_attachments.is_empty()
            && route
                .transit_gateway_attachments
                .iter()
                .all(|its| its.transit_gateway_attachment_id.as_deref() == Some(attachment))
    })
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

/// A route table of a transit gateway stands in the way; `wanted` is the attachment that it should lead to.
fn block_table(
    story: &mut Story,
    run: Run<'_, '_>,
    (table, addresses, route): (&str, &AddressSet, Option<&TransitGatewayRoute>),
    wanted: &str,
) {
    let reason = elsewhere(table, &run.to.told(addresses), route);
    story.hop(run.leg, TABLE, table, "drop", &reason);
    let mut blocker = at(BlockerCode::TransitGatewayRoute, TABLE, table, Some(run.leg), reason);
    blocker.part = run.to.part(addresses);
    blocker.remedy.cidrs = run.to.prefixes_for_fix(addresses);
    blocker.remedy.target = (!wanted.is_empty()).then(|| wanted.to_owned());
    blocker.remedy.target_option = (!wanted.is_empty()).then(|| "--transit-gateway-attachment-id".to_owned());
    blocker.remedy.replaces = route.map(|route| destination(route).to_owned());
    story.block(blocker);
}

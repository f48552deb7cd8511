//! One leg of a flow: out of the sender's subnet, by its route table, into the receiver's subnet.

use super::{
    AddressSet, Blocker, BlockerCode, Leg, Missing, Network, Remedy,
    connection::Connection,
    network_acl::Direction,
    part::{Part, Place},
    ranges::Ranges,
    reached::Reached,
    route::{Piece, Way},
    story::Story,
};
use crate::snapshot::aws::ec2::{RouteTable, Subnet};

/// One leg of a flow.
#[derive(Clone, Copy)]
pub(super) struct Run<'a, 's> {
    pub leg: Leg,
    pub from: &'a Part<'s>,
    pub to: &'a Part<'s>,
    /// Protocols and destination ports.
    pub points: &'a Ranges,
}

/// A table in the place where it decides.
pub(super) struct Decider<'a, 's> {
    pub table: &'s RouteTable,
    pub subnet: &'s Subnet,
    pub vpc: &'s str,
    /// The addresses that one of its routes decides about.
    pub addresses: &'a AddressSet,
    /// That route's destination; empty where there is none.
    pub by: &'a str,
}

impl<'s> Network<'s> {
    /// Sends a flow's packets from one part to the other; the connections that they take.
    pub(super) fn run(&self, story: &mut Story, run: Run<'_, 's>) -> Reached<'s> {
        match (&run.from.place, &run.to.place) {
            (Place::Inside { subnet, vpc }, _) => self.leave(story, run, subnet, vpc),
            (Place::Outside { .. }, Place::Inside { subnet, vpc }) => self.enter(story, run, subnet, vpc),
            (Place::Outside { .. }, Place::Outside { .. }) => {
                let what = format!("paths between {} and {} outside AWS", run.from.label, run.to.label);
                story.missing([Missing::unmodelled(what)]);
                Reached::default()
            }
        }
    }

    /// Out of a subnet, by its network ACL and its route table.
    pub(super) fn leave(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        subnet: &'s Subnet,
        vpc: &'s str,
    ) -> Reached<'s> {
        let Run { leg, from, to, points } = run;
        let mut reached = Reached::default();
        let id = subnet.subnet_id.as_str();
        let near = to.subnet().is_some_and(|to| to.subnet_id == id);
        if near {
            story.hop(leg, "subnet", id, "forward", "both ends are in it");
            // Neither the route table nor the network ACL sees what stays in the subnet.
            reached.connections.insert(Connection::Local);
            return reached;
        }
        story.hop(leg, "subnet", id, "forward", &from.told(&from.addresses));
        self.check_acl(story, leg, (id, Direction::Outbound), to, points);
        match self.effective_route_table(id) {
            Err(missing) => {
                story.hop(leg, "route-table", id, "unknown", "the route table was not read");
                story.missing(missing);
            }
            Ok(table) => {
                for piece in self.routes(table, vpc, &to.addresses.union(&to.around)) {
                    if piece.addresses.intersect(&to.addresses).is_empty() {
                        continue;
                    }
                    reached.extend(self.forward(story, run, (table, subnet, vpc), &piece));
                }
            }
        }
        // A transit gateway or a NAT gateway delivers on a way of its own, which has been through the ACL.
        let delivered = |connection: &Connection| !matches!(connection, Connection::TransitGateway(_));
        if let Some(subnet) = to.subnet()
            && (reached.is_empty() || reached.connections.iter().any(delivered))
        {
            self.check_acl(story, leg, (&subnet.subnet_id, Direction::Inbound), from, points);
        }
        reached
    }

    /// What one route does; the connections that it leads over, if it leads there at all.
    fn forward(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (table, subnet, vpc): (&'s RouteTable, &'s Subnet, &'s str),
        piece: &Piece<'s>,
    ) -> Reached<'s> {
        let (id, to) = (table.route_table_id.as_str(), run.to);
        let addresses = if piece.addresses.contains_all(&to.around) {
            &to.around
        } else {
            &piece.addresses.intersect(&to.addresses)
        };
        let told = addresses.to_string();
        let decider = |by| Decider { table, subnet, vpc, addresses, by };
        match &piece.way {
            Way::Unknown(missing) => {
                story.hop(run.leg, "route-table", id, "unknown", &format!("the route for {told}"));
                story.missing(missing.clone());
                Reached::default()
            }
            Way::Nowhere => {
                let reason = format!("{id} has no route for {told}");
                self.block_route(story, run, &decider(""), BlockerCode::RouteMissing, &reason);
                Reached::default()
            }
            Way::Blackhole(by) => {
                let reason = format!("the route of {id} for {by} is a blackhole");
                self.block_route(story, run, &decider(by), BlockerCode::RouteBlackhole, &reason);
                Reached::default()
            }
            Way::Local(by) if to.vpc() == Some(vpc) => {
                story.hop(run.leg, "route-table", id, "forward", &format!("{by} to local"));
                Connection::Local.into()
            }
            Way::Local(by) => {
                let reason = format!("{id} keeps {told} in {vpc}, whose own prefix {by} holds it");
                self.block_route(story, run, &decider(by), BlockerCode::RouteLocal, &reason);
                Reached::default()
            }
            Way::To(target, by) => self.forward_to(story, run, &decider(by), target),
        }
    }

    fn forward_to(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        target: &'s str,
    ) -> Reached<'s> {
        let id = decider.table.route_table_id.as_str();
        let kind = target.split('-').next().unwrap_or_default();
        let declared = match &run.to.place {
            Place::Outside { via: Some(via) } if is_gateway(via) => Some(via.as_str()),
            Place::Outside { via: Some(via) } => {
                story.missing([Missing::unmodelled(format!("{via}, where {} comes in", run.to.label))]);
                None
            }
            _ => None,
        };
        // What a client asks the internet for; a reply to a network that is declared is none of that.
        let internet = run.leg == Leg::Request && run.to.internet;
        let leads_away = match kind {
            "igw" | "eigw" => !internet,
            "nat" => run.leg == Leg::Reply || declared.is_some(),
            "vgw" => run.to.vpc().is_some() || declared.is_some_and(|via| via != target),
            "pcx" | "tgw" => run.to.vpc() == Some(decider.vpc) || declared.is_some_and(|via| via != target),
            _ => false,
        };
        let elsewhere = format!("{id} sends {} to {target} ({})", decider.addresses, decider.by);
        if leads_away {
            self.block_route(story, run, decider, BlockerCode::RouteElsewhere, &elsewhere);
            return Reached::default();
        }
        if kind == "nat" && !internet {
            // To a private network it is a way only where it leads there; otherwise this route is the fault.
            let mut way = Story::default();
            let reached = self.over_nat_gateway(&mut way, run, decider, target);
            if way.is_blocked() {
                self.block_route(story, run, decider, BlockerCode::RouteElsewhere, &elsewhere);
                return Reached::default();
            }
            story.hop(run.leg, "route-table", id, "forward", &format!("{} to {target}", decider.by));
            story.append(way);
            return reached;
        }
        story.hop(run.leg, "route-table", id, "forward", &format!("{} to {target}", decider.by));
        if run.to.vpc().is_none() && !internet && matches!(kind, "vgw" | "tgw" | "pcx") && declared.is_none()
        {
            story.assume(format!(
                "{} comes in through {target}, where {id} sends {}.",
                run.to.label, decider.addresses
            ));
        }
        if let Some(vpc) = run.from.entered.last()
            && never_onwards(story, run, decider, (vpc, kind), target)
        {
            return Reached::default();
        }
        match kind {
            "pcx" => self.over_peering_connection(story, run, decider, target).into(),
            "vgw" => self.over_vpn_gateway(story, run, decider, target).into(),
            "tgw" => self.over_transit_gateway_attachment(story, run, decider, target),
            "igw" => self.over_internet_gateway(story, run, decider, target).into(),
            "eigw" => self.over_egress_only_gateway(story, run, decider, target).into(),
            "nat" => self.over_nat_gateway(story, run, decider, target),
            _ => {
                let what = format!("{target}, where {id} sends {}: what it forwards", decider.addresses);
                story.hop(run.leg, "route-target", target, "unknown", "not modelled");
                story.missing([Missing::unmodelled(what)]);
                Reached::default()
            }
        }
    }

    /// From outside AWS into a subnet: by the gateway that the subnet's own routes lead to.
    fn enter(&self, story: &mut Story, run: Run<'_, 's>, subnet: &'s Subnet, vpc: &'s str) -> Reached<'s> {
        let mut reached = Reached::default();
        let id = subnet.subnet_id.as_str();
        let mut check_acl = true;
        // A table that was not read is named by the other leg, as is every route that leads elsewhere.
        let pieces = match self.effective_route_table(id) {
            Ok(table) => self.routes(table, vpc, &run.from.addresses),
            Err(_) => Vec::new(),
        };
        // Only replies come in from the internet: nobody there knows a private address.
        let internet = run.leg == Leg::Reply && run.from.internet;
        for piece in pieces {
            let Way::To(target, _) = piece.way else { continue };
            if matches!(&run.from.place, Place::Outside { via: Some(via) } if via != target) {
                continue;
            }
            let told = format!("{} comes in", piece.addresses);
            if target.starts_with("vgw-") {
                story.hop(run.leg, "vpn-gateway", target, "assumed", &told);
                self.check_gateway_routes(story, run, (target, vpc));
                reached.connections.insert(Connection::VpnGateway(target.to_owned()));
            } else if internet && (target.starts_with("igw-") || target.starts_with("eigw-")) {
                story.hop(run.leg, "internet-gateway", target, "assumed", &told);
                self.check_gateway_routes(story, run, (target, vpc));
                reached.connections.insert(Connection::Internet(target.to_owned()));
            } else if target.starts_with("tgw-") {
                check_acl &= self.out_of_transit_gateway(story, run, (target, vpc), &piece.addresses);
                reached.connections.insert(Connection::TransitGateway(target.to_owned()));
            } else if target.starts_with("pcx-") {
                reached.connections.insert(Connection::Peering(target.to_owned()));
            }
        }
        if check_acl {
            self.check_acl(story, run.leg, (id, Direction::Inbound), run.from, run.points);
        }
        story.hop(run.leg, "subnet", id, "forward", &run.to.told(&run.to.addresses));
        reached
    }
}

/// What comes into a VPC over a transit gateway leaves it over NAT or a transit gateway, not by what
/// serves the VPC's own addresses alone; whether the packets stop here.
///
/// <https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html>,
/// <https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html>
fn never_onwards(
    story: &mut Story,
    run: Run<'_, '_>,
    decider: &Decider<'_, '_>,
    (vpc, kind): (&str, &str),
    target: &str,
) -> bool {
    let told = decider.addresses.to_string();
    let kind = match kind {
        "igw" => "internet-gateway",
        "pcx" => "vpc-peering-connection",
        "vgw" | "eigw" => {
            let what = format!("{target}, where {vpc} sends {told}: whether it takes what other VPCs send");
            story.missing([Missing::unmodelled(what)]);
            return true;
        }
        _ => return false,
    };
    let reason = format!("{target} takes nothing to {told} that comes into {vpc} from another network");
    story.hop(run.leg, kind, target, "drop", &reason);
    let mut blocker = at(BlockerCode::NeverForwarded, kind, target, Some(run.leg), reason);
    blocker.part = run.to.part(decider.addresses);
    story.block(blocker);
    true
}

/// A blocker without a part or a remedy.
pub(super) fn at(code: BlockerCode, kind: &str, id: &str, leg: Option<Leg>, reason: String) -> Blocker {
    Blocker {
        code,
        kind: kind.to_owned(),
        id: id.to_owned(),
        leg,
        part: None,
        reason,
        remedy: Remedy::default(),
    }
}

/// Whether an id is that of something that networks outside a VPC come in through.
fn is_gateway(id: &str) -> bool {
    ["pcx-", "tgw-", "vgw-"].iter().any(|kind| id.starts_with(kind))
}

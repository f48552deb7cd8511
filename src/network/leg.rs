//! One leg of a flow: out of the sender's subnet, by its route table, into the receiver's subnet.

use std::collections::BTreeSet;

use super::{
    AddressSet, Blocker, BlockerCode, Leg, Missing, Network, Remedy,
    connection::Connection,
    network_acl::Direction,
    part::{Part, Place},
    ranges::Ranges,
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
    pub(super) fn run(&self, story: &mut Story, run: Run<'_, 's>) -> BTreeSet<Connection> {
        match (&run.from.place, &run.to.place) {
            (Place::Inside { subnet, vpc }, _) => self.leave(story, run, subnet, vpc),
            (Place::Outside { .. }, Place::Inside { subnet, vpc }) => self.enter(story, run, subnet, vpc),
            (Place::Outside { .. }, Place::Outside { .. }) => {
                let what = format!("paths between {} and {} outside AWS", run.from.label, run.to.label);
                story.missing([Missing::unmodelled(what)]);
                BTreeSet::new()
            }
        }
    }

    fn leave(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        subnet: &'s Subnet,
        vpc: &'s str,
    ) -> BTreeSet<Connection> {
        let Run { leg, from, to, points } = run;
        let mut connections = BTreeSet::new();
        let id = subnet.subnet_id.as_str();
        let near = to.subnet().is_some_and(|to| to.subnet_id == id);
        if near {
            story.hop(leg, "subnet", id, "forward", "both ends are in it");
            // Neither the route table nor the network ACL sees what stays in the subnet.
            connections.insert(Connection::Local);
            return connections;
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
                    connections.extend(self.forward(story, run, (table, subnet, vpc), &piece));
                }
            }
        }
        let over_transit_gateway =
            |connection: &Connection| matches!(connection, Connection::TransitGateway(_));
        if let Some(subnet) = to.subnet()
            && (connections.is_empty() || !connections.iter().all(over_transit_gateway))
        {
            self.check_acl(story, leg, (&subnet.subnet_id, Direction::Inbound), from, points);
        }
        connections
    }

    /// What one route does; the connection that it leads over, if it leads there at all.
    fn forward(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        (table, subnet, vpc): (&'s RouteTable, &'s Subnet, &'s str),
        piece: &Piece<'s>,
    ) -> Option<Connection> {
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
                None
            }
            Way::Nowhere => {
                let reason = format!("{id} has no route for {told}");
                self.block_route(story, run, &decider(""), BlockerCode::RouteMissing, &reason)
            }
            Way::Blackhole(by) => {
                let reason = format!("the route of {id} for {by} is a blackhole");
                self.block_route(story, run, &decider(by), BlockerCode::RouteBlackhole, &reason)
            }
            Way::Local(by) if to.vpc() == Some(vpc) => {
                story.hop(run.leg, "route-table", id, "forward", &format!("{by} to local"));
                Some(Connection::Local)
            }
            Way::Local(by) => {
                let reason = format!("{id} keeps {told} in {vpc}, whose own prefix {by} holds it");
                self.block_route(story, run, &decider(by), BlockerCode::RouteLocal, &reason);
                None
            }
            Way::To(target, by) => self.forward_to(story, run, &decider(by), target),
        }
    }

    fn forward_to(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        target: &str,
    ) -> Option<Connection> {
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
        let leads_away = match kind {
            "igw" | "eigw" => true,
            "nat" => !self.is_private_nat(target),
            "vgw" => run.to.vpc().is_some() || declared.is_some_and(|via| via != target),
            "pcx" | "tgw" => run.to.vpc() == Some(decider.vpc) || declared.is_some_and(|via| via != target),
            _ => false,
        };
        if leads_away {
            let reason = format!("{id} sends {} to {target} ({})", decider.addresses, decider.by);
            return self.block_route(story, run, decider, BlockerCode::RouteElsewhere, &reason);
        }
        story.hop(run.leg, "route-table", id, "forward", &format!("{} to {target}", decider.by));
        if run.to.vpc().is_none() && matches!(kind, "vgw" | "tgw" | "pcx") && declared.is_none() {
            story.assume(format!(
                "{} comes in through {target}, where {id} sends {}.",
                run.to.label, decider.addresses
            ));
        }
        match kind {
            "pcx" => self.over_peering_connection(story, run, decider, target),
            "vgw" => self.over_vpn_gateway(story, run, decider, target),
            "tgw" => self.over_transit_gateway_attachment(story, run, decider, target),
            _ => {
                let what = format!("{target}, where {id} sends {}: what it forwards", decider.addresses);
                story.hop(run.leg, "route-target", target, "unknown", "not modelled");
                story.missing([Missing::unmodelled(what)]);
                None
            }
        }
    }

    fn is_private_nat(&self, id: &str) -> bool {
        self.nat_gateways.get(id).is_some_and(|nat| nat.connectivity_type.as_deref() == Some("private"))
    }

    /// From outside AWS into a subnet: by the gateway that the subnet's own routes lead to.
    fn enter(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        subnet: &'s Subnet,
        vpc: &'s str,
    ) -> BTreeSet<Connection> {
        let mut connections = BTreeSet::new();
        let id = subnet.subnet_id.as_str();
        let mut check_acl = true;
        // A table that was not read is named by the other leg, as is every route that leads elsewhere.
        let pieces = match self.effective_route_table(id) {
            Ok(table) => self.routes(table, vpc, &run.from.addresses),
            Err(_) => Vec::new(),
        };
        for piece in pieces {
            let Way::To(target, _) = piece.way else { continue };
            if matches!(&run.from.place, Place::Outside { via: Some(via) } if via != target) {
                continue;
            }
            if target.starts_with("vgw-") {
                story.hop(
                    run.leg,
                    "vpn-gateway",
                    target,
                    "assumed",
                    &format!("{} comes in", piece.addresses),
                );
                self.check_gateway_routes(story, run, (target, vpc));
                connections.insert(Connection::VpnGateway(target.to_owned()));
            } else if target.starts_with("tgw-") {
                check_acl &= self.out_of_transit_gateway(story, run, (target, vpc), &piece.addresses);
                connections.insert(Connection::TransitGateway(target.to_owned()));
            } else if target.starts_with("pcx-") {
                connections.insert(Connection::Peering(target.to_owned()));
            }
        }
        if check_acl {
            self.check_acl(story, run.leg, (id, Direction::Inbound), run.from, run.points);
        }
        story.hop(run.leg, "subnet", id, "forward", &run.to.told(&run.to.addresses));
        connections
    }
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

//! From a subnet to a service's prefix list, through a gateway endpoint.
//!
//! <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>

use std::collections::BTreeSet;

use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::ranges::Ranges;

use crate::ids;
use crate::network::index::lookup::{self, RouteState};
use crate::network::segment::{Location, Segment};
use crate::network::tables::compiled::{Direction, RouteOutcome};
use crate::network::tables::side::{Connection, Side};
use crate::network::{BlockerCode, Remedy, TraceLog};
use crate::snapshot::aws::ec2::{Route, RouteTable};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{Arrival, Decider, Run, SubnetHop, at, block_never, kind};

/// A network over a VPN or Direct Connect is in no VPC; anything else may be in one that was not
/// read, with a gateway endpoint of its own.
fn outside(log: &mut TraceLog, from: &Segment<'_>, via: Option<&str>, list: &str) {
    let serves = format!("a gateway VPC endpoint for {list} serves its own VPC only");
    if via.and_then(ids::kind) == Some(ids::ResourceKind::VpnGateway) {
        let reason = format!("{serves}, and {} is outside AWS", from.label);
        return log.block(at(BlockerCode::NeverForwarded, "prefix-list", list, Some(Leg::Request), reason));
    }
    let what = format!("the VPC of {}, if any, and the routes of that VPC; {serves}", from.label);
    log.missing([Missing::operation(what, None)]);
}

impl<'s> Reasoner<'s> {
    pub(crate) fn to_prefix_list(
        &self,
        log: &mut TraceLog,
        from: &Segment<'s>,
        to: &Segment<'s>,
        (request, reply): &(Ranges, Ranges),
    ) {
        let list = to.prefix_list.as_deref().unwrap_or_default();
        let (subnet, vpc) = match &from.place {
            Location::Inside { subnet, vpc } => (*subnet, *vpc),
            Location::Outside { via } => return outside(log, from, via.as_deref(), list),
        };
        let connections = BTreeSet::from([Connection::Endpoint(list.to_owned())]);
        let side = Side {
            direction: Direction::Outbound,
            own: from,
            peer: to,
            points: request,
            connections: &connections,
        };
        self.check_groups(log, &side);
        let id = subnet.subnet_id.as_str();
        self.check_acl(log, Leg::Request, (id, Direction::Outbound), to, request);
        match self.effective_route_table(id) {
            Ok(table) => {
                let run = Run { leg: Leg::Request, from, to, points: request };
                self.route_to_list(log, run, (table, SubnetHop { subnet, vpc, over: None }), list);
            }
            Err(missing) => log.missing(missing),
        }
        self.check_acl(log, Leg::Reply, (id, Direction::Inbound), to, reply);
    }

    fn route_to_list(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (table, hop): (&'s RouteTable, SubnetHop<'s>),
        list: &str,
    ) {
        let id = table.route_table_id.as_str();
        let is_its = |route: &&Route| route.destination_prefix_list_id.as_deref() == Some(list);
        let Some(route) = table.routes.iter().find(is_its) else {
            let reason = format!("{id} has no route for {list}");
            return self.block_list(log, run, (table, hop.vpc), (BlockerCode::RouteMissing, reason), list);
        };
        let target = lookup::target(route).unwrap_or_default();
        let state = RouteState::of(route.state.as_deref());
        if state == RouteState::Blackhole {
            let reason = format!("{id} has a blackhole route for {list}");
            return self.block_list(log, run, (table, hop.vpc), (BlockerCode::RouteBlackhole, reason), list);
        }
        if target.starts_with("vpce-") && !self.vpc_endpoints.contains_key(target) {
            log.hop(run.leg, "vpc-endpoint", target, "unknown", "the VPC endpoint was not read");
            return log.missing(self.missing("VpcEndpoints", target));
        }
        if state == RouteState::Unread {
            return log.missing(self.missing_state(table, route));
        }
        if state == RouteState::Active && kind(target) == "pcx" {
            // A peer's gateways and gateway endpoints are for its own VPC alone:
            // https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations
            let far = self.far_vpc(target, hop.vpc).unwrap_or("the peer");
            let reason = format!(
                "{id} sends {list} to {target}; packets that enter {far} over {target} cannot leave {far} through \
                 a gateway or a gateway VPC endpoint"
            );
            block_never(log, run, target, reason);
            return;
        }
        if state != RouteState::Active || !self.is_gateway_endpoint(target) {
            let what = format!("forwarding of {list} by {target}, the target in {id}");
            return log.missing([Missing::unmodelled(what)]);
        }
        log.hop(Leg::Request, "route-table", id, "forward", &format!("{list} to {target}"));
        if run.to.is_stand_in {
            return log.missing(run.to.unread.clone());
        }
        // A more specific route takes single addresses of the service elsewhere.
        for piece in self.routes(table, hop.vpc, &run.to.addresses) {
            match &piece.outcome {
                RouteOutcome::To(other, _) if *other == target => {}
                RouteOutcome::Unknown(missing) => log.missing(missing.clone()),
                RouteOutcome::To(other, by) => {
                    let reason = format!("{id} sends {} to {other} ({by})", piece.addresses.told());
                    let decider = Decider { table, hop, addresses: &piece.addresses, by };
                    self.block_route(log, run, &decider, BlockerCode::RouteElsewhere, &reason);
                }
                RouteOutcome::Local(by) | RouteOutcome::Blackhole(by) => {
                    let reason = format!(
                        "{id} has a route for {by}, more specific than {list}, for {}",
                        piece.addresses.told()
                    );
                    let decider = Decider { table, hop, addresses: &piece.addresses, by };
                    self.block_route(log, run, &decider, BlockerCode::RouteElsewhere, &reason);
                }
                RouteOutcome::Nowhere => {}
            }
        }
        self.check_available(log, target);
        log.hop(Leg::Request, "vpc-endpoint", target, "forward", "gateway VPC endpoint");
    }

    /// Only an available endpoint forwards; what another state means for its routes is not documented.
    fn check_available(&self, log: &mut TraceLog, id: &str) {
        let state = self.vpc_endpoints.get(id).and_then(|endpoint| endpoint.state.as_deref());
        if !state.is_some_and(|state| state.eq_ignore_ascii_case("available")) {
            log.missing(self.missing("VpcEndpoints", id));
        }
    }

    /// A route whose prefix list holds single addresses that are asked about.
    pub(crate) fn over_gateway_endpoint(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        decider: &Decider<'_, 's>,
        id: &str,
    ) -> Vec<Arrival<'s>> {
        if let Some(nat) = run.from.translator {
            let what =
                format!("whether gateway VPC endpoint {id} serves packets from {}", nat.nat_gateway_id);
            log.missing([Missing::unmodelled(what)]);
        }
        self.check_available(log, id);
        log.hop(run.leg, "vpc-endpoint", id, "assumed", "gateway VPC endpoint; the service answers");
        log.assume(format!("The service behind {id} answers at {}.", run.to.label));
        vec![Arrival::outside(run, Edge::Endpoint { id: id.to_owned(), vpc: decider.hop.vpc })]
    }

    /// Whether an id is that of a gateway endpoint that was read.
    pub fn is_gateway_endpoint(&self, id: &str) -> bool {
        let kind = self.vpc_endpoints.get(id).and_then(|endpoint| endpoint.vpc_endpoint_type.as_deref());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("gateway"))
    }

    fn block_list(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (table, vpc): (&'s RouteTable, &'s str),
        (code, reason): (BlockerCode, String),
        list: &str,
    ) {
        let id = table.route_table_id.as_str();
        log.hop(run.leg, "route-table", id, "drop", &reason);
        let mut blocker = at(code, "route-table", id, Some(run.leg), reason);
        blocker.remedy = Remedy {
            prefix_list: Some(list.to_owned()),
            target: self.gateway_endpoint(vpc, list),
            subnet: run.from.subnet().map(|subnet| subnet.subnet_id.clone()),
            ..Remedy::default()
        };
        log.block(blocker);
    }

    /// The VPC's gateway endpoint for the service that a prefix list belongs to.
    fn gateway_endpoint(&self, vpc: &str, list: &str) -> Option<String> {
        let lists = self.snapshot.aws.prefix_lists.iter().flatten();
        let name = lists
            .filter(|item| item.prefix_list_id == list)
            .find_map(|item| item.prefix_list_name.as_deref())?;
        self.vpc_endpoints
            .values()
            .find(|endpoint| {
                endpoint.vpc_id.as_deref() == Some(vpc)
                    && endpoint.service_name.as_deref() == Some(name)
                    && endpoint
                        .vpc_endpoint_type
                        .as_deref()
                        .is_some_and(|kind| kind.eq_ignore_ascii_case("gateway"))
            })
            .map(|endpoint| endpoint.vpc_endpoint_id.clone())
    }
}

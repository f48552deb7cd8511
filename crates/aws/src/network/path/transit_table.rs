//! Route tables of transit gateways: the one that an attachment is associated with decides.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::address_map::AddressMap;
use privek_core::sets::addresses::AddressSet;

use crate::network::index::lookup::RouteState;
use crate::network::{BlockerCode, TraceLog};
use crate::snapshot::aws::ec2::TransitGatewayRoute;

use super::reasoner::Reasoner;
use super::run::{ATTACHMENT, Run, TABLE, at};
use super::transit_attachment::is_private_network;
use super::transit_remedy::destination;

/// Addresses with the route that a transit gateway has for them.
pub(crate) type Routed<'s> = Vec<(AddressSet, Option<&'s TransitGatewayRoute>)>;

impl<'s> Reasoner<'s> {
    /// The route table that an attachment is associated with, and what it does with the packets.
    pub(crate) fn gateway_routes(
        &self,
        log: &mut TraceLog,
        run: Run<'_, 's>,
        (gateway, attachment): (&str, &str),
    ) -> Option<(&'s str, Routed<'s>)> {
        let Some(found) = self.attachment_of(gateway, attachment) else {
            log.hop(run.leg, ATTACHMENT, attachment, "unknown", "the route table was not read");
            log.missing(self.missing("TransitGatewayAttachments", attachment));
            return None;
        };
        let state = found.association.as_ref().and_then(|association| association.state.as_deref());
        if let Some(state @ ("associating" | "disassociating")) = state {
            log.hop(run.leg, ATTACHMENT, attachment, "unknown", &format!("the association is {state}"));
            let what = format!(
                "the result of associating {attachment} with a transit gateway route table; the association is {state}"
            );
            log.missing([Missing::unmodelled(what)]);
            return None;
        }
        let association = found
            .association
            .as_ref()
            .filter(|association| association.state.as_deref().is_none_or(|state| state == "associated"))
            .and_then(|association| association.transit_gateway_route_table_id.as_deref());
        let table = if let Some(table) = association {
            table
        } else {
            // Only the gateway's owner can read the association.
            let foreign = match (&found.transit_gateway_owner_id, &self.snapshot.header.account) {
                (Some(owner), Some(account)) if owner != account => Some(owner),
                _ => None,
            };
            if let (Some(owner), None) = (foreign, &found.association) {
                let mut missing = self.missing("TransitGatewayAttachments", attachment);
                for its in &mut missing {
                    its.what = format!("{} in account {owner}", its.what);
                }
                log.hop(run.leg, ATTACHMENT, attachment, "unknown", "the route table is in another account");
                log.missing(missing);
                return None;
            }
            let reason = format!("{attachment} is associated with no route table");
            log.hop(run.leg, ATTACHMENT, attachment, "drop", &reason);
            let mut blocker =
                at(BlockerCode::TransitGatewayAssociation, ATTACHMENT, attachment, None, reason);
            let table = self.table_to_associate(found);
            blocker.remedy.target = table.map(str::to_owned);
            log.block(blocker);
            // Blockers behind the missing association are reported with it.
            table?
        };
        let routes = self.transit.get(table, || self.table_routes(table));
        match routes.as_ref() {
            Ok(all) => {
                let its = all.split(&run.to.addresses).map(|(addresses, route)| (addresses, *route));
                Some((table, its.collect()))
            }
            Err(missing) => {
                log.hop(run.leg, TABLE, table, "unknown", "the routes were not read");
                log.missing(missing.clone());
                None
            }
        }
    }

    /// Whether an attachment's route table is known to send all these addresses to networks outside AWS.
    pub(crate) fn routes_outside(&self, attachment: &str, addresses: &AddressSet) -> bool {
        let association = self.attachments.get(attachment).and_then(|found| found.association.as_ref());
        let table = association.and_then(|association| association.transit_gateway_route_table_id.as_deref());
        let outside = |route: &TransitGatewayRoute| {
            let mut kinds = route.transit_gateway_attachments.iter().map(|its| its.resource_type.as_deref());
            RouteState::of(route.state.as_deref()) == RouteState::Active
                && kinds.any(|kind| kind.is_some_and(is_private_network))
        };
        table.is_some_and(|table| {
            let routes = self.transit.get(table, || self.table_routes(table));
            let routes = routes.as_ref().as_ref();
            routes.is_ok_and(|all| all.split(addresses).all(|(_, route)| route.is_some_and(outside)))
        })
    }

    /// What a table does with each address there is.
    fn table_routes(&self, table: &'s str) -> Known<AddressMap<Option<&'s TransitGatewayRoute>>> {
        let Some(routes) = self.transit_gateway_routes.get(table) else {
            return Err(self.missing("TransitGatewayRoutes", table));
        };
        if routes.additional_routes_available == Some(true) {
            // A longer prefix may be among the routes that were cut off.
            let what = format!("the rest of the routes of {table}");
            return Err(self.missing_of("TransitGatewayRoutes", table, what));
        }
        let mut all: Vec<(IpNet, u8, &'s TransitGatewayRoute)> = Vec::new();
        for route in &routes.routes {
            match RouteState::of(route.state.as_deref()) {
                RouteState::Active | RouteState::Blackhole => {}
                RouteState::Other("pending" | "deleting" | "deleted") => continue,
                RouteState::Other(state) => {
                    let what = format!("the state `{state}` of a route of {table}");
                    return Err(vec![Missing::unmodelled(what)]);
                }
                RouteState::Unread => {
                    let what = format!("the state of the route of {table} for {}", destination(route));
                    return Err(self.missing_of("TransitGatewayRoutes", table, what));
                }
            }
            let prefixes = match (&route.destination_cidr_block, &route.prefix_list_id) {
                (Some(text), _) => match text.parse() {
                    Ok(prefix) => vec![prefix],
                    Err(_) => {
                        return Err(vec![Missing::unmodelled(format!(
                            "the destination `{text}` in {table}"
                        ))]);
                    }
                },
                (None, Some(list)) => self.prefix_list(list)?,
                (None, None) => {
                    return Err(vec![Missing::unmodelled(format!(
                        "a route of {table} without a destination"
                    ))]);
                }
            };
            all.extend(prefixes.into_iter().map(|prefix| (prefix, rank(route), route)));
        }
        all.sort_by_key(|(prefix, rank, _)| (u8::MAX - prefix.prefix_len(), *rank, *prefix));
        let (mut left, mut pieces) = (AddressSet::everything(), Vec::new());
        for (prefix, _, route) in all {
            let its = left.intersect(&prefix.into());
            if !its.is_empty() {
                left = left.subtract(&its);
                pieces.push((its, Some(route)));
            }
        }
        if !left.is_empty() {
            pieces.push((left, None));
        }
        Ok(AddressMap::of(pieces))
    }
}

/// Which of two routes for one prefix decides: static ones, then those of prefix lists, then those
/// that are propagated by VPCs, Direct Connect, Connect and VPN attachments, in this order:
/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview>
fn rank(route: &TransitGatewayRoute) -> u8 {
    if route.r#type.as_deref() != Some("propagated") {
        return u8::from(route.destination_cidr_block.is_none());
    }
    let kinds = route.transit_gateway_attachments.iter().filter_map(|its| its.resource_type.as_deref());
    kinds
        .map(|kind| match kind {
            "vpc" => 2,
            "direct-connect-gateway" => 3,
            "connect" => 4,
            "vpn" => 5,
            _ => 6,
        })
        .min()
        .unwrap_or(6)
}

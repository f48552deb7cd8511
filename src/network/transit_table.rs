//! Route tables of transit gateways: the one that an attachment is associated with decides.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>

use ipnet::IpNet;

use super::{
    AddressSet, BlockerCode, Known, Missing, Network,
    leg::{Run, at},
    story::Story,
    transit::{ATTACHMENT, TABLE},
};
use crate::snapshot::aws::ec2::TransitGatewayRoute;

/// Addresses with the route that a transit gateway has for them.
type Routed<'s> = Vec<(AddressSet, Option<&'s TransitGatewayRoute>)>;

impl<'s> Network<'s> {
    /// The route table that an attachment is associated with, and what it does with addresses.
    pub(super) fn gateway_routes(
        &self,
        story: &mut Story,
        run: Run<'_, 's>,
        attachment: &str,
        addresses: &AddressSet,
    ) -> Option<Vec<(&'s str, AddressSet, Option<&'s TransitGatewayRoute>)>> {
        let Some(found) = self.attachments.get(attachment) else {
            story.hop(run.leg, ATTACHMENT, attachment, "unknown", "its route table was not read");
            story.missing(self.missing("TransitGatewayAttachments", attachment));
            return None;
        };
        let association = found
            .association
            .as_ref()
            .filter(|association| association.state.as_deref().is_none_or(|state| state == "associated"))
            .and_then(|association| association.transit_gateway_route_table_id.as_deref());
        let table = if let Some(table) = association {
            table
        } else {
            // Only the gateway's owner is told the association.
            let foreign = match (&found.transit_gateway_owner_id, &self.snapshot.account) {
                (Some(owner), Some(account)) if owner != account => Some(owner),
                _ => None,
            };
            if let (Some(owner), None) = (foreign, &found.association) {
                let mut missing = self.missing("TransitGatewayAttachments", attachment);
                for missing in &mut missing {
                    missing.what = format!("{} in account {owner}", missing.what);
                }
                story.hop(
                    run.leg,
                    ATTACHMENT,
                    attachment,
                    "unknown",
                    "its route table is in another account",
                );
                story.missing(missing);
                return None;
            }
            let reason = format!("{attachment} is associated with no route table");
            story.hop(run.leg, ATTACHMENT, attachment, "drop", &reason);
            let mut blocker =
                at(BlockerCode::TransitGatewayAssociation, ATTACHMENT, attachment, None, reason);
            let table = self.table_to_associate(found);
            blocker.remedy.target = table.map(str::to_owned);
            story.block(blocker);
            // What stands in the way once it is associated is told at once.
            table?
        };
        match self.table_routes(table, addresses) {
            Ok(routed) => {
                Some(routed.into_iter().map(|(addresses, route)| (table, addresses, route)).collect())
            }
            Err(missing) => {
                story.hop(run.leg, TABLE, table, "unknown", "its routes were not read");
                story.missing(missing);
                None
            }
        }
    }

    fn table_routes(&self, table: &str, addresses: &AddressSet) -> Known<Routed<'s>> {
        let Some(routes) = self.transit_gateway_routes.get(table) else {
            return Err(self.missing("TransitGatewayRoutes", table));
        };
        if routes.additional_routes_available == Some(true) {
            // A longer prefix may be among the routes that were cut off.
            let mut missing = self.missing("TransitGatewayRoutes", table);
            for missing in &mut missing {
                missing.what = format!("the rest of the routes of {table}");
            }
            return Err(missing);
        }
        let mut all: Vec<(IpNet, bool, &'s TransitGatewayRoute)> = Vec::new();
        for route in &routes.routes {
            let state = route.state.as_deref().unwrap_or("active");
            if state != "active" && state != "blackhole" {
                continue;
            }
            let propagated = route.r#type.as_deref() == Some("propagated");
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
                (None, None) => continue,
            };
            all.extend(prefixes.into_iter().map(|prefix| (prefix, propagated, route)));
        }
        all.sort_by_key(|(prefix, propagated, _)| (u8::MAX - prefix.prefix_len(), *propagated, *prefix));
        let (mut left, mut pieces) = (addresses.clone(), Vec::new());
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
        Ok(pieces)
    }
}

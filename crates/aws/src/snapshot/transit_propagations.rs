//! Transit gateway route tables as other tools keep them: static routes and propagations in two lists.
//!
//! AWS propagates the prefixes of a VPC as they are
//! (<https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-propagation-overview>);
//! what a VPN or Direct Connect gateway propagates is in neither list.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::aws::ec2::{TransitGatewayRoute, TransitGatewayRouteAttachment, TransitGatewayRoutes, Vpc};

/// The two lists; each names its tables.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TableLists {
    pub transit_gateway_static_routes: Vec<TransitGatewayRoutes>,
    pub transit_gateway_propagations: Vec<TablePropagations>,
}

/// What is propagated into one table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TablePropagations {
    transit_gateway_route_table_id: String,
    transit_gateway_route_table_propagations: Vec<Propagation>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Propagation {
    resource_id: Option<String>,
    resource_type: Option<String>,
    state: Option<String>,
    transit_gateway_attachment_id: Option<String>,
}

impl TableLists {
    /// Adds another file's lists.
    pub(super) fn add(&mut self, more: TableLists) {
        self.transit_gateway_static_routes.extend(more.transit_gateway_static_routes);
        self.transit_gateway_propagations.extend(more.transit_gateway_propagations);
    }

    /// The tables of which every route is known: both lists have them, and only VPCs that were read propagate.
    pub(super) fn tables(&self, vpcs: &[Vpc]) -> Vec<TransitGatewayRoutes> {
        let propagations: BTreeMap<&str, &TablePropagations> = self
            .transit_gateway_propagations
            .iter()
            .map(|table| (table.transit_gateway_route_table_id.as_str(), table))
            .collect();
        let whole = self.transit_gateway_static_routes.iter().filter_map(|table| {
            let propagated = propagations.get(table.transit_gateway_route_table_id.as_str())?;
            let mut table = table.clone();
            for propagation in &propagated.transit_gateway_route_table_propagations {
                if propagation.state.as_deref().is_none_or(|state| state == "enabled") {
                    let routes = routes(propagation, vpcs)?;
                    // A static route comes before a propagated one for the same prefix.
                    let new = routes.into_iter().filter(|new| {
                        !table
                            .routes
                            .iter()
                            .any(|old| old.destination_cidr_block == new.destination_cidr_block)
                    });
                    let new: Vec<TransitGatewayRoute> = new.collect();
                    table.routes.extend(new);
                }
            }
            Some(table)
        });
        whole.collect()
    }
}

/// The routes of one propagation; `None` where they are not known.
fn routes(propagation: &Propagation, vpcs: &[Vpc]) -> Option<Vec<TransitGatewayRoute>> {
    if propagation.resource_type.as_deref() != Some("vpc") {
        return None;
    }
    let vpc = vpcs.iter().find(|vpc| Some(&vpc.vpc_id) == propagation.resource_id.as_ref())?;
    let of_v4 = vpc.cidr_block_association_set.iter().filter_map(|one| {
        let state = one.cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        one.cidr_block.clone().filter(|_| state.is_none_or(|state| state == "associated"))
    });
    let of_v6 = vpc.ipv6_cidr_block_association_set.iter().filter_map(|one| {
        let state = one.ipv6_cidr_block_state.as_ref().and_then(|state| state.state.as_deref());
        one.ipv6_cidr_block.clone().filter(|_| state.is_none_or(|state| state == "associated"))
    });
    let mut prefixes: Vec<String> = vpc.cidr_block.iter().cloned().chain(of_v4).chain(of_v6).collect();
    prefixes.sort();
    prefixes.dedup();
    let route = |prefix: String| TransitGatewayRoute {
        destination_cidr_block: Some(prefix),
        transit_gateway_attachments: vec![TransitGatewayRouteAttachment {
            transit_gateway_attachment_id: propagation.transit_gateway_attachment_id.clone(),
            resource_id: propagation.resource_id.clone(),
            resource_type: propagation.resource_type.clone(),
        }],
        r#type: Some("propagated".to_owned()),
        state: Some("active".to_owned()),
        ..TransitGatewayRoute::default()
    };
    Some(prefixes.into_iter().map(route).collect())
}

//! Route tables as subjects: those that decide for the cluster's subnets.

use std::collections::BTreeSet;

use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::subnets::by_subnet;
use crate::network::LostRoute;
use crate::snapshot::aws::ec2::{RouteTable, tag};

/// What rules see of a route table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RouteTableFacts {
    /// `RouteTables[].RouteTableId`.
    id: String,
    /// The `Name` tag of `RouteTables[].Tags`.
    name: Option<String>,
    /// The cluster's subnets that are associated with the route table; for the VPC's main route table also
    /// subnets without an association.
    subnets: Vec<String>,
    /// Routes with a deleted or detached target (`RouteTables[].Routes[].State` is `blackhole`).
    lost_routes: Fact<Vec<LostRouteFacts>>,
    /// Whether no route of the route table is a `blackhole` (`RouteTables[].Routes[].State`).
    routes_lead_somewhere: Fact<bool>,
}

/// A route that drops what it is for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct LostRouteFacts {
    /// `RouteTables[].Routes[].DestinationCidrBlock`, or the IPv6 CIDR or prefix list of the route.
    destination: String,
    /// The id of the deleted or detached target; null if AWS does not return the id.
    target: Option<String>,
    /// Whether a virtual private gateway propagated the route (`RouteTables[].Routes[].Origin`).
    propagated: bool,
}

/// The tables of the subnets that the control plane, nodes and load balancers use.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let (tables, unlisted) = by_subnet(context, |id| {
        context.network.effective_route_table(id).map(|table| (&*table.route_table_id, table))
    });
    let listed = tables.values().map(|(table, subnets)| {
        let facts = facts(context, table, subnets);
        Subject::new("route_table", &table.route_table_id, facts.name.as_deref(), &facts)
    });
    Subjects { listed: listed.collect(), unlisted }
}

fn facts(context: &Context<'_>, table: &RouteTable, subnets: &BTreeSet<String>) -> RouteTableFacts {
    let lost = context.network.lost_routes(table);
    RouteTableFacts {
        id: table.route_table_id.clone(),
        name: tag(&table.tags, "Name").map(str::to_owned),
        subnets: subnets.iter().cloned().collect(),
        routes_lead_somewhere: Fact(lost.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        lost_routes: Fact(lost.map(|all| {
            let told = |LostRoute { destination, target, propagated }| LostRouteFacts {
                destination,
                target,
                propagated,
            };
            all.into_iter().map(told).collect()
        })),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects, withhold};

    #[test]
    fn the_main_table_decides_for_subnets_without_one_of_their_own() {
        let mut snapshot = snapshot();
        assert_eq!(fields(&snapshot, "route_table", "rtb-main")["subnets"], json!(["subnet-a", "subnet-b"]));
        snapshot["RouteTables"].as_array_mut().unwrap().push(json!({
            "RouteTableId": "rtb-b", "VpcId": "vpc-1", "Routes": [],
            "Associations": [{"SubnetId": "subnet-b", "AssociationState": {"State": "associated"}}],
        }));
        assert_eq!(fields(&snapshot, "route_table", "rtb-main")["subnets"], json!(["subnet-a"]));
        assert_eq!(fields(&snapshot, "route_table", "rtb-b")["subnets"], json!(["subnet-b"]));
    }

    #[test]
    fn a_route_without_its_target_is_lost_and_one_without_a_state_unknown() {
        let mut snapshot = snapshot();
        assert_eq!(fields(&snapshot, "route_table", "rtb-main")["routes_lead_somewhere"], true);
        snapshot["RouteTables"][0]["Routes"] =
            json!([{"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1"}]);
        assert!(is_unknown(&fields(&snapshot, "route_table", "rtb-main")["routes_lead_somewhere"]));
        snapshot["RouteTables"][0]["Routes"] = json!([
            {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "blackhole", "Origin": "CreateRoute"},
            {"DestinationCidrBlock": "10.8.0.0/16", "GatewayId": "vgw-1", "State": "active"},
        ]);
        let table = fields(&snapshot, "route_table", "rtb-main");
        assert_eq!(
            table["lost_routes"],
            json!([{"destination": "10.9.0.0/16", "target": "pcx-1", "propagated": false}])
        );
    }

    #[test]
    fn without_route_tables_none_is_known() {
        let mut snapshot = snapshot();
        withhold(&mut snapshot, "RouteTables");
        assert!(subjects(&snapshot, "route_table").is_empty());
    }
}

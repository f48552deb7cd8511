//! The targets of a subnet's routes.

use serde_json::{Value, json};

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot};

fn with(routes: &Value) -> Value {
    let mut snapshot = snapshot();
    snapshot["RouteTables"][0]["Routes"] = routes.clone();
    snapshot["NatGateways"] = json!([
        {"NatGatewayId": "nat-a", "VpcId": "vpc-1", "SubnetId": "subnet-a", "State": "available", "ConnectivityType": "public"},
        {"NatGatewayId": "nat-r", "VpcId": "vpc-1", "State": "available", "AvailabilityMode": "regional"},
    ]);
    snapshot["TransitGatewayVpcAttachments"] = json!([
        {"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": "vpc-1", "State": "available", "SubnetIds": ["subnet-a"]},
    ]);
    snapshot
}

fn subnet(snapshot: &Value, id: &str) -> Value {
    fields(snapshot, "subnet", id)
}

#[test]
fn a_route_to_an_internet_gateway_makes_a_subnet_public() {
    let route =
        |state: &str| json!([{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": state}]);
    assert_eq!(subnet(&with(&route("active")), "subnet-a")["public"], true);
    assert_eq!(subnet(&with(&route("blackhole")), "subnet-a")["public"], false);
    let unread = json!([{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]);
    assert!(is_unknown(&subnet(&with(&unread), "subnet-a")["public"]));
}

#[test]
fn a_nat_gateway_of_another_zone_is_elsewhere_and_a_regional_one_is_not() {
    let to =
        |nat: &str| json!([{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": nat, "State": "active"}]);
    assert_eq!(subnet(&with(&to("nat-a")), "subnet-a")["nat_gateways_in_zone"], true);
    let other = subnet(&with(&to("nat-a")), "subnet-b");
    assert_eq!(other["nat_gateways_in_zone"], false);
    assert_eq!(
        other["nat_gateways_elsewhere"],
        json!([{"id": "nat-a", "zone": "us-east-1a", "destination": "0.0.0.0/0"}])
    );
    assert_eq!(other["nat_gateway_of_zone"], Value::Null);
    assert_eq!(subnet(&with(&to("nat-r")), "subnet-b")["nat_gateways_in_zone"], true);
    assert!(is_unknown(&subnet(&with(&to("nat-9")), "subnet-b")["nat_gateways_in_zone"]));
}

#[test]
fn an_attachment_serves_the_zones_of_its_subnets_only() {
    let routes =
        json!([{"DestinationCidrBlock": "10.9.0.0/16", "TransitGatewayId": "tgw-1", "State": "active"}]);
    let mut snapshot = with(&routes);
    assert_eq!(subnet(&snapshot, "subnet-a")["transit_gateways_in_zone"], true);
    let other = subnet(&snapshot, "subnet-b");
    assert_eq!(other["transit_gateways_in_zone"], false);
    assert_eq!(
        other["transit_gateways_elsewhere"],
        json!([{"id": "tgw-attach-1", "gateway": "tgw-1", "subnet": "subnet-b"}])
    );
    assert_eq!(other["leaves_by_transit_gateway"], false);
    snapshot["TransitGatewayVpcAttachments"] = json!([]);
    assert!(is_unknown(&subnet(&snapshot, "subnet-b")["transit_gateways_in_zone"]));
}

//! Central egress: over a transit gateway to a VPC with a NAT gateway, and back.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html>

use privek_core::path::Leg;
use serde_json::{Value, json};

use crate::network::End;

use super::net::{Net, assert_blocked, assert_open, operators, route, subnet};
use super::transit;

/// `vpc-a` sends everything over `tgw-1` to `vpc-b`, whose attachment's subnet has `nat-1` for it.
fn net() -> Net {
    let mut net = transit::net();
    net.item("RouteTables", "rtb-a")["Routes"] = json!([route("0.0.0.0/0", "tgw-1")]);
    let inside = || route("10.0.0.0/16", "tgw-1");
    net.item("RouteTables", "rtb-b")["Routes"] = json!([inside(), route("0.0.0.0/0", "nat-1")]);
    net.subnet("subnet-nat", "vpc-b", "10.1.9.0/24", "zone-a").internet_gateway("igw-1", "vpc-b");
    net.subnet_table("rtb-nat", "vpc-b", "subnet-nat", &[("0.0.0.0/0", "igw-1"), ("10.0.0.0/16", "tgw-1")]);
    net.nat_gateway("nat-1", "vpc-b", "subnet-nat", "10.1.9.5");
    let everything = json!({"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Type": "static",
        "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "att-b", "ResourceType": "vpc"}]});
    routes(&mut net, "TransitGatewayRoutes", "tgw-rtb-1").push(everything);
    net
}

fn routes<'a>(net: &'a mut Net, collection: &str, id: &str) -> &'a mut Vec<Value> {
    net.item(collection, id)["Routes"].as_array_mut().unwrap()
}

fn client() -> End {
    subnet("subnet-a1", "sg-client")
}

fn server() -> End {
    operators("203.0.113.0/24", None, &[])
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html>
#[test]
fn a_nat_gateway_serves_who_comes_over_a_transit_gateway() {
    assert_open(&net().path(&client(), &server()));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-nat-igw.html>
#[test]
fn the_nat_gateways_subnet_needs_a_route_back() {
    let mut net = net();
    routes(&mut net, "RouteTables", "rtb-nat").retain(|route| route["DestinationCidrBlock"] == "0.0.0.0/0");
    let path = net.path(&client(), &server());
    assert_blocked(&path, &["route-elsewhere rtb-nat"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("tgw-1"));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
#[test]
fn the_transit_gateway_needs_routes_both_ways() {
    for (cidr, leg) in [("0.0.0.0/0", Leg::Request), ("10.0.0.0/16", Leg::Reply)] {
        let mut net = net();
        routes(&mut net, "TransitGatewayRoutes", "tgw-rtb-1")
            .retain(|route| route["DestinationCidrBlock"] != cidr);
        let path = net.path(&client(), &server());
        assert_eq!(path.blockers[0].id, "tgw-rtb-1", "{path:#?}");
        assert_eq!(path.blockers[0].leg, Some(leg));
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>: nothing has a public
/// address there for who came over the transit gateway.
#[test]
fn an_internet_gateway_serves_nobody_who_comes_over_a_transit_gateway() {
    let mut net = net();
    net.item("RouteTables", "rtb-b")["Routes"] =
        json!([route("10.0.0.0/16", "tgw-1"), route("0.0.0.0/0", "igw-1")]);
    assert_blocked(&net.path(&client(), &server()), &["never-forwarded igw-1"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
#[test]
fn a_gateway_endpoint_serves_nobody_who_comes_over_a_transit_gateway() {
    let mut net = net();
    net.add("VpcEndpoints", json!({"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available", "VpcId": "vpc-b", "ServiceName": "com.amazonaws.eu-central-1.s3"}));
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-s3", "Entries": [{"Cidr": "52.219.0.0/16"}]}));
    net.add_route("rtb-b", "pl-s3", "vpce-s3");
    let path = net.path(&client(), &operators("52.219.1.0/24", None, &[]));
    assert_blocked(&path, &["never-forwarded vpce-s3"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html>: a deleted one is listed for a
/// while.
#[test]
fn a_vpc_without_a_nat_gateway_that_works_is_not_proposed() {
    let mut net = net();
    routes(&mut net, "TransitGatewayRoutes", "tgw-rtb-1")
        .retain(|route| route["DestinationCidrBlock"] != "0.0.0.0/0");
    let target = |net: &Net| net.path(&client(), &server()).blockers.remove(0).remedy.target;
    assert_eq!(target(&net).as_deref(), Some("att-b"));
    net.item("NatGateways", "nat-1")["State"] = json!("deleted");
    assert_eq!(target(&net), None);
}

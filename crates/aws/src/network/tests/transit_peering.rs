//! Transit gateways that are peered, each with the attachment under one id.
//!
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html>

use serde_json::{Value, json};

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, rule};
use super::transit;

fn route(cidr: &str, attachment: &str, kind: &str) -> Value {
    json!({"DestinationCidrBlock": cidr, "State": "active", "Type": "static",
           "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": attachment, "ResourceType": kind}]})
}

/// `vpc-a` on `tgw-1`, `vpc-b` and the VPN on `tgw-2`, and `att-peer` between the two gateways.
fn net() -> Net {
    let mut net = transit::net();
    net.item("TransitGatewayVpcAttachments", "att-b")["TransitGatewayId"] = json!("tgw-2");
    net.add("TransitGateways", json!({"TransitGatewayId": "tgw-2"}));
    for id in ["att-b", "att-vpn"] {
        let attachment = net.item("TransitGatewayAttachments", id);
        attachment["TransitGatewayId"] = json!("tgw-2");
        attachment["Association"]["TransitGatewayRouteTableId"] = json!("tgw-rtb-2");
    }
    for (own, peer, table) in [("tgw-1", "tgw-2", "tgw-rtb-1"), ("tgw-2", "tgw-1", "tgw-rtb-2")] {
        net.add(
            "TransitGatewayAttachments",
            json!({"TransitGatewayAttachmentId": "att-peer", "TransitGatewayId": own, "ResourceType": "peering",
                   "ResourceId": peer, "State": "available", "TransitGatewayOwnerId": "111111111111",
                   "Association": {"TransitGatewayRouteTableId": table, "State": "associated"}}),
        );
    }
    net.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"] = json!([
        route("10.0.0.0/16", "att-a", "vpc"),
        route("10.1.0.0/16", "att-peer", "peering"),
        route("192.168.0.0/16", "att-peer", "peering")
    ]);
    let routes = [
        route("10.1.0.0/16", "att-b", "vpc"),
        route("10.0.0.0/16", "att-peer", "peering"),
        route("192.168.0.0/16", "att-vpn", "vpn"),
    ];
    net.add("TransitGatewayRoutes", json!({"TransitGatewayRouteTableId": "tgw-rtb-2", "Routes": routes}));
    net.item("RouteTables", "rtb-b")["Routes"] = json!([super::net::route("10.0.0.0/16", "tgw-2")]);
    net.item("VpcPeeringConnections", "pcx-1")["Status"]["Code"] = json!("deleted");
    net
}

#[test]
fn vpcs_and_a_vpn_of_two_peered_gateways_reach_each_other() {
    assert_open(&net().path(&transit::far(), &interface("eni-1")));
    for via in [None, Some("tgw-2")] {
        assert_open(&net().path(&operators("192.168.0.0/16", via, &[]), &interface("eni-1")));
    }
}

#[test]
fn each_gateways_own_table_decides() {
    let mut broken = net();
    broken.item("TransitGatewayRoutes", "tgw-rtb-2")["Routes"].as_array_mut().unwrap().remove(1);
    let path = broken.path(&transit::far(), &interface("eni-1"));
    assert_blocked(&path, &["transit-gateway-route tgw-rtb-2"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("att-peer"));
    let mut broken = net();
    broken.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"].as_array_mut().unwrap().remove(1);
    let path = broken.path(&transit::far(), &interface("eni-1"));
    assert_blocked(&path, &["transit-gateway-route tgw-rtb-1"]);
}

#[test]
fn a_gateway_that_was_not_read_is_unknown() {
    let mut net = net();
    let everything = ["*".to_owned()];
    net.keep("TransitGatewayAttachments", &everything, |item| {
        item["TransitGatewayAttachmentId"] != "att-peer" || item["TransitGatewayId"] == "tgw-1"
    });
    assert_unknown(&net.path(&transit::far(), &interface("eni-1")), "DescribeTransitGatewayAttachments");
}

#[test]
fn the_attachment_has_to_be_available() {
    let mut net = net();
    net.item("TransitGatewayAttachments", "att-peer")["State"] = json!("pendingAcceptance");
    let path = net.path(&transit::far(), &interface("eni-1"));
    assert!(path.blockers.iter().any(|it| it.id == "att-peer"), "{path:#?}");
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn no_reference_works_from_one_transit_gateway_to_another() {
    let mut net = net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    let path = net.path(&transit::far(), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

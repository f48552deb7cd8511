//! Transit gateways.

use privek_core::path::Leg;
use serde_json::{Value, json};

use crate::network::End;

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, entry, interface, operators, rule, subnet,
};

fn tgw_route(cidr: &str, attachment: &str, kind: &str) -> Value {
    json!({"DestinationCidrBlock": cidr, "State": "active", "Type": "static",
           "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": attachment, "ResourceType": kind}]})
}

/// The two VPCs on `tgw-1` instead of the peering, and a VPN on it for 192.168.0.0/16; one table.
pub fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    net.item("RouteTables", "rtb-b")["Routes"] = json!([]);
    net.add_route("rtb-a", "10.1.0.0/16", "tgw-1").add_route("rtb-a", "192.168.0.0/16", "tgw-1");
    net.add_route("rtb-b", "10.0.0.0/16", "tgw-1");
    net.subnet("subnet-ta", "vpc-a", "10.0.9.0/28", "zone-a");
    let support = json!({"SecurityGroupReferencingSupport": "enable"});
    net.add("TransitGateways", json!({"TransitGatewayId": "tgw-1", "Options": support}));
    for (id, vpc, subnet) in [("att-a", "vpc-a", "subnet-ta"), ("att-b", "vpc-b", "subnet-b1")] {
        net.add(
            "TransitGatewayVpcAttachments",
            json!({"TransitGatewayAttachmentId": id, "TransitGatewayId": "tgw-1", "VpcId": vpc, "State": "available",
                   "SubnetIds": [subnet], "Options": support}),
        );
    }
    for id in ["att-a", "att-b", "att-vpn"] {
        net.add(
            "TransitGatewayAttachments",
            json!({"TransitGatewayAttachmentId": id, "TransitGatewayId": "tgw-1", "State": "available",
                   "TransitGatewayOwnerId": "111111111111",
                   "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}}),
        );
    }
    let routes = [
        tgw_route("10.0.0.0/16", "att-a", "vpc"),
        tgw_route("10.1.0.0/16", "att-b", "vpc"),
        tgw_route("192.168.0.0/16", "att-vpn", "vpn"),
    ];
    net.add("TransitGatewayRoutes", json!({"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": routes}));
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net
}

pub fn far() -> End {
    subnet("subnet-b1", "sg-far")
}

fn office() -> End {
    operators("192.168.0.0/16", None, &[])
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
#[test]
fn two_attached_vpcs_and_a_vpn_reach_each_other() {
    let net = net();
    assert_open(&net.path(&far(), &interface("eni-1")));
    let path = net.path(&office(), &interface("eni-1"));
    assert_open(&path);
    assert!(path.assumptions.iter().any(|text| text.contains("att-vpn")), "{:?}", path.assumptions);
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>
#[test]
fn a_zone_without_an_attachment_cannot_reply() {
    let mut net = net();
    net.interface("eni-2", "subnet-a2", "vpc-a", "10.0.2.10", &["sg-server"]);
    let path = net.path(&far(), &interface("eni-2"));
    assert_blocked(&path, &["transit-gateway-zone att-a"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
    assert_eq!(path.blockers[0].remedy.subnet.as_deref(), Some("subnet-a2"));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
#[test]
fn an_attachment_must_exist_be_available_and_have_a_table() {
    let mut broken = net();
    broken.item("TransitGatewayVpcAttachments", "att-a")["State"] = json!("pendingAcceptance");
    assert_blocked(&broken.path(&office(), &interface("eni-1")), &["transit-gateway-attachment att-a"]);
    broken.item("TransitGatewayVpcAttachments", "att-a")["State"] = json!("modifying");
    assert_unknown(&broken.path(&office(), &interface("eni-1")), "att-a forwards in state modifying");
    let mut broken = net();
    broken.item("TransitGatewayAttachments", "att-a")["Association"] = Value::Null;
    assert_blocked(&broken.path(&office(), &interface("eni-1")), &["transit-gateway-association att-a"]);
    // Another account's gateway does not show its associations.
    broken.item("TransitGatewayAttachments", "att-a")["TransitGatewayOwnerId"] = json!("222222222222");
    assert_unknown(&broken.path(&office(), &interface("eni-1")), "222222222222");
    let mut unread = net();
    unread.withhold("TransitGatewayVpcAttachments");
    assert_unknown(&unread.path(&office(), &interface("eni-1")), "DescribeTransitGatewayVpcAttachments");
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>
#[test]
fn the_gateways_table_must_lead_both_ways() {
    let mut broken = net();
    let routes = broken.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"].as_array_mut().unwrap();
    routes.retain(|route| route["DestinationCidrBlock"] != "192.168.0.0/16");
    let path = broken.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["transit-gateway-route tgw-rtb-1"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));

    let mut broken = net();
    broken.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"][0]["State"] = json!("blackhole");
    let path = broken.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["transit-gateway-route tgw-rtb-1"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Request));

    let mut broken = net();
    let table = broken.item("TransitGatewayRoutes", "tgw-rtb-1");
    table["Routes"].as_array_mut().unwrap().push(tgw_route("10.0.1.0/24", "att-b", "vpc"));
    let path = broken.path(&far(), &interface("eni-1"));
    assert_blocked(&path, &["transit-gateway-route tgw-rtb-1"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("att-a"));
}

#[test]
fn unread_routes_and_associations_are_missing() {
    let mut unread = net();
    unread.withhold("TransitGatewayRoutes");
    assert_unknown(&unread.path(&office(), &interface("eni-1")), "SearchTransitGatewayRoutes");
    let mut unread = net();
    unread.item("TransitGatewayRoutes", "tgw-rtb-1")["AdditionalRoutesAvailable"] = json!(true);
    assert_unknown(&unread.path(&office(), &interface("eni-1")), "tgw-rtb-1");
    let mut unread = net();
    unread.item("TransitGatewayAttachments", "att-vpn")["TransitGatewayAttachmentId"] = json!("att-other");
    assert_unknown(&unread.path(&office(), &interface("eni-1")), "att-vpn");
}

#[test]
fn a_vpc_behind_the_gateway_that_was_not_read_is_unknown() {
    let mut net = net();
    net.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"][2] = json!({
        "DestinationCidrBlock": "192.168.0.0/16", "State": "active", "Type": "static",
        "TransitGatewayAttachments":
            [{"TransitGatewayAttachmentId": "att-vpn", "ResourceType": "vpc", "ResourceId": "vpc-inspection"}]
    });
    assert_unknown(&net.path(&office(), &interface("eni-1")), "vpc-inspection");
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
#[test]
fn the_attachments_subnet_has_an_acl_too() {
    let mut net = net();
    let open = |egress| entry(100, egress, "allow", "-1", None, "0.0.0.0/0");
    net.subnet_acl("acl-t", "vpc-a", "subnet-ta", &[open(true)]);
    let path = net.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["network-acl-ingress acl-t"]);
    // What the instances send to the gateway enters the attachment's subnet.
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
    net.item("NetworkAcls", "acl-t")["Entries"] = json!([open(false)]);
    let path = net.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["network-acl-egress acl-t"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Request));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
#[test]
fn what_comes_from_the_gateway_into_its_own_subnet_meets_no_acl() {
    let mut net = net();
    net.interface("eni-t", "subnet-ta", "vpc-a", "10.0.9.5", &["sg-server"]);
    let out = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
    let own = entry(100, false, "allow", "-1", None, "10.0.9.0/28");
    net.subnet_acl("acl-t", "vpc-a", "subnet-ta", &[out, own]);
    assert_open(&net.path(&office(), &interface("eni-t")));
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>
#[test]
fn references_work_inbound_where_the_gateway_and_both_attachments_support_them() {
    let mut net = net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-far")]);
    assert_open(&net.path(&far(), &interface("eni-1")));
    let mut off = net.clone();
    off.item("TransitGatewayVpcAttachments", "att-b")["Options"] =
        json!({"SecurityGroupReferencingSupport": "disable"});
    assert_blocked(&off.path(&far(), &interface("eni-1")), &["security-group-ingress sg-server"]);
    net.withhold("TransitGateways");
    assert_unknown(&net.path(&far(), &interface("eni-1")), "DescribeTransitGateways");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGateway.html>
#[test]
fn a_gateway_forwards_only_while_it_is_there() {
    let mut net = net();
    for state in ["deleting", "deleted"] {
        net.item("TransitGateways", "tgw-1")["State"] = json!(state);
        assert_blocked(&net.path(&far(), &interface("eni-1")), &["never-forwarded tgw-1"]);
    }
    for state in ["pending", "modifying"] {
        net.item("TransitGateways", "tgw-1")["State"] = json!(state);
        assert_unknown(&net.path(&far(), &interface("eni-1")), "tgw-1 forwards in state");
    }
    net.item("TransitGateways", "tgw-1")["State"] = json!("available");
    assert_open(&net.path(&far(), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayRouteTable.html>
#[test]
fn a_table_that_is_deleted_is_not_the_one_to_associate() {
    let mut net = net();
    net.item("TransitGatewayAttachments", "att-a")["Association"] = Value::Null;
    let table = |id: &str| json!({"TransitGatewayRouteTableId": id, "TransitGatewayId": "tgw-1", "State": "available"});
    net.add("TransitGatewayRouteTables", table("tgw-rtb-1"))
        .add("TransitGatewayRouteTables", table("tgw-rtb-2"));
    let proposed = |net: &Net| {
        let path = net.path(&office(), &interface("eni-1"));
        path.blockers.iter().find_map(|blocker| blocker.remedy.target.clone())
    };
    assert_eq!(proposed(&net), None, "either");
    net.item("TransitGatewayRouteTables", "tgw-rtb-2")["State"] = json!("deleting");
    assert_eq!(proposed(&net).as_deref(), Some("tgw-rtb-1"));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayAttachmentAssociation.html>
#[test]
fn an_association_that_changes_is_unknown() {
    let mut net = net();
    for state in ["associating", "disassociating"] {
        net.item("TransitGatewayAttachments", "att-b")["Association"]["State"] = json!(state);
        assert_unknown(&net.path(&far(), &interface("eni-1")), state);
    }
    net.item("TransitGatewayAttachments", "att-b")["Association"]["State"] = json!("disassociated");
    let path = net.path(&far(), &interface("eni-1"));
    assert_eq!(super::net::blockers(&path), ["transit-gateway-association att-b"]);
}

//! Which route decides.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>

use serde_json::{Value, json};

use super::{
    net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, route, rule, subnet},
    transit,
};
use crate::network::End;

/// `vgw-1` is attached to `vpc-a`, and `sg-server` admits all.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.vpn_gateway("vgw-1", "vpc-a");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net
}

fn add(net: &mut Net, mut route: Value, field: &str, value: Value) {
    route[field] = value;
    net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().push(route);
}

fn office() -> End {
    operators("192.168.7.0/24", None, &[])
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html#route-table-priority-propagated-routes>
#[test]
fn a_route_without_its_origin_leaves_doubt_only_where_it_matters() {
    let mut alone = net();
    add(&mut alone, route("192.168.0.0/16", "vgw-1"), "Origin", Value::Null);
    assert_open(&alone.path(&office(), &interface("eni-1")));
    // Static against static AWS does not have; against a propagated one a static one decides.
    add(&mut alone, route("192.168.0.0/16", "nat-1"), "Origin", json!("CreateRoute"));
    assert_unknown(&alone.path(&office(), &interface("eni-1")), "Origin of routes of rtb-a");
    let mut inside = net();
    add(&mut inside, route("10.0.2.0/24", "vgw-1"), "Origin", Value::Null);
    let path = inside.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_unknown(&path, "Origin of routes of rtb-a");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html#route-table-priority-propagated-routes>
#[test]
fn a_static_route_comes_before_a_propagated_one_and_the_reason_says_so() {
    let mut net = net();
    add(&mut net, route("192.168.0.0/16", "nat-1"), "Origin", json!("CreateRoute"));
    add(&mut net, route("192.168.0.0/16", "vgw-1"), "Origin", json!("EnableVgwRoutePropagation"));
    let path = net.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["route-elsewhere rtb-a"]);
    assert_eq!(
        path.blockers[0].reason,
        "rtb-a sends 192.168.7.0/24 to nat-1 (192.168.0.0/16); the route to vgw-1 for 192.168.0.0/16 has lower precedence"
    );
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html#route-priority-managed-prefix-list>
#[test]
fn a_prefix_list_comes_after_static_routes_and_before_propagated_ones() {
    let mut net = net();
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.168.0.0/16"}]}));
    net.add_route("rtb-a", "pl-1", "vgw-1");
    add(&mut net, route("192.168.0.0/16", "igw-1"), "Origin", json!("EnableVgwRoutePropagation"));
    assert_open(&net.path(&office(), &interface("eni-1")));
    net.add_route("rtb-a", "192.168.0.0/16", "nat-1");
    assert_blocked(&net.path(&office(), &interface("eni-1")), &["route-elsewhere rtb-a"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>
#[test]
fn a_route_whose_state_was_not_read_is_unknown() {
    let mut net = net();
    add(&mut net, route("192.168.0.0/16", "vgw-1"), "State", Value::Null);
    let what = "the state of the route of rtb-a for 192.168.0.0/16";
    assert_unknown(&net.path(&office(), &interface("eni-1")), what);
    let mut net = transit::net();
    net.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"][2]["State"] = Value::Null;
    let path = net.path(&operators("192.168.0.0/16", None, &[]), &interface("eni-1"));
    assert_unknown(&path, "the state of the route of tgw-rtb-1 for 192.168.0.0/16");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html#route-table-longest-prefix-match>
#[test]
fn a_longer_blackhole_comes_before_a_shorter_route_that_works() {
    let mut net = net();
    net.add_route("rtb-a", "192.168.0.0/16", "vgw-1");
    add(&mut net, route("192.168.7.0/25", "pcx-9"), "State", json!("blackhole"));
    let path = net.path(&office(), &interface("eni-1"));
    assert_blocked(&path, &["route-blackhole rtb-a"]);
    assert_eq!(path.blockers[0].part.as_deref(), Some("192.168.7.0/25"));
}

fn tgw_route(kind: &str, attachment: Option<&str>) -> Value {
    let state = if attachment.is_some() { "active" } else { "blackhole" };
    let attachments: Vec<Value> = attachment
        .map(|id| json!({"TransitGatewayAttachmentId": id, "ResourceType": "vpc"}))
        .into_iter()
        .collect();
    json!({"DestinationCidrBlock": "10.0.0.0/16", "Type": kind, "State": state, "TransitGatewayAttachments": attachments})
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview>
#[test]
fn a_transit_gateways_static_route_comes_before_its_propagated_one() {
    let path = |routes: [Value; 2]| {
        let mut net = transit::net();
        let all = net.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"].as_array_mut().unwrap();
        all.retain(|route| route["DestinationCidrBlock"] != "10.0.0.0/16");
        all.extend(routes);
        net.path(&transit::far(), &interface("eni-1"))
    };
    assert_open(&path([tgw_route("propagated", None), tgw_route("static", Some("att-a"))]));
    let blocked = path([tgw_route("propagated", Some("att-a")), tgw_route("static", None)]);
    assert_blocked(&blocked, &["transit-gateway-route tgw-rtb-1"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayAttachment.html>
#[test]
fn a_vpn_attachment_forwards_only_while_it_is_available() {
    let path = |state: Value| {
        let mut net = transit::net();
        net.item("TransitGatewayAttachments", "att-vpn")["State"] = state;
        net.path(&operators("192.168.0.0/16", None, &[]), &interface("eni-1"))
    };
    assert_open(&path(json!("available")));
    assert_unknown(&path(json!("modifying")), "whether att-vpn forwards in state modifying");
    assert_unknown(&path(Value::Null), "DescribeTransitGatewayAttachments");
    for state in ["failed", "deleting", "deleted", "rejected", "pendingAcceptance"] {
        assert_blocked(&path(json!(state)), &["transit-gateway-attachment att-vpn"]);
    }
}

/// <https://docs.aws.amazon.com/cli/latest/reference/ec2/replace-route.html>: a static route takes precedence
/// over a propagated one, which no command replaces.
#[test]
fn a_propagated_route_is_not_replaced() {
    let replaces = |origin: &str| {
        let mut net = net();
        add(&mut net, route("192.168.0.0/16", "vgw-2"), "Origin", json!(origin));
        let path = net.path(&operators("192.168.0.0/16", Some("vgw-1"), &[]), &interface("eni-1"));
        assert_blocked(&path, &["route-elsewhere rtb-a"]);
        path.blockers[0].remedy.replaces.clone()
    };
    assert_eq!(replaces("CreateRoute").as_deref(), Some("192.168.0.0/16"));
    assert_eq!(replaces("EnableVgwRoutePropagation"), None);
}

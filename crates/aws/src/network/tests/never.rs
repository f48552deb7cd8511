//! What AWS never forwards, whatever the routes say: from a peer nothing goes on.
//!
//! <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>

use serde_json::json;

use crate::network::End;
use crate::network::Path;

use super::net::{Net, assert_blocked, operators, prefix_list, route, subnet};

fn client() -> End {
    subnet("subnet-a1", "sg-client")
}

fn assert_never(path: &Path, over: &str) {
    assert_blocked(path, &["never-forwarded pcx-1"]);
    let reason = &path.blockers[0].reason;
    assert!(
        reason.ends_with(&format!("packets that enter vpc-b over pcx-1 cannot leave vpc-b over {over}")),
        "{reason}"
    );
}

/// `vpc-b` has an internet gateway, a NAT gateway and a VPN.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.internet_gateway("igw-1", "vpc-b").vpn_gateway("vgw-1", "vpc-b");
    net.nat_gateway("nat-1", "vpc-b", "subnet-b1", "10.1.1.5");
    net.add_route("rtb-a", "0.0.0.0/0", "pcx-1").add_route("rtb-b", "192.168.0.0/16", "vgw-1");
    net
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
#[test]
fn the_internet_is_not_behind_a_peers_internet_gateway() {
    let mut net = net();
    net.add_route("rtb-b", "0.0.0.0/0", "igw-1");
    assert_never(&net.path(&client(), &operators("203.0.113.0/24", None, &[])), "igw-1");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>
#[test]
fn the_internet_is_not_behind_a_peers_nat_gateway() {
    let mut net = net();
    net.add_route("rtb-b", "0.0.0.0/0", "nat-1");
    assert_never(&net.path(&client(), &operators("203.0.113.0/24", None, &[])), "nat-1");
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
#[test]
fn on_premises_is_not_behind_a_peers_vpn() {
    let path = net().path(&client(), &operators("192.168.0.0/16", None, &[]));
    assert_never(&path, "vgw-1");
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
#[test]
fn a_third_vpc_is_not_behind_a_peer() {
    let mut net = net();
    net.vpc("vpc-c", "10.2.0.0/16").subnet("subnet-c1", "vpc-c", "10.2.1.0/24", "zone-a");
    net.table("rtb-c", "vpc-c", &[("10.0.0.0/8", "pcx-2")]).acl("acl-c", "vpc-c");
    net.group("sg-c", "vpc-c", &[], &[]).interface("eni-c", "subnet-c1", "vpc-c", "10.2.1.10", &["sg-c"]);
    net.peering("pcx-2", "vpc-b", "vpc-c", "active").add_route("rtb-b", "10.2.0.0/16", "pcx-2");
    let path = net.path(&client(), &super::net::interface("eni-c"));
    let blocker = path.blockers.iter().find(|blocker| blocker.id == "pcx-1").unwrap();
    assert!(blocker.reason.ends_with("cannot leave vpc-b over pcx-2"), "{}", blocker.reason);
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
#[test]
fn a_service_is_not_behind_a_peers_gateway_endpoint() {
    let mut net = net();
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-s3", "Entries": [{"Cidr": "52.219.0.0/16"}]}));
    net.add("VpcEndpoints", json!({"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available", "VpcId": "vpc-b", "ServiceName": "com.amazonaws.eu-central-1.s3"}));
    net.add_route("rtb-b", "pl-s3", "vpce-s3");
    assert_never(&net.path(&client(), &operators("52.219.1.0/24", None, &[])), "vpce-s3");
    net.item("RouteTables", "rtb-a")["Routes"] = json!([route("pl-s3", "pcx-1")]);
    assert_blocked(&net.path(&client(), &prefix_list("pl-s3")), &["never-forwarded pcx-1"]);
}

/// Of a peer that was not read, its prefixes are known from the peering connection.
/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html#vpc-peering-limitations>
#[test]
fn beyond_a_peer_that_was_not_read_there_is_nothing_either() {
    let mut net = Net::two_vpcs();
    net.item("VpcPeeringConnections", "pcx-1")["AccepterVpcInfo"] =
        json!({"VpcId": "vpc-far", "CidrBlock": "10.50.0.0/16"});
    net.item("RouteTables", "rtb-a")["Routes"] = json!([route("pl-1", "pcx-1")]);
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.168.0.0/16"}]}));
    let path = net.path(&client(), &operators("192.168.7.0/24", None, &[]));
    assert_blocked(&path, &["never-forwarded pcx-1"]);
    assert!(path.missing.is_empty(), "{:?}", path.missing);
}

//! NAT gateways.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>

use privek_core::path::{Leg, Verdict};
use serde_json::{Value, json};

use crate::network::End;

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, entry, interface, operators, rule, subnet,
};

/// `nat-1` in a subnet of its own, whose route table forwards to `igw-1`; the other subnets' forwards to `nat-1`.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.subnet("subnet-nat", "vpc-a", "10.0.3.0/24", "zone-a").internet_gateway("igw-1", "vpc-a");
    net.subnet_table("rtb-nat", "vpc-a", "subnet-nat", &[("0.0.0.0/0", "igw-1")]);
    net.nat_gateway("nat-1", "vpc-a", "subnet-nat", "10.0.3.5").add_route("rtb-a", "0.0.0.0/0", "nat-1");
    net
}

fn client() -> End {
    subnet("subnet-a2", "sg-client")
}

fn server() -> End {
    operators("203.0.113.0/24", None, &[])
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
#[test]
fn a_public_one_leads_to_the_internet_and_brings_the_replies_back() {
    let path = net().path(&client(), &server());
    assert_open(&path);
    assert!(path.assumptions.iter().any(|text| text.contains("igw-1")), "{:?}", path.assumptions);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
#[test]
fn its_own_subnet_needs_a_route_to_the_internet_gateway() {
    let mut net = net();
    net.item("RouteTables", "rtb-nat")["Routes"] = json!([]);
    assert_blocked(&net.path(&client(), &server()), &["route-missing rtb-nat"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
#[test]
fn it_forwards_only_while_it_is_available() {
    let mut net = net();
    for state in ["pending", "failed", "deleting", "deleted"] {
        net.item("NatGateways", "nat-1")["State"] = json!(state);
        assert_blocked(&net.path(&client(), &server()), &["nat-gateway-unavailable nat-1"]);
    }
    net.item("NatGateways", "nat-1")["State"] = Value::Null;
    assert_unknown(&net.path(&client(), &server()), "DescribeNatGateways");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>: the internet gateway drops
/// what a private one sends to it.
#[test]
fn a_private_one_does_not_reach_the_internet() {
    let mut net = net();
    net.item("NatGateways", "nat-1")["ConnectivityType"] = json!("private");
    net.item("NatGateways", "nat-1")["NatGatewayAddresses"] = json!([{"PrivateIp": "10.0.3.5"}]);
    assert_blocked(&net.path(&client(), &server()), &["never-forwarded nat-1"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>: on through a transit gateway
/// or a virtual private gateway.
#[test]
fn a_private_one_leads_on_premises_in_its_own_name() {
    let mut net = net();
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "192.168.0.0/16", "nat-1");
    net.item("NatGateways", "nat-1")["ConnectivityType"] = json!("private");
    net.item("NatGateways", "nat-1")["NatGatewayAddresses"] = json!([{"PrivateIp": "10.0.3.5"}]);
    net.item("RouteTables", "rtb-nat")["Routes"] = json!([super::net::route("192.168.0.0/16", "vgw-1")]);
    let path = net.path(&client(), &operators("192.168.0.0/16", None, &[]));
    assert_open(&path);
    assert!(
        path.hops.iter().any(|hop| hop.by.contains("translates the source to 10.0.3.5")),
        "{:#?}",
        path.hops
    );
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>
#[test]
fn only_tcp_udp_and_icmp_are_translated() {
    let net = net();
    assert_blocked(&net.trace(&client(), &server(), "any")[0], &["never-forwarded nat-1"]);
    for ports in ["tcp/443", "udp/53", "icmp"] {
        assert_open(&net.trace(&client(), &server(), ports)[0]);
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html>: a network ACL controls what
/// goes to and from its subnet, and it needs the ports 1024-65535.
#[test]
fn the_acl_of_its_subnet_has_to_let_replies_in() {
    let mut net = net();
    let inside = entry(100, false, "allow", "-1", None, "10.0.0.0/16");
    let out = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
    net.subnet_acl("acl-nat", "vpc-a", "subnet-nat", &[inside, out]);
    let path = net.path(&client(), &server());
    assert_blocked(&path, &["network-acl-ingress acl-nat"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
    assert!(path.blockers[0].reason.contains("tcp/1024-65535"), "{}", path.blockers[0].reason);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>: no client outside can begin a
/// connection through it.
#[test]
fn nothing_comes_in_through_it() {
    let mut net = net();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    let path = net.path(&server(), &interface("eni-1"));
    assert_blocked(&path, &["route-elsewhere rtb-a"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html>: it has a route table of
/// its own and no subnet.
#[test]
fn a_regional_one_needs_the_route_in_its_own_table() {
    let mut net = net();
    net.table("rtb-regional", "vpc-a", &[("0.0.0.0/0", "igw-1")]);
    net.item("RouteTables", "rtb-regional")["Associations"] = json!([{"GatewayId": "nat-1"}]);
    let nat = net.item("NatGateways", "nat-1");
    nat["SubnetId"] = Value::Null;
    nat["AvailabilityMode"] = json!("regional");
    nat["RouteTableId"] = json!("rtb-regional");
    assert_open(&net.path(&client(), &server()));
    net.item("RouteTables", "rtb-regional")["Routes"] = json!([]);
    let path = net.path(&client(), &server());
    assert_eq!(path.verdict, Verdict::Blocked);
    assert!(path.blockers[0].reason.contains("rtb-regional"), "{:#?}", path.blockers);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGatewayAddress.html>
#[test]
fn its_addresses_count_once_they_are_in_use() {
    let mut net = net();
    net.item("SecurityGroups", "sg-far")["IpPermissions"] = json!([]);
    let two = |status: &str| {
        json!([{"PrivateIp": "10.0.3.5", "PublicIp": "198.51.100.7", "Status": "succeeded"},
                                    {"PrivateIp": "10.0.3.6", "PublicIp": "198.51.100.8", "Status": status}])
    };
    let hop = |net: &Net| {
        let path = net.path(&client(), &server());
        let hop = path.hops.into_iter().find(|hop| hop.id == "nat-1").unwrap();
        format!("{hop:?}")
    };
    net.item("NatGateways", "nat-1")["NatGatewayAddresses"] = two("succeeded");
    assert!(hop(&net).contains("10.0.3.6"), "{}", hop(&net));
    for status in ["assigning", "associating", "unassigning", "disassociating", "failed"] {
        net.item("NatGateways", "nat-1")["NatGatewayAddresses"] = two(status);
        assert!(!hop(&net).contains("10.0.3.6"), "{status}: {}", hop(&net));
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNatGateway.html>
#[test]
fn what_replaces_one_has_its_connectivity_and_the_border_group_of_its_zone() {
    let mut net = net();
    let remedy = |net: &Net| {
        let path = net.path(&client(), &server());
        path.blockers.into_iter().find(|blocker| blocker.id == "nat-1").unwrap().remedy
    };
    net.item("NatGateways", "nat-1")["State"] = json!("failed");
    let public = remedy(&net);
    assert_eq!((public.target_option, public.network_border_group), (None, None));
    net.add(
        "AvailabilityZones",
        json!({"ZoneName": "zone-a", "ZoneType": "local-zone", "NetworkBorderGroup": "region-lax-1"}),
    );
    assert_eq!(remedy(&net).network_border_group.as_deref(), Some("region-lax-1"));
    net.item("AvailabilityZones", "zone-a")["NetworkBorderGroup"] = Value::Null;
    assert_eq!(remedy(&net).subnet, None, "no public address can be named");
    net.item("NatGateways", "nat-1")["ConnectivityType"] = json!("private");
    let private = remedy(&net);
    assert_eq!(private.target_option.as_deref(), Some("--connectivity-type private"));
    assert_eq!(private.subnet.as_deref(), Some("subnet-nat"));
}

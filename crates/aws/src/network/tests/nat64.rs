//! NAT64.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>

use serde_json::json;

use super::net::{Net, assert_blocked, assert_open, entry, interface, operators, route, rule};
use crate::network::End;

/// `eni-6` with an IPv6 address, and NAT gateway `nat-1` behind `64:ff9b::/96`.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.item("Vpcs", "vpc-a")["Ipv6CidrBlockAssociationSet"] = json!([{"Ipv6CidrBlock": "2600:1f14::/56"}]);
    net.item("Subnets", "subnet-a2")["Ipv6CidrBlockAssociationSet"] =
        json!([{"Ipv6CidrBlock": "2600:1f14::/64"}]);
    net.subnet("subnet-nat", "vpc-a", "10.0.3.0/24", "zone-a").internet_gateway("igw-1", "vpc-a");
    net.subnet_table("rtb-nat", "vpc-a", "subnet-nat", &[("0.0.0.0/0", "igw-1")]);
    net.nat_gateway("nat-1", "vpc-a", "subnet-nat", "10.0.3.5");
    let routes = net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap();
    routes.push(route("64:ff9b::/96", "nat-1"));
    net.group("sg-6", "vpc-a", &[], &[rule("-1", None, "::/0")]).interface(
        "eni-6",
        "subnet-a2",
        "vpc-a",
        "2600:1f14::6",
        &["sg-6"],
    );
    let entries = [false, true].map(|egress| entry(100, egress, "allow", "-1", None, "::/0"));
    net.item("NetworkAcls", "acl-a")["Entries"].as_array_mut().unwrap().extend(entries);
    net
}

fn server() -> End {
    operators("64:ff9b::cb00:7105/128", None, &[])
}

#[test]
fn an_ipv6_client_reaches_ipv4_addresses() {
    assert_open(&net().path(&interface("eni-6"), &server()));
}

#[test]
fn beyond_the_gateway_the_ipv4_routes_decide() {
    let mut net = net();
    net.item("RouteTables", "rtb-nat")["Routes"] = json!([]);
    assert_blocked(&net.path(&interface("eni-6"), &server()), &["route-missing rtb-nat"]);
}

/// 10.0.1.10, which is `eni-1` with `sg-server`.
#[test]
fn a_server_in_the_vpc_sees_the_gateways_own_address() {
    let to = operators("64:ff9b::a00:10a/128", None, &[]);
    let mut net = net();
    assert_open(&net.path(&interface("eni-6"), &to));
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "10.0.2.0/24")]);
    assert_blocked(&net.path(&interface("eni-6"), &to), &["security-group-ingress sg-server"]);
}

#[test]
fn without_a_route_to_a_nat_gateway_the_prefix_leads_nowhere() {
    let mut net = net();
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    let path = net.path(&interface("eni-6"), &server());
    assert_blocked(&path, &["route-missing rtb-a"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("nat-1"));
}

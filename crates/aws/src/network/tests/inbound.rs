//! From the internet into a VPC.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use serde_json::json;

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, entry, interface, operators, route, rule, subnet,
};
use crate::network::End;

/// `eni-1` with a public address, in a subnet whose table forwards to `igw-1`.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.internet_gateway("igw-1", "vpc-a").add_route("rtb-a", "0.0.0.0/0", "igw-1");
    net.item("NetworkInterfaces", "eni-1")["Association"] = json!({"PublicIp": "198.51.100.9"});
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net
}

fn internet() -> End {
    operators("203.0.113.0/24", None, &[])
}

#[test]
fn a_public_address_is_reached_under_either_of_its_addresses() {
    assert_open(&net().path(&internet(), &interface("eni-1")));
    let public = operators("198.51.100.9/32", None, &[]);
    assert_open(&net().path(&internet(), &public));
    let mut closed = net();
    closed.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "10.0.0.0/8")]);
    for to in [interface("eni-1"), public] {
        assert_blocked(&closed.path(&internet(), &to), &["security-group-ingress sg-server"]);
    }
}

#[test]
fn what_has_no_public_address_is_not_reached() {
    let mut net = net();
    net.item("NetworkInterfaces", "eni-1").as_object_mut().unwrap().remove("Association");
    assert_blocked(&net.path(&internet(), &interface("eni-1")), &["public-address-missing eni-1"]);
}

#[test]
fn private_addresses_do_not_come_through_an_internet_gateway() {
    let office = operators("192.168.0.0/16", None, &[]);
    assert_blocked(&net().path(&office, &interface("eni-1")), &["route-elsewhere rtb-a"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
#[test]
fn behind_a_nat_gateway_nothing_is_reached() {
    let mut net = net();
    net.subnet("subnet-nat", "vpc-a", "10.0.3.0/24", "zone-a");
    net.subnet_table("rtb-nat", "vpc-a", "subnet-nat", &[("0.0.0.0/0", "igw-1")]);
    net.nat_gateway("nat-1", "vpc-a", "subnet-nat", "10.0.3.5");
    net.item("RouteTables", "rtb-a")["Routes"] = json!([route("0.0.0.0/0", "nat-1")]);
    assert_blocked(&net.path(&internet(), &interface("eni-1")), &["route-elsewhere rtb-a"]);
    net.interface("eni-nat", "subnet-nat", "vpc-a", "10.0.3.5", &[]);
    net.item("NetworkInterfaces", "eni-nat")["InterfaceType"] = json!("nat_gateway");
    net.item("NetworkInterfaces", "eni-nat")["Association"] = json!({"PublicIp": "198.51.100.7"});
    assert_blocked(&net.path(&internet(), &interface("eni-nat")), &["never-forwarded eni-nat"]);
    let public = operators("198.51.100.7/32", None, &[]);
    assert_blocked(&net.path(&internet(), &public), &["never-forwarded eni-nat"]);
    // Who means the subnet means its servers.
    let all = operators("10.0.3.0/24", None, &["sg-server"]);
    let paths = net.trace(&subnet("subnet-a1", "sg-client"), &all, "tcp/443");
    assert!(paths.iter().all(|path| path.blockers.is_empty()), "{paths:#?}");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
#[test]
fn block_public_access_stops_it_in_either_mode() {
    for mode in ["block-bidirectional", "block-ingress"] {
        let mut net = net();
        net.item("Vpcs", "vpc-a")["BlockPublicAccessStates"] = json!({"InternetGatewayBlockMode": mode});
        let path = net.path(&internet(), &interface("eni-1"));
        assert_blocked(&path, &["public-access-blocked subnet-a1"]);
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html>
#[test]
fn a_table_of_the_gateway_may_send_it_to_an_appliance() {
    let mut net = net();
    net.table("rtb-edge", "vpc-a", &[("10.0.1.0/24", "eni-firewall")]);
    net.item("RouteTables", "rtb-edge")["Associations"] = json!([{"GatewayId": "igw-1"}]);
    assert_unknown(&net.path(&internet(), &interface("eni-1")), "eni-firewall");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
#[test]
fn an_ipv6_address_is_public_itself_unless_the_interface_denies_the_internet() {
    let mut net = net();
    net.item("Vpcs", "vpc-a")["Ipv6CidrBlockAssociationSet"] = json!([{"Ipv6CidrBlock": "2600:1f14::/56"}]);
    net.item("Subnets", "subnet-a1")["Ipv6CidrBlockAssociationSet"] =
        json!([{"Ipv6CidrBlock": "2600:1f14::/64"}]);
    net.item("NetworkInterfaces", "eni-1")["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f14::6"}]);
    net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().push(route("::/0", "igw-1"));
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "::/0")]);
    let entries = [false, true].map(|egress| entry(100, egress, "allow", "-1", None, "::/0"));
    net.item("NetworkAcls", "acl-a")["Entries"].as_array_mut().unwrap().extend(entries);
    let far = operators("2606:4700::/32", None, &[]);
    assert_open(&net.path(&far, &interface("eni-1")));
    net.item("NetworkInterfaces", "eni-1")["DenyAllIgwTraffic"] = json!(true);
    assert_blocked(&net.path(&far, &interface("eni-1")), &["never-forwarded eni-1"]);
}

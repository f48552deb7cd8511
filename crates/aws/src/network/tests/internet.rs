//! Internet gateways, egress-only ones, and Block Public Access.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>

use privek_core::known::Missing;
use serde_json::{Value, json};

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, entry, interface, operators, route, rule, subnet,
};
use crate::network::{End, EndKind, PublicAddresses};

/// `eni-2` in a subnet whose route table forwards to `igw-1`.
fn net() -> Net {
    let mut net = Net::two_vpcs();
    net.internet_gateway("igw-1", "vpc-a").add_route("rtb-a", "0.0.0.0/0", "igw-1");
    net.interface("eni-2", "subnet-a2", "vpc-a", "10.0.2.20", &["sg-client"]);
    net
}

fn with_public_address() -> Net {
    let mut net = net();
    net.item("NetworkInterfaces", "eni-2")["Association"] = json!({"PublicIp": "198.51.100.9"});
    net
}

fn server() -> End {
    operators("203.0.113.0/24", None, &[])
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>: the gateway translates
/// between the private address and the public one, so that without one there is no way.
#[test]
fn only_who_has_a_public_address_reaches_the_internet() {
    assert_open(&with_public_address().path(&interface("eni-2"), &server()));
    assert_blocked(&net().path(&interface("eni-2"), &server()), &["public-address-missing eni-2"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html>
#[test]
fn the_subnet_says_whether_what_starts_in_it_gets_a_public_address() {
    let mut net = net();
    let from = subnet("subnet-a1", "sg-client");
    let mut path = |value: Value| {
        net.item("Subnets", "subnet-a1")["MapPublicIpOnLaunch"] = value;
        net.path(&from, &server())
    };
    assert_open(&path(json!(true)));
    assert_blocked(&path(json!(false)), &["public-address-missing subnet-a1"]);
    assert_unknown(&path(Value::Null), "DescribeSubnets");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
#[test]
fn the_gateway_has_to_be_attached() {
    let mut net = with_public_address();
    net.item("InternetGateways", "igw-1")["Attachments"] = json!([]);
    assert_blocked(&net.path(&interface("eni-2"), &server()), &["gateway-detached igw-1"]);
    net.withhold("InternetGateways");
    assert_unknown(&net.path(&interface("eni-2"), &server()), "DescribeInternetGateways");
}

/// IPv6 in `vpc-a`: `eni-6`, and `::/0` to a target.
fn v6(target: &str) -> Net {
    let mut net = net();
    net.item("Vpcs", "vpc-a")["Ipv6CidrBlockAssociationSet"] = json!([{"Ipv6CidrBlock": "2600:1f14::/56"}]);
    net.item("Subnets", "subnet-a2")["Ipv6CidrBlockAssociationSet"] =
        json!([{"Ipv6CidrBlock": "2600:1f14::/64"}]);
    let attachments = json!([{"VpcId": "vpc-a", "State": "attached"}]);
    net.add(
        "EgressOnlyInternetGateways",
        json!({"EgressOnlyInternetGatewayId": "eigw-1", "Attachments": attachments}),
    );
    net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().push(route("::/0", target));
    let both = [rule("-1", None, "::/0")];
    net.group("sg-6", "vpc-a", &both, &both).interface(
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

/// <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>
#[test]
fn an_egress_only_one_lets_requests_out_and_none_in() {
    let far = operators("2606:4700::/32", None, &[]);
    let net = v6("eigw-1");
    assert_open(&net.path(&interface("eni-6"), &far));
    assert_blocked(&net.path(&far, &interface("eni-6")), &["route-elsewhere rtb-a"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>: IPv6 addresses are public
/// themselves.
#[test]
fn ipv6_needs_no_other_address() {
    let far = operators("2606:4700::/32", None, &[]);
    assert_open(&v6("igw-1").path(&interface("eni-6"), &far));
}

fn stopped(mut net: Net, mode: &str) -> Net {
    net.item("Vpcs", "vpc-a")["BlockPublicAccessStates"] = json!({"InternetGatewayBlockMode": mode});
    net
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
#[test]
fn block_public_access_both_ways_stops_all() {
    let net = stopped(with_public_address(), "block-bidirectional");
    assert_blocked(&net.path(&interface("eni-2"), &server()), &["public-access-blocked subnet-a2"]);
    let far = operators("2606:4700::/32", None, &[]);
    let net = stopped(v6("eigw-1"), "block-bidirectional");
    assert_blocked(&net.path(&interface("eni-6"), &far), &["public-access-blocked subnet-a2"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>: NAT gateways and egress-only
/// internet gateways stay open, because they let nothing in anyway.
#[test]
fn block_public_access_of_ingress_leaves_what_lets_nothing_in() {
    let net = stopped(with_public_address(), "block-ingress");
    assert_blocked(&net.path(&interface("eni-2"), &server()), &["public-access-blocked subnet-a2"]);
    let far = operators("2606:4700::/32", None, &[]);
    assert_open(&stopped(v6("eigw-1"), "block-ingress").path(&interface("eni-6"), &far));
    let mut net = stopped(net, "block-ingress");
    net.subnet("subnet-3", "vpc-a", "10.0.3.0/24", "zone-a");
    net.subnet_table("rtb-3", "vpc-a", "subnet-3", &[("0.0.0.0/0", "nat-1")]);
    net.nat_gateway("nat-1", "vpc-a", "subnet-a2", "10.0.2.5");
    assert_open(&net.path(&subnet("subnet-3", "sg-client"), &server()));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
#[test]
fn a_subnet_that_is_excluded_is_not_stopped() {
    let mut net = stopped(with_public_address(), "block-bidirectional");
    net.item("Subnets", "subnet-a2")["BlockPublicAccessStates"] = json!({"InternetGatewayBlockMode": "off"});
    assert_open(&net.path(&interface("eni-2"), &server()));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcIpv6CidrBlockAssociation.html>
#[test]
fn a_private_ipv6_prefix_has_no_path_to_the_internet() {
    let mut net = net();
    let own = |cidr: &str| json!([{"Ipv6CidrBlock": cidr, "Ipv6CidrBlockState": {"State": "associated"}, "Ipv6AddressAttribute": "public"}]);
    net.item("Vpcs", "vpc-a")["Ipv6CidrBlockAssociationSet"] = own("2600:1f14::/56");
    net.item("Subnets", "subnet-a2")["Ipv6CidrBlockAssociationSet"] = own("2600:1f14::/64");
    net.item("NetworkInterfaces", "eni-2")["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f14::20"}]);
    net.add_route("rtb-a", "::/0", "igw-1");
    net.item("SecurityGroups", "sg-client")["IpPermissionsEgress"] = json!([rule("-1", None, "::/0")]);
    let mut acl =
        [entry(110, false, "allow", "-1", None, "::/0"), entry(110, true, "allow", "-1", None, "::/0")];
    let entries = net.item("NetworkAcls", "acl-a")["Entries"].as_array_mut().unwrap();
    entries.extend(acl.iter_mut().map(Value::take));
    let server = operators("2606:4700::1111/128", None, &[]);
    assert_open(&net.path(&interface("eni-2"), &server));
    net.item("Vpcs", "vpc-a")["Ipv6CidrBlockAssociationSet"][0]["Ipv6AddressAttribute"] = json!("private");
    assert_blocked(&net.path(&interface("eni-2"), &server), &["public-address-missing eni-2"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateInstanceNetworkInterfaceSpecification.html>
#[test]
fn a_launch_template_decides_about_public_addresses_before_the_subnet() {
    let mut net = net();
    let path = |net: &Net, public: PublicAddresses| {
        let mut from = subnet("subnet-a1", "sg-client");
        if let EndKind::Subnet { carriers, .. } = &mut from.kind {
            carriers.public = public;
        }
        net.path(&from, &server())
    };
    net.item("Subnets", "subnet-a1")["MapPublicIpOnLaunch"] = json!(false);
    assert_open(&path(&net, PublicAddresses::Assigned));
    assert_unknown(
        &path(&net, PublicAddresses::Unread(vec![Missing::unmodelled("the template")])),
        "the template",
    );
    net.item("Subnets", "subnet-a1")["MapPublicIpOnLaunch"] = json!(true);
    let lacking = path(&net, PublicAddresses::Lacking("the template assigns none".to_owned()));
    assert_blocked(&lacking, &["public-address-missing subnet-a1"]);
    assert_eq!(lacking.blockers[0].remedy.subnet, None, "the subnet's setting changes nothing");
}

//! Instances, firewalls and networks on premises on the way: what they forward is not AWS's affair.

use serde_json::json;

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, subnet};
use super::transit;

/// Packets of `vpc-a` for `vpc-b` go to `eni-firewall`.
fn through_interface(check: bool) -> Net {
    let mut net = Net::two_vpcs();
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    net.add_route("rtb-a", "10.1.0.0/16", "eni-firewall");
    net.interface("eni-firewall", "subnet-a2", "vpc-a", "10.0.2.9", &["sg-client"]);
    net.item("NetworkInterfaces", "eni-firewall")["SourceDestCheck"] = json!(check);
    net
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html#EIP_Disable_SrcDestCheck>
#[test]
fn an_interface_forwards_nothing_while_its_source_destination_check_is_on() {
    let far = subnet("subnet-b1", "sg-far");
    let path = through_interface(true).path(&subnet("subnet-a1", "sg-client"), &far);
    assert!(path.blockers.iter().any(|it| it.id == "eni-firewall"), "{path:#?}");
    let mut net = through_interface(false);
    net.group("sg-open", "vpc-b", &[super::net::rule("-1", None, "0.0.0.0/0")], &[]);
    let path = net.path(&subnet("subnet-a1", "sg-client"), &subnet("subnet-b1", "sg-open"));
    assert_unknown(&path, "eni-firewall");
}

#[test]
fn a_firewall_in_front_of_a_declared_connection_is_unknown_too() {
    let mut net = through_interface(false);
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "192.168.0.0/16", "vpce-firewall");
    let office = operators("192.168.0.0/16", Some("vgw-1"), &[]);
    assert_unknown(&net.path(&subnet("subnet-a1", "sg-client"), &office), "vpce-firewall");
}

/// <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>: a VPN attachment is a next hop
/// as any other.
#[test]
fn a_network_on_premises_between_two_vpcs_is_unknown() {
    let mut net = transit::net();
    let routes = net.item("TransitGatewayRoutes", "tgw-rtb-1")["Routes"].as_array_mut().unwrap();
    for route in routes.iter_mut().filter(|route| route["DestinationCidrBlock"] == "10.0.0.0/16") {
        route["TransitGatewayAttachments"] =
            json!([{"TransitGatewayAttachmentId": "att-vpn", "ResourceType": "vpn"}]);
    }
    assert_unknown(&net.path(&transit::far(), &interface("eni-1")), "att-vpn");
}

#[test]
fn a_virtual_private_gateway_between_two_vpcs_is_unknown_where_the_other_meets_premises() {
    let mut net = Net::two_vpcs();
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "10.1.0.0/16", "vgw-1");
    let (from, to) = (subnet("subnet-b1", "sg-far"), interface("eni-1"));
    assert_blocked(&net.path(&from, &to), &["route-elsewhere rtb-a"]);
    net.vpn_gateway("vgw-2", "vpc-b");
    assert_unknown(&net.path(&from, &to), "vgw-1");
    net.item("RouteTables", "rtb-a")["Routes"] = json!([super::net::route("10.1.0.0/16", "pcx-1")]);
    assert_open(&net.path(&from, &to));
}

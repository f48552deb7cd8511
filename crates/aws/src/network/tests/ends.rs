//! From what the user names to addresses and groups.

use privek_core::path::Verdict;
use serde_json::json;

use crate::network::{Carriers, End, EndKind, Groups};

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, rule, subnet};

#[test]
fn only_addresses_of_existing_subnets_count_inside_a_vpc() {
    let net = Net::two_vpcs();
    let path = net.path(&operators("10.0.200.0/24", None, &["sg-client"]), &interface("eni-1"));
    assert_blocked(&path, &["no-such-address vpc-a"]);
    // Of the larger prefix, only what subnets hold is asked about.
    let paths = net.trace(&operators("10.0.0.0/16", None, &["sg-client"]), &interface("eni-1"), "tcp/443");
    let labels: Vec<_> = paths.iter().map(|path| path.from.as_str()).collect();
    assert_eq!(labels, ["office (subnet-a1)", "office (subnet-a1 with sg-server)", "office (subnet-a2)"]);
}

#[test]
fn an_address_on_an_interface_has_that_interfaces_groups() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-client")]);
    net.interface("eni-2", "subnet-a2", "vpc-a", "10.0.2.20", &["sg-server"]);
    let paths = net.trace(&operators("10.0.2.0/24", None, &["sg-client"]), &interface("eni-1"), "tcp/443");
    assert_eq!(paths.len(), 2);
    assert_open(&paths[0]);
    assert_eq!(paths[1].verdict, Verdict::Blocked);
    assert_eq!(paths[1].from, "office (subnet-a2 with sg-server)");
}

#[test]
fn aws_own_interfaces_are_no_clients_unless_they_are_asked_for() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "sg-client")]);
    net.interface("eni-2", "subnet-a2", "vpc-a", "10.0.2.20", &["sg-server"]);
    net.item("NetworkInterfaces", "eni-2")["InterfaceType"] = json!("vpc_endpoint");
    let path = net.path(&operators("10.0.2.0/24", None, &["sg-client"]), &interface("eni-1"));
    assert_open(&path);
    assert!(path.assumptions.iter().any(|text| text.contains("subnet-a2")));
    assert_eq!(
        net.path(&operators("10.0.2.20/32", None, &[]), &interface("eni-1")).verdict,
        Verdict::Blocked
    );
}

#[test]
fn the_destinations_own_vpc_wins_over_a_peer_with_the_same_prefix() {
    let mut net = Net::two_vpcs();
    net.vpc("vpc-0", "10.0.0.0/16").subnet("subnet-0", "vpc-0", "10.0.2.0/24", "zone-a");
    let path = net.path(&operators("10.0.2.0/24", None, &["sg-client"]), &interface("eni-1"));
    assert_open(&path);
}

#[test]
fn a_network_that_is_partly_outside_is_asked_about_in_parts() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    let paths = net.trace(&operators("10.0.0.0/15", None, &["sg-client"]), &interface("eni-1"), "tcp/443");
    assert!(paths.iter().all(|path| path.from.contains("subnet-")), "{paths:#?}");
    let paths = net.trace(&operators("10.0.0.0/14", None, &["sg-client"]), &interface("eni-1"), "tcp/443");
    let outside = paths.iter().find(|path| path.from == "office (10.2.0.0/15)").unwrap();
    assert_blocked(outside, &["route-missing rtb-a"]);
}

#[test]
fn a_wide_network_does_not_reach_into_vpcs_without_any_connection() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.vpc("vpc-c", "10.2.0.0/16").subnet("subnet-c1", "vpc-c", "10.2.1.0/24", "zone-a");
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "10.0.0.0/8", "vgw-1");
    assert_open(&net.path(&operators("10.2.0.0/15", None, &[]), &interface("eni-1")));
    // What is wholly inside such a VPC is meant to be there.
    let path = net.path(&operators("10.2.1.0/24", None, &[]), &interface("eni-1"));
    assert_eq!(path.verdict, Verdict::Blocked);
}

#[test]
fn ipv4_and_ipv6_are_routed_and_filtered_apart() {
    let mut net = Net::two_vpcs();
    for (collection, id, prefix) in [
        ("Vpcs", "vpc-a", "2001:db8::/56"),
        ("Subnets", "subnet-a1", "2001:db8:0:1::/64"),
        ("Subnets", "subnet-a2", "2001:db8:0:2::/64"),
    ] {
        net.item(collection, id)["Ipv6CidrBlockAssociationSet"] = json!([{"Ipv6CidrBlock": prefix}]);
    }
    net.item("NetworkInterfaces", "eni-1")["Ipv6Addresses"] = json!([{"Ipv6Address": "2001:db8:0:1::5"}]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    // The ACLs and the groups say nothing of IPv6 yet; IPv4 is as open as before.
    let ids = ["security-group-ingress sg-server", "security-group-egress sg-client"];
    assert_eq!(super::net::blockers(&path)[..2], ids);
    assert!(path.blockers.iter().all(|blocker| blocker.reason.contains("2001:db8")), "{:#?}", path.blockers);
    let EndKind::Subnet { groups, .. } = subnet("subnet-a2", "sg-client").kind else { unreachable!() };
    let addresses = Some(vec!["10.0.2.0/24".parse().unwrap()]);
    let carriers = Carriers::default();
    let kind = EndKind::Subnet { subnet: "subnet-a2".to_owned(), addresses, groups, carriers };
    assert_open(&net.path(&End { label: "nodes".to_owned(), kind }, &interface("eni-1")));
}

#[test]
fn what_is_not_in_the_snapshot_is_missing_and_not_nonexistent() {
    let mut net = Net::two_vpcs();
    assert_unknown(&net.path(&subnet("subnet-x", "sg-client"), &interface("eni-1")), "subnet-x");
    assert_unknown(&net.path(&subnet("subnet-a1", "sg-client"), &interface("eni-x")), "eni-x");
    assert_unknown(&net.path(&subnet("subnet-a1", "sg-x"), &interface("eni-1")), "sg-x");
    net.add("RouteTables", json!({"RouteTableId": "rtb-1", "VpcId": "vpc-a", "Associations": [{"SubnetId": "subnet-a2"}],
        "Routes": [{"DestinationCidrBlock": "192.168.0.0/16", "VpcPeeringConnectionId": "pcx-x", "State": "active"}]}));
    let path = net.path(&subnet("subnet-a2", "sg-client"), &operators("192.168.0.0/16", None, &[]));
    assert_unknown(&path, "pcx-x");
}

#[test]
fn groups_that_were_not_read_are_missing() {
    let net = Net::two_vpcs();
    let missing = vec![privek_core::known::Missing::intent("the groups of the nodes")];
    let kind = EndKind::Subnet {
        subnet: "subnet-a2".to_owned(),
        addresses: None,
        groups: Groups::Unread(missing),
        carriers: Carriers::default(),
    };
    let path = net.path(&End { label: "nodes".to_owned(), kind }, &interface("eni-1"));
    assert_unknown(&path, "the groups of the nodes");
}

#[test]
fn two_ends_without_a_common_family_never_meet() {
    let mut net = Net::two_vpcs();
    net.item("Subnets", "subnet-a2").as_object_mut().unwrap().remove("CidrBlock");
    net.item("Subnets", "subnet-a2")["Ipv6CidrBlockAssociationSet"] =
        json!([{"Ipv6CidrBlock": "2001:db8::/64"}]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["never-forwarded eni-1"]);
}

#[test]
fn an_operator_behind_a_peering_that_was_not_read_is_unknown() {
    let mut net = Net::two_vpcs();
    net.item("VpcPeeringConnections", "pcx-1")["AccepterVpcInfo"] =
        json!({"VpcId": "vpc-far", "CidrBlock": "10.50.0.0/16"});
    net.add_route("rtb-a", "10.50.0.0/16", "pcx-1");
    let paths = net.trace(&operators("10.50.0.0/24", None, &["sg-far"]), &interface("eni-1"), "tcp/443");
    // What carries groups is in a VPC that was not read.
    assert_unknown(&paths[0], "DescribeVpcs");
    assert_unknown(&paths[1], "vpc-far");
}

#[test]
fn the_part_of_a_site_that_a_vpcs_own_prefix_takes_is_blocked_and_named() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "10.0.0.0/8", "vgw-1");
    net.item("Vpcs", "vpc-a")["CidrBlockAssociationSet"] =
        json!([{"CidrBlock": "10.168.0.0/20", "CidrBlockState": {"State": "associated"}}]);
    net.add_route("rtb-a", "10.168.0.0/20", "local");
    let paths = net.trace(&operators("10.168.0.0/16", None, &[]), &interface("eni-1"), "tcp/443");
    let closed: Vec<_> = paths.iter().filter(|path| path.verdict == Verdict::Blocked).collect();
    assert_eq!(closed.len(), 1, "{paths:#?}");
    assert_blocked(closed[0], &["route-local rtb-a"]);
    assert_eq!(closed[0].blockers[0].part.as_deref(), Some("10.168.0.0/20"));
    assert!(paths.iter().any(|path| path.verdict == Verdict::Open), "the rest is behind the gateway");
    // The same, asked for by address and with the gateway.
    let address = net.path(&operators("10.168.3.4/32", Some("vgw-1"), &[]), &interface("eni-1"));
    assert_blocked(&address, &["route-local rtb-a"]);
    // What is no site has no hosts of its own in the VPC's addresses.
    let paths = net.trace(&operators("0.0.0.0/0", None, &[]), &interface("eni-1"), "tcp/443");
    assert!(paths.iter().all(|path| !path.from.contains("a CIDR of")), "{paths:#?}");
}

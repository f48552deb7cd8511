//! Route tables, peering and virtual private gateways.

use privek_core::known::Known;
use privek_core::path::{Leg, Verdict};
use serde_json::json;

use crate::network::{Egress, Reasoner};

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, interface, operators, route, rule, subnet,
};

/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
#[test]
fn a_subnet_without_a_table_of_its_own_has_the_main_one() {
    let mut net = Net::two_vpcs();
    net.subnet_table("rtb-1", "vpc-a", "subnet-a2", &[]);
    let snapshot = net.snapshot();
    let network = Reasoner::new(&snapshot);
    let table = |subnet| network.effective_route_table(subnet).unwrap().route_table_id.clone();
    assert_eq!((table("subnet-a1"), table("subnet-a2")), ("rtb-a".to_owned(), "rtb-1".to_owned()));
}

#[test]
fn an_association_that_is_not_in_force_does_not_count() {
    let mut net = Net::two_vpcs();
    net.subnet_table("rtb-1", "vpc-a", "subnet-a2", &[]);
    net.item("RouteTables", "rtb-1")["Associations"][0]["AssociationState"] =
        json!({"State": "disassociating"});
    let snapshot = net.snapshot();
    assert_eq!(Reasoner::new(&snapshot).effective_route_table("subnet-a2").unwrap().route_table_id, "rtb-a");
}

#[test]
fn the_main_table_is_known_only_where_all_tables_were_read() {
    let mut net = Net::two_vpcs();
    let mut snapshot = net.snapshot();
    snapshot.header.scope.remove("RouteTables");
    assert!(Reasoner::new(&snapshot).effective_route_table("subnet-a2").is_err());
    net.withhold("RouteTables");
    assert_unknown(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")), "DescribeRouteTables");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
#[test]
fn the_longest_prefix_wins_over_all_targets() {
    let mut net = Net::two_vpcs();
    net.vpn_gateway("vgw-1", "vpc-a");
    net.add_route("rtb-a", "192.168.0.0/16", "vgw-1").add_route("rtb-a", "0.0.0.0/0", "igw-1");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    assert_open(&net.path(&operators("192.168.7.0/24", None, &[]), &interface("eni-1")));
    net.add_route("rtb-a", "192.168.7.128/25", "nat-1");
    let path = net.path(&operators("192.168.7.0/24", None, &[]), &interface("eni-1"));
    assert_blocked(&path, &["route-elsewhere rtb-a"]);
    assert_eq!(path.blockers[0].part.as_deref(), Some("192.168.7.128/25"));
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
#[test]
fn a_static_route_beats_a_propagated_one_and_local_beats_every_propagated_one() {
    let mut net = Net::two_vpcs();
    net.vpn_gateway("vgw-1", "vpc-a");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    let mut propagated = route("192.168.0.0/16", "igw-1");
    propagated["Origin"] = json!("EnableVgwRoutePropagation");
    let mut inside = route("10.0.2.0/24", "vgw-1");
    inside["Origin"] = json!("EnableVgwRoutePropagation");
    net.add_route("rtb-a", "192.168.0.0/16", "vgw-1");
    net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().extend([propagated, inside]);
    assert_open(&net.path(&operators("192.168.7.0/24", None, &[]), &interface("eni-1")));
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html>
#[test]
fn a_more_specific_route_to_an_appliance_inside_the_vpc_is_not_modelled_and_named() {
    let mut net = Net::two_vpcs();
    net.add_route("rtb-a", "10.0.1.0/24", "eni-firewall");
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_unknown(&path, "eni-firewall");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>
#[test]
fn a_second_prefix_of_the_vpc_is_local_without_being_listed() {
    let mut net = Net::two_vpcs();
    net.item("Vpcs", "vpc-a")["CidrBlockAssociationSet"] = json!([{"CidrBlock": "100.64.0.0/16"}]);
    net.subnet("subnet-a3", "vpc-a", "100.64.1.0/24", "zone-a").add_route("rtb-a", "0.0.0.0/0", "igw-1");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    assert_open(&net.path(&subnet("subnet-a3", "sg-client"), &interface("eni-1")));
}

#[test]
fn no_route_or_one_to_the_internet_blocks_the_reply() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.vpn_gateway("vgw-1", "vpc-a");
    let from = operators("192.168.7.0/24", None, &[]);
    let path = net.path(&from, &interface("eni-1"));
    assert_blocked(&path, &["route-missing rtb-a"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("vgw-1"));
    assert_eq!(path.blockers[0].remedy.target_option.as_deref(), Some("--gateway-id"));
    assert_eq!(path.blockers[0].remedy.cidrs, ["192.168.7.0/24"]);
    net.add_route("rtb-a", "0.0.0.0/0", "igw-1");
    assert_blocked(&net.path(&from, &interface("eni-1")), &["route-elsewhere rtb-a"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>
#[test]
fn a_blackhole_blocks() {
    let mut net = Net::two_vpcs();
    net.item("RouteTables", "rtb-b")["Routes"][0]["State"] = json!("blackhole");
    let path = net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1"));
    assert_blocked(&path, &["route-blackhole rtb-b"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("pcx-1"));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
#[test]
fn a_prefix_list_route_forwards_its_entries_and_is_unknown_without_them() {
    let mut net = Net::two_vpcs();
    net.item("RouteTables", "rtb-b")["Routes"] = json!([route("pl-1", "pcx-1")]);
    let (from, to) = (subnet("subnet-b1", "sg-far"), interface("eni-1"));
    assert_unknown(&net.path(&from, &to), "pl-1");
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.0.0/16"}]}));
    assert_open(&net.path(&from, &to));
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html>
#[test]
fn a_peering_needs_to_be_active_and_routed_on_both_sides() {
    let mut net = Net::two_vpcs();
    let (from, to) = (subnet("subnet-b1", "sg-far"), interface("eni-1"));
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    let path = net.path(&from, &to);
    assert_blocked(&path, &["route-missing rtb-a"]);
    assert_eq!(path.blockers[0].leg, Some(Leg::Reply));
    net.item("VpcPeeringConnections", "pcx-1")["Status"]["Code"] = json!("pending-acceptance");
    assert_blocked(&net.path(&from, &to), &["route-missing rtb-a", "peering-inactive pcx-1"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>
#[test]
fn a_peering_is_never_transitive() {
    let mut net = Net::two_vpcs();
    net.vpc("vpc-c", "10.2.0.0/16").subnet("subnet-c1", "vpc-c", "10.2.1.0/24", "zone-a");
    net.table("rtb-c", "vpc-c", &[("10.0.0.0/8", "pcx-2")]).acl("acl-c", "vpc-c");
    net.peering("pcx-2", "vpc-c", "vpc-b", "active").add_route("rtb-a", "10.2.0.0/16", "pcx-1");
    let path = net.path(&operators("10.2.1.0/24", None, &["sg-client"]), &interface("eni-1"));
    assert_blocked(&path, &["never-forwarded pcx-1", "never-forwarded pcx-2"]);
}

#[test]
fn the_bastion_of_the_closed_network_is_blocked_for_three_reasons() {
    let mut net = Net::empty();
    net.vpc("vpc-bastion", "172.24.0.0/24").vpc("vpc-k8s", "172.25.0.0/16");
    net.subnet("subnet-bastion", "vpc-bastion", "172.24.0.0/24", "zone-a");
    net.subnet("subnet-worker", "vpc-k8s", "172.25.0.0/17", "zone-a");
    net.subnet("subnet-operator", "vpc-k8s", "172.25.192.0/18", "zone-a");
    net.table("rtb-bastion", "vpc-bastion", &[("172.25.192.0/18", "pcx-1"), ("0.0.0.0/0", "igw-1")]);
    net.table("rtb-worker", "vpc-k8s", &[]);
    net.acl("acl-1", "vpc-bastion").acl("acl-2", "vpc-k8s");
    net.group("sg-control-plane", "vpc-k8s", &[rule("tcp", Some((443, 443)), "sg-operator")], &[]);
    net.group("sg-operator", "vpc-k8s", &[], &[rule("-1", None, "0.0.0.0/0")]);
    net.peering("pcx-1", "vpc-k8s", "vpc-bastion", "active");
    net.interface("eni-1", "subnet-worker", "vpc-k8s", "172.25.0.10", &["sg-control-plane"]);
    let path = net.path(&operators("172.24.0.0/24", None, &[]), &interface("eni-1"));
    let codes = [
        "security-group-ingress sg-control-plane",
        "route-missing rtb-worker",
        "route-elsewhere rtb-bastion",
    ];
    assert_blocked(&path, &codes);
    let bastion = &path.blockers[2];
    assert_eq!(bastion.leg, Some(Leg::Request));
    assert_eq!(
        bastion.reason,
        "rtb-bastion sends 172.25.0.0/17 to igw-1 (0.0.0.0/0); the route to pcx-1 covers only 172.25.192.0/18"
    );
    assert_eq!(bastion.remedy.cidrs, ["172.25.0.0/17"]);
    assert_eq!(bastion.remedy.target.as_deref(), Some("pcx-1"));
    assert_eq!(bastion.remedy.replaces.as_deref(), Some("0.0.0.0/0"));
    let back = &path.blockers[1];
    assert_eq!(back.remedy.cidrs, ["172.24.0.0/24"]);
    assert_eq!((back.leg, back.remedy.target.as_deref()), (Some(Leg::Reply), Some("pcx-1")));
    assert_eq!(path.blockers[0].remedy.cidrs, ["172.24.0.0/24"]);
    let operator = operators("172.25.192.0/18", None, &["sg-operator"]);
    assert_open(&net.path(&operator, &interface("eni-1")));
}

#[test]
fn a_vpn_gateway_must_be_attached_and_its_far_side_is_assumed() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "192.168.0.0/16", "vgw-1");
    let from = operators("192.168.0.0/16", None, &[]);
    let path = net.path(&from, &interface("eni-1"));
    assert_open(&path);
    assert!(path.assumptions.iter().any(|text| text.contains("behind vgw-1")), "{:?}", path.assumptions);
    assert!(path.assumptions.iter().any(|text| text.contains("is connected through vgw-1")));
    net.item("VpnGateways", "vgw-1")["VpcAttachments"][0]["State"] = json!("detached");
    assert_blocked(&net.path(&from, &interface("eni-1")), &["gateway-detached vgw-1"]);
    net.withhold("VpnGateways");
    assert_unknown(&net.path(&from, &interface("eni-1")), "vgw-1");
}

#[test]
fn a_route_to_another_gateway_than_the_declared_one_blocks() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "192.168.0.0/16", "vgw-1");
    assert_open(&net.path(&operators("192.168.0.0/16", Some("vgw-1"), &[]), &interface("eni-1")));
    let path = net.path(&operators("192.168.0.0/16", Some("tgw-1"), &[]), &interface("eni-1"));
    // Routes can forward only to a gateway that is attached:
    // https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html#route-tables-tgw
    assert_blocked(&path, &["route-elsewhere rtb-a", "transit-gateway-attachment tgw-1"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("tgw-1"));
}

#[test]
fn a_target_that_is_not_modelled_is_unknown() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    net.add_route("rtb-a", "192.168.0.0/16", "lgw-1");
    let path = net.path(&operators("192.168.0.0/16", None, &[]), &interface("eni-1"));
    assert_eq!(path.verdict, Verdict::Unknown);
    assert_unknown(&path, "lgw-1");
}

fn egress(change: impl FnOnce(&mut Net)) -> Known<Egress> {
    let mut net = Net::two_vpcs();
    change(&mut net);
    Reasoner::new(&net.snapshot()).egress("subnet-a1")
}

#[test]
fn a_subnets_egress_is_told_by_its_default_route() {
    let to = |target: &str| {
        egress(|net| {
            net.add_route("rtb-a", "0.0.0.0/0", target);
        })
    };
    assert_eq!(egress(|_| {}), Ok(Egress::Isolated));
    assert_eq!(to("igw-1"), Ok(Egress::Internet));
    assert_eq!(to("tgw-1"), Ok(Egress::Inspected { target: "tgw-1".to_owned() }));
    assert!(to("nat-1").is_err(), "whether it is a public one that works is not known");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html>
#[test]
fn a_nat_gateway_is_a_way_out_only_where_it_has_one_itself() {
    let nat = |fields: &serde_json::Value, out: &str| {
        egress(|net| {
            let mut nat = json!({"NatGatewayId": "nat-1", "VpcId": "vpc-a", "SubnetId": "subnet-a2", "State": "available"});
            nat.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            net.add("NatGateways", nat);
            let own = json!({"RouteTableId": "rtb-nat", "VpcId": "vpc-a",
                "Associations": [{"SubnetId": "subnet-a2"}], "Routes": []});
            net.add("RouteTables", own);
            net.add_route("rtb-a", "0.0.0.0/0", "nat-1");
            if !out.is_empty() {
                net.add_route("rtb-nat", "0.0.0.0/0", out);
            }
        })
    };
    let inspected = |target: &str| Ok(Egress::Inspected { target: target.to_owned() });
    assert_eq!(nat(&json!({}), "igw-1"), Ok(Egress::Nat));
    assert_eq!(nat(&json!({}), ""), Ok(Egress::Isolated));
    assert_eq!(nat(&json!({}), "tgw-1"), inspected("tgw-1"));
    assert_eq!(nat(&json!({"State": "failed"}), "igw-1"), Ok(Egress::Isolated));
    assert_eq!(nat(&json!({"ConnectivityType": "private"}), "igw-1"), inspected("nat-1"));
    let regional = json!({"SubnetId": null, "RouteTableId": "rtb-nat", "AvailabilityMode": "regional"});
    assert_eq!(nat(&regional, "igw-1"), Ok(Egress::Nat));
    assert_eq!(nat(&regional, ""), Ok(Egress::Isolated));
    assert!(nat(&json!({"SubnetId": null}), "").is_err(), "the table of a regional one was not read");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>
#[test]
fn what_block_public_access_stops_is_no_way_out() {
    let out = |mode: &str, target: &str, excluded: &str| {
        egress(|net| {
            net.item("Vpcs", "vpc-a")["BlockPublicAccessStates"] = json!({"InternetGatewayBlockMode": mode});
            net.item("Subnets", excluded)["BlockPublicAccessStates"] =
                json!({"InternetGatewayBlockMode": "off"});
            net.nat_gateway("nat-1", "vpc-a", "subnet-a2", "10.0.2.5");
            net.add(
                "RouteTables",
                json!({"RouteTableId": "rtb-nat", "VpcId": "vpc-a",
                "Associations": [{"SubnetId": "subnet-a2"}], "Routes": []}),
            );
            net.add_route("rtb-nat", "0.0.0.0/0", "igw-1");
            net.add_route("rtb-a", "0.0.0.0/0", target);
        })
    };
    assert_eq!(out("block-bidirectional", "nat-1", "subnet-b1"), Ok(Egress::Isolated));
    assert_eq!(
        out("block-bidirectional", "nat-1", "subnet-a2"),
        Ok(Egress::Nat),
        "the gateway's is excluded"
    );
    assert_eq!(out("block-ingress", "nat-1", "subnet-b1"), Ok(Egress::Nat));
    assert_eq!(out("block-ingress", "igw-1", "subnet-b1"), Ok(Egress::Isolated));
    assert_eq!(out("block-ingress", "igw-1", "subnet-a1"), Ok(Egress::Internet));
    assert_eq!(out("off", "igw-1", "subnet-b1"), Ok(Egress::Internet));
}

#[test]
fn a_service_may_be_among_half_of_all_addresses_or_have_ipv6() {
    let one = egress(|net| {
        net.add_route("rtb-a", "0.0.0.0/1", "igw-1");
    });
    assert_eq!(one, Ok(Egress::Inspected { target: "igw-1".to_owned() }));
    let both = egress(|net| {
        net.add_route("rtb-a", "0.0.0.0/1", "igw-1");
        net.add_route("rtb-a", "128.0.0.0/1", "tgw-1");
    });
    assert_eq!(both, Ok(Egress::Inspected { target: "tgw-1".to_owned() }));
    let v6 = egress(|net| {
        let route = json!({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"});
        net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().push(route);
    });
    assert_eq!(v6, Ok(Egress::Inspected { target: "eigw-1".to_owned() }));
}

/// Quarters of the addresses, and prefix lists of halves, override a default route as halves do:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
#[test]
fn a_way_to_all_of_the_internet_may_have_several_routes() {
    let quarters = ["0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"];
    let to = |destinations: &[&str], target: &str| {
        egress(|net| {
            for destination in destinations {
                net.add_route("rtb-a", destination, target);
            }
        })
    };
    assert_eq!(to(&quarters, "igw-1"), Ok(Egress::Internet));
    assert_eq!(to(&quarters[1..], "tgw-1"), Ok(Egress::Isolated), "a quarter goes nowhere");
    // A route to one public network is no way to the internet, but a service may be there.
    assert_eq!(to(&["54.0.0.0/12"], "tgw-1"), Ok(Egress::Isolated));
    assert_eq!(to(&["54.0.0.0/12"], "igw-1"), Ok(Egress::Inspected { target: "igw-1".to_owned() }));
    let listed = egress(|net| {
        net.add(
            "PrefixListEntries",
            json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "0.0.0.0/1"}, {"Cidr": "128.0.0.0/1"}]}),
        );
        let route = json!({"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1", "State": "active", "Origin": "CreateRoute"});
        net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap().push(route);
    });
    assert_eq!(listed, Ok(Egress::Internet));
}

/// Whatever a declared network claims, the peer keeps its own addresses.
#[test]
fn no_fix_takes_the_route_to_a_vpc_that_has_the_addresses() {
    let mut net = Net::two_vpcs();
    net.add_route("rtb-a", "10.1.0.0/16", "pcx-1");
    let office = operators("10.0.0.0/8", Some("tgw-1"), &[]);
    let paths = net.trace(&office, &interface("eni-1"), "tcp/443");
    let blockers = paths.iter().flat_map(|path| &path.blockers);
    let towards: Vec<_> = blockers.filter(|blocker| blocker.reason.contains("pcx-1")).collect();
    assert!(!towards.is_empty(), "{paths:#?}");
    assert!(towards.iter().all(|blocker| blocker.remedy.target.is_none()), "{towards:#?}");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html>
#[test]
fn a_subnet_that_is_not_available_is_unknown() {
    let mut net = Net::two_vpcs();
    let path = |net: &Net| net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    net.item("Subnets", "subnet-a2")["State"] = json!("available");
    assert_open(&path(&net));
    for state in ["pending", "unavailable", "failed"] {
        net.item("Subnets", "subnet-a2")["State"] = json!(state);
        assert_unknown(&path(&net), &format!("subnet-a2 in state {state}"));
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpnGateway.html>
#[test]
fn a_vpn_gateway_forwards_only_while_it_is_there() {
    let mut net = Net::two_vpcs();
    net.vpn_gateway("vgw-1", "vpc-a").add_route("rtb-a", "192.168.0.0/16", "vgw-1");
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    let path = |net: &Net| net.path(&operators("192.168.0.0/16", None, &[]), &interface("eni-1"));
    assert_open(&path(&net));
    net.item("VpnGateways", "vgw-1")["State"] = json!("pending");
    assert_unknown(&path(&net), "vgw-1 forwards in state pending");
    net.item("VpnGateways", "vgw-1")["State"] = json!("deleted");
    assert_blocked(&path(&net), &["never-forwarded vgw-1"]);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html>
#[test]
fn a_route_to_an_odb_network_names_its_target() {
    let mut net = Net::two_vpcs();
    let arn = "arn:aws:odb:eu-central-1:111111111111:odb-network/odbnet-1";
    let routes = net.item("RouteTables", "rtb-a")["Routes"].as_array_mut().unwrap();
    routes.push(json!({"DestinationCidrBlock": "192.168.0.0/16", "OdbNetworkArn": arn, "State": "active"}));
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!([rule("-1", None, "0.0.0.0/0")]);
    assert_unknown(&net.path(&operators("192.168.0.0/16", None, &[]), &interface("eni-1")), "odbnet-1");
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/accept-vpc-peering-connection.html>
#[test]
fn a_peering_connection_is_accepted_by_the_accepter_in_its_region() {
    let mut net = Net::two_vpcs();
    let remedy = |net: &Net| {
        let path = net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1"));
        let blocker = path.blockers.into_iter().find(|blocker| blocker.id == "pcx-1").unwrap();
        (blocker.remedy.account, blocker.remedy.region)
    };
    net.item("VpcPeeringConnections", "pcx-1")["Status"]["Code"] = json!("pending-acceptance");
    net.item("VpcPeeringConnections", "pcx-1")["AccepterVpcInfo"]["OwnerId"] = json!("111111111111");
    assert_eq!(remedy(&net).0, None);
    let accepter = &mut net.item("VpcPeeringConnections", "pcx-1")["AccepterVpcInfo"];
    accepter["OwnerId"] = json!("444444444444");
    accepter["Region"] = json!("eu-west-1");
    assert_eq!(remedy(&net), (Some("444444444444".to_owned()), Some("eu-west-1".to_owned())));
}

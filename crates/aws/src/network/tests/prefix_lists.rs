//! Gateway endpoints.

use serde_json::json;

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, entry, operators, prefix_list, rule, subnet,
};

fn with_s3() -> Net {
    let mut net = Net::two_vpcs();
    net.add_route("rtb-a", "pl-s3", "vpce-s3");
    net.add("VpcEndpoints", json!({"VpcEndpointId": "vpce-s3", "VpcEndpointType": "Gateway", "State": "available", "VpcId": "vpc-a", "ServiceName": "com.amazonaws.eu-central-1.s3"}));
    net.add(
        "PrefixLists",
        json!({"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.eu-central-1.s3"}),
    );
    net.add(
        "PrefixListEntries",
        json!({"PrefixListId": "pl-s3", "Entries": [{"Cidr": "52.219.0.0/16"}, {"Cidr": "3.5.0.0/19"}]}),
    );
    net
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
#[test]
fn the_effective_table_must_hold_the_endpoints_route() {
    let mut net = with_s3();
    // Without a table of its own the subnet has the main one, which nothing names.
    assert_open(&net.path(&subnet("subnet-a1", "sg-client"), &prefix_list("pl-s3")));
    net.subnet_table("rtb-1", "vpc-a", "subnet-a2", &[("0.0.0.0/0", "nat-1")]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &prefix_list("pl-s3"));
    assert_blocked(&path, &["route-missing rtb-1"]);
    assert_eq!(path.blockers[0].remedy.target.as_deref(), Some("vpce-s3"));
    assert_eq!(path.blockers[0].remedy.prefix_list.as_deref(), Some("pl-s3"));
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
#[test]
fn the_outbound_rule_may_name_the_list_or_cover_its_entries() {
    let mut net = with_s3();
    let outbound = |net: &mut Net, peer: &str| {
        net.item("SecurityGroups", "sg-client")["IpPermissionsEgress"] =
            json!([rule("tcp", Some((443, 443)), peer)]);
    };
    let from = subnet("subnet-a1", "sg-client");
    outbound(&mut net, "pl-s3");
    assert_open(&net.path(&from, &prefix_list("pl-s3")));
    outbound(&mut net, "52.0.0.0/8");
    let path = net.path(&from, &prefix_list("pl-s3"));
    assert_blocked(&path, &["security-group-egress sg-client"]);
    assert_eq!(path.blockers[0].part.as_deref(), Some("3.5.0.0/19"));
    assert_eq!(path.blockers[0].remedy.prefix_list.as_deref(), Some("pl-s3"));
    outbound(&mut net, "10.0.0.0/8");
    assert_blocked(&net.path(&from, &prefix_list("pl-s3")), &["security-group-egress sg-client"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
#[test]
fn replies_need_the_ephemeral_ports() {
    let mut net = with_s3();
    let out = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
    let inside = entry(100, false, "allow", "-1", None, "10.0.0.0/8");
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[out, inside]);
    let path = net.path(&subnet("subnet-a1", "sg-client"), &prefix_list("pl-s3"));
    assert_blocked(&path, &["network-acl-ingress acl-1"]);
}

#[test]
fn without_the_entries_only_what_does_not_need_them_is_decided() {
    let mut net = with_s3();
    net.withhold("PrefixListEntries");
    assert_unknown(
        &net.path(&subnet("subnet-a1", "sg-client"), &prefix_list("pl-s3")),
        "GetManagedPrefixListEntries",
    );
    net.item("SecurityGroups", "sg-client")["IpPermissionsEgress"] = json!([]);
    let path = net.path(&subnet("subnet-a1", "sg-client"), &prefix_list("pl-s3"));
    assert_blocked(&path, &["security-group-egress sg-client"]);
}

#[test]
fn unread_entries_of_a_gateway_endpoint_leave_private_destinations_alone() {
    let mut net = with_s3();
    net.withhold("PrefixListEntries");
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &super::net::interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>
#[test]
fn a_gateway_endpoint_serves_nobody_outside_aws_but_a_vpc_that_was_not_read_may_have_its_own() {
    let net = with_s3();
    for via in [None, Some("tgw-1")] {
        let path = net.path(&operators("192.168.0.0/16", via, &[]), &prefix_list("pl-s3"));
        assert_unknown(&path, "serves its own VPC only");
    }
    let path = net.path(&operators("192.168.0.0/16", Some("vgw-1"), &[]), &prefix_list("pl-s3"));
    assert_blocked(&path, &["never-forwarded pl-s3"]);
}

//! Security groups and network ACLs.

use privek_core::path::{Leg, Verdict};
use privek_core::sets::ports::ClientPorts;
use serde_json::json;

use super::net::{
    Net, assert_blocked, assert_open, assert_unknown, blockers, entry, interface, operators, rule, subnet,
};

use crate::network::{End, EndKind};

fn inbound(net: &mut Net, rules: &[serde_json::Value]) {
    net.item("SecurityGroups", "sg-server")["IpPermissions"] = json!(rules);
}

#[test]
fn a_healthy_network_is_open_within_a_vpc_and_across_a_peering() {
    let net = Net::two_vpcs();
    assert_open(&net.path(&subnet("subnet-a1", "sg-client"), &interface("eni-1")));
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
    assert_open(&net.path(&subnet("subnet-b1", "sg-far"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn rules_of_all_groups_are_one_union() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "10.0.2.0/25")]);
    net.group("sg-more", "vpc-a", &[rule("6", Some((1, 1000)), "10.0.2.128/25")], &[]);
    net.item("NetworkInterfaces", "eni-1")["Groups"] =
        json!([{"GroupId": "sg-server"}, {"GroupId": "sg-more"}]);
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn a_rule_for_some_addresses_blocks_the_others_and_names_them() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "10.0.2.0/25")]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
    let blocker = &path.blockers[0];
    assert_eq!(blocker.part.as_deref(), Some("10.0.2.128/25"));
    assert_eq!(blocker.remedy.cidrs, ["10.0.2.128/25"]);
    assert_eq!((blocker.remedy.from_port, blocker.remedy.to_port), (Some(443), Some(443)));
    assert_eq!(blocker.remedy.group.as_deref(), Some("sg-client"));
    assert!(blocker.reason.contains("existing rules are from 10.0.2.0/25"), "{}", blocker.reason);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn ipv6_rules_do_not_admit_ipv4() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("-1", None, "::/0")]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn the_source_needs_an_outbound_rule() {
    let mut net = Net::two_vpcs();
    net.item("SecurityGroups", "sg-client")["IpPermissionsEgress"] =
        json!([rule("tcp", Some((80, 80)), "0.0.0.0/0")]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["security-group-egress sg-client"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn a_reference_admits_only_who_carries_the_group() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "sg-client")]);
    net.group("sg-other", "vpc-a", &[], &[rule("-1", None, "0.0.0.0/0")]);
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
    let path = net.path(&subnet("subnet-a2", "sg-other"), &interface("eni-1"));
    assert_blocked(&path, &["security-group-ingress sg-server"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html>
#[test]
fn a_reference_works_across_an_active_peering_of_one_region_only() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "sg-far")]);
    let (from, to) = (subnet("subnet-b1", "sg-far"), interface("eni-1"));
    assert_open(&net.path(&from, &to));
    net.item("VpcPeeringConnections", "pcx-1")["AccepterVpcInfo"]["Region"] = json!("eu-west-1");
    assert_blocked(&net.path(&from, &to), &["security-group-ingress sg-server"]);
}

#[test]
fn undeclared_groups_are_unknown_where_a_reference_could_admit_them_and_blocked_where_none_could() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "sg-client")]);
    let inside = net.path(&operators("10.0.2.0/24", None, &[]), &interface("eni-1"));
    assert_unknown(&inside, "`security_groups` of office");
    assert_open(&net.path(&operators("10.0.2.0/24", None, &["sg-client"]), &interface("eni-1")));
    // No interface in the other VPC carries a group of this one.
    let outside = net.path(&operators("10.1.1.0/24", None, &[]), &interface("eni-1"));
    assert_blocked(&outside, &["security-group-ingress sg-server"]);
}

#[test]
fn a_group_that_was_not_read_is_missing_unless_another_admits_all() {
    let mut net = Net::two_vpcs();
    net.item("NetworkInterfaces", "eni-1")["Groups"] =
        json!([{"GroupId": "sg-gone"}, {"GroupId": "sg-server"}]);
    let from = subnet("subnet-a2", "sg-client");
    assert_open(&net.path(&from, &interface("eni-1")));
    inbound(&mut net, &[]);
    assert_unknown(&net.path(&from, &interface("eni-1")), "sg-gone");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn a_rule_with_a_prefix_list_needs_its_entries() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[rule("tcp", Some((443, 443)), "pl-1")]);
    let from = subnet("subnet-a2", "sg-client");
    assert_unknown(&net.path(&from, &interface("eni-1")), "pl-1");
    net.add("PrefixListEntries", json!({"PrefixListId": "pl-1", "Entries": [{"Cidr": "10.0.2.0/23"}]}));
    assert_open(&net.path(&from, &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
#[test]
fn the_first_matching_entry_of_an_acl_decides() {
    let mut net = Net::two_vpcs();
    let open = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
    let allow = entry(100, false, "allow", "6", Some((443, 443)), "10.0.0.0/16");
    let deny = |number| entry(number, false, "deny", "6", Some((443, 443)), "10.0.2.0/26");
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[deny(90), allow.clone(), open.clone()]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["network-acl-ingress acl-1"]);
    let blocker = &path.blockers[0];
    assert_eq!((blocker.part.as_deref(), blocker.leg), (Some("10.0.2.0/26"), Some(Leg::Request)));
    assert_eq!(blocker.remedy.rule_numbers.first(), Some(&89));
    let reason = &blocker.reason;
    assert!(
        reason.starts_with("acl-1 denies tcp/443") && reason.ends_with("by inbound entry 90"),
        "{reason}"
    );
    net.item("NetworkAcls", "acl-1")["Entries"] = json!([deny(110), open, allow]);
    assert_open(&net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1")));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
#[test]
fn an_acl_ends_with_a_denial_even_where_it_is_not_listed() {
    let mut net = Net::two_vpcs();
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["network-acl-ingress acl-1", "network-acl-egress acl-1"]);
    assert_eq!(path.blockers[0].remedy.rule_numbers.first(), Some(&10));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
#[test]
fn a_hole_in_the_reply_ports_blocks_and_is_named() {
    let mut net = Net::two_vpcs();
    let inbound = entry(100, false, "allow", "-1", None, "0.0.0.0/0");
    let linux = entry(100, true, "allow", "tcp", Some((32768, 60999)), "0.0.0.0/0");
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[inbound, linux]);
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_blocked(&path, &["network-acl-egress acl-1"]);
    let blocker = &path.blockers[0];
    assert_eq!(blocker.leg, Some(Leg::Reply));
    assert!(blocker.reason.contains("tcp/1024-32767, tcp/61000-65535"), "{}", blocker.reason);
    assert_eq!((blocker.remedy.from_port, blocker.remedy.to_port), (Some(1024), Some(65535)));
    assert_eq!(blocker.part, None);
    assert!(!blocker.remedy.few_ports && !blocker.remedy.low_ports, "Windows picks from 61000 on too");
    let mut holes = |from: u16, to: u16| {
        let inbound = entry(100, false, "allow", "-1", None, "0.0.0.0/0");
        let hole = entry(50, true, "deny", "tcp", Some((from, to)), "0.0.0.0/0");
        let rest = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
        net.item("NetworkAcls", "acl-1")["Entries"] = json!([inbound, hole, rest]);
        let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
        (path.blockers[0].remedy.few_ports, path.blockers[0].remedy.low_ports)
    };
    assert_eq!(holes(3389, 3389), (true, true));
    assert_eq!(holes(1024, 32767), (false, true));
    assert_eq!(holes(50000, 50000), (true, false));
    assert_eq!(holes(32768, 40000), (false, false));
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
#[test]
fn no_acl_is_asked_within_one_subnet() {
    let mut net = Net::two_vpcs();
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[]);
    assert_open(&net.path(&subnet("subnet-a1", "sg-client"), &interface("eni-1")));
}

#[test]
fn all_blockers_are_named_at_once_and_outrank_what_is_missing() {
    let mut net = Net::two_vpcs();
    inbound(&mut net, &[]);
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[]).withhold("RouteTables");
    let path = net.path(&subnet("subnet-a2", "sg-client"), &interface("eni-1"));
    assert_eq!(path.verdict, Verdict::Blocked);
    assert_eq!(blockers(&path).len(), 3);
    assert!(!path.missing.is_empty());
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn an_echo_and_its_reply_pass_by_type_and_code() {
    let mut net = Net::two_vpcs();
    inbound(
        &mut net,
        &[json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})],
    );
    let (from, to) = (subnet("subnet-a2", "sg-client"), interface("eni-1"));
    assert_open(&net.trace(&from, &to, "icmp")[0]);
    assert_eq!(net.trace(&from, &to, "any")[0].verdict, Verdict::Blocked);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
#[test]
fn any_needs_every_protocol_and_port() {
    let mut net = Net::two_vpcs();
    let (from, to) = (subnet("subnet-a2", "sg-client"), interface("eni-1"));
    inbound(
        &mut net,
        &[rule("tcp", Some((0, 65535)), "0.0.0.0/0"), rule("udp", Some((0, 65535)), "0.0.0.0/0")],
    );
    let path = net.trace(&from, &to, "any").remove(0);
    assert_blocked(&path, &["security-group-ingress sg-server"]);
    assert_eq!(path.blockers[0].remedy.protocol.as_deref(), Some("-1"));
    inbound(&mut net, &[rule("-1", None, "0.0.0.0/0")]);
    assert_open(&net.trace(&from, &to, "any")[0]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
#[test]
fn a_denial_of_ports_that_a_client_never_picks_blocks_nothing() {
    let mut net = Net::two_vpcs();
    let inbound = entry(100, false, "allow", "-1", None, "0.0.0.0/0");
    let linux = entry(100, true, "allow", "tcp", Some((32768, 61000)), "0.0.0.0/0");
    net.subnet_acl("acl-1", "vpc-a", "subnet-a1", &[inbound, linux]);
    let path = |net: &Net, ports: ClientPorts, to: &End| {
        let mut from = subnet("subnet-a2", "sg-client");
        if let EndKind::Subnet { carriers, .. } = &mut from.kind {
            carriers.ports = ports;
        }
        net.path(&from, to)
    };
    let server = interface("eni-1");
    let open = path(&net, ClientPorts::LINUX, &server);
    assert_open(&open);
    assert!(open.assumptions.iter().any(|text| text.contains("acl-1 denies")), "{:?}", open.assumptions);
    let denied = path(&net, ClientPorts::WINDOWS, &server);
    assert_blocked(&denied, &["network-acl-egress acl-1"]);
    let remedy = &denied.blockers[0].remedy;
    assert_eq!((remedy.from_port, remedy.to_port), (Some(49152), Some(65535)));
    // In another VPC the CNI translates addresses, unless it is told not to.
    net.subnet_acl("acl-2", "vpc-b", "subnet-b1", &[]);
    net.item("NetworkAcls", "acl-2")["Entries"] = net.item("NetworkAcls", "acl-1")["Entries"].clone();
    net.group("sg-open", "vpc-b", &[rule("-1", None, "0.0.0.0/0")], &[]);
    let far = subnet("subnet-b1", "sg-open");
    assert_blocked(&path(&net, ClientPorts::LINUX, &far), &["network-acl-egress acl-2"]);
    let hole = entry(50, true, "deny", "tcp", Some((3389, 3389)), "0.0.0.0/0");
    let rest = entry(100, true, "allow", "-1", None, "0.0.0.0/0");
    let inbound = entry(100, false, "allow", "-1", None, "0.0.0.0/0");
    net.item("NetworkAcls", "acl-2")["Entries"] = json!([inbound, hole, rest]);
    let repeated = path(&net, ClientPorts::LINUX, &far);
    assert_open(&repeated);
    assert!(repeated.assumptions.iter().any(|text| text.contains("tcp/3389")), "{:?}", repeated.assumptions);
    assert_blocked(&path(&net, ClientPorts::ANY, &far), &["network-acl-egress acl-2"]);
}

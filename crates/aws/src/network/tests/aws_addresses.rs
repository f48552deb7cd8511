//! Addresses at which AWS itself answers: nothing filters what goes there.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use serde_json::{Value, json};

use super::net::{Net, assert_blocked, assert_open, assert_unknown, interface, operators, subnet};
use crate::network::{End, Path};

/// `eni-1` of `vpc-a`, with groups, ACLs and tables that let nothing through.
fn closed() -> Net {
    let mut net = Net::two_vpcs();
    net.add("VpcAttributes", json!({"VpcId": "vpc-a", "EnableDnsSupport": {"Value": true}}));
    net.item("SecurityGroups", "sg-server")["IpPermissionsEgress"] = json!([]);
    net.item("NetworkAcls", "acl-a")["Entries"] = json!([]);
    net.item("RouteTables", "rtb-a")["Routes"] = json!([]);
    net
}

fn to(address: &str) -> End {
    operators(&format!("{address}/32"), None, &[])
}

fn ask(net: &Net, address: &str, ports: &str) -> Path {
    net.trace(&interface("eni-1"), &to(address), ports).remove(0)
}

#[test]
fn neither_groups_nor_acls_nor_routes_decide_about_them() {
    let net = closed();
    for (address, ports) in [
        ("10.0.0.2", "udp/53"),
        ("10.0.0.2", "tcp/53"),
        ("169.254.169.253", "udp/53"),
        ("169.254.169.123", "udp/123"),
        ("169.254.169.250", "tcp/1688"),
        ("10.0.1.1", "udp/67"),
    ] {
        assert_open(&ask(&net, address, ports));
    }
}

/// The metadata options of an instance, a container's agent and a cache of DNS are not in a VPC's state.
#[test]
fn whether_something_answers_on_the_client_itself_is_unknown() {
    let net = closed();
    let office = operators("192.168.0.0/16", None, &[]);
    for (address, ports, told) in [
        ("169.254.169.254", "tcp/80", "metadata"),
        ("169.254.170.2", "tcp/80", "whether"),
        ("169.254.170.23", "tcp/80", "Pod Identity"),
        ("169.254.20.10", "udp/53", "program of its own"),
    ] {
        assert_unknown(&ask(&net, address, ports), told);
        assert_unknown(&net.trace(&office, &to(address), ports).remove(0), told);
    }
}

/// What answers on other ports is not documented, and any other address is one as others are.
#[test]
fn they_answer_on_their_ports_only() {
    let net = closed();
    assert_unknown(&ask(&net, "10.0.0.2", "tcp/443"), "tcp/443");
    assert_unknown(&ask(&net, "169.254.169.254", "any"), "instance metadata");
    let neighbour = ask(&net, "10.0.2.9", "udp/53");
    assert!(neighbour.blockers.iter().any(|it| it.id == "sg-server"), "{neighbour:#?}");
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>: by the base of the primary prefix.
#[test]
fn a_resolver_answers_its_own_vpc_only() {
    let net = closed();
    assert_blocked(&ask(&net, "10.1.0.2", "udp/53"), &["never-forwarded 10.1.0.2"]);
    let from = subnet("subnet-b1", "sg-far");
    let path = net.trace(&from, &to("10.0.0.2"), "udp/53").remove(0);
    assert_blocked(&path, &["never-forwarded 10.0.0.2"]);
    let office = operators("192.168.0.0/16", None, &[]);
    for address in ["10.0.0.2", "169.254.169.253"] {
        let path = net.trace(&office, &to(address), "udp/53").remove(0);
        assert_blocked(&path, &[&format!("never-forwarded {address}")]);
    }
    assert_blocked(&ask(&net, "10.0.2.1", "udp/67"), &["never-forwarded 10.0.2.1"]);
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-support>
#[test]
fn a_resolver_answers_while_dns_support_is_on() {
    let mut net = closed();
    net.item("VpcAttributes", "vpc-a")["EnableDnsSupport"]["Value"] = json!(false);
    for address in ["10.0.0.2", "169.254.169.253"] {
        assert_blocked(&ask(&net, address, "udp/53"), &["dns-attribute-off vpc-a"]);
    }
    net.item("VpcAttributes", "vpc-a")["EnableDnsSupport"] = Value::Null;
    assert_unknown(&ask(&net, "10.0.0.2", "udp/53"), "DescribeVpcAttribute");
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>
#[test]
fn over_ipv6_the_time_service_and_the_resolver_answer_and_metadata_where_turned_on() {
    let mut net = closed();
    net.item("NetworkInterfaces", "eni-1")["Ipv6Addresses"] = json!([{"Ipv6Address": "2600:1f14::9"}]);
    let ask = |address: &str, ports: &str| {
        let end = operators(&format!("{address}/128"), None, &[]);
        net.trace(&interface("eni-1"), &end, ports).remove(0)
    };
    assert_open(&ask("fd00:ec2::253", "udp/53"));
    assert_open(&ask("fd00:ec2::123", "udp/123"));
    assert_unknown(&ask("fd00:ec2::254", "tcp/80"), "HttpProtocolIpv6");
}

/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-getting-started.html>: a Resolver
/// endpoint has network interfaces with security groups.
#[test]
fn a_resolver_endpoint_is_filtered_as_any_interface() {
    let mut net = closed();
    net.interface("eni-resolver", "subnet-a1", "vpc-a", "10.0.1.53", &["sg-server"]);
    let path = net.trace(&interface("eni-1"), &to("10.0.1.53"), "udp/53").remove(0);
    let ids: Vec<&str> = path.blockers.iter().map(|it| it.id.as_str()).collect();
    assert!(ids.contains(&"sg-server"), "{path:#?}");
}

//! The DNS servers of DHCP options.

use serde_json::{Value, json};

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, withhold};

fn with_servers(servers: &[&str]) -> Value {
    let mut given = snapshot();
    let values: Vec<Value> = servers.iter().map(|server| json!({"Value": server})).collect();
    given["DhcpOptions"][0]["DhcpConfigurations"][0]["Values"] = json!(values);
    fields(&given, "vpc", "vpc-1")
}

#[test]
fn the_vpc_resolver_has_four_names() {
    for server in ["AmazonProvidedDNS", "10.0.0.2", "169.254.169.253", "fd00:ec2::253"] {
        let vpc = with_servers(&[server]);
        assert_eq!(vpc["amazon_provided_dns"], true, "{server}");
        assert_eq!(vpc["custom_dns_forwards"], true, "{server}");
    }
    assert_eq!(with_servers(&["10.0.1.2"])["amazon_provided_dns"], false);
}

#[test]
fn a_mixture_is_neither_amazon_nor_proved() {
    let vpc = with_servers(&["AmazonProvidedDNS", "192.168.0.53"]);
    assert_eq!(vpc["amazon_provided_dns"], false);
    assert_eq!(vpc["dns_servers_mixed"], true);
    assert_eq!(vpc["custom_dns_forwards"]["$unknown"][0]["kind"], "probe");
}

#[test]
fn without_an_option_set_nobody_answers() {
    let mut given = snapshot();
    given["Vpcs"][0]["DhcpOptionsId"] = json!("default");
    let vpc = fields(&given, "vpc", "vpc-1");
    assert_eq!(vpc["dns_servers"], json!([]));
    assert_eq!(vpc["amazon_provided_dns"], false);
    assert_eq!(vpc["custom_dns_forwards"], false);
}

#[test]
fn an_option_set_that_was_not_read_is_unknown() {
    let mut given = snapshot();
    withhold(&mut given, "DhcpOptions");
    let vpc = fields(&given, "vpc", "vpc-1");
    for field in ["dns_servers", "amazon_provided_dns", "custom_dns_forwards", "domain_name"] {
        assert!(is_unknown(&vpc[field]), "{field}");
    }
    assert_eq!(vpc["dns_support"], true);
}

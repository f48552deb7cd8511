//! Forwarding rules: in force, without loops, to servers that are there.

use serde_json::{Value, json};

use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subjects, withhold};

/// A rule of the cluster's VPC through its own outbound endpoint, and an inbound endpoint at 10.0.0.5.
fn with(vpc: &str, targets: &[&str]) -> Value {
    let mut snapshot = snapshot();
    let targets: Vec<Value> = targets.iter().map(|ip| json!({"Ip": ip, "Port": 53})).collect();
    snapshot["cluster"][0]["endpoint"] = json!("https://ABC.gr7.us-east-1.eks.amazonaws.com");
    snapshot["ResolverEndpoints"] = json!([
        {"Id": "rslvr-in-1", "Direction": "INBOUND", "HostVPCId": "vpc-1", "Status": "OPERATIONAL"},
        {"Id": "rslvr-out-1", "Direction": "OUTBOUND", "HostVPCId": vpc, "Status": "OPERATIONAL"},
    ]);
    snapshot["ResolverEndpointIpAddresses"] = json!([
        {"ResolverEndpointId": "rslvr-in-1", "IpAddresses": [{"Ip": "10.0.0.5", "SubnetId": "subnet-a", "Status": "ATTACHED"}]},
        {"ResolverEndpointId": "rslvr-out-1", "IpAddresses": [{"Ip": "10.0.0.7", "SubnetId": "subnet-a", "Status": "ATTACHED"}]},
    ]);
    snapshot["ResolverRules"] = json!([{
        "Id": "rslvr-rr-1", "DomainName": "us-east-1.eks.amazonaws.com.", "RuleType": "FORWARD", "Status": "COMPLETE",
        "ResolverEndpointId": "rslvr-out-1", "TargetIps": targets,
    }]);
    snapshot["ResolverRuleAssociations"] = json!([{"Id": "rslvr-rrassoc-1", "ResolverRuleId": "rslvr-rr-1", "VPCId": vpc, "Status": "COMPLETE"}]);
    snapshot["Vpcs"].as_array_mut().unwrap().push(json!({"VpcId": "vpc-2", "CidrBlock": "10.2.0.0/16"}));
    snapshot
}

fn rule(snapshot: &Value) -> Value {
    fields(snapshot, "resolver_rule", "rslvr-rr-1")
}

#[test]
fn a_rule_that_sends_a_vpc_to_its_own_inbound_endpoint_loops() {
    assert_eq!(rule(&with("vpc-1", &["10.0.0.5"]))["looping_vpcs"], json!(["vpc-1"]));
    let other = rule(&with("vpc-2", &["10.0.0.5"]));
    assert_eq!((&other["loop_free"], &other["leads_to_cluster"]), (&json!(true), &json!(true)));
    let mut unread = with("vpc-1", &["10.0.0.5"]);
    withhold(&mut unread, "ResolverEndpointIpAddresses");
    assert!(is_unknown(&rule(&unread)["loop_free"]));
}

#[test]
fn a_target_that_nothing_has_is_lost() {
    let lost = rule(&with("vpc-2", &["10.0.0.5", "10.0.0.6"]));
    assert_eq!(lost["lost_targets"], json!(["10.0.0.6"]));
    assert_eq!(rule(&with("vpc-1", &["10.0.0.2"]))["targets_there"], true);
    // Of an address outside both nothing is said here.
    assert_eq!(rule(&with("vpc-1", &["192.168.0.53"]))["targets_there"], true);
    let mut held = with("vpc-2", &["10.0.0.6"]);
    held["NetworkInterfaces"] =
        json!([{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "PrivateIpAddress": "10.0.0.6"}]);
    assert_eq!(rule(&held)["targets_there"], true);
    withhold(&mut held, "NetworkInterfaces");
    assert!(is_unknown(&rule(&held)["targets_there"]));
}

#[test]
fn the_resolver_answers_in_the_primary_cidr_of_a_vpc_only() {
    let mut snapshot = with("vpc-1", &["10.0.0.2", "100.64.0.2"]);
    snapshot["Vpcs"][0]["CidrBlockAssociationSet"] =
        json!([{"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}]);
    assert_eq!(rule(&snapshot)["lost_targets"], json!(["100.64.0.2"]));
}

#[test]
fn a_failed_or_overridden_association_keeps_a_rule_from_being_applied() {
    let mut snapshot = with("vpc-1", &["192.168.0.53"]);
    assert_eq!(rule(&snapshot)["in_force"], true);
    snapshot["ResolverRuleAssociations"][0]["Status"] = json!("OVERRIDDEN");
    assert_eq!(rule(&snapshot)["obstacles"], json!(["the association with vpc-1 has status OVERRIDDEN"]));
    snapshot["ResolverRuleAssociations"][0]["Status"] = json!("CREATING");
    assert!(is_unknown(&rule(&snapshot)["in_force"]));
}

#[test]
fn rules_of_other_kinds_and_unassociated_ones_are_none_of_these() {
    let mut snapshot = with("vpc-1", &["192.168.0.53"]);
    snapshot["ResolverRules"][0]["RuleType"] = json!("SYSTEM");
    assert!(subjects(&snapshot, "resolver_rule").is_empty());
}

//! Planned nodes and pods, in subnets that are nearly full.

use crate::facts::test_support::fixture::derived;
use crate::facts::test_support::minimal_cluster::{is_unknown, snapshot, subnet, withhold};
use crate::intent::{Growth, Intent};
use crate::snapshot::Snapshot;
use serde_json::{Value, json};

fn plan(nodes: i64, pods: Option<i64>) -> Growth {
    Growth { nodes, instance_types: vec!["m5.large".into()], pods, subnets: Vec::new() }
}

fn grown(given: &Value, growth: Growth) -> (Value, Vec<String>) {
    let snapshot: Snapshot = serde_json::from_value(given.clone()).unwrap();
    let intent = Intent { growth: Some(growth), ..Intent::default() };
    let facts = derived(&snapshot, &intent);
    (facts.subjects("growth").listed[0].fields.clone(), facts.assumptions())
}

fn facts(given: &Value, growth: Growth) -> Value {
    grown(given, growth).0
}

fn with(free: [i64; 2]) -> Value {
    let mut given = snapshot();
    given["Subnets"] = json!([subnet("a", "use1-az1", free[0]), subnet("b", "use1-az2", free[1])]);
    given
}

#[test]
fn without_a_plan_there_is_nothing_to_judge() {
    let snapshot: Snapshot = serde_json::from_value(snapshot()).unwrap();
    let facts = derived(&snapshot, &Intent::default());
    let none = facts.subjects("growth");
    assert!(none.listed.is_empty() && none.unlisted.is_empty());
}

#[test]
fn the_zone_with_least_room_decides_and_is_named() {
    // 20 pods on 9 addresses an interface: three interfaces, 30 addresses a node.
    let roomy = facts(&with([90, 90]), plan(6, Some(120)));
    assert_eq!((&roomy["fits"], &roomy["dry_zone"]), (&json!(true), &Value::Null));
    assert_eq!((&roomy["pods_a_node"], &roomy["addresses_a_node"]), (&json!(20), &json!(30)));
    let dry = facts(&with([10_000, 89]), plan(6, Some(120)));
    assert_eq!((&dry["fits"], &dry["dry_zone"]), (&json!(false), &json!("use1-az2")));
    assert_eq!(dry["nodes_that_fit"], 4, "two in each zone");
    assert_eq!(dry["zones"][1]["nodes_that_fit"], 2);
}

#[test]
fn either_zone_may_get_the_odd_node() {
    assert_eq!(facts(&with([90, 60]), plan(5, Some(100)))["fits"], false);
    assert_eq!(facts(&with([90, 90]), plan(5, Some(100)))["fits"], true);
}

#[test]
fn pods_beyond_what_the_nodes_hold_do_not_fit() {
    // 29 pods, of which two are on the host's own network.
    let full = facts(&with([1000, 1000]), plan(10, Some(270)));
    assert_eq!((&full["pods_fit"], &full["most_pods_a_node"]), (&json!(true), &json!(27)));
    let over = facts(&with([1000, 1000]), plan(10, Some(271)));
    assert_eq!((&over["pods_fit"], &over["nodes_for_pods"]), (&json!(false), &json!(11)));
    let none = facts(&with([1000, 1000]), plan(10, None));
    assert_eq!((&none["pods_a_node"], &none["pods_fit"]), (&json!(27), &json!(true)));
}

#[test]
fn warm_targets_of_the_add_on_count() {
    let mut given = with([44, 44]);
    given["addon"][0]["configurationValues"] =
        json!(r#"{"env":{"WARM_IP_TARGET":"1","MINIMUM_IP_TARGET":"1"}}"#);
    // 20 pods, a warm address, three interfaces.
    let facts = facts(&given, plan(2, Some(40)));
    assert_eq!((&facts["addresses_a_node"], &facts["fits"]), (&json!(24), &json!(true)));
    assert_eq!(facts["nodes_that_fit"], 2);
}

#[test]
fn in_prefix_mode_blocks_count_and_not_addresses() {
    let mut given = with([0, 0]);
    given["addon"][0]["configurationValues"] = json!(r#"{"env":{"ENABLE_PREFIX_DELEGATION":"true"}}"#);
    for at in 0..2 {
        given["Subnets"][at]["CidrBlock"] = json!(format!("10.0.{at}.0/24"));
        given["Subnets"][at]["AvailableIpAddressCount"] = json!(251);
    }
    given["SubnetCidrReservations"] = json!([{"SubnetId": "subnet-a"}, {"SubnetId": "subnet-b"}]);
    // 20 pods: two prefixes and a warm one; 14 of the 16 blocks are free.
    assert_eq!(facts(&given, plan(8, Some(160)))["nodes_that_fit"], 8);
    let scattered: Vec<Value> =
        (1..15).map(|block| json!({"PrivateIpAddress": format!("10.0.0.{}", block * 16)})).collect();
    given["NetworkInterfaces"] = json!([{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "SubnetId": "subnet-a", "PrivateIpAddresses": scattered}]);
    given["Subnets"][0]["AvailableIpAddressCount"] = json!(237);
    let facts = facts(&given, plan(2, Some(40)));
    assert_eq!((&facts["fits"], &facts["dry_zone"]), (&json!(false), &json!("use1-az1")));
}

#[test]
fn what_is_unread_decides_only_where_it_cannot_matter() {
    let mut given = with([1000, 1000]);
    withhold(&mut given, "addon");
    assert_eq!(facts(&given, plan(600, Some(600)))["fits"], false, "no set-up takes so few");
    let unsure = facts(&given, plan(40, Some(800)));
    assert!(is_unknown(&unsure["fits"]), "{unsure}");
    withhold(&mut given, "InstanceTypes");
    assert_eq!(facts(&given, plan(3000, None))["fits"], false, "each node has an address");
    let unread = facts(&given, plan(2, Some(2)));
    assert!(is_unknown(&unread["fits"]) && is_unknown(&unread["pods_fit"]));
    let mut nowhere = with([1000, 1000]);
    withhold(&mut nowhere, "nodegroups");
    assert!(is_unknown(&facts(&nowhere, plan(2, Some(2)))["fits"]), "there may be other subnets");
    let declared = Growth { subnets: vec!["subnet-a".into()], ..plan(2, Some(2)) };
    assert_eq!(facts(&nowhere, declared)["fits"], true);
}

#[test]
fn auto_mode_has_its_own_limit() {
    let mut given = with([1000, 1000]);
    given["cluster"][0]["computeConfig"] = json!({"enabled": true});
    let declared = Growth { subnets: vec!["subnet-a".into()], ..plan(1, None) };
    assert_eq!(facts(&given, declared)["most_pods_a_node"], 27);
    assert!(is_unknown(&facts(&given, plan(1, None))["fits"]), "its subnets are in Kubernetes");
}

#[test]
fn what_is_assumed_of_the_plan_is_said() {
    let said = grown(&with([90, 90]), plan(6, Some(120))).1;
    assert!(said.iter().any(|text| text.contains("6 nodes besides the running nodes")), "{said:?}");
    assert!(said.iter().any(|text| text.contains("managed node group with EKS's own image")), "{said:?}");
}

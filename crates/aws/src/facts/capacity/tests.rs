//! Node groups at their maximum, in subnets that are nearly full.

use serde_json::{Value, json};

use crate::facts::test_support::minimal_cluster::{
    fields, group, is_unknown, node, snapshot, subnet, withhold,
};

/// m5.large takes 20 addresses for its first pods and 30 when full.
fn with(free: [i64; 2], groups: &[Value]) -> Value {
    let mut given = snapshot();
    given["Subnets"] = json!([subnet("a", "use1-az1", free[0]), subnet("b", "use1-az2", free[1])]);
    given["nodegroups"] = groups.iter().map(|group| group["nodegroupName"].clone()).collect();
    given["nodegroup"] = json!(groups);
    given
}

fn workers(max: i64) -> Value {
    group("workers", &["m5.large"], &["subnet-a", "subnet-b"], max)
}

fn fits(given: &Value, group: &str) -> (Value, Value) {
    let facts = fields(given, "nodegroup", group);
    (facts["fits_minimum"].clone(), facts["fits_full"].clone())
}

const YES: Value = Value::Bool(true);
const NO: Value = Value::Bool(false);

#[test]
fn a_group_fits_to_the_last_address() {
    assert_eq!(fits(&with([60, 60], &[workers(4)]), "workers"), (YES, YES));
    assert_eq!(fits(&with([60, 59], &[workers(4)]), "workers"), (YES, NO));
    assert_eq!(fits(&with([60, 39], &[workers(4)]), "workers"), (NO, NO));
}

#[test]
fn a_full_zone_is_not_hidden_by_an_empty_one() {
    let given = with([5, 10_000], &[workers(4)]);
    assert_eq!(fits(&given, "workers"), (NO, NO));
    let shortages = fields(&given, "nodegroup", "workers")["shortages"].clone();
    assert_eq!(
        shortages,
        json!([{"zone": "use1-az1", "groups": ["workers"], "subnets": ["subnet-a"], "needed": 40, "free": 5}])
    );
}

#[test]
fn each_zone_must_hold_the_odd_node() {
    assert_eq!(fits(&with([60, 60], &[workers(3)]), "workers"), (YES, YES));
    assert_eq!(
        fits(&with([60, 30], &[workers(3)]), "workers"),
        (NO, NO),
        "either zone may get the second node"
    );
}

#[test]
fn the_size_that_fits_is_told() {
    let given = with([100, 100], &[workers(20)]);
    let facts = fields(&given, "nodegroup", "workers");
    assert_eq!((&facts["fits_full"], &facts["size_that_fits"]), (&NO, &json!(6)));
    assert_eq!(
        fields(&with([100, 100], &[workers(6)]), "nodegroup", "workers")["size_that_fits"],
        Value::Null
    );
}

#[test]
fn nodes_that_run_need_only_their_growth() {
    let mut given = with([40, 60], &[workers(4)]);
    assert_eq!(fits(&given, "workers"), (YES, NO));
    // One node in zone a holds 20 already: 10 more for it, and 30 for the second.
    given["Reservations"] = json!([node("i-1", "workers", "subnet-a", 20)]);
    assert_eq!(fits(&given, "workers"), (YES, YES));
    let zones = fields(&given, "nodegroup", "workers")["zones"].clone();
    assert_eq!(zones[0]["nodes_now"], 1);
    assert_eq!(zones[0]["needed_full"], 40);
    assert_eq!(zones[0]["needed_minimum"], 20);
}

#[test]
fn groups_that_share_subnets_are_judged_together() {
    let other = group("other", &["m5.large"], &["subnet-a", "subnet-b"], 2);
    assert_eq!(fits(&with([90, 90], &[workers(4), other.clone()]), "other"), (YES, YES));
    let given = with([89, 90], &[workers(4), other]);
    assert_eq!(fits(&given, "other"), (YES, NO));
    assert_eq!(fits(&given, "workers"), (YES, NO));
}

#[test]
fn a_group_may_start_its_largest_type() {
    let mixed = group("workers", &["t3.small", "m5.large"], &["subnet-a", "subnet-b"], 2);
    assert_eq!(fits(&with([30, 30], std::slice::from_ref(&mixed)), "workers"), (YES, YES));
    assert_eq!(fits(&with([29, 30], &[mixed]), "workers"), (YES, NO));
}

#[test]
fn an_unread_add_on_decides_only_what_both_modes_agree_on() {
    let mut given = with([100, 100], &[workers(2)]);
    withhold(&mut given, "addon");
    // 30 with secondary addresses, 129 with prefixes.
    let (minimum, full) = fits(&given, "workers");
    assert_eq!(minimum, YES);
    assert!(is_unknown(&full));
    let mut given = with([15, 15], &[workers(2)]);
    withhold(&mut given, "addon");
    assert_eq!(fits(&given, "workers"), (NO, NO));
    let mut given = with([129, 129], &[workers(2)]);
    withhold(&mut given, "addon");
    assert_eq!(fits(&given, "workers"), (YES, YES));
}

#[test]
fn unread_nodes_make_unknown_only_what_they_could_change() {
    let mut given = with([60, 60], &[workers(4)]);
    withhold(&mut given, "Reservations");
    assert_eq!(fits(&given, "workers"), (YES, YES), "it fits even with no node running");
    let mut given = with([10, 10], &[workers(4)]);
    withhold(&mut given, "Reservations");
    let (minimum, full) = fits(&given, "workers");
    assert!(is_unknown(&minimum) && is_unknown(&full), "all four may run already");
}

#[test]
fn unlisted_groups_may_be_in_the_way() {
    let mut given = with([60, 60], &[workers(4)]);
    withhold(&mut given, "AutoScalingGroups");
    assert!(is_unknown(&fits(&given, "workers").1));
    let mut given = with([10, 60], &[workers(4)]);
    withhold(&mut given, "AutoScalingGroups");
    assert_eq!(fits(&given, "workers"), (NO, NO), "what does not fit alone does not fit");
}

#[test]
fn custom_networking_proves_only_that_nodes_do_not_fit() {
    let mut given = with([60, 60], &[workers(4)]);
    given["addon"][0]["configurationValues"] =
        json!(r#"{"env":{"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG":"true"}}"#);
    assert_eq!(fits(&given, "workers").1["$unknown"][0]["kind"], "unmodelled");
    given["Subnets"][0]["AvailableIpAddressCount"] = json!(1);
    assert_eq!(fits(&given, "workers"), (NO, NO));
}

#[test]
fn types_that_are_unread_pass_nothing() {
    let mut given = with([1000, 1000], &[workers(4)]);
    withhold(&mut given, "InstanceTypes");
    assert!(is_unknown(&fits(&given, "workers").0));
}

/// Four nodes of 30 addresses in two zones, and a warm pool.
fn warm(free: i64, config: Value, size: i64) -> Value {
    let mut given = with([free, 1000], &[workers(4)]);
    given["nodegroup"][0]["warmPoolConfig"] = config;
    given["AutoScalingGroups"] = json!([{"AutoScalingGroupName": "eks-workers", "WarmPoolSize": size}]);
    given
}

#[test]
fn each_instance_of_a_warm_pool_has_one_address() {
    let config = json!({"enabled": true, "minSize": 6, "poolState": "STOPPED"});
    assert_eq!(fits(&warm(63, config.clone(), 0), "workers"), (YES, YES));
    assert_eq!(fits(&warm(62, config.clone(), 0), "workers"), (YES, NO));
    assert_eq!(fits(&warm(42, config.clone(), 0), "workers"), (NO, NO));
    let facts = fields(&warm(63, config, 0), "nodegroup", "workers");
    assert_eq!(facts["warm_pool_size"], 6);
}

#[test]
fn a_warm_pool_holds_what_is_prepared_beyond_the_maximum() {
    let config = |prepared: i64| json!({"enabled": true, "maxGroupPreparedCapacity": prepared});
    assert_eq!(fits(&warm(63, config(10), 0), "workers"), (YES, YES));
    assert_eq!(fits(&warm(62, config(10), 0), "workers"), (YES, NO));
    // At the maximum the pool is empty, which is all that it is without a size of its own.
    for config in [config(4), config(-1), json!({"enabled": true}), json!({"enabled": false, "minSize": 90})]
    {
        assert_eq!(fits(&warm(60, config, 0), "workers"), (YES, YES));
    }
}

#[test]
fn instances_that_are_in_the_pool_have_their_addresses() {
    let config = json!({"enabled": true, "minSize": 6});
    assert_eq!(fits(&warm(63, config.clone(), 6), "workers"), (YES, YES));
    assert!(is_unknown(&fits(&warm(60, config.clone(), 6), "workers").1), "their zones are not read");
    assert_eq!(fits(&warm(59, config.clone(), 6), "workers"), (YES, NO));
    let mut given = warm(60, config, 0);
    given["AutoScalingGroups"][0]["WarmPoolSize"] = Value::Null;
    assert!(is_unknown(&fits(&given, "workers").1));
}

#[test]
fn nodes_that_return_to_the_pool_may_keep_their_addresses() {
    let config = json!({"enabled": true, "minSize": 2, "reuseOnScaleIn": true});
    assert_eq!(fits(&warm(90, config.clone(), 0), "workers"), (YES, YES));
    assert!(is_unknown(&fits(&warm(89, config.clone(), 0), "workers").1));
    assert_eq!(fits(&warm(60, config, 0), "workers"), (YES, NO));
}

#[test]
fn self_managed_groups_have_warm_pools_too() {
    let mut given = with([62, 1000], &[]);
    given["LaunchTemplateVersions"] = json!([{"LaunchTemplateId": "lt-1", "VersionNumber": 1,
        "LaunchTemplateData": {"InstanceType": "m5.large", "ImageId": "ami-1", "UserData": {"MaxPods": 29}}}]);
    given["AutoScalingGroups"] = json!([{
        "AutoScalingGroupName": "own", "MinSize": 0, "MaxSize": 4, "DesiredCapacity": 0,
        "VPCZoneIdentifier": "subnet-a,subnet-b", "WarmPoolSize": 0,
        "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"},
        "WarmPoolConfiguration": {"MinSize": 6, "PoolState": "Stopped"},
        "Tags": [{"Key": "kubernetes.io/cluster/closed", "Value": "owned"}],
    }]);
    assert_eq!(fields(&given, "nodegroup", "own")["warm_pool_size"], 6);
    given["AutoScalingGroups"][0]["WarmPoolConfiguration"]["Status"] = json!("PendingDelete");
    assert_eq!(fields(&given, "nodegroup", "own")["warm_pool_size"], 0);
}

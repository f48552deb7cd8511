//! Answers that are there beside others that are not, of one caller or of several.

use std::collections::BTreeSet;

use crate::snapshot::Snapshot;

use super::{directory, has_gap, read};

const CLUSTER: &str =
    r#"{"cluster": {"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo"}}"#;

const VPCS: (&str, &str) = ("v.json", r#"{"Vpcs": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]}"#);

fn refused(call: &str, of: &str, operation: &str) -> String {
    let of = if of.is_empty() { String::new() } else { format!("for: {of}\n") };
    format!(
        "call: {call}\n{of}\nAn error occurred (Throttling) when calling the {operation} operation: slow down\n"
    )
}

/// A saved snapshot of an account and a region.
fn saved(account: &str, region: &str, rest: &str) -> Snapshot {
    let text = format!(r#"{{"snapshot_version": 2, "account": "{account}", "region": "{region}", {rest}}}"#);
    Snapshot::from_json("saved.json", &text).unwrap()
}

const OURS: &str = r#""cluster": [{"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo"}]"#;

#[test]
fn a_call_that_failed_narrows_what_the_others_prove() {
    let snapshot = read(&[
        VPCS,
        ("subnets-1.json", r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}"#),
        ("subnets-2.json.refused", &refused("ec2 describe-subnets", "vpc-2", "DescribeSubnets")),
        ("groups-of-eks.json", r#"{"AutoScalingGroups": []}"#),
        (
            "groups-owned.json.refused",
            &refused("autoscaling describe-auto-scaling-groups", "", "DescribeAutoScalingGroups"),
        ),
    ])
    .unwrap();
    assert!(snapshot.header.covers("Subnets", "vpc-1"));
    assert!(!snapshot.header.covers("Subnets", "vpc-2"));
    assert!(!snapshot.header.covers("AutoScalingGroups", "*"), "half of the groups is not all");
    assert!(has_gap(&snapshot, "DescribeAutoScalingGroups", "Throttling"));
}

/// Names of roles and groups are each account's own, and so is what a region offers.
#[test]
fn what_another_account_or_region_has_fills_no_gap_of_the_cluster_s() {
    let gap = r#""gaps": [{"service": "iam", "operation": "GetRole", "resource": "node", "code": "AccessDenied", "message": ""}]"#;
    let ours = saved("111122223333", "eu-west-1", &format!("{OURS}, {gap}"));
    let theirs = saved(
        "999988887777",
        "eu-west-1",
        r#""Role": [{"RoleName": "node"}], "AutoScalingGroups": [], "ResolverRules": [],
           "scope": {"Role": ["node"], "AutoScalingGroups": ["*"], "ResolverRules": ["*"]}"#,
    );
    let both = Snapshot::merge_all([theirs, ours.clone()], None).unwrap().unwrap();
    assert!(both.aws.roles.is_none() && both.aws.auto_scaling_groups.is_none());
    assert!(has_gap(&both, "GetRole", "AccessDenied"));
    let offered = r#""InstanceTypeOfferings": [], "scope": {"InstanceTypeOfferings": ["m7i.large"]}"#;
    let far = saved("111122223333", "us-east-1", offered);
    let both = Snapshot::merge_all([ours.clone(), far], None).unwrap().unwrap();
    assert!(!both.header.covers("InstanceTypeOfferings", "m7i.large"));
    let near = saved("111122223333", "eu-west-1", offered);
    let both = Snapshot::merge_all([near, ours], None).unwrap().unwrap();
    assert!(both.header.covers("InstanceTypeOfferings", "m7i.large"), "the same account and region");
}

#[test]
fn of_several_snapshots_with_clusters_the_named_one_decides() {
    let role = |name: &str| format!(r#""Role": [{{"RoleName": "node", "Arn": "{name}"}}]"#);
    let ours = saved("555566667777", "eu-west-1", &format!("{OURS}, {}", role("/ours/")));
    let theirs = saved(
        "111122223333",
        "af-south-1",
        &format!(
            r#""cluster": [{{"name": "bar"}}], "insights": [], "scope": {{"insights": ["bar"]}}, {}"#,
            role("/theirs/")
        ),
    );
    let both = Snapshot::merge_all([theirs, ours], Some("foo")).unwrap().unwrap();
    assert_eq!(both.aws.ids("cluster").unwrap(), ["foo"]);
    assert_eq!(both.header.region.as_deref(), Some("eu-west-1"));
    let roles = both.aws.roles.unwrap();
    assert_eq!((roles.len(), roles[0].arn.as_deref()), (1, Some("/ours/")));
    assert!(both.aws.insights.is_none());
}

#[test]
fn a_name_that_was_not_described_stays_where_another_cluster_has_the_same() {
    let mut both = saved(
        "111122223333",
        "eu-west-1",
        r#""cluster": [{"name": "foo"}, {"name": "bar"}], "nodegroups": ["general", "others"],
           "nodegroup": [{"nodegroupName": "general", "clusterName": "bar"}, {"nodegroupName": "others", "clusterName": "bar"}],
           "gaps": [{"service": "eks", "operation": "DescribeNodegroup", "resource": "foo/general", "code": "Throttling", "message": ""}]"#,
    );
    both.select_cluster(Some("foo")).unwrap();
    assert_eq!(both.aws.nodegroups.unwrap(), ["general"]);
}

/// A folder's name may be a date, or a region's name may stand in it for another reason.
#[test]
fn what_aws_said_outweighs_the_names_of_folders() {
    let caller =
        r#"{"UserId": "AIDA", "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:user/ken"}"#;
    let snapshot = read(&[
        ("202611300312/before-us-east-1/caller.json", caller),
        ("202611300312/before-us-east-1/c.json", CLUSTER),
    ])
    .unwrap();
    assert_eq!(snapshot.header.account.as_deref(), Some("111122223333"));
    assert_eq!(snapshot.header.region.as_deref(), Some("eu-west-1"));
}

/// One id everywhere, and an ARN of each region: AWS's own rule for the internet.
#[test]
fn the_rule_that_aws_defines_in_each_region_is_no_contradiction() {
    let of = |account: &str, region: &str, rest: &str| {
        let rule = format!(
            r#""ResolverRules": [{{"Id": "rslvr-autodefined-rr-internet-resolver",
                "Arn": "arn:aws:route53resolver:{region}::autodefined-rule/rslvr-autodefined-rr-internet-resolver"}}]{rest}"#
        );
        saved(account, region, &rule)
    };
    let ours = of("111122223333", "eu-west-1", &format!(", {OURS}"));
    let both = Snapshot::merge_all([of("111122223333", "us-east-1", ""), ours], None).unwrap().unwrap();
    assert_eq!(both.aws.ids("ResolverRules").unwrap().len(), 1);
}

#[test]
fn what_one_directory_lacks_and_another_has_is_no_gap() {
    let one = directory(&[("c.json", CLUSTER), VPCS]);
    let other = directory(&[("s.json", r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}"#)]);
    let read = |directory: &tempfile::TempDir| Snapshot::read(directory.path()).unwrap();
    let both = Snapshot::merge_all([read(&one), read(&other)], None).unwrap().unwrap();
    let missing = |operation: &str| {
        let gaps = both.header.gaps.iter().filter(|gap| gap.operation == operation);
        gaps.map(|gap| gap.resource.clone()).collect::<BTreeSet<_>>()
    };
    assert!(!missing("DescribeSubnets").contains(&None) && missing("DescribeVpcs").is_empty());
    assert!(!missing("DescribeRouteTables").is_empty());
}

#[test]
fn what_changed_between_two_calls_of_one_caller_is_one_object() {
    let groups = |count: u32| {
        format!(r#"{{"AutoScalingGroups": [{{"AutoScalingGroupName": "a", "DesiredCapacity": {count}}}]}}"#)
    };
    let snapshot = read(&[("a.json", &groups(2)), ("b.json", &groups(3))]).unwrap();
    assert_eq!(snapshot.aws.ids("AutoScalingGroups").unwrap(), ["a"]);
    let subnets =
        |free: u32| format!(r#"{{"Subnets": [{{"SubnetId": "s", "AvailableIpAddressCount": {free}}}]}}"#);
    let snapshot = read(&[("a.json", &subnets(9)), ("b.json", &subnets(10))]).unwrap();
    assert_eq!(snapshot.aws.subnets.unwrap()[0].available_ip_address_count, Some(9));
}

/// An AWS CLI that joins the pages of routes leaves out whether there are more.
#[test]
fn routes_of_a_transit_gateway_need_no_word_on_further_ones() {
    let routes =
        r#"{"Routes": [{"DestinationCidrBlock": "10.0.0.0/8", "Type": "static", "State": "blackhole"}]}"#;
    let snapshot =
        read(&[VPCS, ("tgw-rtb-0a1.json", routes), ("tgw-rtb-0b2.json", r#"{"Routes": []}"#)]).unwrap();
    assert_eq!(snapshot.aws.ids("TransitGatewayRoutes").unwrap(), ["tgw-rtb-0a1", "tgw-rtb-0b2"]);
    let local = r#"{"Routes": [{"LocalGatewayRouteTableId": "lgw-rtb-1", "State": "active"}]}"#;
    let snapshot = read(&[VPCS, ("routes.json", local)]).unwrap();
    assert!(snapshot.aws.transit_gateway_routes.is_none());
}

/// A list of groups without their rules would be groups that admit nobody.
#[test]
fn objects_without_what_they_consist_of_are_left_out() {
    let snapshot =
        read(&[VPCS, ("g.json", r#"{"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1"}]}"#)]).unwrap();
    assert!(snapshot.aws.security_groups.is_none());
    assert!(snapshot.header.left_out[0].reason.contains("`IpPermissions`"));
}

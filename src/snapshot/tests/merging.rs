//! Several snapshots into one, and one cluster out of several.

use super::super::{Snapshot, SnapshotError};

fn snapshot(account: &str, aws: &str) -> Snapshot {
    let text = format!(
        r#"{{"snapshot_version": 1, "account": "{account}", "region": "eu-west-1", "collected_at": "2026-11-20T1{}:00:00Z", {aws}}}"#,
        &account[..1]
    );
    Snapshot::from_json("saved.json", &text).unwrap()
}

#[test]
fn scopes_gaps_and_items_join_and_the_first_account_stays() {
    let gap = |operation: &str| {
        format!(
            r#""gaps": [{{"service": "ec2", "operation": "{operation}", "code": "AccessDenied", "message": ""}}]"#
        )
    };
    let first = snapshot(
        "222222222222",
        &format!(r#""Vpcs": [{{"VpcId": "vpc-b"}}], "scope": {{"Vpcs": ["vpc-b"]}}, {}"#, gap("B")),
    );
    let second = snapshot(
        "111111111111",
        &format!(
            r#""Vpcs": [{{"VpcId": "vpc-a"}}], "scope": {{"Vpcs": ["vpc-a"], "Subnets": ["vpc-a"]}}, {}"#,
            gap("A")
        ),
    );
    let both = first.merge(second).unwrap();
    assert_eq!(both.account.as_deref(), Some("222222222222"));
    assert_eq!(both.collected_at.as_deref(), Some("2026-11-20T11:00:00Z"));
    assert_eq!(both.aws.ids("Vpcs").unwrap(), ["vpc-a", "vpc-b"]);
    assert!(both.covers("Vpcs", "vpc-a") && both.covers("Vpcs", "vpc-b") && both.covers("Subnets", "vpc-a"));
    assert_eq!(both.gaps.iter().map(|gap| gap.operation.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn two_accounts_see_a_shared_thing_differently_and_the_owner_sees_more() {
    let cluster = snapshot(
        "111111111111",
        r#""TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "available",
              "TransitGatewayOwnerId": "222222222222"}],
           "Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24", "OwnerId": "222222222222", "Tags": []}],
           "AvailabilityZones": [{"ZoneName": "eu-west-1a", "ZoneId": "euw1-az1"}]"#,
    );
    let network = snapshot(
        "222222222222",
        r#""TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "State": "available",
              "TransitGatewayOwnerId": "222222222222", "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1"}}],
           "Subnets": [{"SubnetId": "subnet-1", "CidrBlock": "10.0.0.0/24", "OwnerId": "222222222222",
              "Tags": [{"Key": "Name", "Value": "shared"}]}],
           "AvailabilityZones": [{"ZoneName": "eu-west-1a", "ZoneId": "euw1-az3"}]"#,
    );
    let both = cluster.merge(network).unwrap();
    let attachment = &both.aws.transit_gateway_attachments.as_ref().unwrap()[0];
    let table = attachment
        .association
        .as_ref()
        .and_then(|association| association.transit_gateway_route_table_id.as_deref());
    assert_eq!(table, Some("tgw-rtb-1"));
    assert_eq!(both.aws.subnets.as_ref().unwrap()[0].tags.len(), 1);
    let zones = both.aws.availability_zones.as_ref().unwrap();
    assert_eq!(
        zones[0].zone_id.as_deref(),
        Some("euw1-az1"),
        "zone names are those of the cluster's account"
    );
}

#[test]
fn a_contradiction_is_an_error_within_one_account_and_between_two() {
    let with = |account, cidr| {
        snapshot(account, &format!(r#""Subnets": [{{"SubnetId": "subnet-1", "CidrBlock": "{cidr}"}}]"#))
    };
    for other in ["111111111111", "222222222222"] {
        let error = with("111111111111", "10.0.0.0/24").merge(with(other, "10.0.1.0/24")).unwrap_err();
        assert!(matches!(&error, SnapshotError::Conflict { id, .. } if id == "subnet-1"), "{error}");
        assert!(error.to_string().contains(other), "{error}");
    }
}

fn two_clusters() -> Snapshot {
    snapshot(
        "111111111111",
        r#""cluster": [{"name": "a"}, {"name": "b"}], "nodegroups": ["shared", "only-a", "only-b", "nobody"],
           "nodegroup": [{"nodegroupName": "shared", "clusterName": "a"}, {"nodegroupName": "shared", "clusterName": "b"},
                         {"nodegroupName": "only-a", "clusterName": "a"}, {"nodegroupName": "only-b", "clusterName": "b"}]"#,
    )
}

#[test]
fn selecting_a_cluster_drops_what_is_described_for_the_other() {
    let mut snapshot = two_clusters();
    snapshot.select_cluster(Some("a")).unwrap();
    assert_eq!(snapshot.aws.ids("cluster").unwrap(), ["a"]);
    assert_eq!(snapshot.aws.nodegroups.as_ref().unwrap(), &["shared", "only-a", "nobody"]);
    assert_eq!(snapshot.aws.ids("nodegroup").unwrap(), ["a/shared", "a/only-a"]);
}

#[test]
fn a_name_is_asked_for_where_it_is_needed_and_the_names_are_listed() {
    let error = two_clusters().select_cluster(None).unwrap_err().to_string();
    assert!(error.contains("a, b") && error.contains("--cluster"), "{error}");
    let error = two_clusters().select_cluster(Some("c")).unwrap_err().to_string();
    assert!(error.contains("no cluster c") && error.contains("a, b"), "{error}");
    assert_eq!(Snapshot::default().select_cluster(None), Err(SnapshotError::NoCluster));
    let mut one = snapshot("111111111111", r#""cluster": {"name": "a"}"#);
    assert_eq!(one.select_cluster(None), Ok(()));
}

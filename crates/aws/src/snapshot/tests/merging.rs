//! Several snapshots into one, and one cluster out of several.

use crate::snapshot::{Snapshot, SnapshotError};

fn snapshot(account: &str, aws: &str) -> Snapshot {
    let text = format!(
        r#"{{"snapshot_version": 1, "account": "{account}", "region": "eu-west-1", "collected_at": "2026-11-20T1{}:00:00Z", {aws}}}"#,
        &account[..1]
    );
    Snapshot::from_json("saved.json", &text).unwrap()
}

#[test]
fn scopes_gaps_and_items_join_and_the_first_id_is_the_account_where_there_is_no_cluster() {
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
    assert_eq!(both.header.account.as_deref(), Some("111111111111"));
    assert_eq!(both.header.collected_at.as_deref(), Some("2026-11-20T11:00:00Z"));
    assert_eq!(both.aws.ids("Vpcs").unwrap(), ["vpc-a", "vpc-b"]);
    assert!(
        both.header.covers("Vpcs", "vpc-a")
            && both.header.covers("Vpcs", "vpc-b")
            && both.header.covers("Subnets", "vpc-a")
    );
    assert_eq!(both.header.gaps.iter().map(|gap| gap.operation.as_str()).collect::<Vec<_>>(), ["A", "B"]);
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

/// The cluster's account: it reads the transit gateway, its own side of the peering, and no tables.
fn cluster_account() -> Snapshot {
    snapshot(
        "111111111111",
        r#""cluster": [{"name": "prod", "resourcesVpcConfig": {"vpcId": "vpc-1"}}],
           "Vpcs": [{"VpcId": "vpc-1", "OwnerId": "111111111111"}],
           "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1",
              "TransitGatewayOwnerId": "222222222222", "ResourceId": "vpc-1"}],
           "VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
              "RequesterVpcInfo": {"VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlockSet": [{"CidrBlock": "10.1.0.0/16"}]},
              "AccepterVpcInfo": {"VpcId": "vpc-2", "OwnerId": "222222222222", "CidrBlockSet": []}}],
           "scope": {"cluster": ["prod"], "Vpcs": ["vpc-1"], "VpcPeeringConnections": ["vpc-1"], "TransitGatewayAttachments": ["vpc-1"]},
           "gaps": [
              {"service": "ec2", "operation": "DescribeVpcs", "resource": "vpc-2", "code": "OtherAccount", "message": ""},
              {"service": "ec2", "operation": "GetManagedPrefixListEntries", "resource": "pl-1", "code": "UnauthorizedOperation", "message": ""},
              {"service": "ec2", "operation": "DescribeTransitGatewayRouteTables", "resource": "tgw-1", "code": "OtherAccount", "message": ""},
              {"service": "ec2", "operation": "DescribeSubnets", "resource": "vpc-1", "code": "UnauthorizedOperation", "message": ""},
              {"service": "ec2", "operation": "DescribeVpcEndpoints", "code": "UnauthorizedOperation", "message": ""}]"#,
    )
}

/// The network's account, without any cluster.
fn network_account() -> Snapshot {
    snapshot(
        "222222222222",
        r#""Vpcs": [{"VpcId": "vpc-2", "OwnerId": "222222222222"}],
           "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1",
              "TransitGatewayOwnerId": "222222222222", "ResourceId": "vpc-1",
              "Association": {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}}],
           "TransitGatewayRouteTables": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayId": "tgw-1"}],
           "TransitGatewayRoutes": [{"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [{"DestinationCidrBlock": "0.0.0.0/0"}]}],
           "PrefixListEntries": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "192.168.0.0/16"}]}],
           "VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"},
              "RequesterVpcInfo": {"VpcId": "vpc-1", "OwnerId": "111111111111", "CidrBlockSet": []},
              "AccepterVpcInfo": {"VpcId": "vpc-2", "OwnerId": "222222222222", "CidrBlockSet": [{"CidrBlock": "10.2.0.0/16"}]}}],
           "scope": {"Vpcs": ["vpc-2"], "TransitGatewayRouteTables": ["tgw-1", "tgw-rtb-1"], "TransitGatewayRoutes": ["tgw-rtb-1"],
              "PrefixListEntries": ["pl-1"], "VpcEndpoints": ["vpc-2"], "VpcPeeringConnections": ["vpc-2"]},
           "gaps": [{"service": "ec2", "operation": "DescribeVpcs", "resource": "vpc-1", "code": "OtherAccount", "message": ""}]"#,
    )
}

#[test]
fn the_network_accounts_snapshot_without_a_cluster_completes_the_cluster_accounts() {
    for order in [true, false] {
        let (one, other) = (cluster_account(), network_account());
        let mut both = if order { one.merge(other) } else { other.merge(one) }.unwrap();
        both.select_cluster(None).unwrap();
        let aws = &both.aws;
        assert!(aws.transit_gateway_attachments.as_ref().unwrap()[0].association.is_some());
        assert_eq!(aws.ids("TransitGatewayRoutes").unwrap(), ["tgw-rtb-1"]);
        assert_eq!(aws.ids("PrefixListEntries").unwrap(), ["pl-1"]);
        let peering = &aws.vpc_peering_connections.as_ref().unwrap()[0];
        for side in [&peering.requester_vpc_info, &peering.accepter_vpc_info] {
            assert_eq!(side.as_ref().unwrap().cidr_block_set.len(), 1, "each account knows its own side");
        }
        assert_eq!(both.header.accounts.len(), 1, "beside the first");
    }
}

#[test]
fn what_the_other_account_read_is_no_gap_and_what_neither_read_stays_one() {
    let both = cluster_account().merge(network_account()).unwrap();
    let left: Vec<_> =
        both.header.gaps.iter().map(|gap| (gap.operation.as_str(), gap.resource.as_deref())).collect();
    assert_eq!(left, [("DescribeSubnets", Some("vpc-1")), ("DescribeVpcEndpoints", None)]);
}

#[test]
fn one_identity_with_two_lists_is_still_a_contradiction() {
    let with = |account, cidr| {
        snapshot(
            account,
            &format!(
                r#""NetworkAcls": [{{"NetworkAclId": "acl-1", "Entries": [{{"CidrBlock": "{cidr}"}}]}}]"#
            ),
        )
    };
    assert!(with("111111111111", "10.0.0.0/8").merge(with("222222222222", "10.0.0.0/9")).is_err());
    // An emptied list of permissions is a change, not another view of it.
    for account in ["111111111111", "222222222222"] {
        let emptied = snapshot(account, r#""NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": []}]"#);
        assert!(with("111111111111", "10.0.0.0/8").merge(emptied).is_err());
    }
}

#[test]
fn accounts_that_were_merged_in_are_saved_and_read_again() {
    let both = cluster_account().merge(network_account()).unwrap();
    let again = Snapshot::from_json("both.json", &both.to_json()).unwrap();
    assert_eq!(again.header.accounts.iter().collect::<Vec<_>>(), ["222222222222"]);
    assert_eq!(again, both);
}

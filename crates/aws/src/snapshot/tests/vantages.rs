//! Several accounts and regions: in folders of one directory, and as snapshots in any order.

use proptest::prelude::*;

use crate::snapshot::aws::COLLECTIONS;
use crate::snapshot::{Snapshot, SnapshotError};

use super::{fixture, read};

const CLUSTERS: &str = "111122223333";
const NETWORKS: &str = "222233334444";

fn healthy() -> Snapshot {
    Snapshot::read(&fixture("healthy/managed-nodes.json")).unwrap()
}

/// What one account read of the healthy network: each collection by chance, with its own tags.
fn view(account: &str, seed: u64, with_cluster: bool) -> Snapshot {
    let mut snapshot = healthy();
    let mut chance = seed;
    let mut next = move || {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        chance >> 33
    };
    snapshot.header.account = Some(account.to_owned());
    snapshot.header.observations.clear();
    let keys: Vec<&str> = COLLECTIONS.iter().map(|collection| collection.key).collect();
    let dropped: Vec<&str> = keys.into_iter().filter(|_| next() % 3 == 0).collect();
    let is_eks = |key: &str| key.starts_with(|c: char| c.is_ascii_lowercase());
    snapshot.aws.forget(|collection| {
        dropped.contains(&collection.key) && collection.key != "cluster"
            || !with_cluster && is_eks(collection.key)
    });
    let unread: Vec<String> =
        snapshot.header.scope.keys().filter(|key| snapshot.aws.ids(key).is_none()).cloned().collect();
    for key in unread {
        snapshot.header.scope.remove(&key);
    }
    for subnet in snapshot.aws.subnets.iter_mut().flatten() {
        subnet.owner_id = Some(NETWORKS.to_owned());
        subnet.available_ip_address_count = Some(i64::try_from(next() % 200).unwrap());
        if next() % 2 == 0 {
            subnet.tags.clear();
        } else {
            subnet.tags.reverse();
        }
    }
    for peering in snapshot.aws.vpc_peering_connections.iter_mut().flatten() {
        let side =
            if next() % 2 == 0 { &mut peering.requester_vpc_info } else { &mut peering.accepter_vpc_info };
        if let Some(side) = side {
            side.cidr_block_set.clear();
        }
    }
    for zone in snapshot.aws.availability_zones.iter_mut().flatten() {
        zone.zone_id = Some(format!("az{}", next() % 3));
    }
    if next() % 2 == 0 {
        let subnets = snapshot.aws.subnets.iter_mut().flatten();
        for subnet in subnets {
            subnet.ipv6_cidr_block_association_set.reverse();
        }
        for table in snapshot.aws.route_tables.iter_mut().flatten() {
            table.routes.reverse();
        }
    }
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn property_the_order_of_two_snapshots_does_not_matter(one in any::<u64>(), other in any::<u64>(), cluster in any::<bool>()) {
        let (a, b) = (view(CLUSTERS, one, cluster), view(NETWORKS, other, false));
        let ab = a.clone().merge(b.clone()).unwrap();
        prop_assert_eq!(ab.to_json(), b.merge(a).unwrap().to_json());
    }

    #[test]
    fn property_three_snapshots_give_the_same_however_they_are_joined(seeds in any::<[u64; 3]>(), cluster in any::<bool>()) {
        let a = view(CLUSTERS, seeds[0], cluster);
        let (b, c) = (view(NETWORKS, seeds[1], false), view("333344445555", seeds[2], false));
        let merge = |one: &Snapshot, other: &Snapshot| one.clone().merge(other.clone()).unwrap();
        let expected = merge(&merge(&a, &b), &c).to_json();
        prop_assert_eq!(&merge(&a, &merge(&b, &c)).to_json(), &expected);
        prop_assert_eq!(&merge(&merge(&c, &a), &b).to_json(), &expected);
        prop_assert_eq!(&Snapshot::merge_all([c, b, a], None).unwrap().unwrap().to_json(), &expected);
    }
}

#[test]
fn tags_are_those_of_the_clusters_account_and_what_the_account_did_not_read_is_foreign() {
    let subnet = |tags: &str| {
        format!(r#"{{"SubnetId": "subnet-1", "VpcId": "vpc-1", "OwnerId": "{NETWORKS}", "Tags": [{tags}]}}"#)
    };
    let owner_sees = format!(
        r#"{{"Subnets": [{}, {{"SubnetId": "subnet-2", "OwnerId": "{NETWORKS}"}}]}}"#,
        subnet(r#"{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}"#)
    );
    let participant_sees = format!(r#"{{"Subnets": [{}]}}"#, subnet(""));
    let cluster =
        format!(r#"{{"cluster": {{"name": "foo", "arn": "arn:aws:eks:eu-west-1:{CLUSTERS}:cluster/foo"}}}}"#);
    let snapshot = read(&[
        (&format!("{CLUSTERS}/c.json"), &cluster),
        (&format!("{CLUSTERS}/s.json"), &participant_sees),
        (&format!("{NETWORKS}/s.json"), &owner_sees),
    ])
    .unwrap();
    let subnets = snapshot.aws.subnets.as_ref().unwrap();
    assert!(subnets[0].tags.is_empty(), "the controllers run in the cluster's account");
    assert!(!snapshot.header.is_foreign("Subnets", "subnet-1"));
    assert!(snapshot.header.is_foreign("Subnets", "subnet-2"));
    assert_eq!(snapshot.header.account.as_deref(), Some(CLUSTERS));
    assert_eq!(snapshot.header.accounts.iter().collect::<Vec<_>>(), [NETWORKS]);
}

#[test]
fn without_the_clusters_view_the_owners_counts() {
    let subnet = |tags: &str| {
        format!(r#"{{"Subnets": [{{"SubnetId": "subnet-1", "OwnerId": "{NETWORKS}", "Tags": [{tags}]}}]}}"#)
    };
    let files = [
        (format!("{NETWORKS}/s.json"), subnet(r#"{"Key": "Name", "Value": "b"}"#)),
        ("333344445555/s.json".to_owned(), subnet(r#"{"Key": "Name", "Value": "a"}"#)),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let snapshot = read(&files).unwrap();
    assert_eq!(snapshot.aws.subnets.as_ref().unwrap()[0].tags[0].value.as_deref(), Some("b"));
}

#[test]
fn each_callers_files_are_complete_about_its_own_vpcs_only() {
    let vpc = |vpc: &str, owner: &str| format!(r#"{{"Vpcs": [{{"VpcId": "{vpc}", "OwnerId": "{owner}"}}]}}"#);
    let (one, other) = (vpc("vpc-1", CLUSTERS), vpc("vpc-2", NETWORKS));
    for folders in [[CLUSTERS, NETWORKS], ["prod", "network"]] {
        let snapshot = read(&[
            (&format!("{}/eu-west-1/v.json", folders[0]), &one),
            (&format!("{}/eu-west-1/t.json", folders[0]), r#"{"RouteTables": []}"#),
            (&format!("{}/eu-central-1/v.json", folders[1]), &other),
        ])
        .unwrap();
        assert!(snapshot.header.covers("RouteTables", "vpc-1"));
        assert!(
            !snapshot.header.covers("RouteTables", "vpc-2"),
            "no file of the other folder has route tables"
        );
        let gap = snapshot.header.gaps.iter().find(|gap| gap.resource.as_deref() == Some("vpc-2"));
        assert!(gap.is_some_and(|gap| gap.message.contains("aws ec2 ")), "{gap:?}");
    }
}

#[test]
fn a_peering_between_transit_gateways_is_seen_from_both() {
    let view = |gateway: &str, peer: &str, table: &str| {
        format!(
            r#"{{"TransitGatewayAttachments": [{{"TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "{gateway}",
                "ResourceType": "peering", "ResourceId": "{peer}", "Association": {{"TransitGatewayRouteTableId": "{table}"}}}}]}}"#
        )
    };
    let (here, there) = (view("tgw-1", "tgw-2", "tgw-rtb-1"), view("tgw-2", "tgw-1", "tgw-rtb-2"));
    let snapshot = read(&[
        (&format!("{CLUSTERS}/eu-west-1/t.json"), &here),
        (&format!("{CLUSTERS}/us-east-1/t.json"), &there),
    ])
    .unwrap();
    assert_eq!(snapshot.aws.transit_gateway_attachments.as_ref().unwrap().len(), 2);
}

#[test]
fn a_peering_connection_shows_each_side_its_own_prefixes() {
    let view = |ours: &str, theirs: &str| {
        format!(
            r#"{{"VpcPeeringConnections": [{{"VpcPeeringConnectionId": "pcx-1", "Status": {{"Code": "active"}},
                "RequesterVpcInfo": {{"VpcId": "vpc-1", "OwnerId": "{CLUSTERS}", "Region": "eu-west-1"{ours}}},
                "AccepterVpcInfo": {{"VpcId": "vpc-2", "OwnerId": "{NETWORKS}", "Region": "us-east-1"{theirs}}}}}]}}"#
        )
    };
    let set = r#", "CidrBlockSet": [{"CidrBlock": "10.0.0.0/16"}]"#;
    let snapshot = read(&[
        (&format!("{CLUSTERS}/eu-west-1/p.json"), &view(set, "")),
        (&format!("{NETWORKS}/us-east-1/p.json"), &view("", set)),
    ])
    .unwrap();
    let peering = &snapshot.aws.vpc_peering_connections.as_ref().unwrap()[0];
    for side in [&peering.requester_vpc_info, &peering.accepter_vpc_info] {
        assert_eq!(side.as_ref().unwrap().cidr_block_set.len(), 1);
    }
}

#[test]
fn one_list_described_by_two_commands_is_one_list_in_one_account_and_in_two() {
    let plain = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "Cidrs": ["52.0.0.0/15", "3.5.0.0/19"]}]}"#;
    let managed = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "OwnerId": "AWS"}]}"#;
    let entries = r#"{"Entries": [{"Cidr": "3.5.0.0/19", "Description": "s3"}, {"Cidr": "52.0.0.0/15"}]}"#;
    for (one, other) in [("", ""), ("111122223333/", "222233334444/")] {
        let snapshot = read(&[
            (&format!("{one}plain.json"), plain),
            (&format!("{other}managed.json"), managed),
            (&format!("{other}pl-1.json"), entries),
        ])
        .unwrap();
        assert_eq!(snapshot.aws.prefix_list_entries.as_ref().unwrap()[0].entries.len(), 2);
    }
}

#[test]
fn what_one_caller_read_with_two_contents_stays_an_error_that_names_both_files() {
    let group = |port: u16| {
        format!(
            r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "OwnerId": "{NETWORKS}", "IpPermissions": [{{"IpProtocol": "tcp", "FromPort": {port}}}]}}]}}"#
        )
    };
    let (one, other) = (group(443), group(80));
    for folder in ["", "222233334444/", "222233334444/eu-west-1/"] {
        let error =
            read(&[(&format!("{folder}a.json"), &one), (&format!("{folder}b.json"), &other)]).unwrap_err();
        assert!(
            matches!(&error, SnapshotError::Conflict { first, second, .. } if first.ends_with("a.json") && second.ends_with("b.json")),
            "{error}"
        );
    }
    // Another account is shown what the owner has set.
    let snapshot = read(&[("222233334444/a.json", &one), ("333344445555/b.json", &other)]).unwrap();
    let groups = snapshot.aws.security_groups.as_ref().unwrap();
    assert_eq!(groups[0].ip_permissions[0].from_port, Some(443), "the owner's own reading");
    let no_owner = |text: &str| text.replace("OwnerId", "Unknown");
    let error = read(&[("222233334444/a.json", &no_owner(&one)), ("333344445555/b.json", &no_owner(&other))])
        .unwrap_err();
    assert!(error.to_string().contains("a.json") && error.to_string().contains("b.json"), "{error}");
}

#[test]
fn an_account_that_a_vpc_is_shared_with_is_not_shown_the_owners_endpoints() {
    let vpc = format!(r#"{{"Vpcs": [{{"VpcId": "vpc-1", "OwnerId": "{NETWORKS}"}}]}}"#);
    let endpoints = r#"{"VpcEndpoints": []}"#;
    let files = |account: &str| {
        [(format!("{account}/v.json"), vpc.clone()), (format!("{account}/e.json"), endpoints.to_owned())]
    };
    let (participants, owners) = (files(CLUSTERS), files(NETWORKS));
    let of = |files: &[(String, String)]| {
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        read(&files).unwrap()
    };
    assert!(!of(&participants).header.covers("VpcEndpoints", "vpc-1"));
    let both = of(&[participants, owners].concat());
    assert!(both.header.covers("VpcEndpoints", "vpc-1"), "the owner listed them");
    assert!(!both.header.gaps.iter().any(|gap| gap.code == "OtherAccount"));
}

#[test]
fn tables_of_static_routes_and_propagations_are_whole_where_only_known_vpcs_propagate() {
    let routes = r#"{"TransitGatewayStaticRoutes": [
        {"TransitGatewayRouteTableId": "tgw-rtb-1", "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "Type": "static"}], "AdditionalRoutesAvailable": false},
        {"TransitGatewayRouteTableId": "tgw-rtb-2", "Routes": []}]}"#;
    let propagations = r#"{"TransitGatewayPropagations": [
        {"TransitGatewayRouteTableId": "tgw-rtb-1", "TransitGatewayRouteTablePropagations": [
            {"ResourceId": "vpc-1", "ResourceType": "vpc", "State": "enabled", "TransitGatewayAttachmentId": "tgw-attach-1"}]},
        {"TransitGatewayRouteTableId": "tgw-rtb-2", "TransitGatewayRouteTablePropagations": [
            {"ResourceId": "vpn-1", "ResourceType": "vpn", "State": "enabled", "TransitGatewayAttachmentId": "tgw-attach-2"}]}]}"#;
    let vpcs = r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}]}"#;
    let snapshot = read(&[("r.json", routes), ("p.json", propagations), ("v.json", vpcs)]).unwrap();
    let tables = snapshot.aws.transit_gateway_routes.as_ref().unwrap();
    assert_eq!(tables.len(), 1, "what a VPN propagates is in no file");
    let prefixes: Vec<_> =
        tables[0].routes.iter().filter_map(|route| route.destination_cidr_block.as_deref()).collect();
    assert_eq!(prefixes, ["0.0.0.0/0", "10.1.0.0/16"]);
    assert!(
        snapshot.header.covers("TransitGatewayRoutes", "tgw-rtb-1")
            && !snapshot.header.covers("TransitGatewayRoutes", "tgw-rtb-2")
    );
}

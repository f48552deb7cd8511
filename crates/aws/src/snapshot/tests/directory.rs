//! Directories of AWS CLI outputs.

use privek_core::header::EVERYTHING;

use crate::snapshot::{Snapshot, SnapshotError};

use super::{directory, has_gap, read};

const CLUSTER: &str =
    r#"{"cluster": {"name": "foo", "arn": "arn:aws:eks:eu-west-1:111122223333:cluster/foo"}}"#;

#[test]
fn files_are_told_apart_by_their_keys_at_any_depth() {
    let snapshot = read(&[
        ("x.json", r#"{"Vpcs": [{"VpcId": "vpc-1"}]}"#),
        ("a/b/y.JSON", r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}"#),
        ("a/z.json", CLUSTER),
        ("n.json", r#"{"nodegroup": {"nodegroupName": "workers", "clusterName": "foo"}}"#),
        ("readme.txt", "not JSON"),
        (".hidden.json", "not JSON either"),
        ("other.json", r#"{"Buckets": []}"#),
    ])
    .unwrap();
    assert_eq!(snapshot.aws.vpcs.unwrap()[0].vpc_id, "vpc-1");
    assert_eq!(snapshot.aws.subnets.unwrap()[0].subnet_id, "subnet-1");
    assert_eq!(snapshot.aws.cluster.unwrap()[0].name, "foo");
    assert_eq!(snapshot.aws.nodegroup.unwrap()[0].nodegroup_name, "workers");
    assert_eq!(snapshot.header.account.as_deref(), Some("111122223333"));
    assert_eq!(snapshot.header.region.as_deref(), Some("eu-west-1"));
    assert_eq!(snapshot.header.collected_at, None);
}

#[test]
fn an_absent_collection_is_a_gap_that_names_the_command() {
    let snapshot = read(&[("cluster.json", CLUSTER)]).unwrap();
    let gap = snapshot.header.gaps.iter().find(|gap| gap.operation == "DescribeRouteTables").unwrap();
    assert_eq!(gap.code, "NotInDirectory");
    assert_eq!(gap.permission, None, "nobody was refused");
    assert!(
        gap.message.contains("`aws ec2 describe-route-tables --region eu-west-1 > route-tables.json`"),
        "{}",
        gap.message
    );
    let gap = snapshot.header.gaps.iter().find(|gap| gap.operation == "ListResolverRules").unwrap();
    assert!(
        gap.message.contains("`aws route53resolver list-resolver-rules --region eu-west-1 >"),
        "{}",
        gap.message
    );
    assert!(!has_gap(&snapshot, "DescribeCluster", "NotInDirectory"));
    assert!(!snapshot.header.covers("RouteTables", "vpc-1"));
}

#[test]
fn an_empty_list_was_read_and_an_absent_one_was_not() {
    let snapshot = read(&[("c.json", CLUSTER), ("a.json", r#"{"addons": []}"#)]).unwrap();
    assert_eq!(snapshot.aws.addons, Some(vec![]));
    assert_eq!(snapshot.aws.nodegroups, None);
    assert!(snapshot.header.covers("addons", "foo"));
}

#[test]
fn a_directory_is_complete_about_the_vpcs_that_it_speaks_of_and_no_others() {
    let snapshot = read(&[
        ("v.json", r#"{"Vpcs": [{"VpcId": "vpc-1"}]}"#),
        ("r.json", r#"{"RouteTables": []}"#),
        (
            "p.json",
            r#"{"VpcPeeringConnections": [{"VpcPeeringConnectionId": "pcx-1",
            "AccepterVpcInfo": {"VpcId": "vpc-far"}, "RequesterVpcInfo": {"VpcId": "vpc-1"}}]}"#,
        ),
        ("pl-1.json", r#"{"Entries": [{"Cidr": "10.0.0.0/8"}]}"#),
        ("z.json", r#"{"AvailabilityZones": []}"#),
    ])
    .unwrap();
    assert!(snapshot.header.covers("RouteTables", "vpc-1"));
    assert!(!snapshot.header.covers("RouteTables", "vpc-far"), "a peer's tables are unread, not nonexistent");
    assert!(!snapshot.header.covers("Vpcs", "vpc-far"));
    assert!(snapshot.header.covers("PrefixListEntries", "pl-1"));
    assert!(!snapshot.header.covers("PrefixListEntries", "pl-2"));
    assert!(snapshot.header.covers("AvailabilityZones", EVERYTHING));
}

#[test]
fn a_left_over_token_means_incomplete() {
    let vpc = ("v.json", r#"{"Vpcs": [{"VpcId": "vpc-1"}]}"#);
    for token in ["NextToken", "nextToken"] {
        let page =
            format!(r#"{{"Subnets": [{{"SubnetId": "subnet-1", "VpcId": "vpc-1"}}], "{token}": "abc"}}"#);
        let snapshot = read(&[vpc, ("s.json", &page)]).unwrap();
        assert!(has_gap(&snapshot, "DescribeSubnets", "Incomplete"));
        assert!(!snapshot.header.covers("Subnets", "vpc-1"));
        assert_eq!(snapshot.aws.subnets.unwrap().len(), 1);
    }
    for none in ["null", "\"\""] {
        let page = format!(r#"{{"Subnets": [], "NextToken": {none}}}"#);
        let snapshot = read(&[vpc, ("s.json", &page)]).unwrap();
        assert!(!has_gap(&snapshot, "DescribeSubnets", "Incomplete"));
        assert!(snapshot.header.covers("Subnets", "vpc-1"));
    }
}

#[test]
fn the_two_dns_attributes_of_a_vpc_come_from_two_files() {
    let snapshot = read(&[
        ("1.json", r#"{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}}"#),
        ("2.json", r#"{"VpcId": "vpc-1", "EnableDnsHostnames": {"Value": false}}"#),
        ("3.json", r#"{"VpcId": "vpc-1", "EnableNetworkAddressUsageMetrics": {"Value": false}}"#),
    ])
    .unwrap();
    let attributes = snapshot.aws.vpc_attributes.as_ref().unwrap();
    assert_eq!(attributes.len(), 1);
    assert_eq!(attributes[0].enable_dns_support.as_ref().unwrap().value, Some(true));
    assert_eq!(attributes[0].enable_dns_hostnames.as_ref().unwrap().value, Some(false));
    assert!(snapshot.header.covers("VpcAttributes", "vpc-1"));
}

#[test]
fn ids_that_aws_leaves_out_come_from_the_name_of_the_file_or_a_folder() {
    let snapshot = read(&[
        ("get-entries_pl-0abc_2.json", r#"{"Entries": [{"Cidr": "10.0.0.0/8"}]}"#),
        ("rslvr-in-0ab1/pl-addresses.json", r#"{"IpAddresses": [{"IpId": "rni-1", "Ip": "10.0.0.5"}]}"#),
        ("tgw-rtb-01.json", r#"{"Routes": [], "AdditionalRoutesAvailable": false}"#),
        (
            "subnet-0ab2.json",
            r#"{"SubnetIpv4CidrReservations": [], "SubnetIpv6CidrReservations": []}"#,
        ),
        (
            "reservations.json",
            r#"{"SubnetIpv4CidrReservations": [{"SubnetId": "subnet-0ab1", "Cidr": "10.0.0.0/28", "ReservationType": "prefix"}]}"#,
        ),
    ])
    .unwrap();
    assert_eq!(snapshot.aws.ids("PrefixListEntries").unwrap(), ["pl-0abc"]);
    assert_eq!(snapshot.aws.ids("ResolverEndpointIpAddresses").unwrap(), ["rslvr-in-0ab1"]);
    assert_eq!(snapshot.aws.ids("TransitGatewayRoutes").unwrap(), ["tgw-rtb-01"]);
    assert_eq!(snapshot.aws.ids("SubnetCidrReservations").unwrap(), ["subnet-0ab1", "subnet-0ab2"]);
    assert!(snapshot.header.covers("SubnetCidrReservations", "subnet-0ab2"));
    assert!(!snapshot.header.covers("SubnetCidrReservations", "subnet-0ab3"));
}

#[test]
fn a_page_of_reservations_does_not_pass_for_all_of_them() {
    let page = r#"{"SubnetIpv4CidrReservations": [{"SubnetId": "subnet-1"}], "NextToken": "abc"}"#;
    let snapshot = read(&[("r.json", page)]).unwrap();
    assert!(!snapshot.header.covers("SubnetCidrReservations", "subnet-1"));
}

#[test]
fn the_lists_of_describe_prefix_lists_fill_in_what_nothing_else_says() {
    let both = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "Cidrs": ["52.0.0.0/15"]}]}"#;
    let managed = r#"{"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.eu-west-1.s3", "OwnerId": "AWS"}]}"#;
    let snapshot = read(&[("a.json", both), ("b.json", managed)]).unwrap();
    assert_eq!(snapshot.aws.prefix_lists.as_ref().unwrap()[0].owner_id.as_deref(), Some("AWS"));
    let entries = &snapshot.aws.prefix_list_entries.as_ref().unwrap()[0];
    assert_eq!(entries.entries[0].cidr.as_deref(), Some("52.0.0.0/15"));
    let alone = read(&[("a.json", both)]).unwrap();
    assert!(has_gap(&alone, "DescribeManagedPrefixLists", "NotInDirectory"));
    assert!(alone.header.covers("PrefixListEntries", "pl-1"));
}

#[test]
fn nulls_are_absences_even_where_lists_are_expected() {
    let snapshot = read(&[
        ("s.json", r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": null, "Tags": null, "GroupName": null}]}"#),
        ("v.json", r#"{"Vpcs": null, "Subnets": []}"#),
    ])
    .unwrap();
    assert!(snapshot.aws.security_groups.unwrap()[0].ip_permissions.is_empty());
    assert_eq!(snapshot.aws.vpcs, None);
}

#[test]
fn the_caller_is_the_account_where_there_is_no_cluster() {
    let caller =
        r#"{"UserId": "AIDA", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}"#;
    let snapshot = read(&[("me.json", caller), ("v.json", r#"{"Vpcs": []}"#)]).unwrap();
    assert_eq!(snapshot.header.account.as_deref(), Some("123456789012"));
}

#[test]
fn the_same_content_twice_is_fine() {
    let once = read(&[("c.json", CLUSTER)]).unwrap();
    let twice = read(&[("c.json", CLUSTER), ("d.json", CLUSTER)]).unwrap();
    assert_eq!(once, twice);
}

#[test]
fn a_file_that_powershell_wrote_is_read() {
    let text = r#"{"Vpcs": [{"VpcId": "vpc-1"}]}"#;
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let files = directory(&[]);
    let path = files.path().join("vpcs.json");
    std::fs::write(&path, utf16).unwrap();
    assert_eq!(Snapshot::read(&path).unwrap().aws.ids("Vpcs").unwrap(), ["vpc-1"]);
    std::fs::write(&path, format!("\u{feff}{text}")).unwrap();
    assert_eq!(Snapshot::read(&path).unwrap().aws.ids("Vpcs").unwrap(), ["vpc-1"]);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_up_is_followed_once() {
    let files = directory(&[("a/c.json", CLUSTER)]);
    std::os::unix::fs::symlink(files.path(), files.path().join("a/up")).unwrap();
    assert_eq!(Snapshot::read(files.path()).unwrap().aws.ids("cluster").unwrap(), ["foo"]);
}

#[test]
fn the_list_of_addon_versions_is_no_list_of_addons() {
    let versions = r#"{"addons": [{"addonName": "vpc-cni", "type": "networking"}]}"#;
    let snapshot = read(&[("c.json", CLUSTER), ("versions.json", versions)]).unwrap();
    assert_eq!(snapshot.aws.addons, None);
    assert!(has_gap(&snapshot, "ListAddons", "NotInDirectory"));
}

#[test]
fn what_says_whom_it_is_about_in_a_field_beside_it_or_in_the_file_name_is_told_apart() {
    let snapshot = read(&[
        ("c.json", CLUSTER),
        ("p.json", r#"{"associatedAccessPolicies": [{"policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}],
            "clusterName": "foo", "principalArn": "arn:aws:iam::111122223333:role/a"}"#),
        ("q.json", r#"{"associatedAccessPolicies": [], "clusterName": "foo", "principalArn": "arn:aws:iam::111122223333:role/b"}"#),
        ("vpc-1.json", r#"{"HostedZoneSummaries": [{"HostedZoneId": "Z1", "Name": "corp.", "Owner": {}}], "MaxItems": "100"}"#),
        ("Z0A1B2.json", r#"{"ResourceRecordSets": [{"Name": "\\052.eks.amazonaws.com.", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "a.example"}]},
            {"Name": "eks.amazonaws.com.", "Type": "SOA"}]}"#),
        ("rslvr-fdl-1.json", r#"{"Domains": ["*.amazonaws.com."]}"#),
        ("registered.json", r#"{"Domains": [{"DomainName": "example.com"}]}"#),
        ("rules.json", r#"{"FirewallRules": [{"FirewallRuleGroupId": "rslvr-frg-1", "FirewallDomainListId": "rslvr-fdl-1", "Priority": 1}]}"#),
        ("key.json", r#"{"KeyMetadata": {"KeyId": "k", "Arn": "arn:aws:kms:eu-west-1:111122223333:key/k", "CreationDate": 1.5}}"#),
        ("o.json", r#"{"InstanceTypeOfferings": [{"InstanceType": "m5.large", "LocationType": "region", "Location": "eu-west-1"}]}"#),
        ("a.json", r#"{"association": {"associationId": "a-1", "roleArn": "arn:aws:iam::111122223333:role/c"}}"#),
        ("other.json", r#"{"insights": [{"Id": "of another service"}], "capabilities": ["CAPABILITY_IAM"]}"#),
    ])
    .unwrap();
    let policies = snapshot.aws.principal_access_policies.as_ref().unwrap();
    assert_eq!(policies.len(), 2);
    assert!(policies[0].principal_arn.ends_with("/a") && policies[0].associated_access_policies.len() == 1);
    assert_eq!(snapshot.aws.hosted_zones_by_vpc.as_ref().unwrap()[0].vpc_id, "vpc-1");
    assert!(
        snapshot.header.covers("HostedZonesByVPC", "vpc-1")
            && !snapshot.header.covers("HostedZonesByVPC", "vpc-2")
    );
    let records = &snapshot.aws.resource_record_sets_by_zone.as_ref().unwrap()[0].resource_record_sets;
    assert_eq!((records.len(), records[0].name.as_str()), (1, "*.eks.amazonaws.com."));
    assert!(snapshot.header.covers("ResourceRecordSetsByZone", "Z0A1B2"));
    assert!(snapshot.header.covers("FirewallDomainsByList", "rslvr-fdl-1"));
    assert!(snapshot.header.covers("FirewallRules", "rslvr-frg-1"));
    assert!(snapshot.header.covers("KeyMetadata", "arn:aws:kms:eu-west-1:111122223333:key/k"));
    assert!(snapshot.header.covers("InstanceTypeOfferings", "m5.large"));
    assert_eq!(snapshot.aws.pod_identity_association.as_ref().unwrap()[0].association_id, "a-1");
    assert_eq!((&snapshot.aws.insights, &snapshot.aws.capabilities), (&None, &None));
    let gap = snapshot.header.gaps.iter().find(|gap| gap.operation == "ListInsights").unwrap();
    assert!(
        gap.message.contains("aws eks list-insights --cluster-name foo --region eu-west-1"),
        "{}",
        gap.message
    );
}

#[test]
fn a_saved_snapshot_in_the_directory_joins_in() {
    let saved = r#"{"snapshot_version": 1, "scope": {"Vpcs": ["vpc-1"]}, "Vpcs": [{"VpcId": "vpc-1"}]}"#;
    let snapshot = read(&[("c.json", CLUSTER), ("saved.json", saved)]).unwrap();
    assert!(snapshot.header.covers("Vpcs", "vpc-1") && snapshot.aws.cluster.is_some());
    assert!(!has_gap(&snapshot, "DescribeVpcs", "NotInDirectory"));
    assert!(has_gap(&snapshot, "DescribeSubnets", "NotInDirectory"));
}

#[test]
fn a_network_without_any_cluster_loads_and_only_selecting_a_cluster_fails() {
    let mut snapshot = read(&[
        ("vpcs.json", r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": "111111111111"}]}"#),
        ("subnets.json", r#"{"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}"#),
        ("gateway-tables.json", r#"{"RouteTables": [{"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [],
            "Associations": [{"GatewayId": "igw-1", "Main": false, "AssociationState": {"State": "associated"}}]}]}"#),
        ("out.json", r#"{"EgressOnlyInternetGateways": [{"EgressOnlyInternetGatewayId": "eigw-1",
            "Attachments": [{"VpcId": "vpc-1", "State": "attached"}]}]}"#),
    ])
    .unwrap();
    assert_eq!(snapshot.header.account.as_deref(), Some("111111111111"));
    assert!(snapshot.header.covers("Subnets", "vpc-1") && snapshot.aws.cluster.is_none());
    let association = &snapshot.aws.route_tables.as_ref().unwrap()[0].associations[0];
    assert_eq!(association.gateway_id.as_deref(), Some("igw-1"));
    assert!(snapshot.header.covers("EgressOnlyInternetGateways", "eigw-1"));
    assert!(!snapshot.header.covers("EgressOnlyInternetGateways", "eigw-2"), "it may be another account's");
    assert_eq!(snapshot.select_cluster(None), Err(SnapshotError::NoCluster));
}

#[test]
fn user_data_in_cli_output_becomes_settings_and_its_absence_is_known() {
    // `#!/bin/bash` and a password, in base64.
    let with = r#"{"LaunchTemplateVersions": [
        {"LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {"UserData": "IyEvYmluL2Jhc2gKUEFTU1dPUkQ9aHVudGVyMgo="}},
        {"LaunchTemplateId": "lt-1", "VersionNumber": 2, "LaunchTemplateData": {}}]}"#;
    let snapshot = read(&[("cluster.json", CLUSTER), ("templates.json", with)]).unwrap();
    let saved = snapshot.to_json();
    assert!(!saved.contains("IyEv") && !saved.contains("hunter2"), "{saved}");
    let versions = snapshot.aws.launch_template_versions.clone().unwrap();
    let data = |at: usize| versions[at].launch_template_data.clone().unwrap().user_data;
    assert_eq!(data(0).unwrap().0.formats, [crate::snapshot::user_data::UserDataFormat::Shell]);
    assert!(data(1).is_some_and(|data| data.0.formats.is_empty()), "there is none");
    assert_eq!(Snapshot::from_json("saved", &saved).unwrap(), snapshot);
    let old = saved.replace("\"UserData\"", "\"Unheard\"");
    let versions = Snapshot::from_json("old", &old).unwrap().aws.launch_template_versions.unwrap();
    assert_eq!(versions[1].launch_template_data.clone().unwrap().user_data, None, "it was not read");
}

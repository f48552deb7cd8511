//! Responses recorded from AWS, and the AWS CLI's own samples (`fixtures/recorded/ORIGIN.md`).

use super::super::Snapshot;
use super::{fixture, has_gap};

#[test]
fn a_recorded_private_cluster_loads_with_its_subnets_and_group() {
    let snapshot = Snapshot::read(&fixture("recorded/private-cluster")).unwrap();
    let cluster = &snapshot.aws.cluster.as_ref().unwrap()[0];
    let config = cluster.resources_vpc_config.as_ref().unwrap();
    assert_eq!(cluster.name, "c7n-test-eks-cluster");
    assert_eq!(config.endpoint_public_access, Some(false));
    assert_eq!(config.endpoint_private_access, Some(true));
    assert_eq!(config.subnet_ids.as_ref().unwrap().len(), 2);
    assert_eq!(snapshot.account.as_deref(), Some("644160558196"));
    assert_eq!(snapshot.region.as_deref(), Some("us-east-1"));
    let subnets = snapshot.aws.subnets.as_ref().unwrap();
    assert_eq!(
        subnets.iter().map(|subnet| subnet.available_ip_address_count.unwrap()).sum::<i64>(),
        4089 + 4088
    );
    assert!(snapshot.covers("Subnets", "vpc-d2d616b5"));
    assert_eq!(snapshot.aws.security_groups.as_ref().unwrap()[0].ip_permissions_egress.len(), 1);
    assert!(has_gap(&snapshot, "DescribeRouteTables", "NotInDirectory"));
}

#[test]
fn recorded_clusters_of_the_newest_shape_load_and_one_can_be_chosen() {
    let mut snapshot = Snapshot::read(&fixture("recorded/two-clusters")).unwrap();
    assert!(
        snapshot.clone().select_cluster(None).unwrap_err().to_string().contains("seriously-dangerous-rabbit")
    );
    snapshot.select_cluster(Some("serious-bluegrass-ladybug")).unwrap();
    let cluster = &snapshot.aws.cluster.as_ref().unwrap()[0];
    assert_eq!(cluster.version.as_deref(), Some("1.35"));
    let addons = snapshot.aws.addon.as_ref().unwrap();
    assert_eq!(addons.len(), 2);
    assert_eq!(addons[0].pod_identity_associations.len(), 1);
}

#[test]
fn recorded_endpoints_keep_their_policies() {
    let snapshot = Snapshot::read(&fixture("recorded/endpoint-policies")).unwrap();
    let endpoints = snapshot.aws.vpc_endpoints.as_ref().unwrap();
    assert!(endpoints.len() > 1);
    assert!(endpoints.iter().any(|endpoint| endpoint.vpc_endpoint_type.as_deref() == Some("Gateway")
        && endpoint.policy_document.as_deref().is_some_and(|policy| policy.contains("Statement"))));
    assert_eq!(snapshot.region.as_deref(), Some("us-east-1"));
}

#[test]
fn the_samples_of_the_aws_cli_load_together() {
    let snapshot = Snapshot::read(&fixture("recorded/samples")).unwrap();
    let aws = &snapshot.aws;
    assert_eq!(aws.ids("cluster").unwrap(), ["my-eks-cluster"]);
    assert_eq!(aws.ids("PrefixListEntries").unwrap(), ["pl-0123456abcabcabc1", "pl-63a5400a"]);
    assert_eq!(aws.ids("TransitGatewayRoutes").unwrap(), ["tgw-rtb-0a823edbdeEXAMPLE"]);
    assert_eq!(aws.resolver_endpoint_ip_addresses.as_ref().unwrap()[0].ip_addresses.len(), 2);
    assert_eq!(aws.vpc_attributes.as_ref().unwrap().len(), 1);
    assert!(
        aws.addons.as_ref().unwrap().contains(&"vpc-cni".to_owned()),
        "describe-addon-versions is something else"
    );
    assert_eq!(aws.pod_identity_associations.as_ref().unwrap().len(), 3);
    assert!(!aws.service_details.as_ref().unwrap().is_empty());
    let unread: Vec<&str> = snapshot.gaps.iter().map(|gap| gap.operation.as_str()).collect();
    assert_eq!(unread, ["DescribeAutoScalingGroups", "DescribeInstances", "DescribeInternetGateways"]);
}

#[test]
fn a_tokenised_recording_loads_too() {
    let snapshot = Snapshot::read(&fixture("recorded/tokenised")).unwrap();
    let acl = &snapshot.aws.network_acls.as_ref().unwrap()[0];
    assert_eq!(
        acl.entries.iter().map(|entry| entry.rule_number).collect::<Vec<_>>(),
        [Some(32767), Some(32767)]
    );
    let table = &snapshot.aws.route_tables.as_ref().unwrap()[0];
    assert_eq!(table.routes[0].gateway_id.as_deref(), Some("local"));
    assert_eq!(snapshot.account.as_deref(), Some("111111111111"));
}

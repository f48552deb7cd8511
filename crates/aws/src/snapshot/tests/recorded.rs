//! Responses recorded from AWS, and the AWS CLI's own samples (`fixtures/recorded/ORIGIN.md`).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::snapshot::Snapshot;
use crate::snapshot::aws::{COLLECTIONS, ec2};
use crate::snapshot::redact::Redactor;

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
    assert_eq!(snapshot.header.account.as_deref(), Some("644160558196"));
    assert_eq!(snapshot.header.region.as_deref(), Some("us-east-1"));
    let subnets = snapshot.aws.subnets.as_ref().unwrap();
    assert_eq!(
        subnets.iter().map(|subnet| subnet.available_ip_address_count.unwrap()).sum::<i64>(),
        4089 + 4088
    );
    assert!(snapshot.header.covers("Subnets", "vpc-d2d616b5"));
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
    assert_eq!(snapshot.header.region.as_deref(), Some("us-east-1"));
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
    // IAM's answers are looked for as one.
    let regional = |service: &str| service != "iam";
    let unread: BTreeSet<(&str, &str)> = (snapshot.header.gaps.iter())
        .filter(|gap| regional(&gap.service))
        .map(|gap| (gap.service.as_str(), gap.operation.as_str()))
        .collect();
    let samples = file_names(&fixture("recorded/samples"));
    let has_sample = |operation: &str| {
        let start = format!("{}-", kebab(operation));
        samples.iter().any(|name| name.starts_with(&start))
    };
    let without: BTreeSet<(&str, &str)> = COLLECTIONS
        .iter()
        .filter(|collection| regional(collection.service) && !has_sample(collection.operation))
        .map(|collection| (collection.service, collection.operation))
        .collect();
    assert_eq!(unread, without, "a gap for each operation of which there is no sample, and for no other");
}

/// The names of the files below a directory.
fn file_names(directory: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(file_names(&path));
        } else {
            names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    names
}

/// An operation as the AWS CLI spells it.
fn kebab(operation: &str) -> String {
    let mut name = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
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
    assert_eq!(snapshot.header.account.as_deref(), Some("111111111111"));
}

#[test]
fn a_tokenised_network_keeps_what_paths_depend_on() {
    let aws = Snapshot::read(&fixture("recorded/tokenised-network")).unwrap().aws;
    let attachment = &aws.transit_gateway_attachments.as_ref().unwrap()[0];
    assert_eq!(attachment.resource_type.as_deref(), Some("vpc"));
    assert_eq!(attachment.association.as_ref().unwrap().state.as_deref(), Some("associated"));
    let options = aws.transit_gateways.as_ref().unwrap()[0].options.as_ref().unwrap();
    assert_eq!(options.security_group_referencing_support.as_deref(), Some("disable"));
    let peering = &aws.vpc_peering_connections.as_ref().unwrap()[0];
    let region = |side: &Option<ec2::VpcPeeringConnectionVpcInfo>| side.as_ref().unwrap().region.clone();
    assert_ne!(region(&peering.requester_vpc_info), region(&peering.accepter_vpc_info));
    assert_eq!(aws.vpn_gateways.as_ref().unwrap()[0].vpc_attachments[0].state.as_deref(), Some("attached"));
}

#[test]
fn the_samples_keep_public_addresses_and_what_a_nat_gateway_is() {
    let aws = Snapshot::read(&fixture("recorded/samples")).unwrap().aws;
    let interface = &aws.network_interfaces.as_ref().unwrap()[0];
    let public = interface.association.as_ref().unwrap().public_ip.as_deref();
    assert_eq!(public, Some("203.0.113.12"));
    assert_eq!(interface.private_ip_addresses[0].association.as_ref().unwrap().public_ip.as_deref(), public);
    let nat = &aws.nat_gateways.as_ref().unwrap()[0];
    assert!(nat.subnet_id.is_some() && nat.vpc_id.is_some() && nat.state.is_some());
    assert!(nat.nat_gateway_addresses[0].private_ip.is_some());
}

/// Every recording and sample, by folder.
const FOLDERS: [&str; 6] =
    ["endpoint-policies", "private-cluster", "samples", "tokenised", "tokenised-network", "two-clusters"];

#[test]
fn fields_that_nobody_knows_yet_change_nothing() {
    for folder in FOLDERS {
        let (before, changed) = (fixture("recorded").join(folder), tempfile::tempdir().unwrap());
        copy(&before, changed.path(), &|tree| add_fields(tree, ""));
        assert_eq!(Snapshot::read(&before).unwrap(), Snapshot::read(changed.path()).unwrap(), "{folder}");
    }
}

#[test]
fn times_may_be_written_in_any_format() {
    let times = [
        json!(1_765_432_100),
        json!(1_765_432_100.125),
        json!("2026-11-20T12:00:00+09:00"),
        json!("2026-11-20 12:00:00"),
        json!("Fri, 20 Nov 2026 12:00:00 GMT"),
        json!("<datetime>"),
        json!({"__class__": "datetime", "year": 2026, "month": 11, "day": 20}),
        json!(null),
    ];
    for folder in FOLDERS {
        let before = undated(Snapshot::read(&fixture("recorded").join(folder)).unwrap());
        for time in &times {
            let changed = tempfile::tempdir().unwrap();
            copy(&fixture("recorded").join(folder), changed.path(), &|tree| set_times(tree, time));
            let read = undated(Snapshot::read(changed.path()).unwrap());
            assert!(before == read, "{folder} with {time}");
        }
    }
}

/// A snapshot without the times in it.
fn undated(mut snapshot: Snapshot) -> Snapshot {
    for cluster in snapshot.aws.cluster.iter_mut().flatten() {
        cluster.created_at = None;
    }
    snapshot
}

#[test]
fn an_item_needs_no_field_but_its_identity() {
    let snapshot = Snapshot::read(&fixture("recorded/samples")).unwrap();
    let mut tree: Value = serde_json::from_str(&snapshot.to_json()).unwrap();
    let identities: [(&str, &[&str]); 12] = [
        ("Vpcs", &["VpcId"]),
        ("Subnets", &["SubnetId"]),
        ("RouteTables", &["RouteTableId"]),
        ("SecurityGroups", &["GroupId"]),
        ("NetworkAcls", &["NetworkAclId"]),
        ("NetworkInterfaces", &["NetworkInterfaceId"]),
        ("VpcEndpoints", &["VpcEndpointId"]),
        ("NatGateways", &["NatGatewayId"]),
        ("VpcPeeringConnections", &["VpcPeeringConnectionId"]),
        ("TransitGateways", &["TransitGatewayId"]),
        ("TransitGatewayAttachments", &["TransitGatewayAttachmentId"]),
        ("TransitGatewayRoutes", &["TransitGatewayRouteTableId"]),
    ];
    for (key, kept) in identities {
        for item in tree[key].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().retain(|field, _| kept.contains(&field.as_str()));
        }
    }
    let bare = Snapshot::from_json("bare.json", &tree.to_string()).unwrap();
    for (key, _) in identities {
        assert_eq!(bare.aws.ids(key), snapshot.aws.ids(key), "{key}");
    }
}

/// Copies the JSON files of a directory, each changed.
fn copy(from: &Path, to: &Path, change: &dyn Fn(&mut Value)) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let into = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(&into).unwrap();
            copy(&path, &into, change);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let mut tree = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            change(&mut tree);
            std::fs::write(into, tree.to_string()).unwrap();
        }
    }
}

/// Adds a field to every object, but to maps of the user's own keys.
fn add_fields(tree: &mut Value, key: &str) {
    match tree {
        Value::Object(fields) if !["tags", "labels"].contains(&key) => {
            for (key, value) in fields.iter_mut() {
                add_fields(value, key);
            }
            fields.insert("AddedIn2031".to_owned(), json!({"Mode": ["new"]}));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_fields(item, key)),
        _ => {}
    }
}

fn set_times(tree: &mut Value, time: &Value) {
    match tree {
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                let name = key.to_ascii_lowercase();
                if ["time", "timestamp", "createdat", "modifiedat"].iter().any(|end| name.ends_with(end)) {
                    *value = time.clone();
                } else {
                    set_times(value, time);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| set_times(item, time)),
        _ => {}
    }
}

#[test]
fn a_redacted_recording_keeps_its_shape() {
    for name in ["samples", "private-cluster", "two-clusters", "endpoint-policies", "tokenised"] {
        let before = Snapshot::read(&fixture(&format!("recorded/{name}"))).unwrap();
        let after = Redactor::new(&before).snapshot(before.clone());
        assert_eq!(after.header.gaps.len(), before.header.gaps.len());
        for collection in COLLECTIONS {
            let count = |snapshot: &Snapshot| snapshot.aws.ids(collection.key).map(|ids| ids.len());
            assert_eq!(count(&after), count(&before), "{name} {}", collection.key);
        }
        let again = Snapshot::from_json("redacted.json", &after.to_json()).unwrap();
        assert_eq!(again.to_json(), after.to_json());
    }
}

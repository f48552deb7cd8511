//! Which groups are listed, and how many pods their nodes hold.

use crate::facts::test_support::fixture::{derived, schema};
use crate::facts::test_support::minimal_cluster::{fields, group, is_unknown, snapshot, subjects, withhold};
use crate::intent::Intent;
use crate::snapshot::Snapshot;
use serde_json::{Value, json};

fn with_types(types: &[&str]) -> Value {
    let mut given = snapshot();
    given["nodegroup"] = json!([group("workers", types, &["subnet-a", "subnet-b"], 4)]);
    given
}

fn scaling_group(name: &str) -> Value {
    json!({
        "AutoScalingGroupName": name, "MinSize": 0, "MaxSize": 2, "DesiredCapacity": 1,
        "VPCZoneIdentifier": "subnet-a, subnet-b",
        "Instances": [{"InstanceId": "i-1", "InstanceType": "t3.small"}],
        "Tags": [{"Key": "kubernetes.io/cluster/closed", "Value": "owned"}],
    })
}

#[test]
fn the_smallest_type_counts_for_the_group() {
    let facts = fields(&with_types(&["m5.large", "t3.small"]), "nodegroup", "workers");
    assert_eq!(facts["max_pods"], 11);
    assert_eq!(facts["max_pods_by_type"], json!({"m5.large": 29, "t3.small": 11}));
}

#[test]
fn only_the_default_network_card_is_for_pods() {
    assert_eq!(fields(&with_types(&["p5.48xlarge"]), "nodegroup", "workers")["max_pods"], 100);
}

#[test]
fn prefixes_are_what_the_add_on_says() {
    let mut given = snapshot();
    given["addon"][0]["configurationValues"] = json!(r#"{"env":{"ENABLE_PREFIX_DELEGATION":"true"}}"#);
    let facts = fields(&given, "nodegroup", "workers");
    assert_eq!((&facts["max_pods"], &facts["prefix_delegation"]), (&json!(110), &json!(true)));
}

#[test]
fn an_unread_add_on_leaves_the_fewest_pods_and_says_so() {
    let mut given = snapshot();
    withhold(&mut given, "addon");
    withhold(&mut given, "addons");
    let facts = fields(&given, "nodegroup", "workers");
    assert_eq!(facts["max_pods"], 29);
    assert!(is_unknown(&facts["prefix_delegation"]));
    let snapshot: Snapshot = serde_json::from_value(given).unwrap();
    let said = derived(&snapshot, &Intent::default()).assumptions();
    assert_eq!(said.iter().filter(|text| text.contains("vpc-cni")).count(), 1, "{said:?}");
}

#[test]
fn a_group_that_was_listed_and_not_described_is_unknown() {
    let mut given = snapshot();
    given["nodegroups"] = json!(["workers", "other"]);
    let facts = fields(&given, "nodegroup", "other");
    for field in ["max_pods", "instance_types", "subnets", "fits_minimum", "fits_full"] {
        assert!(is_unknown(&facts[field]), "{field}");
    }
    let described = fields(&given, "nodegroup", "workers");
    assert_eq!(described["max_pods"], 29);
    assert!(is_unknown(&described["fits_full"]), "the other group may be in its way");
}

#[test]
fn the_auto_scaling_groups_of_managed_groups_are_not_listed_twice() {
    let mut given = snapshot();
    given["AutoScalingGroups"] = json!([scaling_group("eks-workers"), scaling_group("own")]);
    let listed: Vec<String> = subjects(&given, "nodegroup").into_iter().map(|subject| subject.id).collect();
    assert_eq!(listed, ["workers", "own"]);
    let own = fields(&given, "nodegroup", "own");
    assert_eq!((&own["managed"], &own["max_pods"]), (&json!(false), &json!(11)));
    assert_eq!(own["subnets"], json!(["subnet-a", "subnet-b"]));
}

#[test]
fn a_group_of_another_cluster_is_not_listed() {
    let mut given = snapshot();
    given["AutoScalingGroups"] = json!([scaling_group("other")]);
    given["AutoScalingGroups"][0]["Tags"][0]["Key"] = json!("kubernetes.io/cluster/closed-too");
    assert_eq!(subjects(&given, "nodegroup").len(), 1);
}

#[test]
fn types_chosen_by_attributes_are_not_modelled() {
    let mut given = snapshot();
    given["AutoScalingGroups"] = json!([scaling_group("own")]);
    given["AutoScalingGroups"][0]["MixedInstancesPolicy"] =
        json!({"LaunchTemplate": {"Overrides": [{"InstanceRequirements": {"VCpuCount": {"Min": 2}}}]}});
    let own = fields(&given, "nodegroup", "own");
    assert_eq!(own["instance_types"]["$unknown"][0]["kind"], "unmodelled");
}

#[test]
fn security_groups_are_the_launch_template_s_or_the_cluster_s() {
    let mut given = snapshot();
    assert_eq!(fields(&given, "nodegroup", "workers")["security_groups"], json!(["sg-cluster"]));
    given["nodegroup"][0]["launchTemplate"] = json!({"id": "lt-1", "version": "2"});
    assert!(
        is_unknown(&fields(&given, "nodegroup", "workers")["security_groups"]),
        "the version was not read"
    );
    given["LaunchTemplateVersions"] = json!([
        {"LaunchTemplateId": "lt-1", "VersionNumber": 1, "LaunchTemplateData": {"SecurityGroupIds": ["sg-old"]}},
        {"LaunchTemplateId": "lt-1", "VersionNumber": 2, "LaunchTemplateData": {"NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-own"]}]}},
    ]);
    assert_eq!(fields(&given, "nodegroup", "workers")["security_groups"], json!(["sg-own"]));
}

#[test]
fn every_subject_has_the_fields_of_its_schema() {
    for kind in ["cluster", "vpc", "subnet", "nodegroup"] {
        let schema = serde_json::to_value(schema(kind)).unwrap();
        let wanted: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let subject = subjects(&snapshot(), kind).remove(0);
        let mut given: Vec<&String> = subject.fields.as_object().unwrap().keys().collect();
        given.sort();
        assert_eq!(given, wanted, "{kind}");
        let described = schema["properties"].as_object().unwrap().values();
        assert!(described.clone().all(|field| field.get("description").is_some()), "{kind}: {schema}");
    }
}

#[test]
fn a_size_that_nobody_can_mean_is_not_taken_for_a_fact() {
    let mut given = snapshot();
    given["nodegroup"][0]["scalingConfig"]["maxSize"] = i64::MAX.into();
    let facts = fields(&given, "nodegroup", "workers");
    assert!(is_unknown(&facts["max_size"]));
    assert!(is_unknown(&facts["fits_full"]));
}

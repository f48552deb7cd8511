//! How many pods a node holds, against AWS's own table, for every type that the emulator describes.

use std::collections::{BTreeMap, BTreeSet};

use privek_audit::facts::Facts;
use privek_audit::intent::Intent;
use privek_audit::snapshot::Snapshot;
use serde_json::{Value, json};

use crate::support::emulator::{REGION, emulator};

/// Types of which AWS's table says more than its API: the table is older than the API's answer.
const OLDER_THAN_THE_API: [(&str, i64, i64); 4] = [
    ("i7ie.48xlarge", 737, 394),
    ("i7ie.metal-48xl", 737, 394),
    ("i8ge.48xlarge", 1178, 590),
    ("i8ge.metal-48xl", 1178, 590),
];

/// Types of AWS's table that the emulator does not describe.
const LACKING: [&str; 23] = [
    "bmn-sf1.metal",
    "c5a.metal",
    "c5ad.metal",
    "c7i.32xlarge",
    "cr1.8xlarge",
    "dl1.24xlarge",
    "f1.16xlarge",
    "f1.2xlarge",
    "f1.4xlarge",
    "g4ad.16xlarge",
    "g4ad.2xlarge",
    "g4ad.4xlarge",
    "g4ad.8xlarge",
    "g4ad.xlarge",
    "hs1.8xlarge",
    "p3.16xlarge",
    "p3.2xlarge",
    "p3.8xlarge",
    "u-12tb1.metal",
    "u-18tb1.metal",
    "u-24tb1.metal",
    "u-6tb1.metal",
    "u-9tb1.metal",
];

/// AWS's table: pods by type.
fn published() -> BTreeMap<String, i64> {
    let text = include_str!("../../../fixtures/recorded/max-pods/eni-max-pods.txt");
    let rows = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|row| {
        let (name, pods) = row.split_once(' ').expect("a type and a number");
        (name.to_owned(), pods.trim().parse().expect("a number"))
    })
    .collect()
}

/// Pods by type on self-managed nodes, which EKS caps nowhere.
fn computed(types: &Value) -> BTreeMap<String, Value> {
    let names =
        types.as_array().expect("types").iter().map(|one| one["InstanceType"].as_str().expect("a name"));
    let groups: Vec<Value> = names
        .map(|name| {
            json!({
                "AutoScalingGroupName": name,
                "Tags": [{"Key": "kubernetes.io/cluster/every", "Value": "owned"}],
                "MixedInstancesPolicy": {"LaunchTemplate": {"Overrides": [{"InstanceType": name}]}},
            })
        })
        .collect();
    let everything = json!(["*"]);
    let scope = json!({"AutoScalingGroups": everything, "InstanceTypes": everything, "addons": everything, "nodegroups": everything});
    let snapshot = json!({
        "snapshot_version": 1, "scope": scope, "addons": [], "nodegroups": [], "AutoScalingGroups": groups,
        "InstanceTypes": types,
        "cluster": [{"name": "every", "kubernetesNetworkConfig": {"ipFamily": "ipv4"}}],
    });
    let snapshot = Snapshot::from_json("every type", &snapshot.to_string()).expect("a snapshot");
    let facts = Facts::derive(&snapshot, &Intent::default());
    let groups = &facts.subjects("nodegroup").listed;
    groups.iter().map(|group| (group.id.clone(), group.fields["max_pods"].clone())).collect()
}

#[test]
fn max_pods_before_eks_s_cap_are_those_that_aws_publishes() {
    let answer: Value =
        serde_json::from_str(&emulator().script("instance_types.py", &[REGION])).expect("JSON");
    let computed = computed(&answer["InstanceTypes"]);
    let published = published();
    let mut wrong = Vec::new();
    let mut compared = BTreeSet::new();
    for (name, pods) in &published {
        let Some(ours) = computed.get(name) else { continue };
        compared.insert(name.as_str());
        let older = OLDER_THAN_THE_API.iter().find(|(known, ..)| known == name);
        let wanted = match older {
            Some((_, table, api)) => {
                assert_eq!(pods, table, "{name}: the table was brought up to date");
                *api
            }
            None => *pods,
        };
        if *ours != json!(wanted) {
            wrong.push(format!("{name}: AWS says {wanted}, and this {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), compared.len());
    let lacking: Vec<&str> =
        published.keys().map(String::as_str).filter(|name| !compared.contains(name)).collect();
    assert_eq!(lacking, LACKING, "rows of types that the emulator does not describe");
}

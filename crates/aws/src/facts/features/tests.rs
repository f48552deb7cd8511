//! What shows features, and what the user says about them.

use crate::facts::test_support::fixture::{Fixture, derived, is_unknown};
use crate::intent::Intent;
use serde_json::json;

fn needed(fixture: &Fixture, service: &str) -> serde_json::Value {
    fixture.fields("service", service)["needed"].clone()
}

#[test]
fn nodes_need_ec2_ecr_and_s3_and_nothing_else() {
    let needed: Vec<String> = Fixture::closed()
        .subjects("service", "")
        .into_iter()
        .filter(|service| service.fields["needed"] == json!(true))
        .map(|service| service.id)
        .collect();
    assert_eq!(needed, ["ec2", "ecr.api", "ecr.dkr", "s3"]);
}

#[test]
fn tags_that_eks_puts_on_managed_groups_do_not_show_an_autoscaler() {
    assert_eq!(needed(&Fixture::closed(), "autoscaling"), json!(false));
    let own =
        Fixture::healthy().change("AutoScalingGroups", "AutoScalingGroupName", "payments-batch", |group| {
            let tag = json!({"Key": "k8s.io/cluster-autoscaler/enabled", "Value": "true"});
            group["Tags"].as_array_mut().unwrap().push(tag);
        });
    assert_eq!(needed(&own, "autoscaling"), json!(true));
    assert!(is_unknown(
        &needed(&Fixture::closed().withhold("AutoScalingGroups"), "autoscaling"),
        "autoscaling:DescribeAutoScalingGroups"
    ));
}

#[test]
fn add_ons_associations_and_profiles_show_features() {
    let with =
        |name: &str| Fixture::closed().add("addons", json!(name)).add("addon", json!({"addonName": name}));
    assert_eq!(needed(&with("aws-efs-csi-driver"), "elasticfilesystem"), json!(true));
    assert_eq!(needed(&with("amazon-cloudwatch-observability"), "logs"), json!(true));
    assert_eq!(needed(&with("eks-pod-identity-agent"), "eks-auth"), json!(true));
    let association = Fixture::closed().add("associations", json!({"associationId": "a-1"}));
    assert_eq!(needed(&association, "eks-auth"), json!(true));
    let role = Fixture::closed().change("addon", "addonName", "vpc-cni", |addon| {
        addon["serviceAccountRoleArn"] = json!("arn:aws:iam::111122223333:role/cni");
    });
    assert_eq!(needed(&role, "sts"), json!(true));
}

#[test]
fn the_agent_s_configuration_shows_pod_identities_on_hybrid_nodes() {
    let with = |values: &str| {
        let addon = json!({"addonName": "eks-pod-identity-agent", "configurationValues": values});
        let fixture = Fixture::closed().add("addons", json!("eks-pod-identity-agent")).add("addon", addon);
        fixture.fields("service", "eks-auth")["needed_outside"].clone()
    };
    assert_eq!(with(r#"{"daemonsets":{"hybrid":{"create":true}}}"#), json!(true));
    assert_eq!(with("daemonsets:\n  hybrid-bottlerocket:\n    create: true\n"), json!(true));
    assert_eq!(with(r#"{"daemonsets":{"hybrid":{"create":false}}}"#), json!(false));
    assert_eq!(with(""), json!(false));
}

#[test]
fn what_aws_was_not_asked_is_unknown_and_what_it_cannot_show_is_assumed() {
    let unread = Fixture::closed().withhold("addons");
    assert!(is_unknown(&needed(&unread, "eks-auth"), "eks:ListAddons"));
    assert!(is_unknown(&needed(&unread, "elasticfilesystem"), "eks:ListAddons"));
    let undescribed = Fixture::closed().withhold("addon");
    assert!(is_unknown(&needed(&undescribed, "sts"), "eks:DescribeAddon"));
    let snapshot = Fixture::closed().snapshot();
    let facts = derived(&snapshot, &Intent::default());
    let said: Vec<String> =
        facts.assumptions().into_iter().filter(|text| text.contains("karpenter")).collect();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("cluster_autoscaler") && said[0].contains("irsa") && !said[0].contains("fargate"),
        "{said:?}"
    );
}

#[test]
fn the_users_word_outranks_what_aws_shows() {
    let says = |intent: &str, service: &str| {
        Fixture::closed().fields_with("service", service, intent)["needed"].clone()
    };
    assert_eq!(says("features: { karpenter: true }", "sqs"), json!(true));
    assert_eq!(says("features: { nodes: false }", "ecr.api"), json!(false));
    let unread = Fixture::closed().withhold("addons");
    assert_eq!(unread.fields_with("service", "sts", "features: { irsa: false }")["needed"], json!(false));
    assert_eq!(
        unread.fields_with("service", "sts", "features: { irsa: true }")["needed_by"],
        json!(["irsa"])
    );
}

#[test]
fn a_cluster_of_fargate_profiles_alone_has_no_nodes() {
    let mut fargate = Fixture::closed()
        .remove("nodegroup", "nodegroupName", "workers")
        .remove(
            "AutoScalingGroups",
            "AutoScalingGroupName",
            "eks-workers-2ecb3a4c-0001-4f5e-9a6b-1d2c3b4a5968",
        )
        .add("fargateProfileNames", json!("fp"))
        .add("fargateProfile", json!({"fargateProfileName": "fp", "subnets": ["subnet-0c00000000000001a"]}));
    fargate.0["nodegroups"] = json!([]);
    fargate.0["Reservations"] = json!([]);
    assert_eq!(needed(&fargate, "ec2"), json!(false));
    assert_eq!(fargate.fields("service", "ecr.api")["needed_by"], json!(["fargate"]));
    fargate.0["fargateProfileNames"] = json!([]);
    assert_eq!(needed(&fargate, "ec2"), json!(true), "nodes are still to come");
}

//! Roles of the healthy cluster, changed here and there.

use serde_json::json;

use crate::facts::test_support::fixture::{Fixture, is_unknown};

const NODE: &str = "payments-node";
const BATCH: &str = "payments-batch-node";
const CLUSTER: &str = "payments-eks-service-role";

#[test]
fn every_role_says_what_it_is_for() {
    let healthy = Fixture::healthy();
    let cluster = healthy.fields("role", CLUSTER);
    assert_eq!((&cluster["for_cluster"], &cluster["for_nodes"]), (&json!(true), &json!(false)));
    assert_eq!(cluster["used_by"], json!(["cluster payments"]));
    let batch = healthy.fields("role", BATCH);
    assert_eq!(batch["used_by"], json!(["node group payments-batch"]), "through its instance profile");
    assert_eq!(batch["wanted_entry_type"], json!("EC2_LINUX"));
}

#[test]
fn a_policy_of_ones_own_that_suffices_is_enough() {
    let batch = Fixture::healthy().fields("role", BATCH);
    for fact in ["allows_node", "allows_pull", "allows_pod_identity", "cni_served", "trusts_ec2", "mapped"] {
        assert_eq!(batch[fact], json!(true), "{fact}: {batch}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let pulls = Fixture::healthy()
        .change("AttachedRolePolicies", "RoleName", NODE, |attached| attached["AttachedPolicies"] = json!([]))
        .fields("role", NODE);
    assert_eq!(pulls["allows_pull"], json!(false));
    assert_eq!(
        pulls["pull_lacks"],
        json!(["ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"])
    );
    assert_eq!(pulls["cni_served"], json!(true), "the VPC CNI has a role of its own");
}

#[test]
fn an_unread_policy_can_allow_and_can_forbid() {
    let inline = Fixture::healthy().withhold("RolePolicyNames").fields("role", NODE);
    assert!(is_unknown(&inline["allows_pull"], "iam:ListRolePolicies"), "{inline}");
    let attached = Fixture::healthy().withhold("AttachedRolePolicies").fields("role", NODE);
    assert!(is_unknown(&attached["allows_node"], "iam:ListAttachedRolePolicies"), "{attached}");
    let role = Fixture::healthy().withhold("Role").fields("role", NODE);
    assert!(is_unknown(&role["allows_pull"], "iam:GetRole"), "a boundary may stand in the way: {role}");
}

#[test]
fn a_policy_of_ones_own_may_stand_in_for_those_of_auto_mode_whatever_its_statements_are_called() {
    let allows = |names: serde_json::Value| {
        let auto_mode = Fixture::healthy()
            .change("cluster", "name", "payments", |cluster| {
                cluster["computeConfig"] = json!({"enabled": true});
            })
            .change("RolePolicyNames", "RoleName", CLUSTER, |listed| listed["PolicyNames"] = names.clone())
            .add(
                "RolePolicies",
                json!({"RoleName": CLUSTER, "PolicyName": "own", "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Sid": "AmazonEKSClusterPolicy", "Effect": "Allow", "Action": "*", "Resource": "*"}],
                }}),
            );
        auto_mode.fields("role", CLUSTER)["allows_auto_mode"].clone()
    };
    assert_eq!(allows(json!([])), json!(false));
    assert!(is_unknown(&allows(json!(["own"])), "in place of"));
}

#[test]
fn in_china_either_name_of_ec2_will_do() {
    let trusting = |service: &str| {
        let healthy = Fixture::healthy()
            .change("Role", "RoleName", NODE, |role| {
                role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] = json!(service);
            })
            .change("cluster", "name", "payments", |cluster| {
                cluster["arn"] = json!("arn:aws-cn:eks:cn-north-1:111122223333:cluster/payments");
            });
        healthy.fields("role", NODE)["trusts_ec2"].clone()
    };
    assert_eq!(trusting("ec2.amazonaws.com.cn"), json!(true));
    assert_eq!(trusting("ec2.amazonaws.com"), json!(true));
    assert_eq!(trusting("lambda.amazonaws.com"), json!(false));
}

/// Whether EKS Pod Identity may assume the role of the healthy cluster's association.
fn pod_trust(
    condition: &serde_json::Value,
    actions: &serde_json::Value,
    tags_off: bool,
) -> serde_json::Value {
    let healthy = Fixture::healthy()
        .change("association", "associationId", "a-0a000000000000001", |association| {
            association["disableSessionTags"] = json!(tags_off);
        })
        .change("Role", "RoleName", "payments-ledger-writer", |role| {
            let statement = &mut role["AssumeRolePolicyDocument"]["Statement"][0];
            statement["Condition"] = condition.clone();
            statement["Action"] = actions.clone();
        });
    healthy.fields("role", "payments-ledger-writer")["trusts_pod_identity"].clone()
}

#[test]
fn pod_identity_sends_session_tags_unless_they_are_turned_off() {
    let both = json!(["sts:AssumeRole", "sts:TagSession"]);
    let namespace = |name: &str| json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": name}});
    assert_eq!(pod_trust(&namespace("ledger"), &both, false), json!(true));
    assert_eq!(pod_trust(&namespace("other"), &both, false), json!(false));
    assert_eq!(pod_trust(&namespace("ledger"), &both, true), json!(false), "no tags, no condition on them");
    let absent = json!({"Null": {"aws:RequestTag/kubernetes-pod-name": "true"}});
    assert_eq!(pod_trust(&absent, &both, false), json!(false));
    assert_eq!(pod_trust(&absent, &both, true), json!(true));
    let assume = json!("sts:AssumeRole");
    assert_eq!(pod_trust(&json!({}), &assume, false), json!(false), "session tags need sts:TagSession");
    assert_eq!(pod_trust(&json!({}), &assume, true), json!(true));
}

#[test]
fn eks_names_its_cluster_and_account_when_it_assumes_the_clusters_role() {
    let trusted = |condition: serde_json::Value| {
        let healthy = Fixture::healthy().change("Role", "RoleName", CLUSTER, |role| {
            role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] = condition.clone();
        });
        healthy.fields("role", CLUSTER)["trusts_eks"].clone()
    };
    let arn = |name: &str| format!("arn:aws:eks:ap-northeast-1:111122223333:cluster/{name}");
    assert_eq!(trusted(json!({"ArnLike": {"aws:SourceArn": arn("payments")}})), json!(true));
    assert_eq!(trusted(json!({"ArnLike": {"aws:SourceArn": arn("other")}})), json!(false));
    assert_eq!(trusted(json!({"StringEquals": {"aws:SourceAccount": "111122223333"}})), json!(true));
    assert_eq!(trusted(json!({"StringEquals": {"aws:SourceAccount": "444455556666"}})), json!(false));
}

#[test]
fn each_user_of_a_role_has_its_own_verdict() {
    let association = |fixture: Fixture, account: &str, role: &str| {
        fixture
            .add("associations", json!({"associationId": "a-9", "clusterName": "payments", "namespace": "batch", "serviceAccount": account}))
            .add("association", json!({"associationId": "a-9", "clusterName": "payments", "namespace": "batch", "serviceAccount": account,
                "roleArn": format!("arn:aws:iam::111122223333:role/{role}")}))
    };
    let node = association(Fixture::healthy(), "job", NODE).fields("role", NODE);
    assert_eq!((&node["trusts_ec2"], &node["ec2_trust_problem"]), (&json!(true), &json!(null)));
    assert_eq!(node["trusts_pod_identity"], json!(false));
    assert_eq!(node["trust_policy"], json!(null), "no policy is suggested for two users");
}

#[test]
fn a_trust_policy_may_ask_whether_a_service_or_a_principal_of_the_organization_calls() {
    let perimeter = json!({"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"], "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}});
    let within = |role: &str| {
        let fixture = Fixture::healthy().change("Role", "RoleName", role, |role| {
            role["AssumeRolePolicyDocument"]["Statement"].as_array_mut().unwrap().push(perimeter.clone());
        });
        fixture.fields("role", role)
    };
    assert_eq!(within(NODE)["trusts_ec2"], json!(true), "EC2 is a service");
    let cni = within("payments-vpc-cni");
    assert_eq!(cni["trusts_service_accounts"], json!(false), "a web identity is in no organization: {cni}");
}

#[test]
fn a_suggested_trust_policy_admits_the_service_accounts_of_the_add_on_only() {
    let cni = Fixture::healthy().fields("role", "payments-vpc-cni");
    let policy: serde_json::Value = serde_json::from_str(cni["trust_policy"].as_str().unwrap()).unwrap();
    let condition = policy["Statement"][0]["Condition"]["StringEquals"].as_object().unwrap();
    let subject = condition.iter().find(|(key, _)| key.ends_with(":sub")).unwrap().1;
    assert_eq!(*subject, json!(["system:serviceaccount:kube-system:aws-node"]));
}

#[test]
fn what_denies_an_action_is_no_lack_of_a_policy() {
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Sid": "NoImages", "Effect": "Deny", "Action": "ecr:*", "Resource": "*"}]});
    let node = Fixture::healthy()
        .change("RolePolicyNames", "RoleName", NODE, |listed| listed["PolicyNames"] = json!(["guard"]))
        .add("RolePolicies", json!({"RoleName": NODE, "PolicyName": "guard", "PolicyDocument": deny}))
        .fields("role", NODE);
    assert_eq!((&node["allows_pull"], &node["pull_lacks"]), (&json!(false), &json!([])));
    assert_eq!(
        node["pull_denied"],
        json!([
            "statement NoImages of policy guard denies ecr:BatchGetImage, ecr:GetAuthorizationToken, ecr:GetDownloadUrlForLayer"
        ])
    );
}

#[test]
fn a_boundary_that_allows_too_little_is_named() {
    let boundary = "arn:aws:iam::111122223333:policy/payments-batch-node";
    let batch = Fixture::healthy()
        .change("Role", "RoleName", BATCH, |role| {
            role["PermissionsBoundary"] = json!({"PermissionsBoundaryArn": boundary});
        })
        .fields("role", BATCH);
    let denied = batch["pull_denied"][0].as_str().unwrap();
    assert!(denied.starts_with("permissions boundary payments-batch-node does not allow ecr:"), "{denied}");
}

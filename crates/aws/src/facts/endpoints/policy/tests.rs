//! What endpoint policies do to a cluster, judged on the healthy one.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::Fixture;

const S3: &str = "vpce-0a000000000000005";
const ECR: &str = "vpce-0a0000000000000e1";
const EC2: &str = "vpce-0a0000000000000e0";
const STS: &str = "vpce-0a0000000000000e3";

/// The facts of a service under a policy of one statement or more.
fn under(endpoint: &str, service: &str, statements: &Value) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let healthy = Fixture::healthy().change("VpcEndpoints", "VpcEndpointId", endpoint, |endpoint| {
        endpoint["PolicyDocument"] = json!(policy);
    });
    healthy.fields("service", service)
}

fn everything(condition: &Value) -> Value {
    json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}])
}

fn problem(facts: &Value) -> &str {
    assert_eq!(facts["policy_allows"], json!(false), "{facts}");
    facts["policy_problem"].as_str().unwrap()
}

#[test]
fn the_layer_bucket_takes_no_condition_on_the_owners_organisation_or_account() {
    for condition in [
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}),
        json!({"StringEquals": {"aws:ResourceOrgID": "o-mine"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}),
        json!({"StringEquals": {"aws:ResourceAccount": "111122223333"}}),
        json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}),
        json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
    ] {
        let facts = under(S3, "s3", &everything(&condition));
        assert!(problem(&facts).contains("starport-layer-bucket"), "{condition}: {facts}");
    }
    for condition in [
        json!({"StringEquals": {"aws:SourceVpc": "vpc-0a000000000000001"}}),
        json!({"StringEquals": {"aws:SourceVpce": S3}}),
        json!({"Bool": {"aws:SecureTransport": true}}),
        json!({"StringEquals": {"aws:RequestedRegion": "ap-northeast-1"}}),
    ] {
        let facts = under(S3, "s3", &everything(&condition));
        assert_eq!(facts["policy_allows"], json!(true), "{condition}: {facts}");
    }
    let strangers = under(S3, "s3", &everything(&json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}})));
    assert!(problem(&strangers).contains("aws:SourceVpc, which is vpc-0a000000000000001"));
}

#[test]
fn a_guard_for_the_organisation_denies_layers_too() {
    let facts = under(
        S3,
        "s3",
        &json!([
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
            {"Sid": "Perimeter", "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
             "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}}},
        ]),
    );
    assert!(problem(&facts).contains("statement Perimeter denies s3:GetObject"), "{facts}");
}

#[test]
fn images_of_eks_come_from_its_own_account() {
    let pull = |account: &str, condition: Value| {
        under(
            ECR,
            "ecr.api",
            &json!([
                {"Effect": "Allow", "Principal": "*", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
                {"Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                 "Resource": format!("arn:aws:ecr:ap-northeast-1:{account}:repository/*"), "Condition": condition},
            ]),
        )
    };
    let own = pull("111122223333", json!({}));
    assert!(problem(&own).contains("ap-northeast-1:602401143452:repository/*"), "{own}");
    assert_eq!(own["policy_lacks"], json!([]), "its own images are allowed: {own}");
    let eks = pull("602401143452", json!({}));
    assert_eq!(eks["policy_allows"], json!(true), "{eks}");
    assert_eq!(eks["policy_allows_more"], json!(false));
    assert!(eks["policy_lacks"][0].as_str().unwrap().starts_with("images of this account's own"), "{eks}");
    let organisation = pull("*", json!({"StringEquals": {"aws:ResourceOrgID": "o-mine"}}));
    assert!(problem(&organisation).contains("aws:ResourceOrgID, which has the value of an AWS account"));
    let account =
        pull("*", json!({"StringEquals": {"aws:ResourceAccount": ["111122223333", "602401143452"]}}));
    assert_eq!(account["policy_allows"], json!(true), "{account}");
    let no_token = under(
        ECR,
        "ecr.api",
        &json!([{"Effect": "Allow", "Principal": "*", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/*"}]),
    );
    assert!(problem(&no_token).contains("no statement allows ecr:GetAuthorizationToken"), "{no_token}");
}

#[test]
fn a_role_of_the_account_is_in_its_account_and_perhaps_in_an_organisation() {
    let allows = |condition: Value| under(EC2, "ec2", &everything(&condition))["policy_allows"].clone();
    assert_eq!(allows(json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}})), json!(true));
    assert_eq!(allows(json!({"StringEquals": {"aws:PrincipalAccount": "444455556666"}})), json!(false));
    assert_eq!(allows(json!({"Bool": {"aws:PrincipalIsAWSService": "false"}})), json!(true));
    assert!(allows(json!({"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}))["$unknown"].is_array());
    assert_eq!(allows(json!({"StringEquals": {"aws:SourceIp": "10.0.0.1"}})), json!(false));
}

#[test]
fn who_trades_a_token_at_sts_has_no_aws_identity() {
    for condition in [
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}),
        json!({"StringEquals": {"aws:PrincipalAccount": "111122223333"}}),
    ] {
        let facts = under(STS, "sts", &everything(&condition));
        assert!(problem(&facts).contains("which the request does not contain"), "{facts}");
    }
    let facts =
        under(STS, "sts", &everything(&json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-mine"}})));
    assert_eq!(facts["policy_allows"], json!(true), "{facts}");
    let named = json!([{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "*", "Resource": "*"}]);
    problem(&under(STS, "sts", &named));
}

#[test]
fn a_service_without_policies_refuses_nothing() {
    let bare = Fixture::healthy()
        .change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| endpoint["PolicyDocument"] = json!("{}"))
        .change("ServiceDetails", "ServiceName", "com.amazonaws.ap-northeast-1.ec2", |detail| {
            detail["VpcEndpointPolicySupported"] = json!(false);
        });
    assert_eq!(bare.fields("service", "ec2")["policy_allows"], json!(true));
}

/// The facts of EC2's endpoint under a policy, where nobody but nodes and the VPC CNI call EC2.
fn ec2_of_nodes(statements: &Value) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let healthy = Fixture::healthy().change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| {
        endpoint["PolicyDocument"] = json!(policy);
    });
    healthy.fields_with("service", "ec2", "features: { irsa: true }")
}

#[test]
fn each_caller_is_judged_by_its_own_role() {
    let roles = |names: &[&str]| {
        let arns: Vec<String> =
            names.iter().map(|name| format!("arn:aws:iam::111122223333:role/{name}")).collect();
        ec2_of_nodes(
            &json!([{"Effect": "Allow", "Principal": {"AWS": arns}, "Action": "*", "Resource": "*"}]),
        )
    };
    let cni = roles(&["payments-vpc-cni"]);
    assert_eq!(
        problem(&cni),
        "nodes: no statement allows ec2:DescribeInstances: Statement[0] names the principal arn:aws:iam::111122223333:role/payments-vpc-cni",
        "{cni}"
    );
    let one = roles(&["payments-vpc-cni", "payments-node"]);
    assert!(problem(&one).ends_with("(called by IAM role payments-batch-node)"), "{one}");
    let all = roles(&["payments-vpc-cni", "payments-node", "payments-batch-node"]);
    assert_eq!(all["policy_allows"], json!(true), "{all}");
}

#[test]
fn one_reason_is_told_once_with_all_its_actions() {
    let facts = ec2_of_nodes(&json!([
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Sid": "Frozen", "Effect": "Deny", "Principal": "*",
         "Action": ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface"], "Resource": "*"},
    ]));
    assert_eq!(
        problem(&facts),
        "the VPC CNI: statement Frozen denies ec2:AttachNetworkInterface, ec2:DetachNetworkInterface"
    );
}

#[test]
fn addresses_are_those_of_the_callers_subnets() {
    let at = |cidr: Value| {
        ec2_of_nodes(&everything(&json!({"IpAddress": {"aws:VpcSourceIp": cidr}})))["policy_allows"].clone()
    };
    assert_eq!(at(json!("10.20.0.0/16")), json!(true));
    assert_eq!(at(json!("172.16.0.0/12")), json!(false));
    // Two of the three node subnets do not do; the VPC CNI has the addresses of its nodes.
    assert_eq!(at(json!(["10.20.16.0/20", "10.20.32.0/20"])), json!(false));
}

#[test]
fn a_feature_of_which_nothing_is_listed_leaves_a_policy_in_doubt() {
    let healthy = Fixture::healthy().change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| {
        endpoint["PolicyDocument"] = json!(
            json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ec2:Describe*", "Resource": "*"}}).to_string()
        );
    });
    let nodes = healthy.fields_with("service", "ec2", "features: { auto_mode: true, nodes: false }");
    assert!(nodes["policy_allows"]["$unknown"].to_string().contains("actions within ec2:*"), "{nodes}");
}

/// The CIDRs of the node subnets of the healthy cluster.
const NODES: [&str; 3] = ["10.20.16.0/20", "10.20.32.0/20", "10.20.48.0/20"];

#[test]
fn pods_have_addresses_of_the_subnets_with_pods() {
    let at = |cidrs: &[&str]| {
        let condition = json!({"IpAddress": {"aws:VpcSourceIp": cidrs}});
        (ec2_of_nodes(&everything(&condition)), under(STS, "sts", &everything(&condition)))
    };
    let (cni, pods) = at(&NODES);
    assert_eq!(cni["policy_allows"], json!(true), "{cni}");
    assert_eq!(pods["policy_allows"], json!(true), "{pods}");
    let (_, pods) = at(&NODES[..2]);
    assert!(problem(&pods).contains("called by clients with addresses in 10.20.48.0/20"), "{pods}");
}

/// The facts of EC2's endpoint for a feature whose actions are not listed.
fn unlisted(statements: &Value) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let healthy = Fixture::healthy().change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| {
        endpoint["PolicyDocument"] = json!(policy);
    });
    healthy.fields_with("service", "ec2", "features: { auto_mode: true, nodes: false }")
}

#[test]
fn what_allows_nothing_of_a_service_denies_every_feature() {
    let elsewhere = unlisted(&everything(&json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}})));
    assert!(problem(&elsewhere).contains("aws:SourceVpc, which is vpc-0a000000000000001"), "{elsewhere}");
    let other = unlisted(&json!([{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]));
    assert!(problem(&other).contains("no statement allows ec2:*"), "{other}");
    let region = unlisted(&everything(&json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})));
    assert!(problem(&region).contains("aws:RequestedRegion, which is ap-northeast-1"), "{region}");
    let within = unlisted(&everything(&json!({"IpAddress": {"aws:VpcSourceIp": "10.20.0.0/16"}})));
    assert_eq!(within["policy_allows"], json!(true), "{within}");
    // Pods may use roles and resources of other accounts.
    for condition in [
        json!({"StringEquals": {"aws:PrincipalAccount": "444455556666"}}),
        json!({"StringEquals": {"aws:ResourceAccount": "444455556666"}}),
        json!({"StringEquals": {"aws:PrincipalOrgID": "o-mine"}}),
    ] {
        let facts = unlisted(&everything(&condition));
        assert!(facts["policy_allows"]["$unknown"].is_array(), "{condition}: {facts}");
    }
    let principal =
        json!([{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "*", "Resource": "*"}]);
    assert!(unlisted(&principal)["policy_allows"]["$unknown"].is_array());
}

#[test]
fn a_token_at_sts_is_of_the_clusters_issuer() {
    let issuer = "oidc.eks.ap-northeast-1.amazonaws.com/id/9F8E7D6C5B4A39281706F5E4D3C2B1A0";
    let allows = |statement: Value| under(STS, "sts", &json!([statement]))["policy_allows"].clone();
    let federated = |provider: &str, condition: Value| {
        allows(json!({"Effect": "Allow", "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity", "Resource": "*", "Condition": condition}))
    };
    let own = format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    for (provider, condition, expected) in [
        ("*", json!({"StringEquals": {"aws:ResourceAccount": "111122223333"}}), true),
        (own.as_str(), json!({"StringEquals": {format!("{issuer}:aud"): "sts.amazonaws.com"}}), true),
        ("*", json!({"StringEquals": {format!("{issuer}:aud"): "other"}}), false),
        (
            "*",
            json!({"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/B:aud": "sts.amazonaws.com"}}),
            false,
        ),
        ("arn:aws:iam::111122223333:oidc-provider/other", json!({}), false),
        ("*", json!({"StringEquals": {"aws:ResourceAccount": "444455556666"}}), false),
    ] {
        assert_eq!(federated(provider, condition.clone()), json!(expected), "{provider}: {condition}");
    }
    let one = json!({"StringLike": {format!("{issuer}:sub"): "system:serviceaccount:payments:*"}});
    assert!(federated("*", one)["$unknown"].is_array());
}

#[test]
fn subnets_of_a_shared_vpc_are_resources_of_the_owner() {
    let shared = |accounts: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": everything(&json!({"StringEquals": {"aws:ResourceAccount": accounts}}))});
        let healthy = Fixture::healthy()
            .change("VpcEndpoints", "VpcEndpointId", EC2, |endpoint| {
                endpoint["PolicyDocument"] = json!(policy.to_string());
            })
            .change("Vpcs", "VpcId", "vpc-0a000000000000001", |vpc| vpc["OwnerId"] = json!("222233334444"));
        healthy.fields_with("service", "ec2", "features: { irsa: true }")
    };
    assert!(problem(&shared(json!("111122223333"))).contains("subnet/*"));
    assert_eq!(shared(json!(["111122223333", "222233334444"]))["policy_allows"], json!(true));
}

/// The facts of EKS's endpoint where the nodes of one group ask the EKS API when they start.
fn eks_of_nodes(statements: &Value, intent: &str) -> Value {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let healthy = Fixture::healthy()
        .change("VpcEndpoints", "VpcEndpointId", "vpce-0a0000000000000e4", |endpoint| {
            endpoint["PolicyDocument"] = json!(policy);
        })
        .change("LaunchTemplateVersions", "LaunchTemplateId", "lt-0a0000000000000d3", |template| {
            template["LaunchTemplateData"]["UserData"] =
                json!({"Agents": ["bootstrap.sh"], "ClusterName": "payments", "Formats": ["Shell"]});
        });
    healthy.fields_with("service", "eks", intent)
}

#[test]
fn nodes_ask_the_eks_api_with_the_roles_of_their_groups() {
    const SHOWN: &str = "features: { irsa: true }";
    let only = |name: &str| {
        json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::111122223333:role/{name}")},
            "Action": "eks:DescribeCluster", "Resource": "*"}])
    };
    let own = eks_of_nodes(&only("payments-batch-node"), SHOWN);
    assert_eq!(own["policy_allows"], json!(true), "{own}");
    let other = eks_of_nodes(&only("payments-node"), SHOWN);
    assert!(problem(&other).contains("names the principal"), "{other}");
    // What else calls the EKS API, where that is declared, has some role.
    let declared = eks_of_nodes(&only("payments-batch-node"), "features: { irsa: true, eks_api: true }");
    assert!(declared["policy_allows"]["$unknown"].is_array(), "{declared}");
}

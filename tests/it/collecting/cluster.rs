//! What a collection reads, in which order, and what it makes of calls that fail.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use privek_audit::collect::aws::{
    AwsOptions, Environment, SdkConfig, collect, loader, operations::OPERATIONS,
};
use privek_audit::collect::{CollectError, Progress, Silent};
use privek_audit::snapshot::Snapshot;
use tokio::sync::Barrier;

use crate::support::recorded::{self, CLUSTER, FAR, VPC};
use crate::support::replay::{Answer, Replay, Request};

/// A configuration for a server, whatever the environment of the tests says.
pub async fn config(url: &str, environment: &Environment) -> SdkConfig {
    let options = AwsOptions { profile: None, region: Some("eu-west-1".to_owned()) };
    let credentials = Credentials::new("AKIATEST", "secret", None, None, "test");
    loader(&options, environment)
        .unwrap()
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .load()
        .await
}

async fn collected(replay: &Replay) -> Result<Snapshot, CollectError> {
    let config = config(&replay.url(), &Environment::default()).await;
    collect(&config, CLUSTER, "2026-11-20T00:00:00Z".to_owned(), &Silent).await
}

/// The recorded answers, but for those that this function changes.
async fn replay(change: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> Replay {
    Replay::start(move |request| change(request).unwrap_or_else(|| recorded::answer(request))).await
}

#[tokio::test]
async fn every_operation_of_the_list_but_list_clusters_is_used_and_fills_its_collection() {
    let server = replay(|_| None).await;
    let snapshot = collected(&server).await.unwrap();
    for operation in OPERATIONS {
        let used = server.count(operation.operation);
        assert_eq!(
            used == 0,
            operation.operation == "ListClusters",
            "{} was called {used} times",
            operation.iam_action
        );
    }
    let json = serde_json::to_value(&snapshot).unwrap();
    for collection in privek_audit::snapshot::aws::COLLECTIONS {
        assert!(json[collection.key].is_array(), "{} was not read", collection.key);
    }
    assert_eq!(snapshot.header.account.as_deref(), Some("111122223333"));
    assert_eq!(snapshot.header.collected_at.as_deref(), Some("2026-11-20T00:00:00Z"));
    let elsewhere: Vec<_> =
        snapshot.header.gaps.iter().map(|gap| (gap.code.as_str(), gap.resource.as_deref())).collect();
    assert_eq!(elsewhere, [("OtherAccount", Some("vpc-foreign"))]);
    assert!(snapshot.header.gaps[0].message.contains("999988887777"));
}

#[tokio::test]
async fn answers_keep_aws_names_and_what_aws_left_out_stays_absent() {
    let snapshot = collected(&replay(|_| None).await).await.unwrap();
    let json = serde_json::to_value(&snapshot).unwrap();
    let vpc_config = &json["cluster"][0]["resourcesVpcConfig"];
    assert_eq!(vpc_config["clusterSecurityGroupId"], "sg-cluster");
    assert_eq!(vpc_config["endpointPrivateAccess"], true);
    assert_eq!(json["VpcAttributes"][0]["EnableDnsSupport"]["Value"], true);
    assert_eq!(json["VpcAttributes"][0]["EnableDnsHostnames"]["Value"], false);
    let subnets = json["Subnets"].as_array().unwrap();
    let ids: Vec<_> = subnets.iter().map(|subnet| subnet["SubnetId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["subnet-a", "subnet-c", "subnet-far"], "both pages and the far side, sorted");
    assert_eq!(subnets[0]["AvailableIpAddressCount"], 250);
    assert!(subnets[1]["AvailableIpAddressCount"].is_null(), "AWS did not say");
    assert_eq!(json["NetworkAcls"][0]["Entries"][0]["PortRange"]["From"], 443);
    assert_eq!(json["InternetGateways"], serde_json::json!([]), "read, and there are none");
    assert_eq!(json["EgressOnlyInternetGateways"][0]["Attachments"][0]["State"], "attached");
    assert_eq!(json["NatGateways"][0]["NatGatewayAddresses"][0]["PublicIp"], "203.0.113.5");
    assert_eq!(json["NatGateways"][0]["ConnectivityType"], "public");
    let address = &json["NetworkInterfaces"][0]["PrivateIpAddresses"][0];
    assert_eq!(address["Association"]["PublicIp"], "203.0.113.6");
    let near = json["Vpcs"].as_array().unwrap().iter().find(|vpc| vpc["VpcId"] == VPC).unwrap();
    assert_eq!(near["BlockPublicAccessStates"]["InternetGatewayBlockMode"], "block-ingress");
    assert_eq!(json["TransitGatewayRoutes"][0]["AdditionalRoutesAvailable"], true);
    assert_eq!(json["TransitGatewayAttachments"].as_array().unwrap().len(), 2);
    assert_eq!(json["nodegroups"], serde_json::json!(["blue", "green"]));
    assert_eq!(json["VpcEndpoints"][1]["State"], "available", "as AWS spells it");
    let types = json["InstanceTypes"].as_array().unwrap();
    let types: Vec<_> = types.iter().map(|kind| kind["InstanceType"].as_str().unwrap()).collect();
    assert_eq!(types, ["c6i.large", "m6i.large", "t3.small"], "of node groups, templates and mixed groups");
    let entries = json["PrefixListEntries"].as_array().unwrap();
    let lists: Vec<_> = entries.iter().map(|list| list["PrefixListId"].as_str().unwrap()).collect();
    assert_eq!(
        lists,
        ["pl-corp", "pl-ddb", "pl-s3"],
        "of a group, of a gateway endpoint without routes, of a route"
    );
    assert_eq!(json["cluster"][0]["createdAt"], "2025-05-29T00:00:00Z");
    assert_eq!(json["clusterVersions"][0]["endOfStandardSupportDate"], "2026-07-29T00:00:00Z");
    assert_eq!(json["principalAccessPolicies"][0]["principalArn"], "arn:aws:iam::111122223333:role/node");
    assert_eq!(json["association"][0]["roleArn"], "arn:aws:iam::111122223333:role/cni");
    assert_eq!(json["capability"][0]["configuration"]["argoCd"]["networkAccess"]["vpceIds"][0], "vpce-argo");
    assert_eq!(json["HostedZonesByVPC"][0]["VPCId"], VPC, "which AWS leaves out");
    assert_eq!(
        json["HostedZonesByVPC"][0]["HostedZoneSummaries"][0]["Owner"]["OwningAccount"],
        "111122223333"
    );
    let zones = json["ResourceRecordSetsByZone"].as_array().unwrap();
    assert_eq!(zones.len(), 1, "neither the owner's own domain nor an AWS service's zone");
    let records = &zones[0]["ResourceRecordSets"];
    assert_eq!((&records[0]["Name"], &records[0]["Type"]), (&"*.eks.amazonaws.com.".into(), &"CNAME".into()));
    assert_eq!(records[1]["AliasTarget"]["DNSName"], "vpce-1.example.", "on the second page");
    assert!(
        snapshot.header.covers("ResourceRecordSetsByZone", "Z2")
            && !snapshot.header.covers("ResourceRecordSetsByZone", "Z1")
    );
    assert_eq!(json["FirewallRules"].as_array().unwrap().len(), 2);
    let lists = json["FirewallDomainsByList"].as_array().unwrap();
    assert_eq!(lists.len(), 1, "AWS does not show its own lists");
    assert_eq!(lists[0]["Domains"][0], "*.amazonaws.com.");
    assert_eq!(json["ProfileResourceAssociations"][0]["ProfileId"], "rp-1");
    assert_eq!(json["KeyMetadata"][0]["KeyState"], "Enabled");
    let offered: Vec<_> =
        json["InstanceTypeOfferings"].as_array().unwrap().iter().map(|o| &o["InstanceType"]).collect();
    assert_eq!(offered, ["c6i.large", "m6i.large", "t3.small"]);
    assert!(!json.to_string().contains("c2VjcmV0"), "neither user data nor certificates are kept");
}

#[tokio::test]
async fn the_scope_names_what_was_read_and_the_far_side_is_part_of_it() {
    let snapshot = collected(&replay(|_| None).await).await.unwrap();
    for key in ["Vpcs", "Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "NetworkInterfaces"] {
        assert!(snapshot.header.covers(key, VPC) && snapshot.header.covers(key, FAR), "{key}");
        assert!(!snapshot.header.covers(key, "vpc-foreign"), "{key}");
    }
    for key in ["VpcAttributes", "VpcEndpoints", "NatGateways", "VpcPeeringConnections"] {
        assert!(snapshot.header.covers(key, VPC) && !snapshot.header.covers(key, FAR), "{key}");
    }
    for key in ["cluster", "nodegroups", "nodegroup", "addon", "Reservations", "AutoScalingGroups"] {
        assert!(snapshot.header.covers(key, CLUSTER), "{key}");
    }
    assert!(
        snapshot.header.covers("ServiceDetails", "anything")
            && snapshot.header.covers("ResolverEndpoints", "anything")
    );
    assert!(
        snapshot.header.covers("TransitGatewayRoutes", "tgw-rtb-1")
            && snapshot.header.covers("LaunchTemplateVersions", "lt-1")
    );
    assert!(
        snapshot.header.covers("InstanceTypes", "t3.small")
            && !snapshot.header.covers("InstanceTypes", "t3.large")
    );
    assert!(
        snapshot.header.covers("DhcpOptions", "dopt-1") && !snapshot.header.covers("DhcpOptions", "default")
    );
}

#[tokio::test]
async fn each_operation_that_is_denied_is_a_gap_with_its_permission_and_stops_nothing_else() {
    let deny = Arc::new(Mutex::new(""));
    let denying = deny.clone();
    let server = replay(move |request| {
        let denied = OPERATIONS.iter().find(|known| known.operation == *denying.lock().unwrap())?;
        let code = if denied.service == "ec2" { "UnauthorizedOperation" } else { "AccessDeniedException" };
        (request.operation == denied.operation).then(|| Answer::error(denied.operation, 403, code, "not you"))
    });
    let config = config(&server.await.url(), &Environment::default()).await;
    let indispensable = ["DescribeCluster", "ListClusters"];
    for denied in OPERATIONS.iter().filter(|known| !indispensable.contains(&known.operation)) {
        *deny.lock().unwrap() = denied.operation;
        let snapshot = collect(&config, CLUSTER, String::new(), &Silent).await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{}: {error}", denied.iam_action));
        let gaps: Vec<_> = snapshot
            .header
            .gaps
            .iter()
            .filter(|gap| gap.operation == denied.operation && gap.code != "OtherAccount")
            .collect();
        assert!(!gaps.is_empty(), "{} left no gap", denied.iam_action);
        for gap in gaps {
            assert_eq!(gap.permission.as_deref(), Some(denied.iam_action), "{gap:?}");
            assert_eq!(gap.message, "not you");
        }
        let json = serde_json::to_value(&snapshot).unwrap();
        for collection in privek_audit::snapshot::aws::COLLECTIONS {
            let (key, from_denied) = (collection.key, collection.operation == denied.operation);
            let expected = from_denied || follows_from(key, denied.operation);
            assert_eq!(json[key].is_null(), expected, "{key} without {}", denied.iam_action);
        }
    }
}

/// Collections that cannot be asked for without the answer of another operation.
fn follows_from(key: &str, operation: &str) -> bool {
    matches!(
        (key, operation),
        ("nodegroup", "ListNodegroups")
            | ("fargateProfile", "ListFargateProfiles")
            | ("addon", "ListAddons")
            | ("accessEntry" | "principalAccessPolicies", "ListAccessEntries")
            | ("association", "ListPodIdentityAssociations")
            | ("capability", "ListCapabilities")
            | ("certificateAuthority", "ListCertificateAuthorities")
            | ("ProfileResourceAssociations", "ListProfileAssociations")
            | ("ResourceRecordSetsByZone", "ListHostedZonesByVPC")
            | ("FirewallRules", "ListFirewallRuleGroupAssociations")
            | (
                "FirewallDomainLists" | "FirewallDomainsByList",
                "ListFirewallRuleGroupAssociations" | "ListFirewallRules"
            )
            | (
                "ClientVpnTargetNetworks" | "ClientVpnRoutes" | "ClientVpnAuthorizationRules",
                "DescribeClientVpnEndpoints"
            )
            | ("DhcpOptions", "DescribeVpcs")
            | ("InstanceProfile", "DescribeInstances")
            | ("OpenIDConnectProvider", "ListOpenIDConnectProviders")
            | ("Policy" | "PolicyVersions", "ListAttachedRolePolicies")
            | ("PolicyVersions", "GetPolicy")
            | ("RolePolicies", "ListRolePolicies")
            | ("ResolverEndpointIpAddresses", "ListResolverEndpoints")
    )
}

#[tokio::test]
async fn html_pages_are_gaps_with_their_status() {
    let server = replay(|request| match request.operation.as_str() {
        "ListAddons" => Some(Answer::html(404)),
        "DescribeSubnets" => Some(Answer::html(500)),
        "DescribeVpcs" => Some(Answer::html(200)),
        _ => None,
    });
    let snapshot = collected(&server.await).await.unwrap();
    let code = |operation: &str| {
        snapshot.header.gaps.iter().find(|gap| gap.operation == operation).map(|gap| gap.code.as_str())
    };
    assert_eq!(code("ListAddons"), Some("HTTP 404"));
    assert_eq!(code("DescribeSubnets"), Some("HTTP 500"));
    assert_eq!(code("DescribeVpcs"), Some("Malformed"));
    assert!(snapshot.aws.addons.is_none() && snapshot.aws.subnets.is_none() && snapshot.aws.vpcs.is_none());
}

#[tokio::test]
async fn a_throttled_call_is_tried_again() {
    let refused = Mutex::new(0);
    let server = replay(move |request| {
        let mut refused = refused.lock().unwrap();
        if request.operation != "DescribeRouteTables" || *refused == 2 {
            return None;
        }
        *refused += 1;
        Some(Answer::error("DescribeRouteTables", 503, "RequestLimitExceeded", "slow down"))
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(snapshot.header.covers("RouteTables", VPC));
    assert!(!snapshot.header.gaps.iter().any(|gap| gap.operation == "DescribeRouteTables"));
}

#[tokio::test]
async fn a_call_that_stays_throttled_is_a_gap_after_three_attempts() {
    let server = replay(|request| {
        let throttled = request.operation == "DescribeNatGateways";
        throttled.then(|| Answer::error("DescribeNatGateways", 503, "RequestLimitExceeded", "slow down"))
    })
    .await;
    let snapshot = collected(&server).await.unwrap();
    let gap = snapshot.header.gaps.iter().find(|gap| gap.operation == "DescribeNatGateways").unwrap();
    assert_eq!(
        (gap.code.as_str(), gap.permission.as_deref(), gap.resource.as_deref()),
        ("RequestLimitExceeded", None, Some(VPC))
    );
    assert_eq!(server.count("DescribeNatGateways"), 3);
}

#[tokio::test]
async fn a_list_whose_second_page_fails_is_not_taken_for_complete() {
    let server = replay(|request| {
        let second = request.operation == "DescribeSubnets" && !request.parameter("NextToken").is_empty();
        second.then(|| Answer::error("DescribeSubnets", 403, "UnauthorizedOperation", "no"))
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(!snapshot.header.covers("Subnets", VPC));
    let near = snapshot.aws.subnets.iter().flatten().filter(|subnet| subnet.vpc_id.as_deref() == Some(VPC));
    assert_eq!(near.count(), 0);
}

#[tokio::test]
async fn a_server_that_breaks_off_is_a_gap() {
    let server = replay(|request| {
        let broken = request.operation == "DescribeVpnGateways";
        broken.then(|| Answer { hang_up: true, ..Answer::html(200) })
    });
    let snapshot = collected(&server.await).await.unwrap();
    let gap = snapshot.header.gaps.iter().find(|gap| gap.operation == "DescribeVpnGateways").unwrap();
    assert_eq!(gap.code, "Unreachable");
}

#[tokio::test]
async fn a_server_that_names_no_vpc_is_asked_for_that_of_the_subnets() {
    let server = replay(|request| {
        let body = r#"{"cluster":{"name":"prod","resourcesVpcConfig":{"subnetIds":["subnet-a"]}}}"#;
        (request.operation == "DescribeCluster").then(|| Answer::json(body))
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(snapshot.header.covers("RouteTables", VPC));
}

#[tokio::test]
async fn without_sts_the_account_comes_from_the_arn_of_the_cluster() {
    let server = replay(|request| (request.operation == "GetCallerIdentity").then(|| Answer::html(500)));
    let snapshot = collected(&server.await).await.unwrap();
    assert_eq!(snapshot.header.account.as_deref(), Some("111122223333"));
    assert!(
        snapshot.header.gaps.iter().any(|gap| gap.operation == "GetCallerIdentity" && gap.code == "HTTP 500")
    );
}

#[tokio::test]
async fn a_node_group_that_is_listed_but_not_described_leaves_the_node_groups_incomplete() {
    let server = replay(|request| {
        request
            .path
            .ends_with("/green")
            .then(|| Answer::error("DescribeNodegroup", 404, "ResourceNotFoundException", "gone"))
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(snapshot.header.covers("nodegroups", CLUSTER) && !snapshot.header.covers("nodegroup", CLUSTER));
    assert_eq!(snapshot.aws.nodegroup.unwrap().len(), 1);
    assert!(snapshot.header.gaps.iter().any(|gap| gap.resource.as_deref() == Some("green")));
}

#[tokio::test]
async fn an_instance_type_that_the_region_does_not_offer_does_not_hide_the_others() {
    let server = replay(|request| {
        let types: Vec<_> =
            request.parameters.iter().filter(|(key, _)| key.starts_with("InstanceType.")).collect();
        let unknown = types.iter().any(|(_, name)| *name == "m6i.large");
        unknown.then(|| Answer::error("DescribeInstanceTypes", 400, "InvalidInstanceType", "m6i.large"))
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(
        snapshot.header.covers("InstanceTypes", "t3.small")
            && !snapshot.header.covers("InstanceTypes", "m6i.large")
    );
    assert!(snapshot.header.gaps.iter().any(|gap| gap.resource.as_deref() == Some("m6i.large")));
}

#[tokio::test]
async fn a_foreign_transit_gateway_leaves_a_gap_instead_of_an_empty_list() {
    let server = replay(|request| {
        let Answer { body, .. } = recorded::answer(request);
        (request.operation == "DescribeTransitGatewayAttachments").then(|| {
            Answer::xml(
                body.replace("<transitGatewayOwnerId>111122223333", "<transitGatewayOwnerId>999988887777"),
            )
        })
    });
    let snapshot = collected(&server.await).await.unwrap();
    assert!(snapshot.aws.transit_gateway_route_tables.is_none());
    assert!(
        !snapshot.header.covers("TransitGatewayAttachments", "tgw-1")
            && snapshot.header.covers("TransitGatewayAttachments", VPC)
    );
    assert!(
        snapshot
            .header
            .gaps
            .iter()
            .any(|gap| gap.resource.as_deref() == Some("tgw-1") && gap.code == "OtherAccount")
    );
}

#[tokio::test]
async fn calls_about_the_vpc_are_in_flight_together_and_do_not_wait_for_the_lists_of_the_cluster() {
    // Each of these answers only when all have been asked: one that waits for another never ends.
    const TOGETHER: [&str; 25] = [
        "DescribeVpcs",
        "DescribeVpcAttribute",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
        "DescribeNetworkAcls",
        "DescribeVpcEndpoints",
        "DescribeNetworkInterfaces",
        "DescribeNatGateways",
        "DescribeInternetGateways",
        "DescribeVpnGateways",
        "DescribeTransitGatewayVpcAttachments",
        "ListResolverRuleAssociations",
        "ListHostedZonesByVPC",
        "ListProfileAssociations",
        "ListFirewallRuleGroupAssociations",
        "DescribeSecurityGroupVpcAssociations",
        "DescribeKey",
        "ListNodegroups",
        "DescribeClusterVersions",
        "ListInsights",
        "ListCapabilities",
        "ListCertificateAuthorities",
        "DescribePullThroughCacheRules",
        "DescribeVpcEndpointServices",
        "GetCallerIdentity",
    ];
    let gather = Arc::new(Barrier::new(TOGETHER.len()));
    let seen = Mutex::new(std::collections::BTreeSet::new());
    let server = replay(move |request| {
        let first = TOGETHER.contains(&request.operation.as_str())
            && seen.lock().unwrap().insert(request.operation.clone());
        first.then(|| Answer { gather: Some(gather.clone()), ..recorded::answer(request) })
    });
    let snapshot = tokio::time::timeout(Duration::from_mins(1), async { collected(&server.await).await });
    assert!(snapshot.await.expect("some call waited for another").unwrap().header.covers("Vpcs", VPC));
}

#[tokio::test]
async fn two_collections_of_the_same_state_are_equal() {
    let server = replay(|_| None).await;
    assert_eq!(collected(&server).await.unwrap(), collected(&server).await.unwrap());
}

#[tokio::test]
async fn progress_counts_every_call_and_ends_with_all_done() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(usize, usize)>>);
    impl Progress for Heard {
        fn say(&self, done: usize, started: usize, _what: &str) {
            self.0.lock().unwrap().push((done, started));
        }
    }
    let (server, heard) = (replay(|_| None).await, Heard::default());
    let config = config(&server.url(), &Environment::default()).await;
    collect(&config, CLUSTER, String::new(), &heard).await.unwrap();
    let heard = heard.0.into_inner().unwrap();
    let (done, started) = *heard.last().unwrap();
    assert_eq!(done, started);
    assert_eq!(heard.len(), done + started);
}

//! Ends that users name, and the objects that they stand for.

use privek_core::path::Verdict;
use serde_json::json;

use crate::facts::DeclaredEnd;
use crate::facts::test_support::fixture::Fixture;
use crate::intent::Intent;
use crate::network::BlockerCode;

use super::{TraceAnswer, TraceError, trace};

const API: &str = "eni-0c0000000000000ca";
const OPERATOR: &str = "eni-0c00000000000000a";
const WORKERS: &str = "subnet-0c00000000000001a";
const VPC: &str = "vpc-0c000000000000001";

fn ask(fixture: &Fixture, from: &str, to: &str, intent: &str) -> Result<TraceAnswer, TraceError> {
    let snapshot = fixture.snapshot();
    let intent = Intent::from_yaml("intent", intent).unwrap();
    let end = |text: &str| text.parse::<DeclaredEnd>().unwrap_or_else(|error| panic!("{error}"));
    trace(&snapshot, &intent, (&end(from), &end(to)), "tcp/443".parse().unwrap())
}

fn traced(fixture: &Fixture, from: &str, to: &str) -> TraceAnswer {
    ask(fixture, from, to, "").unwrap_or_else(|error| panic!("{error}"))
}

fn refused(fixture: &Fixture, from: &str, to: &str) -> String {
    ask(fixture, from, to, "").unwrap_err().to_string()
}

fn missing(traced: &TraceAnswer) -> String {
    let all = traced.paths.iter().flat_map(|path| &path.missing).map(|one| one.what.as_str());
    all.collect::<Vec<_>>().join("; ")
}

fn without_cluster() -> Fixture {
    Fixture::closed().withhold("cluster")
}

#[test]
fn what_is_certainly_not_there_is_a_mistake_and_what_was_not_read_is_unknown() {
    let mut all = Fixture::closed();
    all.0["scope"]["NetworkInterfaces"] = json!(["*"]);
    let said = refused(&all, "eni-0c0000000000000cf", API);
    assert!(said.contains("among the 11 that were read; did you mean eni-0c0000000000000c"), "{said}");
    // It may be in another VPC than those that were read.
    let answer = traced(&Fixture::closed(), "eni-0c0000000000000cf", API);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(
        missing(&answer).contains("among the 11 that were read; did you mean eni-0c0000000000000c"),
        "{}",
        missing(&answer)
    );
    let unread = Fixture::closed().withhold("NetworkInterfaces");
    let answer = traced(&unread, "eni-0c0000000000000cf", "172.25.192.7");
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(missing(&answer).contains("ec2:DescribeNetworkInterfaces"), "{}", missing(&answer));
    let answer = traced(&Fixture::closed().withhold("Subnets"), "subnet-0999", API);
    assert_eq!(answer.verdict, Verdict::Unknown);
    let answer = traced(&Fixture::closed().withhold("VpcEndpoints"), OPERATOR, "vpce-0999");
    assert_eq!(answer.verdict, Verdict::Unknown);
}

#[test]
fn roles_need_a_cluster_and_ids_do_not() {
    let none = without_cluster();
    assert!(refused(&none, "nodes", API).contains("--cluster NAME"));
    assert_eq!(traced(&none, OPERATOR, API).verdict, Verdict::Open);
    let mut two = Fixture::closed();
    let mut other = two.0["cluster"][0].clone();
    other["name"] = json!("other");
    two = two.add("cluster", other);
    let said = refused(&two, "nodes", API);
    assert!(said.contains("choose a cluster with --cluster") && said.contains("other"), "{said}");
    assert_eq!(traced(&two, OPERATOR, API).verdict, Verdict::Open);
}

#[test]
fn a_role_that_nobody_plays_cannot_be_traced_unless_it_may_only_be_unread() {
    assert!(refused(&Fixture::closed(), "nodes", "resolver-inbound").contains("no object of this role"));
    let unread = Fixture::closed().withhold("ResolverEndpoints");
    assert_eq!(traced(&unread, "nodes", "resolver-inbound").verdict, Verdict::Unknown);
}

#[test]
fn an_instance_is_all_of_its_interfaces_by_either_description() {
    let answer = traced(&Fixture::closed(), "i-0c0000000000000d1", API);
    assert_eq!(answer.verdict, Verdict::Open);
    assert_eq!(answer.paths.len(), 2);
    // The interfaces may not be read where the instances are, which say the same.
    let told = Fixture::closed().withhold("NetworkInterfaces");
    let told = traced(&told, "i-0c0000000000000d1", "172.25.192.7");
    assert!(!told.paths.is_empty() && !missing(&told).contains("for eni-"), "{}", missing(&told));
    assert!(missing(&traced(&Fixture::closed(), "i-0999", API)).contains("instance i-0999"));
}

#[test]
fn a_subnet_has_the_groups_that_are_declared_for_it() {
    let undeclared = traced(&Fixture::closed(), OPERATOR, WORKERS);
    assert_eq!(undeclared.verdict, Verdict::Unknown);
    assert!(missing(&undeclared).contains("security"), "{}", missing(&undeclared));
    let closed = traced(&Fixture::closed(), OPERATOR, &format!("{WORKERS},sg=sg-0c00000000000000e"));
    let open = traced(&Fixture::closed(), OPERATOR, &format!("{WORKERS},sg=sg-0c00000000000000c"));
    assert_ne!(closed.verdict, Verdict::Unknown);
    assert_eq!(open.verdict, Verdict::Open);
    let unread = traced(&Fixture::closed(), OPERATOR, &format!("{WORKERS},sg=sg-0999"));
    assert_eq!(unread.verdict, Verdict::Unknown);
    assert!(missing(&unread).contains("security group sg-0999"), "{}", missing(&unread));
}

#[test]
fn what_is_declared_about_a_network_holds_for_its_addresses() {
    let intent = "networks: [{ name: site, cidr: 192.168.0.0/16, via: pcx-0b00000000000000c }]";
    let answer = ask(&Fixture::closed(), "192.168.7.7", API, intent).unwrap();
    assert!(answer.assumptions.iter().any(|text| text.contains("The declarations for site")), "{answer:?}");
    let named = ask(&Fixture::closed(), "site", API, intent).unwrap();
    assert_eq!(answer.verdict, named.verdict);
    let said = ask(&Fixture::closed(), "sight", API, intent).unwrap_err().to_string();
    assert!(said.contains("did you mean site?"), "{said}");
}

#[test]
fn a_service_is_the_endpoint_of_the_sources_vpc_with_or_without_a_cluster() {
    for fixture in [Fixture::closed(), without_cluster()] {
        let answer = traced(&fixture, "i-0c0000000000000d1", "ecr.api");
        assert_eq!(answer.verdict, Verdict::Open, "{}", missing(&answer));
        assert!(answer.paths.iter().all(|path| path.to.contains("vpce-")), "{:?}", answer.paths);
    }
    let gateway = traced(&Fixture::closed(), "i-0c0000000000000d1", "s3");
    assert_eq!(gateway.verdict, Verdict::Open);
    assert!(
        gateway.paths[0].to.contains("pl-61a54008 through vpce-0c000000000000005"),
        "{:?}",
        gateway.paths
    );
    let by_id = traced(&Fixture::closed(), "i-0c0000000000000d1", "vpce-0c000000000000005");
    assert_eq!(by_id.verdict, Verdict::Open);
}

#[test]
fn a_service_without_an_endpoint_or_another_way_is_blocked_and_the_endpoint_is_the_fix() {
    let answer = traced(&Fixture::closed(), "nodes", "sts");
    assert_eq!(answer.verdict, Verdict::Blocked, "{}", missing(&answer));
    let [blocker] = answer.blockers.as_slice() else { panic!("{:?}", answer.blockers) };
    assert_eq!((blocker.code, blocker.id.as_str()), (BlockerCode::EndpointMissing, VPC));
    assert!(blocker.reason.contains("has no VPC endpoint for sts"), "{}", blocker.reason);
    assert_eq!(blocker.remedy.target.as_deref(), Some("com.amazonaws.ap-northeast-1.sts"));
    assert_eq!(blocker.remedy.subnets, [WORKERS, "subnet-0c00000000000001c"], "one in each zone");
}

#[test]
fn what_a_packet_to_a_services_public_addresses_meets_is_not_proved() {
    let with = |route: &serde_json::Value| {
        Fixture::closed().nat_gateway().change(
            "RouteTables",
            "RouteTableId",
            "rtb-0c00000000000000d",
            |table| {
                table["Routes"].as_array_mut().unwrap().push(route.clone());
            },
        )
    };
    let active =
        |to: &str, target: &str, id: &str| json!({"DestinationCidrBlock": to, target: id, "State": "active"});
    let by_nat = traced(&with(&active("0.0.0.0/0", "NatGatewayId", "nat-1")), "nodes", "sts");
    assert_eq!(by_nat.verdict, Verdict::Unknown);
    assert!(missing(&by_nat).contains("through a NAT gateway"), "{}", missing(&by_nat));
    let some = traced(&with(&active("52.94.0.0/16", "NatGatewayId", "nat-1")), "nodes", "sts");
    assert_eq!(some.verdict, Verdict::Unknown, "{}", missing(&some));
    let hub = with(&active("10.0.0.0/8", "TransitGatewayId", "tgw-1"));
    assert_eq!(traced(&hub, "nodes", "sts").verdict, Verdict::Blocked, "no name leads there");
    let hub = traced(&hub.withhold("HostedZonesByVPC"), "nodes", "sts");
    assert_eq!(hub.verdict, Verdict::Unknown);
    assert!(missing(&hub).contains("a VPC endpoint in another VPC may be reachable"), "{}", missing(&hub));
}

#[test]
fn endpoints_that_this_account_may_not_see_are_not_missing() {
    let shared = Fixture::closed().change("Vpcs", "VpcId", VPC, |vpc| vpc["OwnerId"] = json!("999988887777"));
    let answer = traced(&shared, "nodes", "sts");
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(missing(&answer).contains("in account 999988887777"), "{}", missing(&answer));
    for collection in ["VpcEndpoints", "RouteTables", "Vpcs"] {
        let answer = traced(&Fixture::closed().withhold(collection), "nodes", "sts");
        assert_eq!(answer.verdict, Verdict::Unknown, "{collection}");
    }
}

#[test]
fn a_name_that_does_not_lead_to_the_endpoint_makes_the_service_unknown_and_not_the_endpoint() {
    let silent = || {
        Fixture::closed().change("VpcEndpoints", "VpcEndpointId", "vpce-0c0000000000000e1", |endpoint| {
            endpoint["PrivateDnsEnabled"] = json!(false);
        })
    };
    let suffix = "ecr.api";
    let endpoint = traced(&Fixture::closed(), "i-0c0000000000000d1", suffix).paths[0].to.clone();
    assert!(endpoint.contains("vpce-0c0000000000000e1"), "{endpoint}");
    let answer = traced(&silent(), "i-0c0000000000000d1", suffix);
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(missing(&answer).contains("--to vpce-0c0000000000000e1"), "{}", missing(&answer));
    let direct = traced(&silent(), "i-0c0000000000000d1", "vpce-0c0000000000000e1");
    assert_eq!(direct.verdict, Verdict::Open);
}

#[test]
fn an_endpoint_that_is_not_available_is_not_taken_to_answer() {
    let pending =
        Fixture::closed().change("VpcEndpoints", "VpcEndpointId", "vpce-0c0000000000000e1", |endpoint| {
            endpoint["State"] = json!("pendingAcceptance");
        });
    assert_eq!(traced(&pending, "i-0c0000000000000d1", "ecr.api").verdict, Verdict::Unknown);
    assert_eq!(traced(&pending, "i-0c0000000000000d1", "vpce-0c0000000000000e1").verdict, Verdict::Unknown);
}

#[test]
fn a_customers_prefix_list_is_its_entries_and_awss_is_what_a_gateway_serves() {
    let list = |fixture: Fixture| {
        let named = json!({ "PrefixListId": "pl-0c1", "PrefixListName": "site", "OwnerId": "111122223333" });
        let entries = json!({ "PrefixListId": "pl-0c1", "Entries": [{ "Cidr": "172.25.192.0/24" }, { "Cidr": "172.25.193.0/24" }] });
        fixture.add("PrefixLists", named).add("PrefixListEntries", entries)
    };
    let answer = traced(&list(Fixture::closed()), "pl-0c1", API);
    assert!(
        answer.paths.iter().any(|path| path.from.contains("172.25.193.0/24 of pl-0c1")),
        "{:?}",
        answer.paths
    );
    assert!(refused(&Fixture::closed(), "pl-61a54008", API).contains("opens no connections"));
}

#[test]
fn the_api_of_a_public_only_cluster_is_not_taken_to_answer_in_the_vpc() {
    let public = Fixture::closed().change("cluster", "name", "yoda-k8s-1", |cluster| {
        cluster["resourcesVpcConfig"]["endpointPrivateAccess"] = json!(false);
    });
    assert_eq!(traced(&Fixture::closed(), OPERATOR, "control-plane").verdict, Verdict::Open);
    let answer = traced(&public, OPERATOR, "control-plane");
    assert_eq!(answer.verdict, Verdict::Unknown);
    assert!(missing(&answer).contains("private API endpoint is off"), "{}", missing(&answer));
}

#[test]
fn the_same_question_has_the_same_answer_and_names_its_target() {
    let (one, two) =
        (traced(&Fixture::closed(), "nodes", "nodes"), traced(&Fixture::closed(), "nodes", "nodes"));
    assert_eq!(one.paths, two.paths);
    assert_eq!(one.target.vpc.as_deref(), Some(VPC));
}

/// With custom networking pods have subnets of their own, and out of the VPC the addresses of their nodes:
/// <https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html>
#[test]
fn out_of_the_vpc_pods_are_where_their_nodes_are() {
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/healthy/custom-networking.json"));
    let fixture = Fixture(serde_json::from_str(text).unwrap());
    let outside = traced(&fixture, "pods", "198.51.100.7");
    let shown: Vec<&str> = outside.paths.iter().map(|path| path.from.as_str()).collect();
    let nodes = traced(&fixture, "nodes", "198.51.100.7");
    let expected: Vec<&str> = nodes.paths.iter().map(|path| path.from.as_str()).collect();
    assert_eq!(shown, expected);
    let inside = traced(&fixture, "pods", "control-plane");
    assert!(inside.paths.iter().any(|path| path.from.contains("pods")), "{:#?}", inside.paths);

    let external = json!({"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true", "AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"}});
    let fixture = fixture.change("addon", "addonName", "vpc-cni", |addon| {
        addon["configurationValues"] = json!(external.to_string());
    });
    let outside = traced(&fixture, "pods", "198.51.100.7");
    assert!(outside.paths.iter().any(|path| path.from.contains("pods")), "{:#?}", outside.paths);
}

/// Replies of pods on secondary interfaces leave their node over its first interface unless the VPC CNI is told
/// otherwise: <https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html>
#[test]
fn pods_answer_other_networks_only_without_translation() {
    let with = |env: &serde_json::Value| {
        let text = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../fixtures/healthy/custom-networking.json"
        ));
        let fixture = Fixture(serde_json::from_str(text).unwrap());
        fixture.change("addon", "addonName", "vpc-cni", |addon| {
            addon["configurationValues"] = json!(json!({ "env": env }).to_string());
        })
    };
    let translated = |env: &serde_json::Value| {
        let answer = traced(&with(env), "172.20.3.4", "pods");
        answer.blockers.iter().any(|blocker| blocker.code == BlockerCode::PodAddressTranslated)
    };
    assert!(translated(&json!({})), "the default");
    assert!(translated(&json!({"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "10.9.0.0/16"})));
    assert!(!translated(&json!({"AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "10.9.0.0/16, 172.20.0.0/16"})));
    assert!(!translated(&json!({"AWS_VPC_K8S_CNI_EXTERNALSNAT": "true"})));
    let prefixes = json!({"ENABLE_PREFIX_DELEGATION": "true"});
    assert!(!translated(&prefixes), "the first interface may hold all pods");
    assert!(missing(&traced(&with(&prefixes), "172.20.3.4", "pods")).contains("secondary"));
    let custom = json!({"ENABLE_PREFIX_DELEGATION": "true", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true"});
    assert!(translated(&custom), "no pod is on the first interface");
    let inside = traced(&with(&json!({})), "control-plane", "pods");
    assert!(inside.blockers.iter().all(|blocker| blocker.code != BlockerCode::PodAddressTranslated));
    let unread = with(&json!({})).withhold("addon");
    let said = missing(&traced(&unread, "172.20.3.4", "pods"));
    assert!(said.contains("eks:DescribeAddon"), "{said}");
}

/// Pods keep their own addresses towards the networks that the VPC CNI excepts from translation.
#[test]
fn networks_that_are_excepted_from_translation_see_the_pods_own_addresses() {
    let text =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/healthy/custom-networking.json"));
    let env = json!({"env": {"AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS": "172.20.0.0/16"}});
    let fixture = Fixture(serde_json::from_str(text).unwrap());
    let fixture = fixture.change("addon", "addonName", "vpc-cni", |addon| {
        addon["configurationValues"] = json!(env.to_string());
    });
    let from_pods =
        |to: &str| traced(&fixture, "pods", to).paths.iter().all(|path| path.from.contains("pods"));
    assert!(from_pods("172.20.3.4") && !from_pods("198.51.100.7"));
    let partly = traced(&fixture, "pods", "172.20.0.0/15");
    assert!(missing(&partly).contains("EXCLUDE_SNAT_CIDRS"), "{}", missing(&partly));
}

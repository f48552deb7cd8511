//! Reading a network without a cluster, what lies behind transit gateways, and several accounts.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use privek_audit::collect::aws::{About, AwsOptions, Environment, collect_accounts, collect_network, loader};
use privek_audit::collect::{CollectError, Silent};
use privek_audit::snapshot::Snapshot;
use tokio::sync::Barrier;

use super::cluster::config;
use crate::support::emulator::emulator;
use crate::support::estate::{CLUSTERS, Estate, NETWORKS, Vpc, vpc};
use crate::support::program::against_emulator;
use crate::support::replay::{Answer, Replay, Request};
use crate::support::servers::closed_port;

const NOW: &str = "2026-11-20T00:00:00Z";

fn about(ends: &[&str], networks: &[&str]) -> About {
    About {
        ends: ends.iter().map(|end| (*end).to_owned()).collect(),
        networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        ..About::default()
    }
}

/// Serves an estate to one account, but for the answers that this function changes.
async fn serve(
    estate: &Estate,
    account: &'static str,
    change: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
) -> Replay {
    let estate = estate.clone();
    Replay::start(move |request| change(request).unwrap_or_else(|| estate.answer(account, request))).await
}

async fn read(server: &Replay, about: &About) -> Result<Snapshot, CollectError> {
    let config = config(&server.url(), &Environment::default()).await;
    collect_network(&config, about, NOW.to_owned(), &Silent).await
}

fn ids(snapshot: &Snapshot, key: &str) -> Vec<String> {
    snapshot.aws.ids(key).unwrap_or_default()
}

/// `a` and `b` meet at a transit gateway; whatever else they send there goes to `egress`.
fn hub_and_spokes() -> Estate {
    let attached = |suffix, cidr, table| Vpc { table: Some(table), ..vpc(suffix, cidr) };
    let mut estate = Estate::of(vec![
        attached("a", "10.1.0.0/16", "tgw-rtb-spokes"),
        attached("b", "10.2.0.0/16", "tgw-rtb-spokes"),
        attached("egress", "10.255.0.0/24", "tgw-rtb-hub"),
        vpc("alone", "10.9.0.0/16"),
    ]);
    let route = |table, to: &str, vpc: &str| (table, to.to_owned(), vpc.to_owned());
    estate.routes = vec![
        route("tgw-rtb-spokes", "0.0.0.0/0", "egress"),
        route("tgw-rtb-spokes", "10.2.0.0/16", "b"),
        route("tgw-rtb-hub", "10.1.0.0/16", "a"),
        route("tgw-rtb-hub", "10.2.0.0/16", "b"),
    ];
    estate
}

#[tokio::test]
async fn ids_lead_to_their_vpcs_and_no_cluster_is_asked_for() {
    for (from, to) in [("eni-a", "subnet-alone"), ("i-a", "vpce-alone")] {
        let server = serve(&hub_and_spokes(), CLUSTERS, |_| None).await;
        let snapshot = read(&server, &about(&[from, to], &[])).await.unwrap();
        for vpc in ["vpc-a", "vpc-alone"] {
            for key in
                ["Subnets", "RouteTables", "NetworkAcls", "NetworkInterfaces", "NatGateways", "VpcAttributes"]
            {
                assert!(snapshot.header.covers(key, vpc), "{key} of {vpc}");
            }
        }
        assert!(snapshot.aws.cluster.is_none() && server.count("DescribeCluster") == 0);
        assert_eq!(snapshot.header.account.as_deref(), Some(CLUSTERS));
        let operations: std::collections::BTreeSet<String> =
            server.requests().into_iter().map(|request| request.operation).collect();
        assert!(!operations.iter().any(|name| name.contains("Nodegroup") || name.contains("Addon")));
        let public = snapshot.aws.network_interfaces.as_ref().unwrap()[0].association.as_ref().unwrap();
        assert_eq!(public.public_ip.as_deref(), Some("203.0.113.9"));
        if from == "i-a" {
            assert!(
                snapshot.header.covers("Reservations", "i-a"),
                "who has the instance's interfaces is known"
            );
        }
    }
}

#[tokio::test]
async fn addresses_lead_to_the_vpcs_that_hold_them_on_whichever_page_they_are() {
    let server = serve(&hub_and_spokes(), CLUSTERS, |_| None).await;
    let snapshot =
        read(&server, &about(&["10.1.0.9", "10.9.4.0/24", "nodes", "ecr.api"], &[])).await.unwrap();
    assert!(
        snapshot.header.covers("VpcAttributes", "vpc-a")
            && snapshot.header.covers("VpcAttributes", "vpc-alone")
    );
    assert!(!snapshot.header.covers("Subnets", "vpc-b"), "nothing is about it");
    let pages = server
        .requests()
        .into_iter()
        .filter(|request| request.operation == "DescribeVpcs" && request.filter("vpc-id").is_empty());
    assert_eq!(pages.count(), 2);
}

#[tokio::test]
async fn an_unconnected_vpc_that_happens_to_have_the_address_is_not_taken_for_the_end() {
    let mut estate = hub_and_spokes();
    estate.vpcs.push(vpc("namesake", "10.2.0.0/16"));
    let server = serve(&estate, CLUSTERS, |_| None).await;
    let snapshot = read(&server, &about(&["subnet-a", "10.2.0.9"], &[])).await.unwrap();
    assert!(snapshot.header.covers("Subnets", "vpc-b"), "it shares a transit gateway with vpc-a");
    assert!(!ids(&snapshot, "Vpcs").contains(&"vpc-namesake".to_owned()));
}

#[tokio::test]
async fn an_end_behind_a_transit_gateway_without_a_route_is_read_all_the_same() {
    let mut estate = hub_and_spokes();
    estate.routes.clear();
    let server = serve(&estate, CLUSTERS, |_| None).await;
    let snapshot = read(&server, &about(&["subnet-a", "10.2.0.9"], &[])).await.unwrap();
    assert!(snapshot.header.covers("NetworkAcls", "vpc-b"));
    assert!(!snapshot.header.covers("NetworkAcls", "vpc-egress"));
}

#[tokio::test]
async fn an_id_that_does_not_exist_is_one_sentence_that_names_it() {
    for end in ["eni-x", "i-x", "subnet-x", "vpce-x"] {
        let server = serve(&hub_and_spokes(), CLUSTERS, |_| None).await;
        let error = read(&server, &about(&["subnet-a", end], &[])).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("{end} does not exist in eu-west-1 (Invalid")), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[tokio::test]
async fn an_end_that_may_not_be_looked_up_is_a_gap_and_the_other_end_is_read() {
    let deny = |request: &Request| {
        let denied =
            request.operation == "DescribeVpcEndpoints" && !request.parameter("VpcEndpointId.1").is_empty();
        denied.then(|| Answer::error("DescribeVpcEndpoints", 403, "UnauthorizedOperation", "not you"))
    };
    let server = serve(&hub_and_spokes(), CLUSTERS, deny).await;
    let snapshot = read(&server, &about(&["subnet-a", "vpce-b"], &[])).await.unwrap();
    let gap = snapshot.header.gaps.iter().find(|gap| gap.resource.as_deref() == Some("vpce-b")).unwrap();
    assert_eq!(gap.permission.as_deref(), Some("ec2:DescribeVpcEndpoints"));
    assert!(snapshot.header.covers("Subnets", "vpc-a"));

    let error = read(&server, &about(&["nodes", "vpce-b"], &[])).await.unwrap_err();
    assert!(error.to_string().contains("(ec2:DescribeVpcEndpoints was denied)"), "{error}");
}

#[tokio::test]
async fn ends_that_lead_to_no_vpc_are_an_error_that_says_what_would() {
    let server = serve(&hub_and_spokes(), CLUSTERS, |_| None).await;
    for ends in [["nodes", "ecr.api"], ["pl-1", "192.168.0.53"], ["head-office", "0.0.0.0/0"]] {
        let error = read(&server, &about(&ends, &[])).await.unwrap_err();
        assert!(matches!(error, CollectError::NoVpc { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("eu-west-1") && error.contains("--cluster"), "{error}");
    }
}

#[tokio::test]
async fn without_a_way_to_ec2_the_error_names_where_it_was_looked_for() {
    let url = format!("http://127.0.0.1:{}", closed_port());
    let config = config(&url, &Environment::default()).await;
    let error =
        collect_network(&config, &about(&["subnet-a"], &[]), NOW.to_owned(), &Silent).await.unwrap_err();
    assert!(matches!(&error, CollectError::Unreachable { endpoint, .. } if *endpoint == url), "{error:?}");
}

#[tokio::test]
async fn behind_a_transit_gateway_only_what_the_routes_lead_to_is_read() {
    let mut estate = hub_and_spokes();
    for number in 0..300 {
        let (suffix, cidr) =
            (format!("spoke{number}"), format!("10.{}.{}.0/24", 100 + number / 100, number % 100));
        estate.routes.push(("tgw-rtb-spokes", cidr.clone(), suffix.clone()));
        estate.vpcs.push(Vpc { table: Some("tgw-rtb-spokes"), ..vpc(&suffix, &cidr) });
    }
    let server = serve(&estate, CLUSTERS, |_| None).await;
    let snapshot = read(&server, &about(&["subnet-a"], &["10.102.7.0/24"])).await.unwrap();
    assert_eq!(ids(&snapshot, "Vpcs"), ["vpc-a", "vpc-egress", "vpc-spoke207"]);
    for key in
        ["RouteTables", "NatGateways", "InternetGateways", "VpcEndpoints", "TransitGatewayVpcAttachments"]
    {
        assert!(
            snapshot.header.covers(key, "vpc-egress") && snapshot.header.covers(key, "vpc-spoke207"),
            "{key}"
        );
    }
    assert_eq!(server.count("DescribeSubnets"), 3, "the end, its VPC, and both others in one call");
    assert_eq!(server.count("DescribeTransitGatewayAttachments"), 2, "of the VPC, and of the gateway");
    assert_eq!(snapshot.header.gaps, []);

    let wide = read(&server, &about(&["subnet-a"], &["10.100.0.0/14"])).await.unwrap();
    assert_eq!(ids(&wide, "Vpcs").len(), 1 + 20);
    let left_out =
        wide.header.gaps.iter().filter(|gap| gap.code == "NotFollowed" && gap.operation == "DescribeVpcs");
    assert_eq!(left_out.count(), 300 + 1 - 20, "each is named");
}

#[tokio::test]
async fn the_calls_about_vpcs_behind_a_transit_gateway_are_in_flight_together() {
    const TOGETHER: usize = 8;
    let gather = Arc::new(Barrier::new(TOGETHER));
    let estate = hub_and_spokes();
    let all = hub_and_spokes();
    let server = serve(&all, CLUSTERS, move |request| {
        let first = [
            "Vpcs",
            "Subnets",
            "RouteTables",
            "SecurityGroups",
            "NetworkAcls",
            "NatGateways",
            "VpcEndpoints",
            "TransitGatewayVpcAttachments",
        ];
        let first = first.iter().any(|key| request.operation == format!("Describe{key}"));
        let behind = first && request.filter("vpc-id").contains(&"vpc-egress");
        behind.then(|| Answer { gather: Some(gather.clone()), ..estate.answer(CLUSTERS, request) })
    });
    let (server, about) = (server.await, about(&["subnet-a"], &[]));
    let snapshot = tokio::time::timeout(std::time::Duration::from_mins(1), read(&server, &about)).await;
    assert!(snapshot.expect("some call waited for another").unwrap().header.covers("Subnets", "vpc-egress"));
}

/// The cluster's VPC `a` is shared by the network account, which owns the gateway and `egress`;
/// `a` is peered with its `shared`, and `b` is the clusters' account's.
fn two_accounts() -> Estate {
    let mut estate = hub_and_spokes();
    estate.gateway = NETWORKS;
    for vpc in &mut estate.vpcs {
        if vpc.suffix == "a" || vpc.suffix == "egress" {
            vpc.owner = NETWORKS;
        }
        if vpc.suffix == "a" {
            vpc.shared_with = Some(CLUSTERS);
        }
    }
    estate.vpcs.push(Vpc { owner: NETWORKS, ..vpc("tools", "10.7.0.0/16") });
    estate.peerings = vec![("vpc-alone", "vpc-tools")];
    estate
}

async fn read_by_both(about: &About) -> (Snapshot, Snapshot) {
    let (one, other) =
        (serve(&two_accounts(), CLUSTERS, |_| None).await, serve(&two_accounts(), NETWORKS, |_| None).await);
    let first = config(&one.url(), &Environment::default()).await;
    let second = [config(&other.url(), &Environment::default()).await];
    let alone = read(&one, about).await.unwrap();
    let both = collect_accounts((&first, &second), None, about, NOW, &Silent).await.unwrap();
    (alone, both)
}

#[tokio::test]
async fn what_a_shared_vpcs_owner_alone_sees_is_unread_until_the_owners_profile_reads_it() {
    let (alone, both) = Box::pin(read_by_both(&about(&["subnet-a"], &["10.2.0.0/16"]))).await;
    for key in ["VpcEndpoints", "TransitGatewayVpcAttachments", "NatGateways", "VpcPeeringConnections"] {
        assert!(!alone.header.covers(key, "vpc-a"), "{key}: an empty answer to a participant proves nothing");
        assert!(both.header.covers(key, "vpc-a"), "{key}");
    }
    assert!(alone.header.covers("RouteTables", "vpc-a"));
    let gap = alone.header.gaps.iter().find(|gap| gap.operation == "DescribeVpcEndpoints").unwrap();
    assert_eq!((gap.code.as_str(), gap.resource.as_deref()), ("OtherAccount", Some("vpc-a")));
    assert!(gap.message.contains(NETWORKS), "{}", gap.message);
    assert_eq!(ids(&both, "VpcEndpoints"), ["vpce-a", "vpce-b", "vpce-egress"]);
    assert_eq!(both.header.account.as_deref(), Some(CLUSTERS));
    assert!(both.header.accounts.contains(NETWORKS));
}

#[tokio::test]
async fn the_owner_of_the_gateway_leads_on_even_back_into_the_first_account_and_fills_its_gaps() {
    let (alone, both) = Box::pin(read_by_both(&about(&["subnet-a"], &["10.2.0.0/16"]))).await;
    assert!(!alone.header.covers("Subnets", "vpc-egress") && !alone.header.covers("Subnets", "vpc-b"));
    assert!(both.header.covers("TransitGatewayRoutes", "tgw-rtb-spokes"));
    assert!(both.header.covers("NatGateways", "vpc-egress"), "of the network account");
    assert!(
        both.header.covers("NatGateways", "vpc-b"),
        "of the clusters' account, where the other's routes lead"
    );
    assert_eq!(both.header.gaps, [], "nothing is left that one of the two could not read");
}

#[tokio::test]
async fn the_far_side_of_a_peering_is_read_by_its_owners_profile() {
    let (alone, both) = Box::pin(read_by_both(&about(&["subnet-alone"], &[]))).await;
    assert!(
        alone
            .header
            .gaps
            .iter()
            .any(|gap| gap.code == "OtherAccount" && gap.resource.as_deref() == Some("vpc-tools"))
    );
    assert!(both.header.covers("RouteTables", "vpc-tools") && both.header.covers("NetworkAcls", "vpc-tools"));
    assert_eq!(both.header.gaps, []);
    assert_eq!(ids(&both, "VpcPeeringConnections").len(), 1);
}

#[tokio::test]
async fn an_account_that_owns_nothing_of_it_adds_nothing_and_claims_nothing() {
    let (one, other) = (
        serve(&two_accounts(), CLUSTERS, |_| None).await,
        serve(&two_accounts(), "333333333333", |_| None).await,
    );
    let first = config(&one.url(), &Environment::default()).await;
    let second = [config(&other.url(), &Environment::default()).await];
    let about = about(&["subnet-alone"], &[]);
    let both = collect_accounts((&first, &second), None, &about, NOW, &Silent).await.unwrap();
    assert!(!both.header.covers("Subnets", "vpc-tools"));
    assert!(both.header.gaps.iter().any(|gap| gap.resource.as_deref() == Some("vpc-tools")));
    assert_eq!(other.count("DescribeVpcs"), 1, "what did not change is not asked for again");
    assert_eq!(other.count("DescribeSubnets"), 0);
}

#[tokio::test]
async fn a_profile_whose_credentials_are_not_accepted_is_an_error() {
    let refuse = |request: &Request| {
        let who = request.operation == "GetCallerIdentity";
        who.then(|| Answer::error("GetCallerIdentity", 403, "InvalidClientTokenId", "no such key"))
    };
    let (one, other) =
        (serve(&two_accounts(), CLUSTERS, |_| None).await, serve(&two_accounts(), NETWORKS, refuse).await);
    let first = config(&one.url(), &Environment::default()).await;
    let second = [config(&other.url(), &Environment::default()).await];
    let error = collect_accounts((&first, &second), None, &about(&["subnet-a"], &[]), NOW, &Silent).await;
    assert!(matches!(error, Err(CollectError::RejectedCredentials { .. })), "{error:?}");
}

/// The network of `network.py`, in a region of its own.
const ELSEWHERE: &str = "eu-north-1";

fn without_a_cluster() -> &'static BTreeMap<String, String> {
    static ROLES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    ROLES.get_or_init(|| {
        let printed = emulator().script("network.py", &[ELSEWHERE]);
        serde_json::from_str(&printed).expect("network.py prints ids by role")
    })
}

#[tokio::test]
async fn over_the_wire_a_path_without_a_cluster_finds_its_peer_its_gateway_and_the_way_out() {
    let id = without_a_cluster();
    let options = AwsOptions { profile: None, region: Some(ELSEWHERE.to_owned()) };
    let config = loader(&options, &Environment::default()).unwrap();
    let config = config.endpoint_url(emulator().endpoint()).test_credentials().load().await;
    let about = about(&[&id["one-interface"], "10.62.0.20"], &[]);
    let snapshot = collect_network(&config, &about, NOW.to_owned(), &Silent).await.unwrap();

    for key in ["Subnets", "RouteTables", "SecurityGroups", "NetworkAcls", "NetworkInterfaces"] {
        for vpc in ["one", "two", "egress"] {
            assert!(snapshot.header.covers(key, &id[vpc]), "{key} of {vpc}: {:?}", snapshot.header.gaps);
        }
        assert!(!snapshot.header.covers(key, &id["spoke"]), "no route leads there");
    }
    assert_eq!(ids(&snapshot, "Vpcs").len(), 3);
    assert!(ids(&snapshot, "NatGateways").contains(&id["nat"]));
    assert!(ids(&snapshot, "InternetGateways").contains(&id["internet-gateway"]));
    assert!(ids(&snapshot, "EgressOnlyInternetGateways").contains(&id["egress-only"]));
    assert!(ids(&snapshot, "VpcPeeringConnections").contains(&id["peering"]));
    let routes = snapshot.aws.transit_gateway_routes.as_ref().unwrap();
    for table in ["spokes-table", "hub-table"] {
        let table = routes.iter().find(|routes| routes.transit_gateway_route_table_id == id[table]).unwrap();
        assert!(!table.routes.is_empty());
    }
    let nat = snapshot.aws.nat_gateways.as_ref().unwrap().iter().find(|nat| nat.nat_gateway_id == id["nat"]);
    assert!(nat.unwrap().nat_gateway_addresses[0].public_ip.is_some());

    let nowhere = self::about(&["subnet-00000000000000000"], &[]);
    let error = collect_network(&config, &nowhere, NOW.to_owned(), &Silent).await.unwrap_err().to_string();
    assert!(error.contains("subnet-00000000000000000 does not exist in eu-north-1"), "{error}");
}

#[test]
fn a_trace_needs_no_cluster_and_asks_for_none() {
    let id = without_a_cluster();
    let trace = |to: &str, key: &str| {
        let question =
            ["trace", "--from", &id["one-interface"], "--to", to, "--port", "tcp/443", "--format", "json"];
        against_emulator(&question).credentials(key).env("AWS_REGION", ELSEWHERE).run()
    };
    let run = trace(&id["two-interface"], "AKIATRACE");
    let answer: serde_json::Value = serde_json::from_str(&run.out).expect(&run.err);
    assert_eq!((run.code, &answer["verdict"]), (1, &serde_json::json!("blocked")), "{}", run.out);
    let path = &answer["paths"][0];
    let hops = path["hops"].as_array().unwrap();
    assert!(hops.iter().any(|hop| hop["id"] == id["peering"].as_str()), "{path}");
    let blockers = path["blockers"].as_array().unwrap();
    assert!(
        blockers.iter().all(|blocker| blocker["kind"] == "security-group"),
        "its group admits only itself: {path}"
    );
    let sent = emulator().seen("AKIATRACE");
    assert!(sent.len() > 15 && !sent.iter().any(|operation| operation.starts_with("eks:")), "{sent:?}");

    let nowhere = trace("eni-00000000000000000", "AKIANONE");
    assert_eq!((nowhere.code, nowhere.out.as_str()), (2, ""));
    assert!(nowhere.err.contains("eni-00000000000000000 does not exist in eu-north-1"), "{}", nowhere.err);
}

//! A planned cluster on the network of the healthy one.

use crate::facts::test_support::fixture::{DerivedFacts, Fixture, derived};
use privek_core::subject::UNKNOWN;
use serde_json::{Value, json};

use super::*;

const PLAN: &str = "\
cluster:
  vpc: vpc-0a000000000000001
  control_plane_subnets: [subnet-0a00000000000001a, subnet-0a00000000000001c]
  node_subnets: [subnet-0a00000000000002a, subnet-0a00000000000002c]
  security_groups: [sg-0a00000000000000c]
";

fn intent(text: &str) -> Intent {
    Intent::from_yaml("intent", text).unwrap()
}

/// The facts about a plan.
fn planned<T>(snapshot: &Snapshot, plan: &str, see: impl FnOnce(&DerivedFacts<'_>) -> T) -> T {
    let intent = intent(plan);
    let settled = settled(snapshot, &intent).unwrap();
    see(&derived(&settled, &intent))
}

fn kinds(value: &Value) -> Vec<&str> {
    let missing = value[UNKNOWN].as_array().map(Vec::as_slice).unwrap_or_default();
    missing.iter().filter_map(|one| one["kind"].as_str()).collect()
}

#[test]
fn what_only_an_existing_cluster_has_is_not_there_yet() {
    let snapshot = Fixture::healthy().snapshot();
    planned(&snapshot, PLAN, |facts| {
        let cluster = &facts.subjects("cluster").listed[0];
        assert_eq!(cluster.id, "new cluster in vpc-0a000000000000001");
        for field in ["status", "health_issues", "endpoint_private_access", "version"] {
            assert_eq!(kinds(&cluster.fields[field]), ["not_yet"], "{field}");
        }
        assert_eq!(cluster.fields["control_plane_in_several_zones"], true);
        assert_eq!(cluster.fields["security_groups"], json!([CLUSTER_GROUP, "sg-0a00000000000000c"]));
        assert_eq!(facts.target().cluster, None);
        assert_eq!(facts.target().vpc.as_deref(), Some("vpc-0a000000000000001"));
    });
}

#[test]
fn a_plan_that_has_a_name_and_a_version_is_called_so() {
    let snapshot = Fixture::healthy().snapshot();
    let plan = format!("{PLAN}  name: orders\n  kubernetes_version: '1.35'\n");
    planned(&snapshot, &plan, |facts| {
        assert_eq!(facts.target().cluster.as_deref(), Some("orders"));
        assert_eq!(facts.subjects("cluster").listed[0].fields["version"], "1.35");
    });
}

#[test]
fn nodes_are_where_they_are_planned_and_the_clusters_that_are_there_have_no_part_in_it() {
    let snapshot = Fixture::healthy().snapshot();
    planned(&snapshot, PLAN, |facts| {
        let hosts: Vec<&str> = facts
            .subjects("subnet")
            .listed
            .iter()
            .filter(|subnet| subnet.fields["hosts_nodes"] == true)
            .map(|subnet| subnet.id.as_str())
            .collect();
        assert_eq!(hosts, ["subnet-0a00000000000002a", "subnet-0a00000000000002c"]);
        assert_eq!(facts.subjects("subnet").unlisted, []);
        assert_eq!(facts.subjects("nodegroup"), &privek_core::subject::Subjects::default());
        let service = |id: &str| {
            let services = &facts.subjects("service").listed;
            services.iter().find(|service| service.id == id).unwrap().fields["needed"].clone()
        };
        // The add-ons and associations of the cluster that is there are not those of the plan.
        assert_eq!((service("ecr.api"), service("eks-auth")), (json!(true), json!(false)));
        let assumptions = facts.assumptions();
        assert!(assumptions.iter().any(|said| said.contains("does not exist yet")), "{assumptions:#?}");
        assert!(assumptions.iter().any(|said| said.contains("pod_identity")), "{assumptions:#?}");
    });
}

#[test]
fn what_the_plan_declares_is_used() {
    let snapshot = Fixture::healthy().snapshot();
    planned(&snapshot, &format!("{PLAN}features: {{ pod_identity: true }}\n"), |facts| {
        let services = &facts.subjects("service").listed;
        let auth = services.iter().find(|service| service.id == "eks-auth").unwrap();
        assert_eq!(auth.fields["needed"], true);
    });
}

#[test]
fn a_plan_names_what_is_there() {
    let snapshot = Fixture::healthy().snapshot();
    for (from, to, what) in [
        ("vpc: vpc-0a000000000000001", "vpc: vpc-0e000000000000001", "subnet subnet-0a00000000000001a"),
        ("subnet-0a00000000000002c", "subnet-0f", "subnet subnet-0f of the planned cluster is not in vpc-0a"),
        (
            "sg-0a00000000000000c",
            "sg-0e000000000000001",
            "group sg-0e000000000000001 of the planned cluster is not in",
        ),
    ] {
        let error = settled(&snapshot, &intent(&PLAN.replace(from, to))).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
    let unread = Fixture::healthy().withhold("Subnets").snapshot();
    assert!(settled(&unread, &intent(PLAN)).is_ok(), "what was not read may be there");
}

#[test]
fn without_a_plan_nothing_is_added() {
    let snapshot = Fixture::healthy().snapshot();
    assert!(matches!(settled(&snapshot, &Intent::default()), Ok(Cow::Borrowed(_))));
}

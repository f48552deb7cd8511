//! Observations on the healthy cluster, changed here and there.

use serde_json::{Value, json};

use super::super::fixture::{Fixture, is_unknown};

const API: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0.gr7.ap-northeast-1.eks.amazonaws.com";
const STS: &str = "sts.ap-northeast-1.amazonaws.com";
const OPERATORS: &str = "operators: [{ name: head-office, cidr: 192.168.0.0/16 }]";

/// The healthy cluster with something else in its observations.
fn observed(change: impl Fn(&mut Vec<Value>)) -> Fixture {
    let mut fixture = Fixture::healthy();
    change(fixture.0["observations"].as_array_mut().unwrap());
    fixture
}

fn seen(fixture: &Fixture, name: &str, vantage: &str) -> Value {
    fixture.fields_with("observed_name", &format!("{name}@{vantage}"), OPERATORS)
}

#[test]
fn what_works_is_told_as_working_from_both_places() {
    let fixture = Fixture::healthy();
    for (name, vantage) in [(API, "head-office"), (API, "node-a"), (STS, "node-a")] {
        let fields = seen(&fixture, name, vantage);
        for field in ["needed_here", "resolves", "private_expected", "private", "has_addresses", "compared"] {
            assert_eq!(fields[field], true, "{field} of {name} from {vantage}: {fields:#}");
        }
        for field in ["foreign", "absent", "unreachable", "of_other_ca", "closed_in_fact", "open_in_fact"] {
            assert_eq!(fields[field], json!([]), "{field} of {name} from {vantage}");
        }
        assert_eq!(fields["proxied"], false);
    }
}

#[test]
fn only_the_latest_probe_from_a_place_counts() {
    let fixture = observed(|all| {
        let mut old = all.iter().find(|one| one["of"] == "sts" && one["dns"].is_object()).unwrap().clone();
        old["at"] = json!("2025-01-01T00:00:00Z");
        old["dns"]["outcome"] = json!("nxdomain");
        all.insert(0, old);
    });
    assert_eq!(seen(&fixture, STS, "node-a")["silent_resolvers"], json!([]));
}

#[test]
fn a_service_is_needed_where_nodes_are_and_not_at_the_operators() {
    let fixture = observed(|all| {
        for one in all.iter_mut().filter(|one| one["of"] == "sts") {
            one["vantage"] = json!({"name": "office", "addresses": ["192.168.3.4"]});
        }
    });
    let fields = seen(&fixture, STS, "office");
    assert_eq!((&fields["needed_here"], &fields["private_expected"]), (&json!(false), &json!(false)));
    let nowhere = observed(|all| all.iter_mut().for_each(|one| one["vantage"]["addresses"] = json!([])));
    let fields = seen(&nowhere, STS, "node-a");
    assert!(is_unknown(&fields["needed_here"], "which address node-a speaks from"), "{fields:#}");
    assert_eq!(seen(&nowhere, API, "node-a")["needed_here"], true, "the API is needed everywhere");
    let pod = observed(|all| {
        for one in all.iter_mut() {
            one["vantage"]["kind"] = json!("pod");
            one["vantage"]["addresses"] = json!([]);
        }
    });
    assert_eq!(seen(&pod, STS, "node-a")["needed_here"], true);
}

#[test]
fn another_clusters_observations_are_not_this_ones() {
    let fixture = observed(|all| {
        for one in all.iter_mut().filter(|one| one["of"] == "cluster") {
            one["name"] = json!("abc.gr7.ap-northeast-1.eks.amazonaws.com");
        }
    });
    let ids: Vec<String> =
        fixture.subjects("observed_name", OPERATORS).into_iter().map(|subject| subject.id).collect();
    assert_eq!(ids, [format!("{STS}@node-a")]);
}

#[test]
fn what_was_not_read_leaves_open_what_the_addresses_should_be() {
    let fields = seen(&Fixture::healthy().withhold("NetworkInterfaces"), STS, "node-a");
    assert!(is_unknown(&fields["foreign"], "NetworkInterfaces"), "{fields:#}");
    assert_eq!(fields["resolves"], true, "what was seen was seen");
}

#[test]
fn a_snapshot_that_read_nothing_takes_what_the_probe_was_told() {
    let observations = Fixture::healthy().0["observations"].clone();
    let fixture = Fixture(json!({"snapshot_version": 2, "observations": observations}));
    let fields = seen(&fixture, API, "node-a");
    assert_eq!(fields["expected"], json!(["10.20.0.7", "10.20.0.25"]));
    assert_eq!(fields["unreachable"], json!([]));
    assert!(fields["compared"]["$unknown"].is_array(), "{fields:#}");
}

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
    let name = if name == API { "cluster" } else { name };
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
    let resolver = fixture.fields_with("observed_resolver", "10.20.0.2:53@node-a", OPERATORS);
    assert_eq!(resolver["silent"], json!([]));
}

#[test]
fn times_are_compared_as_times_and_a_probe_of_another_week_counts_for_nothing() {
    let at = |first: &str, others: &str| {
        observed(|all| {
            all.iter_mut().for_each(|one| one["at"] = json!(others));
            let mut other =
                all.iter().find(|one| one["of"] == "sts" && one["tls"].is_object()).unwrap().clone();
            other["at"] = json!(first);
            other["tls"]["outcome"] = json!("timed_out");
            all.push(other);
        })
    };
    // Half past three there is half past two in UTC, whatever the letters say.
    let earlier = at("2026-11-20T03:30:00+01:00", "2026-11-20T03:05:00Z");
    assert_eq!(seen(&earlier, STS, "node-a")["unreachable"], json!([]));
    let old = at("2026-11-20T03:30:00Z", "2026-10-20T03:05:00Z");
    let ids: Vec<String> =
        old.subjects("observed_name", OPERATORS).into_iter().map(|subject| subject.id).collect();
    assert_eq!(ids, [format!("{STS}@node-a")]);
    assert!(seen(&old, STS, "node-a")["resolves"]["$unknown"].is_array(), "only a greeting is left");
}

#[test]
fn what_is_wrong_with_a_server_is_told_once_with_its_names() {
    let fixture = observed(|all| {
        for one in all.iter_mut().filter(|one| one["dns"]["server"] == "10.20.0.2:53") {
            one["dns"]["outcome"] = json!("timed_out");
            one["dns"]["addresses"] = json!([]);
        }
    });
    let resolver = |fixture: &Fixture, id: &str| fixture.fields_with("observed_resolver", id, OPERATORS);
    let dead = resolver(&fixture, "10.20.0.2:53@node-a");
    assert_eq!((&dead["asked"], &dead["configured"]), (&json!(2), &json!(true)));
    assert_eq!(dead["silent"], json!(["timed out (for every name)"]));
    assert_eq!(resolver(&fixture, "192.168.0.53:53@head-office")["silent"], json!([]));
    let one = observed(|all| {
        for one in all.iter_mut().filter(|one| one["dns"]["server"] == "10.20.0.2:53" && one["of"] == "sts") {
            one["dns"]["outcome"] = json!("no_data");
            one["dns"]["addresses"] = json!([]);
        }
    });
    let filter = resolver(&one, "10.20.0.2:53@node-a");
    assert_eq!((&filter["filtered"], &filter["silent"]), (&json!([STS]), &json!([])));
}

#[test]
fn a_probe_without_a_snapshot_knows_its_place_by_what_it_was_told() {
    let place = |in_vpc: Option<bool>, of_cluster: Option<bool>| {
        let mut observations = Fixture::healthy().0["observations"].clone();
        for one in observations.as_array_mut().unwrap() {
            (one["vantage"]["in_vpc"], one["vantage"]["of_cluster"]) = (json!(in_vpc), json!(of_cluster));
            one["also_public"] = json!(false);
        }
        Fixture(json!({"snapshot_version": 2, "observations": observations}))
    };
    let bastion = place(Some(false), Some(false));
    assert_eq!(seen(&bastion, STS, "node-a")["needed_here"], false);
    assert_eq!(seen(&bastion, API, "node-a")["private_expected"], true, "public access is off");
    let node = seen(&place(Some(true), Some(true)), STS, "node-a");
    assert_eq!((&node["needed_here"], &node["private_expected"]), (&json!(true), &json!(true)));
    assert!(seen(&place(None, None), STS, "node-a")["needed_here"]["$unknown"].is_array());
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
    assert_eq!((&fields["compared"], &fields["names_compared"]), (&json!(false), &json!(false)));
}

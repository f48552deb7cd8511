//! Observations on the healthy cluster, changed here and there.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, is_unknown};

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
            for one in all.iter_mut() {
                one["at"] = json!(others);
            }
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
    assert!(seen(&old, STS, "node-a")["resolves"]["$unknown"].is_array(), "only a TLS handshake is left");
    // A snapshot that is older than the probe takes nothing away from what was seen.
    let new = at("2027-03-01T00:00:00Z", "2027-03-01T00:00:00Z");
    assert_eq!(seen(&new, STS, "node-a")["resolves"], true);
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
    assert!(is_unknown(&fields["needed_here"], "the source address of node-a"), "{fields:#}");
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

#[test]
fn two_probes_at_once_from_different_addresses_are_two_places_though_they_have_one_name() {
    let twice = |at: &str| {
        observed(|all| {
            all.retain(|one| one["vantage"]["name"] == "node-a");
            let mut others = all.clone();
            for one in &mut others {
                one["at"] = json!(at);
                one["vantage"]["addresses"] = json!(["10.20.33.0"]);
                if one["dns"].is_object() {
                    one["dns"] = json!({"server": "system", "configured": true, "outcome": "not_found"});
                }
            }
            all.extend(others);
        })
    };
    let ids = |fixture: &Fixture| -> Vec<String> {
        fixture.subjects("observed_name", OPERATORS).into_iter().map(|subject| subject.id).collect()
    };
    let at_once = twice("2026-11-20T03:05:07Z");
    assert_eq!(ids(&at_once).len(), 4);
    assert_eq!(seen(&at_once, STS, "node-a (10.20.17.0)")["resolves"], true);
    assert_eq!(seen(&at_once, STS, "node-a (10.20.33.0)")["resolves"], false);
    let later = twice("2026-11-20T04:05:07Z");
    assert_eq!(ids(&later).len(), 2);
    assert_eq!(seen(&later, STS, "node-a")["resolves"], false, "the latest counts");
}

#[test]
fn a_pod_that_probed_another_clusters_api_is_not_this_clusters() {
    let fixture = observed(|all| {
        all.retain(|one| one["vantage"]["name"] == "node-a");
        for one in all.iter_mut() {
            one["vantage"]["kind"] = json!("pod");
            if one["of"] == "cluster" {
                one["name"] = json!("abc.gr7.ap-northeast-1.eks.amazonaws.com");
            }
        }
    });
    assert!(fixture.subjects("observed_name", OPERATORS).is_empty());
}

#[test]
fn a_pod_of_a_hybrid_node_is_not_in_the_vpc() {
    let told = |in_vpc: bool| {
        let mut observations = Fixture::healthy().0["observations"].clone();
        for one in observations.as_array_mut().unwrap() {
            one["vantage"]["kind"] = json!("pod");
            (one["vantage"]["in_vpc"], one["vantage"]["of_cluster"]) = (json!(in_vpc), json!(true));
            one["also_public"] = json!(true);
        }
        let fields =
            seen(&Fixture(json!({"snapshot_version": 2, "observations": observations})), STS, "node-a");
        (fields["needed_here"].clone(), fields["private_expected"].clone())
    };
    assert_eq!(told(false), (json!(true), json!(false)));
    assert_eq!(told(true), (json!(true), json!(true)));
    let read = |pods: &str| {
        let networks = json!({"remoteNodeNetworks": [{"cidrs": ["172.20.0.0/16"]}], "remotePodNetworks": [{"cidrs": [pods]}]});
        let mut fixture = Fixture::healthy().change("cluster", "name", "payments", |cluster| {
            cluster["remoteNetworkConfig"] = networks.clone();
        });
        for one in fixture.0["observations"].as_array_mut().unwrap() {
            one["vantage"]["kind"] = json!("pod");
            one["vantage"]["addresses"] = json!(["172.21.3.4"]);
        }
        seen(&fixture, STS, "node-a")["private_expected"].clone()
    };
    assert_eq!(read("172.21.0.0/16"), json!(false));
    assert!(is_unknown(&read("172.22.0.0/16"), "the kind of node of node-a"));
}

#[test]
fn ipv6_addresses_of_endpoints_are_no_public_ones() {
    let expected = json!(["10.20.0.7", "2406:da14::7"]);
    let fixture = |addresses: Value, outcome: &str| {
        let mut observations = Fixture::healthy().0["observations"].clone();
        for one in observations.as_array_mut().unwrap() {
            one["expected"] = expected.clone();
            if one["dns"].is_object() {
                one["dns"]["addresses"] = expected.clone();
            }
            if one["dns"]["server"] == "10.20.0.2:53" {
                one["dns"]["addresses"] = addresses.clone();
                one["dns"]["outcome"] = json!(outcome);
            }
        }
        let fixture = Fixture(json!({"snapshot_version": 2, "observations": observations}));
        fixture.fields_with("observed_resolver", "10.20.0.2:53@node-a", OPERATORS)
    };
    assert_eq!(fixture(json!([]), "no_data")["filtered"], json!(["the Kubernetes API", STS]));
    assert_eq!(fixture(json!(["2406:da14::99"]), "answered")["differing"].as_array().unwrap().len(), 2);
}

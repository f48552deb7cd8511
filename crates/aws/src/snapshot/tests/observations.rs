//! What a probe saw, in snapshots and by itself.

use privek_core::observation::{DnsOutcome, Seen, Transport};
use serde_json::json;

use crate::snapshot::Snapshot;

fn seen() -> serde_json::Value {
    json!({
        "vantage": {"name": "bastion", "kind": "machine", "addresses": ["10.50.0.7"]},
        "at": "2026-11-20T12:00:00Z", "of": "sts", "name": "sts.eu-west-1.amazonaws.com",
        "essential": true, "expected": ["10.0.1.5"],
        "dns": {"server": "10.0.0.2:53", "configured": true, "transport": "udp", "outcome": "answered",
            "addresses": ["10.0.1.5"], "aliases": [], "truncated": false, "millis": 3},
    })
}

fn file(observations: &serde_json::Value) -> Snapshot {
    let text = json!({"snapshot_version": 2, "observations": observations}).to_string();
    Snapshot::from_json("seen.json", &text).unwrap()
}

#[test]
fn an_observation_reads_back_as_it_was_written() {
    let snapshot = file(&json!([seen()]));
    assert_eq!(snapshot.header.observations.len(), 1);
    let Seen::Dns(dns) = &snapshot.header.observations[0].seen else { panic!("{snapshot:?}") };
    assert_eq!((dns.transport, dns.outcome), (Transport::Udp, DnsOutcome::Answered));
    let again = Snapshot::from_json("again.json", &snapshot.to_json()).unwrap();
    assert_eq!(again, snapshot);
}

#[test]
fn a_probes_report_is_read_for_what_it_saw() {
    let report = json!({"schema_version": "1", "verdict": "not_ready", "findings": [],
        "observations": [seen()]});
    let read = Snapshot::from_json("report.json", &report.to_string()).unwrap();
    assert_eq!(read, file(&json!([seen()])));
    let wrong = json!({"schema_version": "1", "observations": [{}]}).to_string();
    let error = Snapshot::from_json("report.json", &wrong).unwrap_err().to_string();
    assert!(error.contains("report.json") && error.contains("observations[0]"), "{error}");
}

#[test]
fn an_old_snapshot_has_none_and_does_not_mention_them() {
    let old = Snapshot::from_json("old.json", r#"{"snapshot_version": 1, "Vpcs": []}"#).unwrap();
    assert!(old.header.observations.is_empty());
    assert!(!old.to_json().contains("observations"));
}

#[test]
fn what_two_files_saw_is_there_once_in_one_order() {
    let mut later = seen();
    later["at"] = json!("2026-11-21T12:00:00Z");
    let merged = file(&json!([later, seen()])).merge(file(&json!([seen()]))).unwrap();
    let times: Vec<&str> = merged.header.observations.iter().map(|one| one.at.as_str()).collect();
    assert_eq!(times, ["2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"]);
}

#[test]
fn a_file_of_observations_changes_nothing_else_in_either_order() {
    let read = r#"{"snapshot_version": 1, "account": "111122223333", "region": "eu-west-1",
        "collected_at": "2026-11-19T12:00:00Z", "scope": {"Vpcs": ["vpc-1"]}, "Vpcs": [{"VpcId": "vpc-1"}]}"#;
    let read = || Snapshot::from_json("read.json", read).unwrap();
    let probed = || {
        let mut probed = file(&json!([seen()]));
        probed.header.collected_at = Some("2026-11-18T00:00:00Z".into());
        probed
    };
    let mut expected = read();
    expected.header.observations = probed().header.observations;
    assert_eq!(read().merge(probed()).unwrap(), expected);
    assert_eq!(probed().merge(read()).unwrap(), expected);
}

#[test]
fn an_outcome_that_nobody_knows_is_an_error_with_its_place() {
    let mut wrong = seen();
    wrong["dns"]["outcome"] = json!("maybe");
    let text = json!({"snapshot_version": 2, "observations": [wrong]}).to_string();
    let error = Snapshot::from_json("seen.json", &text).unwrap_err().to_string();
    assert!(error.contains("seen.json") && error.contains("observations[0]"), "{error}");
}

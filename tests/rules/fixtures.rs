//! The shipped fixtures: in the program's own form, and as healthy as their folder says.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;

use privek_aws::snapshot::Snapshot;
use privek_core::report::Outcome;
use serde_json::Value;

use crate::support::files::{fixture, read_as_empty, repository};
use crate::support::healthy::{KINDS, of_kind, unknown};
use crate::support::judge::Judge;

fn folder(name: &str) -> PathBuf {
    repository().join("fixtures").join(name)
}

#[test]
fn snapshots_are_in_the_form_that_the_program_writes() {
    for name in [
        "closed-network.json",
        "healthy/managed-nodes.json",
        "healthy/ways-to-start.json",
        "healthy/custom-networking.json",
        "healthy/prefix-mode.json",
    ] {
        let path = folder(name);
        let snapshot = Snapshot::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        // Members that nothing reads yet stay: the next fact that reads one finds it in every fixture.
        let written = serde_json::from_str(&snapshot.to_json()).expect("JSON");
        assert_eq!(first_difference(&written, &file), None, "{name}: what the program writes");
        assert!(
            serde_json::to_string_pretty(&file).expect("JSON") + "\n" == text,
            "{name}: the order of members, or white space"
        );
    }
}

/// Where a tree lacks something that another one has.
fn first_difference(written: &Value, file: &Value) -> Option<String> {
    match (written, file) {
        (Value::Object(written), Value::Object(file)) => written.iter().find_map(|(key, value)| {
            let Some(its) = file.get(key) else { return Some(key.clone()) };
            first_difference(value, its).map(|rest| format!("{key}.{rest}"))
        }),
        (Value::Array(written), Value::Array(file)) if written.len() == file.len() => {
            let mut pairs = written.iter().zip(file).enumerate();
            pairs.find_map(|(at, (one, other))| {
                first_difference(one, other).map(|rest| format!("[{at}].{rest}"))
            })
        }
        (written, file) => (written != file).then(|| written.to_string()),
    }
}

#[test]
fn every_rule_passes_on_a_healthy_cluster_and_fails_on_none() {
    let judged = thread::scope(|scope| {
        let running = KINDS.map(|kind| {
            scope.spawn(move || {
                let (snapshot, intent) = of_kind(kind);
                (kind, Judge::new().report(&snapshot, &intent, kind))
            })
        });
        running.map(|thread| thread.join().expect("no panic"))
    });
    let mut passes = BTreeSet::new();
    let mut rules = BTreeSet::new();
    let mut unhealthy = Vec::new();
    for (kind, report) in judged {
        let mut undecided = unknown(kind);
        for finding in report.findings {
            let (rule, id) = (finding.rule.clone(), finding.subject.id.clone());
            match finding.outcome {
                Outcome::Pass => drop(passes.insert(rule.clone())),
                Outcome::NotApplicable => {}
                Outcome::Unknown if undecided.remove(&(rule.clone(), id.clone())) => {}
                outcome => {
                    let missing: Vec<_> = finding.missing.iter().map(|missing| &missing.what).collect();
                    unhealthy
                        .push(format!("{kind}: {outcome:?} {rule} {id}: {} {missing:?}", finding.message));
                }
            }
            rules.insert(rule);
        }
        unhealthy.extend(undecided.iter().map(|(rule, id)| format!("{kind}: {rule} {id} is not unknown")));
    }
    assert!(unhealthy.is_empty(), "{unhealthy:#?}");
    let never: Vec<_> = rules.difference(&passes).collect();
    assert!(never.is_empty(), "no healthy cluster passes {never:#?}");
}

#[test]
fn a_collection_that_an_older_snapshot_lacks_is_read_as_empty() {
    let mut snapshot = fixture("closed-network.json");
    let fields = snapshot.as_object_mut().expect("a snapshot");
    fields.remove("NatGateways");
    fields["scope"].as_object_mut().expect("a scope").remove("NatGateways");
    read_as_empty(&mut snapshot, ["NatGateways", "Subnets"].into_iter());
    let read = Snapshot::from_json("older.json", &snapshot.to_string()).expect("a snapshot");
    assert_eq!(read.aws.ids("NatGateways"), Some(Vec::new()));
    assert!(read.header.covers("NatGateways", "vpc-0c000000000000001"));
    assert!(read.aws.ids("Subnets").is_some_and(|subnets| !subnets.is_empty()), "what is there stays");
}

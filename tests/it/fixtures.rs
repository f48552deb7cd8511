//! The shipped fixtures: in the program's own form, and as healthy as their folder says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use privek_audit::snapshot::Snapshot;

use crate::program::program;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn snapshots_are_in_the_form_that_the_program_writes() {
    for name in [
        "closed-network.json",
        "healthy/managed-nodes.json",
        "healthy/self-managed.json",
        "healthy/custom-networking.json",
        "healthy/prefix-mode.json",
    ] {
        let path = folder(name);
        let snapshot = Snapshot::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let text = std::fs::read_to_string(&path).expect("a readable file");
        assert!(
            snapshot.to_json() == text,
            "{name} differs from what the program writes; rewrite it with --save-snapshot"
        );
    }
}

/// What no declaration settles yet, by snapshot.
const UNDECIDED: [(&str, &str); 2] = [
    ("custom-networking", "node-subnets-too-small"),
    ("custom-networking", "node-update-short-of-addresses"),
];

#[test]
fn every_rule_passes_on_a_healthy_cluster_and_fails_on_none() {
    let mut passes = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for name in ["managed-nodes", "self-managed", "custom-networking", "prefix-mode"] {
        let path = |end: &str| folder(&format!("healthy/{name}.{end}")).to_str().expect("UTF-8").to_owned();
        let report =
            program(&["--snapshot", &path("json"), "--config", &path("intent.yaml"), "--format", "json"])
                .run()
                .report();
        let mut unhealthy = Vec::new();
        for finding in report["findings"].as_array().expect("findings") {
            let rule = finding["rule"].as_str().expect("a rule").to_owned();
            match finding["outcome"].as_str().expect("an outcome") {
                "pass" => drop(passes.insert(rule.clone())),
                "not_applicable" => {}
                "unknown" if UNDECIDED.contains(&(name, rule.as_str())) => {}
                outcome => unhealthy
                    .push(format!("{outcome} {rule} {}: {}", finding["subject"]["id"], finding["message"])),
            }
            rules.insert(rule);
        }
        assert!(unhealthy.is_empty(), "{name}: {unhealthy:#?}");
    }
    let never: Vec<_> = rules.difference(&passes).collect();
    assert!(never.is_empty(), "no healthy cluster passes {never:#?}");
}

//! The shipped fixtures: in the program's own form, and as healthy as their folder says.

use std::path::{Path, PathBuf};

use privek_audit::snapshot::Snapshot;

use crate::program::program;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

#[test]
fn snapshots_are_in_the_form_that_the_program_writes() {
    for name in ["closed-network.json", "healthy/managed-nodes.json"] {
        let path = folder(name);
        let snapshot = Snapshot::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let text = std::fs::read_to_string(&path).expect("a readable file");
        assert!(
            snapshot.to_json() == text,
            "{name} differs from what the program writes; rewrite it with --save-snapshot"
        );
    }
}

#[test]
fn every_rule_passes_on_a_healthy_cluster_or_does_not_apply() {
    let snapshot = folder("healthy/managed-nodes.json");
    let intent = folder("healthy/managed-nodes.intent.yaml");
    let path = |path: &PathBuf| path.to_str().expect("UTF-8").to_owned();
    let report = program(&["--snapshot", &path(&snapshot), "--config", &path(&intent), "--format", "json"])
        .run()
        .report();
    let unhealthy: Vec<_> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["outcome"] == "fail" || finding["outcome"] == "unknown")
        .map(|finding| {
            format!(
                "{} {} {}: {}",
                finding["outcome"], finding["rule"], finding["subject"]["id"], finding["message"]
            )
        })
        .collect();
    assert!(unhealthy.is_empty(), "{unhealthy:#?}");
    assert_eq!(report["verdict"], "ready");
}

//! Drift, as a cron job or a CI gate runs it.

use serde_json::{Value, json};

use crate::support::files::fixture;
use crate::support::patch::apply;
use crate::support::program::{Program, program};
use crate::support::schema::conforms_to;

/// `drift` of the healthy cluster, each side patched.
fn drift(before: &Value, after: &Value, more: &[&str]) -> Program {
    let patched = |patches: &Value| {
        let mut snapshot = fixture("healthy/managed-nodes.json");
        apply(&mut snapshot, patches, "drift");
        snapshot.to_string()
    };
    let intent = include_str!("../../../fixtures/healthy/managed-nodes.intent.yaml");
    let arguments = [
        "drift",
        "--baseline",
        "before.json",
        "--snapshot",
        "after.json",
        "--config",
        "intent.yaml",
        "--format",
        "json",
    ];
    program(&[&arguments[..], more].concat())
        .file("before.json", &patched(before))
        .file("after.json", &patched(after))
        .file("intent.yaml", intent)
}

fn ran(program: Program, code: i32) -> Value {
    let run = program.run();
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    let drift: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(drift["exit_code"], code);
    conforms_to("drift.schema.json", &drift);
    drift
}

fn names_off() -> Value {
    let vpc = fixture("healthy/managed-nodes.json")["cluster"][0]["resourcesVpcConfig"]["vpcId"].clone();
    json!([{"set": ["VpcAttributes", vpc, "EnableDnsHostnames", "Value"], "to": false}])
}

fn public() -> Value {
    json!([
        {"set": ["cluster", "payments", "resourcesVpcConfig", "endpointPublicAccess"], "to": true},
        {"set": ["cluster", "payments", "resourcesVpcConfig", "publicAccessCidrs"], "to": ["0.0.0.0/0"]},
    ])
}

#[test]
fn nothing_changed_exits_0() {
    let drift = ran(drift(&json!([]), &json!([]), &[]), 0);
    assert_eq!(
        drift["summary"],
        json!({"new": 0, "resolved": 0, "unchanged": 0, "changed": 0, "not_compared": 0})
    );
}

#[test]
fn a_new_blocker_exits_1_and_a_resolved_one_0() {
    let worse = ran(drift(&json!([]), &names_off(), &[]), 1);
    assert!(worse["new"].as_array().is_some_and(|new| !new.is_empty()));
    let better = ran(drift(&names_off(), &json!([]), &[]), 0);
    assert_eq!(better["resolved"].as_array().map(Vec::len), worse["new"].as_array().map(Vec::len));
    let same = ran(drift(&names_off(), &names_off(), &[]), 0);
    assert_eq!(
        same["unchanged"].as_array().map(Vec::len),
        worse["new"].as_array().map(Vec::len),
        "an old failure is no news"
    );
}

#[test]
fn a_new_warning_counts_only_with_fail_on_warning() {
    ran(drift(&json!([]), &public(), &[]), 0);
    ran(drift(&json!([]), &public(), &["--fail-on", "warning"]), 1);
}

#[test]
fn what_became_unknown_exits_3() {
    ran(drift(&json!([]), &json!([{"withhold": "VpcAttributes"}]), &[]), 3);
}

#[test]
fn a_json_report_serves_as_baseline() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let report = scratch.path().join("report.json");
    let report = report.to_str().expect("UTF-8");
    let intent = include_str!("../../../fixtures/healthy/managed-nodes.intent.yaml");
    let snapshot = fixture("healthy/managed-nodes.json").to_string();
    let audit = ["--snapshot", "after.json", "--config", "intent.yaml", "--format", "json"];
    let audit = |more: &[&str]| {
        program(&[more, &audit[..]].concat()).file("after.json", &snapshot).file("intent.yaml", intent)
    };
    assert_eq!(audit(&["--output", report]).run().out, "", "the report went to the file");
    ran(audit(&["drift", "--baseline", report]), 0);
}

#[test]
fn another_cluster_is_not_drift() {
    let run = program(&["drift", "--baseline", "before.json", "--snapshot", "after.json"])
        .file("before.json", &fixture("closed-network.json").to_string())
        .file("after.json", &fixture("healthy/managed-nodes.json").to_string())
        .run();
    let said = run.error();
    assert!(said.contains("yoda-k8s-1") && said.contains("payments"), "{said}");
}

//! The audit over the wire, against the emulator, from a saved snapshot and from CLI outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::emulator::{REGION, aws_outputs, closed_network};
use crate::support::files::fixture;
use crate::support::program::{Run, against_emulator, outcomes, program};
use crate::support::schema::conforms;

/// The intent of the shipped closed network, with the ids of an emulator.
pub fn intent_of(network: &BTreeMap<String, String>) -> String {
    format!(
        "operators:\n  - {{ name: operator-subnet, cidr: 172.25.192.0/18, security_groups: [{}] }}\n  - {{ name: bastion, cidr: 172.24.0.0/24, security_groups: [{}] }}\n",
        network["operator-group"], network["bastion-group"]
    )
}

fn intent() -> String {
    intent_of(closed_network())
}

fn live(more: &[&str]) -> Run {
    let arguments =
        ["--cluster", "yoda-k8s-1", "--region", REGION, "--config", "intent.yaml", "--format", "json"];
    closed_network();
    against_emulator(&[&arguments[..], more].concat()).file("intent.yaml", &intent()).run()
}

fn of_snapshot(path: &Path, more: &[&str]) -> Run {
    let path = path.to_str().expect("UTF-8");
    let arguments = ["--snapshot", path, "--config", "intent.yaml", "--format", "json"];
    program(&[&arguments[..], more].concat()).file("intent.yaml", &intent()).run()
}

#[test]
fn the_report_over_the_wire_conforms_to_the_published_schema() {
    let report = live(&[]).report();
    conforms(&report);
    assert_eq!(report["target"]["region"], REGION);
    assert_eq!(report["target"]["vpc"], closed_network()["k8s-vpc"].as_str());
}

#[test]
fn the_emulator_leaves_nothing_unknown_that_aws_would_tell() {
    let report = live(&[]).report();
    assert_eq!(report["gaps"], Value::Array(Vec::new()), "the emulator answers all that is asked");
    assert_eq!(unknown(&report), Vec::<String>::new(), "rules with an unknown");
}

/// The rules of which something is unknown.
fn unknown(report: &Value) -> Vec<String> {
    let unknown = outcomes(report).into_iter().filter(|(_, outcome)| outcome == "unknown");
    let rules: BTreeSet<String> = unknown.map(|((rule, _), _)| rule).collect();
    rules.into_iter().collect()
}

#[test]
fn a_saved_snapshot_gives_the_same_report_byte_for_byte() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let saved = scratch.path().join("saved.json");
    let live = live(&["--save-snapshot", saved.to_str().expect("UTF-8")]);
    live.report();
    let replayed = of_snapshot(&saved, &[]);
    assert_eq!(live.code, replayed.code);
    assert_eq!(findings_text(&live.out), findings_text(&replayed.out));

    let again = scratch.path().join("again.json");
    of_snapshot(&saved, &["--save-snapshot", again.to_str().expect("UTF-8")]);
    let read = |path| std::fs::read_to_string(path).expect("a saved snapshot");
    assert_eq!(read(&saved), read(&again), "saving what was loaded changes nothing");
}

/// What stays unknown of a directory of outputs.
const UNKNOWN_OF_FILES: &[&str] = &[
    // The AWS CLI of these tests does not list certificate authorities yet.
    "certificate-authority-changes-soon",
    // No file says on which day its state was read.
    "forced-update-soon",
    "version-in-extended-support",
    "version-support-ends-soon",
    "version-unsupported",
];

#[test]
fn a_directory_of_cli_outputs_gives_the_same_outcomes_where_it_has_the_same_data() {
    let live = outcomes(&live(&[]).report());
    let run = of_snapshot(aws_outputs(), &[]);
    let report = run.report();
    conforms(&report);
    assert_eq!(report["collected_at"], Value::Null);
    let directory = outcomes(&report);
    assert_eq!(keys(&live), keys(&directory), "the same rules on the same subjects");
    let differing: Vec<_> = live
        .iter()
        .filter(|(key, outcome)| ![outcome.as_str(), "unknown"].contains(&directory[*key].as_str()))
        .map(|(key, outcome)| (key, outcome, &directory[key]))
        .collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(unknown(&report), UNKNOWN_OF_FILES, "rules with an unknown");
}

#[test]
fn the_closed_network_is_judged_alike_in_the_emulator_and_as_it_is_shipped() {
    let emulated = by_role(
        &live(&[]).report(),
        &closed_network().iter().map(|(role, id)| (id.clone(), role.clone())).collect(),
    );
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let config = folder.join("closed-network.intent.yaml");
    let arguments = [
        "--snapshot",
        folder.join("closed-network.json").to_str().expect("UTF-8"),
        "--config",
        config.to_str().expect("UTF-8"),
        "--format",
        "json",
    ]
    .map(str::to_owned);
    let shipped = program(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).run().report();
    let shipped = by_role(&shipped, &shipped_roles());
    let mut compared = 0;
    let mut differing = Vec::new();
    for (key, outcome) in &shipped {
        let Some(other) = emulated.get(key) else { continue };
        compared += 1;
        if other != outcome {
            differing.push(format!("{key:?}: shipped {outcome}, emulated {other}"));
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(compared > 700, "only {compared} findings could be compared");
}

/// Outcomes by rule and subject, ids replaced by roles.
pub fn by_role(report: &Value, roles: &BTreeMap<String, String>) -> BTreeMap<(String, String), String> {
    outcomes(report)
        .into_iter()
        .map(|((rule, subject), outcome)| {
            let subject = roles.iter().fold(subject, |subject, (id, role)| subject.replace(id, role));
            ((rule, subject), outcome)
        })
        .collect()
}

/// Id → role in the shipped closed network, by name and CIDR.
fn shipped_roles() -> BTreeMap<String, String> {
    let snapshot = fixture("closed-network.json");
    let id_of = |collection: &str, key: &str, id: &str, value: &str| {
        let items = snapshot[collection].as_array().expect("a collection");
        let item = items
            .iter()
            .find(|item| item[key] == value)
            .unwrap_or_else(|| panic!("{collection} has no {value}"));
        item[id].as_str().expect("an id").to_owned()
    };
    BTreeMap::from([
        (id_of("Vpcs", "CidrBlock", "VpcId", "172.24.0.0/24"), "bastion-vpc".to_owned()),
        (id_of("Vpcs", "CidrBlock", "VpcId", "172.25.0.0/16"), "k8s-vpc".to_owned()),
        (id_of("Subnets", "CidrBlock", "SubnetId", "172.24.0.0/25"), "bastion-subnet".to_owned()),
        (id_of("Subnets", "CidrBlock", "SubnetId", "172.25.0.0/17"), "worker-a".to_owned()),
        (id_of("Subnets", "CidrBlock", "SubnetId", "172.25.128.0/18"), "worker-c".to_owned()),
        (id_of("Subnets", "CidrBlock", "SubnetId", "172.25.192.0/18"), "operator-subnet".to_owned()),
    ])
}

fn keys(outcomes: &BTreeMap<(String, String), String>) -> Vec<&(String, String)> {
    outcomes.keys().collect()
}

/// The bytes from the findings to the end.
fn findings_text(report: &str) -> &str {
    &report[report.find("\"findings\"").expect("a report has findings")..]
}

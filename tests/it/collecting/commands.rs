//! The script of `snapshot --commands`: run against the emulator, audited like the account itself.

use std::collections::BTreeSet;
use std::path::Path;

use privek_audit::collect::aws::operations::OPERATIONS;
use serde_json::Value;

use crate::support::emulator::{REGION, closed_network, emulator};
use crate::support::program::{Run, against_emulator, outcomes, program};

use super::audit::intent_of;

/// What the AWS CLI of these tests does not have yet.
const NOT_IN_THE_CLI: [(&str, &str); 1] =
    [("ListCertificateAuthorities", "certificate-authority-changes-soon")];

/// Prints the script and runs it; the calls named last are refused.
fn run_script(directory: &Path, access_key: &str, refused: &[&str]) {
    closed_network();
    let printed = program(&["snapshot", "--commands", "--cluster", "yoda-k8s-1", "--region", REGION]).run();
    assert_eq!(printed.code, 0, "{}", printed.err);
    let script = directory.join("read.sh");
    std::fs::write(&script, printed.out).expect("the scratch directory is writable");
    let (script, out) = (script.to_str().expect("UTF-8"), directory.join("out"));
    let arguments = [&[access_key, script, out.to_str().expect("UTF-8")], refused].concat();
    emulator().script("aws_shim.py", &arguments);
}

fn audited(directory: &Path) -> Run {
    let path = directory.join("out");
    let arguments =
        ["--snapshot", path.to_str().expect("UTF-8"), "--config", "intent.yaml", "--format", "json"];
    program(&arguments).file("intent.yaml", &intent_of(closed_network())).run()
}

#[test]
fn the_scripts_directory_is_audited_like_the_account_itself() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    run_script(scratch.path(), "AKIASCRIPT", &[]);

    let listed: BTreeSet<String> =
        OPERATIONS.iter().map(|allowed| format!("{}:{}", allowed.service, allowed.operation)).collect();
    for seen in emulator().seen("AKIASCRIPT") {
        assert!(listed.contains(&seen), "{seen} is not on the list of operations");
    }

    let report = audited(scratch.path()).report();
    let gaps: Vec<&str> =
        report["gaps"].as_array().expect("gaps").iter().filter_map(|gap| gap["operation"].as_str()).collect();
    assert_eq!(gaps, NOT_IN_THE_CLI.map(|(operation, _)| operation), "{:#}", report["gaps"]);

    let arguments =
        ["--cluster", "yoda-k8s-1", "--region", REGION, "--config", "intent.yaml", "--format", "json"];
    let live = against_emulator(&arguments).file("intent.yaml", &intent_of(closed_network())).run().report();
    let exceptions = NOT_IN_THE_CLI.map(|(_, rule)| rule);
    let of = |report: &Value| {
        let mut all = outcomes(report);
        all.retain(|(rule, _), _| !exceptions.contains(&rule.as_str()));
        all
    };
    assert_eq!(of(&live), of(&report), "the same findings");
}

#[test]
fn a_call_that_was_refused_is_a_gap_with_its_permission() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    run_script(
        scratch.path(),
        "AKIAREFUSED",
        &["ec2:describe-route-tables", "iam:get-role", "eks:list-addons"],
    );
    let report = audited(scratch.path()).report();
    let gaps = report["gaps"].as_array().expect("gaps");
    for (permission, resource) in [
        ("ec2:DescribeRouteTables", Some(closed_network()["k8s-vpc"].as_str())),
        ("iam:GetRole", None),
        ("eks:ListAddons", Some("yoda-k8s-1")),
    ] {
        let found = gaps.iter().find(|gap| {
            gap["permission"] == permission && resource.is_none_or(|resource| gap["resource"] == resource)
        });
        assert!(found.is_some_and(|gap| gap["code"] == "AccessDenied"), "{permission}: {gaps:#?}");
    }
    assert!(gaps.iter().all(|gap| gap["code"] != "NotInDirectory"), "no file is asked for: {gaps:#?}");
}

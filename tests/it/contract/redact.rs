//! `--redact`: nothing of the owner is left, and every outcome is the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::files::fixture;
use crate::support::program::{Program, program};

const NETWORKS: [(&str, &str, &str); 3] = [
    (
        "self-managed nodes",
        "healthy/ways-to-start.json",
        include_str!("../../../fixtures/healthy/ways-to-start.intent.yaml"),
    ),
    ("closed network", "closed-network.json", include_str!("../../../fixtures/closed-network.intent.yaml")),
    (
        "healthy cluster",
        "healthy/managed-nodes.json",
        include_str!("../../../fixtures/healthy/managed-nodes.intent.yaml"),
    ),
];

fn audit(snapshot: &str, intent: &str, more: &[&str]) -> Program {
    let arguments = ["--snapshot", "s.json", "--config", "intent.yaml", "--format", "json"];
    program(&[&arguments[..], more].concat()).file("s.json", snapshot).file("intent.yaml", intent)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Each subject's findings: by rule, the outcome, the severity, the objects that stand in the way.
type Profile = BTreeSet<(String, String, String, BTreeSet<String>)>;

/// By subject where its id stays; in order where it is renamed.
fn profiles(report: &Value) -> (BTreeMap<String, Profile>, Vec<(String, Profile)>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut subjects: BTreeMap<(String, String), Profile> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let blockers = finding["blockers"].as_array().expect("blockers");
        subjects
            .entry((text(&finding["subject"]["kind"]), text(&finding["subject"]["id"])))
            .or_default()
            .insert((
                text(&finding["rule"]),
                text(&finding["outcome"]),
                text(&finding["severity"]),
                blockers.iter().map(|blocker| format!("{} {}", blocker["kind"], blocker["id"])).collect(),
            ));
    }
    let (mut stay, mut renamed) = (BTreeMap::new(), Vec::new());
    for ((kind, id), profile) in subjects {
        if ["vpc", "subnet", "service"].contains(&kind.as_str()) || id.starts_with("nodes->") {
            stay.insert(id, profile);
        } else {
            renamed.push((kind, profile));
        }
    }
    renamed.sort();
    (stay, renamed)
}

/// Account ids, names and addresses of the owner, as they stand in the snapshot and the intent.
fn private(snapshot: &Value, intent: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut strings = vec![intent.to_owned()];
    walk(snapshot, &mut |key, text| {
        let name = matches!(key, "nodegroupName" | "clusterName" | "AutoScalingGroupName" | "GroupName");
        if name && text != "default" {
            found.insert(text.to_owned());
        }
        strings.push(text.to_owned());
    });
    found.insert(snapshot["account"].as_str().expect("an account").to_owned());
    for line in intent.lines().filter_map(|line| line.split_once("name: ")) {
        let name = line.1.split([',', ' ', '}']).next().unwrap_or_default();
        found.insert(name.to_owned());
    }
    for word in strings.iter().flat_map(|text| words(text)) {
        let address = word.split('/').next().unwrap_or_default();
        if address.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_private()) {
            found.insert(word.to_owned());
        }
    }
    // A whole private range tells nothing, and stands for itself.
    for range in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] {
        found.remove(range);
    }
    found
}

fn walk<'v>(value: &'v Value, see: &mut impl FnMut(&'v str, &'v str)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) => see(key, text),
                    other => walk(other, see),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| match item {
            Value::String(text) => see("", text),
            other => walk(other, see),
        }),
        _ => {}
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_ascii_alphanumeric() || "._-/".contains(char)))
}

#[test]
fn a_redacted_audit_has_every_outcome_of_the_audit() {
    for (network, file, intent) in NETWORKS {
        let snapshot = fixture(file).to_string();
        let plain = audit(&snapshot, intent, &[]).run().report();
        let redacted = audit(&snapshot, intent, &["--redact"]).run().report();
        assert_ne!(plain["target"]["cluster"], redacted["target"]["cluster"], "{network}");
        assert_eq!(plain["verdict"], redacted["verdict"], "{network}");
        assert_eq!(plain["summary"], redacted["summary"], "{network}");
        assert_eq!(profiles(&plain), profiles(&redacted), "{network}");
    }
}

#[test]
fn a_redacted_snapshot_has_every_outcome_of_the_snapshot() {
    for (network, file, _) in NETWORKS {
        let snapshot = fixture(file).to_string();
        let saved =
            program(&["snapshot", "--snapshot", "s.json", "--redact"]).file("s.json", &snapshot).run();
        let plain = audit(&snapshot, "", &[]).run().report();
        let redacted = audit(&saved.out, "", &[]).run().report();
        assert_eq!(profiles(&plain), profiles(&redacted), "{network}");
    }
}

#[test]
fn nothing_of_the_owner_is_left_in_a_report_a_page_or_a_snapshot() {
    for (network, file, intent) in NETWORKS {
        let snapshot = fixture(file);
        let private = private(&snapshot, intent);
        assert!(private.len() > 20, "{private:?}");
        let text = snapshot.to_string();
        let run = |more: &[&str]| {
            let run = audit(&text, intent, more).run();
            assert_ne!(run.code, 2, "{}", run.err);
            run.out
        };
        let saved =
            program(&["snapshot", "--snapshot", "s.json", "--redact"]).file("s.json", &text).run().out;
        for (what, printed) in [("report", run(&["--redact"])), ("snapshot", saved)] {
            let mut left = BTreeSet::new();
            walk(&json(&printed), &mut |_, text| {
                left.extend(words(text).filter(|word| private.contains(*word)).map(str::to_owned));
            });
            assert_eq!(left, BTreeSet::new(), "left in the {what} of the {network}");
        }
    }
}

#[test]
fn the_networks_that_only_the_user_named_are_renamed_on_the_page_too() {
    let run = program(&["demo", "--redact"]).run();
    assert!(run.out.contains("operator-2 ("), "{}", run.out);
    for name in ["bastion", "yoda", "111122223333"] {
        assert!(!run.out.contains(name), "{name} is left in {}", run.out);
    }
}

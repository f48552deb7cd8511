//! What each fact depends on: every collection and every declaration is withheld from every healthy
//! cluster and the closed network, and what changes is what depends on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use privek_aws::facts::{Facts, FlowSpec, KINDS as SUBJECTS, Subject, Subjects};
use privek_aws::intent::Intent;
use privek_aws::pack::PACK;
use privek_aws::snapshot::Snapshot;
use privek_aws::snapshot::aws::COLLECTIONS;
use privek_core::rule::{self, DECLARED, Inputs, KindInputs};
use serde_json::Value;

use crate::support::bless;
use crate::support::files::{repository, yaml};
use crate::support::healthy::{KINDS, base};
use crate::support::judge::side_by_side;
use crate::support::patch::{apply, withhold};

const HEADER: &str = "\
# What has to be read or declared, by kind of subject, field and flow, before its value is known: written by
# `tests/bless inputs`, which withholds one after the other from the healthy clusters.
";

/// What is there and, of flows, what decides about them.
struct Seen {
    kinds: BTreeMap<&'static str, Subjects>,
    flows: BTreeMap<FlowSpec, Subjects>,
}

fn seen(snapshot: &Value, intent: &Intent, flows: &BTreeSet<FlowSpec>, called: &str) -> Seen {
    let snapshot: Snapshot =
        serde_json::from_value(snapshot.clone()).unwrap_or_else(|error| panic!("{called}: {error}"));
    let facts = Facts::derive(&snapshot, intent);
    let kinds = SUBJECTS.iter().filter(|kind| **kind != rule::FLOW);
    Seen {
        kinds: kinds.map(|kind| (*kind, facts.subjects(kind).clone())).collect(),
        flows: flows.iter().map(|flow| (flow.clone(), facts.flow(flow))).collect(),
    }
}

fn by_id(subjects: &Subjects) -> BTreeMap<&str, &Subject> {
    subjects.listed.iter().map(|subject| (subject.id.as_str(), subject)).collect()
}

/// Which subjects there are, and whether these are all.
fn list(subjects: &Subjects) -> (Vec<&str>, bool) {
    (by_id(subjects).into_keys().collect(), subjects.unlisted.is_empty())
}

fn flow_differs(before: &Subjects, after: &Subjects) -> bool {
    const DECIDE: [&str; 5] = ["applies", "bypassed", "open", "public_endpoint_admits", "rare_ports_only"];
    let after_by_id = by_id(after);
    list(before) != list(after)
        || by_id(before).into_iter().any(|(id, subject)| {
            DECIDE.iter().any(|field| subject.fields[*field] != after_by_id[id].fields[*field])
        })
}

/// Notes everything that withholding an input has changed.
fn note(inputs: &mut Inputs, before: &Seen, after: &Seen, input: &str) {
    for (kind, before) in &before.kinds {
        let after = &after.kinds[kind];
        let noted = inputs.kinds.entry((*kind).to_owned()).or_default();
        if list(before) != list(after) {
            noted.listed.insert(input.to_owned());
        }
        let after = by_id(after);
        for (id, subject) in by_id(before) {
            for (field, value) in subject.fields.as_object().expect("fields") {
                let field_inputs = noted.fields.entry(field.clone()).or_default();
                if after.get(id).is_some_and(|after| after.fields[field] != *value) {
                    field_inputs.insert(input.to_owned());
                }
            }
        }
    }
    for (flow, before) in &before.flows {
        let noted = inputs.flows.entry(Inputs::flow_name(flow)).or_default();
        if flow_differs(before, &after.flows[flow]) {
            noted.insert(input.to_owned());
        }
    }
}

/// One thing less, or for what nobody declared one thing more.
fn declared_otherwise(intent: &Intent) -> Vec<(&'static str, Intent)> {
    let change = |change: &dyn Fn(&mut Intent)| {
        let mut other = intent.clone();
        change(&mut other);
        other
    };
    vec![
        ("operators", change(&|other| other.operators = None)),
        ("features", change(&|other| other.features.clear())),
        ("features", change(&|other| other.features = BTreeMap::from([("karpenter".to_owned(), true)]))),
        ("pods", change(&|other| other.pods = None)),
        ("nodes", change(&|other| other.nodes = None)),
        ("webhook_ports", change(&|other| other.webhook_ports = None)),
        ("webhook_ports", change(&|other| other.webhook_ports = Some(BTreeSet::from([18_443])))),
        ("growth", change(&|other| other.growth = None)),
    ]
}

/// The clusters to withhold from: the healthy ones, the closed network, and what is said of others here.
fn clusters() -> Vec<(String, Value, Intent)> {
    let names = KINDS.iter().map(|kind| format!("healthy/{kind}")).chain(["closed-network".to_owned()]);
    let mut all: Vec<(String, Value, Intent)> = names
        .map(|name| {
            let (snapshot, intent) = base(&name);
            (name, snapshot, intent)
        })
        .collect();
    for case in yaml(Path::new("fixtures/inputs.yaml")).as_array().expect("a list of clusters") {
        let name = case["case"].as_str().expect("a name").to_owned();
        let (mut snapshot, intent) = base(case["base"].as_str().expect("a base"));
        apply(&mut snapshot, &case["change"], &name);
        all.push((name, snapshot, intent));
    }
    all
}

fn found() -> Inputs {
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let flows: BTreeSet<FlowSpec> = rules.iter().filter_map(|rule| rule.flow.clone()).collect();
    let clusters = clusters();
    let before = side_by_side(&clusters, |_, (name, snapshot, intent)| seen(snapshot, intent, &flows, name));
    let mut tries = Vec::new();
    for (at, (_, snapshot, intent)) in clusters.iter().enumerate() {
        for collection in COLLECTIONS {
            if snapshot.get(collection.key).is_some() {
                tries.push((at, collection.permission(), Some(collection.key), intent.clone()));
            }
        }
        for (section, other) in declared_otherwise(intent) {
            if other != *intent {
                tries.push((at, format!("{DECLARED}{section}"), None, other));
            }
        }
    }
    let noted = side_by_side(&tries, |_, (at, input, key, intent)| {
        let mut snapshot = clusters[*at].1.clone();
        if let Some(key) = key {
            withhold(&mut snapshot, key).expect("a collection");
        }
        let mut inputs = Inputs::default();
        note(&mut inputs, &before[*at], &seen(&snapshot, intent, &flows, input), input);
        inputs
    });
    let mut all = Inputs::default();
    for inputs in noted {
        for (kind, one) in inputs.kinds {
            let noted = all.kinds.entry(kind).or_default();
            noted.listed.extend(one.listed);
            for (field, inputs) in one.fields {
                noted.fields.entry(field).or_default().extend(inputs);
            }
        }
        for (flow, inputs) in inputs.flows {
            all.flows.entry(flow).or_default().extend(inputs);
        }
    }
    all.kinds.values_mut().for_each(without_those_of_the_list);
    all
}

/// What is needed to know of a subject at all is said once.
fn without_those_of_the_list(kind: &mut KindInputs) {
    for inputs in kind.fields.values_mut() {
        inputs.retain(|input| !kind.listed.contains(input));
    }
    kind.fields.retain(|_, inputs| !inputs.is_empty());
}

fn written(inputs: &Inputs) -> String {
    let names = |inputs: &BTreeSet<String>| {
        let names: Vec<String> = inputs.iter().map(|input| format!("\"{input}\"")).collect();
        format!("[{}]", names.join(", "))
    };
    let mut text = format!("{HEADER}kinds:\n");
    for (kind, one) in &inputs.kinds {
        let _ = writeln!(text, "  {kind}:\n    listed: {}", names(&one.listed));
        text.push_str(if one.fields.is_empty() { "    fields: {}\n" } else { "    fields:\n" });
        for (field, inputs) in &one.fields {
            let _ = writeln!(text, "      {field}: {}", names(inputs));
        }
    }
    text.push_str("flows:\n");
    for (flow, inputs) in &inputs.flows {
        let _ = writeln!(text, "  \"{flow}\": {}", names(inputs));
    }
    text
}

#[test]
fn the_table_of_inputs_is_what_withholding_shows() {
    let path = repository().join("rules/eks/inputs.yaml");
    let found = found();
    if bless::asked("inputs") {
        return std::fs::write(path, written(&found)).expect("a writable file");
    }
    let text = std::fs::read_to_string(path).expect("a readable file");
    assert!(text == written(&found), "rules/eks/inputs.yaml is old: run `tests/bless inputs documents`");
}

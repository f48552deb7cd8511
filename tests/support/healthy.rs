//! The snapshots that tests start from, in both forms: as the program writes them (`<name>.json`, with
//! `<name>.intent.yaml` beside it), or as what differs from another (`<name>.yaml`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use privek_aws::intent::Intent;
use serde_json::Value;

use super::files::{fixture, repository, yaml};
use super::patch::apply;

/// The kinds of clusters of which there is a healthy one.
pub const KINDS: [&str; 14] = [
    "auto-mode",
    "bottlerocket",
    "custom-networking",
    "fargate",
    "fips-nodes",
    "forwarded-names",
    "hub",
    "hybrid",
    "ipv6",
    "managed-nodes",
    "prefix-mode",
    "self-managed",
    "shared-vpc",
    "ways-to-start",
];

/// A healthy cluster of some kind.
pub fn of_kind(kind: &str) -> (Value, Intent) {
    base(&format!("healthy/{kind}"))
}

/// A fixture and what its operators declare.
pub fn base(name: &str) -> (Value, Intent) {
    // Hundreds of cases start from the same few, which are large.
    static BASES: Mutex<BTreeMap<String, (Value, Intent)>> = Mutex::new(BTreeMap::new());
    let mut bases = BASES.lock().unwrap_or_else(PoisonError::into_inner);
    let made = bases.entry(name.to_owned()).or_insert_with(|| {
        let (snapshot, intent) = written(name);
        let intent = Intent::from_yaml(name, &intent.to_string()).unwrap_or_else(|error| panic!("{error}"));
        (snapshot, intent)
    });
    made.clone()
}

/// A fixture and its declarations, as they are written.
pub fn written(name: &str) -> (Value, Value) {
    let path = |end: &str| PathBuf::from(format!("fixtures/{name}.{end}"));
    let exists = |path: &Path| repository().join(path).exists();
    if !exists(&path("yaml")) {
        let intent = path("intent.yaml");
        let intent = if exists(&intent) { yaml(&intent) } else { Value::Object(serde_json::Map::new()) };
        return (fixture(&format!("{name}.json")), intent);
    }
    let differs = yaml(&path("yaml"));
    let known = ["base", "patch", "intent"];
    for key in differs.as_object().expect("fields").keys() {
        assert!(known.contains(&key.as_str()), "{name}: {key} is none of {known:?}");
    }
    let (mut snapshot, mut intent) = written(differs["base"].as_str().expect("a base"));
    apply(&mut snapshot, &differs["patch"], name);
    if let Some(own) = differs.get("intent") {
        intent = own.clone();
    }
    (snapshot, intent)
}

/// The cases of the mutation matrix for a kind of cluster.
pub fn matrix(kind: &str) -> PathBuf {
    PathBuf::from(format!("fixtures/matrix/{kind}.yaml"))
}

/// What stays unknown about a healthy cluster: rule and subject.
pub fn unknown(kind: &str) -> BTreeSet<(String, String)> {
    let path = PathBuf::from(format!("fixtures/healthy/{kind}.unknown.yaml"));
    if !repository().join(&path).exists() {
        return BTreeSet::new();
    }
    let mut all = BTreeSet::new();
    for entry in yaml(&path).as_array().expect("a list of what is unknown") {
        entry["because"].as_str().expect("`because` says why it is unknown");
        for rule in entry["rules"].as_array().expect("rules") {
            for subject in entry["subjects"].as_array().expect("subjects") {
                let text = |value: &Value| value.as_str().expect("text").to_owned();
                all.insert((text(rule), text(subject)));
            }
        }
    }
    all
}

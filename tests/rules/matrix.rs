//! The mutation matrix: from a healthy cluster of each kind one change each. A case lists every finding
//! that it changes, consequences included; all others keep outcome and fingerprint.
//!
//! `fixtures/matrix/<kind>.yaml` has the cases; `tests/bless matrix` writes there what they give,
//! to be read before it is committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use privek_aws::intent::Intent;
use serde_json::Value;

use crate::support::bless;
use crate::support::files::{repository, yaml};
use crate::support::healthy::{KINDS, matrix, of_kind};
use crate::support::judge::{Changes, Judge, Judged, changed, expected, paste, side_by_side};
use crate::support::patch::apply;

/// A kind of cluster, and how it is judged before anything is changed.
struct Base {
    kind: &'static str,
    snapshot: Value,
    intent: Intent,
    before: Judged,
    cases: Vec<Value>,
}

fn name(case: &Value) -> &str {
    case["case"].as_str().expect("a case has a name")
}

/// What a case changes; an error where a fingerprint is not what it was.
fn changes(judge: &Judge, base: &Base, case: &Value) -> Result<Changes, String> {
    let called = format!("{}: {}", base.kind, name(case));
    let mut snapshot = base.snapshot.clone();
    if let Some(patches) = case.get("change") {
        apply(&mut snapshot, patches, &called);
    }
    let own = case.get("intent").map(|own| Intent::from_yaml("intent", &own.to_string()).expect("an intent"));
    let after = judge.judge(&snapshot, own.as_ref().unwrap_or(&base.intent), &called);
    for (key, (_, fingerprint)) in &after {
        let was = base.before.get(key).map_or(fingerprint, |(_, fingerprint)| fingerprint);
        if was != fingerprint {
            return Err(format!("{called}: the fingerprint of {key:?} is not what it was"));
        }
    }
    Ok(changed(&base.before, &after))
}

#[test]
fn one_change_to_a_healthy_cluster_changes_exactly_what_the_matrix_lists() {
    let bases = side_by_side(&KINDS, |judge, kind| {
        let (snapshot, intent) = of_kind(kind);
        let before = judge.judge(&snapshot, &intent, kind);
        let cases = yaml(&matrix(kind)).as_array().expect("a list of cases").clone();
        Base { kind, snapshot, intent, before, cases }
    });
    let all: Vec<(&Base, &Value)> =
        bases.iter().flat_map(|base| base.cases.iter().map(move |case| (base, case))).collect();
    let results = side_by_side(&all, |judge, (base, case)| changes(judge, base, case));
    let mut given: BTreeMap<(&str, &str), Changes> = BTreeMap::new();
    let (mut wrong, mut idle) = (Vec::new(), Vec::new());
    for ((base, case), result) in all.iter().zip(results) {
        let key = (base.kind, name(case));
        let changes = match result {
            Ok(changes) => changes,
            Err(error) => {
                wrong.push(error);
                continue;
            }
        };
        let mut wanted = Changes::new();
        for (rule, outcomes) in case["gives"].as_object().into_iter().flatten() {
            wanted.extend(
                expected(outcomes, key.1).into_iter().map(|(id, outcome)| ((rule.clone(), id), outcome)),
            );
        }
        if changes != wanted {
            wrong.push(format!("{key:?}: wanted{}\n  but this changed{}", paste(&wanted), paste(&changes)));
        }
        if changes.is_empty() {
            idle.push(key);
        }
        assert!(given.insert(key, changes).is_none(), "two cases are called {key:?}");
    }
    if bless::asked("matrix") {
        return bases.iter().for_each(|base| bless(base.kind, &given));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(all.len() - idle.len() >= 200, "{} cases, of which these change nothing: {idle:?}", all.len());
}

/// Writes what the cases of a kind give; everything else in the file stays as it is.
fn bless(kind: &str, given: &BTreeMap<(&str, &str), Changes>) {
    let file = repository().join(matrix(kind));
    let text = std::fs::read_to_string(&file).expect("a readable file");
    let (mut new, mut current, mut old) = (String::new(), None, false);
    let finish = |new: &mut String, current: &mut Option<String>| {
        let Some(case) = current.take() else { return };
        let changes = &given[&(kind, case.as_str())];
        if !changes.is_empty() {
            let _ = writeln!(new, "  gives:{}", paste(changes).replace("\n      ", "\n    "));
        }
    };
    for line in text.lines() {
        if line.starts_with("- case: ") || line.starts_with('#') {
            finish(&mut new, &mut current);
            old = false;
        }
        if line.starts_with("- case: ") {
            let case: Vec<Value> = serde_saphyr::from_str(line).expect("a name");
            current = Some(name(&case[0]).to_owned());
        }
        old |= line.starts_with("  gives:");
        if !old {
            new.push_str(line);
            new.push('\n');
        }
    }
    finish(&mut new, &mut current);
    std::fs::write(&file, new).expect("a writable file");
}

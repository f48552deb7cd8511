//! Inputs that nobody would write on purpose: never a panic, and for state that AWS might return
//! in another shape, always a report.

use privek_aws::facts::Facts;
use privek_aws::intent::{Intent, operator};
use privek_aws::pack::PACK;
use privek_aws::snapshot::Snapshot;
use privek_core::report::Severity;
use privek_core::rule::{self, Evaluation};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::files::text;

thread_local! {
    /// Loaded once for all snapshots.
    static RULES: rule::Rules = rule::built_in(&PACK).expect("the built-in rules load");
}

/// The text with a piece of it replaced by another piece of it, or by something else.
fn spliced(text: &str, from: usize, length: usize, with: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let from = from % letters.len();
    let to = (from + length).min(letters.len());
    letters[..from].iter().chain(&with.chars().collect::<Vec<_>>()).chain(&letters[to..]).collect()
}

fn junk() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("\n".into()), Just(": ".into()), Just("{{ ".into()), "\\PC{0,12}"]
}

/// Every place in a value, as steps from its root.
fn places(value: &Value, at: &mut Vec<String>, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.replace('/', "~1"), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, member) in members {
        at.push(step);
        found.push(format!("/{}", at.join("/")));
        places(member, at, found);
        at.pop();
    }
}

fn audit(snapshot: &Value) {
    // A value of another type is refused when the snapshot is loaded, with its field named.
    let Ok(snapshot) = Snapshot::from_json("mutated.json", &snapshot.to_string()) else { return };
    let intent =
        Intent::from_yaml("intent", &text("fixtures/closed-network.intent.yaml")).expect("an intent");
    let facts = Facts::derive(&snapshot, &intent);
    let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
    let report = RULES.with(|rules| rule::evaluate(rules, &facts, &evaluation));
    assert!(!report.expect("no rule is wrong because of the state").findings.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_snapshot_with_fields_missing_or_strange_still_gives_a_report(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 1..6),
    ) {
        let mut snapshot: Value = serde_json::from_str(&text("fixtures/closed-network.json")).expect("JSON");
        for (which, how) in cuts {
            let mut found = Vec::new();
            places(&snapshot, &mut Vec::new(), &mut found);
            let Some(place) = snapshot.pointer_mut(which.get::<String>(&found)) else { continue };
            *place = match (how, &*place) {
                (0, _) => Value::Null,
                (1, Value::String(_)) => "".into(),
                (1 | 2, Value::Array(_)) => Value::Array(Vec::new()),
                (2, Value::String(_)) => "nothing-that-aws-says/99".into(),
                (2, Value::Number(_)) => (-1).into(),
                (3, Value::Number(_)) => i64::MAX.into(),
                (3, Value::Bool(value)) => (!value).into(),
                (_, same) => same.clone(),
            };
        }
        audit(&snapshot);
    }

    #[test]
    fn a_mangled_intent_is_an_error_that_names_the_file_or_an_intent(
        from in any::<usize>(), length in 0..40_usize, with in junk(),
    ) {
        let given = spliced(&text("fixtures/closed-network.intent.yaml"), from, length, &with);
        if let Err(error) = Intent::from_yaml("site.yaml", &given) {
            prop_assert!(error.to_string().contains("site.yaml"), "{error}");
        }
    }

    #[test]
    fn a_mangled_operator_flag_is_an_error_or_an_operator(given in "[0-9a-f.:/,=a-z]{0,40}") {
        let _ = operator(&given);
    }

    #[test]
    fn a_mangled_rule_is_an_error_that_names_the_file_or_a_rule(
        from in any::<usize>(), length in 0..60_usize, with in junk(),
    ) {
        let (id, file) = ("operator-cannot-reach-api", "house-rule.yaml");
        let written = text(format!("rules/eks/operators/{id}.yaml")).replace(id, "house-rule");
        let directory = tempfile::tempdir().expect("a scratch directory");
        std::fs::write(directory.path().join(file), spliced(&written, from, length, &with)).expect("a file");
        let loaded = rule::built_in(&PACK).expect("the built-in rules load").with_directory(directory.path());
        if let Err(error) = loaded {
            prop_assert!(error.to_string().contains(file), "{error}");
        }
    }
}

//! Judging a snapshot by all built-in rules, and comparing what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use privek_aws::facts::{self, Facts};
use privek_aws::intent::Intent;
use privek_aws::pack::PACK;
use privek_aws::snapshot::Snapshot;
use privek_core::report::{Finding, Outcome, Report, Severity};
use privek_core::rule::{self, Evaluation, Rules};
use serde::Deserialize;
use serde_json::Value;

/// Rule and subject id → outcome and fingerprint.
pub type Judged = BTreeMap<(String, String), (String, String)>;

/// Rule and subject id → the outcome that it has now.
pub type Changes = BTreeMap<(String, String), String>;

/// All built-in rules.
pub struct Judge {
    rules: Rules,
}

impl Judge {
    pub fn new() -> Self {
        Self { rules: rule::built_in(&PACK).expect("the built-in rules load") }
    }

    pub fn judge(&self, snapshot: &Value, intent: &Intent, case: &str) -> Judged {
        judged(self.report(snapshot, intent, case).findings, case)
    }

    /// What one rule finds in a snapshot in JSON.
    pub fn one(&self, rule: &str, snapshot: &Value, intent: &Intent, case: &str) -> Vec<Finding> {
        let snapshot = read(snapshot, case);
        let snapshot = facts::read_as_declared(&snapshot, intent);
        rule::evaluate_one(&self.rules, rule, &Facts::derive(&snapshot, intent))
            .unwrap_or_else(|error| panic!("{case}: {error}"))
    }

    /// The report on a snapshot in JSON.
    pub fn report(&self, snapshot: &Value, intent: &Intent, case: &str) -> Report {
        let snapshot = read(snapshot, case);
        let snapshot = facts::read_as_declared(&snapshot, intent);
        let facts = Facts::derive(&snapshot, intent);
        let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
        rule::evaluate(&self.rules, &facts, &evaluation).unwrap_or_else(|error| panic!("{case}: {error}"))
    }
}

fn read(snapshot: &Value, case: &str) -> Snapshot {
    Snapshot::deserialize(snapshot).unwrap_or_else(|error| panic!("{case}: {error}"))
}

pub fn judged(findings: Vec<Finding>, case: &str) -> Judged {
    let mut all = Judged::new();
    for finding in findings {
        let key = (finding.rule, finding.subject.id);
        let outcome = called(finding.outcome).to_owned();
        let twice = all.insert(key.clone(), (outcome, finding.fingerprint));
        assert!(twice.is_none(), "{case}: {key:?} is in the report twice");
    }
    all
}

/// An outcome as reports and cases call it.
fn called(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "fail",
        Outcome::Unknown => "unknown",
        Outcome::Pass => "pass",
        Outcome::NotApplicable => "not_applicable",
    }
}

/// Does work for each item, in as many threads as there are processors; each has a judge of its own.
pub fn side_by_side<T: Sync, R: Send>(items: &[T], work: impl Fn(&Judge, &T) -> R + Sync) -> Vec<R> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                let judge = Judge::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    let result = work(&judge, item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).insert(at, result);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// `outcome → ids` as `id → outcome`.
pub fn expected(outcomes: &Value, case: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (outcome, ids) in
        outcomes.as_object().unwrap_or_else(|| panic!("{case}: `expect` maps outcomes to ids"))
    {
        assert!(
            ["pass", "fail", "unknown", "not_applicable", "gone"].contains(&outcome.as_str()),
            "{case}: {outcome} is no outcome"
        );
        for id in ids.as_array().unwrap_or_else(|| panic!("{case}: {outcome} has a list of ids")) {
            all.insert(id.as_str().expect("an id").to_owned(), outcome.clone());
        }
    }
    all
}

/// The outcomes that differ; `gone` for a finding that is no longer there.
pub fn changed(before: &Judged, after: &Judged) -> Changes {
    let outcome =
        |judged: &Judged, key: &(String, String)| judged.get(key).map(|(outcome, _)| outcome.clone());
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    keys.into_iter()
        .filter(|key| outcome(before, key) != outcome(after, key))
        .map(|key| (key.clone(), outcome(after, &key).unwrap_or_else(|| "gone".to_owned())))
        .collect()
}

/// The outcomes as the YAML of a case's `expect`.
pub fn paste(outcomes: &Changes) -> String {
    let mut rules: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for ((rule, id), outcome) in outcomes {
        rules.entry(rule).or_default().entry(outcome).or_default().push(id);
    }
    let mut text = String::new();
    for (rule, outcomes) in rules {
        let outcomes: Vec<_> =
            outcomes.iter().map(|(outcome, ids)| format!("{outcome}: [{}]", ids.join(", "))).collect();
        text.extend(["\n      ", rule, ": { ", &outcomes.join(", "), " }"]);
    }
    text
}

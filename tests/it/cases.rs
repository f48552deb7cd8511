//! The data-driven tests: one entry a case, in `fixtures/cases/` and `fixtures/closed-network.cases.yaml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use privek_audit::facts::Facts;
use privek_audit::intent::Intent;
use privek_audit::report::{Finding, Outcome, Report, Severity};
use privek_audit::rule::{self, Evaluation, Rules};
use privek_audit::snapshot::Snapshot;
use privek_audit::snapshot::aws::COLLECTIONS;
use privek_aws::pack::PACK;
use serde::Deserialize;
use serde_json::Value;

use crate::architecture::files;
use crate::healthy::{KINDS, base};
use crate::patch::{apply, withhold};

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
        rule::evaluate_one(&self.rules, rule, &Facts::derive(&snapshot, intent))
            .unwrap_or_else(|error| panic!("{case}: {error}"))
    }

    /// The report on a snapshot in JSON.
    pub fn report(&self, snapshot: &Value, intent: &Intent, case: &str) -> Report {
        let snapshot = read(snapshot, case);
        let facts = Facts::derive(&snapshot, intent);
        let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
        rule::evaluate(&self.rules, &facts, &evaluation).unwrap_or_else(|error| panic!("{case}: {error}"))
    }
}

fn read(snapshot: &Value, case: &str) -> Snapshot {
    Snapshot::deserialize(snapshot).unwrap_or_else(|error| panic!("{case}: {error}"))
}

fn judged(findings: Vec<Finding>, case: &str) -> Judged {
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

/// A YAML file of this repository.
pub fn yaml(path: &Path) -> Value {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a readable file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rule_files() -> Vec<PathBuf> {
    files("rules", "yaml").into_iter().filter(|file| file.components().count() > 3).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned()
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

/// A case of a rule, and what the rule finds in it.
pub struct Told {
    pub rule: String,
    /// The file and the case's name.
    pub called: String,
    pub findings: Vec<Finding>,
    /// The fixture that the case changes.
    pub base: String,
    case: Value,
}

impl Told {
    /// The snapshot of the case, and what its operators declare.
    pub fn state(&self) -> (Value, Intent) {
        let (mut snapshot, mut intent) = base(&self.base);
        if let Some(patches) = self.case.get("patch") {
            apply(&mut snapshot, patches, &self.called);
        }
        if let Some(own) = self.case.get("intent") {
            intent = Intent::from_yaml(&self.called, &own.to_string())
                .unwrap_or_else(|error| panic!("{}: {error}", self.called));
        }
        (snapshot, intent)
    }

    /// Whether the rule has this outcome on one subject at least.
    pub fn has(&self, outcome: Outcome) -> bool {
        self.findings.iter().any(|finding| finding.outcome == outcome)
    }
}

/// Every case of every rule, judged once a test process.
pub fn told() -> &'static [Told] {
    static TOLD: OnceLock<Vec<Told>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut all = unjudged();
        let found = side_by_side(&all, |judge, told| {
            let (snapshot, intent) = told.state();
            judge.one(&told.rule, &snapshot, &intent, &told.called)
        });
        all.iter_mut().zip(found).for_each(|(told, findings)| told.findings = findings);
        all
    })
}

/// Every case of every rule, without findings.
pub fn unjudged() -> Vec<Told> {
    let mut all = Vec::new();
    for file in files("fixtures/cases", "yaml") {
        let cases = yaml(&file);
        for case in cases["cases"].as_array().expect("cases") {
            all.push(Told {
                rule: stem(&file),
                called: format!("{}: {}", file.display(), case["name"].as_str().expect("a case has a name")),
                findings: Vec::new(),
                base: cases["base"].as_str().unwrap_or("healthy/managed-nodes").to_owned(),
                case: case.clone(),
            });
        }
    }
    all
}

#[test]
fn every_case_of_every_rule_gives_its_outcomes() {
    let names: BTreeSet<&str> = told().iter().map(|told| told.base.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let bases: BTreeMap<&str, Judged> = side_by_side(&names, |judge, name| {
        let (snapshot, intent) = base(name);
        (*name, judge.judge(&snapshot, &intent, name))
    })
    .into_iter()
    .collect();
    let wrong: Vec<_> =
        told().iter().filter_map(|told| outcomes_differ(&bases[told.base.as_str()], told)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How a case's outcomes differ from those that it expects.
fn outcomes_differ(before: &Judged, told: &Told) -> Option<String> {
    let Told { rule, called, case, .. } = told;
    let after = of_rule(&judged(told.findings.clone(), called), rule);
    let mut wanted = of_rule(before, rule);
    let expects = expected(&case["expect"], called);
    wanted.retain(|id, _| after.contains_key(id) || expects.contains_key(id));
    wanted.extend(expects);
    let differ = |(id, outcome): &(&String, &String)| after.get(*id) != Some(outcome);
    let missed: BTreeMap<_, _> = wanted.iter().filter(differ).collect();
    let differ = |(id, outcome): &(&String, &String)| wanted.get(*id) != Some(outcome);
    let instead: BTreeMap<_, _> = after.iter().filter(differ).collect();
    (after != wanted).then(|| format!("{called}\n    wanted {missed:?}\n    but it {instead:?}"))
}

fn of_rule(judged: &Judged, rule: &str) -> BTreeMap<String, String> {
    judged
        .iter()
        .filter(|((of, _), _)| of == rule)
        .map(|((_, id), (outcome, _))| (id.clone(), outcome.clone()))
        .collect()
}

#[test]
fn every_rule_has_cases_in_its_own_file_and_some_of_them_pass_and_some_fail() {
    let (judge, mut without) = (Judge::new(), Vec::new());
    for rule in rule_files() {
        let area = rule.parent().and_then(Path::file_name).expect("rules/<provider>/<area>/<id>.yaml");
        let file = Path::new("fixtures/cases").join(area).join(rule.file_name().expect("a file"));
        let start = format!("{}: ", file.display());
        let own = || told().iter().filter(|told| told.called.starts_with(&start));
        if !own().any(|told| told.has(Outcome::Fail)) {
            without.push(format!("{start}none fails"));
        }
        // What its cases start from is a case too.
        let passes = own().any(|told| told.has(Outcome::Pass)) || {
            own().next().is_some_and(|told| {
                let (snapshot, intent) = base(&told.base);
                let findings = judge.one(&told.rule, &snapshot, &intent, &told.base);
                findings.iter().any(|finding| finding.outcome == Outcome::Pass)
            })
        };
        if !passes {
            without.push(format!("{start}none passes"));
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}

#[test]
fn breaking_one_thing_in_the_closed_network_changes_exactly_what_the_case_lists() {
    let judge = Judge::new();
    let (snapshot, intent) = base("closed-network");
    let before = judge.judge(&snapshot, &intent, "closed-network");
    let mut wrong = Vec::new();
    for case in yaml(Path::new("fixtures/closed-network.cases.yaml"))["cases"].as_array().expect("cases") {
        let called = case["name"].as_str().expect("a case has a name");
        let mut patched = snapshot.clone();
        apply(&mut patched, &case["patch"], called);
        let after = judge.judge(&patched, &intent, called);
        let mut wanted = BTreeMap::new();
        for (rule, outcomes) in case["expect"].as_object().expect("`expect` maps rules to outcomes") {
            for (id, outcome) in expected(outcomes, called) {
                wanted.insert((rule.clone(), id), outcome);
            }
        }
        let changed = changed(&before, &after);
        if changed != wanted {
            wrong.push(format!("{called}: wanted{}\n  but this changed{}", paste(&wanted), paste(&changed)));
        }
        for (key, (_, fingerprint)) in &after {
            let old = before.get(key).map_or(fingerprint, |(_, fingerprint)| fingerprint);
            assert_eq!(old, fingerprint, "{called}: the fingerprint of {key:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

#[test]
fn withholding_a_collection_makes_findings_unknown_and_changes_nothing_else() {
    let names: Vec<String> =
        KINDS.iter().map(|kind| format!("healthy/{kind}")).chain(["closed-network".to_owned()]).collect();
    let bases = side_by_side(&names, |judge, name| {
        let (snapshot, intent) = base(name);
        let before = judge.judge(&snapshot, &intent, name);
        (name.clone(), snapshot, intent, before)
    });
    let all: Vec<_> = bases.iter().flat_map(|base| COLLECTIONS.iter().map(move |one| (base, one))).collect();
    let judged = side_by_side(&all, |judge, ((_, snapshot, intent, _), collection)| {
        let mut patched = snapshot.clone();
        withhold(&mut patched, collection.key).expect("a collection");
        judge.judge(&patched, intent, collection.key)
    });
    let mut wrong = Vec::new();
    let mut undecided = BTreeSet::new();
    for (((name, _, _, before), collection), after) in all.into_iter().zip(judged) {
        for (key, (outcome, _)) in &after {
            let was = before.get(key).map(|(outcome, _)| outcome.as_str());
            if outcome == "unknown" {
                undecided.insert(key.0.clone());
            // What may be needed after all is a subject more; that it does not apply is proved.
            } else if was.map_or(outcome != "not_applicable", |was| was != outcome) {
                wrong
                    .push(format!("{name} without {}: {key:?} was {was:?} and is {outcome}", collection.key));
            }
        }
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            if !after.iter().any(|((rule, _), (outcome, _))| *rule == key.0 && outcome == "unknown") {
                wrong.push(format!("{name} without {}: {key:?} is gone", collection.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rules = bases.iter().flat_map(|(_, _, _, before)| before.keys().map(|(rule, _)| rule.clone()));
    let rules: BTreeSet<String> = rules.collect();
    let always: Vec<_> = rules.difference(&undecided).collect();
    assert!(always.is_empty(), "no collection matters to {always:?}");
}

/// Set, every failing case is judged without every collection; that takes some minutes.
const WITHHOLDING: &str = "PRIVEK_WITHHOLDING";

#[test]
fn withholding_a_collection_never_turns_a_failure_into_a_pass() {
    let failing: Vec<&Told> = told().iter().filter(|told| told.has(Outcome::Fail)).collect();
    // Each case without some of the collections, so that each collection has its turn with many of them.
    let step = if std::env::var_os(WITHHOLDING).is_some() { 1 } else { 16 };
    let all: Vec<_> = failing
        .iter()
        .enumerate()
        .flat_map(|(at, told)| {
            COLLECTIONS.iter().skip(at % step).step_by(step).map(move |one| (*told, one.key))
        })
        .collect();
    let wrong = side_by_side(&all, |judge, (told, key)| {
        let (mut snapshot, intent) = told.state();
        if snapshot.get(*key).is_none() {
            return Vec::new();
        }
        withhold(&mut snapshot, key).expect("a collection");
        let case = format!("{} without {key}", told.called);
        let after = judge.one(&told.rule, &snapshot, &intent, &case);
        let failed = told.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
        let improved = failed.filter_map(|was| {
            // What a subject is called besides its id may not be known any more.
            let same =
                |now: &&Finding| (&now.subject.kind, &now.subject.id) == (&was.subject.kind, &was.subject.id);
            let now = after.iter().find(same);
            // A subject that cannot be listed any more is one unknown on the cluster.
            let now = now.or_else(|| after.iter().find(|now| now.outcome == Outcome::Unknown));
            let outcome = now.map(|now| now.outcome);
            (!matches!(outcome, Some(Outcome::Fail | Outcome::Unknown)))
                .then(|| format!("{case}: {} is {outcome:?}", was.subject.id))
        });
        improved.collect()
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

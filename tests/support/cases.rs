//! The cases of the rules, one file a rule in `fixtures/cases/<area>/`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use privek_aws::intent::Intent;
use privek_core::report::{Finding, Outcome};
use serde_json::Value;

use super::files::{files, yaml};
use super::healthy::base;
use super::judge::side_by_side;
use super::patch::apply;

/// The files of the rules.
pub fn rule_files() -> Vec<PathBuf> {
    files("rules", "yaml").into_iter().filter(|file| file.components().count() > 3).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned()
}

/// A case of a rule, and what the rule finds in it.
pub struct Told {
    pub rule: String,
    /// The file and the case's name.
    pub called: String,
    pub findings: Vec<Finding>,
    /// The fixture that the case changes.
    pub base: String,
    pub case: Value,
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

    /// The file that the case is in.
    pub fn file(&self) -> String {
        self.called.split(": ").next().unwrap_or_default().to_owned()
    }

    /// Whether the rule has this outcome on one subject at least.
    pub fn has(&self, outcome: Outcome) -> bool {
        self.findings.iter().any(|finding| finding.outcome == outcome)
    }
}

/// Whether the tests are about this rule: `PRIVEK_RULE=ID` chooses one, otherwise all are.
pub fn chosen(rule: &str) -> bool {
    std::env::var("PRIVEK_RULE").map_or(true, |only| only == rule)
}

/// Every case of every chosen rule, judged once a test process.
pub fn told() -> &'static [Told] {
    static TOLD: OnceLock<Vec<Told>> = OnceLock::new();
    TOLD.get_or_init(|| {
        let mut all = unjudged();
        all.retain(|told| chosen(&told.rule));
        assert!(!all.is_empty(), "PRIVEK_RULE names no rule that has cases");
        let found = side_by_side(&all, |judge, told| {
            let (snapshot, intent) = told.state();
            judge.one(&told.rule, &snapshot, &intent, &told.called)
        });
        all.iter_mut().zip(found).for_each(|(told, findings)| told.findings = findings);
        all
    })
}

/// What a file of cases may have.
const KEYS: [&str; 4] = ["base", "no_command", "look_first", "cases"];

/// The rules whose files of cases give this reason, and the reason.
pub fn reasons(key: &str) -> BTreeMap<String, String> {
    let all = files("fixtures/cases", "yaml").into_iter();
    all.filter_map(|file| Some((stem(&file), yaml(&file).get(key)?.as_str()?.to_owned()))).collect()
}

/// Every case of every rule, without findings.
pub fn unjudged() -> Vec<Told> {
    let mut all = Vec::new();
    for file in files("fixtures/cases", "yaml") {
        let cases = yaml(&file);
        for key in cases.as_object().expect("fields").keys() {
            assert!(KEYS.contains(&key.as_str()), "{}: {key} is none of {KEYS:?}", file.display());
        }
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

/// The failing findings of a rule's own cases.
pub fn failing() -> BTreeMap<&'static str, Vec<(&'static Told, &'static Finding)>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for told in told() {
        let failing = told.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
        all.entry(told.rule.as_str()).or_default().extend(failing.map(|finding| (told, finding)));
    }
    all
}

/// What the fix of a finding has to type.
pub fn commands(finding: &Finding) -> &[String] {
    finding.fix.as_ref().map_or(&[], |fix| fix.commands.as_slice())
}

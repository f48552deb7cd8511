//! The documents that are made of the rules: `docs/rules.md` and `docs/coverage.md`, and what the
//! catalogue's numbers must be in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use privek_aws::pack::PACK;
use privek_core::rule::{self, Explainer, Rule};

use crate::support::bless;
use crate::support::cases::rule_files;
use crate::support::files::{repository, text};

const INTRODUCTION: &str =
    " Titles are the healthy state, ids the defect. `privek-audit rules explain ID` says the same of
one rule, of your own too; `privek-audit rules list --format json` is for programs.
[Coverage](coverage.md) says what is judged and what is not.

A finding is unknown as long as an answer of the operations that its rule *needs*, or something that is to be
*declared* (`privek-audit.yaml`, or a flag), is missing and the rest does not decide by itself. A failure that
is certain stays one, and nothing passes on what is not known. What it needs is found by withholding one
operation after the other from the snapshots of healthy clusters: a network whose paths lead through other
things may take more. The paths that a flow is about are mended by what mends each object that stands in the
way (`rules/eks/blockers.yaml`). What stands in `{{ }}` and `{% %}` each finding fills in from its fields.

Made of `rules/eks/` by `tests/bless documents`.
";

/// A document is what the rules make of it; `tests/bless` writes it.
fn is_current(name: &str, text: &str) {
    let path = repository().join("docs").join(name);
    if bless::asked("documents") {
        return std::fs::write(path, text).expect("a writable file");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "docs/{name} is old: run `tests/bless documents`");
}

#[test]
fn the_rule_reference_is_made_of_the_rules() {
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let explainer = Explainer::new(&PACK).expect("the table of inputs");
    let mut areas: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.iter() {
        areas.entry(&rule.area).or_default().push(rule);
    }
    let mut text = format!("# Rules\n\n{} rules.{INTRODUCTION}\n", rules.len());
    for (area, rules) in &areas {
        let _ = writeln!(text, "- [{area}](#{area}): {}", rules.len());
    }
    for (area, rules) in areas {
        let _ = write!(text, "\n## {area}\n");
        for rule in rules {
            text.push_str(&section(rule, &explainer));
        }
    }
    is_current("rules.md", &text);
}

fn section(rule: &Rule, explainer: &Explainer) -> String {
    let said = explainer.explain(rule);
    let mut text = format!("\n### {}\n\n**{}.** {}\n\n", rule.id, rule.title, plain(&rule.why));
    let mut point = |label: &str, words: &str| {
        let _ = writeln!(text, "- {label}: {words}");
    };
    point("Severity", &said.severity);
    point("Checks", &said.checks);
    for (field, says) in &said.reads {
        point(&format!("  `{field}`"), says);
    }
    let code = |words: &BTreeSet<String>| {
        words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
    };
    if !said.needs.permissions.is_empty() {
        point("Needs", &code(&said.needs.permissions));
    }
    if !said.needs.declarations.is_empty() {
        point("Declared", &code(&said.needs.declarations));
    }
    point("Fix", &plain(&rule.fix.summary));
    for reference in &rule.references {
        point("Source", &format!("<{reference}>"));
    }
    if !rule.covers.is_empty() {
        let numbers = rule.covers.iter().map(|number| format!("[{number}](coverage.md#{})", anchor(number)));
        point("Covers", &numbers.collect::<Vec<_>>().join(", "));
    }
    text.replace("-   `", "  - `")
}

/// The text of a template in one line, with placeholders in place of what a finding fills in.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn anchor(number: &str) -> String {
    number.to_ascii_lowercase()
}

#[test]
fn the_coverage_table_is_made_of_the_rules_and_of_the_reasons_for_having_none() {
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let reasons = rule::not_covered(&PACK).expect("reasons");
    let mut covering: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in rules.iter() {
        for number in &rule.covers {
            covering.entry(number).or_default().push(&rule.id);
        }
    }
    let areas = rule::catalogue(&PACK).expect("the catalogue");
    let all: usize = areas.iter().map(|area| area.numbers.len()).sum();
    let mut text = format!(
        "# Coverage\n\nOf {all} things that are known to matter in a private cluster, rules judge {}. Made of the \
         rules' `covers`,\n`rules/eks/catalogue.yaml` and `rules/eks/not_covered.yaml` by \
         `tests/bless documents`.\n",
        covering.len()
    );
    for area in areas {
        let _ = write!(
            text,
            "\n## {}\n\n| number | healthy state | judged by, or why not |\n| --- | --- | --- |\n",
            area.area
        );
        for (number, title) in area.numbers {
            let by = covering.get(number.as_str()).map(|ids| {
                ids.iter().map(|id| format!("[{id}](rules.md#{id})")).collect::<Vec<_>>().join(", ")
            });
            let why = by.or_else(|| reasons.get(&number).cloned()).unwrap_or_default();
            let _ = writeln!(text, "| <a id=\"{}\"></a>{number} | {title} | {why} |", anchor(&number));
        }
    }
    is_current("coverage.md", &text);
}

#[test]
fn every_number_of_the_catalogue_is_covered_by_a_rule_or_has_a_reason_and_never_both() {
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let reasons = rule::not_covered(&PACK).expect("reasons");
    let areas = rule::catalogue(&PACK).expect("the catalogue");
    let numbers: BTreeSet<&String> = areas.iter().flat_map(|area| area.numbers.keys()).collect();
    assert_eq!(numbers.len(), areas.iter().map(|area| area.numbers.len()).sum::<usize>(), "a number twice");
    let mut wrong = Vec::new();
    for number in &numbers {
        let by: Vec<&str> =
            rules.iter().filter(|rule| rule.covers.contains(number)).map(|rule| rule.id.as_str()).collect();
        match (by.is_empty(), reasons.contains_key(*number)) {
            (true, false) => wrong.push(format!(
                "{number} is in neither: name it in a rule's `covers`, or say in not_covered.yaml why no rule does"
            )),
            (false, true) => wrong.push(format!(
                "{number} is in both: {} covers it now, so take it out of not_covered.yaml",
                by.join(", ")
            )),
            _ => {}
        }
    }
    for number in reasons.keys().filter(|number| !numbers.contains(number)) {
        wrong.push(format!("not_covered.yaml names {number}, which catalogue.yaml does not have"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_built_in_rule_says_which_numbers_it_covers() {
    let mut silent = Vec::new();
    for file in rule_files() {
        let text = text(&file);
        if !text.lines().any(|line| line.starts_with("covers: ")) {
            silent.push(file);
        }
    }
    assert!(
        silent.is_empty(),
        "add `covers: [NUMBER, …]`, or `covers: []` where there is none, to {silent:#?}"
    );
}

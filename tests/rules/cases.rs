//! The data-driven tests: one entry a case, in `fixtures/cases/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use privek_core::report::Outcome;

use crate::support::cases::{Told, chosen, rule_files, told};
use crate::support::healthy::base;
use crate::support::judge::{Judge, Judged, expected, judged, side_by_side};

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
        if !rule.file_stem().and_then(|stem| stem.to_str()).is_some_and(chosen) {
            continue;
        }
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

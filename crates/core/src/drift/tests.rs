//! What drifted between two reports, and what did not.

use super::*;
use crate::report::sample;

/// A report with these rules, outcomes and severities.
fn report(findings: &[(&str, Outcome, Severity)]) -> Report {
    let findings =
        findings.iter().map(|(rule, outcome, severity)| sample::finding(rule, *outcome, *severity));
    Report { findings: findings.collect(), ..sample::report() }
}

fn one(outcome: Outcome, severity: Severity) -> Report {
    report(&[("a", outcome, severity)])
}

fn drift(before: &Report, now: &Report) -> Drift {
    compare(before, now, Severity::Blocker).unwrap()
}

#[test]
fn the_same_report_has_no_drift() {
    let drift = drift(&sample::report(), &sample::report());
    assert_eq!((drift.verdict, drift.exit_code), (DriftVerdict::NoRegression, 0));
    assert_eq!(drift.summary, DriftSummary { unchanged: 3, ..DriftSummary::default() });
}

#[test]
fn what_fails_now_and_did_not_fail_is_new() {
    for was in [Outcome::Pass, Outcome::Unknown, Outcome::NotApplicable] {
        let drift = drift(&one(was, Severity::Blocker), &one(Outcome::Fail, Severity::Blocker));
        assert_eq!((drift.summary.new, drift.exit_code), (1, 1), "{was:?}");
    }
}

#[test]
fn a_new_failure_below_the_threshold_is_listed_and_is_no_regression() {
    let (then, now) = (one(Outcome::Pass, Severity::Warning), one(Outcome::Fail, Severity::Warning));
    let below = compare(&then, &now, Severity::Blocker).unwrap();
    assert_eq!((below.summary.new, below.exit_code), (1, 0));
    let at = compare(&then, &now, Severity::Warning).unwrap();
    assert_eq!((at.summary.new, at.exit_code), (1, 1));
}

#[test]
fn a_failure_that_became_worse_is_new_and_one_that_became_milder_is_not() {
    let (mild, bad) = (one(Outcome::Fail, Severity::Warning), one(Outcome::Fail, Severity::Blocker));
    assert_eq!(drift(&mild, &bad).exit_code, 1);
    assert_eq!(drift(&bad, &mild).summary.unchanged, 1);
}

#[test]
fn what_failed_and_passes_now_is_resolved() {
    let drift = drift(&one(Outcome::Fail, Severity::Blocker), &one(Outcome::Pass, Severity::Blocker));
    assert_eq!((drift.summary.resolved, drift.exit_code), (1, 0));
}

#[test]
fn what_became_unknown_is_a_change_and_makes_the_comparison_incomplete() {
    for was in [Outcome::Pass, Outcome::Fail] {
        let drift = drift(&one(was, Severity::Blocker), &one(Outcome::Unknown, Severity::Blocker));
        assert_eq!((drift.summary.changed, drift.exit_code), (1, 3), "{was:?}");
    }
    let still = one(Outcome::Unknown, Severity::Blocker);
    assert_eq!(drift(&still, &still).exit_code, 0);
}

#[test]
fn a_new_subject_that_fails_is_new_and_a_failing_subject_that_is_gone_is_resolved() {
    let first = one(Outcome::Fail, Severity::Blocker);
    let mut second = first.clone();
    second.findings[0].subject.id = "subnet-2".to_owned();
    let drift = drift(&first, &second);
    assert_eq!((drift.summary.new, drift.summary.resolved), (1, 1));
    assert_eq!((drift.new[0].was, drift.resolved[0].now), (None, None));
}

#[test]
fn a_failing_subject_that_cannot_be_listed_any_more_is_not_resolved() {
    let before = one(Outcome::Fail, Severity::Blocker);
    let mut now = one(Outcome::Unknown, Severity::Blocker);
    now.findings[0].subject = crate::report::Subject { kind: "cluster".into(), id: "foo".into(), name: None };
    let drift = drift(&before, &now);
    assert_eq!((drift.summary.resolved, drift.exit_code), (0, 3));
    assert!(drift.changed.iter().any(|change| change.was == Some(Outcome::Fail)));
}

#[test]
fn a_rule_that_only_one_side_has_is_not_compared() {
    let before =
        report(&[("a", Outcome::Pass, Severity::Blocker), ("gone", Outcome::Fail, Severity::Blocker)]);
    let now = report(&[("a", Outcome::Pass, Severity::Blocker), ("newer", Outcome::Fail, Severity::Blocker)]);
    let drift = drift(&before, &now);
    assert_eq!((drift.summary.new, drift.summary.resolved, drift.exit_code), (0, 0, 0));
    let sides: Vec<_> =
        drift.not_compared.iter().map(|rule| (rule.rule.as_str(), rule.absent_from)).collect();
    assert_eq!(sides, [("newer", Side::Baseline), ("gone", Side::Current)]);
}

#[test]
fn another_cluster_is_an_error_and_an_unknown_account_is_not() {
    let mut other = sample::report();
    other.target.account = None;
    assert!(compare(&other, &sample::report(), Severity::Blocker).is_ok());
    other.target.cluster = Some("bar".to_owned());
    let error = compare(&other, &sample::report(), Severity::Blocker).unwrap_err();
    assert_eq!(error.to_string(), "the baseline is of cluster bar; this audit is of cluster foo");
}

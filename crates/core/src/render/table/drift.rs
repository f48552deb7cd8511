//! Drift for people: new failures in full, the rest in a line each.

use std::collections::BTreeSet;

use super::failures;
use super::report::target;
use crate::drift::{Change, Drift, DriftVerdict, Side};
use crate::render::text::{Page, Style, Tone, count};
use crate::report::Outcome;

/// The drift for people.
pub fn table(drift: &Drift, style: &Style) -> String {
    let mut page = Page::new(*style);
    let time = |time: &Option<String>| time.clone().unwrap_or_else(|| "an unknown time".to_owned());
    let text = format!(
        "drift of {}, from {} to {}",
        target(&drift.target),
        time(&drift.baseline_collected_at),
        time(&drift.collected_at)
    );
    page.painted("privek-audit: ", Some(Tone::Strong), &text);
    if !drift.new.is_empty() {
        page.heading("NEW FAILURES");
        let mut given = BTreeSet::new();
        for change in &drift.new {
            failures::block(&mut page, &[&change.finding], &mut given);
            if let Some(was) = was_severity(change) {
                page.paragraph("  before:     ", &was);
            }
            page.blank();
        }
    }
    list(&mut page, "RESOLVED", &drift.resolved);
    list(&mut page, "STILL FAILING", &drift.unchanged);
    list(&mut page, "OTHER CHANGES", &drift.changed);
    not_compared(&mut page, drift);
    verdict(&mut page, drift);
    page.finish()
}

fn was_severity(change: &Change) -> Option<String> {
    let (Some(Outcome::Fail), Some(severity)) = (change.was, change.was_severity) else { return None };
    Some(format!("a failure of severity {}", failures::severity(severity).0.to_lowercase()))
}

fn list(page: &mut Page, heading: &str, changes: &[Change]) {
    if changes.is_empty() {
        return;
    }
    page.heading(heading);
    for change in changes {
        let finding = &change.finding;
        let outcomes = if change.was == change.now {
            failures::severity(finding.severity).0.to_lowercase()
        } else {
            format!("{} -> {}", outcome(change.was), outcome(change.now))
        };
        let text = format!("{} ({}): {outcomes}", finding.rule, failures::subject(&finding.subject));
        page.paragraph("  - ", &text);
    }
}

fn outcome(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Fail) => "fail",
        Some(Outcome::Unknown) => "unknown",
        Some(Outcome::Pass) => "pass",
        Some(Outcome::NotApplicable) => "not applicable",
        None => "no such subject",
    }
}

fn not_compared(page: &mut Page, drift: &Drift) {
    if drift.not_compared.is_empty() {
        return;
    }
    page.heading("NOT COMPARED");
    for rule in &drift.not_compared {
        let (absent, other) = match rule.absent_from {
            Side::Baseline => ("the baseline did not have this rule", "now"),
            Side::Current => ("this rule no longer exists", "then"),
        };
        let text =
            format!("{}: {absent} ({} {other})", rule.rule, count(rule.failing, "failure", "failures"));
        page.paragraph("  - ", &text);
    }
}

fn verdict(page: &mut Page, drift: &Drift) {
    page.blank();
    let (word, tone) = match drift.verdict {
        DriftVerdict::NoRegression => ("NO REGRESSION", Tone::Good),
        DriftVerdict::Regression => ("REGRESSION", Tone::Bad),
        DriftVerdict::Incomplete => ("INCOMPLETE", Tone::Warning),
    };
    let summary = &drift.summary;
    let text = format!(
        "{}, {} resolved, {} unchanged, {}, {} not compared (exit code {})",
        count(summary.new, "new failure", "new failures"),
        summary.resolved,
        summary.unchanged,
        count(summary.changed, "other change", "other changes"),
        count(summary.not_compared, "rule", "rules"),
        drift.exit_code
    );
    page.painted(&format!("{word}: "), Some(tone), &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::compare;
    use crate::report::{Severity, sample};

    #[test]
    fn new_failures_are_shown_with_blockers_and_fix_and_the_verdict_is_last() {
        let mut before = sample::report();
        before.findings[0].outcome = Outcome::Pass;
        let drift = compare(&before, &sample::report(), Severity::Blocker).unwrap();
        let page = table(&drift, &Style { width: 80, color: false });
        assert!(page.contains("blocked by: - route-table rtb-0123456789abcdef0"), "{page}");
        assert!(page.contains("aws ec2 create-route"), "{page}");
        assert!(page.contains("STILL FAILING"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
        let verdict = page.lines().rev().find(|line| line.starts_with("REGRESSION: 1 new failure,"));
        assert!(verdict.is_some(), "{page}");
    }
}

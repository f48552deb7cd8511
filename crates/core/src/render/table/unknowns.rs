//! Unknown findings, grouped by the missing input. Every unknown finding is in a group; a finding with
//! several missing inputs is counted in several groups, and named in the first.

use std::collections::{BTreeMap, BTreeSet};

use super::failures;
use crate::render::text::{Page, count};
use crate::report::{Finding, Gap, Missing, MissingKind, Outcome, Report, Severity};

/// More findings than this with one missing input are counted; the JSON report has each.
pub(super) const MOST_SUBJECTS: usize = 8;

/// The beginning of a clause about a missing permission.
const GRANT: &str = "grant ";

/// Prints the missing inputs of the unknown findings of a report, worst first.
pub fn print(page: &mut Page, report: &Report) {
    let unknown: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Unknown && finding.waiver.is_none())
        .collect();
    if unknown.is_empty() {
        return;
    }
    page.heading("UNKNOWN");
    let mut groups: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
    for finding in unknown {
        if finding.missing.is_empty() {
            groups.entry("no reason is recorded".to_owned()).or_default().push(finding);
        }
        for missing in &finding.missing {
            let group = groups.entry(settled_by(missing, &report.gaps)).or_default();
            if !group.contains(&finding) {
                group.push(finding);
            }
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, findings)| std::cmp::Reverse((worst(findings), findings.len())));
    let mut named: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut grants = false;
    for (settled_by, findings) in groups {
        grants |= settled_by.starts_with(GRANT);
        let fresh: Vec<&Finding> =
            findings.iter().copied().filter(|one| named.insert((&one.rule, &one.subject.id))).collect();
        let (word, _) = failures::severity(worst(&findings));
        let many = count(findings.len(), "unknown finding", "unknown findings");
        let above = match findings.len() - fresh.len() {
            0 => String::new(),
            all if fresh.is_empty() && all == 1 => "; named above".to_owned(),
            _ if fresh.is_empty() => "; all are named above".to_owned(),
            some => format!("; {some} named above"),
        };
        page.paragraph("  - ", &format!("{many} (up to {}): {settled_by}{above}", word.to_lowercase()));
        for text in rules(&fresh, findings.len() <= MOST_SUBJECTS) {
            page.paragraph("    ", &text);
        }
    }
    if grants {
        page.blank();
        page.paragraph(
            "",
            "`privek-audit iam-policy` prints a policy with every permission that the audit needs.",
        );
    }
}

/// What provides the missing input, in a clause.
pub fn settled_by(missing: &Missing, gaps: &[Gap]) -> String {
    let what = &missing.what;
    match (missing.kind, &missing.permission) {
        (MissingKind::Operation, Some(permission)) => {
            let gap = gaps.iter().find(|gap| gap.permission.as_ref() == Some(permission));
            match gap {
                Some(gap) => format!("{GRANT}{permission} ({})", gap.code),
                None if what.contains(permission.as_str()) => what.clone(),
                None => format!("{what}; needs {permission}"),
            }
        }
        (MissingKind::Operation, None) => what.clone(),
        (MissingKind::Intent, _) => format!("declare {what}"),
        (MissingKind::Probe, _) => format!("run `privek-audit probe` for {what}"),
        (MissingKind::Unmodelled, _) => format!("not modelled: {what}"),
    }
}

fn worst(findings: &[&Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
}

/// A line for each rule with its subjects, or all rules in one with how many each has.
fn rules(findings: &[&Finding], named: bool) -> Vec<String> {
    let mut subjects: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        subjects.entry(&finding.rule).or_default().push(&finding.subject.id);
    }
    let words = subjects.into_iter().map(|(rule, ids)| match ids.as_slice() {
        ids if named => format!("{rule}: {}", ids.join(", ")),
        [_] => rule.to_owned(),
        ids => format!("{rule} (x{})", ids.len()),
    });
    if named {
        return words.collect();
    }
    let words: Vec<String> = words.collect();
    if words.is_empty() { Vec::new() } else { vec![words.join(", ")] }
}

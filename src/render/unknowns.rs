//! What could not be decided, grouped by what would settle it. Every unknown finding is in a
//! group; one that needs several things is in several.

use std::collections::BTreeMap;

use super::failures;
use super::text::{Page, count};
use crate::report::{Finding, Gap, Missing, MissingKind, Outcome, Report, Severity};

/// Prints what would settle the unknown findings of a report, worst first.
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
    for (settled_by, findings) in groups {
        let (word, _) = failures::severity(worst(&findings));
        let many = count(findings.len(), "finding cannot be decided", "findings cannot be decided");
        page.paragraph("  - ", &format!("{many} (up to {}): {settled_by}", word.to_lowercase()));
        page.paragraph("    ", &rules(&findings));
    }
}

/// What to do about it, in a clause.
fn settled_by(missing: &Missing, gaps: &[Gap]) -> String {
    let what = &missing.what;
    match (missing.kind, &missing.permission) {
        (MissingKind::Operation, Some(permission)) => {
            let gap = gaps.iter().find(|gap| gap.permission.as_ref() == Some(permission));
            match gap {
                Some(gap) => format!("grant {permission} ({})", gap.code),
                None => format!("{what} (needs {permission})"),
            }
        }
        (MissingKind::Operation, None) => what.clone(),
        (MissingKind::Intent, _) => format!("declare {what}"),
        (MissingKind::Probe, _) => format!("only a live probe can show it: {what}"),
        (MissingKind::Unmodelled, _) => format!("not modelled: {what}"),
    }
}

fn worst(findings: &[&Finding]) -> Severity {
    findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info)
}

/// The rules, and how many of their subjects, where that is more than one.
fn rules(findings: &[&Finding]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(&finding.rule).or_default() += 1;
    }
    let words: Vec<String> = counts
        .into_iter()
        .map(|(rule, count)| if count == 1 { rule.to_owned() } else { format!("{rule} (x{count})") })
        .collect();
    words.join(", ")
}

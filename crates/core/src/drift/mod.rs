//! Drift: new failures since the baseline, resolved failures, and what cannot be compared.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::report::{Finding, Outcome, Report, Severity, Target, Tool};

/// The version of the drift's JSON.
pub const SCHEMA_VERSION: &str = "1";

/// What changed between two audits of one cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The version of this document's shape.
    pub schema_version: String,
    /// The program that wrote the document.
    pub tool: Tool,
    /// What was audited.
    pub target: Target,
    /// The time when the baseline's state was read (RFC 3339, UTC); null where unknown.
    pub baseline_collected_at: Option<String>,
    /// The time when today's state was read (RFC 3339, UTC); null where unknown.
    pub collected_at: Option<String>,
    /// Whether the cluster became worse.
    pub verdict: DriftVerdict,
    /// The exit code: 0 no regression, 1 regression, 3 incomplete.
    pub exit_code: u8,
    /// Counts of the lists below.
    pub summary: DriftSummary,
    /// Failures that the baseline does not have, or has at another severity.
    pub new: Vec<Change>,
    /// Failures of the baseline that pass now, no longer apply, or whose subject no longer exists.
    pub resolved: Vec<Change>,
    /// Failures in the baseline and today.
    pub unchanged: Vec<Change>,
    /// Other changes of outcome: into or out of `unknown`, between `pass` and `not_applicable`.
    pub changed: Vec<Change>,
    /// Rules that only one of the two audits has; never counted as new or resolved.
    pub not_compared: Vec<NotCompared>,
}

/// Whether the cluster became worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftVerdict {
    /// No finding at or above --fail-on became a failure or unknown.
    NoRegression,
    /// A finding at or above --fail-on became a failure.
    Regression,
    /// No finding at or above --fail-on became a failure, but one became unknown.
    Incomplete,
}

/// Counts of changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftSummary {
    /// New failures.
    pub new: usize,
    /// Resolved failures.
    pub resolved: usize,
    /// Failures in the baseline and today.
    pub unchanged: usize,
    /// Other changes of outcome.
    pub changed: usize,
    /// Rules that only one of the two audits has.
    pub not_compared: usize,
}

/// One finding in the baseline and today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// The outcome in the baseline; null where the baseline does not have the subject.
    pub was: Option<Outcome>,
    /// The severity in the baseline; null where the baseline does not have the subject.
    pub was_severity: Option<Severity>,
    /// The outcome today; null where the subject no longer exists.
    pub now: Option<Outcome>,
    /// The finding of today, or of the baseline where the subject no longer exists.
    pub finding: Finding,
}

/// A rule that only one of the two audits has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotCompared {
    /// The rule's id.
    pub rule: String,
    /// The audit that does not have the rule.
    pub absent_from: Side,
    /// The number of failures of the rule in the other audit.
    pub failing: usize,
}

/// One side of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The earlier audit.
    Baseline,
    /// The audit of today.
    Current,
}

/// Why two audits cannot be compared.
#[derive(Debug, Error)]
pub enum DriftError {
    /// Two different clusters cannot drift.
    #[error("the baseline is of {what} {baseline}; this audit is of {what} {current}")]
    OtherTarget {
        /// `cluster`, `account` or `region`.
        what: &'static str,
        /// In the baseline.
        baseline: String,
        /// Today.
        current: String,
    },
}

/// What a fingerprint is made of, without account, region and cluster: those are compared once,
/// and may be unknown on one side (a directory of CLI outputs names no account).
fn identity(finding: &Finding) -> (&str, &str, &str) {
    (&finding.rule, &finding.subject.kind, &finding.subject.id)
}

/// Compares two audits of one cluster.
pub fn compare(baseline: &Report, current: &Report, fail_on: Severity) -> Result<Drift, DriftError> {
    same_target(&baseline.target, &current.target)?;
    let rules_then: BTreeSet<&str> = baseline.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let rules_now: BTreeSet<&str> = current.findings.iter().map(|finding| finding.rule.as_str()).collect();
    let then: BTreeMap<_, &Finding> =
        baseline.findings.iter().map(|finding| (identity(finding), finding)).collect();
    let now: BTreeSet<_> = current.findings.iter().map(identity).collect();

    let (mut new, mut resolved, mut unchanged, mut changed) = (vec![], vec![], vec![], vec![]);
    for finding in current.findings.iter().filter(|finding| rules_then.contains(finding.rule.as_str())) {
        let before = then.get(&identity(finding)).copied();
        let change = change(before, Some(finding), finding);
        match (change.was, finding.outcome) {
            (Some(Outcome::Fail), Outcome::Fail)
                if change.was_severity.is_some_and(|severity| severity >= finding.severity) =>
            {
                unchanged.push(change);
            }
            (_, Outcome::Fail) => new.push(change),
            (Some(Outcome::Fail), Outcome::Pass | Outcome::NotApplicable) => resolved.push(change),
            (Some(was), is) if was != is => changed.push(change),
            (None, Outcome::Unknown) => changed.push(change),
            _ => {}
        }
    }
    for finding in &baseline.findings {
        let gone = rules_now.contains(finding.rule.as_str()) && !now.contains(&identity(finding));
        if !gone || finding.outcome != Outcome::Fail {
            continue;
        }
        let mut change = change(Some(finding), None, finding);
        if perhaps_unlisted(finding, current) {
            change.now = Some(Outcome::Unknown);
            changed.push(change);
        } else {
            resolved.push(change);
        }
    }
    let not_compared = not_compared(baseline, current, &rules_then, &rules_now);

    let matters = |change: &Change| change.finding.severity >= fail_on && change.finding.waiver.is_none();
    let (verdict, exit_code) = if new.iter().any(matters) {
        (DriftVerdict::Regression, 1)
    } else if changed.iter().any(|change| change.now == Some(Outcome::Unknown) && matters(change)) {
        (DriftVerdict::Incomplete, 3)
    } else {
        (DriftVerdict::NoRegression, 0)
    };
    Ok(Drift {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: current.tool.clone(),
        target: current.target.clone(),
        baseline_collected_at: baseline.collected_at.clone(),
        collected_at: current.collected_at.clone(),
        verdict,
        exit_code,
        summary: DriftSummary {
            new: new.len(),
            resolved: resolved.len(),
            unchanged: unchanged.len(),
            changed: changed.len(),
            not_compared: not_compared.len(),
        },
        new,
        resolved,
        unchanged,
        changed,
        not_compared,
    })
}

fn change(was: Option<&Finding>, now: Option<&Finding>, finding: &Finding) -> Change {
    Change {
        was: was.map(|finding| finding.outcome),
        was_severity: was.map(|finding| finding.severity),
        now: now.map(|finding| finding.outcome),
        finding: finding.clone(),
    }
}

/// Whether the subject is absent only because the subjects of its kind could not be listed: the
/// rule is then unknown on something of another kind, which stands for them.
fn perhaps_unlisted(finding: &Finding, current: &Report) -> bool {
    current.findings.iter().any(|other| {
        other.rule == finding.rule
            && other.outcome == Outcome::Unknown
            && other.subject.kind != finding.subject.kind
    })
}

fn not_compared(
    baseline: &Report,
    current: &Report,
    rules_then: &BTreeSet<&str>,
    rules_now: &BTreeSet<&str>,
) -> Vec<NotCompared> {
    let failing = |report: &Report, rule: &str| {
        report
            .findings
            .iter()
            .filter(|finding| finding.rule == rule && finding.outcome == Outcome::Fail)
            .count()
    };
    let appeared = rules_now.difference(rules_then).map(|rule| NotCompared {
        rule: (*rule).to_owned(),
        absent_from: Side::Baseline,
        failing: failing(current, rule),
    });
    let gone = rules_then.difference(rules_now).map(|rule| NotCompared {
        rule: (*rule).to_owned(),
        absent_from: Side::Current,
        failing: failing(baseline, rule),
    });
    appeared.chain(gone).collect()
}

/// What is unknown on one side differs from nothing.
fn same_target(baseline: &Target, current: &Target) -> Result<(), DriftError> {
    let parts = [
        ("cluster", &baseline.cluster, &current.cluster),
        ("account", &baseline.account, &current.account),
        ("region", &baseline.region, &current.region),
    ];
    for (what, baseline, current) in parts {
        if let (Some(baseline), Some(current)) = (baseline, current)
            && baseline != current
        {
            let (baseline, current) = (baseline.clone(), current.clone());
            return Err(DriftError::OtherTarget { what, baseline, current });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

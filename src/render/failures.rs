//! Failures as blocks of text: what fails, every blocker, the fix in pasteable commands, the
//! reference. One cause, one block.

use std::collections::BTreeSet;

use serde_json::Value;

use super::text::{Page, Tone};
use crate::report::{Blocker, Finding, Report, Severity, Subject};

/// Evidence longer than this is for the JSON report.
const SHORT_EVIDENCE: usize = 160;

/// Prints the failures of a report, worst first.
pub fn print(page: &mut Page, report: &Report) {
    let headlines = report.headlines();
    if headlines.is_empty() {
        return;
    }
    page.heading("FAILURES");
    for headline in headlines {
        let findings: Vec<&Finding> = std::iter::once(headline.finding).chain(headline.follows).collect();
        block(page, &findings);
        page.blank();
    }
}

/// Prints one block: the first finding, and what fails for the same cause.
pub fn block(page: &mut Page, findings: &[&Finding]) {
    let Some((first, others)) = findings.split_first() else { return };
    let (word, tone) = severity(first.severity);
    page.painted(&format!("{word:<9}"), Some(tone), &first.message);
    page.paragraph("         ", &format!("rule {}, {}", first.rule, subject(&first.subject)));
    for other in others {
        let rule = if other.rule == first.rule { String::new() } else { format!("rule {}, ", other.rule) };
        page.paragraph("  also:       ", &format!("{} ({rule}{})", other.message, subject(&other.subject)));
    }
    let mut seen = BTreeSet::new();
    for blocker in findings.iter().flat_map(|finding| &finding.blockers) {
        if seen.insert(blocker) {
            let label = if seen.len() == 1 { "  blocked by: - " } else { "              - " };
            page.paragraph(label, &blocked_by(blocker));
        }
    }
    if others.is_empty()
        && let Some(evidence) = evidence(first)
    {
        page.paragraph("  evidence:   ", &evidence);
    }
    let (mut summaries, mut commands) = (BTreeSet::new(), BTreeSet::new());
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let adds = finding == first || fix.commands.iter().any(|command| !commands.contains(command));
        if adds && summaries.insert(&fix.summary) {
            page.paragraph("  fix:        ", &fix.summary);
        }
        for command in &fix.commands {
            if commands.insert(command) {
                page.command(4, command);
            }
        }
    }
    if let Some(reference) = first.references.first() {
        page.paragraph("  docs: ", reference);
    }
}

/// Kind, id and name; the kind only where the id does not say it.
pub fn subject(subject: &Subject) -> String {
    let Subject { kind, id, name } = subject;
    let thing = thing(kind, id);
    match name {
        Some(name) if name != id => format!("{thing} ({name})"),
        _ => thing,
    }
}

/// Kind and id; the kind only where the id does not say it.
pub fn thing(kind: &str, id: &str) -> String {
    let said = id.strip_prefix(kind).is_some_and(|rest| rest.starts_with('-'));
    if said { id.to_owned() } else { format!("{kind} {id}") }
}

/// A reason after the object's id, which would be said twice where the reason begins with it.
pub fn without_id<'r>(reason: &'r str, id: &str) -> &'r str {
    reason.strip_prefix(id).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(reason)
}

/// The word for a severity, and its tone.
pub fn severity(severity: Severity) -> (&'static str, Tone) {
    match severity {
        Severity::Blocker => ("BLOCKER", Tone::Bad),
        Severity::Warning => ("WARNING", Tone::Warning),
        Severity::Info => ("INFO", Tone::Strong),
    }
}

/// The object that stands in the way, on which leg, for which part, and why.
pub fn blocked_by(blocker: &Blocker) -> String {
    format!("{}: {}", place(blocker), without_id(&blocker.reason, &blocker.id))
}

/// The object that stands in the way, on which leg, for which part.
pub fn place(blocker: &Blocker) -> String {
    let scope: Vec<String> = blocker
        .leg
        .iter()
        .map(|leg| format!("on the {leg}"))
        .chain(blocker.part.iter().map(|part| format!("for {part}")))
        .collect();
    let scope = if scope.is_empty() { String::new() } else { format!(" ({})", scope.join(", ")) };
    format!("{}{scope}", thing(&blocker.kind, &blocker.id))
}

fn evidence(finding: &Finding) -> Option<String> {
    if finding.evidence.is_empty() {
        return None;
    }
    let pairs: Vec<String> =
        finding.evidence.iter().map(|(name, value)| format!("{name} = {}", short(value))).collect();
    let text = pairs.join("; ");
    (text.chars().count() <= SHORT_EVIDENCE).then_some(text)
}

/// A value as people write it: lists without brackets, text without quotes.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

//! Failures as blocks of text: what fails, every blocker, the fix in pasteable commands, the
//! reference. One cause, one block.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::render::text::{Page, Tone, count};
use crate::report::{Blocker, Finding, Report, Severity, Subject};

/// More subjects of one rule than this are listed by their names; the JSON report has each message.
const MOST_SHOWN: usize = 4;

/// Evidence longer than this is for the JSON report.
const SHORT_EVIDENCE: usize = 160;

/// Prints the failures of a report, worst first.
pub fn print(page: &mut Page, report: &Report) {
    let headlines = report.headlines();
    if headlines.is_empty() {
        return;
    }
    page.heading("FAILURES");
    let mut given = BTreeSet::new();
    for headline in headlines {
        let findings: Vec<&Finding> = std::iter::once(headline.finding).chain(headline.follows).collect();
        block(page, &findings, &mut given);
        page.blank();
    }
    page.paragraph("", "`privek-audit rules explain RULE` describes a rule and the fields that decide.");
}

/// Prints one block: the first finding, and the findings with the same cause. Commands that were printed
/// already are not printed again: most would fail the second time.
pub fn block<'f>(page: &mut Page, findings: &[&'f Finding], given: &mut BTreeSet<&'f str>) {
    let Some((first, others)) = findings.split_first() else { return };
    let (word, tone) = severity(first.severity);
    page.painted(&format!("{word:<9}"), Some(tone), &first.message);
    page.paragraph("         ", &format!("rule {}, {}", first.rule, subject(&first.subject)));
    let mut alike = 0;
    let mut more = Vec::new();
    for other in others {
        alike += usize::from(other.rule == first.rule);
        if other.rule == first.rule && alike >= MOST_SHOWN && others.len() > MOST_SHOWN {
            more.push(other.subject.id.as_str());
            continue;
        }
        let mut about = Vec::new();
        if other.rule != first.rule {
            about.push(format!("rule {}", other.rule));
        }
        // What the message names already is not named again.
        if !other.subject.id.split('@').all(|part| other.message.contains(part)) {
            about.push(subject(&other.subject));
        }
        let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
        page.paragraph("  also:       ", &format!("{}{about}", other.message));
    }
    if !more.is_empty() {
        page.paragraph("  also:       ", &format!("{} more: {}", more.len(), more.join(", ")));
    }
    blockers(page, findings);
    if others.iter().all(|other| other.rule != first.rule)
        && let Some(evidence) = evidence(first)
    {
        page.paragraph("  evidence:   ", &evidence);
    }
    fixes(page, findings, given);
    if let Some(reference) = first.references.first() {
        page.paragraph("  docs: ", reference);
    }
}

/// All blockers of the first finding; of the others, the objects that are not named yet.
fn blockers(page: &mut Page, findings: &[&Finding]) {
    let (mut said, mut places, mut more) = (BTreeSet::new(), BTreeSet::new(), false);
    for (at, finding) in findings.iter().enumerate() {
        let before = places.clone();
        for blocker in &finding.blockers {
            let place = (&blocker.kind, &blocker.id, &blocker.leg);
            if at > 0 && before.contains(&place) {
                more |= !said.contains(blocker);
                continue;
            }
            places.insert(place);
            if said.insert(blocker) {
                let label = if said.len() == 1 { "  blocked by: - " } else { "              - " };
                page.paragraph(label, &blocked_by(blocker));
            }
        }
    }
    if more {
        let others =
            "the same objects block the findings after `also:` for other reasons; --format json has each";
        page.paragraph("              - ", others);
    }
}

/// What to change, each sentence and each command once.
fn fixes<'f>(page: &mut Page, findings: &[&'f Finding], given: &mut BTreeSet<&'f str>) {
    let above = given.clone();
    let (mut sentences, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for (at, finding) in findings.iter().enumerate() {
        let Some(fix) = &finding.fix else { continue };
        let (old, new): (Vec<&str>, Vec<&str>) =
            fix.commands.iter().map(String::as_str).partition(|command| given.contains(command));
        repeated.extend(old.into_iter().filter(|command| above.contains(command)));
        if at == 0 || fix.commands.is_empty() || !new.is_empty() {
            let fresh: Vec<&str> = fix
                .summary
                .split_inclusive(". ")
                .map(str::trim)
                .filter(|one| sentences.insert(*one))
                .collect();
            if !fresh.is_empty() {
                page.paragraph("  fix:        ", &fresh.join(" "));
            }
        }
        for command in new {
            if given.insert(command) {
                page.command(4, command);
            }
        }
    }
    if !repeated.is_empty() {
        let commands = count(repeated.len(), "command", "commands");
        page.line(&format!("    # and {commands} above"));
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
    let last = kind.rsplit('_').next().unwrap_or(kind);
    let said = id.strip_prefix(last).is_some_and(|rest| rest.starts_with('-'));
    if said { id.to_owned() } else { format!("{} {id}", kind.replace('_', " ")) }
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

/// The blocking object, the leg, the blocked part, and the reason.
pub fn blocked_by(blocker: &Blocker) -> String {
    format!("{}: {}", place(blocker), without_id(&blocker.reason, &blocker.id))
}

/// The blocking object, the leg, and the blocked part.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::text::Style;
    use crate::report::{Fix, Outcome, sample};

    fn failing(rule: &str, blockers: &[(&str, &str)], fix: (&str, &[&str])) -> Finding {
        let blocker = |(id, reason): &(&str, &str)| Blocker {
            kind: "route-table".into(),
            id: (*id).into(),
            reason: (*reason).into(),
            ..Blocker::default()
        };
        Finding {
            blockers: blockers.iter().map(blocker).collect(),
            fix: Some(Fix {
                summary: fix.0.into(),
                commands: fix.1.iter().map(|command| (*command).into()).collect(),
            }),
            ..sample::finding(rule, Outcome::Fail, Severity::Blocker)
        }
    }

    fn shown<'f>(findings: &[&'f Finding], given: &mut BTreeSet<&'f str>) -> String {
        let mut page = Page::new(Style { width: 80, color: false });
        block(&mut page, findings, given);
        page.finish()
    }

    #[test]
    fn what_follows_repeats_neither_objects_nor_sentences_nor_commands() {
        let one = failing("one", &[("rtb-1", "lacks a")], ("Open a. Change rtb-1.", &["aws ec2 one"]));
        let two = failing(
            "two",
            &[("rtb-1", "lacks b"), ("rtb-2", "lacks b")],
            ("Open b. Change rtb-1.", &["aws ec2 one", "aws ec2 two"]),
        );
        let page = shown(&[&one, &two], &mut BTreeSet::new());
        for (text, times) in [
            ("lacks a", 1),
            ("rtb-2: lacks b", 1),
            ("rtb-1: lacks b", 0),
            ("Change rtb-1.", 1),
            ("aws ec2 one", 1),
        ] {
            assert_eq!(page.matches(text).count(), times, "{text} in {page}");
        }
        assert!(page.contains("the same objects block the findings"), "{page}");
        assert!(page.contains("Open b.\n    aws ec2 two"), "{page}");
    }

    #[test]
    fn a_command_that_an_earlier_block_gave_is_pointed_to() {
        let one = failing("one", &[], ("Open a.", &["aws ec2 one", "aws ec2 two"]));
        let mut given = BTreeSet::from(["aws ec2 one"]);
        let page = shown(&[&one], &mut given);
        assert!(!page.contains("aws ec2 one"), "{page}");
        assert!(page.contains("    aws ec2 two\n    # and 1 command above\n"), "{page}");
    }

    #[test]
    fn a_kind_is_a_word_and_is_left_out_where_the_id_says_it() {
        assert_eq!(thing("control_plane_subnet", "subnet-1"), "subnet-1");
        assert_eq!(thing("fargate_profile", "apps"), "fargate profile apps");
        assert_eq!(thing("route-table", "rtb-1"), "route-table rtb-1");
    }
}

//! The report for people: failures first with blockers and fix, unknown findings with the missing
//! inputs, passes folded into a line per area, verdict and coverage last. Made for 80 columns,
//! without colour, in a pipe.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use super::{failures, unknowns};
use crate::render::text::{Page, Style, Tone, count, wrap};
use crate::report::{Finding, Outcome, Report, Severity, Target, Verdict};

/// The whole page.
pub fn table(report: &Report, style: &Style) -> String {
    let mut page = Page::new(*style);
    header(&mut page, report);
    failures::print(&mut page, report);
    unknowns::print(&mut page, report);
    passed(&mut page, report);
    waived(&mut page, report);
    assumptions(&mut page, report);
    gaps(&mut page, report);
    verdict(&mut page, report, "audit");
    page.finish()
}

fn header(page: &mut Page, report: &Report) {
    let read = match &report.collected_at {
        Some(time) => format!("read {time}"),
        None => "read at an unknown time".to_owned(),
    };
    let text = format!("{}, {read}", target(&report.target));
    page.painted("privek-audit: ", Some(Tone::Strong), &text);
}

/// Cluster, account, region and network in a line.
pub fn target(target: &Target) -> String {
    let parts = [
        ("cluster", &target.cluster),
        ("account", &target.account),
        ("region", &target.region),
        ("VPC", &target.vpc),
    ];
    let words: Vec<String> = parts
        .iter()
        .map(|(what, value)| match value {
            Some(value) => format!("{what} {value}"),
            // Only a planned cluster may have no name yet.
            None if *what == "cluster" => "cluster without a name".to_owned(),
            None => format!("{what} unknown"),
        })
        .collect();
    words.join(", ")
}

fn passed(page: &mut Page, report: &Report) {
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.waiver.is_none()) {
        match finding.outcome {
            Outcome::Pass => areas.entry(&finding.area).or_default().0 += 1,
            Outcome::NotApplicable => areas.entry(&finding.area).or_default().1 += 1,
            Outcome::Fail | Outcome::Unknown => {}
        }
    }
    if areas.is_empty() {
        return;
    }
    page.heading("PASSED");
    let rows = areas.iter().map(|(area, (pass, not_applicable))| {
        let tail =
            if *not_applicable == 0 { String::new() } else { format!("{not_applicable} not applicable") };
        [(*area).to_owned(), format!("{pass} passed"), tail]
    });
    columns(page, rows);
}

/// Rows in aligned columns, without lines around them.
pub fn columns<const N: usize>(page: &mut Page, rows: impl Iterator<Item = [String; N]>) {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        table.add_row(row);
    }
    for line in table.lines() {
        page.line(&format!(" {line}"));
    }
}

fn waived(page: &mut Page, report: &Report) {
    let accepted: Vec<&Finding> = report.findings.iter().filter(|finding| finding.waiver.is_some()).collect();
    if accepted.is_empty() {
        return;
    }
    page.heading("WAIVED");
    for finding in accepted {
        let Some(waiver) = &finding.waiver else { continue };
        let subject = failures::subject(&finding.subject);
        let text = format!(
            "{} ({subject}): {} ({}, until {})",
            finding.rule, waiver.reason, waiver.owner, waiver.expires
        );
        page.paragraph("  - ", &text);
    }
}

/// The assumptions of the audit.
pub fn assumptions(page: &mut Page, report: &Report) {
    if report.assumptions.is_empty() {
        return;
    }
    page.heading("ASSUMED");
    for assumption in &report.assumptions {
        page.paragraph("  - ", assumption);
    }
}

fn gaps(page: &mut Page, report: &Report) {
    if report.gaps.is_empty() {
        return;
    }
    page.heading("NOT READ");
    // One paragraph a reason: a directory or a role without permissions lacks dozens of operations.
    let mut codes: BTreeMap<&str, BTreeMap<(&str, &str), Vec<&str>>> = BTreeMap::new();
    for gap in &report.gaps {
        let operations = codes.entry(&gap.code).or_default();
        let resources = operations.entry((&gap.service, &gap.operation)).or_default();
        resources.extend(gap.resource.as_deref());
    }
    for (code, operations) in codes {
        let words: Vec<String> = operations
            .into_iter()
            .map(|((service, operation), resources)| match resources.as_slice() {
                [] => format!("{service}:{operation}"),
                resources => format!("{service}:{operation} ({})", resources.join(", ")),
            })
            .collect();
        page.paragraph("  - ", &format!("{code}: {}", words.join(", ")));
    }
}

/// The verdict with its counts, and the exit code; `what` is the name of the command's result.
pub fn verdict(page: &mut Page, report: &Report, what: &str) {
    page.blank();
    let (word, tone) = match report.verdict {
        Verdict::Ready => ("READY", Tone::Good),
        Verdict::NotReady => ("NOT READY", Tone::Bad),
        Verdict::Incomplete => ("INCOMPLETE", Tone::Warning),
    };
    let failing = |severity| {
        report
            .findings
            .iter()
            .filter(|finding| finding.outcome == Outcome::Fail && finding.waiver.is_none())
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let summary = &report.summary;
    let mut counts = vec![
        count(failing(Severity::Blocker), "blocker", "blockers"),
        count(failing(Severity::Warning), "warning", "warnings"),
    ];
    if failing(Severity::Info) > 0 {
        counts.push(format!("{} info", failing(Severity::Info)));
    }
    counts.push(format!("{} unknown", summary.unknown));
    counts.push(format!("{} passed", summary.pass));
    if summary.waived > 0 {
        counts.push(format!("{} waived", summary.waived));
    }
    let decided = summary.pass + summary.fail;
    let all = decided + summary.unknown;
    page.painted(
        &format!("{word}: "),
        Some(tone),
        &format!("{} ({decided} of {all} decided)", counts.join(", ")),
    );
    let hint = match report.exit_code {
        0 => "no finding at or above --fail-on fails or is unknown",
        1 => "a finding at or above --fail-on fails",
        3 => "no finding at or above --fail-on fails, but one is unknown",
        _ => "see --help",
    };
    let hint = format!("Exit code of this {what}: {} ({hint}).", report.exit_code);
    for line in wrap(&hint, page.style.width) {
        let painted = page.style.paint(Tone::Quiet, &line);
        page.line(&painted);
    }
}

#[cfg(test)]
mod tests;

//! The report for people: failures first with blockers and fix, unknowns with what would settle
//! them, passes folded into a line per area, verdict and coverage last. Made for 80 columns,
//! without colour, in a pipe.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use super::text::{Page, Style, Tone, count};
use super::{failures, unknowns};
use crate::report::{Finding, Outcome, Report, Severity, Target, Verdict};

/// The whole page.
pub fn render(report: &Report, style: &Style) -> String {
    let mut page = Page::new(*style);
    header(&mut page, report);
    failures::print(&mut page, report);
    unknowns::print(&mut page, report);
    passed(&mut page, report);
    waived(&mut page, report);
    assumptions(&mut page, report);
    gaps(&mut page, report);
    verdict(&mut page, report);
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

/// Cluster, account, region and VPC in a line.
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
        let tail = if *not_applicable == 0 { String::new() } else { format!("{not_applicable} not applicable") };
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
    let waived: Vec<&Finding> = report.findings.iter().filter(|finding| finding.waiver.is_some()).collect();
    if waived.is_empty() {
        return;
    }
    page.heading("WAIVED");
    for finding in waived {
        let Some(waiver) = &finding.waiver else { continue };
        let subject = failures::subject(&finding.subject);
        let text = format!(
            "{} ({subject}): {} ({}, until {})",
            finding.rule, waiver.reason, waiver.owner, waiver.expires
        );
        page.paragraph("  - ", &text);
    }
}

fn assumptions(page: &mut Page, report: &Report) {
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
    // The same failure of an operation for several resources is one line.
    let mut lines: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
    for gap in &report.gaps {
        let resources = lines.entry((&gap.service, &gap.operation, &gap.code)).or_default();
        resources.extend(gap.resource.as_deref());
    }
    for ((service, operation, code), resources) in lines {
        let of = if resources.is_empty() { String::new() } else { format!(" ({})", resources.join(", ")) };
        page.paragraph("  - ", &format!("{service}:{operation}{of}: {code}"));
    }
}

fn verdict(page: &mut Page, report: &Report) {
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
        0 => "nothing at or above --fail-on fails or is unknown",
        1 => "something at or above --fail-on fails",
        3 => "nothing at or above --fail-on fails, but something is unknown",
        _ => "see --help",
    };
    let hint = format!("Exit code of this audit: {} ({hint}).", report.exit_code);
    for line in super::text::wrap(&hint, page.style.width) {
        let painted = page.style.paint(Tone::Quiet, &line);
        page.line(&painted);
    }
}

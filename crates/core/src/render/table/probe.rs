//! A probe for people: the DNS servers that answer for no name, each name with a problem, and the others in a
//! line each; then the findings, as in an audit.

use super::report::{assumptions, verdict};
use super::{failures, unknowns};
use crate::render::format::ProbeOutput;
use crate::render::text::{Page, Style, Tone};
use crate::report::probe::Line;

/// The answer as text.
pub fn table(probe: &ProbeOutput<'_>, style: &Style) -> String {
    let ProbeOutput { title, summary, report, document: _ } = probe;
    let mut page = Page::new(*style);
    page.painted("probe: ", Some(Tone::Strong), title);
    page.heading("OBSERVED");
    if summary.names.is_empty() {
        page.line("  nothing: no name to look up");
    }
    if !summary.everywhere.is_empty() {
        page.line("  for every name");
        lines(&mut page, &summary.everywhere);
    }
    for name in summary.names.iter().filter(|name| name.well.is_none()) {
        page.paragraph("  ", &format!("{} ({})", name.name, name.of));
        lines(&mut page, &name.lines);
        if name.lines.is_empty() {
            page.line("    ?     no address to connect to");
        }
    }
    let mut well = summary.names.iter().filter_map(|name| Some((name, name.well.as_ref()?))).peekable();
    if well.peek().is_some() {
        page.paragraph(
            "  ",
            "one DNS answer from all servers that answer, and a valid certificate on every address",
        );
    }
    for (name, addresses) in well {
        let told = format!("{} ({}): {addresses}", name.name, name.of);
        page.painted("    ok    ", Some(Tone::Good), &told);
    }
    failures::print(&mut page, report);
    unknowns::print(&mut page, report);
    assumptions(&mut page, report);
    verdict(&mut page, report, "probe");
    page.finish()
}

fn lines(page: &mut Page, lines: &[Line]) {
    let mut lines: Vec<&Line> = lines.iter().collect();
    // Failures first, then what is unknown, then what is good.
    lines.sort_by_key(|line| (line.good == Some(true), line.good.is_none()));
    for line in lines {
        let (label, tone) = match line.good {
            Some(true) => ("    ok    ", Some(Tone::Good)),
            Some(false) => ("    bad   ", Some(Tone::Bad)),
            None => ("    ?     ", None),
        };
        page.painted(label, tone, &format!("{}: {}", line.place, line.outcome));
    }
}

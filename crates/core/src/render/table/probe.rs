//! A probe for people: who answers for no name at all, each name with trouble, and the others in a line each;
//! then what the rules make of it, as in an audit.

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
    page.heading("SEEN");
    if summary.names.is_empty() {
        page.line("  nothing: there was no name to ask for");
    }
    if !summary.everywhere.is_empty() {
        page.line("  for every name");
        lines(&mut page, &summary.everywhere);
    }
    for name in summary.names.iter().filter(|name| name.well.is_none()) {
        page.paragraph("  ", &format!("{} ({})", name.name, name.of));
        lines(&mut page, &name.lines);
        if name.lines.is_empty() {
            page.line("    ?     no address that could be looked at");
        }
    }
    let mut well = summary.names.iter().filter_map(|name| Some((name, name.well.as_ref()?))).peekable();
    if well.peek().is_some() {
        page.paragraph(
            "  ",
            "one answer from all who give one, and every address shows the right certificate",
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
    // Failures, what is not known, what is well.
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

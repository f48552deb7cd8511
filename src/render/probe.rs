//! A probe for people: each name with what every resolver said and what happened on every address,
//! those with trouble first; then what the rules make of it, as in an audit.

use super::json::pretty;
use super::text::{Page, Style, Tone};
use super::{failures, table, unknowns};
use crate::report::Report;
use crate::report::probe::{Line, NameSeen, Probe};

/// The answer as JSON, as `docs/probe.schema.json` describes it.
pub fn json<V: serde::Serialize, O: serde::Serialize>(probe: &Probe<V, O>) -> String {
    pretty(probe)
}

/// The answer as text; `title` says from where and when.
pub fn table(title: &str, names: &[NameSeen], report: &Report, style: &Style) -> String {
    let mut page = Page::new(*style);
    page.painted("probe: ", Some(Tone::Strong), title);
    page.heading("SEEN");
    let troubled = |name: &&NameSeen| name.lines.iter().any(|line| line.good != Some(true));
    for name in names.iter().filter(troubled).chain(names.iter().filter(|name| !troubled(name))) {
        seen(&mut page, name);
    }
    if names.is_empty() {
        page.line("  nothing: there was no name to ask for");
    }
    failures::print(&mut page, report);
    unknowns::print(&mut page, report);
    table::assumptions(&mut page, report);
    table::verdict(&mut page, report, "probe");
    page.finish()
}

fn seen(page: &mut Page, name: &NameSeen) {
    page.paragraph("  ", &format!("{} ({})", name.name, name.of));
    let mut lines: Vec<&Line> = name.lines.iter().collect();
    // Failures, what is not known, what is well.
    lines.sort_by_key(|line| (line.good == Some(true), line.good.is_none()));
    for line in lines {
        let (label, tone) = match line.good {
            Some(true) => ("    ok    ", Some(Tone::Good)),
            Some(false) => ("    FAIL  ", Some(Tone::Bad)),
            None => ("    ?     ", None),
        };
        page.painted(label, tone, &format!("{}: {}", line.place, line.outcome));
    }
}

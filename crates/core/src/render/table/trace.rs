//! A trace for people: the verdict, then each path hop by hop, then all blockers with the commands that
//! fix them. Paths with the same hops and decisions are printed once.

use std::collections::BTreeSet;

use super::{failures, unknowns};
use crate::render::text::{Page, Style, Tone, count, wrap};
use crate::report::trace::{Hop, Path, Trace, Verdict};
use crate::report::{Blocker, Missing};

/// Paths that are printed in full; the JSON has all.
const MOST_TOLD: usize = 6;
/// Paths that are listed as being alike.
const MOST_ALIKE: usize = 8;
/// The column in which a hop's text begins.
const HOP: usize = 13;

/// The answer as text.
pub fn table(trace: &Trace, style: &Style) -> String {
    let mut page = Page::new(*style);
    headline(&mut page, trace);
    let told = paths(&mut page, trace);
    blockers(&mut page, trace, &told);
    missing(&mut page, trace);
    if !trace.assumptions.is_empty() {
        page.heading("ASSUMED");
        for assumption in &trace.assumptions {
            page.paragraph("  - ", assumption);
        }
    }
    page.finish()
}

fn headline(page: &mut Page, trace: &Trace) {
    let (word, tone) = verdict(trace.verdict);
    let question = format!("{} -> {} {}", trace.from, trace.to, trace.port);
    page.painted(&format!("{word:<9}"), Some(tone), &question);
    if trace.paths.len() < 2 {
        return;
    }
    let of = |wanted| trace.paths.iter().filter(|path| path.verdict == wanted).count();
    let counts: Vec<String> = [Verdict::Blocked, Verdict::Unknown, Verdict::Open]
        .into_iter()
        .filter(|wanted| of(*wanted) > 0)
        .map(|wanted| format!("{} {}", of(wanted), verdict(wanted).0.to_lowercase()))
        .collect();
    let paths = count(trace.paths.len(), "path", "paths");
    page.paragraph("         ", &format!("{paths}: {}", counts.join(", ")));
}

fn verdict(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Open => ("OPEN", Tone::Good),
        Verdict::Blocked => ("BLOCKED", Tone::Bad),
        Verdict::Unknown => ("UNKNOWN", Tone::Warning),
    }
}

/// Paths over the same objects with the same decisions, apart from addresses and subnets; for open paths
/// also apart from the route tables and network ACLs of subnets.
struct FoldedPaths<'t> {
    first: &'t Path,
    others: Vec<&'t Path>,
}

fn fold(paths: &[Path]) -> Vec<FoldedPaths<'_>> {
    let mut all: Vec<FoldedPaths<'_>> = Vec::new();
    for path in paths {
        match all.iter_mut().find(|folded| alike(folded.first, path)) {
            Some(folded) => folded.others.push(path),
            None => all.push(FoldedPaths { first: path, others: Vec::new() }),
        }
    }
    all
}

fn alike(one: &Path, other: &Path) -> bool {
    let way = |hops: &[Hop]| -> Vec<(String, String, String)> {
        let own = |hop: &Hop| {
            let of_subnet = matches!(hop.kind.as_str(), "route-table" | "network-acl");
            hop.kind == "subnet" || of_subnet && one.verdict == Verdict::Open
        };
        let place = |hop: &Hop| if own(hop) { String::new() } else { hop.id.clone() };
        hops.iter().map(|hop| (hop.kind.clone(), place(hop), hop.decision.clone())).collect()
    };
    let objects = |path: &Path| -> BTreeSet<(String, Option<String>)> {
        path.blockers.iter().map(|blocker| (blocker.id.clone(), blocker.leg.clone())).collect()
    };
    one.verdict == other.verdict
        && way(&one.hops) == way(&other.hops)
        && way(&one.r#return.hops) == way(&other.r#return.hops)
        && objects(one) == objects(other)
        && one.missing == other.missing
}

/// The paths that decide the verdict in full, and the others by name. Returns the blockers whose
/// reasons are printed with the hops.
fn paths<'t>(page: &mut Page, trace: &'t Trace) -> BTreeSet<&'t Blocker> {
    let all = fold(&trace.paths);
    let (mut told, mut untold, mut reasons) = (0, Vec::new(), BTreeSet::new());
    for folded in &all {
        let silent = folded.first.hops.is_empty() && folded.first.r#return.hops.is_empty();
        // A path without hops is covered by the missing inputs, or by the blockers, below.
        if silent && trace.paths.len() > 1 && folded.first.blockers.is_empty() {
            continue;
        }
        if folded.first.verdict != trace.verdict || told >= MOST_TOLD {
            untold.push(folded);
            continue;
        }
        told += 1;
        tell(page, folded, trace.paths.len() > 1, (&trace.from, &trace.to));
        let hops = || folded.first.hops.iter().chain(&folded.first.r#return.hops);
        let is_told = |blocker: &&Blocker| hops().any(|hop| hop.id == blocker.id && hop.by == blocker.reason);
        reasons.extend(folded.first.blockers.iter().filter(is_told));
    }
    if !untold.is_empty() {
        page.blank();
    }
    for folded in untold {
        let path = folded.first;
        let (word, tone) = verdict(path.verdict);
        let more = match folded.others.len() {
            0 => String::new(),
            more => format!(", and {more} more like this"),
        };
        let label = format!("{word:<9}");
        page.painted(&label, Some(tone), &format!("{} -> {}{more}", path.from, path.to));
    }
    reasons
}

/// From where to where, in one line or in two.
fn way(page: &mut Page, (label, tone): (&str, Option<Tone>), path: &Path) {
    let whole = format!("{} -> {}", path.from, path.to);
    if label.len() + whole.chars().count() <= page.style.width {
        return page.painted(label, tone, &whole);
    }
    page.painted(label, tone, &path.from);
    page.paragraph(&" ".repeat(label.len()), &format!("-> {}", path.to));
}

fn tell(page: &mut Page, folded: &FoldedPaths<'_>, several: bool, asked: (&str, &str)) {
    let path = folded.first;
    page.blank();
    if several {
        let (word, tone) = verdict(path.verdict);
        way(page, (&format!("{word:<9}"), Some(tone)), path);
    } else if asked != (path.from.as_str(), path.to.as_str()) {
        way(page, ("         ", None), path);
    }
    leg(page, "request", &path.hops);
    leg(page, "reply", &path.r#return.hops);
    if folded.others.is_empty() {
        return;
    }
    page.line(&format!("  and {} more like this:", folded.others.len()));
    for other in folded.others.iter().take(MOST_ALIKE) {
        way(page, ("    - ", None), other);
    }
    if folded.others.len() > MOST_ALIKE {
        page.line("    - …");
    }
}

fn leg(page: &mut Page, name: &str, hops: &[Hop]) {
    if hops.is_empty() {
        return;
    }
    page.line(&format!("  {name}"));
    let mut order: Vec<&Hop> = Vec::new();
    for hop in hops {
        if !order.contains(&hop) {
            order.push(hop);
        }
    }
    let mut stopped = false;
    for hop in order {
        step(page, hop, stopped);
        stopped |= hop.blocks;
    }
}

/// One hop; hops after one that blocks are printed too, in brackets, as if the packet had arrived there.
fn step(page: &mut Page, hop: &Hop, stopped: bool) {
    let bracketed = format!("({})", hop.decision);
    let (mark, word, tone) = match hop.decision.as_str() {
        _ if hop.blocks => ("  X ", "BLOCKED", Some(Tone::Bad)),
        "unknown" => ("  ? ", "unknown", Some(Tone::Warning)),
        "assumed" => ("  ~ ", "assumed", Some(Tone::Warning)),
        _ if stopped => ("   ", bracketed.as_str(), Some(Tone::Quiet)),
        other => ("    ", other, None),
    };
    let by = failures::without_id(&hop.by, &hop.id);
    let text = if by.is_empty() {
        failures::thing(&hop.kind, &hop.id)
    } else {
        format!("{}: {by}", failures::thing(&hop.kind, &hop.id))
    };
    let lines = wrap(&text, page.style.width.saturating_sub(HOP).max(20));
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            page.line(&format!("{:HOP$}{line}", ""));
            continue;
        }
        let padded = format!("{word:<0$}", HOP - mark.len());
        let painted = tone.map_or(padded.clone(), |tone| page.style.paint(tone, &padded));
        page.line(&format!("{mark}{painted}{line}"));
    }
}

/// All blockers; the reasons only where no hop above shows them.
fn blockers(page: &mut Page, trace: &Trace, told: &BTreeSet<&Blocker>) {
    if trace.blockers.is_empty() {
        return;
    }
    page.heading("BLOCKED BY");
    let mut seen: BTreeSet<&Blocker> = BTreeSet::new();
    for blocker in trace.blockers.iter().filter(|blocker| seen.insert(blocker)) {
        let text =
            if told.contains(blocker) { failures::place(blocker) } else { failures::blocked_by(blocker) };
        page.paragraph("  - ", &text);
    }
    let Some(fix) = &trace.fix else { return };
    page.heading("FIX");
    page.paragraph("  ", &fix.summary);
    page.blank();
    for command in &fix.commands {
        page.command(4, command);
    }
}

fn missing(page: &mut Page, trace: &Trace) {
    let all: BTreeSet<&Missing> = trace.paths.iter().flat_map(|path| &path.missing).collect();
    if all.is_empty() {
        return;
    }
    page.heading("MISSING INPUTS");
    for missing in all {
        page.paragraph("  - ", &unknowns::settled_by(missing, &[]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    const PLAIN: Style = Style { width: 80, color: false };

    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_verdict_comes_first_and_every_line_fits() {
        let page = table(&sample::trace(), &PLAIN);
        assert!(page.starts_with("BLOCKED  office -> control-plane tcp/443\n"), "{page}");
        assert!(words(&page).contains("4 paths: 2 blocked, 1 unknown, 1 open"), "{page}");
        for line in page.lines() {
            assert!(line.chars().count() <= 80 && !line.contains('\u{1b}'), "{line}");
        }
    }

    #[test]
    fn the_hop_that_blocks_is_marked_and_those_after_it_are_in_brackets() {
        let page = table(&sample::trace(), &PLAIN);
        assert!(page.contains("  X BLOCKED  route-table rtb-0123456789abcdef0: has no route"), "{page}");
        assert!(page.contains("   (allow)   network-acl acl-0123456789abcdef0"), "{page}");
        assert!(page.contains("    allow    security-group sg-0123456789abcdef0"), "{page}");
    }

    #[test]
    fn alike_paths_are_printed_once_and_all_are_named() {
        let page = table(&sample::trace(), &PLAIN);
        assert_eq!(page.matches("X BLOCKED").count(), 1, "{page}");
        let said = words(&page);
        assert!(said.contains("and 1 more like this: - office -> eni-0b"), "{said}");
        assert!(
            said.contains("UNKNOWN office -> eni-0c") && said.contains("OPEN office -> eni-0d"),
            "{said}"
        );
    }

    #[test]
    fn all_blockers_and_all_missing_inputs_are_printed_with_the_commands() {
        let page = table(&sample::trace(), &PLAIN);
        let said = words(&page);
        assert!(said.contains("rtb-0123456789abcdef0: has no route for 172.24.0.0/24"), "{said}");
        assert!(
            said.contains("- route-table rtb-0123456789abcdef0 (on the reply, for 172.24.0.0/25)"),
            "{said}"
        );
        assert!(said.contains("ec2:DescribeNetworkAcls for vpc-0123456789abcdef0 failed"), "{said}");
        assert!(said.contains("The firewalls of office outside AWS"), "{said}");
        assert!(words(&page.replace("\\\n", "")).contains(&words(sample::LONG_COMMAND)), "{page}");
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let plain = table(&sample::trace(), &PLAIN);
        let mut colored = table(&sample::trace(), &Style { color: true, ..PLAIN });
        assert_ne!(plain, colored);
        for code in ["0", "1", "2", "1;31", "1;32", "1;33"] {
            colored = colored.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(plain, colored);
    }
}

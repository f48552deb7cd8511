//! The table of a report, line by line.

use super::*;
use crate::report::sample;

const PLAIN: Style = Style { width: 80, color: false };

/// Where the words stand, wherever the lines break.
fn at(page: &str, text: &str) -> usize {
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    words.find(text).unwrap_or_else(|| panic!("'{text}' is not in:\n{page}"))
}

#[test]
fn failures_come_first_and_the_verdict_last() {
    let page = table(&sample::report(), &PLAIN);
    let order = [
        "cluster foo",
        "FAILURES",
        "BLOCKER",
        "WARNING",
        "UNKNOWN",
        "PASSED",
        "WAIVED",
        "ASSUMED",
        "NOT READ",
        "NOT READY:",
    ];
    assert!(order.map(|text| at(&page, text)).is_sorted(), "{page}");
    assert!(page.lines().last().unwrap().starts_with("Exit code"), "{page}");
}

#[test]
fn every_line_fits_into_80_columns_without_colour() {
    let page = table(&sample::report(), &PLAIN);
    for line in page.lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn a_failure_shows_all_its_blockers_and_commands_that_can_be_pasted() {
    let report = sample::report();
    let page = table(&report, &PLAIN);
    for blocker in &report.findings[0].blockers {
        at(&page, &blocker.id);
    }
    at(&page, "on the request, for 172.24.0.0/25");
    at(&page.replace(" \\\n", " "), sample::LONG_COMMAND);
    at(&page, "cidr = 172.24.0.0/24");
    at(&page, "docs:");
}

#[test]
fn nothing_that_does_not_pass_is_hidden() {
    let report = sample::report();
    let page = table(&report, &PLAIN);
    for finding in &report.findings {
        if matches!(finding.outcome, Outcome::Fail | Outcome::Unknown) {
            at(&page, &finding.rule);
        }
    }
    at(&page, "closed next week");
}

#[test]
fn unknowns_name_what_would_settle_them() {
    let page = table(&sample::report(), &PLAIN);
    at(&page, "1 unknown finding (up to blocker): grant ec2:DescribeNetworkAcls (AccessDenied)");
    at(&page, "declare the operator networks");
}

#[test]
fn passes_are_one_line_per_area() {
    let page = table(&sample::report(), &PLAIN);
    let line = page.lines().find(|line| line.contains("2 passed") && line.contains("subnets")).unwrap();
    assert!(line.contains("1 not applicable"), "{line}");
    assert!(!page.contains("subnet-free-addresses"));
}

#[test]
fn the_verdict_counts_and_tells_the_coverage() {
    let page = table(&sample::report(), &PLAIN);
    at(&page, "NOT READY: 1 blocker, 1 warning, 2 unknown, 2 passed, 1 waived (4 of 6 decided)");
    at(&page, "Exit code of this audit: 1");
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = table(&sample::report(), &PLAIN);
    let mut colored = table(&sample::report(), &Style { color: true, ..PLAIN });
    assert_ne!(plain, colored);
    for code in ["0", "1", "2", "1;31", "1;32", "1;33"] {
        colored = colored.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, colored);
}

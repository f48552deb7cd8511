//! Unknowns in a whole page.

use super::report::table;
use super::unknowns::MOST_SUBJECTS;
use crate::render::text::Style;
use crate::report::{Finding, Missing, MissingKind, Report, Subject, sample};

fn words(report: &Report) -> String {
    let page = table(report, &Style { width: 80, color: false });
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_finding_that_waits_for_two_things_is_counted_twice_and_named_once() {
    let mut report = sample::report();
    let at = report.findings.iter().position(|finding| finding.rule == "subnet-acl-blocks").unwrap();
    let second = Missing {
        kind: MissingKind::Operation,
        what: "ec2:DescribeRouteTables was not read".to_owned(),
        permission: Some("ec2:DescribeRouteTables".to_owned()),
    };
    report.findings[at].missing.push(second);
    let said = words(&report);
    assert_eq!(said.matches("subnet-acl-blocks").count(), 1, "{said}");
    assert!(said.contains("(AccessDenied); named above"), "{said}");
    assert!(said.contains("`privek-audit iam-policy` prints"), "{said}");
}

#[test]
fn what_waits_for_one_thing_is_named_while_it_is_little_and_counted_when_it_is_much() {
    let mut report = sample::report();
    let said = words(&report);
    assert!(said.contains("subnet-acl-blocks: subnet-0123456789abcdef0"), "{said}");
    let denied = report.findings.iter().find(|finding| finding.rule == "subnet-acl-blocks").unwrap().clone();
    for number in 1..=MOST_SUBJECTS {
        let subject = Subject { id: format!("subnet-{number}"), ..denied.subject.clone() };
        report.findings.push(Finding { subject, ..denied.clone() });
    }
    let said = words(&report);
    assert!(said.contains("9 unknown findings"), "{said}");
    assert!(said.contains("subnet-acl-blocks (x9)"), "{said}");
}

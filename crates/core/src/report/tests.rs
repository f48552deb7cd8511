//! Findings with one cause have one headline.

use super::*;

fn failing(rule: &str, blockers: &[&str]) -> Finding {
    let blocker = |id: &&str| Blocker { kind: "route-table".into(), id: (*id).into(), ..Blocker::default() };
    Finding {
        rule: rule.into(),
        area: "services".into(),
        title: String::new(),
        severity: Severity::Blocker,
        outcome: Outcome::Fail,
        subject: Subject { kind: "service".into(), id: rule.into(), name: None },
        message: String::new(),
        evidence: BTreeMap::new(),
        blockers: blockers.iter().map(blocker).collect(),
        missing: Vec::new(),
        fix: None,
        references: Vec::new(),
        fingerprint: rule.into(),
        waiver: None,
    }
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        schema_version: SCHEMA_VERSION.into(),
        tool: Tool { name: "privek-audit".into(), version: "0".into() },
        target: Target::default(),
        collected_at: None,
        verdict: Verdict::NotReady,
        exit_code: 1,
        summary: Summary::default(),
        assumptions: Vec::new(),
        gaps: Vec::new(),
        findings,
    }
}

#[test]
fn findings_that_fail_by_the_same_objects_share_a_headline() {
    let report = report(vec![
        failing("a", &["rtb-1"]),
        failing("b", &["rtb-2"]),
        failing("c", &["rtb-1", "rtb-1"]),
        failing("d", &["rtb-1", "rtb-2"]),
        failing("e", &[]),
        failing("f", &[]),
        failing("e", &[]),
        failing("g", &["rtb-2", "rtb-1"]),
    ]);
    let headlines = report.headlines();
    let rules: Vec<&str> = headlines.iter().map(|headline| headline.finding.rule.as_str()).collect();
    assert_eq!(rules, ["a", "b", "d", "e", "f"]);
    assert_eq!(headlines[0].follows[0].rule, "c");
    assert_eq!(headlines[2].cause, None);
    assert_eq!(headlines[2].follows[0].rule, "g");
    assert_eq!(headlines[3].follows.len(), 1);
}

#[test]
fn what_an_earlier_fix_also_fixes_follows_from_it() {
    let with_fix = |rule: &str, commands: &[&str]| {
        let commands = commands.iter().map(|command| (*command).to_owned()).collect();
        Finding { fix: Some(Fix { summary: String::new(), commands }), ..failing(rule, &[]) }
    };
    let report = report(vec![
        with_fix("a", &["aws ec2 modify-vpc-attribute --one", "aws ec2 modify-vpc-attribute --two"]),
        with_fix("b", &["aws ec2 modify-vpc-attribute --two"]),
        with_fix("c", &["aws ec2 modify-vpc-attribute --two", "aws ec2 create-route"]),
        with_fix("d", &["aws ec2 describe-vpcs"]),
        with_fix("e", &["aws ec2 describe-vpcs"]),
        with_fix("f", &[]),
    ]);
    let headlines = report.headlines();
    let rules: Vec<&str> = headlines.iter().map(|headline| headline.finding.rule.as_str()).collect();
    assert_eq!(rules, ["a", "c", "d", "e", "f"], "a command that only reads fixes nothing");
    assert_eq!(headlines[0].follows[0].rule, "b");
}

#[test]
fn only_failures_that_nobody_waived_make_headlines() {
    let mut passing = failing("a", &["rtb-1"]);
    passing.outcome = Outcome::Pass;
    let mut waived = failing("b", &["rtb-1"]);
    waived.waiver = Some(Waiver { owner: "x".into(), reason: "y".into(), expires: "2027-01-01".into() });
    assert_eq!(report(vec![passing, waived]).headlines(), []);
}

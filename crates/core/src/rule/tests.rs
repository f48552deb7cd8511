//! Rules on small made-up facts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::known::Missing;
use crate::pack::{Document, Pack, Vocabulary};
use crate::report::{Finding, Outcome, Report, Verdict};
use crate::subject::{self, Subject, Subjects};

use super::rule_file::Source;
use super::*;

/// Facts about a VPC with subnets.
#[derive(Default)]
struct Made {
    kinds: BTreeMap<&'static str, Subjects>,
    flows: Subjects,
    target: subject::Target,
}

impl FactSource for Made {
    fn subjects(&self, kind: &str) -> &Subjects {
        &self.kinds[kind]
    }
    fn flow(&self, _spec: &FlowSpec) -> Subjects {
        self.flows.clone()
    }
    fn target(&self) -> &subject::Target {
        &self.target
    }
    fn assumptions(&self) -> Vec<String> {
        vec!["b".into(), "a".into(), "b".into()]
    }
}

fn missing(what: &str) -> Missing {
    Missing::operation(what, None)
}

fn unknown(what: &str) -> Value {
    json!({"$unknown": [missing(what)]})
}

fn subjects(kind: &'static str, all: &[Value]) -> Subjects {
    let subject = |fields: &Value| Subject {
        kind,
        id: fields["id"].as_str().unwrap().into(),
        name: None,
        fields: fields.clone(),
    };
    Subjects { listed: all.iter().map(subject).collect(), unlisted: Vec::new() }
}

fn made(subnets: &[Value]) -> Made {
    let cluster = subjects("cluster", &[json!({"id": "foo", "private": true})]);
    let target = subject::Target {
        region: Some("ap-northeast-1".into()),
        cluster: Some("foo".into()),
        ..Default::default()
    };
    let kinds = BTreeMap::from([("cluster", cluster), ("subnet", subjects("subnet", subnets))]);
    Made { kinds, flows: Subjects::default(), target }
}

fn vocabulary() -> Vocabulary {
    let path =
        json!({"type": "object", "properties": {"open": {"type": "boolean"}, "to": {"type": "string"}}});
    let subnet = json!({"type": "object", "properties": {
        "id": {"type": "string"},
        "free": {"type": "integer"},
        "isolated": {"type": "boolean"},
        "nat": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Nat"}]},
        "paths": {"type": "array", "items": path},
    }, "$defs": {"Nat": {"type": "object", "properties": {"id": {"type": "string"}}}}});
    let cluster =
        json!({"type": "object", "properties": {"id": {"type": "string"}, "private": {"type": "boolean"}}});
    let flow = json!({"type": "object", "properties": {
        "id": {"type": "string"}, "open": {"type": "boolean"}, "blockers": {"type": "array", "items": true},
    }});
    Vocabulary {
        kinds: BTreeMap::from(
            [("subnet", subnet), ("cluster", cluster), ("flow", flow)].map(|(k, s)| (k.into(), s)),
        ),
        target: json!({"type": "object", "properties": {"region": {"type": "string"}}}),
        blocker: json!({"type": "object", "properties": {"id": {"type": "string"}}}),
        check_end: |text| match text {
            "operators" | "control-plane" => Ok(None),
            _ => Ok(Some(text.to_owned())),
        },
        check_port: |text| {
            let good = text.starts_with("tcp/");
            if good { Ok(()) } else { Err(format!("`{text}` is no port")) }
        },
        flow_ends: vec!["operators".into(), "control-plane".into()],
    }
}

fn rule(assert: &str, more: &str) -> String {
    format!(
        "id: too-small\ntitle: The subnet is large enough\nseverity: blocker\nsubject: subnet\n{more}assert: \"{assert}\"\n\
         why: Because.\nmessage: \"{{{{ subnet.id }}}} is too small\"\nevidence: [subnet.free]\n\
         fix: {{ summary: Grow it., commands: [\"aws ec2 describe-subnets --region {{{{ target.region }}}} --subnet-ids {{{{ subnet.id }}}}\"] }}\n\
         references: [https://docs.aws.amazon.com/]\n"
    )
}

/// A provider with one table of fixes and a small catalogue.
static MADE: Pack = Pack {
    provider: "made",
    areas: &["subnets"],
    rules: &[],
    blockers: Document {
        file: "blockers.yaml",
        text: "security-group-ingress:\n  summary: Open {{ blocker.id }}.\n  commands: [\"open {{ blocker.id }} in {{ target.region }}\"]\n",
    },
    catalogue: Document {
        file: "catalogue.yaml",
        text: "- { area: Subnets, numbers: { SUB-01: Zones, SUB-03: Size } }\n",
    },
    not_covered: Document { file: "not_covered.yaml", text: "{}" },
    inputs: Document { file: "inputs.yaml", text: "{ kinds: {}, flows: {} }" },
    kinds: &["cluster", "subnet", "flow"],
    vocabulary,
    observed: &[],
    spelling: &[],
    region_variable: "$REGION",
};

fn load(text: &str) -> Result<Rules, RuleError> {
    Rules::none(&MADE)?.with([Source::new("subnets", "rules/eks/subnets/too-small.yaml", text)])
}

fn audit(text: &str, facts: &Made) -> Report {
    let rules = load(text).unwrap_or_else(|error| panic!("{error}"));
    let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
    evaluate(&rules, facts, &evaluation).unwrap()
}

fn finding(assert: &str, subnet: Value) -> Finding {
    audit(&rule(assert, ""), &made(&[subnet])).findings.remove(0)
}

fn problem(text: &str) -> String {
    load(text).map(|rules| rules.len()).unwrap_err().to_string()
}

#[test]
fn a_failure_carries_message_evidence_and_commands() {
    let found = finding("subnet.free >= 16", json!({"id": "subnet-1", "free": 3}));
    assert_eq!(found.outcome, Outcome::Fail);
    assert_eq!(found.message, "subnet-1 is too small");
    assert_eq!(found.evidence["free"], 3);
    let command = "aws ec2 describe-subnets --region ap-northeast-1 --subnet-ids subnet-1";
    assert_eq!(found.fix.unwrap().commands, [command]);
}

#[test]
fn an_unknown_field_makes_the_finding_unknown_and_says_what_is_missing() {
    let found =
        finding("subnet.free >= 16", json!({"id": "subnet-1", "free": unknown("the free addresses")}));
    assert_eq!(found.outcome, Outcome::Unknown);
    assert_eq!(found.missing[0].what, "the free addresses");
    assert_eq!(found.evidence["free"], Value::Null);
}

#[test]
fn what_is_decisive_outranks_what_is_unknown() {
    let subnet = json!({"id": "s", "free": 3, "isolated": unknown("routes")});
    assert_eq!(finding("subnet.free >= 16 && subnet.isolated", subnet.clone()).outcome, Outcome::Fail);
    assert_eq!(finding("subnet.isolated && subnet.free >= 16", subnet.clone()).outcome, Outcome::Fail);
    assert_eq!(finding("subnet.isolated || subnet.free < 16", subnet.clone()).outcome, Outcome::Pass);
    assert_eq!(finding("!subnet.isolated", subnet.clone()).outcome, Outcome::Unknown);
    assert_eq!(finding("subnet.isolated ? subnet.free > 0 : subnet.free > 1", subnet).outcome, Outcome::Pass);
}

#[test]
fn quantifiers_are_three_valued_member_by_member() {
    let subnet = json!({"id": "s", "free": 0, "paths": [{"open": false}, {"open": unknown("routes")}]});
    assert_eq!(finding("subnet.paths.all(p, p.open)", subnet.clone()).outcome, Outcome::Fail);
    assert_eq!(finding("subnet.paths.exists(p, p.open)", subnet.clone()).outcome, Outcome::Unknown);
    assert_eq!(finding("size(subnet.paths) == 2", subnet.clone()).outcome, Outcome::Pass);
    assert_eq!(finding("size(subnet.paths.filter(p, p.open)) == 0", subnet).outcome, Outcome::Unknown);
}

#[test]
fn a_field_beside_the_unknown_one_still_decides() {
    let subnet = json!({"id": "s", "free": 0, "paths": [{"open": unknown("routes"), "to": "s3"}]});
    assert_eq!(finding("subnet.paths.exists(p, p.to == 's3')", subnet.clone()).outcome, Outcome::Pass);
    assert_eq!(finding("size(subnet.paths.filter(p, p.to == 's3')) == 1", subnet).outcome, Outcome::Pass);
}

#[test]
fn null_is_known() {
    let subnet = json!({"id": "s", "free": 0, "nat": null});
    assert_eq!(finding("subnet.nat == null", subnet.clone()).outcome, Outcome::Pass);
    assert_eq!(finding("subnet.nat != null && subnet.nat.id == 'nat-1'", subnet).outcome, Outcome::Fail);
}

#[test]
fn a_mistake_that_only_the_facts_bring_out_is_an_error() {
    let rules = load(&rule("subnet.nat.id == 'nat-1'", "")).unwrap();
    let evaluation = Evaluation { fail_on: Severity::Blocker, collected_at: None, gaps: Vec::new() };
    let facts = made(&[json!({"id": "s", "free": 0, "nat": null})]);
    let error = evaluate(&rules, &facts, &evaluation).unwrap_err().to_string();
    assert!(error.contains("rule `too-small`") && error.contains("subnet s"), "{error}");
}

#[test]
fn a_rule_that_does_not_apply_needs_proof_of_it() {
    let text = rule("subnet.free >= 16", "when: subnet.isolated\n");
    let outcome = |isolated: Value| {
        audit(&text, &made(&[json!({"id": "s", "free": 99, "isolated": isolated})])).findings[0].outcome
    };
    assert_eq!(outcome(json!(false)), Outcome::NotApplicable);
    assert_eq!(outcome(json!(true)), Outcome::Pass);
    assert_eq!(outcome(unknown("routes")), Outcome::Unknown);
}

#[test]
fn subjects_that_cannot_be_listed_are_one_unknown_and_none_at_all_is_not_applicable() {
    let text = rule("subnet.free >= 16", "");
    let mut facts = made(&[json!({"id": "s", "free": 99})]);
    facts.kinds.get_mut("subnet").unwrap().unlisted.push(missing("the subnets"));
    let report = audit(&text, &facts);
    assert_eq!(report.findings.len(), 2);
    assert_eq!(
        (report.findings[0].outcome, report.findings[0].subject.kind.as_str()),
        (Outcome::Unknown, "cluster")
    );
    assert_eq!((report.verdict, report.exit_code), (Verdict::Incomplete, 3));
    let report = audit(&text, &made(&[]));
    assert_eq!((report.findings[0].outcome, report.findings.len()), (Outcome::NotApplicable, 1));
    assert_eq!(report.assumptions, ["a", "b"]);
}

#[test]
fn an_undecidable_severity_is_the_highest_that_it_could_be() {
    let cases = "severity: [{when: subnet.isolated, severity: blocker}, {severity: warning}]\n";
    let text = rule("subnet.free >= 16", "").replace("severity: blocker\n", cases);
    let severity = |isolated: Value| {
        audit(&text, &made(&[json!({"id": "s", "free": 99, "isolated": isolated})])).findings[0].severity
    };
    assert_eq!(severity(json!(true)), Severity::Blocker);
    assert_eq!(severity(json!(false)), Severity::Warning);
    assert_eq!(severity(unknown("routes")), Severity::Blocker);
}

#[test]
fn a_flow_rule_carries_its_blockers_and_their_commands() {
    let text = rule("", "")
        .replace("subject: subnet\n", "flow: {from: operators, to: control-plane, port: tcp/443}\n");
    let text =
        text.replace("assert: \"\"\n", "").replace("subnet.id", "flow.id").replace("subnet.free", "flow.id");
    let mut facts = made(&[]);
    let remedy = json!({"protocol": "tcp", "from_port": 443, "to_port": 443, "cidrs": ["10.0.0.0/24"],
        "group": null, "prefix_list": null, "rule_numbers": [], "moved_entries": [], "freed_numbers": [], "account": null, "region": null, "network_border_group": null, "few_ports": false, "low_ports": false, "more_to_come": false,
        "target": null, "target_option": null, "replaces": null, "vpc": null, "subnet": null, "subnets": [], "route_table": null, "state": null});
    let blocker = json!({"code": "security-group-ingress", "kind": "security-group", "id": "sg-1",
        "leg": "request", "part": null, "reason": "no inbound rule admits it", "remedy": remedy});
    facts.flows = subjects("flow", &[json!({"id": "a", "open": false, "blockers": [blocker, blocker]})]);
    let report = audit(&text, &facts);
    let found = &report.findings[0];
    assert_eq!(found.blockers.len(), 1);
    assert_eq!(found.blockers[0].id, "sg-1");
    let expected = "open sg-1 in ap-northeast-1";
    assert_eq!(found.fix.as_ref().unwrap().commands[1..], [expected]);
    assert_eq!(report.exit_code, 1);
}

#[test]
fn mistakes_are_found_with_file_line_column_and_what_would_be_right() {
    let place = "rules/eks/subnets/too-small.yaml";
    let cases = [
        (
            rule("subnet.fre >= 16", ""),
            format!("{place}:5:17: unknown field `fre` in `subnet.fre`; did you mean `free`?"),
        ),
        (
            rule("subnet.free >= 16", "").replace("subnet.id", "subnet.idd"),
            "unknown field `idd` in `subnet.idd`".into(),
        ),
        (rule("sise(subnet.paths) > 0", ""), "unknown function `sise`; did you mean `size`?".into()),
        (rule("subnet.free >=", ""), format!("{place}:5:")),
        (rule("subnet.free", ""), "`subnet.free` is not true or false".into()),
        (rule("subnet.paths.all(p, p.opn)", ""), "unknown field `opn` in `subnet.paths[].opn`".into()),
        (
            rule("subnets.free > 1", ""),
            "unknown variable `subnets`; known are subnet, cluster, target".into(),
        ),
        (
            rule("subnet.free > 1", "wen: true\n"),
            format!("{place}:5:1: unknown field `wen`; did you mean `when`?"),
        ),
        (
            rule("subnet.free > 1", "").replace("too-small\n", "small\n"),
            format!("{place}:1:5: the id `small` differs"),
        ),
        (
            rule("subnet.free > 1", "").replace("title: The subnet is large enough\n", ""),
            "`title` is missing".into(),
        ),
        (
            rule("subnet.free > 1", "").replace("Because.", "\"\""),
            format!("{place}:6:6: this text must not be empty"),
        ),
        (
            rule("subnet.free > 1", "").replace("subject: subnet", "subject: subnt"),
            "unknown subject `subnt`".into(),
        ),
        (
            rule("subnet.free > 1", "").replace("is too small", "{{"),
            format!("{place}:7:11: the template cannot be read"),
        ),
        (
            rule("subnet.free > 1", "").replace("[subnet.free]", "[subnet.fee]"),
            format!("{place}:8:19: unknown field `fee`"),
        ),
        (
            rule("subnet.free > 1", "")
                .replace("severity: blocker", "severity: [{when: subnet.isolated, severity: info}]"),
            "the last severity must have no `when`".into(),
        ),
        (rule("subnet.free > 1", "").replace("severity: blocker", "severity: high"), "high".into()),
    ];
    for (text, expected) in cases {
        let found = problem(&text);
        assert!(found.contains(&expected), "expected {expected:?} in {found:?}");
        assert!(found.starts_with(&format!("{place}:")), "{found:?}");
    }
}

#[test]
fn every_rule_and_subject_is_there_once_and_fingerprints_do_not_depend_on_outcomes() {
    let text = rule("subnet.free >= 16", "");
    let facts = |free: i64| made(&[json!({"id": "a", "free": free}), json!({"id": "b", "free": free})]);
    let prints = |report: &Report| {
        let mut prints: Vec<String> = report.findings.iter().map(|f| f.fingerprint.clone()).collect();
        prints.sort();
        prints
    };
    let (bad, good) = (audit(&text, &facts(1)), audit(&text, &facts(99)));
    assert_eq!(prints(&bad), prints(&good));
    assert_ne!(bad.findings[0].fingerprint, bad.findings[1].fingerprint);
}

#[test]
fn a_number_that_a_rule_covers_is_in_the_catalogue_and_named_once() {
    let rules = load(&rule("subnet.isolated", "covers: [SUB-01, SUB-03]\n")).unwrap();
    assert_eq!(rules.get("too-small").unwrap().covers, ["SUB-01", "SUB-03"]);
    let said = problem(&rule("subnet.isolated", "covers: [SUB-02]\n"));
    assert!(
        said.contains("too-small.yaml:5:10: catalogue.yaml has no number SUB-02; did you mean SUB-0"),
        "{said}"
    );
    let said = problem(&rule("subnet.isolated", "covers: [SUB-01, SUB-01]\n"));
    assert!(said.contains("the number SUB-01 is set twice"), "{said}");
}

//! One report with something of everything, for the renderers' tests.

use std::collections::BTreeMap;

use serde_json::json;

use super::trace::{self, Hop, Return, Trace};
use super::{
    Blocker, DeclaredUnread, Finding, Fix, Gap, Missing, MissingKind, Outcome, Report, SCHEMA_VERSION,
    Severity, Subject, Summary, Target, Tool, UnreadStatus, Verdict, Waiver,
};

/// A finding with this rule, outcome and severity, on a subnet.
pub fn finding(rule: &str, outcome: Outcome, severity: Severity) -> Finding {
    Finding {
        rule: rule.to_owned(),
        area: "subnets".to_owned(),
        title: format!("{rule} is in order"),
        severity,
        outcome,
        subject: Subject {
            kind: "subnet".to_owned(),
            id: "subnet-0123456789abcdef0".to_owned(),
            name: Some("worker-a".to_owned()),
        },
        message: format!("What {rule} found."),
        evidence: BTreeMap::new(),
        blockers: vec![],
        missing: vec![],
        fix: None,
        references: vec![],
        fingerprint: format!("{rule}-1"),
        waiver: None,
    }
}

/// A trace with something of everything: two alike blocked paths, an unknown one, an open one.
pub fn trace() -> Trace {
    let hop = |kind: &str, id: &str, decision: &str, by: &str| Hop {
        kind: kind.into(),
        id: id.into(),
        decision: decision.into(),
        by: by.into(),
        blocks: decision == "drop",
    };
    let reason = "rtb-0123456789abcdef0 has no route for 172.24.0.0/24";
    let blocker = Blocker {
        kind: "route-table".into(),
        id: "rtb-0123456789abcdef0".into(),
        leg: Some("reply".into()),
        part: Some("172.24.0.0/25".into()),
        reason: reason.into(),
    };
    let closed = |to: &str| trace::Path {
        from: "office".into(),
        to: to.into(),
        verdict: trace::Verdict::Blocked,
        hops: vec![hop(
            "security-group",
            "sg-0123456789abcdef0",
            "allow",
            "inbound tcp/443 from 172.24.0.0/24",
        )],
        r#return: Return {
            hops: vec![
                hop("subnet", &format!("subnet-of-{to}"), "forward", "172.25.0.5"),
                hop("route-table", "rtb-0123456789abcdef0", "drop", reason),
                hop("network-acl", "acl-0123456789abcdef0", "allow", "inbound entry 100"),
            ],
        },
        blockers: vec![blocker.clone()],
        missing: vec![],
    };
    let unknown = trace::Path {
        verdict: trace::Verdict::Unknown,
        blockers: vec![],
        missing: vec![Missing {
            kind: MissingKind::Operation,
            what: "ec2:DescribeNetworkAcls for vpc-0123456789abcdef0 failed: AccessDenied".into(),
            permission: Some("ec2:DescribeNetworkAcls".into()),
        }],
        ..closed("eni-0c")
    };
    let open = trace::Path { verdict: trace::Verdict::Open, missing: vec![], ..unknown.clone() };
    Trace {
        schema_version: trace::SCHEMA_VERSION.into(),
        from: "office".into(),
        to: "control-plane".into(),
        port: "tcp/443".into(),
        verdict: trace::Verdict::Blocked,
        exit_code: 1,
        assumptions: vec!["The firewalls of office outside AWS admit the traffic.".into()],
        blockers: vec![blocker.clone()],
        fix: Some(Fix { summary: "Add the route.".into(), commands: vec![LONG_COMMAND.into()] }),
        paths: vec![closed("eni-0a"), closed("eni-0b"), unknown, trace::Path { to: "eni-0d".into(), ..open }],
    }
}

/// A command that does not fit into 80 columns.
pub const LONG_COMMAND: &str = "aws ec2 create-route --route-table-id rtb-0123456789abcdef0 \
     --destination-cidr-block 172.24.0.0/24 --vpc-peering-connection-id pcx-0123456789abcdef0 \
     --region ap-northeast-1";

/// A report: a blocker, a warning, unknowns of two kinds, passes, a waiver, a gap.
pub fn report() -> Report {
    let mut blocker = finding("operator-api-unreachable", Outcome::Fail, Severity::Blocker);
    blocker.message = "The operator network bastion (172.24.0.0/24) cannot reach the control plane on \
                       tcp/443, for three reasons."
        .to_owned();
    for (kind, id, leg) in [
        ("route-table", "rtb-0123456789abcdef0", Some("request")),
        ("route-table", "rtb-0fedcba9876543210", Some("reply")),
        ("security-group", "sg-0123456789abcdef0", None),
    ] {
        blocker.blockers.push(Blocker {
            kind: kind.to_owned(),
            id: id.to_owned(),
            leg: leg.map(str::to_owned),
            part: leg.map(|_| "172.24.0.0/25".to_owned()),
            reason: "no active route covers the destination, and nothing else admits it".to_owned(),
        });
    }
    blocker.evidence.insert("cidr".to_owned(), json!("172.24.0.0/24"));
    blocker.fix = Some(Fix {
        summary: "Add the routes and admit the network.".to_owned(),
        commands: vec![LONG_COMMAND.to_owned(), "aws sts get-caller-identity".to_owned()],
    });
    blocker
        .references
        .push("https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html".to_owned());

    let mut denied = finding("subnet-acl-blocks", Outcome::Unknown, Severity::Blocker);
    denied.missing.push(Missing {
        kind: MissingKind::Operation,
        what: "ec2:DescribeNetworkAcls".to_owned(),
        permission: Some("ec2:DescribeNetworkAcls".to_owned()),
    });
    let mut undeclared = finding("operators-undeclared", Outcome::Unknown, Severity::Warning);
    undeclared.missing.push(Missing {
        kind: MissingKind::Intent,
        what: "the operator networks (--operator-cidr)".to_owned(),
        permission: None,
    });
    let mut waived = finding("public-access-open", Outcome::Fail, Severity::Warning);
    waived.waiver = Some(Waiver {
        owner: "network team".to_owned(),
        reason: "closed next week".to_owned(),
        expires: "2026-12-31".to_owned(),
    });
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool { name: "privek-audit".to_owned(), version: "0.1.0".to_owned() },
        target: Target {
            provider: "aws".to_owned(),
            account: Some("123456789012".to_owned()),
            region: Some("ap-northeast-1".to_owned()),
            cluster: Some("foo".to_owned()),
            vpc: Some("vpc-0123456789abcdef0".to_owned()),
        },
        collected_at: Some("2026-11-20T12:00:00Z".to_owned()),
        verdict: Verdict::NotReady,
        exit_code: 1,
        summary: Summary { pass: 2, fail: 2, unknown: 2, not_applicable: 1, waived: 1 },
        assumptions: vec![
            "Nobody declared Karpenter, so what only Karpenter needs counts as not needed here.".to_owned(),
        ],
        gaps: vec![Gap {
            service: "ec2".to_owned(),
            operation: "DescribeNetworkAcls".to_owned(),
            region: Some("ap-northeast-1".to_owned()),
            resource: None,
            code: "AccessDenied".to_owned(),
            message: "not authorized".to_owned(),
            permission: Some("ec2:DescribeNetworkAcls".to_owned()),
        }],
        declared_unread: vec![DeclaredUnread {
            operation: "route53profiles:*".into(),
            means: "none".into(),
            reason: "the account has no Route 53 Profiles".into(),
            until: "2027-03-31".into(),
            status: UnreadStatus::Used,
            replaced: vec!["route53profiles:ListProfileAssociations".into()],
        }],
        findings: vec![
            blocker,
            finding("single-az", Outcome::Fail, Severity::Warning),
            waived,
            denied,
            undeclared,
            finding("subnet-free-addresses", Outcome::Pass, Severity::Blocker),
            finding("subnet-az-refused", Outcome::Pass, Severity::Blocker),
            finding("subnet-outpost", Outcome::NotApplicable, Severity::Blocker),
        ],
    }
}

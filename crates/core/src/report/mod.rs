//! The report: the contract with everyone outside. Its JSON is published (`docs/report.schema.json`).

pub mod forwarders;
pub mod probe;
pub mod rules;
#[cfg(test)]
pub(crate) mod sample;
pub mod trace;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{header, known};

/// What the program is called.
pub const TOOL: &str = "privek-audit";

/// The version of the report's JSON.
pub const SCHEMA_VERSION: &str = "1";

/// The result of one audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// Which program wrote it.
    pub tool: Tool,
    /// What was audited.
    pub target: Target,
    /// When the state was read (RFC 3339, UTC); null for a directory of CLI outputs.
    pub collected_at: Option<String>,
    /// Whether the cluster is ready.
    pub verdict: Verdict,
    /// 0 ready, 1 not ready, 3 incomplete.
    pub exit_code: u8,
    /// Counts of findings by outcome; waived ones count only as waived.
    pub summary: Summary,
    /// What was taken for granted because nobody said otherwise.
    pub assumptions: Vec<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Every rule and subject, exactly once; failures first.
    pub findings: Vec<Finding>,
}

/// The program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `privek-audit`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was audited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// `aws`.
    pub provider: String,
    /// The account, if it is known.
    pub account: Option<String>,
    /// The region, if it is known.
    pub region: Option<String>,
    /// The cluster's name, if there is one.
    pub cluster: Option<String>,
    /// The cluster's VPC, if it is known.
    pub vpc: Option<String>,
}

/// Whether the cluster is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing at or above the threshold failed or is unknown.
    Ready,
    /// Something at or above the threshold failed.
    NotReady,
    /// Nothing failed, but something at or above the threshold is unknown.
    Incomplete,
}

/// Counts of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Proved to hold.
    pub pass: usize,
    /// Proved not to hold.
    pub fail: usize,
    /// Undecided.
    pub unknown: usize,
    /// Proved not to matter here.
    pub not_applicable: usize,
    /// Failing or undecided, and waived.
    pub waived: usize,
}

/// What a finding found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Proved not to hold.
    Fail,
    /// Undecided: an input is missing, or AWS's behaviour is not modelled.
    Unknown,
    /// Proved to hold.
    Pass,
    /// Proved not to matter here.
    NotApplicable,
}

/// How bad a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Works, but fails in a named event, or is insecure.
    Warning,
    /// Nodes, pods or operators cannot work.
    Blocker,
}

impl Severity {
    /// The severity as rules and reports write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Blocker => "blocker",
        }
    }
}

/// One rule on one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The rule's area: the folder that its file is in.
    pub area: String,
    /// The healthy state.
    pub title: String,
    /// How bad a failure is, for this subject.
    pub severity: Severity,
    /// What was found.
    pub outcome: Outcome,
    /// What it was found on.
    pub subject: Subject,
    /// One or two sentences.
    pub message: String,
    /// The values that decided, by name.
    pub evidence: BTreeMap<String, serde_json::Value>,
    /// All objects that stand in the way, at once.
    pub blockers: Vec<Blocker>,
    /// What would settle an unknown.
    pub missing: Vec<Missing>,
    /// What to change; null where nothing needs to.
    pub fix: Option<Fix>,
    /// Where AWS documents it.
    pub references: Vec<String>,
    /// Identifies rule and subject across runs.
    pub fingerprint: String,
    /// Who accepted it and until when; null for most.
    pub waiver: Option<Waiver>,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// `cluster`, `vpc`, `control_plane_subnet`, `subnet`, `service`, `nodegroup`, `role`, `flow`.
    pub kind: String,
    /// AWS's id or name.
    pub id: String,
    /// The Name tag or another name to show, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An object that stands in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// `route-table`, `security-group`, `network-acl`, `vpc-peering-connection`, …
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// `request` or `reply`, for a path.
    pub leg: Option<String>,
    /// The addresses that it blocks, where it does not block all of them.
    pub part: Option<String>,
    /// Why, in a clause.
    pub reason: String,
}

/// What would settle an unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What kind of thing is missing.
    pub kind: MissingKind,
    /// What it is, in a clause.
    pub what: String,
    /// The IAM action that would give it.
    pub permission: Option<String>,
}

/// Kinds of missing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// An AWS operation that did not answer.
    Operation,
    /// Something that only the user can say.
    Intent,
    /// Something that only a live probe can show.
    Probe,
    /// Something that this program does not model.
    Unmodelled,
}

impl From<known::Missing> for Missing {
    fn from(missing: known::Missing) -> Self {
        Self { kind: missing.kind.into(), what: missing.what, permission: missing.permission }
    }
}

impl From<known::MissingKind> for MissingKind {
    fn from(kind: known::MissingKind) -> Self {
        match kind {
            known::MissingKind::Operation => Self::Operation,
            // What does not exist yet cannot be read; the user may say it.
            known::MissingKind::Intent | known::MissingKind::NotYet => Self::Intent,
            known::MissingKind::Probe => Self::Probe,
            known::MissingKind::Unmodelled => Self::Unmodelled,
        }
    }
}

/// What to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// One sentence.
    pub summary: String,
    /// Commands to paste, in order.
    pub commands: Vec<String>,
}

/// Who accepted a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// Who accepted it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Until when (date).
    pub expires: String,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// IAM prefix of the service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// The region that was asked.
    pub region: Option<String>,
    /// What it was asked for, where that was one thing.
    pub resource: Option<String>,
    /// The error code.
    pub code: String,
    /// One line of text.
    pub message: String,
    /// The IAM action that is missing, where that is why.
    pub permission: Option<String>,
}

impl From<&header::Gap> for Gap {
    fn from(gap: &header::Gap) -> Self {
        Self {
            service: gap.service.clone(),
            operation: gap.operation.clone(),
            region: gap.region.clone(),
            resource: gap.resource.clone(),
            code: gap.code.clone(),
            message: gap.message.clone(),
            permission: gap.permission.clone(),
        }
    }
}

/// Failing findings with one cause in common, or of one rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline<'r> {
    /// The single object that stands in the way of all of them, if there is one.
    pub cause: Option<&'r Blocker>,
    /// The first finding that fails by it.
    pub finding: &'r Finding,
    /// The others, in the report's order.
    pub follows: Vec<&'r Finding>,
}

impl Report {
    /// The failures, one headline a cause: those that fail by the same object, or by the same set of
    /// objects, are together, and so are those of one rule and severity that no object is named for. What
    /// an earlier one's fix mends as well follows from it.
    pub fn headlines(&self) -> Vec<Headline<'_>> {
        let mut headlines: Vec<Headline<'_>> = Vec::new();
        let failures = self.findings.iter().filter(|f| f.outcome == Outcome::Fail && f.waiver.is_none());
        for finding in failures {
            let cause = finding.single_blocker();
            let same = |headline: &&mut Headline<'_>| {
                let first = headline.finding;
                let alike = first.objects() == finding.objects()
                    && (!finding.blockers.is_empty()
                        || (&first.rule, first.severity) == (&finding.rule, finding.severity));
                alike || finding.is_mended_with(first)
            };
            match headlines.iter_mut().find(same) {
                Some(headline) => headline.follows.push(finding),
                None => headlines.push(Headline { cause, finding, follows: Vec::new() }),
            }
        }
        headlines
    }
}

impl Finding {
    /// The kinds and ids of all objects that stand in the way.
    fn objects(&self) -> BTreeSet<(&str, &str)> {
        self.blockers.iter().map(|blocker| (blocker.kind.as_str(), blocker.id.as_str())).collect()
    }

    /// Whether all that its fix changes is changed by the other's.
    fn is_mended_with(&self, other: &Self) -> bool {
        let (own, others) = (self.changes(), other.changes());
        !own.is_empty() && own.is_subset(&others)
    }

    /// The commands of its fix that change something, and do not only show it.
    fn changes(&self) -> BTreeSet<&str> {
        let commands = self.fix.iter().flat_map(|fix| &fix.commands).map(String::as_str);
        commands
            .filter(|command| {
                let mut words = command.split_whitespace().take_while(|word| !word.starts_with('-'));
                !words.any(|word| matches!(word.split('-').next(), Some("describe" | "get" | "list")))
            })
            .collect()
    }

    /// The object that stands in the way, if there is exactly one.
    fn single_blocker(&self) -> Option<&Blocker> {
        let first = self.blockers.first()?;
        let one = self.blockers.iter().all(|other| (&other.kind, &other.id) == (&first.kind, &first.id));
        one.then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(rule: &str, blockers: &[&str]) -> Finding {
        let blocker =
            |id: &&str| Blocker { kind: "route-table".into(), id: (*id).into(), ..Blocker::default() };
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
    fn what_an_earlier_fix_mends_as_well_follows_from_it() {
        let mended = |rule: &str, commands: &[&str]| {
            let commands = commands.iter().map(|command| (*command).to_owned()).collect();
            Finding { fix: Some(Fix { summary: String::new(), commands }), ..failing(rule, &[]) }
        };
        let report = report(vec![
            mended("a", &["aws ec2 modify-vpc-attribute --one", "aws ec2 modify-vpc-attribute --two"]),
            mended("b", &["aws ec2 modify-vpc-attribute --two"]),
            mended("c", &["aws ec2 modify-vpc-attribute --two", "aws ec2 create-route"]),
            mended("d", &["aws ec2 describe-vpcs"]),
            mended("e", &["aws ec2 describe-vpcs"]),
            mended("f", &[]),
        ]);
        let headlines = report.headlines();
        let rules: Vec<&str> = headlines.iter().map(|headline| headline.finding.rule.as_str()).collect();
        assert_eq!(rules, ["a", "c", "d", "e", "f"], "looking at a thing mends nothing");
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
}

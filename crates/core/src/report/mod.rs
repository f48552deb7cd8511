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

/// The program's name.
pub const TOOL: &str = "privek-audit";

/// The version of the report's JSON.
pub const SCHEMA_VERSION: &str = "1";

/// The result of one audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The program that wrote the report.
    pub tool: Tool,
    /// What was audited.
    pub target: Target,
    /// The time when the state was read (RFC 3339, UTC); null for a directory of CLI outputs.
    pub collected_at: Option<String>,
    /// Whether the cluster is ready.
    pub verdict: Verdict,
    /// The exit code: 0 ready, 1 not ready, 3 incomplete.
    pub exit_code: u8,
    /// Counts of findings by outcome; waived findings count only as waived.
    pub summary: Summary,
    /// Assumptions about undeclared settings, in sentences.
    pub assumptions: Vec<String>,
    /// Operations that failed or were not called.
    pub gaps: Vec<Gap>,
    /// One finding for every pair of rule and subject; failures first.
    pub findings: Vec<Finding>,
}

/// The program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `privek-audit`.
    pub name: String,
    /// The program's version.
    pub version: String,
}

/// What was audited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The name of the cloud provider.
    pub provider: String,
    /// The id of the audited account; null where unknown.
    pub account: Option<String>,
    /// The region of the audited cluster; null where unknown.
    pub region: Option<String>,
    /// The name of the audited cluster; null where none was audited.
    pub cluster: Option<String>,
    /// The network (VPC) of the audited cluster; null where unknown.
    pub vpc: Option<String>,
}

/// Whether the cluster is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No finding at or above --fail-on fails or is unknown.
    Ready,
    /// A finding at or above --fail-on fails.
    NotReady,
    /// No finding at or above --fail-on fails, but one is unknown.
    Incomplete,
}

/// Counts of findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Findings with outcome `pass`.
    pub pass: usize,
    /// Findings with outcome `fail`.
    pub fail: usize,
    /// Findings with outcome `unknown`.
    pub unknown: usize,
    /// Findings with outcome `not_applicable`.
    pub not_applicable: usize,
    /// Failing or unknown findings that are waived.
    pub waived: usize,
}

/// The outcome of a rule on a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The healthy state is proved not to hold.
    Fail,
    /// Undecided: an input is missing, or the provider's behaviour is not modelled.
    Unknown,
    /// The healthy state is proved to hold.
    Pass,
    /// The rule does not apply to the subject.
    NotApplicable,
}

/// The severity of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Information; no action needed.
    Info,
    /// Works now, but fails in a named event, or is insecure.
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

/// The result of one rule on one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The rule's id.
    pub rule: String,
    /// The rule's area: the folder of the rule's file.
    pub area: String,
    /// The healthy state, as a fact that can be false.
    pub title: String,
    /// The severity of a failure on this subject.
    pub severity: Severity,
    /// The outcome of the rule on this subject.
    pub outcome: Outcome,
    /// The object that the finding is about.
    pub subject: Subject,
    /// The finding in one or two sentences.
    pub message: String,
    /// The values that decided, by field name.
    pub evidence: BTreeMap<String, serde_json::Value>,
    /// All objects that block, at once.
    pub blockers: Vec<Blocker>,
    /// The missing inputs of an unknown outcome.
    pub missing: Vec<Missing>,
    /// The change that fixes a failure; null where none is needed.
    pub fix: Option<Fix>,
    /// Pages of documentation.
    pub references: Vec<String>,
    /// An id of rule and subject that is stable across runs.
    pub fingerprint: String,
    /// The accepted exception for this finding; null where none.
    pub waiver: Option<Waiver>,
}

/// The object that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// The kind: `cluster`, `control_plane_subnet`, `subnet`, `service`, `nodegroup`, `role`, `flow`, …
    pub kind: String,
    /// The id or name of the object.
    pub id: String,
    /// The Name tag or another name to show; absent where none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An object that blocks a path or a requirement.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Blocker {
    /// The kind of the object: `route-table`, `security-group`, `network-acl`, …
    pub kind: String,
    /// The id of the object.
    pub id: String,
    /// The blocked direction of a path: `request` or `reply`; null elsewhere.
    pub leg: Option<String>,
    /// The blocked addresses; null where all are blocked.
    pub part: Option<String>,
    /// The reason, in a clause.
    pub reason: String,
}

/// A missing input of an unknown outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The kind of the missing input.
    pub kind: MissingKind,
    /// The missing input, as a noun phrase.
    pub what: String,
    /// The permission that allows to read the missing input; null where none does.
    pub permission: Option<String>,
}

/// Kinds of missing inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// An operation of the provider that failed, or was not called.
    Operation,
    /// Something that only the user can declare.
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
            // What does not exist yet cannot be read; the user may declare it.
            known::MissingKind::Intent | known::MissingKind::NotYet => Self::Intent,
            known::MissingKind::Probe => Self::Probe,
            known::MissingKind::Unmodelled => Self::Unmodelled,
        }
    }
}

/// The change that fixes a failure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The change, in sentences.
    pub summary: String,
    /// Commands to paste, in order.
    pub commands: Vec<String>,
}

/// An accepted exception for a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// The person who accepted the finding.
    pub owner: String,
    /// The reason for the exception.
    pub reason: String,
    /// The last day of the exception (date).
    pub expires: String,
}

/// An operation that failed or was not called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The service of the operation, as permissions name the service.
    pub service: String,
    /// The name of the operation.
    pub operation: String,
    /// The region of the call; null for global services.
    pub region: Option<String>,
    /// The resource of the call; null where the call is not about one resource.
    pub resource: Option<String>,
    /// The error code of the call.
    pub code: String,
    /// The error message of the call, in one line.
    pub message: String,
    /// The permission that the caller lacks; null where the error has another cause.
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
    /// The single object that blocks all of them; null where several do.
    pub cause: Option<&'r Blocker>,
    /// The first of these findings.
    pub finding: &'r Finding,
    /// The others, in the report's order.
    pub follows: Vec<&'r Finding>,
}

impl Report {
    /// The failures, one headline a cause: those with the same set of blocking objects are together, and
    /// so are those of one rule and severity without blockers.
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
                alike || finding.is_fixed_with(first)
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
    /// The kinds and ids of all blocking objects.
    fn objects(&self) -> BTreeSet<(&str, &str)> {
        self.blockers.iter().map(|blocker| (blocker.kind.as_str(), blocker.id.as_str())).collect()
    }

    /// Whether the other finding's fix includes all changes of this one's.
    fn is_fixed_with(&self, other: &Self) -> bool {
        let (own, others) = (self.changes(), other.changes());
        !own.is_empty() && own.is_subset(&others)
    }

    /// The commands of the fix that change something. Reports that were saved are read without a `Pack`, so this
    /// is told by the command itself: command lines of clouds have these verbs where they only read.
    fn changes(&self) -> BTreeSet<&str> {
        let commands = self.fix.iter().flat_map(|fix| &fix.commands).map(String::as_str);
        commands
            .filter(|command| {
                let mut words = command.split_whitespace().take_while(|word| !word.starts_with('-'));
                !words.any(|word| matches!(word.split('-').next(), Some("describe" | "get" | "list")))
            })
            .collect()
    }

    /// The blocking object, if there is exactly one.
    fn single_blocker(&self) -> Option<&Blocker> {
        let first = self.blockers.first()?;
        let one = self.blockers.iter().all(|other| (&other.kind, &other.id) == (&first.kind, &first.id));
        one.then_some(first)
    }
}

#[cfg(test)]
mod tests;

//! What `probe` prints: its JSON is published (`docs/probe.schema.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, Report, Summary, Tool, Verdict};

/// The version of the JSON.
pub const SCHEMA_VERSION: &str = "1";

/// What was seen from one place, and what rules make of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe<V, O> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The program.
    pub tool: Tool,
    /// From where.
    pub vantage: V,
    /// When it began (RFC 3339).
    pub at: String,
    /// Failures decide, then what is unknown.
    pub verdict: Verdict,
    /// 0 ready, 1 not ready, 3 incomplete.
    pub exit_code: u8,
    /// How many findings have which outcome.
    pub summary: Summary,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// Everything that was seen, as snapshots keep it.
    pub observations: Vec<O>,
    /// What the rules about observations find.
    pub findings: Vec<Finding>,
}

impl<V, O> Probe<V, O> {
    /// What was seen, with the report of the rules about it.
    pub fn new(vantage: V, at: String, observations: Vec<O>, report: Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.to_owned(),
            tool: report.tool,
            vantage,
            at,
            verdict: report.verdict,
            exit_code: report.exit_code,
            summary: report.summary,
            assumptions: report.assumptions,
            observations,
            findings: report.findings,
        }
    }
}

/// What was seen, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeSummary {
    /// Ways of asking that came to the same for every name, and gave no address.
    pub everywhere: Vec<Line>,
    /// Each name with all else.
    pub names: Vec<NameSeen>,
}

/// What was seen of one name, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSeen {
    /// The name.
    pub name: String,
    /// What it is of: the cluster, or a service.
    pub of: String,
    /// Each answer with who gave it, and each outcome with its addresses.
    pub lines: Vec<Line>,
    /// The addresses, where there is one answer and each address in it is in order.
    pub well: Option<String>,
}

/// One thing that was seen, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether it is as it should be by itself.
    pub good: Option<bool>,
    /// Who was asked, or the addresses.
    pub place: String,
    /// What came of it.
    pub outcome: String,
}

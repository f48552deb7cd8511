//! What `probe` prints: its JSON is published (`docs/probe.schema.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Finding, Report, Summary, Tool, Verdict};

/// The version of the JSON.
pub const SCHEMA_VERSION: &str = "1";

/// The observations of one probe, and the findings of the rules about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Probe<V, O> {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The program that wrote the report.
    pub tool: Tool,
    /// The place that the probe ran at.
    pub vantage: V,
    /// The time when the probe started (RFC 3339).
    pub at: String,
    /// The verdict: failures decide first, unknown findings second.
    pub verdict: Verdict,
    /// The exit code: 0 ready, 1 not ready, 3 incomplete.
    pub exit_code: u8,
    /// Counts of findings by outcome.
    pub summary: Summary,
    /// Assumptions about undeclared settings, in sentences.
    pub assumptions: Vec<String>,
    /// All observations, in the form of a snapshot.
    pub observations: Vec<O>,
    /// The findings of the rules about observations.
    pub findings: Vec<Finding>,
}

impl<V, O> Probe<V, O> {
    /// The observations, with the report of the rules about them.
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

/// The observations, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProbeSummary {
    /// DNS servers and transports with one outcome for every name, and without an address.
    pub everywhere: Vec<Line>,
    /// Each name with all other observations.
    pub names: Vec<NameSeen>,
}

/// The observations of one name, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSeen {
    /// The DNS name.
    pub name: String,
    /// The owner of the name: the cluster, or a service.
    pub of: String,
    /// Each DNS answer with its servers, and each TLS outcome with its addresses.
    pub lines: Vec<Line>,
    /// The addresses, where there is one DNS answer and every address in it is in order.
    pub well: Option<String>,
}

/// One observation, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whether the observation is good; null where other observations decide.
    pub good: Option<bool>,
    /// The DNS servers, or the addresses.
    pub place: String,
    /// The outcome, in words.
    pub outcome: String,
}

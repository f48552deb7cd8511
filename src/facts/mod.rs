//! Everything that takes thought, computed once from the snapshot and the intent: subjects with
//! typed fields, for rules to assert on. A field whose input is missing is unknown, with what is
//! missing; it is never a default.

mod fact;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::network::{Missing, MissingKind};
pub use fact::{Fact, UNKNOWN};

/// Something that rules are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// One of the kinds.
    pub kind: &'static str,
    /// AWS's id or name.
    pub id: String,
    /// A name to show beside the id.
    pub name: Option<String>,
    /// The typed fields as JSON; an unknown field is `{"$unknown": [missing, …]}`.
    pub fields: Value,
}

/// The subjects of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects {
    /// Those that are known.
    pub listed: Vec<Subject>,
    /// Why there may be more; empty when the list is complete.
    pub unlisted: Vec<Missing>,
}

/// The subjects by kind, for each kind that exists, in a fixed order.
pub type SubjectsByKind = BTreeMap<&'static str, Subjects>;

/// A flow that a rule declares: who must reach whom, on which port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// A role, a service name, an id, an address or a network of the intent.
    pub from: String,
    /// The same.
    pub to: String,
    /// For instance `tcp/443`.
    pub port: String,
}

/// What was audited, for templates and the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// The account, if it is known.
    pub account: Option<String>,
    /// The region, if it is known.
    pub region: Option<String>,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    /// The cluster's name, if there is one.
    pub cluster: Option<String>,
    /// The cluster's VPC, if it is known.
    pub vpc: Option<String>,
}

/// The kinds of subjects, in the order of the report's areas.
pub const KINDS: &[&str] = &[];

/// The JSON Schema of a kind's fields, or `None` for a kind that does not exist.
pub fn schema(_kind: &str) -> Option<Schema> {
    None
}

/// The JSON Schema of what `target` holds in expressions and templates.
pub fn target_schema() -> Schema {
    schema_for!(Target)
}

/// The roles and service names that a rule's `flow:` may name.
pub fn flow_ends() -> Vec<String> {
    Vec::new()
}

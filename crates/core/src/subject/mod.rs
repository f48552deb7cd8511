//! What the engine works on: subjects with typed fields, the flows that rules declare, and what was audited.

mod fact;

pub use fact::{Fact, UNKNOWN};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::known::Missing;

/// An object that rules are about.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// One of the kinds.
    pub kind: &'static str,
    /// The id or name of the subject.
    pub id: String,
    /// A name to show beside the id.
    pub name: Option<String>,
    /// The typed fields as JSON; an unknown field is `{"$unknown": [missing, …]}`.
    pub fields: Value,
}

impl Subject {
    /// A subject of this kind with these typed fields.
    pub fn new(kind: &'static str, id: &str, name: Option<&str>, fields: &impl Serialize) -> Self {
        // A struct with named fields always serialises.
        let fields = serde_json::to_value(fields).unwrap_or_default();
        Self { kind, id: id.to_owned(), name: name.map(str::to_owned), fields }
    }
}

/// The subjects of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subjects {
    /// Those that are known.
    pub listed: Vec<Subject>,
    /// The missing inputs of the list; empty when the list is complete.
    pub unlisted: Vec<Missing>,
}

impl Subjects {
    /// No subjects, because the inputs of the list are missing.
    pub fn unlisted(missing: Vec<Missing>) -> Self {
        Self { listed: Vec::new(), unlisted: missing }
    }
}

/// A flow that a rule declares: source, destination and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowSpec {
    /// The source: a role, a service, an id, an address or a declared network.
    pub from: String,
    /// The destination, as in `from`.
    pub to: String,
    /// Ports as the provider's flows have them, for instance `tcp/443` or `webhooks`.
    pub port: String,
}

/// What was audited, for templates and the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Target {
    /// The id of the audited account; null where unknown.
    pub account: Option<String>,
    /// The region of the audited cluster; null where unknown.
    pub region: Option<String>,
    /// The partition of the provider's regions, as the provider's ids have it.
    pub partition: String,
    /// The name of the audited cluster; null where none was audited.
    pub cluster: Option<String>,
    /// The network (VPC) of the audited cluster; null where unknown.
    pub vpc: Option<String>,
}

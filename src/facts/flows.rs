//! Flows that rules declare. To be written.

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use super::{Context, FlowSpec, Subjects};

/// What rules see of a flow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct FlowFacts {
    /// Source, destination and port.
    id: String,
    /// The same.
    name: Option<String>,
}

/// The flows between these ends.
pub(super) fn flow(_context: &Context<'_>, _spec: &FlowSpec) -> Subjects {
    Subjects::default()
}

/// The schema of a flow's fields.
pub(super) fn schema() -> Schema {
    schema_for!(FlowFacts)
}

/// The names that a flow's end may have.
pub(super) fn ends() -> Vec<String> {
    Vec::new()
}

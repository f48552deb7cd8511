//! The AWS services that the nodes need. To be written.

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use super::{Context, Subjects};

/// What rules see of a service.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ServiceFacts {
    /// For instance `ecr.api`.
    id: String,
    /// The same.
    name: Option<String>,
}

/// One subject for each service that some feature needs.
pub(super) fn derive(_context: &Context<'_>) -> Subjects {
    Subjects::default()
}

/// The schema of a service's fields.
pub(super) fn schema() -> Schema {
    schema_for!(ServiceFacts)
}

//! To be written.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Context, Subjects};

/// What rules see.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct SubnetFacts {
    /// AWS's id or name.
    id: String,
}

/// The subjects.
pub(super) fn derive(_context: &Context<'_>) -> Subjects {
    Subjects::default()
}

//! A value that may not be known, and what would settle it.

use schemars::JsonSchema;
use serde::Serialize;

/// A value, or what is missing to know it. The list is never empty.
pub type Known<T> = Result<T, Vec<Missing>>;

/// What would settle an unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Missing {
    /// What kind of thing is missing.
    pub kind: MissingKind,
    /// What it is, in a clause.
    pub what: String,
    /// The IAM action that would give it.
    pub permission: Option<String>,
}

/// Kinds of missing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// An AWS operation that did not answer, or was not asked.
    Operation,
    /// Something that only the user can say.
    Intent,
    /// Something that only a live probe can show.
    Probe,
    /// Something that this program does not model.
    Unmodelled,
    /// Something that only a cluster has, and this one is still to be created.
    NotYet,
}

impl Missing {
    /// Whether nothing of this can be told before the cluster exists.
    pub(crate) fn all_not_yet(missing: &[Self]) -> bool {
        !missing.is_empty() && missing.iter().all(|one| one.kind == MissingKind::NotYet)
    }

    /// Something that only the user can say.
    pub(crate) fn intent(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Intent, what: what.into(), permission: None }
    }

    /// Something that only a live probe can show.
    pub(crate) fn probe(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Probe, what: what.into(), permission: None }
    }

    /// Something that this program does not model.
    pub(crate) fn unmodelled(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Unmodelled, what: what.into(), permission: None }
    }
}

//! Everything that takes thought, computed once from the snapshot and the intent: subjects with
//! typed fields, for rules to assert on. A field whose input is missing is unknown, with what is
//! missing; it is never a default.

mod fact;

use std::collections::BTreeMap;

use serde_json::Value;

pub use crate::network::{Missing, MissingKind};
pub use fact::Fact;

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

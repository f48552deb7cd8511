//! What `rules` prints: the list of rules, one rule in full, and the fields that rules can read.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Fix, Severity};

/// The rules, in the order of the engine; the JSON is an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RuleList {
    /// Each rule.
    pub rules: Vec<RuleEntry>,
}

/// A rule in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleEntry {
    /// The rule's id.
    pub id: String,
    /// The highest severity that a failure can have.
    pub severity: Severity,
    /// The area of the report.
    pub area: String,
    /// The kind of subject.
    pub subject: String,
    /// The healthy state, in a sentence.
    pub title: String,
    /// Pages of documentation.
    pub references: Vec<String>,
    /// The numbers of the topics of docs/coverage.md that the rule covers.
    pub covers: Vec<String>,
    /// The permissions that the rule needs.
    pub permissions: BTreeSet<String>,
    /// The declarations that the rule needs.
    pub declarations: BTreeSet<String>,
}

/// One rule in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleInFull {
    /// The rule's id.
    pub id: String,
    /// The area of the report.
    pub area: String,
    /// The healthy state, in a sentence.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// The severity of a failure, case by case.
    pub severity: String,
    /// What must hold, and of what.
    pub checks: String,
    /// The fields that decide, and the provider's fields that each is computed from.
    pub reads: Vec<(String, String)>,
    /// When the outcome is unknown.
    pub unknown: String,
    /// The permissions that the rule needs.
    pub permissions: BTreeSet<String>,
    /// The declarations that the rule needs.
    pub declarations: BTreeSet<String>,
    /// The text of a failure: a template.
    pub message: String,
    /// What to change: templates.
    pub fix: Fix,
    /// Whether the rule is about paths, whose blockers have fixes of their own.
    pub is_about_paths: bool,
    /// Pages of documentation.
    pub references: Vec<String>,
    /// The numbers of the topics of docs/coverage.md that the rule covers.
    pub covers: Vec<String>,
}

/// The fields that a rule's expressions and texts can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFields {
    /// By kind of subject.
    pub kinds: Vec<KindFields>,
}

/// The fields of one kind of subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindFields {
    /// The kind.
    pub kind: String,
    /// Its fields.
    pub fields: Vec<RuleField>,
    /// Values that `flow:` accepts, each after the key that takes them.
    pub notes: Vec<(String, String)>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleField {
    /// The name of the field.
    pub name: String,
    /// The type in words: `string or null`, `list of integer`.
    pub form: String,
    /// The description of the field.
    pub description: Option<String>,
}

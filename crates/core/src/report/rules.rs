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
    /// The worst that a failure of it can be.
    pub severity: Severity,
    /// The area of the report.
    pub area: String,
    /// The kind of subject.
    pub subject: String,
    /// The healthy state, in a sentence.
    pub title: String,
    /// Where AWS documents it.
    pub references: Vec<String>,
    /// The numbers of what is known to matter that it is about.
    pub covers: Vec<String>,
    /// IAM actions that it has to be given.
    pub permissions: BTreeSet<String>,
    /// What the user has to declare.
    pub declarations: BTreeSet<String>,
}

/// All there is to say about one rule.
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
    /// How bad a failure is, case by case.
    pub severity: String,
    /// What must hold, and of what.
    pub checks: String,
    /// The fields that decide, and which of the provider's fields they come from.
    pub reads: Vec<(String, String)>,
    /// When it cannot be decided.
    pub unknown: String,
    /// IAM actions that it has to be given.
    pub permissions: BTreeSet<String>,
    /// What the user has to declare.
    pub declarations: BTreeSet<String>,
    /// The text of a failure: a template.
    pub message: String,
    /// What to change: templates.
    pub fix: Fix,
    /// Whether it is about paths, so that what stands in them has fixes of its own.
    pub is_about_paths: bool,
    /// Where AWS documents it.
    pub references: Vec<String>,
    /// The numbers of what is known to matter that it is about.
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
    /// What can be written where something else than a field is named, each after what it is for.
    pub notes: Vec<(String, String)>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleField {
    /// Its name.
    pub name: String,
    /// Its type in words: `string or null`, `list of integer`.
    pub form: String,
    /// What it says.
    pub description: Option<String>,
}

//! Rules as data: loaded from YAML, checked against the facts' schema, evaluated on every subject.
//!
//! A rule asserts a CEL predicate over one kind of subject, or declares a flow that must be open.
//! Everything that can be wrong with one is found when it is loaded; what is found later is a
//! tool error, never an outcome.

mod blockers;
mod catalogue;
mod engine;
mod explain;
mod expr;
mod fact_source;
mod field_path;
mod lint;
mod load;
mod required_inputs;
mod rule_file;
mod template;
#[cfg(test)]
mod tests;
mod written;

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::pack::{Pack, Vocabulary};
use crate::report::Severity;
use crate::subject::FlowSpec;
use crate::yaml::nearest;

pub use blockers::fix;
pub use catalogue::{Area, catalogue, not_covered};
pub use engine::{Evaluation, evaluate, evaluate_one};
pub use explain::{Explainer, Explanation};
pub use fact_source::FactSource;
pub use load::built_in;
pub use required_inputs::{DECLARED, Inputs, KindInputs, Needs};

/// The kind of subject that flow rules are about.
pub const FLOW: &str = "flow";

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// The defect, in kebab-case; the file's stem.
    pub id: String,
    /// The folder that its file is in.
    pub area: String,
    /// The file, for messages.
    pub file: String,
    /// The healthy state.
    pub title: String,
    /// How bad a failure is: the first case that holds; the last one has no condition.
    pub severity: Vec<SeverityCase>,
    /// The kind of subject; [`FLOW`] for a rule that declares a flow.
    pub subject: String,
    /// The flow that must be open, if the rule declares one.
    pub flow: Option<FlowSpec>,
    /// Where it applies; everywhere if absent.
    pub when: Option<String>,
    /// What must hold.
    pub assert: String,
    /// Why it matters.
    pub why: String,
    /// What a failure says, as a template.
    pub message: String,
    /// What to change.
    pub fix: FixTemplate,
    /// Pages of documentation.
    pub references: Vec<String>,
    /// The numbers of the catalogue that it is about.
    pub covers: Vec<String>,
    /// Every path into the facts that its expressions touch, sorted.
    pub fields: Vec<String>,
    compiled: Compiled,
}

/// One case of a rule's severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeverityCase {
    /// When this case holds; always if absent.
    pub when: Option<String>,
    /// How bad a failure is then.
    pub severity: Severity,
}

/// What to change, as templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FixTemplate {
    /// One sentence.
    pub summary: String,
    /// Commands to paste, one a line.
    pub commands: Vec<String>,
}

#[derive(Debug)]
struct Compiled {
    when: Option<expr::Expression>,
    assert: expr::Expression,
    severity: Vec<(Option<expr::Expression>, Severity)>,
    evidence: Vec<field_path::FieldPath>,
    blockers: Option<field_path::FieldPath>,
}

impl Rule {
    /// The worst severity that it can give.
    pub fn worst(&self) -> Severity {
        self.severity.iter().map(|case| case.severity).max().unwrap_or(Severity::Blocker)
    }
}

/// Rules that were loaded and found sound.
#[derive(Debug)]
pub struct Rules {
    pack: &'static Pack,
    vocabulary: Vocabulary,
    /// The numbers of the catalogue.
    numbers: BTreeSet<String>,
    all: Vec<Rule>,
    templates: template::Templates,
    blockers: blockers::BlockerFixes,
}

impl Rules {
    /// The rules, by area and id.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.all.iter()
    }

    /// Only the rules about what live probes saw.
    #[must_use]
    pub fn about_observations(mut self) -> Self {
        let observed = self.pack.observed;
        self.all.retain(|rule| observed.contains(&rule.subject.as_str()));
        self
    }

    /// The rule with this id.
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.all.iter().find(|rule| rule.id == id)
    }

    /// The id that a mistyped one most likely means.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        nearest(id, self.all.iter().map(|rule| rule.id.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// Why rules could not be loaded or evaluated.
#[derive(Debug, Error)]
pub enum RuleError {
    /// Rule files with mistakes in them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Problem>),
    /// A file or directory that cannot be read.
    #[error("cannot read rules from {path}: {reason}")]
    Unreadable {
        /// Which one.
        path: String,
        /// Why.
        reason: String,
    },
    /// A mistake in a rule that only this snapshot brings out.
    #[error("rule `{rule}` cannot be evaluated on {subject}: {message}")]
    Evaluation {
        /// The rule's id.
        rule: String,
        /// The subject.
        subject: String,
        /// Which part of the rule, and what is wrong with it.
        message: String,
    },
}

/// A mistake in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column, from one.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

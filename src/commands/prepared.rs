//! The inputs of an evaluation besides the state, for every subcommand that evaluates.

use privek_core::report::{Report, Severity};
use privek_core::rule::{self, Evaluation, Rules};

use crate::providers::{Redactor, State};

use super::input::Declared;

/// The inputs of an evaluation besides the state.
#[derive(Debug)]
pub struct Prepared {
    /// The rules.
    pub rules: Rules,
    /// What the user declares.
    pub declared: Declared,
    /// The lowest severity of a failure that counts.
    pub fail_on: Severity,
    /// The redactor, where --redact is set.
    pub redactor: Option<Redactor>,
}

impl Prepared {
    /// Facts, then rules, then the report.
    pub fn evaluate(&self, state: &State) -> Result<Report, anyhow::Error> {
        let evaluation = Evaluation {
            fail_on: self.fail_on,
            collected_at: state.header().collected_at.clone(),
            gaps: state.header().gaps.iter().map(Into::into).collect(),
        };
        let intent = &self.declared.intent;
        let mut report =
            state.with_facts(intent, |facts| rule::evaluate(&self.rules, facts, &evaluation))??;
        report.declared_unread = state.declared_unread(intent);
        if let Some(origin) = &self.declared.origin {
            report.assumptions.insert(0, origin.clone());
        }
        Ok(report)
    }
}

//! The inputs of an evaluation besides the snapshot, for every subcommand that evaluates.

use privek_aws::facts::{self, Facts};
use privek_aws::snapshot::Snapshot;
use privek_aws::snapshot::redact::Redactor;
use privek_core::report::{Report, Severity};
use privek_core::rule::{self, Evaluation, Rules};

use super::input::Declared;

/// The inputs of an evaluation besides the snapshot.
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
    pub fn evaluate(&self, snapshot: &Snapshot) -> Result<Report, anyhow::Error> {
        let settled = facts::settled(snapshot, &self.declared.intent)?;
        let facts = Facts::derive(&settled, &self.declared.intent);
        let evaluation = Evaluation {
            fail_on: self.fail_on,
            collected_at: snapshot.header.collected_at.clone(),
            gaps: snapshot.header.gaps.iter().map(Into::into).collect(),
        };
        let mut report = rule::evaluate(&self.rules, &facts, &evaluation)?;
        if let Some(origin) = &self.declared.origin {
            report.assumptions.insert(0, origin.clone());
        }
        Ok(report)
    }
}

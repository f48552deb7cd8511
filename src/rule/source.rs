//! Where the engine gets its subjects from: the facts, or made-up ones in tests.

use crate::facts;
use crate::subject::{self, FlowSpec, Subjects};

/// Where the engine gets its subjects from.
pub trait FactSource {
    /// The subjects of a kind.
    fn subjects(&self, kind: &str) -> &Subjects;
    /// The flows between two ends.
    fn flow(&self, spec: &FlowSpec) -> Subjects;
    /// What was audited.
    fn target(&self) -> &subject::Target;
    /// What was taken for granted; asked for last.
    fn assumptions(&self) -> Vec<String>;
    /// What is not there yet, so that no command can name it.
    fn not_yet(&self) -> Vec<String> {
        Vec::new()
    }
}

impl FactSource for facts::Facts<'_> {
    fn subjects(&self, kind: &str) -> &Subjects {
        facts::Facts::subjects(self, kind)
    }

    fn flow(&self, spec: &FlowSpec) -> Subjects {
        facts::Facts::flow(self, spec)
    }

    fn target(&self) -> &subject::Target {
        facts::Facts::target(self)
    }

    fn assumptions(&self) -> Vec<String> {
        facts::Facts::assumptions(self)
    }

    fn not_yet(&self) -> Vec<String> {
        facts::Facts::not_yet(self)
    }
}

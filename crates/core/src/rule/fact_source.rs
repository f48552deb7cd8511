//! Where the engine gets its subjects from: a provider's facts, or made-up ones in tests.

use crate::subject::{FlowSpec, Subjects, Target};

/// Where the engine gets its subjects from.
pub trait FactSource {
    /// The subjects of a kind.
    fn subjects(&self, kind: &str) -> &Subjects;
    /// The flows between two ends.
    fn flow(&self, spec: &FlowSpec) -> Subjects;
    /// What was audited.
    fn target(&self) -> &Target;
    /// What was taken for granted; asked for last.
    fn assumptions(&self) -> Vec<String>;
    /// What is not there yet, so that no command can name it.
    fn not_yet(&self) -> Vec<String> {
        Vec::new()
    }
}

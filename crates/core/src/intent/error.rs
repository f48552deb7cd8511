//! What is wrong with a declaration.

use serde_saphyr::Location;

/// What is wrong with a declaration.
#[derive(Debug, thiserror::Error)]
pub enum IntentError {
    /// The file could not be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that is not understood.
    #[error("{file}:{line}:{column}: {what}")]
    Wrong {
        /// Its name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The field, what is wrong with it, and what would be right.
        what: String,
    },
    /// A flag about the planned cluster says something that is not understood, or lacks another.
    #[error("{flag}: {what}")]
    Plan {
        /// Its name.
        flag: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A flag says something that is not understood.
    #[error("operator '{flag}': {what}")]
    Flag {
        /// Its value.
        flag: String,
        /// What is wrong, and what would be right.
        what: String,
    },
}

/// Says what is wrong, where.
pub type Wrong<'w> = &'w dyn Fn(Location, String) -> IntentError;

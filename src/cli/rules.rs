//! What can be done with rules.

use std::path::PathBuf;

use clap::Subcommand;

use super::output::FormatArg;

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules.
    List {
        /// The list's form.
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
        format: FormatArg,
        /// More rules, from a directory of YAML files; may repeat.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Say all there is to say about one rule.
    Explain {
        /// The rule's id, as reports and the list of rules show it.
        id: String,
        /// More rules, from a directory of YAML files; may repeat.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// List the fields that a rule's expressions and texts can read.
    Fields {
        /// The kind of subject; all if absent.
        kind: Option<String>,
    },
    /// Check a directory of rules of your own.
    Check {
        /// The directory.
        directory: PathBuf,
    },
}

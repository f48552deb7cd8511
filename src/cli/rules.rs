//! The subcommands of `rules`.

use std::path::PathBuf;

use clap::Subcommand;

use super::output::FormatArg;

/// The subcommands of `rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules.
    List {
        /// The format of the list.
        #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
        format: FormatArg,
        /// A directory of YAML files with additional rules; may be repeated.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// Print one rule in full.
    Explain {
        /// The id of the rule, from a report or the list of rules.
        id: String,
        /// A directory of YAML files with additional rules; may be repeated.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
    /// List the fields that a rule's expressions and texts can read.
    Fields {
        /// The kind of subject; default: all kinds.
        kind: Option<String>,
    },
    /// Check a directory of your own rules.
    Check {
        /// The directory of YAML files.
        directory: PathBuf,
    },
}

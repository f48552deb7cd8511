//! Which rules, and how strict: for everything that judges.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use privek_core::report::Severity;

/// Which rules, and how strict.
#[derive(Args, Debug)]
#[command(next_help_heading = "Judgement")]
pub struct JudgeArgs {
    /// From which severity on a failure means "not ready".
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Blocker)]
    pub fail_on: FailOn,
    /// Judge dates, such as the end of support, as of this day instead of the reading's.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// More rules, from a directory of YAML files; may repeat.
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// The severities that can make a cluster "not ready".
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Nodes, pods or operators cannot work.
    Blocker,
    /// Also what works only until a named event, or is insecure.
    Warning,
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Blocker => Self::Blocker,
            FailOn::Warning => Self::Warning,
        }
    }
}

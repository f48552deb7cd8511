//! Rules and threshold, for every command with findings.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use privek_core::report::Severity;

/// Rules and threshold.
#[derive(Args, Debug)]
#[command(next_help_heading = "Judgement")]
pub struct JudgeArgs {
    /// The lowest severity of a failure that makes the cluster "not ready".
    #[arg(long, value_name = "SEVERITY", value_enum, default_value_t = FailOn::Blocker)]
    pub fail_on: FailOn,
    /// Compare dates, for instance the end of support, with this day instead of the day when the state was read.
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
    /// A directory of YAML files with additional rules; may be repeated.
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
}

/// The severities that can make a cluster "not ready".
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Nodes, pods or operators cannot work.
    Blocker,
    /// Also failures that break the cluster only in a named event, or are insecure.
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

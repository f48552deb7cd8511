//! Options of the audit, and of what is an audit too: the demo and drift.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::{GrowthArgs, IntentArgs, OutputArgs, PlanArgs, ProbingArgs, SourceArgs};
use crate::report::Severity;

/// Options of the audit.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "vpc", "config"]).required(true).multiple(true)))]
pub struct AuditArgs {
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// What is planned.
    #[command(flatten)]
    pub growth: GrowthArgs,
    /// A cluster that is still to be created.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Also probe from here: look up the names that the cluster needs, and greet their addresses.
    #[arg(long, help_heading = "Probe")]
    pub probe: bool,
    /// Where and how it is probed.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Also keep what was read, for --snapshot.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save_snapshot: Option<PathBuf>,
}

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

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of `drift`.
#[derive(Args, Debug)]
pub struct DriftArgs {
    /// What to compare with: a saved snapshot (judged again by today's rules) or a JSON report.
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
    /// The audit of today.
    #[command(flatten)]
    pub audit: AuditArgs,
}

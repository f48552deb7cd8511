//! Options of the audit, and of what is an audit too: the demo and drift.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::input::{GrowthArgs, IntentArgs, PlanArgs, SourceArgs};
use super::judge::JudgeArgs;
use super::output::OutputArgs;
use super::probe::ProbingArgs;

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

//! Options of the audit, the demo and drift.

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
    /// Source of the state.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Declarations of the user.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// Planned growth.
    #[command(flatten)]
    pub growth: GrowthArgs,
    /// A planned cluster.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Also probe from this machine: look up the DNS names that the cluster needs, and open a TLS connection to each address.
    #[arg(long, help_heading = "Probe")]
    pub probe: bool,
    /// Place and settings of the probe.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// Rules and threshold.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Destination of the report.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Also save the state that was read, for --snapshot.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save_snapshot: Option<PathBuf>,
}

/// Options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Rules and threshold.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// Destination of the report.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of `drift`.
#[derive(Args, Debug)]
pub struct DriftArgs {
    /// The earlier audit: a saved snapshot (evaluated again with today's rules) or a JSON report.
    #[arg(long, value_name = "FILE")]
    pub baseline: PathBuf,
    /// The audit of today.
    #[command(flatten)]
    pub audit: AuditArgs,
}

//! Options of a probe.

use std::path::PathBuf;

use clap::{ArgGroup, Args, value_parser};

use super::{Format, IntentArgs, JudgeArgs, SourceArgs};

/// Where and how it is probed.
#[derive(Args, Debug)]
pub struct ProbingArgs {
    /// A DNS server to ask besides those of this machine: ADDRESS[:PORT]; may repeat.
    #[arg(long, value_name = "SERVER")]
    pub dns: Vec<String>,
    /// What to call the place that is probed from, instead of the host's name (in a pod: pod).
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// The longest that one try of a probe may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = value_parser!(u64).range(1..=60))]
    pub timeout: u64,
    /// The longest that a whole probe may take, in seconds; what is not done by then is said.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = value_parser!(u64).range(1..=600))]
    pub deadline: u64,
}

/// Options of `probe`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "targets"]).required(true).multiple(true)))]
pub struct ProbeArgs {
    /// Where the state comes from, which says what to probe.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What to probe, as --print-targets wrote it, where no state can be read.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cluster", "snapshot"])]
    pub targets: Option<PathBuf>,
    /// Print what would be probed, and probe nothing.
    #[arg(long, conflicts_with_all = ["targets", "format"])]
    pub print_targets: bool,
    /// Where and how it is probed.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// The form of what is printed.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also keep what was seen, for --snapshot; with --print-targets, write them to this file.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// No colours, even on a terminal; `NO_COLOR` does the same.
    #[arg(long)]
    pub no_color: bool,
}

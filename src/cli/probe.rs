//! Options of a probe.

use std::path::PathBuf;

use clap::{ArgGroup, Args, value_parser};

use super::input::{IntentArgs, SourceArgs};
use super::judge::JudgeArgs;
use super::output::FormatArg;

/// Where and how it is probed.
#[derive(Args, Debug)]
#[command(next_help_heading = "Probe")]
pub struct ProbingArgs {
    /// A DNS server to ask besides those of this machine: ADDRESS[:PORT]; may repeat.
    #[arg(long, value_name = "SERVER")]
    pub dns: Vec<String>,
    /// Ask the servers of --dns only, and judge as if this machine were set to ask them.
    #[arg(long, requires = "dns")]
    pub dns_only: bool,
    /// What to call the place that is probed from, instead of the host's name (in a pod: pod). Of two probes
    /// under one name an audit takes the later one only.
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// The longest that one try of a probe may take, in seconds; without it, 3.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=60))]
    pub timeout: Option<u64>,
    /// The longest that a whole probe may take, in seconds; without it, 10. What is not done by then is
    /// said.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=600))]
    pub deadline: Option<u64>,
}

/// What says something about a probe, or about its report, and nothing where neither is made.
const NOT_WITH_PRINT_TARGETS: [&str; 11] = [
    "targets",
    "dns",
    "dns_only",
    "vantage",
    "timeout",
    "deadline",
    "fail_on",
    "as_of",
    "rules",
    "format",
    "save_observations",
];

/// Options of `probe`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("state").args(["cluster", "snapshot", "targets"]).required(true).multiple(true)))]
pub struct ProbeArgs {
    /// Where the state comes from, which says what to probe.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What to probe, as --print-targets wrote it, where no state can be read.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["cluster", "snapshot", "region", "profile"],
        help_heading = "State",
    )]
    pub targets: Option<PathBuf>,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// Where and how it is probed.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// Which rules, and how strict.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// The report's form.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub format: FormatArg,
    /// Write the report, or with --print-targets the targets, to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Also keep what was seen, for the --snapshot of an audit.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save_observations: Option<PathBuf>,
    /// Print what would be probed, and probe nothing.
    #[arg(long, conflicts_with_all = NOT_WITH_PRINT_TARGETS, help_heading = "Output")]
    pub print_targets: bool,
    /// No colours, even on a terminal; the environment's `NO_COLOR` does the same.
    #[arg(
        long,
        help = "No colours, even on a terminal; the environment's NO_COLOR does the same",
        help_heading = "Output"
    )]
    pub no_color: bool,
}

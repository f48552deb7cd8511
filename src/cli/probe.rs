//! Options of a probe.

use std::path::PathBuf;

use clap::{ArgGroup, Args, value_parser};

use super::input::{IntentArgs, SourceArgs};
use super::judge::JudgeArgs;
use super::output::FormatArg;

/// Place and settings of the probe.
#[derive(Args, Debug)]
#[command(next_help_heading = "Probe")]
pub struct ProbingArgs {
    /// A DNS server to query in addition to the DNS servers of this machine: ADDRESS[:PORT]; may be repeated.
    #[arg(long, value_name = "SERVER")]
    pub dns: Vec<String>,
    /// Query only the servers of --dns, and treat them as the DNS servers of this machine.
    #[arg(long, requires = "dns")]
    pub dns_only: bool,
    /// The name of the place that the probe runs at; default: the host name (in a pod: pod). An audit uses
    /// only the latest probe of each name.
    #[arg(long, value_name = "NAME")]
    pub vantage: Option<String>,
    /// The time limit of one query or connection, in seconds; default: 3.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=60))]
    pub timeout: Option<u64>,
    /// The time limit of the whole probe, in seconds; default: 10. The report names all unfinished tries.
    #[arg(long, value_name = "SECONDS", value_parser = value_parser!(u64).range(1..=600))]
    pub deadline: Option<u64>,
}

/// Options without effect where no probe runs.
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
    /// Source of the state, and so of the names to probe.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The names to probe, from a file written by --print-targets, instead of the state.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["cluster", "snapshot", "region", "profile"],
        help_heading = "State",
    )]
    pub targets: Option<PathBuf>,
    /// Declarations of the user.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// Place and settings of the probe.
    #[command(flatten)]
    pub probing: ProbingArgs,
    /// Rules and threshold.
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// The format of the report.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, help_heading = "Output")]
    pub format: FormatArg,
    /// Write the report, or the output of --print-targets, to a file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Also save the observations, for --snapshot of an audit.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub save_observations: Option<PathBuf>,
    /// Print the names that a probe would look up, without a probe.
    #[arg(long, conflicts_with_all = NOT_WITH_PRINT_TARGETS, help_heading = "Output")]
    pub print_targets: bool,
    /// No colors, even on a terminal; the environment variable `NO_COLOR` has the same effect.
    #[arg(
        long,
        help = "No colors, even on a terminal; the environment variable NO_COLOR has the same effect",
        help_heading = "Output"
    )]
    pub no_color: bool,
}

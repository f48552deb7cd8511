//! Where the report goes, and in which form.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where the report goes, and in which form.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// The report's form.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the report to a file instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace account ids, addresses and names, consistently, in all that is saved or printed.
    #[arg(long)]
    pub redact: bool,
    /// No colours, even on a terminal; the environment's `NO_COLOR` does the same.
    #[arg(long, help = "No colours, even on a terminal; the environment's NO_COLOR does the same")]
    pub no_color: bool,
}

/// The report's forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs; docs/*.schema.json describe reports, traces, probes and drift.
    Json,
}

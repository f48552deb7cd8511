//! Options of a trace.

use clap::Args;

use super::input::{IntentArgs, PlanArgs, SourceArgs};
use super::output::OutputArgs;

/// Options of `trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// The source: the end that opens the connection.
    #[arg(long, value_name = "END")]
    pub from: String,
    /// The destination of the connection.
    #[arg(long, value_name = "END")]
    pub to: String,
    /// The protocol and port of the destination.
    #[arg(long, value_name = "PORT")]
    pub port: String,
    /// Source of the state.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Declarations of the user.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// A planned cluster.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Destination of the report.
    #[command(flatten)]
    pub output: OutputArgs,
}

//! Options of a trace.

use clap::Args;

use super::input::{IntentArgs, PlanArgs, SourceArgs};
use super::output::OutputArgs;

/// Options of `trace`.
#[derive(Args, Debug)]
pub struct TraceArgs {
    /// Who opens the connection.
    #[arg(long, value_name = "END")]
    pub from: String,
    /// Whom it is opened to.
    #[arg(long, value_name = "END")]
    pub to: String,
    /// On which protocol and port of the destination.
    #[arg(long, value_name = "PORT")]
    pub port: String,
    /// Where the state comes from.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What the user declares.
    #[command(flatten)]
    pub intent: IntentArgs,
    /// A cluster that is still to be created.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Where the answer goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

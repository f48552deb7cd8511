//! The command line: options and help texts. No behaviour.

mod audit;
mod forwarders;
mod help;
mod input;
mod judge;
mod output;
mod probe;
mod rules;
#[cfg(test)]
mod tests;
mod trace;

use clap::{Parser, Subcommand};

pub use audit::{AuditArgs, DemoArgs, DriftArgs};
pub use forwarders::{ForwardedDomain, ForwardersArgs, ServerKind};
pub use input::{GrowthArgs, IntentArgs, PlanArgs, SnapshotArgs, SourceArgs};
pub use judge::{FailOn, JudgeArgs};
pub use output::{FormatArg, OutputArgs};
pub use probe::{ProbeArgs, ProbingArgs};
pub use rules::RulesCommand;
pub use trace::TraceArgs;

use help::{
    AUDIT_EXAMPLES, DRIFT_EXAMPLES, EXIT_CODES, FORWARDERS_HELP, PROBE_EXAMPLES, SNAPSHOT_EXAMPLES,
    TRACE_EXAMPLES,
};

/// Audits the network of a private EKS cluster before a rollout: nodes can join, services are
/// reachable, and operators can reach the cluster API endpoint. Read-only; sends no data to third parties.
#[derive(Debug, Parser)]
#[command(
    name = "privek-audit",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    max_term_width = 80,
    after_help = EXIT_CODES,
    after_long_help = format!("{AUDIT_EXAMPLES}\n\n{EXIT_CODES}"),
)]
pub struct Cli {
    /// The subcommand; default: audit.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The audit's options.
    #[command(flatten)]
    pub audit: AuditArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit the built-in sample network; needs no AWS account.
    Demo(DemoArgs),
    /// Read a cluster's state and save it, without an audit; or print the AWS CLI commands that read it.
    #[command(after_help = SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Trace requests and replies between two ends, hop by hop; needs no cluster.
    #[command(after_help = TRACE_EXAMPLES)]
    Trace(Box<TraceArgs>),
    /// Look up the DNS names that a cluster needs from this machine, and open a TLS connection to each address.
    #[command(after_help = PROBE_EXAMPLES)]
    Probe(Box<ProbeArgs>),
    /// List, explain or check rules.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Print the IAM policy that the program needs: exactly the operations that the program calls.
    IamPolicy,
    /// Print the configuration of a DNS server outside AWS that forwards the cluster's names to the cluster's VPC.
    #[command(after_help = FORWARDERS_HELP)]
    Forwarders(Box<ForwardersArgs>),
    /// Compare today's audit with a saved snapshot or an earlier JSON report.
    #[command(after_help = format!("{DRIFT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Drift(Box<DriftArgs>),
}

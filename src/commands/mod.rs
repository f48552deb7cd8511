//! One file a subcommand. The only place that joins the stages: read, derive, evaluate, render.
//! Commands return what to print and the exit code; only `main` prints and exits.

mod audit;
mod baseline;
mod demo;
mod done;
mod drift;
mod forwarders;
mod iam_policy;
mod input;
mod output;
mod prepared;
mod probe;
mod probe_summary;
mod probing;
mod progress;
mod rule_fields;
mod rules;
mod snapshot;
mod trace;

pub use done::Done;

use crate::cli::{Cli, Command};

/// Runs the command line. An error is for standard error, with exit code 2.
pub fn run(cli: &Cli) -> Result<Done, anyhow::Error> {
    match &cli.command {
        None => audit::run(&cli.audit),
        Some(Command::Demo(args)) => demo::run(args),
        Some(Command::Snapshot(args)) => snapshot::run(args),
        Some(Command::Trace(args)) => trace::run(args),
        Some(Command::Probe(args)) => probe::run(args),
        Some(Command::Rules(command)) => rules::run(command),
        Some(Command::IamPolicy) => Ok(Done { stdout: iam_policy::policy(), exit_code: 0 }),
        Some(Command::Forwarders(args)) => forwarders::run(args),
        Some(Command::Drift(args)) => drift::run(args),
    }
}

/// The error and its causes in one sentence, each cause once.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn an_error_tells_every_cause_once() {
        let cause = anyhow!("line 3: no such field");
        let error = Err::<(), _>(cause).context("file.yaml: line 3: no such field").context("--config");
        assert_eq!(sentence(&error.unwrap_err()), "--config: file.yaml: line 3: no such field");
    }
}

//! Drift: today's audit against an earlier one.

use anyhow::bail;
use privek_core::drift::{self, Drift};
use privek_core::render;
use privek_core::report::Report;

use crate::cli::{DriftArgs, SourceArgs};
use crate::providers::{State, StateError};

use super::baseline::Baseline;
use super::done::Done;
use super::{audit, output};

/// Compares today's state with the baseline.
pub fn run(args: &DriftArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.audit.output.output.as_ref())?;
    let print = render::renderer::<Drift>(args.audit.output.format.0)?;
    let baseline = Baseline::read(&args.baseline)?;
    if args.audit.output.redact && matches!(baseline, Baseline::Report(_)) {
        bail!(
            "--redact needs a snapshot as the baseline; {} is a report, and reports cannot be redacted",
            args.baseline.display()
        );
    }
    let (report, prepared) = audit::report(&args.audit)?;
    let before = match baseline {
        Baseline::Report(report) => *report,
        Baseline::State(mut state) => {
            if prepared.declared.intent.cluster.is_none() {
                select(&mut state, &args.audit.source, &report)?;
            }
            if let Some(redactor) = &prepared.redactor {
                state = state.redacted(redactor);
            }
            prepared.evaluate(&state)?
        }
    };
    let drift = drift::compare(&before, &report, prepared.fail_on)?;
    let text = print(&drift, &output::style(&args.audit.output));
    Ok(Done { stdout: output::put(text, sink)?, exit_code: drift.exit_code })
}

/// Selects today's cluster in the baseline. A baseline of one cluster keeps that cluster, so that another
/// cluster is an error.
fn select(state: &mut State, source: &SourceArgs, report: &Report) -> Result<(), StateError> {
    match state.select_cluster(None) {
        Err(StateError::SeveralClusters { .. }) => {
            state.select_cluster(source.cluster.as_deref().or(report.target.cluster.as_deref()))
        }
        other => other,
    }
}

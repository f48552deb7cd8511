//! Drift: today's audit against an earlier one.

use super::{Done, audit, output};
use crate::cli::{DriftArgs, Format};
use crate::drift::{self, Baseline};
use crate::render;

/// Compares today's state with the baseline.
pub fn run(args: &DriftArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.audit.output.output.as_ref())?;
    let baseline = Baseline::read(&args.baseline)?;
    let (report, prepared) = audit::report(&args.audit)?;
    let before = match baseline {
        Baseline::Report(report) => *report,
        Baseline::Snapshot(mut snapshot) => {
            let cluster = args.audit.source.cluster.as_deref().or(report.target.cluster.as_deref());
            snapshot.select_cluster(cluster)?;
            prepared.evaluate(&snapshot)?
        }
    };
    let drift = drift::compare(&before, &report, prepared.fail_on)?;
    let text = match args.audit.output.format {
        Format::Table => render::drift::table(&drift, &output::style(&args.audit.output)),
        Format::Json => render::drift::json(&drift),
    };
    Ok(Done { stdout: output::put(text, sink)?, exit_code: drift.exit_code })
}

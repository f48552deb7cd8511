//! Collects without judging.

use crate::cli::SnapshotArgs;
use crate::collect::aws::About;

use super::done::Done;
use super::{input, output};

/// Reads and saves a snapshot.
pub fn run(args: &SnapshotArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.as_ref())?;
    let about = About { ends: args.vpc.iter().cloned().collect(), ..About::default() };
    let mut snapshot = if args.vpc.is_some() {
        input::network(&args.source, &about)?
    } else {
        input::snapshot(&args.source, &about)?
    };
    if args.redact {
        let redactor = snapshot.redactor();
        snapshot = snapshot.redacted(&redactor);
    }
    Ok(Done { stdout: output::put(snapshot.to_json(), sink)?, exit_code: 0 })
}

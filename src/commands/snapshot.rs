//! Collects without judging.

use super::input::{self, Declared};
use super::{Done, output};
use crate::cli::SnapshotArgs;

/// Reads and saves a snapshot.
pub fn run(args: &SnapshotArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.as_ref())?;
    let mut snapshot = input::snapshot(&args.source)?;
    if args.redact {
        (snapshot, _) = input::redacted(snapshot, &Declared::default());
    }
    Ok(Done { stdout: output::put(snapshot.to_json(), sink)?, exit_code: 0 })
}

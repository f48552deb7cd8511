//! Collects without judging, or prints the commands that do.

use anyhow::bail;

use crate::cli::SnapshotArgs;
use crate::collect::aws::About;
use crate::collect::aws::script::{ScriptOptions, script};

use super::done::Done;
use super::{input, output};

/// Reads and saves a snapshot.
pub fn run(args: &SnapshotArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.as_ref())?;
    if let (true, Some(cluster)) = (args.commands, &args.source.cluster) {
        let profile = match args.source.profile.as_slice() {
            [] => None,
            [only] => Some(only.as_str()),
            [..] => bail!("--commands takes one --profile; print one script for each account"),
        };
        let text = script(ScriptOptions { cluster, region: args.source.region.as_deref(), profile });
        return Ok(Done { stdout: output::put(text, sink)?, exit_code: 0 });
    }
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

//! The audit: read, redact if asked, derive, evaluate, render.

use anyhow::bail;
use privek_core::render;
use privek_core::report::Report;

use crate::cli::AuditArgs;

use super::done::Done;
use super::prepared::Prepared;
use super::probing::{self, Probing};
use super::{input, output};

/// Audits a cluster.
pub fn run(args: &AuditArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.output.as_ref())?;
    let print = render::renderer::<Report>(args.output.format.0)?;
    let (report, _) = report(args)?;
    let text = print(&report, &output::style(&args.output));
    Ok(Done { stdout: output::put(text, sink)?, exit_code: report.exit_code })
}

/// The report for the options, and the rules that made the report. Everything that can be checked without
/// AWS is checked before AWS is called.
pub fn report(args: &AuditArgs) -> Result<(Report, Prepared), anyhow::Error> {
    if args.save_snapshot.is_some() && args.save_snapshot == args.output.output {
        bail!("--save-snapshot and --output are the same file; name two files");
    }
    let save = output::open(args.save_snapshot.as_ref())?;
    if !args.probe && probing::is_told_how(&args.probing) {
        bail!("--dns, --vantage, --timeout and --deadline need --probe");
    }
    let probing = args.probe.then(|| Probing::new(&args.probing)).transpose()?;
    let mut prepared = Prepared {
        rules: input::rules(&args.judge.rules)?,
        declared: input::growing(input::declared(&args.intent)?, &args.growth)?,
        fail_on: args.judge.fail_on.into(),
        redactor: None,
    };
    prepared.declared.intent.as_of = input::as_of(&args.judge)?;
    input::plan(&args.source, &args.plan, &mut prepared.declared)?;
    let about = input::about(&prepared.declared);
    let mut snapshot = if prepared.declared.intent.cluster.is_some() {
        input::network(&args.source, &about)?
    } else {
        input::snapshot(&args.source, &about)?
    };
    input::built(&mut prepared.declared, &snapshot);
    if let Some(probing) = probing {
        let targets = probing::targets(&snapshot, &prepared.declared.intent)?;
        let seen = probing.run(&targets)?;
        snapshot.header_mut().observations.extend(seen.observations);
    }
    if args.output.redact {
        let redactor = snapshot.redactor();
        prepared.declared = input::redacted(&prepared.declared, &redactor);
        snapshot = snapshot.redacted(&redactor);
        prepared.redactor = Some(redactor);
    }
    if let Some(save) = save {
        save.write(&snapshot.to_json())?;
    }
    let mut report = prepared.evaluate(&snapshot)?;
    if args.probe {
        // From the snapshot as it is now: what is unread may be named in the snapshot, and has to be redacted.
        let needed = snapshot.needed_names(&prepared.declared.intent);
        probing::say_unlisted(&needed.unlisted, &mut report);
    }
    Ok((report, prepared))
}

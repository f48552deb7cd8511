//! The audit: read, redact if asked, derive, evaluate, render.

use anyhow::bail;

use super::input::{self, Declared};
use super::{Done, output, probe};
use crate::cli::{AuditArgs, Format, OutputArgs};
use crate::facts::{self, Facts};
use crate::render::text::Style;
use crate::render::{json, table};
use crate::report::{Gap, Report, Severity};
use crate::rule::{self, Evaluation, Rules};
use crate::snapshot::Snapshot;
use crate::snapshot::redact::Redactor;

/// Audits a cluster.
pub fn run(args: &AuditArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.output.as_ref())?;
    let (report, _) = report(args)?;
    let text = render(&report, &args.output, &output::style(&args.output));
    Ok(Done { stdout: output::put(text, sink)?, exit_code: report.exit_code })
}

/// The report that the options ask for, and the rules that it comes from. Everything that can be
/// wrong without AWS is checked before AWS is asked.
pub fn report(args: &AuditArgs) -> Result<(Report, Prepared), anyhow::Error> {
    if args.save_snapshot.is_some() && args.save_snapshot == args.output.output {
        bail!("--save-snapshot and --output name the same file; give each a file of its own");
    }
    let save = output::open(args.save_snapshot.as_ref())?;
    if !args.probe && probe::is_told_how(&args.probing) {
        bail!("--dns, --vantage, --timeout and --deadline are for a probe: add --probe");
    }
    let probing = args.probe.then(|| probe::Probing::new(&args.probing)).transpose()?;
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
        let targets = probe::targets(&snapshot, &prepared.declared.intent)?;
        let seen = probing.run(&targets)?;
        snapshot.header.observations.extend(seen.observations);
    }
    if args.output.redact {
        let redactor = Redactor::new(&snapshot);
        prepared.declared = input::redacted(&prepared.declared, &redactor);
        snapshot = redactor.snapshot(snapshot);
        prepared.redactor = Some(redactor);
    }
    if let Some(save) = save {
        save.write(&snapshot.to_json())?;
    }
    let mut report = prepared.evaluate(&snapshot)?;
    if args.probe {
        // From the snapshot as it is now: what it lacks may be named in it, and have to be redacted.
        let needed = facts::needed_names(&snapshot, &prepared.declared.intent);
        probe::say_unlisted(&needed.unlisted, &mut report);
    }
    Ok((report, prepared))
}

/// All that an evaluation needs beside the snapshot.
#[derive(Debug)]
pub struct Prepared {
    /// The rules.
    pub rules: Rules,
    /// What the user declares.
    pub declared: Declared,
    /// From which severity on a failure counts.
    pub fail_on: Severity,
    /// What replaced account ids, addresses and names, if that was asked for.
    pub redactor: Option<Redactor>,
}

impl Prepared {
    /// Facts, then rules, then the report.
    pub fn evaluate(&self, snapshot: &Snapshot) -> Result<Report, anyhow::Error> {
        let settled = facts::settled(snapshot, &self.declared.intent)?;
        let facts = Facts::derive(&settled, &self.declared.intent);
        let evaluation = Evaluation {
            fail_on: self.fail_on,
            collected_at: snapshot.header.collected_at.clone(),
            gaps: snapshot.header.gaps.iter().map(gap).collect(),
        };
        let mut report = rule::evaluate(&self.rules, &facts, &evaluation)?;
        if let Some(origin) = &self.declared.origin {
            report.assumptions.insert(0, origin.clone());
        }
        Ok(report)
    }
}

/// The report in the form that was asked for.
pub fn render(report: &Report, args: &OutputArgs, style: &Style) -> String {
    match args.format {
        Format::Table => table::render(report, style),
        Format::Json => json::render(report),
    }
}

fn gap(gap: &crate::snapshot::Gap) -> Gap {
    Gap {
        service: gap.service.clone(),
        operation: gap.operation.clone(),
        region: gap.region.clone(),
        resource: gap.resource.clone(),
        code: gap.code.clone(),
        message: gap.message.clone(),
        permission: gap.permission.clone(),
    }
}

//! `trace`: read, redact if asked, follow the packets, find the fix, render.

use std::collections::BTreeSet;

use anyhow::Context;
use privek_core::render;
use privek_core::report::Fix;
use privek_core::report::trace::{Path, SCHEMA_VERSION, Trace, Verdict};
use privek_core::sets::ports::Ports;

use crate::cli::TraceArgs;
use crate::collect::aws::About;
use crate::providers::{DeclaredEnd, EndSpec, Redactor, TraceAnswer, TraceError, ids};

use super::done::Done;
use super::input::{self, Declared};
use super::output;

/// Traces every path from one end to another. Everything that can be checked without AWS is checked
/// before AWS is called.
pub fn run(args: &TraceArgs) -> Result<Done, anyhow::Error> {
    let sink = output::open(args.output.output.as_ref())?;
    let print = render::renderer::<Trace>(args.output.format.0)?;
    let mut from: DeclaredEnd = args.from.parse().context("--from")?;
    let mut to: DeclaredEnd = args.to.parse().context("--to")?;
    let ports: Ports = args.port.trim().parse().context("--port")?;
    let mut declared = input::declared(&args.intent)?;
    input::plan(&args.source, &args.plan, &mut declared)?;
    let planned = declared.intent.cluster.is_some();
    if args.source.snapshot.is_empty() && args.source.cluster.is_none() && !planned {
        for (flag, end) in [("--from", &from), ("--to", &to)] {
            needs_no_cluster(&end.spec).context(flag)?;
        }
    }
    let mut snapshot = input::network(&args.source, &about(&declared, [&from, &to]))?;
    input::built(&mut declared, &snapshot);
    if args.output.redact {
        let redactor = snapshot.redactor();
        let shown = input::redacted(&declared, &redactor);
        from = redacted(from, (&declared, &shown), &redactor);
        to = redacted(to, (&declared, &shown), &redactor);
        declared = shown;
        snapshot = snapshot.redacted(&redactor);
    }
    let (traced, fix) = snapshot.trace(&declared.intent, (&from, &to), ports)?;
    let mut answer = answer((&from, &to), ports, traced, (fix, declared.origin));
    answer.assumptions.extend(snapshot.counted_as_empty(&declared.intent));
    let text = print(&answer, &output::style(&args.output));
    Ok(Done { stdout: output::put(text, sink)?, exit_code: answer.exit_code })
}

/// A role needs a cluster; the error comes before AWS is read.
fn needs_no_cluster(spec: &EndSpec) -> Result<(), TraceError> {
    match spec {
        EndSpec::Role(role) if role != "operators" => Err(TraceError::NeedsCluster { role: role.clone() }),
        _ => Ok(()),
    }
}

/// The objects to read from AWS: the ends, a named network by its addresses, and what they declare.
fn about(declared: &Declared, ends: [&DeclaredEnd; 2]) -> About {
    let mut about = input::about(declared);
    let operators = declared.intent.operators.iter().flatten().map(|one| (&one.name, one.cidr));
    let named: Vec<_> =
        declared.intent.networks.iter().map(|one| (&one.name, one.cidr)).chain(operators).collect();
    for end in ends {
        match &end.spec {
            EndSpec::Network(name) => {
                let its = named.iter().filter(|(known, _)| *known == name);
                about.ends.extend(its.map(|(_, cidr)| cidr.to_string()));
            }
            spec => about.ends.push(spec.to_string()),
        }
        about.ends.extend(
            end.via.iter().filter(|via| ids::kind(via) == Some(ids::ResourceKind::NetworkInterface)).cloned(),
        );
    }
    about
}

/// An end with its addresses and names replaced like those of the snapshot and the declarations.
fn redacted(end: DeclaredEnd, (known, shown): (&Declared, &Declared), redactor: &Redactor) -> DeclaredEnd {
    let renamed = |name: &str| {
        let operators = known.intent.operators.iter().flatten().map(|one| &one.name);
        let replaced = shown.intent.operators.iter().flatten().map(|one| &one.name);
        let operators = operators.zip(replaced);
        let networks = known.intent.networks.iter().map(|one| &one.name);
        let mut all = networks.zip(shown.intent.networks.iter().map(|one| &one.name)).chain(operators);
        all.find(|(original, _)| *original == name).map(|(_, new)| new.clone())
    };
    let spec = match end.spec {
        EndSpec::Addresses(net) => EndSpec::Addresses(redactor.net(net)),
        EndSpec::Network(name) => EndSpec::Network(renamed(&name).unwrap_or(name)),
        other => other,
    };
    DeclaredEnd { spec, ..end }
}

fn answer(
    (from, to): (&DeclaredEnd, &DeclaredEnd),
    ports: Ports,
    traced: TraceAnswer,
    (fix, origin): (Option<Fix>, Option<String>),
) -> Trace {
    let verdict = Verdict::from(traced.verdict);
    let assumptions: BTreeSet<String> = traced.assumptions.into_iter().collect();
    let mut paths: Vec<Path> = traced.paths.into_iter().map(Path::from).collect();
    paths.sort_by_key(|path| path.verdict);
    Trace {
        schema_version: SCHEMA_VERSION.to_owned(),
        from: from.to_string(),
        to: to.to_string(),
        port: ports.to_string(),
        verdict,
        exit_code: verdict.exit_code(),
        assumptions: origin.into_iter().chain(assumptions).collect(),
        blockers: traced.blockers.into_iter().map(Into::into).collect(),
        fix,
        paths,
    }
}

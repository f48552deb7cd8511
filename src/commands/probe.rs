//! `probe`: find the names, probe, save the observations, evaluate, render.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use privek_core::header::{Header, SNAPSHOT_VERSION};
use privek_core::render::{self, ProbeOutput};
use privek_core::report::probe::Probe;

use crate::cli::ProbeArgs;
use crate::collect::probe::Targets;
use crate::providers::State;

use super::done::Done;
use super::prepared::Prepared;
use super::probe_summary::probe_summary;
use super::probing::{self, Probed, Probing, ToProbe};
use super::{input, output};

/// Probes from this machine. Everything that can be checked without AWS is checked before AWS is called.
pub fn run(args: &ProbeArgs) -> Result<Done, anyhow::Error> {
    let inputs: Vec<&PathBuf> = args.source.snapshot.iter().chain(&args.targets).collect();
    for (flag, path) in [("--output", &args.output), ("--save-observations", &args.save_observations)] {
        if let Some(path) = path
            && inputs.iter().any(|input| is_same(input, path))
        {
            bail!("{flag} and the input are the same file, {}; name two files", path.display());
        }
    }
    if args.save_observations.is_some() && args.save_observations == args.output {
        bail!("--save-observations and --output are the same file; name two files");
    }
    let sink = output::open(args.output.as_ref())?;
    let save = output::open(args.save_observations.as_ref())?;
    let print = render::renderer::<ProbeOutput<'_>>(args.format.0)?;
    let probing = Probing::new(&args.probing)?;
    let mut prepared = Prepared {
        rules: input::rules(&args.judge.rules)?.about_observations(),
        declared: input::declared(&args.intent)?,
        fail_on: args.judge.fail_on.into(),
        redactor: None,
    };
    prepared.declared.intent.as_of = input::as_of(&args.judge)?;
    prepared.declared.intent.cluster = None;
    let (mut snapshot, targets) = if let Some(path) = &args.targets {
        (State::only(Header::default()), read(path)?)
    } else {
        let about = input::about(&prepared.declared);
        let snapshot = input::snapshot(&args.source, &about)?;
        let targets = probing::targets(&snapshot, &prepared.declared.intent)?;
        (snapshot, targets)
    };
    if args.print_targets {
        return Ok(Done { stdout: output::put(targets.targets.to_json(), sink)?, exit_code: 0 });
    }
    let seen = probing.run(&targets)?;
    if let Some(save) = save {
        let kept = State::only(Header {
            snapshot_version: SNAPSHOT_VERSION,
            observations: seen.observations.clone(),
            ..Header::default()
        });
        save.write(&kept.to_json())?;
    }
    // Earlier observations belong to another report.
    let header = snapshot.header_mut();
    header.observations.clone_from(&seen.observations);
    header.collected_at.get_or_insert_with(|| seen.at.clone());
    let mut report = prepared.evaluate(&snapshot)?;
    probing::say_unlisted(&targets.unlisted, &mut report);
    let exit_code = report.exit_code;
    let (title, summary) = (title(&targets.targets, &seen), probe_summary(&seen.observations));
    let Probed { vantage, at, observations } = seen;
    let probe = Probe::new(vantage, at, observations, report.clone());
    let seen = ProbeOutput { title, summary, report: &report, document: &probe };
    let text = print(&seen, &output::styled(args.output.is_none(), args.no_color));
    Ok(Done { stdout: output::put(text, sink)?, exit_code })
}

fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

fn read(path: &Path) -> Result<ToProbe, anyhow::Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
    Ok(ToProbe { targets: Targets::from_json(&name, &text)?, unlisted: Vec::new() })
}

fn title(targets: &Targets, seen: &Probed) -> String {
    let of = match (&targets.cluster, &targets.region) {
        (Some(cluster), Some(region)) => format!("{cluster} ({region}) "),
        (Some(cluster), None) => format!("{cluster} "),
        _ => String::new(),
    };
    let addresses: Vec<String> = seen.vantage.addresses.iter().map(ToString::to_string).collect();
    let from = match addresses.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    format!("{of}from {}{from}, {}", seen.vantage.name, seen.at)
}

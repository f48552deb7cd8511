//! `probe`: find out what to ask for, ask, keep what was seen, judge it, render.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};

use super::audit::Prepared;
use super::progress::Line;
use super::sights::told;
use super::{Done, input, output};
use crate::cli::{Format, ProbeArgs, ProbingArgs};
use crate::collect::aws;
use crate::collect::probe::{self, ProbeOptions, ProxySettings, Target, Targets, Trust};
use crate::facts::{self, NeededName};
use crate::intent::Intent;
use crate::network::Missing;
use crate::render;
use crate::report::probe::Probe;
use crate::report::{Report, Verdict};
use crate::snapshot::observation::{CLUSTER, Observation, Vantage};
use crate::snapshot::{Header, SNAPSHOT_VERSION, Snapshot};

/// Probes from here. Everything that can be wrong without AWS is checked before AWS is asked.
pub fn run(args: &ProbeArgs) -> Result<Done, anyhow::Error> {
    let inputs: Vec<&PathBuf> = args.source.snapshot.iter().chain(&args.targets).collect();
    for (flag, path) in [("--output", &args.output), ("--save-observations", &args.save_observations)] {
        if let Some(path) = path
            && inputs.iter().any(|input| is_same(input, path))
        {
            bail!("{flag} and the input are the same file, {}; give each a file of its own", path.display());
        }
    }
    if args.save_observations.is_some() && args.save_observations == args.output {
        bail!("--save-observations and --output name the same file; give each a file of its own");
    }
    let sink = output::open(args.output.as_ref())?;
    let save = output::open(args.save_observations.as_ref())?;
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
        (Snapshot::default(), read(path)?)
    } else {
        let about = input::about(&prepared.declared);
        let snapshot = input::snapshot(&args.source, &about)?;
        let targets = targets(&snapshot, &prepared.declared.intent)?;
        (snapshot, targets)
    };
    if args.print_targets {
        return Ok(Done { stdout: output::put(targets.targets.to_json(), sink)?, exit_code: 0 });
    }
    let seen = probing.run(&targets)?;
    if let Some(save) = save {
        let header = Header {
            snapshot_version: SNAPSHOT_VERSION,
            observations: seen.observations.clone(),
            ..Header::default()
        };
        let kept = Snapshot { header, ..Snapshot::default() };
        save.write(&kept.to_json())?;
    }
    // What others saw before is another report's.
    snapshot.header.observations.clone_from(&seen.observations);
    snapshot.header.collected_at.get_or_insert_with(|| seen.at.clone());
    let mut report = prepared.evaluate(&snapshot)?;
    say_unlisted(&targets.unlisted, &mut report);
    let exit_code = report.exit_code;
    let text = match args.format {
        Format::Table => {
            let style = output::styled(args.output.is_none(), args.no_color);
            render::probe::table(&title(&targets.targets, &seen), &told(&seen.observations), &report, &style)
        }
        Format::Json => {
            let Probed { vantage, at, observations } = seen;
            render::probe::json(&Probe::new(vantage, at, observations, report))
        }
    };
    Ok(Done { stdout: output::put(text, sink)?, exit_code })
}

fn is_same(one: &Path, other: &Path) -> bool {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole(one) == whole(other)
}

/// What to probe, and what could not be found out about it.
#[derive(Debug, Default)]
pub struct ToProbe {
    /// The names.
    pub targets: Targets,
    /// Why there may be more.
    pub unlisted: Vec<Missing>,
}

/// Says which names were not probed because nobody knows them: what was not asked for is not in order.
pub fn say_unlisted(unlisted: &[Missing], report: &mut Report) {
    let unknown = |missing: &Missing| format!("Names that are not known were not probed: {}.", missing.what);
    report.assumptions.extend(unlisted.iter().map(unknown));
    if !unlisted.is_empty() && report.verdict == Verdict::Ready {
        (report.verdict, report.exit_code) = (Verdict::Incomplete, 3);
    }
}

fn read(path: &Path) -> Result<ToProbe, anyhow::Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name}: cannot be read"))?;
    Ok(ToProbe { targets: Targets::from_json(&name, &text)?, unlisted: Vec::new() })
}

/// The names that the cluster needs, as the snapshot and the declarations tell.
pub fn targets(snapshot: &Snapshot, intent: &Intent) -> Result<ToProbe, anyhow::Error> {
    let needed = facts::needed_names(snapshot, intent);
    let cluster = snapshot.aws.cluster.iter().flatten().next();
    let public = cluster.and_then(|cluster| cluster.resources_vpc_config.as_ref()?.endpoint_public_access);
    let target = |name: &NeededName| Target {
        also_public: if name.of == CLUSTER { public } else { None },
        ..Target::new(&name.of, &name.name, name.expected.clone().ok(), name.essential)
    };
    let names = needed.listed.iter().map(target).collect();
    let authority = cluster.and_then(|cluster| cluster.certificate_authority.as_ref()?.data.clone());
    let targets = Targets {
        cluster: cluster.map(|cluster| cluster.name.clone()),
        region: snapshot.header.region.clone(),
        // That of a redacted snapshot is none: certificates are then not judged.
        certificate_authority: authority.filter(|given| probe::is_authority(given)),
        networks: facts::cluster_networks(snapshot, intent),
        names,
    };
    Ok(ToProbe { targets: targets.checked("the cluster's state")?, unlisted: needed.unlisted })
}

/// Whether anything is said about how to probe.
pub fn is_told_how(args: &ProbingArgs) -> bool {
    // `--dns-only` needs `--dns`.
    let ProbingArgs { dns, dns_only: _, vantage, timeout, deadline } = args;
    !dns.is_empty() || vantage.is_some() || timeout.is_some() || deadline.is_some()
}

/// The longest that one try may take, in seconds, and the whole probe.
const TIMEOUT: u64 = 3;
const DEADLINE: u64 = 10;

/// How to probe, checked.
#[derive(Debug)]
pub struct Probing {
    servers: Vec<SocketAddr>,
    only_these: bool,
    vantage: Option<String>,
    timeout: Duration,
    deadline: Duration,
}

/// What a probe saw.
#[derive(Debug)]
pub struct Probed {
    /// From where.
    pub vantage: Vantage,
    /// When it began.
    pub at: String,
    /// What.
    pub observations: Vec<Observation>,
}

impl Probing {
    /// The options, checked.
    pub fn new(args: &ProbingArgs) -> Result<Self, anyhow::Error> {
        let mut servers = Vec::new();
        for text in &args.dns {
            servers.push(probe::server(text).context("--dns")?);
        }
        if args.vantage.as_ref().is_some_and(|name| name.trim().is_empty() || name.contains('@')) {
            bail!("--vantage: write a name such as bastion, without an @");
        }
        Ok(Self {
            servers,
            only_these: args.dns_only,
            vantage: args.vantage.clone(),
            timeout: Duration::from_secs(args.timeout.unwrap_or(TIMEOUT)),
            deadline: Duration::from_secs(args.deadline.unwrap_or(DEADLINE)),
        })
    }

    /// Probes, from this machine.
    pub fn run(&self, what: &ToProbe) -> Result<Probed, anyhow::Error> {
        let targets = &what.targets;
        let (configured, servers) = if self.only_these {
            (self.servers.clone(), Vec::new())
        } else {
            (probe::configured_servers(), self.servers.clone())
        };
        let towards = probe::destinations(targets, &[configured.clone(), servers.clone()].concat());
        let options = ProbeOptions {
            vantage: probe::here(self.vantage.as_deref(), towards.into_iter(), targets.networks.as_ref()),
            at: aws::rfc3339(SystemTime::now()),
            system: !self.only_these,
            configured,
            servers,
            timeout: self.timeout,
            deadline: self.deadline,
            proxies: ProxySettings::of_process(),
        };
        let trust = Trust::new(targets, Trust::of_machine()?)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the network runtime")?;
        let progress = Line::probing();
        let observations = runtime.block_on(probe::probe(targets, &trust, &options, &progress));
        // The operating system may still look for a name, in a thread that nothing can stop.
        runtime.shutdown_background();
        Ok(Probed { vantage: options.vantage, at: options.at, observations })
    }
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

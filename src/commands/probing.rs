//! Probing from here: what to ask for, how, and what was seen.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use privek_core::known::Missing;
use privek_core::observation::{CLUSTER, Observation, Vantage};
use privek_core::report::{Report, Verdict};

use crate::cli::ProbingArgs;
use crate::collect::aws;
use crate::collect::probe::{self, ProbeOptions, ProxySettings, Target, Targets, Trust};
use crate::providers::{Intent, NeededName, State};

use super::progress::Line;

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

/// The names that the cluster needs, as the snapshot and the declarations tell.
pub fn targets(state: &State, intent: &Intent) -> Result<ToProbe, anyhow::Error> {
    let needed = state.needed_names(intent);
    let public = state.has_public_endpoint();
    let target = |name: &NeededName| Target {
        also_public: if name.of == CLUSTER { public } else { None },
        ..Target::new(&name.of, &name.name, name.expected.clone().ok(), name.essential)
    };
    let names = needed.listed.iter().map(target).collect();
    let targets = Targets {
        cluster: state.cluster_names().first().map(|&name| name.to_owned()),
        region: state.header().region.clone(),
        // That of a redacted snapshot is none: certificates are then not judged.
        certificate_authority: state.certificate_authority().filter(|given| probe::is_authority(given)),
        networks: state.cluster_networks(intent),
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

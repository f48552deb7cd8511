//! A probe from this machine: names, settings, observations.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use privek_core::known::Missing;
use privek_core::observation::{CLUSTER, Observation, Vantage};
use privek_core::report::{Report, Verdict};
use privek_core::time::Time;

use crate::cli::ProbingArgs;
use crate::collect::probe::{self, ProbeOptions, ProxySettings, Target, Targets, Trust};
use crate::providers::{Intent, NeededName, State};

use super::progress::Line;

/// The names to probe, and the missing inputs of that list.
#[derive(Debug, Default)]
pub struct ToProbe {
    /// The names.
    pub targets: Targets,
    /// The missing inputs of the list.
    pub unlisted: Vec<Missing>,
}

/// Adds the names that were not probed because they are unknown to the assumptions.
pub fn say_unlisted(unlisted: &[Missing], report: &mut Report) {
    let unknown = |missing: &Missing| {
        format!("Some names are unknown and were not probed; the missing input is {}.", missing.what)
    };
    report.assumptions.extend(unlisted.iter().map(unknown));
    if !unlisted.is_empty() && report.verdict == Verdict::Ready {
        (report.verdict, report.exit_code) = (Verdict::Incomplete, 3);
    }
}

/// The names that the cluster needs, by the snapshot and the declarations.
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
        // A redacted snapshot has no CA: certificates are then not checked.
        certificate_authority: state.certificate_authority().filter(|given| probe::is_authority(given)),
        networks: state.cluster_networks(intent),
        names,
    };
    Ok(ToProbe { targets: targets.checked("the cluster's state")?, unlisted: needed.unlisted })
}

/// Whether any option of a probe is set.
pub fn is_told_how(args: &ProbingArgs) -> bool {
    // `--dns-only` needs `--dns`.
    let ProbingArgs { dns, dns_only: _, vantage, timeout, deadline } = args;
    !dns.is_empty() || vantage.is_some() || timeout.is_some() || deadline.is_some()
}

/// The time limits of one try and of the whole probe, in seconds.
const TIMEOUT: u64 = 3;
const DEADLINE: u64 = 10;

/// The settings of a probe, checked.
#[derive(Debug)]
pub struct Probing {
    servers: Vec<SocketAddr>,
    only_these: bool,
    vantage: Option<String>,
    timeout: Duration,
    deadline: Duration,
}

/// The result of a probe.
#[derive(Debug)]
pub struct Probed {
    /// The place of the probe.
    pub vantage: Vantage,
    /// The time when the probe started.
    pub at: String,
    /// The observations.
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
            bail!("--vantage: a name must not be empty or contain @; an example is bastion");
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
            at: Time::from(SystemTime::now()).to_string(),
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
        // The operating system may still resolve a name, in a thread that nothing can stop.
        runtime.shutdown_background();
        Ok(Probed { vantage: options.vantage, at: options.at, observations })
    }
}

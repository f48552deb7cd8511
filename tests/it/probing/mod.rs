//! The probe against servers on loopback that do what servers do in private networks.

mod authority;
mod command;
mod dns;
mod forwarders;
mod tls;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use privek_audit::collect::Silent;
use privek_audit::collect::probe::{ProbeOptions, ProxySettings, Target, Targets, Trust, probe};
use privek_core::observation::{
    CLUSTER, Dns, DnsOutcome, Observation, Proxy, Seen, Tls, TlsOutcome, Vantage,
};

use crate::support::authority::{Authority, Reply};
use crate::support::servers::{closed_port, silent};

const NAME: &str = "sts.eu-west-1.amazonaws.com";
const API: &str = "0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com";
/// What one try may take where an answer comes: a busy machine may need long, and nobody waits for its end.
const PATIENCE: Duration = Duration::from_secs(20);
/// What one try may take where none comes.
const TRY: Duration = Duration::from_millis(600);

fn options(servers: &[SocketAddr]) -> ProbeOptions {
    ProbeOptions {
        vantage: Vantage { name: "here".to_owned(), ..Vantage::default() },
        at: "2026-11-20T12:00:00Z".to_owned(),
        system: false,
        configured: Vec::new(),
        servers: servers.to_vec(),
        timeout: PATIENCE,
        deadline: PATIENCE * 3,
        proxies: ProxySettings::default(),
    }
}

fn targets(names: &[(&str, &str, Option<&str>, u16)]) -> Targets {
    let target = |(of, name, address, port): &(&str, &str, Option<&str>, u16)| Target {
        port: *port,
        ..Target::new(of, name, address.map(|one| BTreeSet::from([one.parse().unwrap()])), true)
    };
    let names = names.iter().map(target).collect();
    Targets { names, ..Targets::default() }.checked("targets").unwrap()
}

fn run(targets: &Targets, trust: &Trust, options: &ProbeOptions) -> Vec<Observation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(probe(targets, trust, options, &Silent))
}

fn dns_of(observations: &[Observation]) -> Vec<Dns> {
    let dns = |one: &Observation| match &one.seen {
        Seen::Dns(dns) => Some(dns.clone()),
        _ => None,
    };
    observations.iter().filter_map(dns).collect()
}

fn tls_of(observations: &[Observation]) -> Vec<(String, Tls)> {
    let tls = |one: &Observation| match &one.seen {
        Seen::Tls(tls) => Some((one.name.clone(), tls.clone())),
        _ => None,
    };
    observations.iter().filter_map(tls).collect()
}

/// A port that accepts and says nothing, for as long as the process lasts.
fn silent_port() -> u16 {
    let (listener, port) = silent();
    std::mem::forget(listener);
    port
}

#[test]
fn what_the_deadline_cuts_off_is_told_as_not_tried() {
    let server = Authority::start(|_| Reply::Silence);
    let targets = targets(&[("sts", NAME, Some("127.0.0.1"), silent_port())]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let deadline = Duration::from_millis(200);
    let options = ProbeOptions { timeout: PATIENCE * 3, deadline, ..options(&[server.address]) };
    let begun = Instant::now();
    let seen = run(&targets, &trust, &options);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    for dns in dns_of(&seen) {
        assert_eq!((dns.outcome, dns.detail.as_deref()), (DnsOutcome::NotTried, Some("the deadline passed")));
    }
    let [(_, tls)] = tls_of(&seen).try_into().unwrap();
    assert_eq!(tls.outcome, TlsOutcome::NotTried);
}

#[test]
fn a_proxy_of_the_environment_is_told_for_each_name() {
    let targets = targets(&[(CLUSTER, API, None, 443), ("sts", NAME, None, 443)]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let mut options = options(&[]);
    options.proxies = ProxySettings::of(|name| match name {
        "HTTPS_PROXY" => Some("http://me:secret@proxy.corp:3128".to_owned()),
        "NO_PROXY" => Some(".eks.amazonaws.com".to_owned()),
        _ => None,
    });
    let seen = run(&targets, &trust, &options);
    let proxies: Vec<(&str, &Proxy)> = seen
        .iter()
        .filter_map(|one| match &one.seen {
            Seen::Proxy(proxy) => Some((one.name.as_str(), proxy)),
            _ => None,
        })
        .collect();
    assert_eq!(proxies.len(), 2);
    for (name, proxy) in proxies {
        assert_eq!((proxy.proxy.as_str(), proxy.bypassed), ("http://proxy.corp:3128", name == API));
    }
}

#[test]
fn the_operating_system_is_asked_as_every_program_asks_it() {
    let targets = targets(&[("sts", "localhost", None, closed_port())]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let options = ProbeOptions { system: true, ..options(&[]) };
    let [dns] = dns_of(&run(&targets, &trust, &options)).try_into().unwrap();
    assert_eq!((dns.outcome, dns.server.as_str()), (DnsOutcome::Answered, "system"), "the hosts file counts");
}

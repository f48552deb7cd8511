//! A live probe: what names resolve to from here, and who answers on the addresses. Sends nothing but DNS
//! questions and TLS greetings, needs no rights, and ends in time: what was not finished then is said.

mod certificate;
mod dns;
mod error;
mod gate;
mod proxy;
mod targets;
mod tls;
mod vantage;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio::net::TcpStream;
use tokio::time::Instant;

pub use error::ProbeError;
pub use proxy::ProxySettings;
pub use targets::{CLUSTER, Target, Targets, is_authority};
pub use tls::Trust;
pub use vantage::{configured_servers, here, server};

use super::Progress;
use crate::snapshot::observation::{Dns, DnsOutcome, Observation, Seen, Tls, TlsOutcome, Transport, Vantage};
use dns::Answer;
use gate::{Gate, Turn};

/// How a probe is made.
#[derive(Clone, Debug)]
pub struct ProbeOptions {
    /// Where this is.
    pub vantage: Vantage,
    /// When it began (RFC 3339).
    pub at: String,
    /// Whether the operating system is asked too.
    pub system: bool,
    /// The DNS servers that the machine asks.
    pub configured: Vec<SocketAddr>,
    /// Further ones.
    pub servers: Vec<SocketAddr>,
    /// The longest that one try may take.
    pub timeout: Duration,
    /// The longest that all of it may take.
    pub deadline: Duration,
    /// The proxy settings of the environment.
    pub proxies: ProxySettings,
}

/// Questions to the operating system at the same time; each takes a thread.
const AT_ONCE_SYSTEM: usize = 32;
/// Datagrams to one server at the same time: Route 53 Resolver takes 1024 a second from an interface
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html#vpc-dns-limits>).
const AT_ONCE_UDP: usize = 32;
/// Names asked for over TCP at one server at the same time; dnsmasq and unbound take few connections.
const AT_ONCE_TCP: usize = 4;
/// Handshakes at the same time.
const AT_ONCE_TLS: usize = 96;

/// Asks for every name at every resolver, and greets every address: those that the names should have,
/// and those that they turned out to have.
pub async fn probe(
    targets: &Targets,
    trust: &Trust,
    options: &ProbeOptions,
    progress: &dyn Progress,
) -> Vec<Observation> {
    let run = Run {
        options,
        trust,
        end: Instant::now() + options.deadline,
        greeting: Gate::new(AT_ONCE_TLS),
        progress,
        started: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    };
    let expected: BTreeMap<SocketAddr, Vec<&Target>> = grouped(targets.names.iter().flat_map(|target| {
        target.expected.iter().flatten().map(move |address| (SocketAddr::new(*address, target.port), target))
    }));
    let (answers, mut greetings) = tokio::join!(run.resolve(&targets.names), run.greet_all(expected.clone()));
    let found = grouped(answers.iter().flat_map(|(target, dns)| {
        dns.addresses.iter().map(|address| (SocketAddr::new(*address, target.port), *target))
    }));
    // An address that was greeted for one name is known; for another name it is greeted again.
    let mut more = found;
    for (address, names) in &mut more {
        let known = expected.get(address).map(Vec::as_slice).unwrap_or_default();
        names.retain(|target| !known.contains(target));
    }
    let dead: BTreeMap<SocketAddr, Tls> = greetings
        .iter()
        .filter(|(_, tls)| tls.outcome.connected() == Some(false))
        .map(|(_, tls)| (SocketAddr::new(tls.address, tls.port), tls.clone()))
        .collect();
    let (again, fresh): (BTreeMap<_, _>, BTreeMap<_, _>) = more
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .partition(|(address, _)| dead.contains_key(address));
    for (address, names) in again {
        let Some(first) = dead.get(&address) else { continue };
        greetings.extend(names.into_iter().map(|target| (target, not_again(first))));
    }
    greetings.extend(run.greet_all(fresh).await);

    let proxied = targets.names.iter().filter_map(|target| {
        Some((target, Seen::Proxy(options.proxies.for_name(&target.name, target.port)?)))
    });
    let mut seen: Vec<Observation> = answers
        .into_iter()
        .map(|(target, dns)| (target, Seen::Dns(dns)))
        .chain(greetings.into_iter().map(|(target, tls)| (target, Seen::Tls(tls))))
        .chain(proxied)
        .map(|(target, seen)| Observation {
            vantage: options.vantage.clone(),
            at: options.at.clone(),
            of: target.of.clone(),
            name: target.name.clone(),
            essential: target.essential,
            also_public: target.also_public,
            expected: target.expected.clone(),
            seen,
        })
        .collect();
    seen.sort();
    seen
}

fn grouped<'t>(
    pairs: impl Iterator<Item = (SocketAddr, &'t Target)>,
) -> BTreeMap<SocketAddr, Vec<&'t Target>> {
    let mut groups: BTreeMap<SocketAddr, BTreeSet<&Target>> = BTreeMap::new();
    for (address, target) in pairs {
        groups.entry(address).or_default().insert(target);
    }
    groups.into_iter().map(|(address, names)| (address, names.into_iter().collect())).collect()
}

/// What one try showed holds for the other names on the address: a connection knows no names.
fn not_again(first: &Tls) -> Tls {
    // Where nobody tried there is nothing that was not done again.
    if first.outcome == TlsOutcome::NotTried {
        return first.clone();
    }
    let why = first.detail.as_ref().map_or_else(String::new, |detail| format!("{detail}; "));
    Tls { detail: Some(format!("{why}tried once for all its names")), millis: 0, ..first.clone() }
}

/// What all tries share.
struct Run<'r> {
    options: &'r ProbeOptions,
    trust: &'r Trust,
    end: Instant,
    greeting: Gate,
    progress: &'r dyn Progress,
    started: AtomicUsize,
    done: AtomicUsize,
}

/// What was not finished when the time was up.
const TIME_WAS_UP: &str = "the time was up";

impl Run<'_> {
    /// How long a try may take now, and whether the whole probe's end cuts it short.
    fn limit(&self) -> Option<(Duration, bool)> {
        let left = self.end.saturating_duration_since(Instant::now());
        let (limit, cut) =
            if left < self.options.timeout { (left, true) } else { (self.options.timeout, false) };
        (!limit.is_zero()).then_some((limit, cut))
    }

    fn begin(&self, what: &str) {
        let started = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.say(self.done.load(Ordering::Relaxed), started, what);
    }

    fn finish(&self, what: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        self.progress.say(done, self.started.load(Ordering::Relaxed), what);
    }

    async fn resolve<'t>(&self, names: &'t [Target]) -> Vec<(&'t Target, Dns)> {
        let further = |server: &&SocketAddr| !self.options.configured.contains(server);
        let configured = self.options.configured.iter().map(|server| (*server, true));
        let further: BTreeSet<&SocketAddr> = self.options.servers.iter().filter(further).collect();
        let servers = configured.chain(further.into_iter().map(|server| (*server, false)));
        let mut resolvers: Vec<Resolver> = servers
            .flat_map(|(server, configured)| {
                [(Transport::Udp, AT_ONCE_UDP), (Transport::Tcp, AT_ONCE_TCP)].map(|(transport, at_once)| {
                    Resolver { server: Some(server), configured, transport, gate: Gate::new(at_once) }
                })
            })
            .collect();
        if self.options.system {
            let gate = Gate::new(AT_ONCE_SYSTEM);
            resolvers.push(Resolver { server: None, configured: true, transport: Transport::System, gate });
        }
        let asked = resolvers.iter().flat_map(|resolver| {
            names.iter().map(move |target| async move { (target, self.ask(resolver, target).await) })
        });
        join_all(asked).await
    }

    async fn ask(&self, resolver: &Resolver, target: &Target) -> Dns {
        let what = format!("{} for {}", resolver.label(), target.name);
        self.begin(&what);
        let begun = Instant::now();
        let answer = match resolver.gate.enter(self.end).await {
            Turn::TimeIsUp => Answer::because(DnsOutcome::NotTried, TIME_WAS_UP),
            Turn::Hopeless => Answer::because(
                DnsOutcome::TimedOut,
                "not asked: the server had not answered other questions in this way",
            ),
            Turn::Yours { _permit } => match self.limit() {
                None => Answer::because(DnsOutcome::NotTried, TIME_WAS_UP),
                Some((limit, cut)) => {
                    let answer = resolver.ask(&target.name, limit).await;
                    if cut && answer.outcome == DnsOutcome::TimedOut {
                        Answer::because(DnsOutcome::NotTried, TIME_WAS_UP)
                    } else {
                        resolver.gate.learn(answer.came());
                        answer
                    }
                }
            },
        };
        self.finish(&what);
        Dns {
            server: resolver.label(),
            configured: resolver.configured,
            transport: resolver.transport,
            outcome: answer.outcome,
            addresses: answer.addresses,
            aliases: answer.aliases,
            truncated: answer.truncated,
            detail: answer.detail,
            millis: millis(begun),
        }
    }

    async fn greet_all<'t>(&self, groups: BTreeMap<SocketAddr, Vec<&'t Target>>) -> Vec<(&'t Target, Tls)> {
        let groups = groups.into_iter().map(|(address, names)| self.greet(address, names));
        join_all(groups).await.into_iter().flatten().collect()
    }

    /// Greets one address by each of its names; where nothing answers, it is tried once.
    async fn greet<'t>(&self, address: SocketAddr, names: Vec<&'t Target>) -> Vec<(&'t Target, Tls)> {
        let Some((first, others)) = names.split_first() else { return Vec::new() };
        let seen = self.greet_as(address, first).await;
        if seen.outcome.connected() == Some(true) {
            let more = join_all(
                others.iter().map(|target| async move { (*target, self.greet_as(address, target).await) }),
            );
            let mut all = more.await;
            all.insert(0, (first, seen));
            return all;
        }
        let same = others.iter().map(|target| (*target, not_again(&seen))).collect::<Vec<_>>();
        std::iter::once((*first, seen)).chain(same).collect()
    }

    async fn greet_as(&self, address: SocketAddr, target: &Target) -> Tls {
        let what = format!("{address} for {}", target.name);
        self.begin(&what);
        let begun = Instant::now();
        let mut seen = Tls {
            address: address.ip(),
            port: address.port(),
            outcome: TlsOutcome::NotTried,
            detail: Some(TIME_WAS_UP.to_owned()),
            issuer: None,
            names: Vec::new(),
            millis: 0,
        };
        if let Turn::Yours { _permit } = self.greeting.enter(self.end).await
            && let Some((limit, cut)) = self.limit()
        {
            match tls::connect(address, limit).await {
                Ok(stream) => self.shake_hands(stream, target, &mut seen).await,
                Err((TlsOutcome::TimedOut, _)) if cut => {}
                Err((outcome, detail)) => {
                    (seen.outcome, seen.detail) = (outcome, detail.map(str::to_owned));
                }
            }
        }
        seen.millis = millis(begun);
        self.finish(&what);
        seen
    }

    /// The handshake is a try of its own.
    async fn shake_hands(&self, stream: TcpStream, target: &Target, seen: &mut Tls) {
        let Some((limit, cut)) = self.limit() else { return };
        seen.detail = None;
        tls::handshake(stream, (&target.name, target.of == CLUSTER), self.trust, limit, seen).await;
        if cut && seen.outcome == TlsOutcome::Silent {
            seen.outcome = TlsOutcome::NotTried;
            seen.detail = Some(format!("the connection was accepted, and then {TIME_WAS_UP}"));
        }
    }
}

fn millis(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// One way to ask for names.
struct Resolver {
    /// The server; the operating system where there is none.
    server: Option<SocketAddr>,
    configured: bool,
    transport: Transport,
    gate: Gate,
}

impl Resolver {
    fn label(&self) -> String {
        self.server.map_or_else(|| "system".to_owned(), |server| server.to_string())
    }

    async fn ask(&self, name: &str, limit: Duration) -> Answer {
        match (self.server, self.transport) {
            (None, _) | (_, Transport::System) => dns::system(name, limit).await,
            (Some(server), Transport::Udp) => dns::udp(server, name, limit).await,
            (Some(server), Transport::Tcp) => dns::tcp(server, name, limit).await,
        }
    }
}

/// The addresses that a probe of these targets will try to reach, for finding out where it speaks from.
pub fn destinations(targets: &Targets, servers: &[SocketAddr]) -> Vec<IpAddr> {
    let expected = targets.names.iter().flat_map(|target| target.expected.iter().flatten().copied());
    expected.chain(servers.iter().map(SocketAddr::ip)).collect()
}

//! A live probe: what names resolve to from here, and who answers on the addresses. Sends nothing but DNS
//! queries and TLS handshakes, needs no rights, and ends in time: unfinished tries are reported.

mod certificate;
mod dns;
mod error;
mod proxy;
mod targets;
mod tls;
mod try_limit;
mod vantage;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use privek_core::observation::{
    CLUSTER, Dns, DnsOutcome, Observation, Seen, Tls, TlsOutcome, Transport, Vantage,
};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use super::progress::Progress;
use dns::Answer;
use try_limit::{TryLimit, TryTurn};

pub use error::ProbeError;
pub use proxy::ProxySettings;
pub use targets::{Target, Targets, is_authority};
pub use tls::Trust;
pub use vantage::{configured_servers, here, server};

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

/// Queries every name at every resolver, and opens a TLS connection to every address: those that the names should have,
/// and those that they turn out to have, as soon as they do.
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
        connecting: TryLimit::new(AT_ONCE_TLS),
        doors: Mutex::default(),
        progress,
        started: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
    };
    let run = &run;
    let resolvers = run.resolvers();
    let asked = resolvers.iter().flat_map(|resolver| {
        targets.names.iter().map(move |target| async move {
            let dns = run.ask(resolver, target).await;
            let results = run.connect_all(target, &dns.addresses).await;
            (target, dns, results)
        })
    });
    let expected = targets.names.iter().map(|target| async move {
        (target, run.connect_all(target, target.expected.iter().flatten()).await)
    });
    let (asked, expected) = tokio::join!(join_all(asked), join_all(expected));

    let observed = |target: &Target, seen: Seen| Observation {
        vantage: options.vantage.clone(),
        at: options.at.clone(),
        of: target.of.clone(),
        name: target.name.clone(),
        essential: target.essential,
        also_public: target.also_public,
        expected: target.expected.clone(),
        seen,
    };
    let mut seen = Vec::new();
    for (target, dns, results) in asked {
        seen.push(observed(target, Seen::Dns(dns)));
        seen.extend(results.into_iter().map(|tls| observed(target, Seen::Tls(tls))));
    }
    for (target, results) in expected {
        seen.extend(results.into_iter().map(|tls| observed(target, Seen::Tls(tls))));
    }
    for target in &targets.names {
        let proxy = options.proxies.for_name(&target.name, target.port);
        seen.extend(proxy.map(|proxy| observed(target, Seen::Proxy(proxy))));
    }
    seen.sort();
    seen
}

/// What one try showed holds for the other names on the address: a connection knows no names.
fn not_again(first: &Tls) -> Tls {
    // Without a first try there is no repetition to report.
    if first.outcome == TlsOutcome::NotTried {
        return first.clone();
    }
    let why = first.detail.as_ref().map_or_else(String::new, |detail| format!("{detail}; "));
    Tls { detail: Some(format!("{why}tried once for all names of the address")), millis: 0, ..first.clone() }
}

/// One address and port: the names of its handshakes, and the result of the first one.
#[derive(Default)]
struct Door {
    /// The targets (their owner, and the name), each tried once whichever server returned the address.
    names: Mutex<BTreeSet<(String, String)>>,
    first: OnceCell<Tls>,
}

/// What all tries share.
struct Run<'r> {
    options: &'r ProbeOptions,
    trust: &'r Trust,
    end: Instant,
    connecting: TryLimit,
    doors: Mutex<BTreeMap<SocketAddr, Arc<Door>>>,
    progress: &'r dyn Progress,
    started: AtomicUsize,
    done: AtomicUsize,
}

/// What was not finished when the time was up.
const TIME_WAS_UP: &str = "the deadline passed";

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

    /// Each server, asked in each way, and the operating system.
    fn resolvers(&self) -> Vec<Resolver> {
        let further = |server: &&SocketAddr| !self.options.configured.contains(server);
        let configured = self.options.configured.iter().map(|server| (*server, true));
        let further: BTreeSet<&SocketAddr> = self.options.servers.iter().filter(further).collect();
        let servers = configured.chain(further.into_iter().map(|server| (*server, false)));
        let mut resolvers: Vec<Resolver> = servers
            .flat_map(|(server, configured)| {
                [(Transport::Udp, AT_ONCE_UDP), (Transport::Tcp, AT_ONCE_TCP)].map(|(transport, at_once)| {
                    Resolver { server: Some(server), configured, transport, tries: TryLimit::new(at_once) }
                })
            })
            .collect();
        if self.options.system {
            let tries = TryLimit::new(AT_ONCE_SYSTEM);
            resolvers.push(Resolver { server: None, configured: true, transport: Transport::System, tries });
        }
        resolvers
    }

    async fn ask(&self, resolver: &Resolver, target: &Target) -> Dns {
        let what = format!("{} for {}", resolver.label(), target.name);
        self.begin(&what);
        let begun = Instant::now();
        let answer = match resolver.tries.enter(self.end).await {
            TryTurn::TimeIsUp => Answer::because(DnsOutcome::NotTried, TIME_WAS_UP),
            TryTurn::Hopeless => Answer::of(DnsOutcome::GivenUp),
            TryTurn::Yours { _permit } => match self.limit() {
                None => Answer::because(DnsOutcome::NotTried, TIME_WAS_UP),
                Some((limit, cut)) => {
                    let answer = resolver.ask(&target.name, limit).await;
                    if cut && answer.outcome == DnsOutcome::TimedOut {
                        Answer::because(DnsOutcome::NotTried, TIME_WAS_UP)
                    } else {
                        resolver.tries.learn(answer.came());
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
            failed_half: answer.failed_half,
            detail: answer.detail,
            millis: millis(begun),
        }
    }

    /// Opens TLS connections to these addresses for the name, except those that were tried for the name.
    async fn connect_all(&self, target: &Target, addresses: impl IntoIterator<Item = &IpAddr>) -> Vec<Tls> {
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(*address, target.port));
        join_all(addresses.map(|address| self.connect(address, target))).await.into_iter().flatten().collect()
    }

    /// Opens a TLS connection to one address by one name; where nothing answers, it is tried once for all names.
    async fn connect(&self, address: SocketAddr, target: &Target) -> Option<Tls> {
        let door = Arc::clone(locked(&self.doors).entry(address).or_default());
        if !locked(&door.names).insert((target.of.clone(), target.name.clone())) {
            return None;
        }
        let mut is_first = false;
        let first = door.first.get_or_init(|| {
            is_first = true;
            self.connect_as(address, target)
        });
        let first = first.await;
        Some(if is_first {
            first.clone()
        } else if first.outcome.connected() == Some(true) {
            self.connect_as(address, target).await
        } else {
            not_again(first)
        })
    }

    async fn connect_as(&self, address: SocketAddr, target: &Target) -> Tls {
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
        if let TryTurn::Yours { _permit } = self.connecting.enter(self.end).await
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

/// What a lock holds; nothing that could panic is done while it is held.
fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
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
    tries: TryLimit,
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

/// The addresses that a probe of these targets will try to reach, to find the source addresses of this machine.
pub fn destinations(targets: &Targets, servers: &[SocketAddr]) -> Vec<IpAddr> {
    let expected = targets.names.iter().flat_map(|target| target.expected.iter().flatten().copied());
    expected.chain(servers.iter().map(SocketAddr::ip)).collect()
}

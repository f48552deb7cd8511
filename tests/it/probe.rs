//! The probe against servers on loopback that do what servers do in private networks.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hickory_resolver::proto::op::ResponseCode;
use privek_audit::collect::Silent;
use privek_audit::collect::probe::{CLUSTER, ProbeOptions, ProxySettings, Target, Targets, Trust, probe};
use privek_audit::snapshot::observation::{
    Dns, DnsOutcome, Observation, Proxy, Seen, Tls, TlsOutcome, Transport, Vantage,
};

use crate::dns_server::{Asked, Authority, Reply, addresses, authority};
use crate::servers::{closed_port, http, silent};
use crate::tls_servers::{Authorities, Certificate, greeting};

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

/// What a server said over UDP and over TCP.
fn asked(over_tcp: bool, answer: impl Fn(&Asked<'_>) -> Reply + Send + Sync + 'static) -> [Dns; 2] {
    said_within(PATIENCE, &authority(over_tcp, answer))
}

/// What this server said, if a try may take so long.
fn said_within(timeout: Duration, server: &Authority) -> [Dns; 2] {
    // Nothing listens on the port, and no answer names an address that would be tried for long.
    let targets = targets(&[("sts", NAME, None, closed_port())]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let options = ProbeOptions { timeout, ..options(&[server.address]) };
    let seen = dns_of(&run(&targets, &trust, &options));
    let of = |transport| seen.iter().find(|dns| dns.transport == transport).unwrap().clone();
    [of(Transport::Udp), of(Transport::Tcp)]
}

fn outcomes(both: &[Dns; 2]) -> [DnsOutcome; 2] {
    [both[0].outcome, both[1].outcome]
}

#[test]
fn a_split_horizon_shows_as_two_servers_with_two_answers() {
    let inside = authority(true, |asked| addresses(asked, &["127.0.0.2", "127.0.0.3"]));
    let outside = authority(true, |asked| addresses(asked, &["127.0.0.9"]));
    let targets = targets(&[("sts", NAME, None, closed_port())]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let mut options = options(&[outside.address]);
    options.configured = vec![inside.address];
    let seen = dns_of(&run(&targets, &trust, &options));
    assert_eq!(seen.len(), 4, "each server over each transport");
    for dns in seen {
        let inner = dns.server == inside.address.to_string();
        let expected = if inner { "127.0.0.2 127.0.0.3" } else { "127.0.0.9" };
        let given: Vec<String> = dns.addresses.iter().map(ToString::to_string).collect();
        assert_eq!((given.join(" ").as_str(), dns.configured), (expected, inner));
    }
}

#[test]
fn each_way_of_saying_no_is_its_own_outcome() {
    for (code, outcome) in [
        (ResponseCode::NXDomain, DnsOutcome::Nxdomain),
        (ResponseCode::ServFail, DnsOutcome::Servfail),
        (ResponseCode::Refused, DnsOutcome::Refused),
        (ResponseCode::NotImp, DnsOutcome::Failed),
        (ResponseCode::NoError, DnsOutcome::NoData),
    ] {
        assert_eq!(outcomes(&asked(true, move |_| Reply::Code(code))), [outcome; 2]);
    }
}

#[test]
fn a_truncated_answer_is_told_and_the_whole_one_comes_over_tcp() {
    let both =
        asked(
            true,
            |asked| {
                if asked.tcp { addresses(asked, &["127.0.0.2", "127.0.0.3"]) } else { Reply::Truncated }
            },
        );
    assert_eq!(outcomes(&both), [DnsOutcome::Truncated, DnsOutcome::Answered]);
    assert!(both[0].truncated && !both[1].truncated);
    assert_eq!(both[1].addresses.len(), 2);
}

#[test]
fn a_server_without_tcp_answers_over_udp_only() {
    let both = asked(false, |asked| addresses(asked, &["127.0.0.2"]));
    assert_eq!(outcomes(&both), [DnsOutcome::Answered, DnsOutcome::Unreachable]);
    assert_eq!(both[1].detail.as_deref(), Some("the port is closed"));
}

#[test]
fn a_lame_server_is_not_taken_for_one_that_knows_of_no_address() {
    let both = asked(true, |_| Reply::Lame);
    assert_eq!(outcomes(&both), [DnsOutcome::Failed; 2]);
    assert!(both[0].detail.as_ref().unwrap().contains("refers to other servers"));
}

#[test]
fn a_server_that_is_silent_is_asked_thrice_in_one_try_and_garbage_is_no_answer() {
    let server = authority(true, |_| Reply::Silence);
    assert_eq!(outcomes(&said_within(TRY, &server)), [DnsOutcome::TimedOut; 2]);
    // For two kinds of addresses; over TCP nothing is lost.
    assert!(server.questions.load(Ordering::Relaxed) <= 3 * 2 + 2);
    assert_eq!(outcomes(&asked(true, |_| Reply::Garbage)), [DnsOutcome::Malformed; 2]);
}

#[test]
fn a_datagram_that_is_lost_is_asked_again() {
    let first = std::sync::atomic::AtomicUsize::new(0);
    let server = authority(true, move |asked| {
        // The first two datagrams, one for each kind of address.
        if !asked.tcp && first.fetch_add(1, Ordering::Relaxed) < 2 {
            return Reply::Silence;
        }
        addresses(asked, &["127.0.0.2"])
    });
    // It is asked again after a third of the try.
    assert_eq!(outcomes(&said_within(TRY * 5, &server)), [DnsOutcome::Answered; 2]);
}

#[test]
fn a_rebinding_filter_shows_as_a_name_without_addresses_beside_private_ones() {
    // As dnsmasq's `stop-dns-rebind` and unbound's `private-address` do: the name stays, its addresses go.
    let filtering = asked(true, |_| Reply::Records(Vec::new()));
    assert_eq!(outcomes(&filtering), [DnsOutcome::NoData; 2]);
}

#[test]
fn a_chain_of_aliases_is_followed_within_the_answer_and_a_loop_ends() {
    let chain = asked(true, |asked| {
        let record = |owner: &str, data: &str| (owner.to_owned(), data.to_owned());
        let mut records = vec![
            record("b.example.net", "c.example.net"),
            record(asked.name, "B.example.net"),
            // Of somebody who was not asked for.
            record("x.example.net", "127.0.0.9"),
        ];
        if !asked.v6 {
            records.push(record("c.example.net", "127.0.0.2"));
        }
        Reply::Records(records)
    });
    assert_eq!(outcomes(&chain), [DnsOutcome::Answered; 2]);
    assert_eq!(chain[0].aliases, ["b.example.net", "c.example.net"]);
    assert_eq!(chain[0].addresses, BTreeSet::from(["127.0.0.2".parse().unwrap()]));
    let ring = asked(true, |asked| {
        Reply::Records(vec![(asked.name.to_owned(), "b.net".into()), ("b.net".into(), asked.name.to_owned())])
    });
    assert_eq!(outcomes(&ring), [DnsOutcome::NoData; 2]);
}

#[test]
fn a_name_with_ipv6_addresses_only_is_answered() {
    let both = asked(true, |asked| addresses(asked, &["::1"]));
    assert_eq!(outcomes(&both), [DnsOutcome::Answered; 2]);
    assert_eq!(both[0].addresses, BTreeSet::from(["::1".parse().unwrap()]));
    let half = |asked: &Asked<'_>| if asked.v6 { Reply::Silence } else { addresses(asked, &["127.0.0.2"]) };
    let slow = said_within(TRY * 4, &authority(true, half));
    assert_eq!(outcomes(&slow), [DnsOutcome::Answered; 2]);
    assert_eq!(slow[0].detail.as_deref(), Some("the question for IPv6: timed out"));
}

#[test]
fn a_server_that_never_answers_is_not_asked_for_every_name() {
    let server = authority(true, |_| Reply::Silence);
    let names: Vec<String> = (0..120).map(|number| format!("name-{number}.example.net")).collect();
    let port = closed_port();
    let listed: Vec<_> = names.iter().map(|name| ("sts", name.as_str(), None, port)).collect();
    let targets = targets(&listed);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let options = ProbeOptions { timeout: TRY, ..options(&[server.address]) };
    let seen = dns_of(&run(&targets, &trust, &options));
    assert_eq!(seen.len(), 240, "nothing is left out");
    assert!(seen.iter().all(|dns| dns.outcome == DnsOutcome::TimedOut), "and nothing waits for the deadline");
    // Three tries without an answer are enough. 32 names go at once over UDP, two questions each, asked
    // thrice, and four over TCP; two more may begin while the first three of them end one after the other.
    let (over_udp, over_tcp) = (32 + 2, 4 + 2);
    let tried = seen.iter().filter(|dns| dns.detail.is_none()).count();
    assert!(tried <= over_udp + over_tcp, "{tried}");
    let questions = server.questions.load(Ordering::Relaxed);
    assert!(questions <= over_udp * 2 * 3 + over_tcp * 2, "{questions}");
}

#[test]
fn what_the_deadline_cuts_off_is_told_as_not_tried() {
    let server = authority(true, |_| Reply::Silence);
    let targets = targets(&[("sts", NAME, Some("127.0.0.1"), silent_port())]);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let deadline = Duration::from_millis(200);
    let options = ProbeOptions { timeout: PATIENCE * 3, deadline, ..options(&[server.address]) };
    let begun = Instant::now();
    let seen = run(&targets, &trust, &options);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    for dns in dns_of(&seen) {
        assert_eq!((dns.outcome, dns.detail.as_deref()), (DnsOutcome::NotTried, Some("the time was up")));
    }
    let [(_, tls)] = tls_of(&seen).try_into().unwrap();
    assert_eq!(tls.outcome, TlsOutcome::NotTried);
}

/// A port that accepts and says nothing, for as long as the process lasts.
fn silent_port() -> u16 {
    let (listener, port) = silent();
    std::mem::forget(listener);
    port
}

/// What came of one greeting.
fn greeted(of: &str, port: u16, authorities: &Authorities) -> Tls {
    greeted_within(PATIENCE, of, port, authorities)
}

fn greeted_within(timeout: Duration, of: &str, port: u16, authorities: &Authorities) -> Tls {
    let name = if of == CLUSTER { API } else { NAME };
    let mut targets = targets(&[(of, name, Some("127.0.0.1"), port)]);
    targets.certificate_authority = Some(authorities.cluster.pem());
    let trust = Trust::new(&targets, vec![authorities.machine.der()]).unwrap();
    let options = ProbeOptions { timeout, ..options(&[]) };
    let [(_, tls)] = tls_of(&run(&targets, &trust, &options)).try_into().unwrap();
    tls
}

#[test]
fn the_api_is_trusted_by_the_clusters_ca_only_and_endpoints_by_the_machines_only() {
    let authorities = Authorities::new();
    for (of, name) in [(CLUSTER, API), ("sts", NAME)] {
        for (ours, issuer) in [(true, &authorities.cluster), (false, &authorities.machine)] {
            let port = greeting(issuer, &Certificate::of(name));
            let seen = greeted(of, port, &authorities);
            let right = ours == (of == CLUSTER);
            assert_eq!(seen.outcome, if right { TlsOutcome::Trusted } else { TlsOutcome::WrongCa });
            assert_eq!(seen.issuer.as_deref(), Some(issuer.shown()));
        }
    }
}

#[test]
fn a_wrong_name_and_a_wrong_time_are_told_apart() {
    let authorities = Authorities::new();
    let seen = |certificate| greeted(CLUSTER, greeting(&authorities.cluster, &certificate), &authorities);
    let other = seen(Certificate::of("kubernetes.example.net"));
    assert_eq!(
        (other.outcome, other.names),
        (TlsOutcome::WrongName, vec!["kubernetes.example.net".to_owned()])
    );
    assert_eq!(seen(Certificate::of(API).until(2020)).outcome, TlsOutcome::Expired);
    assert_eq!(seen(Certificate::of(API).from(2090)).outcome, TlsOutcome::NotYetValid);
}

#[test]
fn what_speaks_no_tls_says_nothing_or_is_not_there_is_told_apart() {
    let authorities = Authorities::new();
    let plain = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for mut stream in plain.incoming().flatten() {
            let _ = stream.read(&mut [0; 16]);
            let _ = stream.write_all(http("400 Bad Request", "", "").as_bytes());
        }
    });
    assert_eq!(greeted("sts", port, &authorities).outcome, TlsOutcome::NotTls);
    assert_eq!(greeted_within(TRY, "sts", silent_port(), &authorities).outcome, TlsOutcome::Silent);
    assert_eq!(greeted("sts", closed_port(), &authorities).outcome, TlsOutcome::Refused);
    let closing = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = closing.local_addr().unwrap().port();
    std::thread::spawn(move || closing.incoming().for_each(drop));
    assert_eq!(greeted("sts", port, &authorities).outcome, TlsOutcome::Closed);
}

#[test]
fn without_the_clusters_ca_the_api_is_not_judged() {
    let authorities = Authorities::new();
    let port = greeting(&authorities.cluster, &Certificate::of(API));
    let targets = targets(&[(CLUSTER, API, Some("127.0.0.1"), port)]);
    let trust = Trust::new(&targets, vec![authorities.machine.der()]).unwrap();
    let [(_, tls)] = tls_of(&run(&targets, &trust, &options(&[]))).try_into().unwrap();
    assert_eq!(tls.outcome, TlsOutcome::Unjudged);
    assert!(tls.detail.unwrap().contains("CA is not known"));
}

#[test]
fn an_address_that_dns_answers_is_greeted_beside_the_expected_one() {
    let authorities = Authorities::new();
    let port = greeting(&authorities.machine, &Certificate::of(NAME));
    let server = authority(true, |asked| addresses(asked, &["127.0.0.1", "127.0.0.77"]));
    let targets = targets(&[("sts", NAME, Some("127.0.0.1"), port)]);
    let trust = Trust::new(&targets, vec![authorities.machine.der()]).unwrap();
    let seen = tls_of(&run(&targets, &trust, &options(&[server.address])));
    let seen: Vec<(String, TlsOutcome)> =
        seen.into_iter().map(|(_, tls)| (tls.address.to_string(), tls.outcome)).collect();
    assert_eq!(
        seen,
        [("127.0.0.1".to_owned(), TlsOutcome::Trusted), ("127.0.0.77".to_owned(), TlsOutcome::Refused)]
    );
}

#[test]
fn a_blackholed_address_costs_the_time_once_and_not_once_a_name() {
    let blackhole = Blackhole::new();
    let names: Vec<String> = (0..40).map(|number| format!("name-{number}.example.net")).collect();
    // Half of the names have the address from DNS only.
    let expected = |number: usize| (number % 2 == 0).then_some("127.0.0.1");
    let listed = names.iter().enumerate();
    let listed: Vec<_> =
        listed.map(|(number, name)| ("sts", name.as_str(), expected(number), blackhole.port)).collect();
    let targets = targets(&listed);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let server = authority(true, |asked| addresses(asked, &["127.0.0.1"]));
    let options = ProbeOptions { timeout: TRY * 4, ..options(&[server.address]) };
    let begun = Instant::now();
    let seen = tls_of(&run(&targets, &trust, &options));
    let took = begun.elapsed();
    assert_eq!(seen.len(), 40);
    assert!(seen.iter().all(|(_, tls)| tls.outcome == TlsOutcome::TimedOut), "{seen:#?}");
    let tried: Vec<_> = seen.iter().filter(|(_, tls)| tls.detail.is_none()).collect();
    assert_eq!(tried.len(), 1, "the others say that it was tried once for all");
    // One after the other they would take 40 times as long.
    assert!(took >= options.timeout && took < options.timeout * 10, "{took:?}");
}

/// A port that neither accepts nor refuses: its listener's queue is full.
struct Blackhole {
    port: u16,
    _held: (tokio::runtime::Runtime, tokio::net::TcpListener, Vec<std::net::TcpStream>),
}

impl Blackhole {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            socket.listen(1).unwrap()
        });
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
            queue.push(stream);
            assert!(queue.len() < 64, "the queue has an end");
        }
        Self { port: address.port(), _held: (runtime, listener, queue) }
    }
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

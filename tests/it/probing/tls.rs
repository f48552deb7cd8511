//! Who answers on an address, and with which certificate.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use privek_audit::collect::probe::{ProbeOptions, Trust};
use privek_core::observation::{CLUSTER, Tls, TlsOutcome};

use super::{API, NAME, PATIENCE, TRY, options, run, silent_port, targets, tls_of};
use crate::support::authority::{Authority, Reply};
use crate::support::servers::{closed_port, http};
use crate::support::tls_servers::{Authorities, Certificate, serve_tls};

/// The observation of one TLS connection.
fn observed(of: &str, port: u16, authorities: &Authorities) -> Tls {
    observed_within(PATIENCE, of, port, authorities)
}

fn observed_within(timeout: Duration, of: &str, port: u16, authorities: &Authorities) -> Tls {
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
            let port = serve_tls(issuer, &Certificate::of(name));
            let seen = observed(of, port, &authorities);
            let right = ours == (of == CLUSTER);
            assert_eq!(seen.outcome, if right { TlsOutcome::Trusted } else { TlsOutcome::WrongCa });
            assert_eq!(seen.issuer.as_deref(), Some(issuer.shown()));
        }
    }
}

#[test]
fn a_wrong_name_and_a_wrong_time_are_told_apart() {
    let authorities = Authorities::new();
    let seen = |certificate| observed(CLUSTER, serve_tls(&authorities.cluster, &certificate), &authorities);
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
    assert_eq!(observed("sts", port, &authorities).outcome, TlsOutcome::NotTls);
    assert_eq!(observed_within(TRY, "sts", silent_port(), &authorities).outcome, TlsOutcome::Silent);
    assert_eq!(observed("sts", closed_port(), &authorities).outcome, TlsOutcome::Refused);
    let closing = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = closing.local_addr().unwrap().port();
    std::thread::spawn(move || closing.incoming().for_each(drop));
    assert_eq!(observed("sts", port, &authorities).outcome, TlsOutcome::Closed);
}

#[test]
fn without_the_clusters_ca_the_api_is_not_judged() {
    let authorities = Authorities::new();
    let port = serve_tls(&authorities.cluster, &Certificate::of(API));
    let targets = targets(&[(CLUSTER, API, Some("127.0.0.1"), port)]);
    let trust = Trust::new(&targets, vec![authorities.machine.der()]).unwrap();
    let [(_, tls)] = tls_of(&run(&targets, &trust, &options(&[]))).try_into().unwrap();
    assert_eq!(tls.outcome, TlsOutcome::Unjudged);
    assert!(tls.detail.unwrap().contains("CA is unknown"));
}

#[test]
fn an_address_that_dns_answers_is_tried_beside_the_expected_one() {
    let authorities = Authorities::new();
    let port = serve_tls(&authorities.machine, &Certificate::of(NAME));
    let server = Authority::start(|asked| Reply::addresses(asked, &["127.0.0.1", "127.0.0.77"]));
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
    let names = forty_names();
    let listed: Vec<_> =
        names.iter().map(|name| ("sts", name.as_str(), Some("127.0.0.1"), blackhole.port)).collect();
    let targets = targets(&listed);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let options = ProbeOptions { timeout: TRY, ..options(&[]) };
    let begun = Instant::now();
    let seen = tls_of(&run(&targets, &trust, &options));
    let took = begun.elapsed();
    assert_eq!(seen.len(), 40);
    assert!(seen.iter().all(|(_, tls)| tls.outcome == TlsOutcome::TimedOut), "{seen:#?}");
    assert_eq!(tried(&seen), 1, "the others say that it was tried once for all");
    // One after the other they would take 40 times as long.
    assert!(took >= options.timeout && took < options.timeout * 30, "{took:?}");
}

#[test]
fn an_address_that_nobody_answers_on_is_tried_once_whoever_names_it() {
    let names = forty_names();
    let port = closed_port();
    // Half of the names have the address from DNS only.
    let expected = |number: usize| number.is_multiple_of(2).then_some("127.0.0.1");
    let listed = names.iter().enumerate();
    let listed: Vec<_> =
        listed.map(|(number, name)| ("sts", name.as_str(), expected(number), port)).collect();
    let targets = targets(&listed);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let server = Authority::start(|asked| Reply::addresses(asked, &["127.0.0.1"]));
    let seen = tls_of(&run(&targets, &trust, &options(&[server.address])));
    assert_eq!(seen.len(), 40, "each name has the address once, from wherever");
    assert!(seen.iter().all(|(_, tls)| tls.outcome == TlsOutcome::Refused), "{seen:#?}");
    assert_eq!(tried(&seen), 1, "the others say that it was tried once for all");
}

fn forty_names() -> Vec<String> {
    (0..40).map(|number| format!("name-{number}.example.net")).collect()
}

/// How many were tried themselves.
fn tried(seen: &[(String, Tls)]) -> usize {
    seen.iter().filter(|(_, tls)| tls.detail.is_none()).count()
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

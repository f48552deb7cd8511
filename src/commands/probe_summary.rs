//! The observations of a probe, in words; equal outcomes are printed once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use privek_core::observation::{
    CLUSTER, Dns, DnsOutcome, Observation, Proxy, Seen, Tls, TlsOutcome, Transport,
};
use privek_core::report::probe::{Line, NameSeen, ProbeSummary};

/// A DNS server, over a transport.
type Way<'o> = (&'o str, Transport);

/// More names of a certificate than this are not listed.
const MOST_NAMES: usize = 3;

/// Whether an outcome is good by itself, and the outcome in words.
type Outcome = (Option<bool>, String);

/// The observations in words, the cluster's first.
pub(super) fn probe_summary(observations: &[Observation]) -> ProbeSummary {
    let mut names: BTreeMap<(bool, &str, &str), Vec<&Observation>> = BTreeMap::new();
    let mut ways: BTreeMap<Way<'_>, BTreeSet<Outcome>> = BTreeMap::new();
    let mut by_proxy: BTreeMap<&Proxy, usize> = BTreeMap::new();
    for one in observations {
        names.entry((one.of != CLUSTER, &one.of, &one.name)).or_default().push(one);
        match &one.seen {
            // An abandoned query has the outcome of the earlier ones.
            Seen::Dns(dns) if dns.outcome != DnsOutcome::GivenUp => {
                ways.entry(way(dns)).or_default().insert(answer(dns));
            }
            Seen::Proxy(proxy) => *by_proxy.entry(proxy).or_default() += 1,
            Seen::Dns(_) | Seen::Tls(_) => {}
        }
    }
    // A single name has nothing to merge.
    let several = names.len() > 1;
    ways.retain(|_, outcomes| {
        several && outcomes.len() == 1 && outcomes.iter().all(|(good, _)| *good != Some(true))
    });
    by_proxy.retain(|_, times| several && *times == names.len());
    let same = ways.iter().flat_map(|(way, outcomes)| outcomes.iter().map(|outcome| (outcome.clone(), *way)));
    let mut everywhere = by_outcome(same, servers);
    everywhere.extend(by_proxy.keys().map(|proxy| through(proxy)));
    let names = names.into_iter().map(|((_, of, name), seen)| {
        let (mut answers, mut addresses, mut proxies) = (Vec::new(), Vec::new(), Vec::new());
        for one in seen {
            match &one.seen {
                Seen::Dns(dns) if ways.contains_key(&way(dns)) => {}
                Seen::Dns(dns) => answers.push((answer(dns), way(dns))),
                Seen::Tls(tls) => addresses.push((handshake(tls), SocketAddr::new(tls.address, tls.port))),
                Seen::Proxy(proxy) if by_proxy.contains_key(proxy) => {}
                Seen::Proxy(proxy) => proxies.push(through(proxy)),
            }
        }
        let answers = by_outcome(answers.into_iter(), servers);
        let addresses = by_outcome(addresses.into_iter(), |addresses| {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        });
        let well = match (answers.as_slice(), addresses.as_slice()) {
            ([answer], [handshake]) if [answer, handshake].iter().all(|line| line.good == Some(true)) => {
                Some(answer.outcome.clone()).filter(|_| proxies.iter().all(|line| line.good == Some(true)))
            }
            _ => None,
        };
        let lines = answers.into_iter().chain(addresses).chain(proxies).collect();
        NameSeen { name: name.to_owned(), of: of.to_owned(), lines, well }
    });
    ProbeSummary { everywhere, names: names.collect() }
}

fn through(proxy: &Proxy) -> Line {
    Line {
        good: Some(proxy.bypassed),
        place: format!("{} {}", proxy.variable, proxy.proxy),
        outcome: if proxy.bypassed { "exempt (NO_PROXY)" } else { "used for this name" }.to_owned(),
    }
}

/// One line for each outcome, with all servers or addresses of the outcome.
fn by_outcome<P: Ord>(
    seen: impl Iterator<Item = (Outcome, P)>,
    shown: impl Fn(&BTreeSet<P>) -> String,
) -> Vec<Line> {
    let mut outcomes: BTreeMap<Outcome, BTreeSet<P>> = BTreeMap::new();
    for (outcome, place) in seen {
        outcomes.entry(outcome).or_default().insert(place);
    }
    let line =
        |((good, outcome), places): (Outcome, BTreeSet<P>)| Line { good, place: shown(&places), outcome };
    outcomes.into_iter().map(line).collect()
}

fn way(dns: &Dns) -> Way<'_> {
    (&dns.server, dns.transport)
}

/// Each DNS server once, with its transports.
fn servers(ways: &BTreeSet<Way<'_>>) -> String {
    let mut servers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (server, transport) in ways {
        let over = servers.entry(server).or_default();
        if *transport != Transport::System {
            over.push(transport.word());
        }
    }
    let told = servers.into_iter().map(|(server, over)| match over.as_slice() {
        [] => server.to_owned(),
        over => format!("{server} ({})", over.join(", ")),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn answer(dns: &Dns) -> Outcome {
    let mut words = dns.outcome.words().to_owned();
    if !dns.addresses.is_empty() {
        let addresses: Vec<String> = dns.addresses.iter().map(ToString::to_string).collect();
        words = match dns.outcome {
            DnsOutcome::Answered => addresses.join(", "),
            _ => format!("{words}: {}", addresses.join(", ")),
        };
    }
    if let Some(detail) = &dns.detail {
        words = format!("{words} ({detail})");
    }
    let good = match dns.outcome {
        DnsOutcome::Answered => Some(true),
        DnsOutcome::Truncated | DnsOutcome::GivenUp | DnsOutcome::NotTried => None,
        _ => Some(false),
    };
    (good, words)
}

fn handshake(tls: &Tls) -> Outcome {
    let mut words = tls.outcome.words().to_owned();
    if let Some(detail) = &tls.detail {
        words = format!("{words} ({detail})");
    }
    if tls.outcome != TlsOutcome::Trusted {
        if let Some(issuer) = &tls.issuer {
            words = format!("{words}; issued by {issuer}");
        }
        if !tls.names.is_empty() {
            let others = if tls.names.len() > MOST_NAMES { " and others" } else { "" };
            let names: Vec<&str> = tls.names.iter().take(MOST_NAMES).map(String::as_str).collect();
            words = format!("{words}; for {}{others}", names.join(", "));
        }
    }
    let good = match tls.outcome {
        TlsOutcome::Trusted => Some(true),
        TlsOutcome::Unjudged | TlsOutcome::NotTried => None,
        _ => Some(false),
    };
    (good, words)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use privek_core::observation::Vantage;

    use super::*;

    fn seen(name: &str, seen: Seen) -> Observation {
        Observation {
            vantage: Vantage::default(),
            at: String::new(),
            of: "sts".into(),
            name: name.into(),
            essential: true,
            expected: None,
            also_public: None,
            seen,
        }
    }

    fn dns(server: &str, transport: Transport, outcome: DnsOutcome, address: Option<&str>) -> Seen {
        let addresses = address.into_iter().map(|text| text.parse::<IpAddr>().unwrap()).collect();
        Seen::Dns(Dns { server: server.into(), transport, outcome, addresses, ..Dns::default() })
    }

    fn tls(address: &str, outcome: TlsOutcome) -> Seen {
        let address = address.parse().unwrap();
        let (issuer, names) = (None, Vec::new());
        Seen::Tls(Tls { address, port: 443, outcome, detail: None, issuer, names, millis: 0 })
    }

    fn lines(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| format!("{}: {}", line.place, line.outcome)).collect()
    }

    #[test]
    fn a_server_that_is_silent_about_every_name_is_told_once() {
        let mut all = Vec::new();
        for name in ["a.example", "b.example"] {
            for transport in [Transport::Udp, Transport::Tcp] {
                all.push(seen(name, dns("192.0.2.1:53", transport, DnsOutcome::TimedOut, None)));
            }
            all.push(seen(name, dns("system", Transport::System, DnsOutcome::Answered, Some("10.0.0.1"))));
            all.push(seen(name, tls("10.0.0.1", TlsOutcome::Trusted)));
        }
        let told = probe_summary(&all);
        assert_eq!(lines(&told.everywhere), ["192.0.2.1:53 (UDP, TCP): timed out"]);
        for name in &told.names {
            assert_eq!(name.well.as_deref(), Some("10.0.0.1"));
            assert_eq!(lines(&name.lines).len(), 2);
        }
    }

    #[test]
    fn addresses_with_the_same_outcome_share_a_line_and_trouble_is_not_folded() {
        let all = [
            seen("a.example", dns("system", Transport::System, DnsOutcome::Answered, Some("10.0.0.1"))),
            seen("a.example", tls("10.0.0.1", TlsOutcome::TimedOut)),
            seen("a.example", tls("10.0.0.2", TlsOutcome::TimedOut)),
            seen("a.example", tls("10.0.0.3", TlsOutcome::Trusted)),
        ];
        let [name] = probe_summary(&all).names.try_into().unwrap();
        assert_eq!(name.well, None);
        assert_eq!(
            lines(&name.lines),
            ["system: 10.0.0.1", "10.0.0.1:443, 10.0.0.2:443: timed out", "10.0.0.3:443: certificate valid"]
        );
    }
}

//! What servers say, and how often they are asked.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RecordType;
use privek_audit::collect::probe::{ProbeOptions, Trust};
use privek_core::observation::{Dns, DnsOutcome, Family, Transport};

use super::{NAME, PATIENCE, TRY, dns_of, options, run, targets};
use crate::support::authority::{Authority, Question, Reply, alias, record};
use crate::support::servers::closed_port;

/// What a server said over UDP and over TCP.
fn asked(answer: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> [Dns; 2] {
    said_within(PATIENCE, &Authority::start(answer))
}

fn is_v6(question: &Question) -> bool {
    question.kind == RecordType::AAAA
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
    let inside = Authority::start(|asked| Reply::addresses(asked, &["127.0.0.2", "127.0.0.3"]));
    let outside = Authority::start(|asked| Reply::addresses(asked, &["127.0.0.9"]));
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
        assert_eq!(outcomes(&asked(move |_| Reply::Code(code))), [outcome; 2]);
    }
}

#[test]
fn a_truncated_answer_is_told_and_the_whole_one_comes_over_tcp() {
    let both = asked(|asked| {
        if asked.tcp { Reply::addresses(asked, &["127.0.0.2", "127.0.0.3"]) } else { Reply::Truncated }
    });
    assert_eq!(outcomes(&both), [DnsOutcome::Truncated, DnsOutcome::Answered]);
    assert!(both[0].truncated && !both[1].truncated);
    assert_eq!(both[1].addresses.len(), 2);
}

#[test]
fn a_server_without_tcp_answers_over_udp_only() {
    let server = Authority::without_tcp(|asked| Reply::addresses(asked, &["127.0.0.2"]));
    let both = said_within(PATIENCE, &server);
    assert_eq!(outcomes(&both), [DnsOutcome::Answered, DnsOutcome::Unreachable]);
    assert_eq!(both[1].detail.as_deref(), Some("the port is closed"));
}

#[test]
fn a_lame_server_is_not_taken_for_one_that_knows_of_no_address() {
    let both = asked(|_| Reply::Lame);
    assert_eq!(outcomes(&both), [DnsOutcome::Failed; 2]);
    assert!(both[0].detail.as_ref().unwrap().contains("refers to other DNS servers"));
}

#[test]
fn a_server_that_is_silent_is_told_and_garbage_is_no_answer() {
    let server = Authority::start(|_| Reply::Silence);
    assert_eq!(outcomes(&said_within(TRY, &server)), [DnsOutcome::TimedOut; 2]);
    assert_eq!(outcomes(&asked(|_| Reply::Garbage)), [DnsOutcome::Malformed; 2]);
}

#[test]
fn a_datagram_that_is_lost_is_sent_thrice_and_a_question_over_tcp_once() {
    let lost = [(); 2].map(|()| AtomicUsize::new(0));
    let server = Authority::start(move |asked| {
        if !asked.tcp && lost[usize::from(is_v6(asked))].fetch_add(1, Ordering::Relaxed) < 2 {
            return Reply::Silence;
        }
        Reply::addresses(asked, &["127.0.0.2", "::1"])
    });
    let both = said_within(PATIENCE, &server);
    assert_eq!(outcomes(&both), [DnsOutcome::Answered; 2]);
    assert!(both.iter().all(|dns| dns.addresses.len() == 2 && dns.detail.is_none()), "{both:#?}");
    let asked = server.asked();
    for (kind, tcp, times) in [
        (RecordType::A, false, 3),
        (RecordType::AAAA, false, 3),
        (RecordType::A, true, 1),
        (RecordType::AAAA, true, 1),
    ] {
        let count = asked.iter().filter(|asked| (asked.kind, asked.tcp) == (kind, tcp)).count();
        assert_eq!(count, times, "{kind}, over TCP: {tcp}");
    }
}

#[test]
fn an_answer_that_is_late_but_in_time_counts() {
    // For each kind of address: how many datagrams asked for it, and who waits until a second one does.
    let kinds = [(); 2].map(|()| (AtomicUsize::new(0), Barrier::new(3)));
    let server = Authority::start(move |asked| {
        let (datagrams, repeated) = &kinds[usize::from(is_v6(asked))];
        let earlier = if asked.tcp { 0 } else { datagrams.fetch_add(1, Ordering::Relaxed) };
        if earlier < 2 {
            repeated.wait();
        }
        // The repetition itself is not answered.
        if earlier == 0 { Reply::addresses(asked, &["127.0.0.2", "::1"]) } else { Reply::Silence }
    });
    let both = said_within(PATIENCE, &server);
    assert_eq!(outcomes(&both), [DnsOutcome::Answered; 2]);
    assert!(both.iter().all(|dns| dns.addresses.len() == 2 && dns.detail.is_none()), "{both:#?}");
}

#[test]
fn a_chain_of_aliases_is_followed_within_the_answer_and_a_loop_ends() {
    let chain = asked(|asked| {
        let mut records = vec![
            alias("b.example.net", "c.example.net"),
            alias(&asked.name, "B.example.net"),
            // Of somebody who was not asked for.
            record("x.example.net", "127.0.0.9"),
        ];
        if !is_v6(asked) {
            records.push(record("c.example.net", "127.0.0.2"));
        }
        Reply::Records(records)
    });
    assert_eq!(outcomes(&chain), [DnsOutcome::Answered; 2]);
    assert_eq!(chain[0].aliases, ["b.example.net", "c.example.net"]);
    assert_eq!(chain[0].addresses, BTreeSet::from(["127.0.0.2".parse().unwrap()]));
    let ring = asked(|asked| {
        Reply::Records(vec![alias(&asked.name, "b.example.net"), alias("b.example.net", &asked.name)])
    });
    assert_eq!(outcomes(&ring), [DnsOutcome::NoData; 2]);
}

#[test]
fn a_name_with_ipv6_addresses_only_is_answered() {
    let both = asked(|asked| Reply::addresses(asked, &["::1"]));
    assert_eq!(outcomes(&both), [DnsOutcome::Answered; 2]);
    assert_eq!(both[0].addresses, BTreeSet::from(["::1".parse().unwrap()]));
}

#[test]
fn a_question_that_is_refused_beside_one_that_is_answered_is_told() {
    let both = asked(|asked| {
        if is_v6(asked) {
            Reply::Code(ResponseCode::ServFail)
        } else {
            Reply::addresses(asked, &["127.0.0.2"])
        }
    });
    assert_eq!(outcomes(&both), [DnsOutcome::Answered; 2]);
    for dns in both {
        assert_eq!(dns.failed_half, Some(Family::Ipv6));
        let told = format!("the query for IPv6: {}", DnsOutcome::Servfail.words());
        assert_eq!(dns.detail, Some(told));
    }
}

#[test]
fn a_server_that_never_answers_is_not_asked_for_every_name() {
    let server = Authority::start(|_| Reply::Silence);
    let names: Vec<String> = (0..120).map(|number| format!("name-{number}.example.net")).collect();
    let port = closed_port();
    let listed: Vec<_> = names.iter().map(|name| ("sts", name.as_str(), None, port)).collect();
    let targets = targets(&listed);
    let trust = Trust::new(&targets, Vec::new()).unwrap();
    let options = ProbeOptions { timeout: TRY, ..options(&[server.address]) };
    let seen = dns_of(&run(&targets, &trust, &options));
    assert_eq!(seen.len(), 240, "nothing is left out");
    let count = |outcome| seen.iter().filter(|dns| dns.outcome == outcome).count();
    let (tried, given_up) = (count(DnsOutcome::TimedOut), count(DnsOutcome::GivenUp));
    assert_eq!(tried + given_up, 240, "and nothing waits for the deadline");
    // Three tries without an answer are enough. 32 names go at once over UDP, two questions each, asked
    // thrice, and four over TCP; two more may begin while the first three of them end one after the other.
    let (over_udp, over_tcp) = (32 + 2, 4 + 2);
    assert!(tried <= over_udp + over_tcp, "{tried}");
    let questions = server.asked().len();
    assert!(questions <= over_udp * 2 * 3 + over_tcp * 2, "{questions}");
}

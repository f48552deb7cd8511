//! A name as it was seen from one place, as a subject of rules.

use std::collections::BTreeSet;
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::Serialize;

use crate::network::Known;
use crate::snapshot::observation::{Proxy, Seen, TlsOutcome, VantageKind};

use super::super::endpoints::both;
use super::super::{Context, Fact, Subject, names};
use super::greeted::{Greeted, Greetings};
use super::resolved::{Answers, Resolver, are_private};
use super::{KIND, Sight, paper, place};

/// What rules see of a name that was probed from one place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
// Each is a field that rules read.
#[allow(clippy::struct_excessive_bools)]
pub(in crate::facts) struct ObservedNameFacts {
    /// The name and the place: `NAME@VANTAGE`.
    id: String,
    /// The host name.
    name: String,
    /// `cluster`, or the suffix of the service that it is a name of.
    of: String,
    /// Whether it is the cluster's API.
    of_cluster: bool,
    /// Where it was probed from: the name that was given, or the host's.
    vantage: String,
    /// Whether that is a pod.
    in_pod: bool,
    /// When.
    at: String,
    /// Whether nodes cannot work without it.
    essential: bool,
    /// Whether it has to work there: the API everywhere, services where nodes and pods of the cluster run.
    needed_here: Fact<bool>,
    /// Each resolver, asked in each way.
    resolvers: Vec<Resolver>,
    /// Whether programs there get an address for it.
    resolves: Fact<bool>,
    /// Why they get none.
    failure: String,
    /// The addresses that programs there get.
    answers: Vec<String>,
    /// The private addresses that it should have.
    expected: Fact<Vec<String>>,
    /// Whether it has to lead to these there: the API of a cluster with public access may lead elsewhere.
    private_expected: Fact<bool>,
    /// Whether there are addresses in the answer, and all are private.
    private: bool,
    /// Addresses in the answer that are not among those that it should have.
    foreign: Fact<Vec<String>>,
    /// Addresses that it should have, and that are not in the answer.
    absent: Fact<Vec<String>>,
    /// Servers that gave no answer at all, or no address where others gave one.
    silent_resolvers: Fact<Vec<String>>,
    /// Servers that gave other addresses than programs there get, where one of the two is private.
    differing_resolvers: Fact<Vec<String>>,
    /// Servers that answered over UDP and not over TCP.
    resolvers_without_tcp: Fact<Vec<String>>,
    /// Whether one of their answers was cut off, so that TCP is needed.
    tcp_needed: bool,
    /// Servers that know the name and tell no address, though it has private ones.
    filtering_resolvers: Fact<Vec<String>>,
    /// Each address that was greeted.
    addresses: Vec<Greeted>,
    /// Whether there is an address that programs there use.
    has_addresses: Fact<bool>,
    /// Addresses on which no connection came about.
    unreachable: Fact<Vec<String>>,
    /// Whether no address at all could be connected to.
    none_reachable: bool,
    /// Addresses that accept connections and speak no TLS.
    without_tls: Fact<Vec<String>>,
    /// Addresses whose certificate is of another CA than the cluster's, or one that the machine trusts.
    of_other_ca: Fact<Vec<String>>,
    /// Addresses whose certificate is for other names.
    of_other_name: Fact<Vec<String>>,
    /// Addresses whose certificate is not valid at this time, or not at all.
    out_of_date: Fact<Vec<String>>,
    /// Whether programs there go through a proxy for it.
    proxied: bool,
    /// The proxy that they go through; null where they go directly.
    proxy: Option<String>,
    /// The variable that names the proxy.
    proxy_variable: Option<String>,
    /// Whether the place's way to an address was compared with what the network's settings say.
    compared: Fact<bool>,
    /// Where what programs there are told of the name is not what the settings say: DNS attributes, rules,
    /// zones and endpoints (`ResolverRules`, `HostedZonesByVPC`, `VpcEndpoints`).
    told_otherwise: Fact<Vec<String>>,
    /// Addresses that the settings leave open, and that did not answer.
    closed_in_fact: Fact<Vec<String>>,
    /// Addresses that the settings close, and that answered.
    open_in_fact: Fact<Vec<String>>,
}

/// What no certificate was seen of.
const UNSEEN: [TlsOutcome; 8] = [
    TlsOutcome::NotTried,
    TlsOutcome::Unjudged,
    TlsOutcome::TimedOut,
    TlsOutcome::Unreachable,
    TlsOutcome::Refused,
    TlsOutcome::Silent,
    TlsOutcome::Closed,
    TlsOutcome::NotTls,
];

/// A certificate's dates and use are judged before its CA, and that before its name: what fails by one was
/// never judged by the next.
const DATES: [TlsOutcome; 3] = [TlsOutcome::Expired, TlsOutcome::NotYetValid, TlsOutcome::Unusable];

/// The subject of one name and place.
pub(super) fn subject(context: &Context<'_>, sight: &Sight<'_>) -> Subject {
    let place = place::of(context, sight.vantage);
    let answers = Answers::of(sight);
    let given = answers.addresses();
    let of_cluster = sight.of == names::CLUSTER;
    let resolves = answers.resolves();
    let private_expected = private_expected(context, sight, &place.in_vpc);
    // Who has a certificate of the cluster's CA for its name is the API, whatever was read of its addresses.
    let proved = |address: &IpAddr| {
        of_cluster
            && sight.seen.iter().any(|one| match &one.seen {
                Seen::Tls(tls) => tls.address == *address && tls.outcome == TlsOutcome::Trusted,
                Seen::Dns(_) | Seen::Proxy(_) => false,
            })
    };
    let foreign = compared(&private_expected, &resolves, &sight.expected, |expected| {
        given.difference(expected).filter(|address| !proved(address)).copied().collect()
    });
    let absent = compared(&private_expected, &resolves, &sight.expected, |expected| {
        // With nothing in common the answer is another one, not a part.
        if given.is_disjoint(expected) {
            BTreeSet::new()
        } else {
            expected.difference(&given).copied().collect()
        }
    });
    let greetings = Greetings::of(sight, used(&private_expected, &resolves, sight, &given));
    let proxy = proxy(sight);
    let (without_tcp, tcp_needed) = answers.without_tcp();
    let paper = paper::compare(context, &place, greetings.all());
    let unreachable = greetings.wrong(
        &[TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused],
        &[TlsOutcome::NotTried],
    );
    let reached = greetings.all().any(|tls| tls.outcome.connected() == Some(true));
    let told_otherwise =
        resolves.clone().and_then(|_| paper::told_otherwise(context, &place, sight.name, &given));
    let id = format!("{}@{}", sight.name, sight.vantage.name);
    let facts = ObservedNameFacts {
        name: sight.name.to_owned(),
        of: sight.of.to_owned(),
        of_cluster,
        vantage: sight.vantage.name.clone(),
        in_pod: sight.vantage.kind == VantageKind::Pod,
        at: sight.at.to_owned(),
        essential: sight.essential,
        needed_here: Fact(if of_cluster { Ok(true) } else { place.of_cluster.clone() }),
        resolvers: answers.listed(),
        resolves: Fact(resolves),
        failure: answers.failure(),
        answers: texts(&given),
        expected: Fact(sight.expected.as_ref().map(texts).map_err(Clone::clone)),
        private_expected: Fact(private_expected),
        private: !given.is_empty() && are_private(&given),
        foreign: Fact(foreign),
        absent: Fact(absent),
        silent_resolvers: Fact(answers.silent()),
        differing_resolvers: Fact(answers.differing()),
        resolvers_without_tcp: Fact(without_tcp),
        tcp_needed,
        filtering_resolvers: Fact(answers.filtering(&sight.expected)),
        addresses: greetings.listed(&sight.expected),
        has_addresses: Fact(greetings.any()),
        none_reachable: !reached && unreachable.as_ref().is_ok_and(|all| !all.is_empty()),
        unreachable: Fact(unreachable),
        without_tls: Fact(greetings.wrong(
            &[TlsOutcome::NotTls, TlsOutcome::Silent, TlsOutcome::Closed],
            &[TlsOutcome::NotTried, TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused],
        )),
        of_other_ca: Fact(greetings.wrong(&[TlsOutcome::WrongCa], &[&UNSEEN[..], &DATES].concat())),
        of_other_name: Fact(
            greetings
                .wrong(&[TlsOutcome::WrongName], &[&UNSEEN[..], &DATES, &[TlsOutcome::WrongCa]].concat()),
        ),
        out_of_date: Fact(
            greetings.wrong(&[TlsOutcome::Expired, TlsOutcome::NotYetValid, TlsOutcome::Unusable], &UNSEEN),
        ),
        proxied: proxy.is_some(),
        proxy: proxy.map(|proxy| proxy.proxy.clone()),
        proxy_variable: proxy.map(|proxy| proxy.variable.clone()),
        compared: Fact(paper.compared),
        told_otherwise: Fact(told_otherwise),
        closed_in_fact: Fact(paper.closed_in_fact),
        open_in_fact: Fact(paper.open_in_fact),
        id,
    };
    Subject::new(KIND, &facts.id, None, &facts)
}

/// Whether the name has to lead to the private addresses from there.
///
/// With public access as well, the API resolves to public addresses outside the VPC
/// (<https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>).
fn private_expected(context: &Context<'_>, sight: &Sight<'_>, in_vpc: &Known<bool>) -> Known<bool> {
    let some = sight.expected.as_ref().map(|expected| !expected.is_empty()).map_err(Clone::clone);
    if sight.of != names::CLUSTER {
        return both(some, in_vpc.clone());
    }
    let public = match context.public_access() {
        Err(_) if context.snapshot.read_nothing() => Ok(sight.also_public),
        known => known,
    };
    let forced = match public {
        Ok(false) => Ok(true),
        Ok(true) => in_vpc.clone(),
        Err(missing) => match in_vpc {
            Ok(true) => Ok(true),
            _ => Err(missing),
        },
    };
    both(some, forced)
}

/// The addresses that programs there use: the answer, and where it has to be these, all that it should have.
fn used(
    private_expected: &Known<bool>,
    resolves: &Known<bool>,
    sight: &Sight<'_>,
    given: &BTreeSet<IpAddr>,
) -> Known<BTreeSet<IpAddr>> {
    let mut used = given.clone();
    match (private_expected, &sight.expected) {
        (Ok(true), Ok(expected)) => used.extend(expected),
        (Err(missing), _) if used.is_empty() => return Err(missing.clone()),
        _ => {}
    }
    match resolves {
        Err(missing) if used.is_empty() => Err(missing.clone()),
        _ => Ok(used),
    }
}

/// A comparison of the answer with what it should be; nothing where there is none, or it may be anything.
fn compared(
    private_expected: &Known<bool>,
    resolves: &Known<bool>,
    expected: &Known<BTreeSet<IpAddr>>,
    compare: impl Fn(&BTreeSet<IpAddr>) -> BTreeSet<IpAddr>,
) -> Known<Vec<String>> {
    if both(private_expected.clone(), resolves.clone())? {
        expected.as_ref().map(|expected| texts(&compare(expected))).map_err(Clone::clone)
    } else {
        Ok(Vec::new())
    }
}

fn texts(addresses: &BTreeSet<IpAddr>) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// The proxy that stands in between, unless the name is exempt.
fn proxy<'o>(sight: &Sight<'o>) -> Option<&'o Proxy> {
    sight.seen.iter().find_map(|one| match &one.seen {
        Seen::Proxy(proxy) if !proxy.bypassed => Some(proxy),
        _ => None,
    })
}

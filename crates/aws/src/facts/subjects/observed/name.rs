//! A name as it was seen from one place, as a subject of rules.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{self, Known, Missing};
use privek_core::observation::{CLUSTER, Proxy, Seen, TlsOutcome, VantageKind};
use privek_core::subject::{Fact, Subject};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;

use super::dns::{DnsAnswers, Resolver, are_private};
use super::expected;
use super::sight::{NAME, Sight};
use super::tls::{HandshakeFacts, Handshakes};

/// What rules see of a name that was probed from one place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
// Each is a field that rules read.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct ObservedNameFacts {
    /// The name and the place of the probe: `NAME@VANTAGE`, and `cluster@VANTAGE` for the cluster API
    /// endpoint.
    id: String,
    /// The host name.
    name: String,
    /// `cluster`, or the suffix of the AWS service that the name belongs to.
    of: String,
    /// Whether the name is the name of the cluster API endpoint.
    of_cluster: bool,
    /// The place of the probe: the given name, or the host name.
    vantage: String,
    /// Whether the probe ran in a pod.
    in_pod: bool,
    /// The time at which the probe began.
    at: String,
    /// Whether nodes cannot work without the name.
    essential: bool,
    /// Whether the name has to work at the place of the probe: the cluster API endpoint everywhere, AWS
    /// services where nodes or pods run.
    needed_here: Fact<bool>,
    /// Each DNS server that the probe queried for the name, once for each transport.
    resolvers: Vec<Resolver>,
    /// Whether the name resolves to an address at the place of the probe.
    resolves: Fact<bool>,
    /// The DNS result if the name does not resolve to an address.
    failure: String,
    /// The addresses that the name resolves to at the place of the probe.
    answers: Vec<String>,
    /// The private addresses that the name should resolve to.
    expected: Fact<Vec<String>>,
    /// Whether the name has to resolve to private addresses at the place of the probe. Exceptions outside the
    /// VPC: a cluster API endpoint with public access, and AWS services.
    private_expected: Fact<bool>,
    /// Whether the name resolves to addresses, and all the addresses are private.
    private: bool,
    /// Addresses in the DNS answer that are not among the expected addresses of the name.
    foreign: Fact<Vec<String>>,
    /// Whether every unexpected address in the DNS answer presents a certificate of the cluster's CA: the
    /// API's public addresses.
    foreign_answers: bool,
    /// Expected addresses of the name that are not in the DNS answer.
    absent: Fact<Vec<String>>,
    /// Addresses in the DNS answer that are not expected, but present a certificate of the cluster's CA for
    /// the API.
    moved_to: Fact<Vec<String>>,
    /// Each address to which the probe tried to open a TLS connection.
    addresses: Vec<HandshakeFacts>,
    /// Whether the name has an address that programs at the place of the probe use or should use.
    has_addresses: Fact<bool>,
    /// Addresses of the name that accept no TCP connection.
    unreachable: Fact<Vec<String>>,
    /// Whether no address of the name accepts a TCP connection.
    none_reachable: bool,
    /// Addresses of the name that accept TCP connections and do not answer with TLS.
    without_tls: Fact<Vec<String>>,
    /// Addresses whose certificate is neither of the cluster's CA nor of a CA that the machine trusts.
    of_other_ca: Fact<Vec<String>>,
    /// Addresses whose certificate is for other names.
    of_other_name: Fact<Vec<String>>,
    /// Addresses whose certificate is expired or not valid yet.
    out_of_date: Fact<Vec<String>>,
    /// Addresses whose certificate clients cannot use, for a reason other than dates, CA and names.
    unusable: Fact<Vec<String>>,
    /// Addresses of the name that answer with TLS and refuse the handshake.
    rejecting: Fact<Vec<String>>,
    /// Whether programs at the place of the probe use a proxy for the name.
    proxied: bool,
    /// The proxy that programs at the place of the probe use for the name; null without a proxy.
    proxy: Option<String>,
    /// The environment variable that names the proxy.
    proxy_variable: Option<String>,
    /// Whether the network path from the place of the probe was compared with AWS's settings.
    compared: Fact<bool>,
    /// Whether the DNS answer at the place of the probe was compared with AWS's settings.
    names_compared: Fact<bool>,
    /// Differences between the DNS answer and AWS's settings: DNS attributes, resolver rules, hosted zones
    /// and VPC endpoints (`ResolverRules`, `HostedZonesByVPC`, `VpcEndpoints`).
    told_otherwise: Fact<Vec<String>>,
    /// Addresses of the name that AWS's settings allow and that did not answer.
    closed_in_fact: Fact<Vec<String>>,
    /// Addresses of the name that AWS's settings block and that answered.
    open_in_fact: Fact<Vec<String>>,
}

/// After these no certificate was judged.
const UNSEEN: [TlsOutcome; 9] = [
    TlsOutcome::NotTried,
    TlsOutcome::Unjudged,
    TlsOutcome::TimedOut,
    TlsOutcome::Unreachable,
    TlsOutcome::Refused,
    TlsOutcome::Silent,
    TlsOutcome::Closed,
    TlsOutcome::Rejected,
    TlsOutcome::NotTls,
];

/// After these no answer was awaited.
const UNCONNECTED: [TlsOutcome; 4] =
    [TlsOutcome::NotTried, TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused];

/// A certificate's dates and use are judged before its CA, and that before its name: what fails by one was
/// never judged by the next.
const DATES: [TlsOutcome; 3] = [TlsOutcome::Expired, TlsOutcome::NotYetValid, TlsOutcome::Unusable];

/// The subject of one name and place.
pub(crate) fn subject(context: &Context<'_>, sight: &Sight<'_>) -> Subject {
    let place = &sight.place;
    let answers = DnsAnswers::of(sight);
    let given = answers.addresses();
    let of_cluster = sight.of == CLUSTER;
    let resolves = answers.resolves();
    let private_expected = private_expected(context, sight);
    let proved = proved(context, sight);
    let moved_to = moved(sight, &proved, &given);
    let has_moved = moved_to.as_ref().is_ok_and(|moved| !moved.is_empty());
    let foreign =
        compared(&private_expected, &resolves, &sight.expected, |expected| &(&given - expected) - &proved);
    let absent = compared(&private_expected, &resolves, &sight.expected, |expected| {
        // With nothing in common the answer is another one, not a part; and what is old is not awaited.
        if has_moved || given.is_disjoint(expected) { BTreeSet::new() } else { expected - &given }
    });
    let handshakes = Handshakes::of(sight, used(&private_expected, &resolves, sight, (&given, &proved)));
    let proxy = proxy(sight);
    let compared_handshakes = handshakes
        .all()
        .filter(|tls| !handshakes.is_beyond(tls.address) && (!has_moved || given.contains(&tls.address)));
    let paper = expected::compare(context, place, compared_handshakes);
    let unreachable = handshakes.wrong(
        &[TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused],
        &[TlsOutcome::NotTried],
    );
    let reached = handshakes.all().any(|tls| tls.outcome.connected() == Some(true));
    let told_otherwise = resolves.clone().and_then(|_| {
        if has_moved { Ok(None) } else { expected::told_otherwise(context, place, sight.name, &given) }
    });
    let facts = ObservedNameFacts {
        id: format!("{}@{}", if of_cluster { sight.of } else { sight.name }, sight.called),
        name: sight.name.to_owned(),
        of: sight.of.to_owned(),
        of_cluster,
        vantage: sight.called.clone(),
        in_pod: sight.vantage.kind == VantageKind::Pod,
        at: sight.at.to_owned(),
        essential: sight.essential,
        needed_here: Fact(sight.needed_here()),
        resolvers: answers.listed(),
        resolves: Fact(resolves),
        failure: answers.failure(),
        answers: texts(&given),
        expected: Fact(sight.expected.as_ref().map(texts).map_err(Clone::clone)),
        private_expected: Fact(private_expected),
        private: !given.is_empty() && are_private(&given),
        foreign_answers: foreign.as_ref().is_ok_and(|foreign| all_trusted(sight, foreign)),
        foreign: Fact(foreign),
        absent: Fact(absent),
        moved_to: Fact(moved_to),
        addresses: handshakes.listed(&sight.expected),
        has_addresses: Fact(handshakes.any()),
        none_reachable: !reached && unreachable.as_ref().is_ok_and(|all| !all.is_empty()),
        unreachable: Fact(unreachable),
        without_tls: Fact(
            handshakes.wrong(&[TlsOutcome::NotTls, TlsOutcome::Silent, TlsOutcome::Closed], &UNCONNECTED),
        ),
        of_other_ca: Fact(handshakes.wrong(&[TlsOutcome::WrongCa], &[&UNSEEN[..], &DATES].concat())),
        of_other_name: Fact(
            handshakes
                .wrong(&[TlsOutcome::WrongName], &[&UNSEEN[..], &DATES, &[TlsOutcome::WrongCa]].concat()),
        ),
        out_of_date: Fact(handshakes.wrong(&[TlsOutcome::Expired, TlsOutcome::NotYetValid], &UNSEEN)),
        unusable: Fact(handshakes.wrong(&[TlsOutcome::Unusable], &UNSEEN)),
        rejecting: Fact(handshakes.wrong(&[TlsOutcome::Rejected], &UNCONNECTED)),
        proxied: proxy.is_some(),
        proxy: proxy.map(|proxy| proxy.proxy.clone()),
        proxy_variable: proxy.map(|proxy| proxy.variable.clone()),
        compared: Fact(paper.compared),
        names_compared: Fact(told_otherwise.as_ref().map(Option::is_some).map_err(Clone::clone)),
        told_otherwise: Fact(told_otherwise.map(Option::unwrap_or_default)),
        closed_in_fact: Fact(paper.closed_in_fact),
        open_in_fact: Fact(paper.open_in_fact),
    };
    Subject::new(NAME, &facts.id, None, &facts)
}

/// The addresses that showed a certificate of the cluster's CA for the API's name.
fn trusted(sight: &Sight<'_>) -> impl Iterator<Item = IpAddr> {
    let of_cluster = sight.of == CLUSTER;
    sight.seen.iter().filter_map(move |one| match &one.seen {
        Seen::Tls(tls) if of_cluster && tls.outcome == TlsOutcome::Trusted => Some(tls.address),
        _ => None,
    })
}

/// Whether each of these addresses, one at least, is among them.
fn all_trusted(sight: &Sight<'_>, addresses: &[String]) -> bool {
    let trusted = texts(&trusted(sight).collect());
    !addresses.is_empty() && addresses.iter().all(|address| trusted.contains(address))
}

/// Those of them that the API has beside its public ones, whatever was read of its addresses.
fn proved(context: &Context<'_>, sight: &Sight<'_>) -> BTreeSet<IpAddr> {
    let only_private = public(context, sight) == Ok(false);
    let vpc = context.vpc.as_ref().ok().and_then(|vpc| context.network.vpc_cidrs(vpc).ok());
    let in_vpc = |address: &IpAddr| vpc.iter().flatten().any(|cidr| cidr.contains(address));
    trusted(sight)
        .filter(|address| only_private || are_private(&BTreeSet::from([*address])) || in_vpc(address))
        .collect()
}

/// The addresses of the API in DNS answers that were not read from AWS.
fn moved(sight: &Sight<'_>, proved: &BTreeSet<IpAddr>, given: &BTreeSet<IpAddr>) -> Known<Vec<String>> {
    let expected = sight.expected.as_ref().map_err(Clone::clone)?;
    Ok(texts(&(&(proved & given) - expected)))
}

/// Whether the API has public addresses as well.
fn public(context: &Context<'_>, sight: &Sight<'_>) -> Known<bool> {
    match (context.public_access(), sight.also_public) {
        (Err(_), Some(told)) if context.snapshot.read_nothing() => Ok(told),
        (Err(_), None) if context.snapshot.read_nothing() => Err(vec![Missing::probe(
            "public access of the cluster API endpoint; `also_public` is not set in the probe results",
        )]),
        (known, _) => known,
    }
}

/// Whether the name has to resolve to the private addresses there.
///
/// With public access as well, the API resolves to public addresses outside the VPC
/// (<https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>).
fn private_expected(context: &Context<'_>, sight: &Sight<'_>) -> Known<bool> {
    let in_vpc = &sight.place.in_vpc;
    let some = sight.expected.as_ref().map(|expected| !expected.is_empty()).map_err(Clone::clone);
    if sight.of != CLUSTER {
        return known::and(some, in_vpc.clone());
    }
    let forced = match public(context, sight) {
        Ok(false) => Ok(true),
        Ok(true) => in_vpc.clone(),
        Err(missing) => match in_vpc {
            Ok(true) => Ok(true),
            _ => Err(missing),
        },
    };
    known::and(some, forced)
}

/// The addresses that programs there use. Where the name has to resolve to the expected addresses, another
/// answer is a fault of its own, and the expected ones are judged, because the path to them may be blocked as
/// well; an address in no DNS answer is not used.
fn used(
    private_expected: &Known<bool>,
    resolves: &Known<bool>,
    sight: &Sight<'_>,
    (given, proved): (&BTreeSet<IpAddr>, &BTreeSet<IpAddr>),
) -> Known<BTreeSet<IpAddr>> {
    let used = match (private_expected, &sight.expected) {
        (Ok(true), Ok(expected)) => {
            let right = given & &(expected | proved);
            if right.is_empty() { expected.clone() } else { right }
        }
        (Err(_), Ok(expected)) if given.is_empty() => expected.clone(),
        (Err(missing), _) if given.is_empty() => return Err(missing.clone()),
        _ => given.clone(),
    };
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
    if known::and(private_expected.clone(), resolves.clone())? {
        expected.as_ref().map(|expected| texts(&compare(expected))).map_err(Clone::clone)
    } else {
        Ok(Vec::new())
    }
}

fn texts(addresses: &BTreeSet<IpAddr>) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

/// The proxy for the name, unless the name is exempt.
fn proxy<'o>(sight: &Sight<'o>) -> Option<&'o Proxy> {
    sight.seen.iter().find_map(|one| match &one.seen {
        Seen::Proxy(proxy) if !proxy.bypassed => Some(proxy),
        _ => None,
    })
}

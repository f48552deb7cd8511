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
use super::tls::{Greeted, Greetings};

/// What rules see of a name that was probed from one place.
#[derive(Clone, Debug, Serialize, JsonSchema)]
// Each is a field that rules read.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct ObservedNameFacts {
    /// The name and the place: `NAME@VANTAGE`, and `cluster@VANTAGE` for the API.
    id: String,
    /// The host name.
    name: String,
    /// `cluster`, or the suffix of the service that it is a name of.
    of: String,
    /// Whether it is the cluster's API.
    of_cluster: bool,
    /// Where it was probed from: the name that was given, or the host's.
    vantage: String,
    /// Whether the place that it was probed from is a pod.
    in_pod: bool,
    /// When the probe began.
    at: String,
    /// Whether nodes cannot work without it.
    essential: bool,
    /// Whether it has to work there: the API everywhere, services where nodes and pods of the cluster run.
    needed_here: Fact<bool>,
    /// Each resolver, asked in each way.
    resolvers: Vec<Resolver>,
    /// Whether programs there get an address for it.
    resolves: Fact<bool>,
    /// What programs there are told where they get no address for it.
    failure: String,
    /// The addresses that programs there get.
    answers: Vec<String>,
    /// The private addresses that it should have.
    expected: Fact<Vec<String>>,
    /// Whether it has to lead to its private addresses there: the API of a cluster with public access may lead
    /// elsewhere, and services outside the VPC.
    private_expected: Fact<bool>,
    /// Whether there are addresses in the answer, and all are private.
    private: bool,
    /// Addresses in the answer that are not among those that it should have.
    foreign: Fact<Vec<String>>,
    /// Whether all of these prove by a certificate of the cluster's CA that they are the API's: its public ones.
    foreign_answers: bool,
    /// Addresses that it should have, and that are not in the answer.
    absent: Fact<Vec<String>>,
    /// Addresses in the answer that are not among those that it should have, and prove by a certificate of
    /// the cluster's CA that they are the API's.
    moved_to: Fact<Vec<String>>,
    /// Each address that was greeted.
    addresses: Vec<Greeted>,
    /// Whether there is an address that programs there use or should use.
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
    /// Addresses whose certificate is not valid at this time.
    out_of_date: Fact<Vec<String>>,
    /// Addresses whose certificate clients cannot use, for another reason than its dates, CA and names.
    unusable: Fact<Vec<String>>,
    /// Addresses that speak TLS and refuse the handshake.
    rejecting: Fact<Vec<String>>,
    /// Whether programs there go through a proxy for it.
    proxied: bool,
    /// The proxy that programs there go through for it; null where they go directly.
    proxy: Option<String>,
    /// The environment variable that names the proxy.
    proxy_variable: Option<String>,
    /// Whether the place's way to an address was compared with what the network's settings say.
    compared: Fact<bool>,
    /// Whether what programs there are told of the name was compared with what the settings say.
    names_compared: Fact<bool>,
    /// Where what programs there are told of the name is not what the settings say: DNS attributes, rules,
    /// zones and endpoints (`ResolverRules`, `HostedZonesByVPC`, `VpcEndpoints`).
    told_otherwise: Fact<Vec<String>>,
    /// Addresses that the settings leave open, and that did not answer.
    closed_in_fact: Fact<Vec<String>>,
    /// Addresses that the settings close, and that answered.
    open_in_fact: Fact<Vec<String>>,
}

/// After these nobody has judged a certificate.
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
    let foreign_answers = foreign.as_ref().is_ok_and(|foreign| {
        let trusted = texts(&trusted(sight).collect());
        !foreign.is_empty() && foreign.iter().all(|address| trusted.contains(address))
    });
    let greetings = Greetings::of(sight, used(&private_expected, &resolves, sight, (&given, &proved)));
    let proxy = proxy(sight);
    let compared_greetings = greetings
        .all()
        .filter(|tls| !greetings.is_beyond(tls.address) && (!has_moved || given.contains(&tls.address)));
    let paper = expected::compare(context, place, compared_greetings);
    let unreachable = greetings.wrong(
        &[TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused],
        &[TlsOutcome::NotTried],
    );
    let reached = greetings.all().any(|tls| tls.outcome.connected() == Some(true));
    let told_otherwise = resolves.clone().and_then(|_| {
        if has_moved { Ok(None) } else { expected::told_otherwise(context, place, sight.name, &given) }
    });
    let unconnected =
        [TlsOutcome::NotTried, TlsOutcome::TimedOut, TlsOutcome::Unreachable, TlsOutcome::Refused];
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
        foreign: Fact(foreign),
        foreign_answers,
        absent: Fact(absent),
        moved_to: Fact(moved_to),
        addresses: greetings.listed(&sight.expected),
        has_addresses: Fact(greetings.any()),
        none_reachable: !reached && unreachable.as_ref().is_ok_and(|all| !all.is_empty()),
        unreachable: Fact(unreachable),
        without_tls: Fact(
            greetings.wrong(&[TlsOutcome::NotTls, TlsOutcome::Silent, TlsOutcome::Closed], &unconnected),
        ),
        of_other_ca: Fact(greetings.wrong(&[TlsOutcome::WrongCa], &[&UNSEEN[..], &DATES].concat())),
        of_other_name: Fact(
            greetings
                .wrong(&[TlsOutcome::WrongName], &[&UNSEEN[..], &DATES, &[TlsOutcome::WrongCa]].concat()),
        ),
        out_of_date: Fact(greetings.wrong(&[TlsOutcome::Expired, TlsOutcome::NotYetValid], &UNSEEN)),
        unusable: Fact(greetings.wrong(&[TlsOutcome::Unusable], &UNSEEN)),
        rejecting: Fact(greetings.wrong(&[TlsOutcome::Rejected], &unconnected)),
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

/// Those of them that the API has beside its public ones, whatever was read of its addresses.
fn proved(context: &Context<'_>, sight: &Sight<'_>) -> BTreeSet<IpAddr> {
    let only_private = public(context, sight) == Ok(false);
    let vpc = context.vpc.as_ref().ok().and_then(|vpc| context.network.vpc_cidrs(vpc).ok());
    let in_vpc = |address: &IpAddr| vpc.iter().flatten().any(|cidr| cidr.contains(address));
    trusted(sight)
        .filter(|address| only_private || are_private(&BTreeSet::from([*address])) || in_vpc(address))
        .collect()
}

/// The addresses of the API that programs are told, and that were not read.
fn moved(sight: &Sight<'_>, proved: &BTreeSet<IpAddr>, given: &BTreeSet<IpAddr>) -> Known<Vec<String>> {
    let expected = sight.expected.as_ref().map_err(Clone::clone)?;
    Ok(texts(&(&(proved & given) - expected)))
}

/// Whether the API has public addresses as well.
fn public(context: &Context<'_>, sight: &Sight<'_>) -> Known<bool> {
    match (context.public_access(), sight.also_public) {
        (Err(_), Some(told)) if context.snapshot.read_nothing() => Ok(told),
        (Err(_), None) if context.snapshot.read_nothing() => Err(vec![Missing::probe(
            "whether the API has public access as well: `also_public` of what was probed says nothing",
        )]),
        (known, _) => known,
    }
}

/// Whether the name has to lead to the private addresses from there.
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

/// The addresses that programs there use. Where the name has to lead to those that it should have, an
/// answer that leads elsewhere is a fault of its own, and the right ones are looked at, for the way to them
/// may be closed as well; what is not told to anybody is not used.
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

/// The proxy that stands in between, unless the name is exempt.
fn proxy<'o>(sight: &Sight<'o>) -> Option<&'o Proxy> {
    sight.seen.iter().find_map(|one| match &one.seen {
        Seen::Proxy(proxy) if !proxy.bypassed => Some(proxy),
        _ => None,
    })
}

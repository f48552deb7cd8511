//! A DNS server as it answered to one place: one subject for all the names that it was asked for, for what is
//! wrong with a server is as a rule wrong for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use privek_core::known::Missing;
use privek_core::observation::{CLUSTER, Dns, DnsOutcome, Transport};
use privek_core::subject::{Fact, Subject};
use schemars::JsonSchema;
use serde::Serialize;

use super::dns::{DnsAnswers, are_private, told};
use super::sight::{RESOLVER, Sight};

/// What rules see of a DNS server that was asked from one place. Names that do not have to work there do not
/// count.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ObservedResolverFacts {
    /// The DNS server and the place of the probe: `ADDRESS:PORT@VANTAGE`.
    id: String,
    /// The address and port of the DNS server.
    server: String,
    /// The place of the probe: the given name, or the host name.
    vantage: String,
    /// Whether programs at the place of the probe use the DNS server; false if only the probe was configured
    /// with the server.
    configured: bool,
    /// The number of names that the probe queried.
    asked: usize,
    /// The number of names for which the DNS server answered, including answers without a name or address.
    answered: Fact<usize>,
    /// DNS results of names without an answer, without an address that other servers return, or without an
    /// answer over UDP; programs query over UDP first.
    silent: Fact<Vec<String>>,
    /// DNS results over TCP of names that the DNS server answers over UDP and not over TCP.
    without_tcp: Fact<Vec<String>>,
    /// Whether a UDP answer was truncated for a name that the DNS server does not answer over TCP.
    tcp_needed: bool,
    /// Names with private addresses that the DNS server knows, but answers without an address.
    filtered: Fact<Vec<String>>,
    /// Names whose answer differs from the answer that programs at the place of the probe get, if one of the
    /// two answers is private.
    differing: Fact<Vec<String>>,
    /// DNS results of names that the DNS server answers for one of the record types A and AAAA only.
    by_half: Fact<Vec<String>>,
}

/// More names with the same answer are counted.
const MOST_NAMES: usize = 4;

/// A name that a server was asked for, and its answers.
struct AskedName<'s, 'c> {
    sight: &'s Sight<'c>,
    answers: &'s DnsAnswers<'c>,
    given: Vec<&'c Dns>,
}

/// Every server, once for each place that it was asked from.
pub(crate) fn subjects(sights: &[Sight<'_>]) -> Vec<Subject> {
    let answers: Vec<DnsAnswers<'_>> = sights.iter().map(DnsAnswers::of).collect();
    let mut servers: BTreeMap<(&str, &str), Vec<AskedName<'_, '_>>> = BTreeMap::new();
    for (sight, answers) in sights.iter().zip(&answers) {
        for (server, given) in answers.servers() {
            let place = (server, sight.called.as_str());
            servers.entry(place).or_default().push(AskedName { sight, answers, given });
        }
    }
    servers.into_iter().map(|((server, vantage), asked)| subject(server, vantage, asked)).collect()
}

fn subject(server: &str, vantage: &str, mut asked: Vec<AskedName<'_, '_>>) -> Subject {
    let configured = asked.iter().any(|one| one.given.iter().any(|dns| dns.configured));
    asked.retain(|one| one.sight.needed_here() != Ok(false));
    let any =
        |one: &AskedName<'_, '_>, is: fn(DnsOutcome) -> bool| one.given.iter().any(|dns| is(dns.outcome));
    let answered = asked.iter().filter(|one| any(one, DnsOutcome::is_answer)).count();
    let untried = asked.iter().any(|one| any(one, |outcome| outcome == DnsOutcome::NotTried));
    let open = asked
        .iter()
        .any(|one| any(one, DnsOutcome::is_open) && !any(one, |outcome| outcome == DnsOutcome::Answered));
    let udp_open = asked.iter().any(|one| one.is_open(Transport::Udp));
    let tcp_open = asked.iter().any(|one| one.is_open(Transport::Tcp))
        || udp_open && asked.iter().any(|one| one.over(Transport::Tcp).is_some_and(is_mute))
        || asked.iter().all(|one| one.over(Transport::Tcp).is_none());
    let unfinished = || {
        let what = format!("the answers of DNS server {server} to {vantage}; the probe did not finish");
        vec![Missing::probe(what)]
    };
    let known = |found: Vec<String>, open: bool| {
        Fact(if found.is_empty() && open { Err(unfinished()) } else { Ok(found) })
    };
    let facts = ObservedResolverFacts {
        id: format!("{server}@{vantage}"),
        server: server.to_owned(),
        vantage: vantage.to_owned(),
        configured,
        asked: asked.len(),
        answered: Fact(if answered == 0 && untried { Err(unfinished()) } else { Ok(answered) }),
        silent: known(by_reason(&asked, AskedName::silent), open || udp_open),
        without_tcp: known(by_reason(&asked, AskedName::without_tcp), tcp_open),
        tcp_needed: asked
            .iter()
            .any(|one| one.without_tcp().is_some() && one.given.iter().any(|dns| dns.truncated)),
        filtered: known(asked.iter().filter(|one| one.is_filtered()).map(AskedName::name).collect(), open),
        differing: known(asked.iter().filter_map(AskedName::differing).collect(), open),
        by_half: known(by_reason(&asked, AskedName::by_half), open),
    };
    Subject::new(RESOLVER, &facts.id, None, &facts)
}

impl AskedName<'_, '_> {
    /// The name, as lists of names contain it.
    fn name(&self) -> String {
        if self.sight.of == CLUSTER { "the Kubernetes API".to_owned() } else { self.sight.name.to_owned() }
    }

    fn over(&self, transport: Transport) -> Option<&Dns> {
        self.given.iter().find(|dns| dns.transport == transport).copied()
    }

    /// What it said, where it gave no address that others gave or gave no answer, or none over UDP.
    fn silent(&self) -> Option<String> {
        let any = |wanted: &[DnsOutcome]| self.given.iter().any(|dns| wanted.contains(&dns.outcome));
        let gives = any(&[DnsOutcome::Answered, DnsOutcome::Truncated]);
        let open = self.given.iter().any(|dns| dns.outcome.is_open());
        let denies = any(&[DnsOutcome::NoData, DnsOutcome::Nxdomain]);
        let mute = self.over(Transport::Udp).is_some_and(is_mute);
        let fails = mute || !gives && !open && (self.answers.anybody() || !denies);
        (fails && !self.is_filtered()).then(|| {
            let said = self.given.iter().filter(|dns| !dns.outcome.is_open());
            let said: BTreeSet<String> = said.map(|dns| told(dns)).collect();
            said.into_iter().collect::<Vec<_>>().join(", ")
        })
    }

    /// Whether it knows the name and returns no address, where the name has private ones: as filters against
    /// DNS rebinding do.
    fn is_filtered(&self) -> bool {
        self.answers.has_private(&self.sight.expected)
            && self.given.iter().any(|dns| dns.outcome == DnsOutcome::NoData)
            && self.given.iter().all(|dns| dns.addresses.is_empty())
    }

    /// What it said over TCP, where it answers over UDP and not over TCP.
    fn without_tcp(&self) -> Option<String> {
        let (udp, tcp) = (self.over(Transport::Udp)?, self.over(Transport::Tcp)?);
        let over_udp = matches!(udp.outcome, DnsOutcome::Answered | DnsOutcome::Truncated);
        let denied = matches!(udp.outcome, DnsOutcome::NoData | DnsOutcome::Nxdomain);
        let less = over_udp && tcp.outcome != DnsOutcome::Answered && !tcp.outcome.is_open();
        (less || denied && is_mute(tcp)).then(|| told(tcp))
    }

    fn is_open(&self, transport: Transport) -> bool {
        self.over(transport).is_some_and(|dns| dns.outcome.is_open())
    }

    /// The name with its addresses, where they are others than programs there get; which of a service's
    /// public addresses an answer has changes all the time.
    fn differing(&self) -> Option<String> {
        let ours = self.answers.addresses();
        let theirs: BTreeSet<_> = self
            .given
            .iter()
            .filter(|dns| dns.outcome == DnsOutcome::Answered && dns.addresses != ours)
            .filter(|dns| self.is_private(&ours) || self.is_private(&dns.addresses))
            .flat_map(|dns| &dns.addresses)
            .collect();
        let listed: Vec<String> = theirs.into_iter().map(ToString::to_string).collect();
        (!ours.is_empty() && !listed.is_empty()).then(|| format!("{} ({})", self.name(), listed.join(", ")))
    }

    /// Whether they are private, or some of them those that it should have: those over IPv6 are global ones.
    fn is_private(&self, addresses: &BTreeSet<IpAddr>) -> bool {
        are_private(addresses)
            || self.sight.expected.as_ref().is_ok_and(|expected| !expected.is_disjoint(addresses))
    }

    /// What it said to one of the two questions, where it answered the other.
    fn by_half(&self) -> Option<String> {
        let half = self.given.iter().find(|dns| dns.failed_half.is_some())?;
        half.detail.clone()
    }
}

/// Whether it was asked, and said nothing of the name.
fn is_mute(dns: &Dns) -> bool {
    !dns.outcome.is_answer() && !dns.outcome.is_open()
}

/// What was said of which names: each reason once.
fn by_reason<'s, 'c>(
    asked: &[AskedName<'s, 'c>],
    reason: impl Fn(&AskedName<'s, 'c>) -> Option<String>,
) -> Vec<String> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in asked {
        if let Some(reason) = reason(one) {
            reasons.entry(reason).or_default().push(one.name());
        }
    }
    let told = |(reason, names): (String, Vec<String>)| match names.as_slice() {
        all if all.len() == asked.len() && all.len() > 1 => format!("{reason} (for every name)"),
        names if names.len() > MOST_NAMES => {
            let others = names.len() - MOST_NAMES;
            format!("{reason} (for {} and {others} more)", names[..MOST_NAMES].join(", "))
        }
        names => format!("{reason} (for {})", names.join(", ")),
    };
    reasons.into_iter().map(told).collect()
}

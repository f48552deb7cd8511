//! What resolvers said about one name, compared with each other and with what they should have said.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::observation::{Dns, DnsOutcome, Seen, Transport};
use privek_core::sets::addresses::AddressSet;
use schemars::JsonSchema;
use serde::Serialize;

use super::sight::Sight;

/// One DNS server, queried over one transport.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Resolver {
    /// `system`, or the address and port of the DNS server.
    pub server: String,
    /// `system`, `UDP` or `TCP`.
    pub transport: String,
    /// The result of the DNS query, in words.
    pub outcome: String,
    /// The addresses in the answer.
    pub addresses: Vec<String>,
}

/// All answers about one name.
pub(crate) struct DnsAnswers<'o> {
    all: Vec<&'o Dns>,
    name: &'o str,
    vantage: String,
}

impl<'o> DnsAnswers<'o> {
    pub(crate) fn of(sight: &Sight<'o>) -> Self {
        let dns = |seen: &'o Seen| match seen {
            Seen::Dns(dns) => Some(dns),
            _ => None,
        };
        let all = sight.seen.iter().filter_map(|one| dns(&one.seen)).collect();
        Self { all, name: sight.name, vantage: sight.called.clone() }
    }

    pub(crate) fn listed(&self) -> Vec<Resolver> {
        let resolver = |dns: &&Dns| Resolver {
            server: dns.server.clone(),
            transport: dns.transport.word().to_owned(),
            outcome: told(dns),
            addresses: dns.addresses.iter().map(ToString::to_string).collect(),
        };
        self.all.iter().map(resolver).collect()
    }

    /// What programs there get: the operating system's answer, or that of the servers it asks.
    fn used(&self) -> Vec<&'o Dns> {
        let system: Vec<&Dns> =
            self.all.iter().copied().filter(|dns| dns.transport == Transport::System).collect();
        if system.is_empty() {
            self.all.iter().copied().filter(|dns| dns.configured).collect()
        } else {
            system
        }
    }

    /// Whether programs there get an address.
    pub(crate) fn resolves(&self) -> Known<bool> {
        let used = self.used();
        let is = |outcome| used.iter().any(|dns| dns.outcome == outcome);
        if !self.addresses().is_empty() {
            return Ok(true);
        }
        let open = used.iter().any(|dns| dns.outcome.is_open());
        if used.is_empty() || open || is(DnsOutcome::Answered) {
            return Err(vec![self.not_finished("the addresses")]);
        }
        Ok(false)
    }

    fn not_finished(&self, what: &str) -> Missing {
        Missing::probe(format!("{what} of {} on {}; the probe did not finish", self.name, self.vantage))
    }

    /// Why programs there get none.
    pub(crate) fn failure(&self) -> String {
        let told: BTreeSet<String> = self.used().into_iter().map(told).collect();
        told.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// The addresses that the name resolves to at the place of the probe.
    pub(crate) fn addresses(&self) -> BTreeSet<IpAddr> {
        let answered = self.used().into_iter().filter(|dns| dns.outcome == DnsOutcome::Answered);
        answered.flat_map(|dns| &dns.addresses).copied().collect()
    }

    /// Whether any query there returned an address.
    pub(crate) fn anybody(&self) -> bool {
        self.all.iter().any(|dns| dns.outcome == DnsOutcome::Answered)
    }

    /// Whether the name has private addresses, by its expected addresses or by any DNS answer.
    pub(crate) fn has_private(&self, expected: &Known<BTreeSet<IpAddr>>) -> bool {
        let private = |addresses: &BTreeSet<IpAddr>| !addresses.is_empty() && are_private(addresses);
        expected.as_ref().is_ok_and(|expected| !expected.is_empty())
            || self.all.iter().any(|dns| private(&dns.addresses))
    }

    /// The servers by address; the operating system is none.
    pub(crate) fn servers(&self) -> BTreeMap<&'o str, Vec<&'o Dns>> {
        let mut servers: BTreeMap<&str, Vec<&Dns>> = BTreeMap::new();
        for dns in self.all.iter().filter(|dns| dns.transport != Transport::System) {
            servers.entry(&dns.server).or_default().push(dns);
        }
        servers
    }
}

/// What came of a question, in words.
pub(crate) fn told(dns: &Dns) -> String {
    match &dns.detail {
        Some(detail) if dns.outcome != DnsOutcome::Answered => {
            format!("{}: {detail}", dns.outcome.words())
        }
        _ => dns.outcome.words().to_owned(),
    }
}

/// Whether all of them are addresses that the internet does not route.
pub(crate) fn are_private(addresses: &BTreeSet<IpAddr>) -> bool {
    let all: AddressSet = addresses.iter().map(|address| IpNet::from(*address)).collect();
    AddressSet::private().contains_all(&all)
}

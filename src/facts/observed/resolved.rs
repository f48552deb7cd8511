//! What resolvers said about one name, compared with each other and with what they should have said.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Serialize;

use crate::network::{AddressSet, Known, Missing};
use crate::snapshot::observation::{Dns, DnsOutcome, Seen, Transport};

use super::Sight;

/// One resolver, asked in one way.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Resolver {
    /// `system`, or a server's address and port.
    pub server: String,
    /// `system`, `UDP` or `TCP`.
    pub transport: String,
    /// What came of it.
    pub outcome: String,
    /// The addresses in the answer.
    pub addresses: Vec<String>,
}

/// All answers about one name.
pub(super) struct Answers<'o> {
    all: Vec<&'o Dns>,
    name: &'o str,
    vantage: &'o str,
}

impl<'o> Answers<'o> {
    pub(super) fn of(sight: &Sight<'o>) -> Self {
        let dns = |seen: &'o Seen| match seen {
            Seen::Dns(dns) => Some(dns),
            _ => None,
        };
        let all = sight.seen.iter().filter_map(|one| dns(&one.seen)).collect();
        Self { all, name: sight.name, vantage: &sight.vantage.name }
    }

    pub(super) fn listed(&self) -> Vec<Resolver> {
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
    pub(super) fn resolves(&self) -> Known<bool> {
        let used = self.used();
        if used.iter().any(|dns| dns.outcome == DnsOutcome::Answered) {
            return Ok(true);
        }
        if used.is_empty() || used.iter().any(|dns| dns.outcome == DnsOutcome::NotTried) {
            return Err(vec![self.not_finished("what it resolves to")]);
        }
        Ok(false)
    }

    fn not_finished(&self, what: &str) -> Missing {
        Missing::probe(format!("{what}: {} from {}, where the probe did not finish", self.name, self.vantage))
    }

    /// Why programs there get none.
    pub(super) fn failure(&self) -> String {
        let told: BTreeSet<String> = self.used().into_iter().map(told).collect();
        told.into_iter().collect::<Vec<_>>().join(", ")
    }

    /// The addresses that programs there get.
    pub(super) fn addresses(&self) -> BTreeSet<IpAddr> {
        let answered = self.used().into_iter().filter(|dns| dns.outcome == DnsOutcome::Answered);
        answered.flat_map(|dns| &dns.addresses).copied().collect()
    }

    /// Servers that give no answer at all, or none with an address where others do; and those that do not
    /// answer over UDP, over which programs ask first.
    pub(super) fn silent(&self) -> Known<Vec<String>> {
        let answered = self.all.iter().any(|dns| dns.outcome == DnsOutcome::Answered);
        let servers = self.servers().into_iter().filter_map(|(server, asked)| {
            let any = |wanted: &[DnsOutcome]| asked.iter().any(|dns| wanted.contains(&dns.outcome));
            let gives = any(&[DnsOutcome::Answered, DnsOutcome::Truncated, DnsOutcome::NotTried]);
            let denies = any(&[DnsOutcome::NoData, DnsOutcome::Nxdomain]);
            let why: BTreeSet<String> = asked.iter().map(|dns| told(dns)).collect();
            let over_udp = asked.iter().filter(|dns| dns.transport == Transport::Udp);
            let mute = over_udp.into_iter().any(|dns| {
                !matches!(
                    dns.outcome,
                    DnsOutcome::Answered
                        | DnsOutcome::Truncated
                        | DnsOutcome::NotTried
                        | DnsOutcome::NoData
                        | DnsOutcome::Nxdomain
                )
            });
            (mute || !gives && (answered || !denies))
                .then(|| format!("{server} ({})", why.into_iter().collect::<Vec<_>>().join(", ")))
        });
        self.unless_open(servers.collect(), "the answers of every server")
    }

    /// The list; where it is empty and a server was not asked in time, nobody knows what it would have said.
    fn unless_open(&self, found: Vec<String>, what: &str) -> Known<Vec<String>> {
        let open = self.servers().into_values().any(|asked| {
            asked.iter().any(|dns| dns.outcome == DnsOutcome::NotTried)
                && asked.iter().all(|dns| dns.outcome != DnsOutcome::Answered)
        });
        if found.is_empty() && open { Err(vec![self.not_finished(what)]) } else { Ok(found) }
    }

    /// Servers that answer with other addresses than programs there get; which of a service's public
    /// addresses an answer has changes all the time.
    pub(super) fn differing(&self) -> Known<Vec<String>> {
        let ours = self.addresses();
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        let differs = |dns: &&Dns| {
            dns.outcome == DnsOutcome::Answered
                && dns.transport != Transport::System
                && dns.addresses != ours
                && (are_private(&ours) || are_private(&dns.addresses))
        };
        let told = self.all.iter().copied().filter(differs).map(|dns| {
            let addresses: Vec<String> = dns.addresses.iter().map(ToString::to_string).collect();
            format!("{} ({})", dns.server, addresses.join(", "))
        });
        let told: BTreeSet<String> = told.collect();
        self.unless_open(told.into_iter().collect(), "the answers of every server")
    }

    /// Servers that answer over UDP, and not over TCP; and whether one of these answers was cut off.
    pub(super) fn without_tcp(&self) -> (Known<Vec<String>>, bool) {
        let (mut listed, mut open, mut needed) = (Vec::new(), false, false);
        for (server, asked) in self.servers() {
            let over = |transport| asked.iter().find(|dns| dns.transport == transport);
            let (Some(udp), Some(tcp)) = (over(Transport::Udp), over(Transport::Tcp)) else { continue };
            if !matches!(udp.outcome, DnsOutcome::Answered | DnsOutcome::Truncated) {
                continue;
            }
            match tcp.outcome {
                DnsOutcome::Answered => {}
                DnsOutcome::NotTried => open = true,
                _ => {
                    needed |= udp.truncated;
                    listed.push(format!("{server} ({})", told(tcp)));
                }
            }
        }
        let nobody = self.all.iter().all(|dns| dns.transport != Transport::Tcp);
        if listed.is_empty() && (open || nobody) {
            return (Err(vec![self.not_finished("the answer over TCP")]), false);
        }
        (Ok(listed), needed)
    }

    /// Servers that know the name and tell no address of it, where it has private ones: as filters against
    /// DNS rebinding do.
    pub(super) fn filtering(&self, expected: &Known<BTreeSet<IpAddr>>) -> Known<Vec<String>> {
        let private = |addresses: &BTreeSet<IpAddr>| !addresses.is_empty() && are_private(addresses);
        let has_private =
            expected.as_ref().is_ok_and(private) || self.all.iter().any(|dns| private(&dns.addresses));
        if !has_private {
            return Ok(Vec::new());
        }
        let servers = self.servers().into_iter().filter(|(_, asked)| {
            asked.iter().any(|dns| dns.outcome == DnsOutcome::NoData)
                && asked.iter().all(|dns| dns.addresses.is_empty())
        });
        let servers = servers.map(|(server, _)| server.to_owned()).collect();
        self.unless_open(servers, "the answers of every server")
    }

    /// The servers by address; the operating system is none.
    fn servers(&self) -> BTreeMap<&'o str, Vec<&'o Dns>> {
        let mut servers: BTreeMap<&str, Vec<&Dns>> = BTreeMap::new();
        for dns in self.all.iter().filter(|dns| dns.transport != Transport::System) {
            servers.entry(&dns.server).or_default().push(dns);
        }
        servers
    }
}

fn told(dns: &Dns) -> String {
    match &dns.detail {
        Some(detail) if dns.outcome != DnsOutcome::Answered => format!("{}: {detail}", dns.outcome.words()),
        _ => dns.outcome.words().to_owned(),
    }
}

/// Whether all of them are addresses that the internet does not route.
pub(super) fn are_private(addresses: &BTreeSet<IpAddr>) -> bool {
    let all: AddressSet = addresses.iter().map(|address| IpNet::from(*address)).collect();
    AddressSet::private().contains_all(&all)
}

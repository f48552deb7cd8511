//! Who answered on the addresses of one name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use privek_core::known::{Known, Missing};
use privek_core::observation::{Seen, Tls, TlsOutcome};
use schemars::JsonSchema;
use serde::Serialize;

use super::sight::Sight;

/// One address of a name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct HandshakeFacts {
    /// The address and port.
    pub address: String,
    /// Whether the address is an expected address of the name; null if the expected addresses are not known.
    pub expected: Option<bool>,
    /// The result of the TCP connection and TLS handshake.
    pub outcome: String,
    /// The issuer of the presented certificate.
    pub issuer: Option<String>,
}

/// The TLS connections to the addresses of one name.
pub(crate) struct Handshakes<'o> {
    all: Vec<&'o Tls>,
    /// The addresses that programs there use.
    used: Known<BTreeSet<IpAddr>>,
    beyond: BTreeSet<IpAddr>,
    vantage: String,
}

impl<'o> Handshakes<'o> {
    /// Of the addresses that a name has there, and of those that it should have.
    pub(crate) fn of(sight: &Sight<'o>, used: Known<BTreeSet<IpAddr>>) -> Self {
        let tls = |seen: &'o Seen| match seen {
            Seen::Tls(tls) => Some(tls),
            _ => None,
        };
        let all: Vec<&Tls> = sight.seen.iter().filter_map(|one| tls(&one.seen)).collect();
        let beyond = beyond(&all, used.as_ref().ok(), &sight.vantage.addresses);
        let used = used.map(|used| &used - &beyond);
        Self { all, used, beyond, vantage: sight.called.clone() }
    }

    /// Whether it is of no matter there that nothing answers on this address.
    pub(crate) fn is_beyond(&self, address: IpAddr) -> bool {
        self.beyond.contains(&address)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &'o Tls> {
        self.all.iter().copied()
    }

    pub(crate) fn listed(&self, expected: &Known<BTreeSet<IpAddr>>) -> Vec<HandshakeFacts> {
        let shown = |tls: &&Tls| HandshakeFacts {
            address: place(tls),
            expected: expected.as_ref().ok().map(|expected| expected.contains(&tls.address)),
            outcome: told(tls),
            issuer: tls.issuer.clone(),
        };
        self.all.iter().map(shown).collect()
    }

    /// The addresses on which this is wrong. Addresses without a result leave it open whether there are more.
    pub(crate) fn wrong(&self, wrong: &[TlsOutcome], open: &[TlsOutcome]) -> Known<Vec<String>> {
        let used = self.used.as_ref().map_err(Clone::clone)?;
        let (mut found, mut unseen) = (Alike::new(), Alike::new());
        for address in used {
            match self.all.iter().find(|tls| tls.address == *address) {
                Some(tls) if wrong.contains(&tls.outcome) => {
                    found.entry(told(tls)).or_default().push(place(tls));
                }
                Some(tls) if open.contains(&tls.outcome) => {
                    let why = tls.detail.clone().unwrap_or_else(|| tls.outcome.words().to_owned());
                    unseen.entry(why).or_default().push(place(tls));
                }
                Some(_) => {}
                None => unseen.entry("not tried".to_owned()).or_default().push(address.to_string()),
            }
        }
        if found.is_empty() && !unseen.is_empty() {
            let missing = |(why, places): (String, Vec<String>)| {
                let places = places.join(", ");
                Missing::probe(format!("the certificate of {places}, seen from {} ({why})", self.vantage))
            };
            return Err(unseen.into_iter().map(missing).collect());
        }
        Ok(found.into_iter().map(|(why, places)| format!("{} ({why})", places.join(", "))).collect())
    }

    /// Whether there is an address to look at; unknown where the name does not resolve in time.
    pub(crate) fn any(&self) -> Known<bool> {
        self.used.as_ref().map(|used| !used.is_empty()).map_err(Clone::clone)
    }
}

/// Addresses by what is the same about them.
type Alike = BTreeMap<String, Vec<String>>;

/// More names in a certificate are only said to be there.
const MOST_NAMES: usize = 3;

/// The addresses of a family, IPv4 or IPv6, that the place has no address of, and no path to: programs there go on
/// at once to those of the other family (<https://www.rfc-editor.org/rfc/rfc6724#section-6>, rule 1).
fn beyond(all: &[&Tls], used: Option<&BTreeSet<IpAddr>>, own: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    let has = |known: &BTreeSet<IpAddr>, v6: bool| known.iter().any(|address| address.is_ipv6() == v6);
    let is_beyond = |tls: &&&Tls| {
        let v6 = tls.address.is_ipv6();
        tls.outcome == TlsOutcome::Unreachable
            && !has(own, v6)
            && has(own, !v6)
            && used.is_some_and(|used| has(used, !v6))
    };
    all.iter().filter(is_beyond).map(|tls| tls.address).collect()
}

fn place(tls: &Tls) -> String {
    SocketAddr::new(tls.address, tls.port).to_string()
}

fn told(tls: &Tls) -> String {
    let mut words = tls.outcome.words().to_owned();
    if let Some(detail) = &tls.detail {
        words = format!("{words}: {detail}");
    }
    match (&tls.issuer, tls.outcome) {
        (Some(issuer), TlsOutcome::WrongCa) => format!("{words}, {issuer}"),
        _ if tls.names.len() > MOST_NAMES => {
            format!("{words}, {} and others", tls.names[..MOST_NAMES].join(", "))
        }
        _ if !tls.names.is_empty() => format!("{words}, {}", tls.names.join(", ")),
        _ => words,
    }
}

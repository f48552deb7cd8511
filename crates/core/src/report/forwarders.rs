//! Conditional forwarding for a private cluster: the domains, and the addresses that a DNS server forwards to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A kind of DNS server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// ISC's BIND.
    Bind,
    /// `CoreDNS`.
    CoreDns,
    /// dnsmasq.
    Dnsmasq,
    /// `Unbound`, by `NLnet` Labs.
    Unbound,
    /// The DNS server of Windows.
    Windows,
}

/// Domains to forward, and the addresses to forward to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarders {
    /// The cluster's name.
    pub cluster: String,
    /// The network (VPC) whose DNS resolver answers.
    pub vpc: String,
    /// The account, where it is known.
    pub account: Option<String>,
    /// The region, where it is known.
    pub region: Option<String>,
    /// The time when the state was read.
    pub collected_at: Option<String>,
    /// The addresses to forward to, each with the id of the object that has the address.
    pub servers: BTreeMap<IpAddr, String>,
    /// The domains to forward, each with the services that need the domain.
    pub domains: BTreeMap<Domain, BTreeSet<String>>,
    /// What is not forwarded, and why, in sentences.
    pub notes: Vec<String>,
}

/// A domain name that is valid in any server's configuration: lower-case letters, digits, hyphens
/// and dots, and nothing else (<https://www.rfc-editor.org/rfc/rfc1123#section-2>). It has two labels at
/// least: a whole top-level domain is never forwarded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Domain(String);

/// A text that is not a domain name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a domain name, and is not written to a DNS server's configuration")]
pub struct NoDomain(String);

impl FromStr for Domain {
    type Err = NoDomain;

    fn from_str(text: &str) -> Result<Self, NoDomain> {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.contains('.') && text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoDomain(text.to_owned()))
        }
    }
}

impl Domain {
    /// The name, without a dot at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this domain is a subdomain of another.
    pub fn is_below(&self, above: &Self) -> bool {
        self.0.strip_suffix(&above.0).is_some_and(|rest| rest.ends_with('.'))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_domain_s_name_passes_for_one() {
        for good in ["a.example", "0a1b.gr7.eu-west-1.eks.amazonaws.com", "x--y.example"] {
            assert_eq!(good.parse::<Domain>().unwrap().to_string(), good);
        }
        let long = format!("{}.example", "a".repeat(64));
        let bad = [
            "",
            ".",
            "com",
            "a..b",
            ".a.b",
            "a.b.",
            "*.a.b",
            "A.b",
            "-a.b",
            "a-.b",
            "a b.c",
            "a.b\n",
            "a/b.c",
            "a.b#",
            "a\".b",
            "a;.b",
            "ä.b",
            "a.b{",
            "a.b/10.0.0.1",
            &long,
        ];
        for bad in bad {
            assert!(bad.parse::<Domain>().is_err(), "{bad:?}");
        }
    }
}

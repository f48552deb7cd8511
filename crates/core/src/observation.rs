//! Observations of a live probe: DNS answers for a name, and TLS handshakes with an address, from one place
//! at one time. They are separate from the provider's settings.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// The place that the probe ran at.
    pub vantage: Vantage,
    /// The time when the probe started (RFC 3339, UTC).
    pub at: String,
    /// The owner of the name: `cluster`, or the short name of a service.
    pub of: String,
    /// The host name, in lower case, without a trailing dot.
    pub name: String,
    /// Whether nodes cannot work without the name.
    #[serde(default)]
    pub essential: bool,
    /// The private addresses that the name should resolve to; empty where none, null where unknown.
    #[serde(default)]
    pub expected: Option<BTreeSet<IpAddr>>,
    /// Whether the name may also resolve to public addresses; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_public: Option<bool>,
    /// The DNS result, the TLS result or the proxy.
    #[serde(flatten)]
    pub seen: Seen,
}

/// The owner of the cluster API name, beside the short names of services.
pub const CLUSTER: &str = "cluster";

/// The prefixes of the networks that nodes and pods of a cluster are in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Networks {
    /// The CIDRs of the cluster's own network.
    #[serde(rename = "vpc")]
    pub own: Vec<IpNet>,
    /// Those of hybrid nodes and their pods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remote: Vec<IpNet>,
}

impl Networks {
    /// Whether one of the addresses is in the cluster's network, and whether one is where nodes or pods are; nothing
    /// where no address is known.
    pub fn place(&self, addresses: &BTreeSet<IpAddr>) -> Option<(bool, bool)> {
        let within = |prefixes: &[IpNet]| {
            prefixes.iter().any(|prefix| addresses.iter().any(|address| prefix.contains(address)))
        };
        let in_network = within(&self.own);
        (!addresses.is_empty()).then(|| (in_network, in_network || within(&self.remote)))
    }
}

/// Where a probe ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Vantage {
    /// The name from --vantage, or the host name.
    pub name: String,
    /// The kind of the place.
    #[serde(default)]
    pub kind: VantageKind,
    /// The source addresses of the probe.
    #[serde(default)]
    pub addresses: BTreeSet<IpAddr>,
    /// Whether the place is in the cluster's network, by CIDRs; absent where the CIDRs are unknown.
    #[serde(rename = "in_vpc", default, skip_serializing_if = "Option::is_none")]
    pub in_network: Option<bool>,
    /// Whether nodes or pods of the cluster may run at the place, by CIDRs; the whole network counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_cluster: Option<bool>,
}

/// The kind of place that a probe runs at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VantageKind {
    /// A machine: an operator's, or a node.
    #[default]
    Machine,
    /// A pod in the cluster.
    Pod,
}

/// The answer to a DNS query, a TLS handshake, or a proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The result of one DNS server, over one transport.
    Dns(Dns),
    /// The result of one address.
    Tls(Tls),
    /// The proxy of programs at the place for this name.
    Proxy(Proxy),
}

/// The result of one DNS server for a name's IPv4 and IPv6 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dns {
    /// The DNS server: `system`, or address and port.
    pub server: String,
    /// Whether the machine is configured to use the DNS server; otherwise --dns names the server.
    pub configured: bool,
    /// The transport of the DNS queries.
    pub transport: Transport,
    /// The outcome of the DNS queries.
    pub outcome: DnsOutcome,
    /// The addresses in the answer.
    pub addresses: BTreeSet<IpAddr>,
    /// The CNAME targets of the name, in order.
    pub aliases: Vec<String>,
    /// Whether an answer was truncated.
    pub truncated: bool,
    /// The address family whose query failed while the other query was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_half: Option<Family>,
    /// Further detail, in words.
    pub detail: Option<String>,
    /// The duration of the queries in milliseconds.
    pub millis: u64,
}

/// An address family; each has a DNS query of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A records.
    Ipv4,
    /// AAAA records.
    Ipv6,
}

impl Family {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        }
    }
}

/// The transport of DNS queries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// The operating system's resolver, with its hosts file and search list.
    #[default]
    System,
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl Transport {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// The outcome of a DNS query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsOutcome {
    /// The answer has addresses.
    Answered,
    /// The name exists, but has no address.
    NoData,
    /// The name does not exist (NXDOMAIN).
    Nxdomain,
    /// The operating system found no address and gives no reason.
    NotFound,
    /// The operating system got no usable answer from any DNS server.
    Unavailable,
    /// The DNS server refuses the query, or this client (REFUSED).
    Refused,
    /// The DNS server failed (SERVFAIL).
    Servfail,
    /// The answer over UDP was truncated; the query has to be repeated over TCP.
    Truncated,
    /// The DNS server answered with another error.
    Failed,
    /// The DNS server did not answer in time.
    TimedOut,
    /// The DNS server cannot be connected to.
    Unreachable,
    /// The response is not an answer to the query.
    Malformed,
    /// No query was sent: the DNS server did not answer earlier queries over this transport.
    GivenUp,
    /// The deadline passed before a query was sent.
    #[default]
    NotTried,
}

impl DnsOutcome {
    /// Whether the DNS server answered for the name.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Answered | Self::Truncated | Self::NoData | Self::Nxdomain)
    }

    /// Whether the answer is unknown, because no query was sent.
    pub fn is_open(self) -> bool {
        matches!(self, Self::GivenUp | Self::NotTried)
    }

    /// The word for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoData => "no address",
            Self::Nxdomain => "no such name (NXDOMAIN)",
            Self::NotFound => "not found",
            Self::Unavailable => "no DNS server answered",
            Self::Refused => "refused",
            Self::Servfail => "server failure (SERVFAIL)",
            Self::Truncated => "truncated (needs TCP)",
            Self::Failed => "an error",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed answer",
            Self::GivenUp => "not queried; earlier queries got no answer",
            Self::NotTried => "not tried",
        }
    }
}

/// The result of one address: a connection and a TLS handshake, and no request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// The address that was connected to.
    pub address: IpAddr,
    /// The port that was connected to.
    pub port: u16,
    /// The outcome of the connection and the TLS handshake.
    #[serde(default)]
    pub outcome: TlsOutcome,
    /// Further detail, in words.
    #[serde(default)]
    pub detail: Option<String>,
    /// The issuer of the presented certificate.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The names in the certificate, where the host name is not among them.
    #[serde(default)]
    pub names: Vec<String>,
    /// The duration of the try in milliseconds.
    #[serde(default)]
    pub millis: u64,
}

/// The outcome of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsOutcome {
    /// The certificate is valid for the name, and its CA is the expected one.
    Trusted,
    /// The certificate's CA is not the cluster's, or is not trusted by the machine.
    WrongCa,
    /// The certificate is for other names.
    WrongName,
    /// The certificate is expired.
    Expired,
    /// The certificate is not valid yet, or the machine's clock is wrong.
    NotYetValid,
    /// The certificate was not checked, for lack of a CA.
    Unjudged,
    /// The certificate is invalid for another reason.
    Unusable,
    /// The server refuses the TLS handshake, or the name.
    Rejected,
    /// The server answers, but not with TLS.
    NotTls,
    /// The connection was refused.
    Refused,
    /// The connection timed out.
    TimedOut,
    /// The address has no route.
    Unreachable,
    /// The connection was accepted, but no data arrived.
    Silent,
    /// The connection was closed during the TLS handshake.
    Closed,
    /// The deadline passed before a connection was tried.
    #[default]
    NotTried,
}

impl TlsOutcome {
    /// The word for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trusted => "certificate valid",
            Self::WrongCa => "certificate of an unknown CA",
            Self::WrongName => "certificate for another name",
            Self::Expired => "certificate expired",
            Self::NotYetValid => "certificate not valid yet",
            Self::Unjudged => "certificate not checked",
            Self::Unusable => "certificate unusable",
            Self::Rejected => "refuses the TLS handshake",
            Self::NotTls => "answers, but not with TLS",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Silent => "accepted, then no data",
            Self::Closed => "closed during the TLS handshake",
            Self::NotTried => "not tried",
        }
    }

    /// Whether a connection was established; `None` where none was tried.
    pub fn connected(self) -> Option<bool> {
        match self {
            Self::Refused | Self::TimedOut | Self::Unreachable => Some(false),
            Self::NotTried => None,
            _ => Some(true),
        }
    }
}

/// A proxy of programs at the place of the probe.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Proxy {
    /// The environment variable that names the proxy.
    pub variable: String,
    /// The address of the proxy, without credentials.
    pub proxy: String,
    /// Whether `NO_PROXY` exempts the name.
    pub bypassed: bool,
}

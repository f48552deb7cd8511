//! What a live probe saw: what a name resolved to, and who answered on an address, as seen from one
//! place at one time. The provider said none of it, so it stands apart from what the provider said.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// From where.
    pub vantage: Vantage,
    /// When the probe began (RFC 3339, UTC).
    pub at: String,
    /// `cluster`, or the service's suffix, for instance `ecr.api`.
    pub of: String,
    /// The host name, in lower case, without a dot at the end.
    pub name: String,
    /// Whether nodes cannot work without it.
    #[serde(default)]
    pub essential: bool,
    /// The private addresses that the probe was told to expect; empty where none are, null where nobody knew.
    #[serde(default)]
    pub expected: Option<BTreeSet<IpAddr>>,
    /// Whether it may lead to public addresses as well; absent where the probe was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_public: Option<bool>,
    /// What was seen.
    #[serde(flatten)]
    pub seen: Seen,
}

/// What the Kubernetes API's name is of, beside services' suffixes.
pub const CLUSTER: &str = "cluster";

/// The prefixes of the networks that nodes and pods of a cluster are in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Networks {
    /// Those of the network that it is in.
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
    /// The name that it was given, or the host's.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub kind: VantageKind,
    /// The addresses that it speaks from.
    #[serde(default)]
    pub addresses: BTreeSet<IpAddr>,
    /// Whether it is in the cluster's VPC, by the prefixes that the probe was told; absent where it was told none.
    #[serde(rename = "in_vpc", default, skip_serializing_if = "Option::is_none")]
    pub in_network: Option<bool>,
    /// Whether nodes or pods of the cluster run there, by the same; the VPC counts whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_cluster: Option<bool>,
}

/// What a probe runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VantageKind {
    /// A machine: an operator's, or a node.
    #[default]
    Machine,
    /// A pod in the cluster.
    Pod,
}

/// The answer to a question, a handshake, or a proxy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// What one resolver said, over one transport.
    Dns(Dns),
    /// What happened on one address.
    Tls(Tls),
    /// Which proxy programs use there for this name.
    Proxy(Proxy),
}

/// What one resolver said about a name's IPv4 and IPv6 addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dns {
    /// `system`, or address and port of a server.
    pub server: String,
    /// Whether the machine uses this server by itself; otherwise it was named for the probe.
    pub configured: bool,
    /// How it was asked.
    pub transport: Transport,
    /// What came of it.
    pub outcome: DnsOutcome,
    /// The addresses in the answer.
    pub addresses: BTreeSet<IpAddr>,
    /// The names that the name is an alias of, in order.
    pub aliases: Vec<String>,
    /// Whether an answer said that it was cut off.
    pub truncated: bool,
    /// The kind of addresses whose question failed, while the other one was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_half: Option<Family>,
    /// What else there is to say.
    pub detail: Option<String>,
    /// How long it took.
    pub millis: u64,
}

/// A kind of addresses; each is a question of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// A records.
    Ipv4,
    /// AAAA records.
    Ipv6,
}

impl Family {
    /// As people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
        }
    }
}

/// How a resolver is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Through the operating system, as every program does: its hosts file and search list count.
    #[default]
    System,
    /// One datagram and its answer.
    Udp,
    /// One connection.
    Tcp,
}

impl Transport {
    /// As people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// What came of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DnsOutcome {
    /// There are addresses.
    Answered,
    /// The name exists, and has no address.
    NoData,
    /// There is no such name (NXDOMAIN).
    Nxdomain,
    /// The operating system found no address, and does not say why.
    NotFound,
    /// The operating system got no usable answer from any server.
    Unavailable,
    /// The server does not answer such questions, or not for this client (REFUSED).
    Refused,
    /// The server could not find out (SERVFAIL).
    Servfail,
    /// The answer over UDP was cut off, so that it has to be asked for again over TCP.
    Truncated,
    /// The server answered with another error.
    Failed,
    /// No answer came in time.
    TimedOut,
    /// The server cannot be connected to.
    Unreachable,
    /// What came back was no answer to the question.
    Malformed,
    /// It was not asked: the server had not answered other questions in this way.
    GivenUp,
    /// The time was up before it was asked.
    #[default]
    NotTried,
}

impl DnsOutcome {
    /// Whether the server said something about the name.
    pub fn is_answer(self) -> bool {
        matches!(self, Self::Answered | Self::Truncated | Self::NoData | Self::Nxdomain)
    }

    /// Whether nobody knows what would have been said.
    pub fn is_open(self) -> bool {
        matches!(self, Self::GivenUp | Self::NotTried)
    }

    /// As people write it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NoData => "no address",
            Self::Nxdomain => "no such name (NXDOMAIN)",
            Self::NotFound => "not found",
            Self::Unavailable => "no server gave an answer",
            Self::Refused => "refused",
            Self::Servfail => "server failure (SERVFAIL)",
            Self::Truncated => "cut off (TCP is needed)",
            Self::Failed => "an error",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Malformed => "malformed answer",
            Self::GivenUp => "not asked, after others got no answer",
            Self::NotTried => "not tried",
        }
    }
}

/// What happened on one address: a connection and a TLS handshake, and not a word more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// What came of it.
    #[serde(default)]
    pub outcome: TlsOutcome,
    /// What else there is to say.
    #[serde(default)]
    pub detail: Option<String>,
    /// Who issued the certificate that was shown.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The names in the certificate, where this one is not among them.
    #[serde(default)]
    pub names: Vec<String>,
    /// How long it took.
    #[serde(default)]
    pub millis: u64,
}

/// What came of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TlsOutcome {
    /// The certificate is of the CA that it should be of, and for this name.
    Trusted,
    /// Its CA is not the cluster's, or none that the machine trusts.
    WrongCa,
    /// It is for other names.
    WrongName,
    /// Its time is over.
    Expired,
    /// Its time has not come: or this machine's clock is wrong.
    NotYetValid,
    /// Whether it may be trusted could not be judged.
    Unjudged,
    /// The certificate cannot be used for another reason.
    Unusable,
    /// It speaks TLS, and refuses this name or this handshake.
    Rejected,
    /// Something answers that does not speak TLS.
    NotTls,
    /// The connection was refused.
    Refused,
    /// Nothing answered in time.
    TimedOut,
    /// There is no way there.
    Unreachable,
    /// The connection was accepted, and then nothing came.
    Silent,
    /// The connection was closed in the middle of the handshake.
    Closed,
    /// The time was up before it was tried.
    #[default]
    NotTried,
}

impl TlsOutcome {
    /// As people write it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Trusted => "answers, certificate in order",
            Self::WrongCa => "certificate of an unknown CA",
            Self::WrongName => "certificate for another name",
            Self::Expired => "certificate expired",
            Self::NotYetValid => "certificate not valid yet",
            Self::Unjudged => "answers, certificate not judged",
            Self::Unusable => "certificate unusable",
            Self::Rejected => "refuses the TLS handshake",
            Self::NotTls => "answers, but not with TLS",
            Self::Refused => "refused",
            Self::TimedOut => "timed out",
            Self::Unreachable => "unreachable",
            Self::Silent => "accepted, then silent",
            Self::Closed => "closed in the handshake",
            Self::NotTried => "not tried",
        }
    }

    /// Whether a connection came about; `None` where nobody tried.
    pub fn connected(self) -> Option<bool> {
        match self {
            Self::Refused | Self::TimedOut | Self::Unreachable => Some(false),
            Self::NotTried => None,
            _ => Some(true),
        }
    }
}

/// A proxy that programs use at the vantage.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Proxy {
    /// The environment variable that names it.
    pub variable: String,
    /// Its address, without credentials.
    pub proxy: String,
    /// Whether `NO_PROXY` exempts the name.
    pub bypassed: bool,
}

//! The ends of a path.

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::ports::ClientPorts;

/// One end of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// What the end is called in the answer.
    pub label: String,
    /// What it is.
    pub kind: EndKind,
}

/// What an end is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndKind {
    /// Addresses of one subnet.
    Subnet {
        /// The subnet's id.
        subnet: String,
        /// Which of its addresses; `None` is the whole subnet, IPv4 and IPv6.
        addresses: Option<Vec<IpNet>>,
        /// The security groups on them.
        groups: Groups,
        /// The network interfaces that have the addresses.
        carriers: Carriers,
    },
    /// A network interface, with its own addresses and security groups.
    Interface {
        /// The interface's id.
        id: String,
    },
    /// A network that the user or the cluster declares.
    Addresses {
        /// Its addresses.
        cidr: IpNet,
        /// Its connection to the VPC: a peering connection or a gateway.
        via: Option<String>,
        /// The security groups on it, where it is inside a VPC.
        groups: Groups,
    },
    /// A prefix list that a gateway endpoint serves; only a destination.
    PrefixList {
        /// The prefix list's id.
        id: String,
    },
}

/// What is known of the network interfaces that have addresses of a subnet.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carriers {
    /// Whether they are those of an interface VPC endpoint.
    pub is_endpoint: bool,
    /// The ports that clients pick for connections within their VPC.
    pub ports: ClientPorts,
    /// The ports that replies from elsewhere go to: the VPC CNI translates addresses on the way out.
    pub ports_beyond: ClientPorts,
    /// Whether they have public IPv4 addresses.
    pub public: PublicAddresses,
}

impl Carriers {
    /// Those of an interface VPC endpoint.
    pub fn of_endpoint() -> Self {
        Self { is_endpoint: true, ..Self::default() }
    }

    /// Those of two kinds of clients with addresses of the same subnet.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self {
            is_endpoint: self.is_endpoint || other.is_endpoint,
            ports: self.ports.or(other.ports),
            ports_beyond: self.ports_beyond.or(other.ports_beyond),
            public: self.public.clone().max(other.public.clone()),
        }
    }
}

/// Whether network interfaces have public IPv4 addresses.
///
/// Of several, the greatest is the answer for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublicAddresses {
    /// All of them.
    Assigned,
    /// The subnet decides.
    #[default]
    BySubnet,
    /// That was not read.
    Unread(Vec<Missing>),
    /// Not all of them, for the reason in this clause.
    Lacking(String),
}

/// The security groups on addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Groups {
    /// These.
    Known(Vec<String>),
    /// They are not declared.
    Undeclared,
    /// They could be read, but were not.
    Unread(Vec<Missing>),
}

impl Groups {
    /// These; a list without any was not read, because whatever has security groups has one at least.
    pub fn of(ids: impl IntoIterator<Item = String>, unread: impl FnOnce() -> Vec<Missing>) -> Self {
        let ids: Vec<String> = ids.into_iter().collect();
        if ids.is_empty() { Self::Unread(unread()) } else { Self::Known(ids) }
    }

    /// The groups that are known to be there; none where none is declared.
    pub fn ids(&self) -> Known<&[String]> {
        match self {
            Self::Known(ids) => Ok(ids),
            Self::Undeclared => Ok(&[]),
            Self::Unread(missing) => Err(missing.clone()),
        }
    }

    /// The undeclared groups on these addresses.
    pub(crate) fn undeclared(label: &str) -> Missing {
        Missing::intent(format!(
            "the security groups of {label} (append `,sg=sg-…`, or set security_groups: in privek-audit.yaml)"
        ))
    }

    /// Whether the undeclared groups on these addresses include this one.
    pub(crate) fn perhaps(label: &str, group: &str) -> Missing {
        Missing::intent(format!(
            "`security_groups` of {label}, in particular {group} (append `,sg={group}`, or set \
             security_groups: in privek-audit.yaml)"
        ))
    }
}

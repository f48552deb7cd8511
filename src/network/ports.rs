//! Ports that a path is asked for, and sets of protocols and ports.
//!
//! Every protocol and port is one number (`protocol * 65536 + port`), so that rules and packets
//! are plain sets of numbers. ICMP has `type * 256 + code` where others have a port.

use std::{fmt, str::FromStr};

use super::ranges::Ranges;

/// A protocol that a path can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Echo requests of ICMP (of ICMPv6 between IPv6 addresses).
    Icmp,
    /// Every protocol and port.
    Any,
}

/// A protocol and a range of destination ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port; 0 where the protocol has none.
    pub from: u16,
    /// The last port; 65535 where the protocol has none.
    pub to: u16,
}

/// What is wrong with the text of a port.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no port: write tcp/443, udp/53, tcp/1024-65535, icmp (echo) or any (every protocol and port)"
)]
pub struct PortsError(pub String);

impl Ports {
    /// A range of TCP ports.
    pub fn tcp(from: u16, to: u16) -> Self {
        Self { protocol: Protocol::Tcp, from, to }
    }

    /// A range of UDP ports.
    pub fn udp(from: u16, to: u16) -> Self {
        Self { protocol: Protocol::Udp, from, to }
    }
}

impl FromStr for Ports {
    type Err = PortsError;

    fn from_str(text: &str) -> Result<Self, PortsError> {
        let error = || PortsError(text.to_owned());
        let (protocol, ports) = match text.split_once('/') {
            None => (text, None),
            Some((protocol, ports)) => (protocol, Some(ports)),
        };
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            "icmp" => Protocol::Icmp,
            "any" => Protocol::Any,
            _ => return Err(error()),
        };
        let ports_wanted = matches!(protocol, Protocol::Tcp | Protocol::Udp);
        let (from, to) = match ports {
            None if ports_wanted => return Err(error()),
            None => (0, u16::MAX),
            Some(_) if !ports_wanted => return Err(error()),
            Some(ports) => {
                let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
                (port(from).ok_or_else(error)?, port(to).ok_or_else(error)?)
            }
        };
        if from > to {
            return Err(error());
        }
        Ok(Self { protocol, from, to })
    }
}

fn port(text: &str) -> Option<u16> {
    // `u16::from_str` would take `+443`.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Icmp => return f.write_str("icmp"),
            Protocol::Any => return f.write_str("any"),
        };
        if self.from == self.to {
            write!(f, "{protocol}/{}", self.from)
        } else {
            write!(f, "{protocol}/{}-{}", self.from, self.to)
        }
    }
}

//! Ports that a path is asked for, and sets of protocols and ports.
//!
//! Every protocol and port is one number (`protocol * 65536 + port`), so that rules and packets
//! are plain sets of numbers. ICMP has `type * 256 + code` where others have a port.

use std::fmt;
use std::str::FromStr;

use super::ranges::Ranges;

/// A protocol that a path can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Echo requests of ICMP (of `ICMPv6` between IPv6 addresses).
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
    "`{0}` is not a port: write tcp/443, udp/53, tcp/1024-65535, icmp (echo) or any (every protocol and port)"
)]
pub struct PortsError(pub String);

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

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// The ports that a client picks for its connections, to which the replies go:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientPorts {
    first: u16,
    last: u16,
}

impl ClientPorts {
    /// Those of NAT gateways and load balancers, and of clients that are not known.
    pub const ANY: Self = Self { first: 1024, last: u16::MAX };
    /// Those of Linux (`net.ipv4.ip_local_port_range`).
    pub const LINUX: Self = Self { first: 32768, last: 60999 };
    /// Those of Windows.
    pub const WINDOWS: Self = Self { first: 49152, last: u16::MAX };

    /// Those of two kinds of clients.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last) }
    }
}

impl Default for ClientPorts {
    fn default() -> Self {
        Self::ANY
    }
}

/// The ports that a reply may go to. Each kind of client uses a part of the range.
const EPHEMERAL: (u16, u16) = (ClientPorts::ANY.first, ClientPorts::ANY.last);

/// The first port that Linux (32768-60999), Windows and macOS (49152-65535) pick themselves; address
/// translation uses lower ones too, also that of a node for its pods' packets.
const PICKED: u16 = 32768;

/// One in a hundred of them.
const FEW: u128 = 640;

/// One in a thousand of them.
const VERY_FEW: u128 = 64;

fn ephemeral(first: u16) -> Ranges {
    let last = EPHEMERAL.1;
    points(TCP, first, last).union(&points(UDP, first, last))
}

/// Whether these are replies over TCP or UDP to few of the ports that clients pick.
pub fn are_few_replies(set: &Ranges) -> bool {
    are_replies(set, FEW)
}

/// Whether these are replies over TCP or UDP to single ports, which one connection in a thousand at most uses.
pub fn are_very_few_replies(set: &Ranges) -> bool {
    are_replies(set, VERY_FEW)
}

fn are_replies(set: &Ranges, most: u128) -> bool {
    let count: u128 = set.iter().map(|(first, last)| last - first + 1).sum();
    ephemeral(EPHEMERAL.0).contains_all(set) && count <= most
}

/// Whether these are replies over TCP or UDP to ports that no system picks by itself.
pub fn are_low_replies(set: &Ranges) -> bool {
    ephemeral(EPHEMERAL.0).contains_all(set) && set.intersect(&ephemeral(PICKED)).is_empty()
}

/// The ports that no such client picks, of the protocols of these replies over TCP or UDP.
pub fn unpicked(replies: &Ranges) -> Ranges {
    let (first, last) = EPHEMERAL;
    let of = |protocol| {
        let all = points(protocol, first, last);
        if all.intersect(replies).is_empty() { Ranges::default() } else { all.subtract(replies) }
    };
    of(TCP).union(&of(UDP))
}

impl Ports {
    /// What the request's packets carry.
    pub fn request(self, v6: bool) -> Ranges {
        match self.protocol {
            Protocol::Tcp => points(TCP, self.from, self.to),
            Protocol::Udp => points(UDP, self.from, self.to),
            Protocol::Icmp if v6 => points(ICMPV6, 128 << 8, 128 << 8),
            Protocol::Icmp => points(ICMP, 8 << 8, 8 << 8),
            Protocol::Any => all_points(),
        }
    }

    /// What the packets of the reply to a client carry.
    pub fn reply(self, v6: bool, client: ClientPorts) -> Ranges {
        let ClientPorts { first, last } = client;
        match self.protocol {
            Protocol::Tcp => points(TCP, first, last),
            Protocol::Udp => points(UDP, first, last),
            Protocol::Icmp if v6 => points(ICMPV6, 129 << 8, 129 << 8),
            Protocol::Icmp => points(ICMP, 0, 0),
            Protocol::Any => {
                let ports = points(TCP, first, last).union(&points(UDP, first, last));
                let whole = points(TCP, 0, u16::MAX).union(&points(UDP, 0, u16::MAX));
                all_points().subtract(&whole).union(&ports)
            }
        }
    }
}

/// What NAT gateways translate.
pub fn translated() -> Ranges {
    let whole = |protocol| points(protocol, 0, u16::MAX);
    whole(ICMP).union(&whole(TCP)).union(&whole(UDP))
}

fn points(protocol: u8, from: u16, to: u16) -> Ranges {
    let base = u128::from(protocol) << 16;
    Ranges::of(base | u128::from(from), base | u128::from(to))
}

fn all_points() -> Ranges {
    Ranges::of(0, (1 << 24) - 1)
}

/// What a rule of a packet filter covers; `None` where its protocol is unheard of.
///
/// `first` and `last` are ports, or the type and the code of ICMP, where absent or -1 is all of them. A
/// TCP or UDP rule always has both ports (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>).
pub fn rule_points(protocol: Option<&str>, first: Option<i64>, last: Option<i64>) -> Option<Ranges> {
    let protocol = match protocol? {
        "-1" | "all" => return Some(all_points()),
        "tcp" => TCP,
        "udp" => UDP,
        "icmp" => ICMP,
        "icmpv6" => ICMPV6,
        number => number.parse().ok()?,
    };
    let number = |value: Option<i64>| value.and_then(|value| u16::try_from(value).ok());
    if matches!(protocol, TCP | UDP) && (first, last) != (Some(-1), Some(-1)) {
        return Some(points(protocol, number(first)?, number(last)?));
    }
    Some(match (protocol, number(first), number(last)) {
        (ICMP | ICMPV6, Some(kind), Some(code)) => points(protocol, (kind << 8) | code, (kind << 8) | code),
        (ICMP | ICMPV6, Some(kind), None) => points(protocol, kind << 8, (kind << 8) | 255),
        _ => points(protocol, 0, u16::MAX),
    })
}

/// The text of a set of protocols and ports, for instance `tcp/443, udp/53`.
pub fn describe(set: &Ranges) -> String {
    if *set == all_points() {
        return "every protocol".to_owned();
    }
    let mut texts = Vec::new();
    for (first, last) in set.iter() {
        let (first_protocol, last_protocol) = (first >> 16, last >> 16);
        if first_protocol == last_protocol {
            texts.push(describe_within(first_protocol, first & 0xffff, last & 0xffff));
            continue;
        }
        let mut from = first_protocol;
        if first & 0xffff != 0 {
            texts.push(describe_within(from, first & 0xffff, 0xffff));
            from += 1;
        }
        let whole_last = last & 0xffff == 0xffff;
        let to = if whole_last { last_protocol } else { last_protocol - 1 };
        match to.saturating_sub(from) {
            _ if to < from => {}
            0 => texts.push(describe_within(from, 0, 0xffff)),
            _ => texts.push(format!("protocols {from}-{to}")),
        }
        if !whole_last {
            texts.push(describe_within(last_protocol, 0, last & 0xffff));
        }
    }
    texts.join(", ")
}

fn describe_within(protocol: u128, first: u128, last: u128) -> String {
    let name = match protocol {
        1 => "icmp".to_owned(),
        6 => "tcp".to_owned(),
        17 => "udp".to_owned(),
        58 => "icmpv6".to_owned(),
        other => format!("protocol {other}"),
    };
    let is_icmp = protocol == u128::from(ICMP) || protocol == u128::from(ICMPV6);
    match (first, last) {
        (0, 0xffff) => name,
        (first, last) if is_icmp && first == last => {
            format!("{name} type {} code {}", first >> 8, first & 0xff)
        }
        (first, last) if is_icmp => format!("{name} types {}-{}", first >> 8, last >> 8),
        (first, last) if first == last => format!("{name}/{first}"),
        (first, last) => format!("{name}/{first}-{last}"),
    }
}

/// Protocol and ports as a fix names them: `-1` without ports where there is more than one protocol.
pub fn for_fix(set: &Ranges) -> (String, Option<u16>, Option<u16>) {
    let mut numbers = set.iter();
    let Some((first, last)) = numbers.next() else { return ("-1".to_owned(), None, None) };
    let last = numbers.last().map_or(last, |(_, last)| last);
    if first >> 16 != last >> 16 {
        return ("-1".to_owned(), None, None);
    }
    let port = |number: u128| u16::try_from(number & 0xffff).ok();
    match first >> 16 {
        6 => ("tcp".to_owned(), port(first), port(last)),
        17 => ("udp".to_owned(), port(first), port(last)),
        1 => ("icmp".to_owned(), None, None),
        58 => ("icmpv6".to_owned(), None, None),
        other => (other.to_string(), None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::{ClientPorts, Ports, describe, for_fix, rule_points};

    #[test]
    fn the_grammar_reads_back_what_it_prints() {
        for text in ["tcp/443", "udp/53", "tcp/1024-65535", "icmp", "any"] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), text);
        }
        for text in ["tcp", "tcp/", "tcp/70000", "tcp/9-8", "icmp/8", "any/1", "tcp/+443", "sctp/1", ""] {
            assert!(text.parse::<Ports>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_protocol_is_known_by_name_and_by_number() {
        assert_eq!(
            rule_points(Some("6"), Some(443), Some(443)),
            rule_points(Some("tcp"), Some(443), Some(443))
        );
        assert_eq!(rule_points(Some("-1"), None, None), rule_points(Some("-1"), Some(443), Some(443)));
        assert_eq!(
            rule_points(Some("tcp"), Some(-1), Some(-1)),
            rule_points(Some("tcp"), Some(0), Some(65535))
        );
        assert_eq!(rule_points(Some("carrier-pigeon"), None, None), None);
    }

    #[test]
    fn an_echo_needs_its_type_and_code_only() {
        let echo = Ports { protocol: super::Protocol::Icmp, from: 0, to: u16::MAX }.request(false);
        assert!(rule_points(Some("icmp"), Some(8), Some(-1)).unwrap().contains_all(&echo));
        assert!(rule_points(Some("1"), Some(-1), Some(-1)).unwrap().contains_all(&echo));
        assert!(!rule_points(Some("icmp"), Some(0), Some(0)).unwrap().contains_all(&echo));
        assert!(!rule_points(Some("icmpv6"), Some(-1), Some(-1)).unwrap().contains_all(&echo));
    }

    #[test]
    fn sets_of_ports_are_told_in_words() {
        let any: Ports = "any".parse().unwrap();
        assert_eq!(describe(&any.request(false)), "every protocol");
        let reply = describe(&any.reply(false, ClientPorts::ANY));
        assert_eq!(reply, "protocols 0-5, tcp/1024-65535, protocols 7-16, udp/1024-65535, protocols 18-255");
        let tcp: Ports = "tcp/443".parse().unwrap();
        assert_eq!(describe(&tcp.reply(false, ClientPorts::LINUX)), "tcp/32768-60999");
        let both = ClientPorts::WINDOWS.or(ClientPorts::LINUX);
        assert_eq!(describe(&tcp.reply(true, both)), "tcp/32768-65535");
        assert_eq!(
            for_fix(&"tcp/80-90".parse::<Ports>().unwrap().request(false)),
            ("tcp".to_owned(), Some(80), Some(90))
        );
        assert_eq!(for_fix(&any.request(false)).0, "-1");
    }
}

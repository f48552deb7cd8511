//! What variables say about proxies: the address of the proxy, and what no proxy is used for. `NO_PROXY` is
//! read as Go's clients read it (`kubectl`, kubelet, containerd, SDKs in Go):
//! <https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config>.

use std::net::IpAddr;

use ipnet::IpNet;

/// The destinations that no proxy is used for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<NoProxyEntry>);

/// One entry of the list; a port, where there is one, limits the entry to that port.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NoProxyEntry {
    /// `*`.
    Everything,
    /// `10.0.0.0/8`.
    Net(IpNet),
    /// `10.0.0.1` or `10.0.0.1:443`.
    Address(IpAddr, Option<u16>),
    /// `.example.com` is what is below the domain; `example.com` is also the domain itself.
    Domain { below: String, itself: bool, port: Option<u16> },
}

impl NoProxy {
    /// Entries, without the commas between them. One that no client understands exempts nothing.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        Self(entries.into_iter().filter_map(entry).collect())
    }

    /// Whether a connection to a host (a name or an address, without brackets) and port uses no proxy.
    pub fn exempts(&self, host: &str, port: u16) -> bool {
        let host = host.trim().to_ascii_lowercase();
        let address = host.parse::<IpAddr>().ok();
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return true;
        }
        let fits = |its: Option<u16>| its.is_none_or(|its| its == port);
        self.0.iter().any(|entry| match entry {
            NoProxyEntry::Everything => true,
            NoProxyEntry::Net(net) => address.is_some_and(|address| net.contains(&address)),
            NoProxyEntry::Address(its, its_port) => address == Some(*its) && fits(*its_port),
            NoProxyEntry::Domain { below, itself, port: its_port } => {
                (host.ends_with(below) || (*itself && host == below[1..])) && fits(*its_port)
            }
        })
    }
}

/// A proxy as `host[:port]`: scheme, credentials and path are dropped.
pub fn address(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    // A password may hold a slash or another `@`.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    (is_host_and_port(host) && (host.contains('.') || host.contains(':') || !text.contains('@')))
        .then(|| host.to_owned())
}

/// Whether this is a name or an address, with a port or without, and nothing else.
pub fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match name {
        Some(address) => address.parse::<IpAddr>().is_ok(),
        None => {
            !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        }
    };
    host_fits && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn entry(text: &str) -> Option<NoProxyEntry> {
    let text = text.trim().to_ascii_lowercase();
    if text == "*" {
        return Some(NoProxyEntry::Everything);
    }
    if let Ok(net) = text.parse() {
        return Some(NoProxyEntry::Net(net));
    }
    let (host, port) = host_and_port(&text)?;
    if let Ok(address) = host.parse() {
        return Some(NoProxyEntry::Address(address, port));
    }
    let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
    let itself = !host.starts_with('.');
    let below = if itself { format!(".{host}") } else { host.to_owned() };
    (!host.is_empty()).then_some(NoProxyEntry::Domain { below, itself, port })
}

/// A host, and its port after a colon; an address of IPv6 has brackets where a port follows.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    if text.parse::<IpAddr>().is_ok() {
        return Some((text, None));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => {
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Some((host, Some(port.parse().ok()?)))
        }
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::NoProxy;

    #[test]
    fn entries_are_domains_addresses_and_prefixes() {
        let api = "a1.gr7.eu-central-1.eks.example.com";
        for (list, host, exempt) in [
            (".eks.example.com", api, true),
            ("*.eks.example.com", api, true),
            ("eks.example.com", api, true),
            ("EXAMPLE.com", api, true),
            (api, api, true),
            ("*", api, true),
            ("ks.example.com", api, false),
            // Only `*` alone and `*.` have a meaning.
            ("*example.com", api, false),
            ("*eks.example.com", api, false),
            ("a1.*.example.com", api, false),
            (".example.com", "example.com", false),
            ("*.example.com", "example.com", false),
            ("example.com:443", "example.com", true),
            ("example.com:80", "example.com", false),
            (".example.com:443", api, true),
            ("example.com:https", api, false),
            // A dot at the end belongs to the name.
            ("example.com.", "example.com", false),
            (".", api, false),
            ("", api, false),
            ("10.0.0.0/8, localhost", api, false),
            ("169.254.0.0/16", "169.254.169.254", true),
            ("169.254.169.254", "169.254.169.254", true),
            ("169.254.169.254:443", "169.254.169.254", true),
            ("169.254.169.254:80", "169.254.169.254", false),
            ("169.254.170.2,.internal", "169.254.169.254", false),
            ("fd00::/8", "fd00:ec2::254", true),
            ("[fd00:ec2::254]:443", "fd00:ec2::254", true),
            ("fd00:ec2::254", "fd00:ec2::254", true),
            ("", "localhost", true),
            ("", "127.0.0.1", true),
        ] {
            assert_eq!(NoProxy::new(list.split(',')).exempts(host, 443), exempt, "{list} for {host}");
        }
    }
}

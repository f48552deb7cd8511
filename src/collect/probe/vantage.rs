//! Where this is: the host's name, whether it is a pod, its source addresses, and the DNS
//! servers that it asks.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use privek_core::observation::{Networks, Vantage, VantageKind};

/// This machine or pod; `name` is what to call it, `towards` where it has to reach, `networks` where the
/// cluster is.
///
/// A pod's own name changes with each start, so that one without a given name is called `pod`.
pub fn here(
    name: Option<&str>,
    towards: impl Iterator<Item = IpAddr>,
    networks: Option<&Networks>,
) -> Vantage {
    // <https://kubernetes.io/docs/concepts/containers/container-environment/>
    let pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
    let given = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let addresses = sources(towards);
    let place = networks.and_then(|networks| networks.place(&addresses));
    Vantage {
        name: given.unwrap_or_else(|| if pod { "pod".to_owned() } else { host_name() }),
        kind: if pod { VantageKind::Pod } else { VantageKind::Machine },
        addresses,
        in_network: place.map(|(in_network, _)| in_network),
        of_cluster: place.map(|(_, of_cluster)| of_cluster),
    }
}

fn host_name() -> String {
    let written = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variables = ["HOSTNAME", "COMPUTERNAME", "HOST"].iter().filter_map(|name| std::env::var(name).ok());
    let name =
        written.into_iter().chain(variables).map(|name| name.trim().to_owned()).find(|name| !name.is_empty());
    name.unwrap_or_else(|| "this machine".to_owned())
}

/// The addresses that packets to these places leave from. Connecting a datagram socket chooses one, and
/// sends nothing.
fn sources(towards: impl Iterator<Item = IpAddr>) -> BTreeSet<IpAddr> {
    let towards: BTreeSet<IpAddr> = towards.collect();
    let source = |to: IpAddr| {
        let any: IpAddr =
            if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((to, 443)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let own = |address: &IpAddr| !address.is_loopback() && !address.is_unspecified();
    towards.into_iter().filter_map(source).filter(own).collect()
}

/// The DNS servers that this machine is set to ask, in its order; none where nothing says so.
pub fn configured_servers() -> Vec<SocketAddr> {
    let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() else { return Vec::new() };
    let mut servers = Vec::new();
    for server in config.name_servers() {
        let server = SocketAddr::new(server.ip, 53);
        // glibc asks three: <https://man7.org/linux/man-pages/man5/resolv.conf.5.html>
        if !servers.contains(&server) && servers.len() < 3 {
            servers.push(server);
        }
    }
    servers
}

/// A server as a flag names it: an address, perhaps with a port.
///
/// # Errors
/// Anything else.
pub fn server(text: &str) -> Result<SocketAddr, super::ProbeError> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = text.parse().ok().or_else(|| Some(SocketAddr::new(bare.parse().ok()?, 53)));
    parsed
        .filter(|server| server.port() != 0 && !server.ip().is_unspecified() && !server.ip().is_multicast())
        .ok_or_else(|| super::ProbeError::Server { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_an_address_with_or_without_a_port() {
        for (text, expected) in [
            ("10.0.0.2", "10.0.0.2:53"),
            (" 10.0.0.2:5353", "10.0.0.2:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[fd00:ec2::253]:54", "[fd00:ec2::253]:54"),
        ] {
            assert_eq!(server(text).unwrap().to_string(), expected);
        }
        for text in ["", "dns.example.com", "10.0.0.2:0", "10.0.0.2:x", "10.0.0", "0.0.0.0", "224.0.0.1"] {
            let error = server(text).unwrap_err().to_string();
            assert!(error.contains("is not the address of a DNS server"), "{error}");
        }
    }

    #[test]
    fn a_vantage_that_was_given_a_name_has_it_and_loopback_is_no_address() {
        let vantage = here(Some(" bastion "), ["127.0.0.1".parse().unwrap()].into_iter(), None);
        assert_eq!((vantage.name.as_str(), vantage.addresses.len()), ("bastion", 0));
        assert!(!here(None, std::iter::empty(), None).name.is_empty());
    }
}

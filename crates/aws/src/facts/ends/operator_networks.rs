//! The operators' networks and their DNS servers as ends of paths.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::facts::ends;
use crate::intent::Operator;
use crate::network::{End, EndKind};

/// A declared network as the end of a path.
pub(crate) fn end(operator: &Operator) -> End {
    let groups = ends::groups(&operator.security_groups);
    End {
        label: operator.name.clone(),
        kind: EndKind::Addresses { cidr: operator.cidr, via: operator.via.clone(), groups },
    }
}

/// The DNS servers of a declared network, which are in it or beside it, as ends of paths.
pub(crate) fn dns_servers(operator: &Operator) -> Vec<End> {
    let network = end(operator);
    let of_address = |address: &IpAddr| {
        let mut server = network.clone();
        server.label = format!("{address} of {}", operator.name);
        if let EndKind::Addresses { cidr, .. } = &mut server.kind {
            *cidr = IpNet::from(*address);
        }
        server
    };
    operator.dns.iter().map(of_address).collect()
}

//! What a probe met, beside what the network's settings say that it should have met.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::network::{End, EndKind, Groups, Ports, Verdict};
use crate::snapshot::aws::ec2::NetworkInterface;
use crate::snapshot::observation::{Tls, TlsOutcome};

use super::super::{Context, operators};
use super::place::Place;

/// Where the settings and the probe contradict each other.
#[derive(Debug, Default)]
pub(super) struct Contradictions {
    /// Whether anything could be compared.
    pub compared: bool,
    /// Open by the settings, and nothing answered.
    pub closed_in_fact: Vec<String>,
    /// Closed by the settings, and something answered.
    pub open_in_fact: Vec<String>,
}

/// Traces the way from the probe's place to each address that is a known interface's.
pub(super) fn compare<'t>(
    context: &Context<'_>,
    place: &Place<'_>,
    greetings: impl Iterator<Item = &'t Tls>,
) -> Contradictions {
    let mut found = Contradictions::default();
    let Some(from) = source(context, place) else { return found };
    for tls in greetings {
        let Some(to) = interface(context, tls.address) else { continue };
        let Ok(ports) = format!("tcp/{}", tls.port).parse::<Ports>() else { continue };
        let to = End {
            label: tls.address.to_string(),
            kind: EndKind::Interface { id: to.network_interface_id.clone() },
        };
        let paths = context.network.trace(&from, &to, &ports);
        let all = |verdict| !paths.is_empty() && paths.iter().all(|path| path.verdict == verdict);
        let what = format!("{} ({})", tls.address, tls.outcome.words());
        match tls.outcome {
            TlsOutcome::TimedOut | TlsOutcome::Unreachable if all(Verdict::Open) => {
                found.closed_in_fact.push(what)
            }
            // Somebody refused, so that the packets arrived.
            TlsOutcome::Refused if all(Verdict::Blocked) => found.open_in_fact.push(what),
            outcome if outcome.connected() == Some(true) && all(Verdict::Blocked) => {
                found.open_in_fact.push(what)
            }
            _ => {}
        }
        found.compared |=
            tls.outcome != TlsOutcome::NotTried && (all(Verdict::Open) || all(Verdict::Blocked));
    }
    found
}

/// The end that the probe spoke from.
fn source(context: &Context<'_>, place: &Place<'_>) -> Option<End> {
    if let Some((subnet, address)) = place.subnet {
        let label = address.to_string();
        if let Some(interface) = interface(context, address) {
            let id = interface.network_interface_id.clone();
            return Some(End { label, kind: EndKind::Interface { id } });
        }
        let kind = EndKind::Subnet {
            subnet: subnet.subnet_id.clone(),
            addresses: Some(vec![IpNet::from(address)]),
            groups: Groups::Undeclared,
        };
        return Some(End { label, kind });
    }
    let (operator, address) = place.operator?;
    let mut end = operators::end(operator);
    if let EndKind::Addresses { cidr, .. } = &mut end.kind {
        *cidr = IpNet::from(address);
    }
    Some(end)
}

/// The interface in the cluster's VPC that has this address.
fn interface<'s>(context: &Context<'s>, address: IpAddr) -> Option<&'s NetworkInterface> {
    let vpc = context.vpc.as_deref().ok();
    let text = address.to_string();
    let has = |interface: &NetworkInterface| {
        let all = interface.private_ip_addresses.iter().filter_map(|one| one.private_ip_address.as_ref());
        let v6 = interface.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_ref());
        interface.private_ip_address.iter().chain(all).chain(v6).any(|known| *known == text)
    };
    let all = context.snapshot.aws.network_interfaces.iter().flatten();
    all.into_iter().find(|interface| interface.vpc_id.as_deref() == vpc && vpc.is_some() && has(interface))
}

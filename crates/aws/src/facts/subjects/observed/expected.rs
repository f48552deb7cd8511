//! What a probe met, beside what the network's settings say that it should have met.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::observation::{Tls, TlsOutcome};
use privek_core::path::Verdict;
use privek_core::sets::ports::Ports;

use crate::facts::base::context::Context;
use crate::facts::ends::operator_networks;
use crate::facts::names;
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::NetworkInterface;

use super::dns::are_private;
use super::vantage::VantagePlace;

/// Where the settings and the probe contradict each other.
#[derive(Debug)]
pub(crate) struct Contradictions {
    /// Whether there is anything to compare: a path that the settings describe.
    pub compared: Known<bool>,
    /// Open by the settings, and nothing answered.
    pub closed_in_fact: Known<Vec<String>>,
    /// Closed by the settings, and something answered.
    pub open_in_fact: Known<Vec<String>>,
}

/// Traces the path from the probe's place to each address that is a known interface's.
pub(crate) fn compare<'t>(
    context: &Context<'_>,
    place: &VantagePlace<'_>,
    handshakes: impl Iterator<Item = &'t Tls>,
) -> Contradictions {
    let from = match source(context, place) {
        Ok(Some(from)) => from,
        Ok(None) => {
            return Contradictions {
                compared: Ok(false),
                closed_in_fact: Ok(Vec::new()),
                open_in_fact: Ok(Vec::new()),
            };
        }
        Err(missing) => {
            let unknown = || Err(missing.clone());
            return Contradictions {
                compared: Err(missing.clone()),
                closed_in_fact: unknown(),
                open_in_fact: unknown(),
            };
        }
    };
    let (mut closed, mut open, mut missing) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut some = false;
    for tls in handshakes {
        let to = match interface(context, tls.address) {
            Ok(Some(to)) => to,
            Ok(None) => continue,
            Err(unread) => {
                missing.extend(unread);
                continue;
            }
        };
        let Ok(ports) = format!("tcp/{}", tls.port).parse::<Ports>() else { continue };
        some = true;
        let label = tls.address.to_string();
        let to = End { label, kind: EndKind::Interface { id: to.network_interface_id.clone() } };
        let paths = context.network.trace(&from, &to, &ports);
        let all = |verdict| paths.iter().all(|path| path.verdict == verdict);
        let what = format!("{} ({})", tls.address, tls.outcome.words());
        // A firewall may refuse in another's name, and the object with the address here refuses no client.
        let arrived = tls.outcome.connected() == Some(true);
        match tls.outcome {
            TlsOutcome::NotTried => {
                _ = missing.insert(Missing::probe(format!(
                    "the answer of {}; the probe did not try the address",
                    tls.address
                )));
            }
            _ if all(Verdict::Open) && !arrived => closed.push(what),
            _ if all(Verdict::Blocked) && arrived => open.push(what),
            _ => missing.extend(paths.into_iter().flat_map(|path| path.missing)),
        }
    }
    Contradictions {
        compared: known::proved(some, missing.iter().cloned()),
        closed_in_fact: known::found(closed, missing.iter().cloned()),
        open_in_fact: known::found(open, missing),
    }
}

/// Where the addresses that programs are given are not those that the settings say; nothing where the settings
/// say nothing: of a place that is not known, or without any.
pub(crate) fn told_otherwise(
    context: &Context<'_>,
    place: &VantagePlace<'_>,
    name: &str,
    given: &BTreeSet<IpAddr>,
) -> Known<Option<Vec<String>>> {
    if context.snapshot.read_nothing() {
        return Ok(None);
    }
    let who = match (place.in_vpc.clone()?, place.operator) {
        (true, _) => names::DnsClient::Nodes,
        (false, Some((operator, _))) => names::DnsClient::Operator(operator),
        (false, None) => return Ok(None),
    };
    let list = |all: &BTreeSet<IpAddr>| {
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        if told.is_empty() { "no address".to_owned() } else { told.join(", ") }
    };
    let said = match names::told(context, who, name)? {
        // The public addresses of a name are unknown beforehand.
        None if given.is_empty() || are_private(given) => "public addresses".to_owned(),
        None => return Ok(Some(Vec::new())),
        Some(said) if said == *given || !given.is_empty() && given.is_subset(&said) => {
            return Ok(Some(Vec::new()));
        }
        Some(said) => list(&said),
    };
    Ok(Some(vec![format!("{said} by the settings, {} in the DNS answer", list(given))]))
}

/// The end that the probe spoke from; nothing where the settings say nothing of it.
fn source(context: &Context<'_>, place: &VantagePlace<'_>) -> Known<Option<End>> {
    if context.snapshot.read_nothing() {
        return Ok(None);
    }
    if let Some((subnet, address)) = place.subnet.clone()? {
        let label = address.to_string();
        if let Some(interface) = interface(context, address)? {
            let id = interface.network_interface_id.clone();
            return Ok(Some(End { label, kind: EndKind::Interface { id } }));
        }
        let kind = EndKind::Subnet {
            subnet: subnet.subnet_id.clone(),
            addresses: Some(vec![IpNet::from(address)]),
            groups: Groups::Undeclared,
            carriers: Carriers::default(),
        };
        return Ok(Some(End { label, kind }));
    }
    let Some((operator, address)) = place.operator else { return Ok(None) };
    let mut end = operator_networks::end(operator);
    if let EndKind::Addresses { cidr, .. } = &mut end.kind {
        *cidr = IpNet::from(address);
    }
    Ok(Some(end))
}

/// The interface in the cluster's VPC that has this address.
fn interface<'s>(context: &Context<'s>, address: IpAddr) -> Known<Option<&'s NetworkInterface>> {
    let vpc = context.vpc.clone()?;
    let has = |interface: &NetworkInterface| interface.addresses().any(|known| known == address);
    let all = context.snapshot.aws.network_interfaces.as_deref();
    let all = context.items(all, "NetworkInterfaces", &vpc)?;
    Ok(all.iter().find(|interface| interface.vpc_id.as_deref() == Some(&vpc) && has(interface)))
}

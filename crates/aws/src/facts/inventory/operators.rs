//! The operators' networks as ends of flows, and what the cluster's public endpoint makes of them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::addresses::AddressSet;

use crate::facts::base::context::Context;
use crate::intent::Operator;

use super::route53_resolver;

/// The declared networks, or that none is declared.
pub(crate) fn declared<'c>(context: &'c Context<'_>) -> Known<&'c [Operator]> {
    context.intent.operators.as_deref().ok_or_else(|| {
        vec![Missing::intent(
            "the networks of operators (--operator-cidr, or operators: in privek-audit.yaml; [] for none)",
        )]
    })
}

/// Whether the machines of a declared network ask endpoints of Route 53 Resolver themselves, with no DNS
/// servers of their own between.
pub(crate) fn asks_resolver(context: &Context<'_>, operator: &Operator) -> bool {
    let is_endpoint =
        |server: &IpAddr| !matches!(route53_resolver::endpoint_with(context, *server), Ok(None));
    !operator.dns.is_empty() && operator.dns.iter().all(is_endpoint)
}

/// Which machines of a network send its DNS queries is not declared, and matters: only a part of it may.
pub(crate) fn undeclared_servers(name: &str, network: IpNet, blocking: &[&str]) -> Missing {
    let blocking: BTreeSet<&str> = blocking.iter().copied().collect();
    let blocking: Vec<&str> = blocking.into_iter().collect();
    Missing::intent(format!(
        "the DNS servers of {name} (`dns:` in privek-audit.yaml); {} blocks a part of {network}",
        blocking.join(", ")
    ))
}

/// Whether the cluster's public endpoint admits a network.
///
/// What leaves a private network for the internet has an address that only its owner knows.
pub(crate) fn admitted_publicly(context: &Context<'_>, operator: &Operator) -> Known<bool> {
    if !context.public_access()? {
        return Ok(false);
    }
    let config = context.vpc_config()?;
    let texts = config.public_access_cidrs.as_ref();
    let admitted = texts.and_then(|all| all.iter().map(|text| text.parse().ok()).collect());
    let admitted: Vec<IpNet> =
        admitted.ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.publicAccessCidrs")])?;
    let admitted: AddressSet = admitted.into_iter().collect();
    // An IPv4 network behind NAT stays IPv4.
    let everybody = AddressSet::everything();
    let everybody = if is_v4(&operator.cidr) { everybody.only_v4() } else { everybody.only_v6() };
    if admitted.contains_all(&everybody) {
        return Ok(true);
    }
    if AddressSet::private().contains_all(&operator.cidr.into()) {
        let what = format!(
            "the public addresses of packets from {}, for comparison with publicAccessCidrs",
            operator.name
        );
        return Err(vec![Missing::intent(what)]);
    }
    Ok(admitted.contains_all(&operator.cidr.into()))
}

fn is_v4(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(_))
}

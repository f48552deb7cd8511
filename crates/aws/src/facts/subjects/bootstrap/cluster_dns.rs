//! The DNS server of pods: set in user data, derived from the service CIDR, read from EKS, or guessed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster;
use crate::facts::inventory::user_data::{Platform, Source};
use crate::snapshot::user_data::{Bootstrap, NodeAgent, is_redacted_ca};

use super::egress;

/// The cluster DNS address that nodes use.
pub(crate) struct ClusterDns {
    /// The address, where it is known.
    pub address: Option<String>,
    /// Whether no setting contains it.
    pub guessed: Known<bool>,
    /// Whether it is right.
    pub right: Known<bool>,
}

/// The addresses of the cluster's services.
pub(crate) fn service_cidr(context: &Context<'_>) -> Known<IpNet> {
    let cidr = cluster::service_cidr(context)?;
    cidr.parse().map_err(|_| vec![context.field("cluster", "a CIDR in kubernetesNetworkConfig")])
}

/// The address that EKS assigns to the cluster DNS service.
pub(crate) fn expected(context: &Context<'_>) -> Known<IpAddr> {
    Ok(of_range(service_cidr(context)?))
}

/// As `bootstrap.sh`, nodeadm and Bottlerocket derive it: the last octet becomes 10, or an IPv6 prefix
/// gets an `a`.
fn of_range(cidr: IpNet) -> IpAddr {
    match cidr.network() {
        IpAddr::V4(base) => {
            let [a, b, c, _] = base.octets();
            Ipv4Addr::new(a, b, c, 10).into()
        }
        IpAddr::V6(base) => Ipv6Addr::from_bits(base.to_bits() | 0xa).into(),
    }
}

/// The cluster DNS address that a group's nodes use.
pub(crate) fn of(context: &Context<'_>, source: &Source<'_, '_>) -> ClusterDns {
    match find(context, source) {
        Ok(found) => found,
        Err(missing) => ClusterDns { address: None, guessed: Err(missing.clone()), right: Err(missing) },
    }
}

fn find(context: &Context<'_>, source: &Source<'_, '_>) -> Known<ClusterDns> {
    let expected = expected(context)?;
    let by_eks = source.eks_starts.clone()?;
    if by_eks && source.platform.clone()? != Platform::Bottlerocket {
        return Ok(beside_eks(source, expected));
    }
    let addresses =
        source.setting("DnsIps", |data| Some(data.dns_ips.clone()).filter(|list| !list.is_empty()))?;
    if let Some(list) = addresses {
        let list: Vec<IpAddr> = list.iter().filter_map(|address| address.parse().ok()).collect();
        return Ok(told(&list, expected));
    }
    let range = source.setting("ServiceCidr", |data| data.service_cidr.clone())?;
    let agent = if by_eks { Some(NodeAgent::Bottlerocket) } else { source.agent()? };
    let derived = matches!(agent, Some(NodeAgent::BootstrapSh | NodeAgent::Nodeadm));
    if let Some(range) = range.and_then(|range| range.parse().ok()).filter(|_| derived) {
        return Ok(told(&[of_range(range)], expected));
    }
    let ipv6 = expected.is_ipv6();
    match agent {
        // What asks is answered; where it is not, another rule says so.
        Some(NodeAgent::BootstrapSh) if source.asks_eks()? => Ok(ClusterDns {
            address: None,
            guessed: Ok(false),
            right: egress::reaches_eks(context, source.group),
        }),
        Some(NodeAgent::BootstrapSh) => guessed(context, expected, &Ok(false)),
        Some(NodeAgent::Bottlerocket) => {
            if by_eks
                && told_by_eks(context, source)?.is_some_and(|list| list.contains(&expected.to_string()))
            {
                return Ok(told(&[expected], expected));
            }
            let asked = if ipv6 { Ok(false) } else { egress::reaches_eks(context, source.group) };
            guessed(context, expected, &asked)
        }
        // Newer images ask the EKS API, older ones guess.
        Some(NodeAgent::StartEksBootstrap) => {
            let unknown = vec![Missing::unmodelled(format!(
                "the source of the cluster DNS address in the image of {}",
                source.group.name
            ))];
            guessed(context, expected, &Err(unknown))
        }
        // nodeadm does not start without the services' addresses.
        Some(NodeAgent::Nodeadm) => Ok(ClusterDns { address: None, guessed: Ok(false), right: Ok(true) }),
        None => Err(vec![Missing::unmodelled(format!(
            "the DNS server that the image of {} sets in pods; its user data sets none",
            source.group.name
        ))]),
    }
}

/// What EKS sets, unless the owner's `NodeConfig` sets something else: which of the two nodeadm uses is
/// not documented (<https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/>).
fn beside_eks(source: &Source<'_, '_>, expected: IpAddr) -> ClusterDns {
    let own = source.data.as_ref().map(|data| {
        let unresolved = data.unresolved.iter().any(|name| name == "DnsIps");
        let right = |address: &String| address.parse() == Ok(expected);
        !unresolved && (data.dns_ips.is_empty() || data.dns_ips.iter().any(right))
    });
    if own != Ok(false) {
        return told(&[expected], expected);
    }
    let missing = Missing::unmodelled(format!(
        "the cluster DNS address on nodes of {}; their user data and EKS set different addresses",
        source.group.name
    ));
    ClusterDns { address: None, guessed: Ok(false), right: Err(vec![missing]) }
}

fn told(addresses: &[IpAddr], expected: IpAddr) -> ClusterDns {
    let local = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let right = match addresses {
        list if list.contains(&expected) => Ok(true),
        // NodeLocal DNSCache listens there: https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/
        list if list.iter().any(local) => Err(vec![Missing::unmodelled(
            "a DNS cache on every node; the DNS server of pods is a link-local address",
        )]),
        _ => Ok(false),
    };
    let address = addresses.iter().find(|address| **address == expected).or(addresses.first());
    ClusterDns { address: address.map(ToString::to_string), guessed: Ok(false), right }
}

/// Without a setting: 172.20.0.10 in a VPC of 10.0.0.0/8, 10.100.0.10 in all others. `asked` is whether the
/// EKS API would return the address.
fn guessed(context: &Context<'_>, expected: IpAddr, asked: &Known<bool>) -> Known<ClusterDns> {
    let ca = context.cluster.clone()?.certificate_authority.as_ref();
    if *asked != Ok(true) && ca.and_then(|ca| ca.data.as_deref()).is_some_and(is_redacted_ca) {
        return Err(vec![Missing::unmodelled(
            "the cluster DNS address that nodes guess; the redaction of the snapshot changed both addresses",
        )]);
    }
    let mut guesses = Vec::new();
    let vpc = context.vpc.clone()?;
    for cidr in context.network.vpc_cidrs(&vpc)? {
        if let IpNet::V4(cidr) = cidr {
            let ten = cidr.network().octets()[0] == 10;
            guesses.push(if ten { Ipv4Addr::new(172, 20, 0, 10) } else { Ipv4Addr::new(10, 100, 0, 10) });
        }
    }
    guesses.sort_unstable();
    guesses.dedup();
    let right = match (asked, &guesses[..]) {
        (Ok(true), _) => Ok(true),
        // A prefix outside 10.0.0.0/8 beside one inside: which is looked at first is not known.
        (_, [only]) if IpAddr::V4(*only) == expected => Ok(true),
        (Ok(false), [only]) => Ok(IpAddr::V4(*only) == expected),
        (Err(missing), [_]) => Err(missing.clone()),
        _ => Err(vec![Missing::unmodelled("the VPC CIDR from which nodes guess the cluster DNS address")]),
    };
    let address =
        guesses.first().filter(|_| guesses.len() == 1 && *asked != Ok(true)).map(ToString::to_string);
    Ok(ClusterDns { address, guessed: asked.clone().map(|asked| !asked), right })
}

/// What EKS itself wrote for Bottlerocket, in the launch template that it made for the Auto Scaling group.
fn told_by_eks(context: &Context<'_>, source: &Source<'_, '_>) -> Known<Option<Vec<String>>> {
    let unread = || {
        let group = source.group.auto_scaling_groups.first().map(String::as_str);
        vec![context.missing("AutoScalingGroups", group)]
    };
    let scaling = source.scaling.first().ok_or_else(unread)?;
    let mixed = scaling.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
    let used = scaling.launch_template.as_ref();
    let used = used.or_else(|| mixed.and_then(|mixed| mixed.launch_template_specification.as_ref()));
    let used = used.ok_or_else(unread)?;
    let data = crate::facts::inventory::launch_template::template(
        context,
        used.launch_template_id.as_deref(),
        used.launch_template_name.as_deref(),
        used.version.as_deref(),
    )?;
    let data: &Bootstrap = &data.user_data.as_ref().ok_or_else(|| source.unread("UserData"))?.0;
    if !data.is_clear() || data.unresolved.iter().any(|name| name == "DnsIps") {
        return Err(source.doubts(data));
    }
    Ok(Some(data.dns_ips.clone()).filter(|list| !list.is_empty()))
}

//! Name resolution in a VPC by its DHCP options and DNS attributes.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{DhcpOptions, Vpc};

/// Whether the cluster's VPC has its instances ask its own resolver and nothing else; without any server
/// they query none.
pub(crate) fn asks_amazon(context: &Context<'_>) -> Known<bool> {
    let id = context.vpc.clone()?;
    Ok(matches!(dns_of(context, &id)?.0, VpcDns::Amazon | VpcDns::NoServer))
}

/// The DNS servers of a VPC's instances, by kind and as its DHCP options list them.
pub(crate) fn dns_of(context: &Context<'_>, id: &str) -> Known<(VpcDns, Vec<String>)> {
    let vpc = context.snapshot.aws.vpcs.iter().flatten().find(|vpc| vpc.vpc_id == id);
    let vpc = vpc.ok_or_else(|| vec![context.missing("Vpcs", Some(id))]);
    let options = vpc.clone().and_then(|vpc| {
        vpc.dhcp_options_id.clone().ok_or_else(|| vec![context.field("Vpcs", "DhcpOptionsId")])
    });
    let servers = dhcp(context, &options).map(|options| values(options, "domain-name-servers"))?;
    Ok((VpcDns::of(context, &vpc, &servers)?, servers))
}

/// A DNS attribute of a VPC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VpcDnsAttribute {
    /// `enableDnsSupport`.
    Support,
    /// `enableDnsHostnames`.
    Hostnames,
}

/// Whether a DNS attribute of a VPC is on.
pub(crate) fn dns_attribute(context: &Context<'_>, id: &str, attribute: VpcDnsAttribute) -> Known<bool> {
    if matches!(attribute, VpcDnsAttribute::Support) {
        return context.network.dns_support(id);
    }
    let found = context.snapshot.aws.vpc_attributes.iter().flatten().find(|found| found.vpc_id == id);
    let value = found.and_then(|all| all.enable_dns_hostnames.as_ref()?.value);
    value.ok_or_else(|| vec![context.missing("VpcAttributes", Some(id))])
}

/// Which servers answer the instances' DNS queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VpcDns {
    /// The VPC's own resolver.
    Amazon,
    /// It and others.
    Mixed,
    /// Others.
    Custom,
    /// No server at all.
    NoServer,
}

impl VpcDns {
    pub fn of(context: &Context<'_>, vpc: &Known<&Vpc>, servers: &[String]) -> Known<Self> {
        let base = vpc.clone().and_then(|vpc| {
            let cidr = vpc.cidr_block.as_deref().and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
            cidr.map(plus_two).ok_or_else(|| vec![context.field("Vpcs", "CidrBlock")])
        });
        let mut amazon = 0;
        for server in servers {
            let named = server.eq_ignore_ascii_case("AmazonProvidedDNS");
            let address = server.parse::<IpAddr>().ok();
            let well_known = address.is_some_and(|address| {
                address == IpAddr::from([169, 254, 169, 253])
                    || address == IpAddr::from([0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x253])
            });
            if named || well_known || (address.is_some() && address == Some(base.clone()?)) {
                amazon += 1;
            }
        }
        Ok(match (amazon, servers.len()) {
            (_, 0) => Self::NoServer,
            (0, _) => Self::Custom,
            (some, all) if some == all => Self::Amazon,
            _ => Self::Mixed,
        })
    }
}

/// The option set, or `None` where the VPC has none (`default`).
pub(crate) fn dhcp<'s>(context: &Context<'s>, id: &Known<String>) -> Known<Option<&'s DhcpOptions>> {
    let id = id.clone()?;
    let found = context.snapshot.aws.dhcp_options.iter().flatten().find(|set| set.dhcp_options_id == id);
    match found {
        Some(set) => Ok(Some(set)),
        // https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
        None if id == "default" => Ok(None),
        None => Err(vec![context.missing("DhcpOptions", Some(&id))]),
    }
}

pub(crate) fn values(options: Option<&DhcpOptions>, key: &str) -> Vec<String> {
    options
        .into_iter()
        .flat_map(|set| &set.dhcp_configurations)
        .filter(|option| option.key.as_deref() == Some(key))
        .flat_map(|option| &option.values)
        .filter_map(|value| value.value.clone())
        // The API gives each server a value of its own; templates often hold several in one.
        .flat_map(|value| value.split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>())
        .filter(|value| !value.is_empty())
        .collect()
}

pub(crate) fn plus_two(cidr: Ipv4Net) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(cidr.network().to_bits().saturating_add(2)))
}

pub(crate) fn forwards(dns: VpcDns, servers: &[String]) -> Known<bool> {
    match dns {
        VpcDns::Amazon => Ok(true),
        VpcDns::NoServer => Ok(false),
        VpcDns::Mixed | VpcDns::Custom => Err(vec![Missing::probe(format!(
            "the forwarding rules of DNS servers {} for the names of the cluster and of VPC endpoints",
            servers.join(", ")
        ))]),
    }
}

//! The cluster's VPC as a subject: its DNS attributes and DHCP options.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::{Context, Fact, Missing, MissingKind, Subject, Subjects};
use crate::network::Known;
use crate::snapshot::aws::ec2::{DhcpOptions, Vpc, tag};

/// What rules see of the VPC.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct VpcFacts {
    /// `Vpcs[].VpcId`.
    id: String,
    /// The `Name` tag of `Vpcs[].Tags`.
    name: Option<String>,
    /// `VpcAttributes[].EnableDnsSupport.Value` (`DescribeVpcAttribute`).
    dns_support: Fact<bool>,
    /// `VpcAttributes[].EnableDnsHostnames.Value` (`DescribeVpcAttribute`).
    dns_hostnames: Fact<bool>,
    /// `Vpcs[].DhcpOptionsId`; `default` where no option set is associated.
    dhcp_options_id: Fact<String>,
    /// `DhcpOptions[].DhcpConfigurations[domain-name-servers].Values[].Value`.
    dns_servers: Fact<Vec<String>>,
    /// Whether instances are given the VPC's own resolver and nothing else: `AmazonProvidedDNS`,
    /// the primary prefix's base plus two, `169.254.169.253` or `fd00:ec2::253`.
    amazon_provided_dns: Fact<bool>,
    /// Whether the VPC's own resolver stands beside others, which AWS calls unpredictable.
    dns_servers_mixed: Fact<bool>,
    /// Whether the DNS servers that instances are given (`DhcpConfigurations`) answer as the VPC's
    /// resolver would; for other servers only a probe can tell.
    custom_dns_forwards: Fact<bool>,
    /// `DhcpOptions[].DhcpConfigurations[domain-name].Values[].Value`.
    domain_name: Fact<Option<String>>,
}

/// The cluster's VPC, or why it is not known.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let id = match &context.vpc {
        Ok(id) => id,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let vpc = context.snapshot.aws.vpcs.iter().flatten().find(|vpc| vpc.vpc_id == *id);
    let vpc = vpc.ok_or_else(|| vec![context.missing("Vpcs", Some(id))]);
    let facts = facts(context, id, &vpc);
    Subjects { listed: vec![Subject::new("vpc", id, facts.name.as_deref(), &facts)], unlisted: Vec::new() }
}

fn facts(context: &Context<'_>, id: &str, vpc: &Known<&Vpc>) -> VpcFacts {
    let dhcp_options_id = vpc
        .clone()
        .and_then(|vpc| vpc.dhcp_options_id.clone().ok_or_else(|| field(context, "DhcpOptionsId")));
    let servers = dhcp(context, &dhcp_options_id).map(|options| values(options, "domain-name-servers"));
    let dns = servers.clone().and_then(|servers| Dns::of(context, vpc, &servers));
    VpcFacts {
        id: id.to_owned(),
        name: vpc.as_ref().ok().and_then(|vpc| tag(&vpc.tags, "Name")).map(str::to_owned),
        dns_support: Fact(dns_attribute(context, id, Attribute::Support)),
        dns_hostnames: Fact(dns_attribute(context, id, Attribute::Hostnames)),
        domain_name: Fact(
            dhcp(context, &dhcp_options_id).map(|options| values(options, "domain-name").into_iter().next()),
        ),
        dhcp_options_id: Fact(dhcp_options_id),
        dns_servers: Fact(servers.clone()),
        amazon_provided_dns: Fact(dns.clone().map(|dns| dns == Dns::Amazon)),
        dns_servers_mixed: Fact(dns.clone().map(|dns| dns == Dns::Mixed)),
        custom_dns_forwards: Fact(dns.and_then(|dns| forwards(dns, servers.as_deref().unwrap_or_default()))),
    }
}

fn field(context: &Context<'_>, name: &str) -> Vec<Missing> {
    vec![context.field("Vpcs", name)]
}

/// Whether the cluster's VPC has its instances ask its own resolver and nothing else; without any server
/// they ask nobody.
pub(crate) fn asks_amazon(context: &Context<'_>) -> Known<bool> {
    let id = context.vpc.clone()?;
    Ok(matches!(dns_of(context, &id)?.0, Dns::Amazon | Dns::Nobody))
}

/// Whom a VPC's instances ask, and the servers that its DHCP options name.
pub(crate) fn dns_of(context: &Context<'_>, id: &str) -> Known<(Dns, Vec<String>)> {
    let vpc = context.snapshot.aws.vpcs.iter().flatten().find(|vpc| vpc.vpc_id == id);
    let vpc = vpc.ok_or_else(|| vec![context.missing("Vpcs", Some(id))]);
    let options = vpc
        .clone()
        .and_then(|vpc| vpc.dhcp_options_id.clone().ok_or_else(|| field(context, "DhcpOptionsId")));
    let servers = dhcp(context, &options).map(|options| values(options, "domain-name-servers"))?;
    Ok((Dns::of(context, &vpc, &servers)?, servers))
}

/// A DNS attribute of a VPC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attribute {
    /// `enableDnsSupport`.
    Support,
    /// `enableDnsHostnames`.
    Hostnames,
}

/// Whether a DNS attribute of a VPC is on.
pub(crate) fn dns_attribute(context: &Context<'_>, id: &str, attribute: Attribute) -> Known<bool> {
    let found = context.snapshot.aws.vpc_attributes.iter().flatten().find(|found| found.vpc_id == id);
    let value = found.and_then(|all| match attribute {
        Attribute::Support => all.enable_dns_support.as_ref()?.value,
        Attribute::Hostnames => all.enable_dns_hostnames.as_ref()?.value,
    });
    value.ok_or_else(|| vec![context.missing("VpcAttributes", Some(id))])
}

/// The option set, or `None` where the VPC has none (`default`).
fn dhcp<'s>(context: &Context<'s>, id: &Known<String>) -> Known<Option<&'s DhcpOptions>> {
    let id = id.clone()?;
    let found = context.snapshot.aws.dhcp_options.iter().flatten().find(|set| set.dhcp_options_id == id);
    match found {
        Some(set) => Ok(Some(set)),
        // https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
        None if id == "default" => Ok(None),
        None => Err(vec![context.missing("DhcpOptions", Some(&id))]),
    }
}

fn values(options: Option<&DhcpOptions>, key: &str) -> Vec<String> {
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

/// Who answers the instances' DNS queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dns {
    /// The VPC's own resolver.
    Amazon,
    /// It and others.
    Mixed,
    /// Others.
    Custom,
    /// No server at all.
    Nobody,
}

impl Dns {
    fn of(context: &Context<'_>, vpc: &Known<&Vpc>, servers: &[String]) -> Known<Self> {
        let base = vpc.clone().and_then(|vpc| {
            let cidr = vpc.cidr_block.as_deref().and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
            cidr.map(plus_two).ok_or_else(|| field(context, "CidrBlock"))
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
            (_, 0) => Self::Nobody,
            (0, _) => Self::Custom,
            (some, all) if some == all => Self::Amazon,
            _ => Self::Mixed,
        })
    }
}

fn plus_two(cidr: Ipv4Net) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(cidr.network().to_bits().saturating_add(2)))
}

fn forwards(dns: Dns, servers: &[String]) -> Known<bool> {
    match dns {
        Dns::Amazon => Ok(true),
        Dns::Nobody => Ok(false),
        Dns::Mixed | Dns::Custom => Err(vec![Missing {
            kind: MissingKind::Probe,
            what: format!(
                "whether the DNS servers {} forward the names of the cluster and of the VPC endpoints to the VPC's resolver",
                servers.join(", ")
            ),
            permission: None,
        }]),
    }
}

#[cfg(test)]
mod tests;

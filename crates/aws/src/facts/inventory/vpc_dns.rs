//! Name resolution in a VPC by its DHCP options and DNS attributes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;
use privek_core::known::Known;

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{DhcpOptions, Vpc};

/// The DNS servers of a VPC's instances, by kind and as its DHCP options list them.
pub(crate) fn dns_of(context: &Context<'_>, id: &str) -> Known<(VpcDns, Vec<String>)> {
    let vpc = find(context, id);
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
        let mut amazon = 0;
        for server in servers {
            let its_own = match server.parse() {
                Ok(address) => is_resolver_of(context, vpc, address)?,
                Err(_) => server.eq_ignore_ascii_case("AmazonProvidedDNS"),
            };
            amazon += usize::from(its_own);
        }
        Ok(match (amazon, servers.len()) {
            (_, 0) => Self::NoServer,
            (0, _) => Self::Custom,
            (some, all) if some == all => Self::Amazon,
            _ => Self::Mixed,
        })
    }
}

/// The VPC whose resolver has an address, by the base of its primary CIDR plus two. Machines outside the VPC,
/// in another VPC or on premises, cannot query it: to forward queries there is not supported
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-overview-DSN-queries-to-vpc.html>).
pub(crate) fn resolver_of<'s>(context: &Context<'s>, address: IpAddr) -> Option<&'s str> {
    let mut all = context.snapshot.aws.vpcs.iter().flatten();
    let found = all.find(|vpc| {
        let cidr = vpc.cidr_block.as_deref().and_then(|cidr| cidr.parse::<Ipv4Net>().ok());
        cidr.map(plus_two) == Some(address)
    });
    found.map(|vpc| vpc.vpc_id.as_str())
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

fn plus_two(cidr: Ipv4Net) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(cidr.network().to_bits().saturating_add(2)))
}

/// The addresses on which the resolver answers in every VPC.
const RESOLVER_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
const RESOLVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x253);

/// Whether an address is that of a VPC's own resolver: a link-local one, or the base of the VPC's primary IPv4
/// CIDR plus two. The same address of a further CIDR is reserved, and nothing answers there:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>,
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>.
pub(crate) fn is_resolver(context: &Context<'_>, vpc: &str, address: IpAddr) -> Known<bool> {
    is_resolver_of(context, &find(context, vpc), address)
}

fn is_resolver_of(context: &Context<'_>, vpc: &Known<&Vpc>, address: IpAddr) -> Known<bool> {
    if address == RESOLVER_V4 || address == RESOLVER_V6 {
        return Ok(true);
    }
    if address.is_ipv6() {
        return Ok(false);
    }
    let primary = vpc.clone()?.cidr_block.as_deref().and_then(|cidr| cidr.parse().ok());
    let primary = primary.ok_or_else(|| vec![context.field("Vpcs", "CidrBlock")])?;
    Ok(address == plus_two(primary))
}

fn find<'s>(context: &Context<'s>, id: &str) -> Known<&'s Vpc> {
    let found = context.snapshot.aws.vpcs.iter().flatten().find(|vpc| vpc.vpc_id == id);
    found.ok_or_else(|| vec![context.missing("Vpcs", Some(id))])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::Fixture;
    use crate::intent::Intent;

    use super::*;

    #[test]
    fn the_resolver_answers_in_the_primary_cidr_and_on_link_local_addresses_only() {
        const VPC: &str = "vpc-0a000000000000001";
        let snapshot = Fixture::healthy()
            .change("Vpcs", "VpcId", VPC, |vpc| {
                vpc["CidrBlock"] = json!("10.0.0.0/16");
                vpc["CidrBlockAssociationSet"] = json!([
                    {"AssociationId": "a-1", "CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
                    {"AssociationId": "a-2", "CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}
                ]);
            })
            .snapshot();
        let context = Context::new(&snapshot, &Intent::default());
        let is_own = |address: &str| is_resolver(&context, VPC, address.parse().unwrap());
        for own in ["10.0.0.2", "169.254.169.253", "fd00:ec2::253"] {
            assert_eq!(is_own(own), Ok(true), "{own}");
        }
        for other in ["10.0.0.3", "100.64.0.2", "10.0.1.2", "169.254.169.254", "fd00:ec2::254"] {
            assert_eq!(is_own(other), Ok(false), "{other}");
        }
        let elsewhere = |address: &str| is_resolver(&context, "vpc-unread", address.parse().unwrap());
        assert!(elsewhere("10.0.0.2").is_err());
        assert_eq!(elsewhere("169.254.169.253"), Ok(true));
    }
}

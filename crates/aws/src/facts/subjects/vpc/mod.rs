//! The cluster's VPC as a subject: its DNS attributes and DHCP options.

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::vpc_dns::{VpcDns, VpcDnsAttribute, dhcp, dns_attribute, values};
use crate::facts::names::answer::Answer;
use crate::facts::names::{self, required};
use crate::snapshot::aws::ec2::{Vpc, tag};

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
    /// `Vpcs[].DhcpOptionsId`; `default` if no DHCP options set is associated.
    dhcp_options_id: Fact<String>,
    /// `DhcpOptions[].DhcpConfigurations[domain-name-servers].Values[].Value`.
    dns_servers: Fact<Vec<String>>,
    /// Whether the VPC's own resolver is the only DNS server in the DHCP options. Its forms:
    /// `AmazonProvidedDNS`, the base of the primary CIDR plus two, `169.254.169.253` or `fd00:ec2::253`.
    amazon_provided_dns: Fact<bool>,
    /// Whether the DHCP options list the VPC's own resolver and other DNS servers; AWS documents the result
    /// as unpredictable.
    dns_servers_mixed: Fact<bool>,
    /// Whether the DNS servers in the DHCP options (`DhcpConfigurations`) resolve the names that nodes and pods
    /// need like the VPC's resolver. Inbound Resolver endpoints are followed; for other servers only a probe can
    /// decide.
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
    let dns = servers.clone().and_then(|servers| VpcDns::of(context, vpc, &servers));
    VpcFacts {
        id: id.to_owned(),
        name: vpc.as_ref().ok().and_then(|vpc| tag(&vpc.tags, "Name")).map(str::to_owned),
        dns_support: Fact(dns_attribute(context, id, VpcDnsAttribute::Support)),
        dns_hostnames: Fact(dns_attribute(context, id, VpcDnsAttribute::Hostnames)),
        domain_name: Fact(
            dhcp(context, &dhcp_options_id).map(|options| values(options, "domain-name").into_iter().next()),
        ),
        dhcp_options_id: Fact(dhcp_options_id),
        dns_servers: Fact(servers.clone()),
        amazon_provided_dns: Fact(dns.clone().map(|dns| dns == VpcDns::Amazon)),
        dns_servers_mixed: Fact(dns.clone().map(|dns| dns == VpcDns::Mixed)),
        custom_dns_forwards: Fact(
            dns.and_then(|dns| forwards(context, dns, servers.as_deref().unwrap_or_default())),
        ),
    }
}

/// Whether the DNS servers of the VPC answer like its resolver, by what the names that machines in the VPC need
/// resolve to.
fn forwards(context: &Context<'_>, dns: VpcDns, servers: &[String]) -> Known<bool> {
    match dns {
        VpcDns::Amazon => return Ok(true),
        VpcDns::NoServer => return Ok(false),
        VpcDns::Mixed | VpcDns::Custom => {}
    }
    let names = required::of(context);
    let unknown = || {
        vec![Missing::probe(format!(
            "the forwarding rules of DNS servers {} for the names of the cluster and of VPC endpoints",
            servers.join(", ")
        ))]
    };
    let mut all: Vec<Known<bool>> = vec![Ok(true)];
    for name in names.listed.iter().filter(|name| name.in_vpc != Ok(false)) {
        let found = names::of_nodes(context, &name.name)?;
        all.push(match &found.answer {
            Ok(Answer::Nothing) => Ok(false),
            // Public addresses are right where the VPC's resolver has no others.
            Ok(Answer::Public) => names::through_inbound(context, &name.name)
                .and_then(|own| own.answer)
                .map(|own| own == Answer::Public),
            Ok(_) => Ok(true),
            Err(_) => Err(unknown()),
        });
    }
    match known::all(all) {
        Ok(true) if names.unlisted.is_empty() => Ok(true),
        Ok(false) => Ok(false),
        Ok(true) => Err(names.unlisted.clone()),
        Err(_) => Err(unknown()),
    }
}

fn field(context: &Context<'_>, name: &str) -> Vec<Missing> {
    vec![context.field("Vpcs", name)]
}

#[cfg(test)]
mod tests;

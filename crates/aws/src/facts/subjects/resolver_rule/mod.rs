//! Forwarding rules of Route 53 Resolver as subjects: those that apply to the cluster's VPC, and to
//! the VPCs beside it that were read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::{route53_resolver, vpc_dns};
use crate::snapshot::aws::route53resolver::{ResolverEndpoint, ResolverRule, ResolverRuleAssociation};

/// What rules see of a forwarding rule.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ResolverRuleFacts {
    /// `ResolverRules[].Id`.
    id: String,
    /// `ResolverRules[].Name`.
    name: Option<String>,
    /// `ResolverRules[].DomainName`, without the trailing dot; `.` for every domain.
    domain: Fact<String>,
    /// The VPCs that are associated with the resolver rule (`ResolverRuleAssociations[].VPCId`).
    vpcs: Vec<String>,
    /// Statuses of the resolver rule and of the rule's associations with which Route 53 Resolver does not
    /// apply the rule.
    obstacles: Vec<String>,
    /// Whether the resolver rule and all the rule's associations have status `COMPLETE`.
    in_force: Fact<bool>,
    /// Whether the resolver rule is associated with another VPC and the rule's domain contains the name in
    /// `cluster.endpoint`.
    leads_to_cluster: Fact<bool>,
    /// `ResolverRules[].TargetIps[].Ip` or `.Ipv6`.
    targets: Vec<String>,
    /// Associated VPCs with an inbound Resolver endpoint to which the resolver rule forwards
    /// (`ResolverEndpoints[].HostVPCId`).
    looping_vpcs: Fact<Vec<String>>,
    /// Whether the resolver rule forwards no associated VPC's queries to that VPC's own inbound Resolver
    /// endpoint.
    loop_free: Fact<bool>,
    /// Targets in the VPC of the outbound Resolver endpoint or in the cluster's VPC that no network interface
    /// has (`NetworkInterfaces[].PrivateIpAddresses`).
    lost_targets: Fact<Vec<String>>,
    /// Whether network interfaces have all the rule's targets in the VPC of the outbound Resolver endpoint
    /// and in the cluster's VPC.
    targets_there: Fact<bool>,
    /// Addresses of the inbound Resolver endpoints in the cluster's VPC (`ResolverEndpointIpAddresses`).
    inbound_addresses: Fact<Vec<String>>,
}

/// The forwarding rules that are associated with VPCs.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let vpc = match &context.vpc {
        Ok(vpc) => vpc.as_str(),
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let aws = &context.snapshot.aws;
    let mut unlisted = Vec::new();
    unlisted.extend(route53_resolver::of_owner(context, "ResolverRuleAssociations"));
    let associations =
        context.items(aws.resolver_rule_associations.as_deref(), "ResolverRuleAssociations", vpc);
    if let Err(missing) = associations {
        unlisted.extend(missing);
    }
    let mut by_rule: BTreeMap<&str, Vec<&ResolverRuleAssociation>> = BTreeMap::new();
    for association in aws.resolver_rule_associations.iter().flatten() {
        match association.resolver_rule_id.as_deref() {
            Some(id) if id.starts_with("rslvr-autodefined") => {}
            Some(id) => by_rule.entry(id).or_default().push(association),
            None => {
                let field = format!("ResolverRuleId of {}", association.id);
                unlisted.push(context.field("ResolverRuleAssociations", &field));
            }
        }
    }
    let mut listed = Vec::new();
    for (id, associations) in by_rule {
        match aws.resolver_rules.iter().flatten().find(|rule| rule.id == id) {
            Some(rule) => match rule.rule_type.as_deref() {
                Some(kind) if kind.eq_ignore_ascii_case("FORWARD") => {
                    let facts = facts(context, rule, &associations);
                    listed.push(Subject::new("resolver_rule", id, facts.name.as_deref(), &facts));
                }
                Some(_) => {}
                None => unlisted.push(context.field("ResolverRules", &format!("RuleType of {id}"))),
            },
            None => unlisted.push(context.missing("ResolverRules", Some(id))),
        }
    }
    Subjects { listed, unlisted: known::joined(unlisted) }
}

fn facts(
    context: &Context<'_>,
    rule: &ResolverRule,
    associations: &[&ResolverRuleAssociation],
) -> ResolverRuleFacts {
    let field = |name: &str| vec![context.field("ResolverRules", &format!("{name} of {}", rule.id))];
    let domain = rule.domain_name.as_deref().map(|domain| domain.trim_end_matches('.').to_ascii_lowercase());
    let domain = domain.ok_or_else(|| field("DomainName"));
    let vpcs: BTreeSet<&str> = associations.iter().filter_map(|one| one.vpc_id.as_deref()).collect();
    let (obstacles, unread) = obstacles(context, rule, associations);
    let leads = leads_to_cluster(context, &domain, &vpcs);
    let targets: Vec<IpAddr> = rule
        .target_ips
        .iter()
        .filter_map(|one| one.ip.as_deref().or(one.ipv6.as_deref())?.parse().ok())
        .collect();
    let loops = looping_vpcs(context, &vpcs, &targets);
    let lost = lost_targets(context, rule, &leads, &targets);
    ResolverRuleFacts {
        id: rule.id.clone(),
        name: rule.name.clone(),
        domain: Fact(domain.map(|domain| if domain.is_empty() { ".".to_owned() } else { domain })),
        vpcs: vpcs.into_iter().map(str::to_owned).collect(),
        in_force: Fact(known::disproved(!obstacles.is_empty(), unread)),
        obstacles,
        leads_to_cluster: Fact(leads),
        targets: targets.iter().map(ToString::to_string).collect(),
        loop_free: Fact(loops.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        looping_vpcs: Fact(loops),
        targets_there: Fact(lost.as_ref().map(Vec::is_empty).map_err(Clone::clone)),
        lost_targets: Fact(lost),
        inbound_addresses: Fact(
            context.vpc.clone().and_then(|vpc| {
                Ok(inbound_addresses(context, &vpc)?.iter().map(ToString::to_string).collect())
            }),
        ),
    }
}

/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverRuleAssociation.html>
fn obstacles(
    context: &Context<'_>,
    rule: &ResolverRule,
    associations: &[&ResolverRuleAssociation],
) -> (Vec<String>, Vec<Missing>) {
    let (mut obstacles, mut unread) = (Vec::new(), Vec::new());
    let mut judge = |status: Option<&str>, collection: &str, of: String| match status
        .map(str::to_ascii_uppercase)
        .as_deref()
    {
        Some("COMPLETE") => {}
        Some(status @ ("FAILED" | "DELETING" | "OVERRIDDEN")) => {
            obstacles.push(format!("{of} has status {status}"));
        }
        Some(status) => unread
            .push(Missing::probe(format!("the result of the change in progress; {of} has status {status}"))),
        None => unread.push(context.field(collection, &format!("Status of {of}"))),
    };
    judge(rule.status.as_deref(), "ResolverRules", format!("rule {}", rule.id));
    for one in associations {
        let of = format!("the association with {}", one.vpc_id.as_deref().unwrap_or("a VPC"));
        judge(one.status.as_deref(), "ResolverRuleAssociations", of);
    }
    (obstacles, unread)
}

fn leads_to_cluster(context: &Context<'_>, domain: &Known<String>, vpcs: &BTreeSet<&str>) -> Known<bool> {
    let vpc = context.vpc.clone()?;
    if vpcs.iter().all(|one| **one == *vpc) {
        return Ok(false);
    }
    let cluster = context.cluster.clone()?;
    let endpoint = cluster.endpoint.as_deref().ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
    let host = endpoint.trim_start_matches("https://").trim_end_matches('/').to_ascii_lowercase();
    let domain = domain.clone()?;
    Ok(domain.is_empty() || host == domain || host.ends_with(&format!(".{domain}")))
}

/// A rule must not send a VPC's queries to that VPC's own inbound endpoint:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/best-practices-resolver-endpoints.html>.
fn looping_vpcs(context: &Context<'_>, vpcs: &BTreeSet<&str>, targets: &[IpAddr]) -> Known<Vec<String>> {
    let (mut looping, mut missing) = (Vec::new(), Vec::new());
    for vpc in vpcs {
        match inbound_addresses(context, vpc) {
            Ok(own) if targets.iter().any(|target| own.contains(target)) => looping.push((*vpc).to_owned()),
            Ok(_) => {}
            Err(why) => missing.extend(why),
        }
    }
    known::found(looping, missing)
}

fn endpoints_of<'s>(context: &Context<'s>, vpc: &str) -> Known<Vec<&'s ResolverEndpoint>> {
    let all = context.items(context.snapshot.aws.resolver_endpoints.as_deref(), "ResolverEndpoints", vpc)?;
    Ok(all.iter().filter(|endpoint| endpoint.host_vpc_id.as_deref() == Some(vpc)).collect())
}

/// The addresses on which a VPC answers other networks.
fn inbound_addresses(context: &Context<'_>, vpc: &str) -> Known<BTreeSet<IpAddr>> {
    let mut addresses = BTreeSet::new();
    for endpoint in endpoints_of(context, vpc)? {
        match endpoint.direction.as_deref().map(str::to_ascii_uppercase).as_deref() {
            Some("OUTBOUND") => {}
            Some(_) => addresses.extend(
                route53_resolver::addresses(context, &endpoint.id)?
                    .iter()
                    .filter_map(route53_resolver::parsed),
            ),
            None => {
                let field = format!("Direction of {}", endpoint.id);
                return Err(vec![context.field("ResolverEndpoints", &field)]);
            }
        }
    }
    Ok(addresses)
}

/// Only where it is certain which VPC an address is of can it be said that nothing there has it: the VPC
/// that the rule forwards from, and the cluster's for a rule with the cluster's API name.
fn lost_targets(
    context: &Context<'_>,
    rule: &ResolverRule,
    leads: &Known<bool>,
    targets: &[IpAddr],
) -> Known<Vec<String>> {
    let host = host_vpc(context, rule)?;
    let mut lost = Vec::new();
    for target in targets {
        let mut home = None;
        if holds(context, &host, *target)? {
            home = Some(host.clone());
        } else {
            let cluster_vpc = context.vpc.clone()?;
            if holds(context, &cluster_vpc, *target)? && leads.clone()? {
                home = Some(cluster_vpc);
            }
        }
        if let Some(vpc) = home
            && !somebody_has(context, &vpc, *target)?
        {
            lost.push(target.to_string());
        }
    }
    Ok(lost)
}

fn host_vpc(context: &Context<'_>, rule: &ResolverRule) -> Known<String> {
    let id = rule.resolver_endpoint_id.as_deref();
    let id = id
        .ok_or_else(|| vec![context.field("ResolverRules", &format!("ResolverEndpointId of {}", rule.id))])?;
    let mut all = context.snapshot.aws.resolver_endpoints.iter().flatten();
    let endpoint = all.find(|endpoint| endpoint.id == id);
    let endpoint = endpoint.ok_or_else(|| vec![context.missing("ResolverEndpoints", Some(id))])?;
    let host = endpoint.host_vpc_id.clone();
    host.ok_or_else(|| vec![context.field("ResolverEndpoints", &format!("HostVPCId of {id}"))])
}

fn holds(context: &Context<'_>, vpc: &str, address: IpAddr) -> Known<bool> {
    Ok(context.network.vpc_cidrs(vpc)?.iter().any(|cidr| cidr.contains(&address)))
}

fn somebody_has(context: &Context<'_>, vpc: &str, address: IpAddr) -> Known<bool> {
    let interfaces =
        context.items(context.snapshot.aws.network_interfaces.as_deref(), "NetworkInterfaces", vpc)?;
    let mut own = interfaces.iter().filter(|one| one.vpc_id.as_deref() == Some(vpc));
    let held = own.any(|one| one.addresses().any(|its| its == address));
    // The VPC's own resolver has no interface.
    if held
        || vpc_dns::is_resolver(context, vpc, address)?
        || inbound_addresses(context, vpc)?.contains(&address)
    {
        return Ok(true);
    }
    match route53_resolver::of_owner(context, "NetworkInterfaces") {
        // Participants of a shared VPC cannot read its owner's network interfaces.
        Some(missing) if context.vpc.as_deref() == Ok(vpc) => Err(vec![missing]),
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests;

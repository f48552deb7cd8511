//! Who asks: machines of a VPC, or of a network outside AWS with DNS servers of its own.

use std::net::IpAddr;

use ipnet::IpNet;

use super::forward::by_network;
use super::lookup::{Answer, Lookup, blocker};
use super::{Question, inbound_servers, resolver};
use crate::facts::elsewhere::{domain, within};
use crate::facts::vpc::Dns;
use crate::facts::{Context, ends, operators, resolver_endpoint, vpc};
use crate::intent::Operator;
use crate::network::{Blocker, BlockerCode, End, Known, Missing, Remedy};

/// What operators are told, and the VPC that they are in.
pub(super) struct Asked {
    pub lookup: Lookup,
    pub vpc: Option<String>,
    /// Whether it is known whom they ask: they are in a VPC, or it was declared.
    pub declared: bool,
}

/// What machines of a VPC are told: its DHCP options say whom they ask.
pub(super) fn in_vpc(
    context: &Context<'_>,
    id: &str,
    (who, from): (&str, &[End]),
    question: &Question,
) -> Lookup {
    let step = format!("the DHCP options of {id}");
    match vpc::dns_of(context, id) {
        Ok((Dns::Amazon, _)) => resolver::ask(context, id, question, &mut Vec::new()),
        Ok((Dns::Custom, servers)) => {
            let servers: Vec<IpAddr> = servers.iter().filter_map(|server| server.parse().ok()).collect();
            by_network(context, who, from.to_vec(), &servers, question).after(step)
        }
        Ok((Dns::Mixed, servers)) => {
            let what =
                format!("which of {} the machines of {id} ask for {}", servers.join(", "), question.name);
            Lookup::unknown(vec![Missing::probe(what)], step)
        }
        Ok((Dns::Nobody, _)) => {
            let what = format!("whom the machines of {id} ask, whose DHCP options name no DNS server");
            Lookup::unknown(vec![Missing::probe(what)], step)
        }
        Err(missing) => Lookup::unknown(missing, step),
    }
}

/// What a network of operators is told.
pub(super) fn operator(context: &Context<'_>, operator: &Operator, question: &Question) -> Asked {
    let vpc = match home(context, operator) {
        Ok(vpc) => vpc,
        Err(missing) => {
            let lookup = Lookup::unknown(missing, format!("the DNS of {}", operator.name));
            return Asked { lookup, vpc: None, declared: true };
        }
    };
    let network = [operators::end(operator)];
    let lookup = match &vpc {
        Some(vpc) if operator.dns.is_empty() && operator.forwards_to.is_none() => {
            in_vpc(context, vpc, (&operator.name, &network), question)
        }
        Some(vpc)
            if !operator.dns.is_empty() && operator.dns.iter().all(|one| is_own(context, vpc, *one)) =>
        {
            resolver::ask(context, vpc, question, &mut Vec::new())
        }
        _ => outside(context, operator, question),
    };
    let declared = vpc.is_some() || operator.forwards_to.is_some() || operator.public_dns.is_some();
    Asked { lookup, vpc, declared }
}

/// What a network is told that has DNS servers of its own.
fn outside(context: &Context<'_>, operator: &Operator, question: &Question) -> Lookup {
    let name = operator.name.as_str();
    if operators::asks_resolver(context, operator) {
        return by_network(context, name, vec![operators::end(operator)], &operator.dns, question);
    }
    if let Some(servers) = operator.forwards_to.as_ref().filter(|servers| !servers.is_empty()) {
        let mut from = operators::dns_servers(operator);
        if from.is_empty() {
            from.push(operators::end(operator));
        }
        return by_network(context, name, from, servers, question);
    }
    let step = format!("the DNS of {name}");
    // Where the cluster's VPC has no inbound endpoint there is nothing to forward to.
    let none_there = ends::of_role(context, "resolver-inbound").are_none()
        && resolver_endpoint::of_owner(context, "ResolverEndpoints").is_none();
    let nowhere = (operator.forwards_to.is_some() || none_there).then_some(());
    if nowhere.is_some() && operator.public_dns.is_none() && context.public_access() == Ok(true) {
        // Whether they give public addresses or none: not those of the control plane.
        return Lookup::told(Answer::Public, step);
    }
    match (operator.public_dns, &nowhere) {
        (Some(true), Some(())) => resolver::public(context, &question.name).after(step),
        (Some(false), Some(())) => {
            let reason = "its DNS servers forward AWS's names nowhere and resolve no public ones".to_owned();
            let remedy = Remedy {
                domain: Some(question.name.clone()),
                servers: inbound_servers(context),
                ..Remedy::default()
            };
            let code = BlockerCode::NameNotForwarded;
            Lookup::nothing(vec![blocker(code, "network", name, reason, remedy)], step)
        }
        (public, nowhere) => {
            let mut missing = Vec::new();
            if nowhere.is_none() {
                missing.push(Missing::intent(format!(
                    "where the DNS servers of {name} send {} (`forwards_to:` in privek-audit.yaml; [] for nowhere)",
                    question.name
                )));
            }
            if public.is_none() {
                missing.push(Missing::intent(format!(
                    "whether the DNS servers of {name} resolve public names to private addresses (`public_dns:` in privek-audit.yaml)"
                )));
            }
            Lookup::unknown(missing, step)
        }
    }
}

/// Whether an address is that of a VPC's own resolver: the second of its prefix, or the link-local one
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>).
fn is_own(context: &Context<'_>, vpc: &str, address: IpAddr) -> bool {
    let cidrs = context.network.vpc_cidrs(vpc).unwrap_or_default();
    address == IpAddr::from([169, 254, 169, 253])
        || cidrs.iter().any(|cidr| cidr.hosts().nth(1) == Some(address))
}

/// The VPC that a network is in, as the paths from it take it to be: the cluster's own before others.
fn home(context: &Context<'_>, operator: &Operator) -> Known<Option<String>> {
    let own = context.vpc.clone()?;
    let aws = &context.snapshot.aws;
    context.items(aws.vpcs.as_deref(), "Vpcs", &own)?;
    let mut homes = Vec::new();
    for vpc in aws.vpcs.iter().flatten() {
        let cidrs = context.network.vpc_cidrs(&vpc.vpc_id)?;
        if cidrs.iter().any(|cidr| cidr.contains(&operator.cidr)) {
            homes.push(vpc.vpc_id.clone());
        }
    }
    let via = operator.via.as_deref().filter(|via| via.starts_with("pcx-"));
    for peering in aws.vpc_peering_connections.iter().flatten() {
        let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
        let sides: Vec<_> = sides.into_iter().flatten().collect();
        if via == Some(&peering.vpc_peering_connection_id) {
            homes.retain(|home| sides.iter().any(|side| side.vpc_id.as_ref() == Some(home)));
        }
        // A far side that nobody could read.
        let mut unread = sides
            .iter()
            .filter(|side| !aws.vpcs.iter().flatten().any(|vpc| side.vpc_id.as_ref() == Some(&vpc.vpc_id)));
        let holds = |text: Option<&String>| {
            text.and_then(|text| text.parse::<IpNet>().ok()).is_some_and(|cidr| cidr.contains(&operator.cidr))
        };
        let unread = unread.find(|side| {
            holds(side.cidr_block.as_ref())
                || side.cidr_block_set.iter().any(|block| holds(block.cidr_block.as_ref()))
        });
        if let Some(vpc) = unread.and_then(|side| side.vpc_id.as_deref()) {
            return Err(vec![context.missing("Vpcs", Some(vpc))]);
        }
    }
    if homes.contains(&own) && operator.via.is_none() {
        return Ok(Some(own));
    }
    match homes.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(vec![Missing::intent(format!(
            "`via` of {}: which of the VPCs {} it is in",
            operator.name,
            several.join(", ")
        ))]),
    }
}

/// What leads a name past the private zone, so that public DNS answers.
pub(super) fn why_public(
    context: &Context<'_>,
    operator: &Operator,
    vpc: Option<&str>,
    lookup: &Lookup,
    host: &str,
) -> Blocker {
    let own = context.vpc.as_deref().unwrap_or("the cluster's VPC");
    let remedy = Remedy {
        domain: Some(host.to_owned()),
        servers: inbound_servers(context),
        vpc: vpc.map(str::to_owned),
        ..Remedy::default()
    };
    if let Some(last) = lookup.forwards.last() {
        let reason = format!(
            "it leads to the resolver of {}, and the private zone of the cluster is in {own} only",
            last.to
        );
        let (kind, id) = match &last.rule {
            Some(rule) => ("resolver-rule", rule.as_str()),
            None => ("network", operator.name.as_str()),
        };
        return blocker(BlockerCode::ResolverRuleVpc, kind, id, reason, remedy);
    }
    let Some(vpc) = vpc else {
        let reason = format!("its DNS servers do not forward the name to {own}");
        return blocker(BlockerCode::NameNotForwarded, "network", &operator.name, reason, remedy);
    };
    let aws = &context.snapshot.aws;
    let servers = &remedy.servers;
    let idle = aws.resolver_rules.iter().flatten().find(|rule| {
        let domain = rule.domain_name.as_deref().map(domain);
        let leads = rule.target_ips.iter().filter_map(|target| target.ip.as_ref().or(target.ipv6.as_ref()));
        resolver::is_kind(rule, "FORWARD")
            && domain.is_some_and(|domain| !domain.is_empty() && within(host, &domain))
            && leads.into_iter().any(|target| servers.contains(target))
    });
    if let Some(rule) = idle {
        let reason =
            format!("it would lead the name to {own}, and no association puts it into force in {vpc}");
        return blocker(BlockerCode::ResolverRuleNotAssociated, "resolver-rule", &rule.id, reason, remedy);
    }
    let outbound = aws.resolver_endpoints.iter().flatten().filter(|endpoint| {
        endpoint.direction.as_deref().is_some_and(|its| its.eq_ignore_ascii_case("OUTBOUND"))
    });
    let mut outbound: Vec<_> = outbound.collect();
    outbound.sort_by_key(|endpoint| (endpoint.host_vpc_id.as_deref() != Some(vpc), &endpoint.id));
    let (others, _) = resolver::rules(context, vpc);
    let others: Vec<String> = others
        .iter()
        .filter(|other| resolver::is_kind(other.rule, "FORWARD") && other.domain.contains("eks.amazonaws"))
        .map(|other| format!("{} is for {}", other.rule.id, other.domain))
        .collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    let reason = format!("no forwarding rule of it leads {host} to {own}{others}");
    let remedy = Remedy { resolver_endpoint: outbound.first().map(|endpoint| endpoint.id.clone()), ..remedy };
    blocker(BlockerCode::ResolverRuleMissing, "vpc", vpc, reason, remedy)
}

/// Somebody gives the name addresses that are not the control plane's.
pub(super) fn wrong_addresses(lookup: &Lookup, host: &str) -> Blocker {
    let told = match &lookup.answer {
        Ok(Answer::Addresses(all)) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        _ => "other addresses".to_owned(),
    };
    let who = lookup.steps.last().cloned().unwrap_or_default();
    let reason = format!("gives {host} {told}, which the control plane does not have");
    let remedy = Remedy { domain: Some(host.to_owned()), ..Remedy::default() };
    blocker(BlockerCode::HostedZoneRecord, "dns", &who, reason, remedy)
}

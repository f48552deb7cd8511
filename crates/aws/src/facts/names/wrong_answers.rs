//! Why a client receives an answer that is not right: the object that decides, and what has to change.

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::{domain, within};
use crate::facts::endpoints::{private_names, vpc_endpoint};
use crate::intent::Operator;
use crate::network::{Blocker, BlockerCode, Remedy};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::answer::{Answer, Lookup, blocker};
use super::inbound::inbound_servers;
use super::required::cluster_host;
use super::resolver;

/// The object because of which public DNS answers for a name instead of the private hosted zone.
pub(crate) fn why_public(
    context: &Context<'_>,
    who: &str,
    vpc: Option<&str>,
    lookup: &Lookup,
    host: &str,
) -> Blocker {
    let own = context.vpc.as_deref().unwrap_or("the cluster's VPC");
    let is_api = cluster_host(context).is_ok_and(|api| api == host);
    let what = if is_api { "the API name" } else { host };
    let remedy = Remedy {
        domain: Some(host.to_owned()),
        servers: inbound_servers(context),
        vpc: vpc.map(str::to_owned),
        ..Remedy::default()
    };
    let (rules, _) = vpc.map(|vpc| resolver::rules(context, vpc, host)).unwrap_or_default();
    if let Some(last) = lookup.forwards.last() {
        let zone = if is_api { "of the cluster".to_owned() } else { format!("for {host}") };
        let reason = format!(
            "sends queries to the resolver of {}; the private hosted zone {zone} is in {own} only",
            last.to
        );
        let Some(rule) = &last.rule else {
            return blocker(BlockerCode::ResolverRuleVpc, "network", who, reason, remedy);
        };
        // What other names go by is not for this one to change.
        let narrow = rules.iter().any(|applied| applied.rule.id == *rule && applied.domain == host);
        let servers = if narrow && vpc != Some(own) { remedy.servers } else { Vec::new() };
        let remedy = Remedy { servers, ..remedy };
        return blocker(BlockerCode::ResolverRuleVpc, "resolver-rule", rule, reason, remedy);
    }
    let Some(vpc) = vpc else {
        let reason = format!("its DNS servers do not forward {what} to {own}");
        return blocker(BlockerCode::NameNotForwarded, "network", who, reason, remedy);
    };
    let mut kept: Vec<_> =
        rules.iter().filter(|rule| rule.domain.is_empty() || within(host, &rule.domain)).collect();
    kept.sort_by_key(|rule| std::cmp::Reverse(rule.domain.len()));
    if let Some(first) =
        kept.first().filter(|first| resolver::is_kind(first.rule, "SYSTEM") && kept.len() > 1)
    {
        let reason = format!(
            "keeps queries for {} in the resolver of {vpc}, with precedence over {}",
            first.domain,
            kept.get(1).map_or("the rule", |next| next.rule.id.as_str())
        );
        let code = BlockerCode::ResolverRuleInTheWay;
        return blocker(code, "resolver-rule", &first.rule.id, reason, remedy);
    }
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
        let mut associations = aws.resolver_rule_associations.iter().flatten();
        let failed = associations.find(|one| {
            one.resolver_rule_id.as_deref() == Some(&rule.id) && one.vpc_id.as_deref() == Some(vpc)
        });
        let status = failed.map(|failed| failed.status.clone().unwrap_or_default());
        let reason = match &status {
            Some(status) => {
                format!("would forward {what} to {own}, but the association with {vpc} is {status}")
            }
            None => {
                format!("would forward {what} to {own}, but is not associated with {vpc}")
            }
        };
        let remedy = Remedy { state: status, ..remedy };
        return blocker(BlockerCode::ResolverRuleNotAssociated, "resolver-rule", &rule.id, reason, remedy);
    }
    let outbound = aws.resolver_endpoints.iter().flatten().filter(|endpoint| {
        endpoint.direction.as_deref().is_some_and(|its| its.eq_ignore_ascii_case("OUTBOUND"))
    });
    let mut outbound: Vec<_> = outbound.collect();
    outbound.sort_by_key(|endpoint| (endpoint.host_vpc_id.as_deref() != Some(vpc), &endpoint.id));
    let others: Vec<String> = rules
        .iter()
        .filter(|other| resolver::is_kind(other.rule, "FORWARD") && other.domain.contains("eks.amazonaws"))
        .map(|other| format!("{} is for {}", other.rule.id, other.domain))
        .collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join(", ")) };
    let reason = format!("{vpc} has no Resolver rule that forwards {host} to {own}{others}");
    let remedy = Remedy { resolver_endpoint: outbound.first().map(|endpoint| endpoint.id.clone()), ..remedy };
    blocker(BlockerCode::ResolverRuleMissing, "vpc", vpc, reason, remedy)
}

/// The object that resolves a name to addresses that are not right, and why they are not.
pub(crate) fn wrong_addresses(lookup: &Lookup, host: &str, why: &str, right: Option<&str>) -> Blocker {
    let told = match &lookup.answer {
        Ok(Answer::Addresses(all)) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Ok(Answer::Endpoint { id, .. }) => format!("the addresses of {id}"),
        _ => "other addresses".to_owned(),
    };
    let last = || lookup.steps.last().cloned().unwrap_or_default();
    let (kind, id) = lookup.source.clone().unwrap_or_else(|| ("dns", last()));
    let reason = format!("resolves {host} to {told}; {why}");
    if let Some(rule) = &lookup.overridden {
        return Blocker { reason: format!("{}; {reason}", rule.reason), ..rule.clone() };
    }
    let remedy = Remedy {
        domain: Some(host.to_owned()),
        target: Some(right.unwrap_or("the correct addresses").to_owned()),
        ..Remedy::default()
    };
    blocker(BlockerCode::HostedZoneRecord, kind, &id, reason, remedy)
}

/// The reason why a service's name resolves to public addresses beside a VPC endpoint for the service.
pub(crate) fn past_endpoint(
    context: &Context<'_>,
    lookup: &Lookup,
    host: &str,
    endpoint: &VpcEndpoint,
    why: &str,
) -> Blocker {
    let id = endpoint.vpc_endpoint_id.as_str();
    let remedy = Remedy {
        domain: Some(host.to_owned()),
        state: endpoint.state.clone(),
        target: Some(id.to_owned()),
        ..Remedy::default()
    };
    let public = format!("resolves to public addresses, and {why}");
    if let Some(rule) = &lookup.overridden {
        return Blocker { reason: format!("{}: {host} {public}", rule.reason), ..rule.clone() };
    }
    if let Some(rule) = lookup.forwards.last().and_then(|last| last.rule.as_deref()) {
        let reason = format!("forwards queries for {host}, so that the name {public}");
        return blocker(BlockerCode::ResolverRuleVpc, "resolver-rule", rule, reason, remedy);
    }
    if let Some((kind, zone)) = &lookup.source {
        let reason = format!("{host} {public}");
        return blocker(BlockerCode::HostedZoneRecord, kind, zone, reason, remedy);
    }
    if vpc_endpoint::is_gone(endpoint) {
        let state = endpoint.state.as_deref().unwrap_or_default();
        let reason = format!("is {state}: {host} {public}");
        return blocker(BlockerCode::PrivateDnsOff, "vpc-endpoint", id, reason, remedy);
    }
    if private_names::is_on(context, endpoint, !lookup.forwards.is_empty()) != Ok(true) {
        let reason = format!("has private DNS off: {host} {public}");
        return blocker(BlockerCode::PrivateDnsOff, "vpc-endpoint", id, reason, remedy);
    }
    let others = context.snapshot.aws.service_details.iter().flatten();
    let offered = others.into_iter().find(|detail| {
        private_names::names(detail).iter().any(|pattern| private_names::matches(pattern, host))
    });
    let reason = format!("does not answer for {host}: the name {public}");
    let remedy = Remedy { target: offered.map(|detail| detail.service_name.clone()), ..remedy };
    blocker(BlockerCode::NameNotServed, "vpc-endpoint", id, reason, remedy)
}

/// The name has addresses of the other family than a network's.
pub(crate) fn other_family(lookup: &Lookup, operator: &Operator, host: &str) -> Blocker {
    let (has, own) = if operator.cidr.addr().is_ipv4() { ("IPv6", "IPv4") } else { ("IPv4", "IPv6") };
    let last = lookup.steps.last().cloned().unwrap_or_default();
    let reason = format!(
        "has {has} addresses only for {host}; {} ({}) has {own} addresses",
        operator.name, operator.cidr
    );
    let remedy = Remedy { domain: Some(host.to_owned()), ..Remedy::default() };
    blocker(BlockerCode::NameFamily, "dns", &last, reason, remedy)
}

//! Route 53 Resolver's endpoints and rules, as the cluster's VPC uses them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::route53resolver::{IpAddressResponse, ResolverEndpoint, ResolverRule};

use super::vpc_owner;

/// What a VPC's owner alone is shown: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html>.
pub(crate) fn of_owner(context: &Context<'_>, collection: &str) -> Option<Missing> {
    of_owner_of(context, context.vpc.as_deref().ok()?, collection)
}

/// The same for any VPC.
pub(crate) fn of_owner_of(context: &Context<'_>, id: &str, collection: &str) -> Option<Missing> {
    // Why a VPC itself is not known is said where it is read.
    let owner = vpc_owner::other_owner(context, id).ok()??;
    let missing = context.missing(collection, Some(id));
    let action = missing.permission.clone().unwrap_or_else(|| collection.to_owned());
    let what = format!("{action} in account {owner}, the owner of {id}");
    Some(Missing::operation(what, missing.permission.as_deref()))
}

/// An endpoint's addresses.
pub(crate) fn addresses<'s>(context: &Context<'s>, id: &str) -> Known<&'s [IpAddressResponse]> {
    let mut all = context.snapshot.aws.resolver_endpoint_ip_addresses.iter().flatten();
    let found = all.find(|one| one.resolver_endpoint_id == id);
    let found = found.ok_or_else(|| vec![context.missing("ResolverEndpointIpAddresses", Some(id))])?;
    if found.ip_addresses.is_empty() {
        return Err(vec![context.field("ResolverEndpointIpAddresses", &format!("IpAddresses of {id}"))]);
    }
    Ok(&found.ip_addresses)
}

/// The address of one of an endpoint's interfaces.
pub(crate) fn parsed(one: &IpAddressResponse) -> Option<IpAddr> {
    one.ip.as_deref().or(one.ipv6.as_deref())?.parse().ok()
}

/// The resolver endpoint that has an address; unknown where several have it, in VPCs with the same prefix.
pub(crate) fn endpoint_with<'s>(
    context: &Context<'s>,
    address: IpAddr,
) -> Known<Option<&'s ResolverEndpoint>> {
    let has = |endpoint: &&ResolverEndpoint| {
        addresses(context, &endpoint.id).is_ok_and(|all| all.iter().any(|one| parsed(one) == Some(address)))
    };
    let mut found = context.snapshot.aws.resolver_endpoints.iter().flatten().filter(has);
    match (found.next(), found.next()) {
        (Some(one), Some(other)) => Err(vec![Missing::unmodelled(format!(
            "the Resolver endpoint with address {address}; {} and {} both have the address",
            one.id, other.id
        ))]),
        (found, _) => Ok(found),
    }
}

/// The forwarding rules that are associated with the VPC, sorted, and why there may be more.
pub(crate) fn forward_rules<'s>(context: &Context<'s>) -> (Vec<&'s ResolverRule>, Vec<Missing>) {
    let aws = &context.snapshot.aws;
    let associations = context.vpc.clone().and_then(|vpc| {
        let all = aws.resolver_rule_associations.as_deref();
        Ok((context.items(all, "ResolverRuleAssociations", &vpc)?, vpc))
    });
    let (associations, vpc) = match associations {
        Ok(known) => known,
        Err(missing) => return (Vec::new(), missing),
    };
    let (mut rules, mut unread, mut associated) = (Vec::new(), Vec::new(), BTreeSet::new());
    for association in associations {
        let field =
            |name: &str| context.field("ResolverRuleAssociations", &format!("{name} of {}", association.id));
        match (association.vpc_id.as_ref(), association.resolver_rule_id.as_deref()) {
            (Some(other), _) if *other != vpc => {}
            (None, _) => unread.push(field("VPCId")),
            (Some(_), None) => unread.push(field("ResolverRuleId")),
            // AWS's own rules send nothing elsewhere, and are not always listed.
            (Some(_), Some(id)) if id.starts_with("rslvr-autodefined") => {}
            (Some(_), Some(id)) => {
                associated.insert(id);
            }
        }
    }
    for id in associated {
        match aws.resolver_rules.iter().flatten().find(|rule| rule.id == id) {
            Some(rule) => rules.push(rule),
            None => unread.push(context.missing("ResolverRules", Some(id))),
        }
    }
    for rule in rules.iter().filter(|rule| rule.rule_type.is_none()) {
        unread.push(context.field("ResolverRules", &format!("RuleType of {}", rule.id)));
    }
    let forwards = |rule: &&ResolverRule| {
        rule.rule_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("FORWARD"))
    };
    rules.retain(forwards);
    (rules, unread)
}

/// Whether an endpoint certainly asks and answers on the addresses that it has.
pub(crate) fn is_certain(endpoint: &ResolverEndpoint) -> bool {
    endpoint_answers(endpoint.status.as_deref()) == Some(true)
}

/// Whether an endpoint answers, where its status says so. While its interfaces are being changed or recovered, an endpoint answers on the others
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverEndpoint.html>).
pub(crate) fn endpoint_answers(status: Option<&str>) -> Option<bool> {
    match status.map(str::to_ascii_uppercase).as_deref() {
        Some("OPERATIONAL" | "UPDATING" | "AUTO_RECOVERING") => Some(true),
        Some("DELETING") => Some(false),
        _ => None,
    }
}

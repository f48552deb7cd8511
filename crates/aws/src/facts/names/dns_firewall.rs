//! Whether DNS Firewall blocks a name.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::domain;
use crate::facts::inventory::route53_profiles;
use crate::network::{Blocker, BlockerCode, Remedy};
use crate::snapshot::aws::route53resolver::FirewallRule;

use super::answer::blocker;
use super::question::RecordType;
use super::required;

/// What DNS Firewall does with a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FirewallAction {
    /// The query goes on; the names to which the name redirects are inspected, or trusted.
    Passes { trusts: bool },
    /// The query ends here.
    Blocks(Blocker),
    /// The query is answered with another name.
    Answers { with: String, rule: Blocker },
}

/// What a rule inspects of a name and of those to which the name redirects:
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html>
const FIRST_ONLY: &str = "TRUST_REDIRECTION_DOMAIN";

/// Whether the names to which a name redirects are let through without a look, because the rule that lets the name
/// through trusts them.
pub(crate) fn trusts(context: &Context<'_>, vpc: &str, query: (&str, RecordType)) -> bool {
    action(context, vpc, query, false) == Ok(FirewallAction::Passes { trusts: true })
}

/// What is done with queries of a type for a name in a VPC, which perhaps another name redirects to. Groups and rules
/// apply in the order of their priorities, and the first that matches decides
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-groups.html>).
pub(crate) fn action(
    context: &Context<'_>,
    vpc: &str,
    (name, kind): (&str, RecordType),
    is_redirection: bool,
) -> Known<FirewallAction> {
    let decided = judged(context, vpc, Query { name, kind, is_redirection })?;
    Ok(decided.unwrap_or(FirewallAction::Passes { trusts: false }))
}

/// A query that the rules are asked about.
#[derive(Clone, Copy)]
struct Query<'q> {
    name: &'q str,
    kind: RecordType,
    /// Whether another name redirects to this one.
    is_redirection: bool,
}

/// Why DNS Firewall may block a name that public DNS has: each domain of the CNAME chain has to be allowed by itself,
/// unless the rule that allows the name trusts the chain
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html>).
/// What the chain is, AWS does not document. S3 answers the names of buckets with one of its own names.
pub(crate) fn redirections(context: &Context<'_>, vpc: &str, name: &str) -> Vec<Missing> {
    let kind = RecordType::A;
    // The API name has addresses, and no name in between.
    let is_api = required::cluster_host(context).is_ok_and(|api| api == name);
    let (Some(suffix), Some(region)) = (context.domain(), context.region.as_deref()) else {
        return Vec::new();
    };
    let bucket = name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with(&format!(".s3.{region}.")));
    let target = match judged(context, vpc, Query { name, kind, is_redirection: false }) {
        Ok(None | Some(FirewallAction::Passes { trusts: false })) if bucket => {
            format!("s3-r-w.{region}.{suffix}")
        }
        Ok(Some(FirewallAction::Passes { trusts: false })) if !is_api => {
            format!("privek-audit-any-name.{suffix}")
        }
        Ok(_) | Err(_) => return Vec::new(),
    };
    match judged(context, vpc, Query { name: &target, kind, is_redirection: true }) {
        Ok(None | Some(FirewallAction::Passes { .. })) => Vec::new(),
        Ok(Some(FirewallAction::Blocks(blocker) | FirewallAction::Answers { rule: blocker, .. })) => {
            let names = if bucket { target.as_str() } else { "names that no rule before it allows" };
            vec![Missing::probe(format!("the CNAME targets of {name}; {} blocks {names}", blocker.id))]
        }
        Err(missing) => missing,
    }
}

/// A rule group of a Profile.
struct InProfile<'s> {
    priority: Option<i64>,
    group: &'s str,
    pending: Option<Missing>,
}

/// Rule groups of which each comes before the next.
struct Chain<'s> {
    groups: Vec<(&'s str, Option<Missing>)>,
}

/// What the rule groups of a VPC and of its Profiles do with a query. Where the order of some is not known, each
/// is asked, and only what differs is undecided.
fn judged(context: &Context<'_>, vpc: &str, asked: Query<'_>) -> Known<Option<FirewallAction>> {
    let mut decided: Option<FirewallAction> = None;
    let mut perhaps = Vec::new();
    for chain in chains(context, vpc)? {
        let action = chain.judged(context, vpc, asked, &mut perhaps)?;
        decided = match (decided, action) {
            (None, action) => action,
            (decided, None) => decided,
            (
                Some(FirewallAction::Passes { trusts: one }),
                Some(FirewallAction::Passes { trusts: other }),
            ) => Some(FirewallAction::Passes { trusts: one && other }),
            (Some(one @ FirewallAction::Blocks(_)), Some(FirewallAction::Blocks(_))) => Some(one),
            _ => {
                let what = format!("the priority order of the DNS Firewall rule groups in {vpc}");
                return Err(vec![Missing::unmodelled(what)]);
            }
        };
    }
    match decided {
        // What may let the name through matters where a rule blocks it.
        Some(FirewallAction::Blocks(_) | FirewallAction::Answers { .. }) if !perhaps.is_empty() => {
            Err(perhaps)
        }
        decided => Ok(decided),
    }
}

/// The rule groups of a VPC by their priorities, and those of each Profile by theirs.
fn chains<'s>(context: &Context<'s>, vpc: &str) -> Known<Vec<Chain<'s>>> {
    let all = context.snapshot.aws.firewall_rule_group_associations.as_deref();
    let all = context.items(all, "FirewallRuleGroupAssociations", vpc)?;
    let mut own: Vec<(Option<i64>, &str)> = Vec::new();
    for one in all.iter().filter(|one| one.vpc_id.as_deref() == Some(vpc)) {
        if one.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("DELETING")) {
            continue;
        }
        let Some(group) = one.firewall_rule_group_id.as_deref() else {
            return Err(vec![context.field("FirewallRuleGroupAssociations", "FirewallRuleGroupId")]);
        };
        own.push((one.priority, group));
    }
    own.sort_unstable();
    let mut chains = vec![Chain { groups: own.into_iter().map(|(_, group)| (group, None)).collect() }];
    let mut of_profiles: BTreeMap<&str, Vec<InProfile<'s>>> = BTreeMap::new();
    for one in route53_profiles::held(context, vpc)? {
        let association = one.association;
        if let Some(group) = route53_profiles::resource(association, "firewall-rule-group/") {
            let priority = priority(association.resource_properties.as_deref());
            let group = InProfile { priority, group, pending: one.pending };
            of_profiles.entry(one.profile).or_default().push(group);
        }
    }
    for mut groups in of_profiles.into_values() {
        groups.sort_by_key(|one| (one.priority, one.group));
        let unsorted = groups.len() > 1 && groups.iter().any(|one| one.priority.is_none());
        let groups: Vec<_> = groups.into_iter().map(|one| (one.group, one.pending)).collect();
        if unsorted {
            chains.extend(groups.into_iter().map(|group| Chain { groups: vec![group] }));
        } else {
            chains.push(Chain { groups });
        }
    }
    Ok(chains)
}

impl Chain<'_> {
    /// What the groups do with a query; what may let it through is added to `perhaps`.
    fn judged(
        &self,
        context: &Context<'_>,
        vpc: &str,
        asked: Query<'_>,
        perhaps: &mut Vec<Missing>,
    ) -> Known<Option<FirewallAction>> {
        for (group, pending) in &self.groups {
            let found = in_group(context, (vpc, group), asked, perhaps)?;
            match (found, pending) {
                (None, _) => {}
                (_, Some(pending)) => return Err(vec![pending.clone()]),
                (found, None) => return Ok(found),
            }
        }
        Ok(None)
    }
}

/// What one group does with a query.
fn in_group(
    context: &Context<'_>,
    (vpc, group): (&str, &str),
    asked: Query<'_>,
    perhaps: &mut Vec<Missing>,
) -> Known<Option<FirewallAction>> {
    let all = context.items(context.snapshot.aws.firewall_rules.as_deref(), "FirewallRules", group)?;
    let mut rules: Vec<&FirewallRule> =
        all.iter().filter(|rule| rule.firewall_rule_group_id.as_deref() == Some(group)).collect();
    rules.sort_by_key(|rule| rule.priority);
    for rule in &rules {
        let trusts = rule.firewall_domain_redirection_action.as_deref() == Some(FIRST_ONLY);
        if asked.is_redirection && trusts {
            continue;
        }
        let action = rule.action.as_deref().unwrap_or_default();
        let is_block = action.eq_ignore_ascii_case("BLOCK");
        match matches(context, rule, (asked.name, asked.kind)) {
            Ok(true) => {}
            Ok(false) => continue,
            // What may let the name through matters where a later rule refuses it.
            Err(missing) if !is_block => {
                perhaps.extend(missing);
                continue;
            }
            Err(missing) => return Err(missing),
        }
        // One that alerts lets the query through, and no further rule is looked at:
        // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rule-actions.html
        if action.eq_ignore_ascii_case("ALLOW") || action.eq_ignore_ascii_case("ALERT") {
            return Ok(Some(FirewallAction::Passes { trusts }));
        }
        if is_block {
            let used: BTreeSet<i64> = rules.iter().filter_map(|rule| rule.priority).collect();
            return blocked(context, vpc, rule, (group, asked.name, &used)).map(Some);
        }
    }
    Ok(None)
}

/// What a rule that blocks does with queries for a name.
fn blocked(
    context: &Context<'_>,
    vpc: &str,
    rule: &FirewallRule,
    (group, name, used): (&str, &str, &BTreeSet<i64>),
) -> Known<FirewallAction> {
    let called = rule.name.as_deref().unwrap_or("without a name");
    let list = rule.firewall_domain_list_id.as_deref().unwrap_or("the domain list");
    // The highest that is free: rules that allow come before it.
    let free = |number: &i64| !used.contains(number);
    let remedy = Remedy {
        domain: Some(name.to_owned()),
        domains: required::of(context).listed.iter().map(|needed| needed.name.clone()).collect(),
        vpc: Some(vpc.to_owned()),
        priority: (1..rule.priority.unwrap_or(1).min(10_000)).rev().find(free),
        ..Remedy::default()
    };
    let by = |reason| blocker(BlockerCode::DnsFirewall, "firewall-rule-group", group, reason, remedy);
    if !rule.block_response.as_deref().is_some_and(|response| response.eq_ignore_ascii_case("OVERRIDE")) {
        return Ok(FirewallAction::Blocks(by(format!("rule {called} blocks {name}, a name in {list}"))));
    }
    let Some(with) = rule.block_override_domain.as_deref() else {
        return Err(vec![context.field("FirewallRules", &format!("BlockOverrideDomain of rule {called}"))]);
    };
    // The one type there is.
    if let Some(kind) =
        rule.block_override_dns_type.as_deref().filter(|its| !its.eq_ignore_ascii_case("CNAME"))
    {
        return Err(vec![Missing::unmodelled(format!("{kind} records of DNS Firewall rule {called}"))]);
    }
    let with = domain(with);
    let reason = format!("rule {called} answers queries for {name}, a name in {list}, with {with}");
    Ok(FirewallAction::Answers { with, rule: by(reason) })
}

/// The priority of a rule group in a Profile, as the Profile keeps it: `{"priority": 101}`.
fn priority(properties: Option<&str>) -> Option<i64> {
    let properties: serde_json::Value = serde_json::from_str(properties?).ok()?;
    properties.get("priority")?.as_i64()
}

/// Whether a rule is about queries of a type for a name.
fn matches(context: &Context<'_>, rule: &FirewallRule, (name, kind): (&str, RecordType)) -> Known<bool> {
    let called = rule.name.as_deref().unwrap_or("without a name");
    // A rule for another type of queries leaves these alone.
    if rule.qtype.as_deref().is_some_and(|qtype| !qtype.is_empty() && !kind.is(qtype)) {
        return Ok(false);
    }
    let is_about = if let Some(list) = rule.firewall_domain_list_id.as_deref() {
        has(context, list, name)
    } else {
        // A rule without a list judges what a name looks like, and the cluster's looks random; or a category of
        // contents, a threat feed or a list that AWS keeps decides.
        let threat = rule.dns_threat_protection.as_deref().map(|threat| match &rule.confidence_threshold {
            Some(threshold) => format!(", for {threat} at confidence {threshold},"),
            None => format!(", for {threat},"),
        });
        let threat = threat.unwrap_or_default();
        Err(vec![Missing::probe(format!("whether DNS Firewall rule {called}{threat} applies to {name}"))])
    };
    // https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html
    match rule.status.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("COMPLETE") => is_about,
        Some("CREATION_FAILED" | "DELETING") => Ok(false),
        Some(status) if is_about != Ok(false) => Err(vec![Missing::probe(format!(
            "whether DNS Firewall rule {called} applies; its status is {status}"
        ))]),
        Some(_) => Ok(false),
    }
}

/// Whether a domain list has a name.
fn has(context: &Context<'_>, list: &str, name: &str) -> Known<bool> {
    let aws = &context.snapshot.aws;
    let mut lists = aws.firewall_domain_lists.iter().flatten();
    let described = lists.find(|one| one.id == list);
    if let Some(managed) = described.filter(|one| one.managed_owner_name.is_some()) {
        // The entries of AWS's own lists cannot be read. Those of threats are of malware and botnets:
        // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-managed-domain-lists.html
        let kind = managed.managed_list_type.as_deref().unwrap_or("THREAT");
        if !kind.eq_ignore_ascii_case("THREAT") {
            let called = managed.name.as_deref().unwrap_or(list);
            return Err(vec![Missing::probe(format!(
                "whether the AWS managed domain list {called} contains {name}"
            ))]);
        }
        context.assume(
            "The AWS managed domain lists of DNS Firewall do not contain names of EKS or of AWS services.",
        );
        return Ok(false);
    }
    let domains = context.items(aws.firewall_domains.as_deref(), "FirewallDomainsByList", list)?;
    let domains = domains.iter().find(|one| one.firewall_domain_list_id == list);
    let domains = domains.ok_or_else(|| vec![context.missing("FirewallDomainsByList", Some(list))])?;
    Ok(domains.domains.iter().any(|pattern| covers(pattern, name)))
}

/// A domain stands for itself, `*.` before it for what is beneath it, `*` alone for everything
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-domain-lists.html>).
fn covers(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_end_matches('.').to_ascii_lowercase();
    match pattern.strip_prefix('*') {
        Some("") => true,
        Some(beneath) => name.ends_with(beneath),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_pattern_stands_for_its_name_or_for_what_is_beneath_it() {
        assert!(covers("*", "a.example") && covers("A.example.", "a.example"));
        assert!(covers("*.example", "a.b.example") && !covers("*.example", "example"));
        assert!(!covers("example", "a.example") && !covers("*.example", "anexample"));
    }
}

//! A VPC's own resolver: the Resolver rule, private hosted zone or public DNS that answers for a name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::{domain, within};
use crate::facts::inventory::{route53_profiles, route53_resolver, vpc_dns};
use crate::network::{Blocker, BlockerCode, Remedy};
use crate::snapshot::aws::route53resolver::ResolverRule;

use super::answer::{Answer, Lookup, blocker};
use super::dns_firewall::{self, FirewallAction};
use super::question::{Question, RecordType};
use super::{forwarding, records, required, zones};

/// A rule that applies to a VPC.
#[derive(Clone, Debug)]
pub(crate) struct Applied<'s> {
    pub rule: &'s ResolverRule,
    /// The domain that it applies to; empty for all names.
    pub domain: String,
    /// Whether it is of a Route 53 Profile: the VPC's own come first.
    pub of_profile: bool,
    /// The Profile's place among those of the VPC; `None` where it is not certain.
    order: Option<i64>,
}

/// The lookups before one, so that a loop is seen.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// Each VPC whose resolver has the query, with the name.
    steps: Vec<(String, String)>,
    /// How many look-ups were made in all, those that ended too.
    made: usize,
}

impl Trail {
    /// Whether this VPC's resolver has this name already.
    pub fn has(&self, vpc: &str, name: &str) -> bool {
        self.steps.iter().any(|(before, asked)| before == vpc && asked == name)
    }
}

/// More lookups than one question needs, however many servers the Resolver rules name.
const MOST: usize = 40;

/// What a VPC's resolver answers, asked by what is in the VPC or through an inbound endpoint.
pub(crate) fn ask(context: &Context<'_>, id: &str, question: &Question, trail: &mut Trail) -> Lookup {
    let step = format!("the resolver of {id}");
    if trail.made >= MOST {
        let what = format!("more than {MOST} look-ups for {}", question.name);
        return Lookup::unknown(vec![Missing::unmodelled(what)], step);
    }
    trail.made += 1;
    trail.steps.push((id.to_owned(), question.name.clone()));
    let question = Question { vpc: Some(id.to_owned()), ..question.clone() };
    let found = answer(context, id, &question, trail);
    trail.steps.pop();
    found.after(step)
}

fn answer(context: &Context<'_>, id: &str, question: &Question, trail: &mut Trail) -> Lookup {
    // What may remove an answer, and what may return another one.
    let (mut against, mut instead) = (Vec::new(), Vec::new());
    match vpc_dns::dns_attribute(context, id, vpc_dns::VpcDnsAttribute::Support) {
        Ok(true) => {}
        Ok(false) => {
            return Lookup::nothing(
                vec![attribute_off(id, vpc_dns::VpcDnsAttribute::Support)],
                String::new(),
            );
        }
        Err(missing) => against.extend(missing),
    }
    let firewall = Refusals::new(context, id, question);
    if let (Some(refused), Some(_)) = (&firewall.v4, &firewall.v6) {
        return Lookup::denied(vec![refused.clone()], String::new());
    }
    if let Some((with, rule)) = &firewall.overridden {
        return overridden(context, id, question, (with, rule), trail).provided(against);
    }
    against.extend(firewall.missing.iter().cloned());
    let (rules, unread) = rules(context, id, &question.name);
    instead.extend(unread);
    // Participants of a shared VPC cannot read what its owner associates with it.
    instead.extend(route53_resolver::of_owner_of(context, id, "ResolverRuleAssociations"));
    let mut matching: Vec<&Applied<'_>> =
        rules.iter().filter(|rule| rule.domain.is_empty() || within(&question.name, &rule.domain)).collect();
    matching.sort_by_key(|rule| (std::cmp::Reverse(rule.domain.len()), rule.of_profile, rule.order));
    if let [first, second, ..] = matching.as_slice()
        && first.domain == second.domain
        && first.of_profile
        && (first.order.is_none() || second.order.is_none())
        && first.rule.id != second.rule.id
    {
        instead.push(route53_profiles::unordered(id, &question.name));
    }
    let (zone, unread) = zones::answering(context, id, question);
    instead.extend(unread);
    // A private zone comes before rules for wider domains, not before one for its own domain:
    // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
    let rule = matching.first().filter(|rule| {
        zone.as_ref().is_none_or(|zone| !rule.domain.is_empty() && rule.domain.len() >= zone.domain.len())
    });
    let forwards = rule.filter(|rule| is_kind(rule.rule, "FORWARD"));
    let found = match (forwards, &zone) {
        (Some(rule), _) => forwarding::by_rule(context, rule.rule, id, question, trail),
        (None, Some(zone)) => by_zone(context, id, zone, question, trail),
        // Public DNS has the addresses of a VPC endpoint under the VPC endpoint's own name.
        (None, None) if question.alias => {
            let step = "public DNS".to_owned();
            if let Some(answer) = records::of_endpoint_name(context, &question.name) {
                Lookup::told(answer, step)
            } else {
                let what = format!("the public DNS answer for the alias target {}", question.name);
                Lookup::unknown(vec![Missing::probe(what)], step)
            }
        }
        (None, None) => public(context, &question.name),
    };
    firewall.applied(context, found).provided(against).unless(instead)
}

/// What a rule of DNS Firewall answers with in place of a name: a CNAME record, which clients follow.
fn overridden(
    context: &Context<'_>,
    id: &str,
    question: &Question,
    (with, rule): (&str, &Blocker),
    trail: &mut Trail,
) -> Lookup {
    if trail.has(id, with) {
        return Lookup::denied(vec![rule.clone()], String::new());
    }
    let question = Question {
        name: with.to_owned(),
        alias: true,
        redirected: Some(RecordType::ALL.to_vec()),
        ..question.clone()
    };
    let mut found = ask(context, id, &question, trail).after(rule.reason.clone());
    if found.answer == Ok(Answer::Nothing) {
        found.blockers = vec![rule.clone()];
    }
    found.overridden = Some(rule.clone());
    found
}

/// The rules of DNS Firewall that block queries for a name, by address family.
struct Refusals<'q> {
    vpc: &'q str,
    question: &'q Question,
    v4: Option<Blocker>,
    v6: Option<Blocker>,
    /// The name that queries of both families are answered with, and the rule.
    overridden: Option<(String, Blocker)>,
    missing: Vec<Missing>,
}

impl<'q> Refusals<'q> {
    fn new(context: &Context<'_>, vpc: &'q str, question: &'q Question) -> Self {
        let mut its = Self { vpc, question, v4: None, v6: None, overridden: None, missing: Vec::new() };
        let trusted = question.redirected.as_deref().unwrap_or_default();
        let mut others = Vec::new();
        for kind in RecordType::ALL.into_iter().filter(|kind| !trusted.contains(kind)) {
            let query = (question.name.as_str(), kind);
            match dns_firewall::action(context, vpc, query, question.redirected.is_some()) {
                Ok(FirewallAction::Passes { .. }) => {}
                Ok(FirewallAction::Blocks(by)) if kind == RecordType::A => its.v4 = Some(by),
                Ok(FirewallAction::Blocks(by)) => its.v6 = Some(by),
                Ok(FirewallAction::Answers { with, rule }) => others.push((with, rule)),
                Err(why) => its.missing.extend(why),
            }
        }
        match others.as_slice() {
            [] => {}
            [(one, _), (other, _)] if one == other => its.overridden = others.pop(),
            [(with, _), ..] => {
                let what = format!(
                    "the answer for {}, which DNS Firewall answers with {with} in part",
                    question.name
                );
                its.missing.push(Missing::unmodelled(what));
            }
        }
        its.missing = privek_core::known::joined(std::mem::take(&mut its.missing));
        its
    }

    /// A lookup without the addresses of the families that are blocked. Public names of AWS have IPv4 addresses.
    fn applied(&self, context: &Context<'_>, mut found: Lookup) -> Lookup {
        if found.answer == Ok(Answer::Public) && self.v4.is_none() {
            return found.provided(dns_firewall::redirections(context, self.vpc, &self.question.name));
        }
        let Some(blocker) = self.v4.as_ref().or(self.v6.as_ref()) else { return found };
        let denied = || Lookup::denied(vec![blocker.clone()], String::new());
        match found.answer.clone().and_then(|answer| answer.addresses(context)) {
            Ok(Some(all)) if !all.is_empty() => {
                let before = all.len();
                let left: BTreeSet<IpAddr> = all
                    .into_iter()
                    .filter(|one| if one.is_ipv4() { self.v4.is_none() } else { self.v6.is_none() })
                    .collect();
                if left.is_empty() {
                    return denied();
                }
                if left.len() < before {
                    found.answer = Ok(Answer::Addresses(left));
                }
                found
            }
            Ok(None) | Err(_) if self.v4.is_some() => denied(),
            _ => found,
        }
    }
}

/// What a private hosted zone of a VPC answers; where it may not exist, the answer is unknown.
fn by_zone(
    context: &Context<'_>,
    id: &str,
    zone: &zones::Zone<'_>,
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let step = format!("the private hosted zone {}", zone.domain);
    let doubts = zone.doubts(context);
    if !doubts.is_empty() {
        return Lookup::unknown(doubts, step);
    }
    let answer = zone.answer(context, question, trail);
    match vpc_dns::dns_attribute(context, id, vpc_dns::VpcDnsAttribute::Hostnames) {
        Ok(true) => answer,
        // Without it private zones do not answer in the VPC.
        Ok(false) => Lookup::nothing(vec![attribute_off(id, vpc_dns::VpcDnsAttribute::Hostnames)], step),
        Err(missing) => answer.provided(missing),
    }
}

/// What public DNS answers: for the cluster's name the control plane's private addresses, where the public
/// endpoint is off (<https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>).
pub(crate) fn public(context: &Context<'_>, name: &str) -> Lookup {
    let step = "public DNS".to_owned();
    if required::cluster_host(context).as_deref() != Ok(name) {
        return Lookup::told(Answer::Public, step);
    }
    match context.public_access() {
        Ok(true) => Lookup::told(Answer::Public, step),
        Ok(false) => match required::control_plane(context) {
            Ok(none) if none.is_empty() => {
                let what =
                    "the addresses of the API name; the private and the public API endpoint are both off";
                Lookup::unknown(vec![Missing::unmodelled(what)], step)
            }
            Ok(addresses) => Lookup::told(Answer::Addresses(addresses), step).unless(too_old(context)),
            Err(missing) => Lookup::unknown(missing, step),
        },
        Err(missing) => Lookup::unknown(missing, step),
    }
}

/// Since 2019-12-13 (<https://github.com/aws/containers-roadmap/issues/221>); clusters that were private
/// before may have no public record.
fn too_old(context: &Context<'_>) -> Vec<Missing> {
    const SINCE: i64 = 1_576_195_200;
    let created = context.cluster.as_ref().ok().and_then(|cluster| cluster.created_at.as_ref());
    match created.and_then(privek_core::time::Time::seconds) {
        Some(created) if created < SINCE => {
            vec![Missing::probe("whether public DNS has the API name; the cluster is older than 2019-12-13")]
        }
        _ => Vec::new(),
    }
}

fn attribute_off(vpc: &str, attribute: vpc_dns::VpcDnsAttribute) -> Blocker {
    let (what, option, why) = match attribute {
        vpc_dns::VpcDnsAttribute::Support => {
            ("enableDnsSupport", "--enable-dns-support", "the resolver of the VPC answers no queries")
        }
        vpc_dns::VpcDnsAttribute::Hostnames => {
            ("enableDnsHostnames", "--enable-dns-hostnames", "private hosted zones do not resolve in the VPC")
        }
    };
    let remedy = Remedy { target_option: Some(option.to_owned()), ..Remedy::default() };
    blocker(BlockerCode::DnsAttributeOff, "vpc", vpc, format!("{what} is off, so {why}"), remedy)
}

pub(crate) fn is_kind(rule: &ResolverRule, kind: &str) -> bool {
    rule.rule_type.as_deref().is_some_and(|its| its.eq_ignore_ascii_case(kind))
}

/// The rules that apply to a VPC, and what may be more: those that are associated with it, and those of
/// its Route 53 Profiles.
pub(crate) fn rules<'s>(context: &Context<'s>, vpc: &str, name: &str) -> (Vec<Applied<'s>>, Vec<Missing>) {
    let (mut applied, mut unread) = (Vec::new(), Vec::new());
    let aws = &context.snapshot.aws;
    let all = aws.resolver_rule_associations.as_deref();
    match context.items(all, "ResolverRuleAssociations", vpc) {
        Ok(all) => {
            for one in all.iter().filter(|one| one.vpc_id.as_deref() == Some(vpc)) {
                let Some(id) = one.resolver_rule_id.as_deref() else {
                    let field = format!("ResolverRuleId of {}", one.id);
                    unread.push(context.field("ResolverRuleAssociations", &field));
                    continue;
                };
                match in_force(one.status.as_deref()) {
                    Some(true) => rule(context, id, (false, None))
                        .map_or_else(|missing| unread.extend(missing), |found| applied.extend(found)),
                    Some(false) => {}
                    None => unread.push(Missing::probe(format!(
                        "the result of associating {id} with {vpc}; the association is {}",
                        one.status.as_deref().unwrap_or_default()
                    ))),
                }
            }
        }
        Err(missing) => unread.extend(missing),
    }
    match route53_profiles::held(context, vpc) {
        Ok(held) => {
            for one in held {
                if let Some(id) = route53_profiles::resource(one.association, "resolver-rule/") {
                    match (rule(context, id, (true, one.order)), one.pending) {
                        (Ok(found), None) => applied.extend(found),
                        // What is not in force yet matters where it would apply.
                        (Ok(Some(found)), Some(pending)) => {
                            let is_about = found.domain.is_empty() || within(name, &found.domain);
                            unread.extend(is_about.then_some(pending));
                        }
                        (Ok(None), Some(_)) => {}
                        (Err(missing), _) => unread.extend(missing),
                    }
                }
            }
        }
        Err(missing) => unread.extend(missing),
    }
    (applied, unread)
}

/// Whether a status means that a rule or an association is applied.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverRuleAssociation.html>
fn in_force(status: Option<&str>) -> Option<bool> {
    match status.map(str::to_ascii_uppercase).as_deref() {
        None | Some("COMPLETE" | "UPDATING") => Some(true),
        Some("FAILED" | "DELETING" | "OVERRIDDEN") => Some(false),
        Some(_) => None,
    }
}

/// A rule, with the place of its Profile where it is a Profile's.
fn rule<'s>(
    context: &Context<'s>,
    id: &str,
    (of_profile, order): (bool, Option<i64>),
) -> Known<Option<Applied<'s>>> {
    // AWS's own rules send nothing elsewhere, and are not always listed.
    if id.starts_with("rslvr-autodefined") {
        return Ok(None);
    }
    let found = context.snapshot.aws.resolver_rules.iter().flatten().find(|rule| rule.id == id);
    let rule = found.ok_or_else(|| vec![context.missing("ResolverRules", Some(id))])?;
    if in_force(rule.status.as_deref()) == Some(false) {
        return Ok(None);
    }
    if rule.rule_type.is_none() {
        return Err(vec![context.field("ResolverRules", &format!("RuleType of {id}"))]);
    }
    // One for delegation applies to name servers, not to names.
    if !is_kind(rule, "FORWARD") && !is_kind(rule, "SYSTEM") {
        return Ok(None);
    }
    let name = rule.domain_name.as_deref();
    let name = name.ok_or_else(|| vec![context.field("ResolverRules", &format!("DomainName of {id}"))])?;
    Ok(Some(Applied { rule, domain: domain(name), of_profile, order }))
}

//! The records of private hosted zones.

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::domain;
use crate::network::{BlockerCode, Remedy};
use crate::snapshot::aws::ec2::VpcEndpoint;
use crate::snapshot::aws::route53::ResourceRecordSet;

use super::answer::{Answer, Lookup, blocker, of_choice};
use super::dns_firewall;
use super::question::{Question, RecordType};
use super::record_answer::{RecordAnswer, is, plain};
use super::resolver::{self, Trail};
use super::routing_policy;

/// A zone's records, if they were read.
fn of<'s>(context: &Context<'s>, zone: &str) -> Known<&'s [ResourceRecordSet]> {
    let all = context.snapshot.aws.resource_record_sets_by_zone.as_deref();
    let all = context.items(all, "ResourceRecordSetsByZone", zone)?;
    let found = all.iter().find(|one| bare(&one.hosted_zone_id) == bare(zone));
    let found = found.ok_or_else(|| vec![context.missing("ResourceRecordSetsByZone", Some(zone))])?;
    Ok(&found.resource_record_sets)
}

/// Route 53 writes ids with and without a path before them.
fn bare(zone: &str) -> &str {
    zone.rsplit('/').next().unwrap_or(zone)
}

/// A zone's domain, where the list of a VPC or the records of the zone name it.
pub(crate) fn domain_of(context: &Context<'_>, zone: &str) -> Option<String> {
    let aws = &context.snapshot.aws;
    let mut listed = aws.hosted_zones_by_vpc.iter().flatten().flat_map(|one| &one.hosted_zone_summaries);
    let listed = listed.find(|one| one.hosted_zone_id.as_deref().is_some_and(|id| bare(id) == bare(zone)));
    if let Some(name) = listed.and_then(|one| one.name.as_deref()) {
        return Some(domain(name));
    }
    // Every zone has a record with its own name servers.
    let records = of(context, zone).ok()?;
    let apex = records.iter().filter(|record| record.kind.as_deref() == Some("NS"));
    apex.map(|record| plain(&record.name)).min_by_key(String::len)
}

/// A private hosted zone.
#[derive(Clone, Copy)]
pub(crate) struct RecordScope<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its domain.
    pub domain: &'a str,
    /// Whether it is associated with the VPC itself, and may be disassociated.
    pub own: bool,
}

/// What a zone answers for a name within it.
pub(crate) fn answer(
    context: &Context<'_>,
    zone: RecordScope<'_>,
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    by_records(context, zone, question, trail).from("hosted-zone", bare(zone.id))
}

fn by_records(
    context: &Context<'_>,
    zone: RecordScope<'_>,
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let id = bare(zone.id);
    let step = format!("the private hosted zone {} ({id})", zone.domain);
    let records = match of(context, zone.id) {
        Ok(records) => records,
        Err(missing) => return Lookup::unknown(missing, step),
    };
    // Where the VPC is decides between records of several regions.
    let home = question.vpc.as_deref().filter(|vpc| context.vpc.as_deref() == Ok(*vpc));
    let home = home.and(context.region.as_deref());
    let answer = at(records, zone.domain, &question.name, home);
    by_answer(context, (zone, records), question, answer, trail)
}

/// What the records of a name, or one of those that a routing policy chooses from, resolve to.
fn by_answer(
    context: &Context<'_>,
    (zone, records): (RecordScope<'_>, &[ResourceRecordSet]),
    question: &Question,
    answer: RecordAnswer,
    trail: &mut Trail,
) -> Lookup {
    let id = bare(zone.id);
    let step = format!("the private hosted zone {} ({id})", zone.domain);
    let deny = |reason: String| {
        // What else is in the zone would be lost with it.
        let holds_nothing =
            records.iter().all(|record| !["A", "AAAA", "CNAME"].iter().any(|kind| is(record, kind)));
        let remedy = Remedy {
            domain: Some(question.name.clone()),
            vpc: question.vpc.clone().filter(|_| zone.own && holds_nothing),
            ..Remedy::default()
        };
        let code = BlockerCode::HostedZoneRecord;
        Lookup::denied(vec![blocker(code, "hosted-zone", id, reason, remedy)], step.clone())
    };
    let asked = &question.name;
    let (target, redirects) = match answer {
        RecordAnswer::Addresses(addresses) => return Lookup::told(Answer::Addresses(addresses), step),
        RecordAnswer::Choice(all) => {
            let each = |one| by_answer(context, (zone, records), question, one, trail);
            return of_choice(all.into_iter().map(each).collect());
        }
        RecordAnswer::Alias(target, home) if bare(&home) != id => {
            if let Some(answer) = of_endpoint_name(context, &target) {
                return Lookup::told(answer, step);
            }
            let what = format!("the addresses of {target}, the alias target of {asked}");
            return Lookup::unknown(vec![Missing::probe(what)], step);
        }
        RecordAnswer::Alias(target, _) => (target, false),
        RecordAnswer::Name(target) => (target, true),
        RecordAnswer::Elsewhere(what) => {
            let what = format!("the answer of {what} for {asked}");
            return Lookup::unknown(vec![Missing::probe(what)], step);
        }
        RecordAnswer::Nothing => {
            return deny(format!(
                "the hosted zone of {} has no address for {asked}; the resolver queries nothing else",
                zone.domain
            ));
        }
    };
    let Some(vpc) = question.vpc.clone() else {
        return Lookup::unknown(vec![Missing::unmodelled(format!("the resolver for {target}"))], step);
    };
    if trail.has(&vpc, &target) {
        return deny(format!("the alias of {asked} to {target} is a loop"));
    }
    let redirected = question.redirected.clone().or_else(|| {
        let trusts = |kind: &RecordType| dns_firewall::trusts(context, &vpc, (asked, *kind));
        Some(RecordType::ALL.into_iter().filter(trusts).collect())
    });
    let question = Question { name: target, alias: true, redirected, ..question.clone() };
    let mut found = resolver::ask(context, &vpc, &question, trail);
    // Rules say whether they inspect redirections; an alias in a zone is none that a client would see.
    if !redirects && found.blockers.iter().any(|blocker| blocker.code == BlockerCode::DnsFirewall) {
        let what =
            format!("whether DNS Firewall blocks {asked} because of the alias target {}", question.name);
        found = found.unless(vec![Missing::probe(what)]);
    }
    found.after(step)
}

/// What the own name of a VPC endpoint resolves to, where the alias target is one: the Regional name begins with
/// the id, the zonal ones have the zone after it and resolve to the interface in that zone only
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames>).
pub(crate) fn of_endpoint_name(context: &Context<'_>, name: &str) -> Option<Answer> {
    let name = name.trim_start_matches("*.");
    let label = name.split('.').next().unwrap_or(name);
    let rest = |endpoint: &VpcEndpoint| {
        label.strip_prefix(endpoint.vpc_endpoint_id.as_str())?.strip_prefix('-').map(str::to_owned)
    };
    let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
    all.find_map(|endpoint| {
        let zone = rest(endpoint)?.split_once('-').map(|(_, zone)| zone.to_owned());
        Some(Answer::Endpoint { id: endpoint.vpc_endpoint_id.clone(), zone })
    })
}

/// The records of a name; those of the closest wildcard where the name has none
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>).
fn at(records: &[ResourceRecordSet], zone: &str, name: &str, home: Option<&str>) -> RecordAnswer {
    let named = |wanted: &str| -> Vec<&ResourceRecordSet> {
        records.iter().filter(|record| plain(&record.name) == wanted).collect()
    };
    // Name servers of a part of the zone answer for what is in it.
    let mut above = name;
    while above != zone {
        if named(above).into_iter().any(|record| is(record, "NS")) {
            return RecordAnswer::Elsewhere(format!("the name servers that {zone} delegates {above} to"));
        }
        let Some((_, rest)) = above.split_once('.') else { break };
        above = rest;
    }
    let mut found = named(name);
    // A name that exists, with records or with names beneath it, hides the wildcard.
    let exists = |wanted: &str| {
        let beneath = format!(".{wanted}");
        records.iter().any(|record| plain(&record.name).ends_with(&beneath)) || !named(wanted).is_empty()
    };
    let mut closest = name;
    while found.is_empty() && !exists(closest) && closest != zone {
        let Some((_, rest)) = closest.split_once('.') else { break };
        closest = rest;
        found = named(&format!("*.{closest}"));
    }
    // A routing policy chooses among the records of each type.
    let mut all = BTreeSet::from([RecordAnswer::Nothing]);
    for kind in ["A", "AAAA", "CNAME"] {
        let of_kind: Vec<_> = found.iter().copied().filter(|record| is(record, kind)).collect();
        let candidates = routing_policy::answers(&of_kind, home);
        if all.len() * candidates.len() > MOST {
            return RecordAnswer::Elsewhere(format!("the routing policy of {name}'s records"));
        }
        if !candidates.is_empty() {
            let with =
                |one: &RecordAnswer| candidates.iter().map(|other| one.clone().and(other.clone())).collect();
            all = all.iter().flat_map(|one| -> Vec<_> { with(one) }).collect();
        }
    }
    let mut all: Vec<RecordAnswer> = all.into_iter().collect();
    match (all.len(), all.pop()) {
        (1, Some(one)) => one,
        (_, last) => RecordAnswer::Choice(all.into_iter().chain(last).collect()),
    }
}

/// More answers than these are not told apart.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(records: Value, name: &str) -> String {
        let records: Vec<ResourceRecordSet> = serde_json::from_value(records).unwrap();
        match at(&records, "amazonaws.com", name, Some("us-east-1")) {
            RecordAnswer::Addresses(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            RecordAnswer::Alias(to, _) | RecordAnswer::Name(to) => format!("alias {to}"),
            RecordAnswer::Elsewhere(what) => what,
            RecordAnswer::Choice(_) => OPEN.to_owned(),
            RecordAnswer::Nothing => "nothing".to_owned(),
        }
    }

    fn record(name: &str, kind: &str, value: &str) -> Value {
        json!({"Name": name, "Type": kind, "ResourceRecords": [{"Value": value}]})
    }

    #[test]
    fn a_zone_answers_with_its_own_records_and_the_closest_wildcard() {
        let zone = json!([
            record("amazonaws.com.", "NS", "ns-0.awsdns-00.com."),
            record("sts.us-east-1.amazonaws.com.", "A", "10.0.0.9"),
            record("*.us-east-1.amazonaws.com.", "CNAME", "hub.example."),
            record("a.ecr.us-east-1.amazonaws.com.", "A", "10.0.0.8"),
            record("eu-west-1.amazonaws.com.", "NS", "ns.example."),
        ]);
        assert_eq!(found(zone.clone(), "sts.us-east-1.amazonaws.com"), "10.0.0.9");
        assert_eq!(found(zone.clone(), "ec2.us-east-1.amazonaws.com"), "alias hub.example");
        assert_eq!(found(zone.clone(), "x.y.us-east-1.amazonaws.com"), "alias hub.example");
        // A name with others beneath it exists, so that no wildcard stands for what is beneath it.
        assert_eq!(found(zone.clone(), "api.ecr.us-east-1.amazonaws.com"), "nothing");
        assert_eq!(found(zone.clone(), "s3.amazonaws.com"), "nothing");
        assert!(found(zone, "sts.eu-west-1.amazonaws.com").contains("delegates"));
    }

    /// What a name with these records resolves to; each has its own address and set identifier.
    fn routed(settings: &[Value]) -> String {
        let records: Vec<Value> = settings
            .iter()
            .enumerate()
            .map(|(at, its)| {
                let mut one = record("a.amazonaws.com.", "A", &format!("10.0.0.{}", at + 1));
                one["SetIdentifier"] = at.to_string().into();
                its.as_object().unwrap().iter().for_each(|(key, value)| one[key] = value.clone());
                one
            })
            .collect();
        found(json!(records), "a.amazonaws.com")
    }

    const OPEN: &str = "one of several";

    #[test]
    fn of_records_that_a_routing_policy_chooses_from_each_has_to_say_the_same() {
        assert_eq!(routed(&[json!({"Weight": 10}), json!({"Weight": 10})]), OPEN);
        assert_eq!(routed(&[json!({"Weight": 10}), json!({"Weight": 0})]), "10.0.0.1");
        let same = json!({"Weight": 10, "ResourceRecords": [{"Value": "10.0.0.9"}]});
        assert_eq!(routed(&[same.clone(), same]), "10.0.0.9");
    }

    #[test]
    fn a_health_check_brings_other_records_into_play() {
        let checked = |mut its: Value| {
            its["HealthCheckId"] = "c-1".into();
            its
        };
        let (primary, secondary) = (json!({"Failover": "PRIMARY"}), json!({"Failover": "SECONDARY"}));
        assert_eq!(routed(&[primary.clone(), secondary.clone()]), "10.0.0.1");
        assert_eq!(routed(&[checked(primary.clone()), secondary.clone()]), OPEN);
        assert_eq!(routed(&[checked(primary)]), "10.0.0.1", "without a healthy record Route 53 takes any");
        assert_eq!(routed(&[checked(json!({"Weight": 10})), json!({"Weight": 0})]), OPEN);
        let spare = [checked(json!({"Weight": 10})), json!({"Weight": 10}), json!({"Weight": 0})];
        assert_eq!(routed(&spare), OPEN, "of two with a weight");
        let alias = |evaluated: bool| {
            let target = json!({"DNSName": "b.amazonaws.com.", "HostedZoneId": "Z1", "EvaluateTargetHealth": evaluated});
            json!({"Failover": "PRIMARY", "ResourceRecords": [], "AliasTarget": target})
        };
        assert_eq!(routed(&[alias(false), secondary.clone()]), "alias b.amazonaws.com");
        assert_eq!(routed(&[alias(true), secondary]), OPEN);
    }

    #[test]
    fn records_of_several_values_are_answered_together() {
        let several = json!({"MultiValueAnswer": true});
        assert_eq!(routed(&[several.clone(), several.clone()]), "10.0.0.1 10.0.0.2");
        let checked = json!({"MultiValueAnswer": true, "HealthCheckId": "c-1"});
        assert_eq!(routed(&[several.clone(), checked]), OPEN);
        assert_eq!(routed(&vec![several; 9]), OPEN, "eight at most");
    }

    #[test]
    fn the_place_of_the_vpc_decides_between_regions() {
        let (near, far) = (json!({"Region": "us-east-1"}), json!({"Region": "eu-west-1"}));
        assert_eq!(routed(&[far.clone(), near.clone()]), "10.0.0.2");
        let checked = json!({"Region": "us-east-1", "HealthCheckId": "c-1"});
        assert_eq!(routed(&[far.clone(), checked]), OPEN);
        assert_eq!(routed(&[far.clone(), json!({"Region": "us-west-2"})]), OPEN, "the nearer of two others");
        assert_eq!(routed(&[far]), "10.0.0.1");
    }

    #[test]
    fn a_record_for_some_clients_answers_no_others() {
        assert_eq!(routed(&[json!({"GeoLocation": {"CountryCode": "JP"}})]), OPEN);
        assert_eq!(routed(&[json!({"GeoLocation": {"CountryCode": "*"}})]), "10.0.0.1");
        assert_eq!(routed(&[json!({"CidrRoutingConfig": {"LocationName": "office"}})]), OPEN);
        assert_eq!(routed(&[json!({"CidrRoutingConfig": {"LocationName": "*"}})]), "10.0.0.1");
    }

    #[test]
    fn each_type_of_records_has_its_own_policy() {
        let one = json!({"Name": "a.amazonaws.com.", "Type": "A", "SetIdentifier": "1", "Weight": 1,
                         "ResourceRecords": [{"Value": "10.0.0.1"}]});
        let zone = json!([one, record("a.amazonaws.com.", "AAAA", "fd00::1")]);
        assert_eq!(found(zone, "a.amazonaws.com"), "10.0.0.1 fd00::1");
    }

    #[test]
    fn several_records_of_a_name_are_all_its_addresses() {
        let zone = json!([
            record("a.amazonaws.com.", "A", "10.0.0.1"),
            record("A.amazonaws.com.", "AAAA", "fd00::1"),
        ]);
        assert_eq!(found(zone, "a.amazonaws.com"), "10.0.0.1 fd00::1");
    }
}

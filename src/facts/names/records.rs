//! The records of private hosted zones.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::lookup::{Answer, Lookup, blocker};
use super::{Question, resolver};
use crate::facts::Context;
use crate::facts::elsewhere::{domain, within};
use crate::network::{BlockerCode, Known, Missing, Remedy};
use crate::snapshot::aws::route53::ResourceRecordSet;

/// More names than a chain of aliases has.
const MOST: usize = 8;

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

/// A zone's domain, where some VPC's list or its records tell it.
pub(super) fn domain_of(context: &Context<'_>, zone: &str) -> Option<String> {
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

/// What a zone answers for a name within it.
pub(super) fn answer(context: &Context<'_>, (id, zone): (&str, &str), question: &Question) -> Lookup {
    let step = format!("the private hosted zone {zone} ({})", bare(id));
    let records = match of(context, id) {
        Ok(records) => records,
        Err(missing) => return Lookup::unknown(missing, step),
    };
    let mut name = question.name.clone();
    let mut seen = BTreeSet::new();
    while seen.len() < MOST && seen.insert(name.clone()) {
        if !within(&name, zone) {
            let Some(vpc) = question.vpc.clone() else { break };
            let question = Question { name, ..question.clone() };
            return resolver::ask(context, &vpc, &question, &mut Vec::new()).after(step);
        }
        match at(records, zone, &name) {
            Found::Addresses(addresses) => return Lookup::told(Answer::Addresses(addresses), step),
            Found::Alias(target) => name = target,
            Found::Elsewhere(what) => {
                let what = format!("what {what} answers for {name}");
                return Lookup::unknown(vec![Missing::probe(what)], step);
            }
            Found::Nothing => {
                let asked = &question.name;
                let reason = format!(
                    "it answers for {zone} and has no address for {asked}; where it has none, nobody else is asked"
                );
                let remedy =
                    Remedy { domain: Some(asked.clone()), vpc: question.vpc.clone(), ..Remedy::default() };
                let code = BlockerCode::HostedZoneRecord;
                return Lookup::nothing(vec![blocker(code, "hosted-zone", bare(id), reason, remedy)], step);
            }
        }
    }
    Lookup::unknown(vec![Missing::probe(format!("where the aliases of {} end", question.name))], step)
}

enum Found {
    Addresses(BTreeSet<IpAddr>),
    Alias(String),
    Elsewhere(String),
    Nothing,
}

/// The records of a name; those of the closest wildcard where the name has none
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>).
fn at(records: &[ResourceRecordSet], zone: &str, name: &str) -> Found {
    let named = |wanted: &str| -> Vec<&ResourceRecordSet> {
        records.iter().filter(|record| plain(&record.name) == wanted).collect()
    };
    let is = |record: &ResourceRecordSet, kind: &str| {
        record.kind.as_deref().is_some_and(|its| its.eq_ignore_ascii_case(kind))
    };
    // Name servers of a part of the zone answer for what is in it.
    let mut above = name;
    while above != zone {
        if named(above).into_iter().any(|record| is(record, "NS")) {
            return Found::Elsewhere(format!("the name servers that {zone} delegates {above} to"));
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
    let mut addresses = BTreeSet::new();
    for record in found {
        if let Some(alias) = &record.alias_target
            && (is(record, "A") || is(record, "AAAA"))
        {
            return match alias.dns_name.as_deref() {
                Some(target) => Found::Alias(plain(target)),
                None => Found::Elsewhere("an alias without a target".to_owned()),
            };
        }
        let values = record.resource_records.iter().filter_map(|value| value.value.as_deref());
        if is(record, "CNAME") {
            return values.map(plain).next().map_or(Found::Nothing, Found::Alias);
        }
        if is(record, "A") || is(record, "AAAA") {
            addresses.extend(values.filter_map(|value| value.trim().parse::<IpAddr>().ok()));
        }
    }
    if addresses.is_empty() { Found::Nothing } else { Found::Addresses(addresses) }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(records: Value, name: &str) -> String {
        let records: Vec<ResourceRecordSet> = serde_json::from_value(records).unwrap();
        match at(&records, "amazonaws.com", name) {
            Found::Addresses(all) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Found::Alias(to) => format!("alias {to}"),
            Found::Elsewhere(what) => what,
            Found::Nothing => "nothing".to_owned(),
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

    #[test]
    fn several_records_of_a_name_are_all_its_addresses() {
        let zone = json!([
            record("a.amazonaws.com.", "A", "10.0.0.1"),
            record("A.amazonaws.com.", "AAAA", "fd00::1"),
        ]);
        assert_eq!(found(zone, "a.amazonaws.com"), "10.0.0.1 fd00::1");
    }
}

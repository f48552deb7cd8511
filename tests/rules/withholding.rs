//! What was not read makes findings unknown, and never better.

use std::collections::BTreeSet;

use privek_aws::snapshot::aws::COLLECTIONS;
use privek_core::report::{Finding, Outcome};

use crate::support::cases::{Told, told};
use crate::support::healthy::{KINDS, base};
use crate::support::judge::side_by_side;
use crate::support::patch::withhold;

#[test]
fn withholding_a_collection_makes_findings_unknown_and_changes_nothing_else() {
    let names: Vec<String> =
        KINDS.iter().map(|kind| format!("healthy/{kind}")).chain(["closed-network".to_owned()]).collect();
    let bases = side_by_side(&names, |judge, name| {
        let (snapshot, intent) = base(name);
        let before = judge.judge(&snapshot, &intent, name);
        (name.clone(), snapshot, intent, before)
    });
    let all: Vec<_> = bases.iter().flat_map(|base| COLLECTIONS.iter().map(move |one| (base, one))).collect();
    let judged = side_by_side(&all, |judge, ((_, snapshot, intent, _), collection)| {
        let mut patched = snapshot.clone();
        withhold(&mut patched, collection.key).expect("a collection");
        judge.judge(&patched, intent, collection.key)
    });
    let mut wrong = Vec::new();
    let mut undecided = BTreeSet::new();
    for (((name, _, _, before), collection), after) in all.into_iter().zip(judged) {
        for (key, (outcome, _)) in &after {
            let was = before.get(key).map(|(outcome, _)| outcome.as_str());
            if outcome == "unknown" {
                undecided.insert(key.0.clone());
            // What may be needed after all is a subject more; that it does not apply is proved.
            } else if was.map_or(outcome != "not_applicable", |was| was != outcome) {
                wrong
                    .push(format!("{name} without {}: {key:?} was {was:?} and is {outcome}", collection.key));
            }
        }
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            if !after.iter().any(|((rule, _), (outcome, _))| *rule == key.0 && outcome == "unknown") {
                wrong.push(format!("{name} without {}: {key:?} is gone", collection.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rules = bases.iter().flat_map(|(_, _, _, before)| before.keys().map(|(rule, _)| rule.clone()));
    let rules: BTreeSet<String> = rules.collect();
    let always: Vec<_> = rules.difference(&undecided).collect();
    assert!(always.is_empty(), "no collection matters to {always:?}");
}

/// Set, every failing case is judged without every collection; that takes some minutes.
const WITHHOLDING: &str = "PRIVEK_WITHHOLDING";

#[test]
fn withholding_a_collection_never_turns_a_failure_into_a_pass() {
    let failing: Vec<&Told> = told().iter().filter(|told| told.has(Outcome::Fail)).collect();
    // Each case without some of the collections, so that each collection has its turn with many of them.
    let step = if std::env::var_os(WITHHOLDING).is_some() { 1 } else { 16 };
    let all: Vec<_> = failing
        .iter()
        .enumerate()
        .flat_map(|(at, told)| {
            COLLECTIONS.iter().skip(at % step).step_by(step).map(move |one| (*told, one.key))
        })
        .collect();
    let wrong = side_by_side(&all, |judge, (told, key)| {
        let (mut snapshot, intent) = told.state();
        if snapshot.get(*key).is_none() {
            return Vec::new();
        }
        withhold(&mut snapshot, key).expect("a collection");
        let case = format!("{} without {key}", told.called);
        let after = judge.one(&told.rule, &snapshot, &intent, &case);
        let failed = told.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
        let improved = failed.filter_map(|was| {
            // What a subject is called besides its id may not be known any more.
            let same =
                |now: &&Finding| (&now.subject.kind, &now.subject.id) == (&was.subject.kind, &was.subject.id);
            let now = after.iter().find(same);
            // A subject that cannot be listed any more is one unknown on the cluster.
            let now = now.or_else(|| after.iter().find(|now| now.outcome == Outcome::Unknown));
            let outcome = now.map(|now| now.outcome);
            (!matches!(outcome, Some(Outcome::Fail | Outcome::Unknown)))
                .then(|| format!("{case}: {} is {outcome:?}", was.subject.id))
        });
        improved.collect()
    });
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Collections that say what names resolve to. Closed networks often cannot read them.
const NAMES: [&str; 12] = [
    "FirewallDomainLists",
    "FirewallDomainsByList",
    "FirewallRuleGroupAssociations",
    "FirewallRules",
    "HostedZonesByVPC",
    "ProfileAssociations",
    "ProfileResourceAssociations",
    "ResolverEndpointIpAddresses",
    "ResolverEndpoints",
    "ResolverRuleAssociations",
    "ResolverRules",
    "ResourceRecordSetsByZone",
];

/// Clusters whose nodes have no route out of the VPC but to gateway endpoints.
const CLOSED: [&str; 2] = ["healthy/managed-nodes", "closed-network"];

/// What is unread matters only where some content of it could change the outcome: no name leads out of a VPC
/// without a route out.
#[test]
fn no_unread_name_cures_a_missing_endpoint_of_nodes_without_a_route_out() {
    const RULE: &str = "service-endpoint-missing";
    let sets = NAMES.iter().map(std::slice::from_ref).chain([NAMES.as_slice()]);
    let sets: Vec<&[&str]> = sets.collect();
    let mut tries = Vec::new();
    for name in CLOSED {
        let (snapshot, intent) = base(name);
        let all = snapshot["VpcEndpoints"].as_array().expect("VPC endpoints").len();
        for at in 0..all {
            let mut without = snapshot.clone();
            without["VpcEndpoints"].as_array_mut().expect("VPC endpoints").remove(at);
            tries.extend(sets.iter().map(|set| (name, at, without.clone(), intent.clone(), *set)));
        }
    }
    let wrong = side_by_side(&tries, |judge, (name, at, snapshot, intent, set)| {
        let case = format!("{name} without VPC endpoint {at} and {set:?}");
        let failing = |snapshot: &serde_json::Value| -> BTreeSet<String> {
            let found = judge.one(RULE, snapshot, intent, &case).into_iter();
            found.filter(|one| one.outcome == Outcome::Fail).map(|one| one.subject.id).collect()
        };
        let before = failing(snapshot);
        let mut unread = snapshot.clone();
        for key in *set {
            // What a snapshot lacks was not read anyway.
            let _ = withhold(&mut unread, key);
        }
        let after = failing(&unread);
        (before != after).then(|| format!("{case}: fails for {before:?}, and then for {after:?}"))
    });
    assert!(tries.len() > 100, "{} cases", tries.len());
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

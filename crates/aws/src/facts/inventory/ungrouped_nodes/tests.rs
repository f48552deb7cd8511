//! Nodes of Auto Mode, by default and as they are declared.

use serde_json::json;

use crate::facts::test_support::fixture::Fixture;
use crate::intent::Intent;

use super::*;

fn automatic(pools: &serde_json::Value) -> Fixture {
    Fixture::healthy().change("cluster", "name", "payments", |cluster| {
        cluster["computeConfig"] = json!({"enabled": true, "nodePools": pools});
    })
}

/// The places, as `subnet: groups`, and whether there may be more.
fn places(fixture: &Fixture, intent: &str) -> (Vec<String>, bool) {
    let snapshot = fixture.snapshot();
    let context = Context::new(&snapshot, &Intent::from_yaml("intent", intent).unwrap());
    let beyond = beyond(&context);
    let places = beyond.places.into_iter().map(|place| match place.groups {
        Groups::Known(groups) => format!("{}: {}", place.subnet, groups.join(" ")),
        other => format!("{}: {other:?}", place.subnet),
    });
    (places.collect(), !beyond.unlisted.is_empty())
}

#[test]
fn built_in_node_pools_are_in_the_clusters_subnets_with_its_own_group() {
    let (places, more) = places(&automatic(&json!(["general-purpose", "system"])), "");
    assert_eq!(
        places,
        ["a", "c", "d"].map(|zone| format!("subnet-0a00000000000001{zone}: sg-0a00000000000000f"))
    );
    assert!(!more);
}

#[test]
fn without_built_in_node_pools_only_the_user_knows() {
    let own = automatic(&json!([]));
    assert_eq!(places(&own, ""), (Vec::new(), true));
    let declared = "nodes: { subnets: [subnet-0a00000000000002a], security_groups: [sg-0a00000000000000d] }";
    let wanted = vec!["subnet-0a00000000000002a: sg-0a00000000000000d".to_owned()];
    assert_eq!(places(&own, declared), (wanted, false));
}

#[test]
fn declared_nodes_without_groups_carry_the_clusters_own() {
    let declared = "nodes: { subnets: [subnet-0a00000000000002a] }";
    let wanted = vec!["subnet-0a00000000000002a: sg-0a00000000000000f".to_owned()];
    assert_eq!(places(&Fixture::healthy(), declared), (wanted, false));
    assert_eq!(places(&Fixture::healthy(), ""), (Vec::new(), false));
}

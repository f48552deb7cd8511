//! Versions before and after the days on which their support ends.

use serde_json::{Value, json};

use crate::facts::test_support::fixture::{Fixture, derived};

fn at(version: &str, policy: &str, day: &str) -> Value {
    let fixture = Fixture::healthy()
        .change("cluster", "name", "payments", |cluster| {
            cluster["version"] = json!(version);
            cluster["upgradePolicy"]["supportType"] = json!(policy);
        })
        .set("collected_at", json!(format!("{day}T00:00:00Z")));
    fixture.fields("cluster", "payments")
}

#[test]
fn support_goes_from_standard_to_extended_to_none_at_midnight_utc() {
    for (day, support, left) in [
        ("2026-07-27", "standard", 2),
        ("2026-07-28", "standard", 1),
        ("2026-07-29", "extended", 365),
        ("2027-07-28", "extended", 1),
        ("2027-07-29", "none", -1),
    ] {
        let cluster = at("1.33", "EXTENDED", day);
        assert_eq!(
            (&cluster["support"], &cluster["support_days_left"]),
            (&json!(support), &json!(left)),
            "{day}"
        );
    }
}

#[test]
fn a_cluster_is_updated_when_the_support_that_it_pays_for_ends() {
    assert_eq!(at("1.33", "STANDARD", "2026-07-01")["forced_upgrade_on"], "2026-07-29");
    assert_eq!(at("1.33", "EXTENDED", "2026-07-01")["forced_upgrade_on"], "2027-07-29");
    assert_eq!(at("1.33", "STANDARD", "2026-08-01")["forced_upgrade_on"], "2027-07-29");
    assert_eq!(at("1.33", "EXTENDED", "2027-07-19")["forced_upgrade_days_left"], 10);
}

#[test]
fn without_the_api_the_table_gives_the_dates_and_the_report_says_so() {
    let fixture = Fixture::healthy().withhold("clusterVersions");
    assert_eq!(fixture.fields("cluster", "payments")["standard_support_until"], "2027-03-27");
    let snapshot = fixture.snapshot();
    let facts = derived(&snapshot, &crate::intent::Intent::default());
    assert!(facts.assumptions().iter().any(|said| said.contains("1.35")), "{:?}", facts.assumptions());
}

#[test]
fn a_version_that_neither_knows_and_a_day_that_nobody_gives_are_unknown() {
    for version in ["1.36", "1.28", "2.0", "latest"] {
        assert!(at(version, "EXTENDED", "2026-11-20")["support"]["$unknown"].is_array(), "{version}");
    }
    let undated = Fixture::healthy().set("collected_at", Value::Null);
    let cluster = undated.fields("cluster", "payments");
    assert!(cluster["support"]["$unknown"][0]["what"].as_str().unwrap().contains("--as-of"), "{cluster}");
    assert_eq!(cluster["standard_support_until"], "2027-03-27");
}

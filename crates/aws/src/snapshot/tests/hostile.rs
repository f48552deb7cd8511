//! Round trips, and hostile input.

use privek_core::header::Gap;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::snapshot::Snapshot;
use crate::snapshot::aws::COLLECTIONS;
use crate::snapshot::redact::Redactor;

/// Any JSON, with keys that the program knows.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        prop::sample::select(COLLECTIONS.iter().map(|collection| collection.key).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        prop::sample::select(vec![
            "snapshot_version",
            "gaps",
            "scope",
            "data",
            "status_code",
            "VpcId",
            "EnableDnsSupport",
            "Entries",
            "Cidr",
            "IpAddresses",
            "IpId",
            "Routes",
            "AdditionalRoutesAvailable",
            "NextToken",
            "name",
            "PolicyDocument",
            "Tags",
            "Key",
            "Value",
            "Account",
            "Arn",
            "UserId",
            "Cidrs",
            "CidrBlock",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9:/.-]{0,20}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "arn:[a-z:/*-]{0,24}".prop_map(Value::from),
        "[0-9.]{0,12}\\.in-addr\\.arpa".prop_map(Value::from),
        Just(json!("10.0.0.0/33")),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Snapshot::from_json("x.json", &String::from_utf8_lossy(&bytes));
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join("x.json");
        std::fs::write(&path, &bytes).unwrap();
        let _ = Snapshot::read(&path);
        let _ = Snapshot::read(files.path());
    }

    #[test]
    fn random_json_never_panics_and_what_loads_survives_everything(tree in any_json()) {
        for tree in [tree.clone(), json!({"snapshot_version": 1, "Vpcs": tree}), json!({"cluster": tree})] {
            if let Ok(snapshot) = Snapshot::from_json("pl-1.json", &tree.to_string()) {
                let redactor = Redactor::new(&snapshot);
                let _ = redactor.snapshot(snapshot.clone()).to_json();
                let _ = redactor.text(&tree.to_string());
                let saved = Snapshot::from_json("saved.json", &snapshot.to_json()).unwrap();
                prop_assert_eq!(saved.to_json(), snapshot.to_json());
            }
        }
    }

    #[test]
    fn redacting_any_text_never_panics(text in ".{0,60}", tail in "[0-9a-f.:/ -]{0,40}") {
        let _ = Redactor::new(&Snapshot::default()).text(&format!("{text}{tail}"));
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    for deep in [format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "{\"Vpcs\":".repeat(100_000)] {
        assert!(Snapshot::from_json("deep.json", &deep).is_err());
    }
}

#[test]
fn a_saved_snapshot_reads_back_as_itself_byte_for_byte() {
    let mut snapshot = Snapshot::read(&super::fixture("recorded/samples")).unwrap();
    snapshot.header.collected_at = Some("2026-11-20T12:00:00Z".to_owned());
    snapshot.header.gaps.push(Gap { code: "AccessDenied".to_owned(), ..Gap::default() });
    snapshot.header.gaps.sort();
    let text = snapshot.to_json();
    assert!(text.ends_with("}\n") && !text.contains("null"));
    let again = Snapshot::from_json("saved.json", &text).unwrap();
    assert_eq!(again, snapshot);
    assert_eq!(again.to_json(), text);
}

#[test]
fn the_header_stands_beside_what_aws_said_and_other_providers_are_refused() {
    let text = r#"{"snapshot_version": 2, "provider": "aws", "account": "111122223333", "Vpcs": []}"#;
    let snapshot = Snapshot::from_json("saved.json", text).unwrap();
    let saved = "{\n  \"Vpcs\": [],\n  \"account\": \"111122223333\",\n  \"gaps\": [],\n  \"scope\": {},\n  \
                 \"snapshot_version\": 2\n}\n";
    assert_eq!(snapshot.to_json(), saved);
    let other = Snapshot::from_json("other.json", &text.replace("\"aws\"", "\"other\"")).unwrap_err();
    assert!(other.to_string().contains("other.json: is a snapshot of provider \"other\""), "{other}");
}

#[test]
fn the_order_of_items_makes_no_difference_to_the_bytes() {
    let mut snapshot = Snapshot::read(&super::fixture("recorded/private-cluster")).unwrap();
    let text = snapshot.to_json();
    snapshot.aws.subnets.as_mut().unwrap().reverse();
    snapshot.header.gaps.reverse();
    assert_eq!(snapshot.to_json(), text);
}

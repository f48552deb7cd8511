//! Every error names the file and what would be right.

use crate::snapshot::{Snapshot, SnapshotError};

use super::{directory, read};

fn error(text: &str) -> SnapshotError {
    Snapshot::from_json("saved.json", text).unwrap_err()
}

#[test]
fn a_missing_path_is_named() {
    let error = Snapshot::read(std::path::Path::new("/nowhere/at-all.json")).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/at-all.json: no such file or directory");
}

#[test]
fn a_truncated_file_is_called_truncated_at_every_length() {
    let whole = r#"{"snapshot_version": 1, "Vpcs": [{"VpcId": "vpc-1"}], "account": "111122223333"}"#;
    assert!(Snapshot::from_json("saved.json", whole).is_ok());
    for length in 1..whole.len() {
        let error = error(&whole[..length]);
        assert!(matches!(error, SnapshotError::Truncated { line: 1, .. }), "{length}: {error}");
    }
    assert!(matches!(error(" \n"), SnapshotError::Empty { .. }));
}

#[test]
fn what_is_no_json_is_placed() {
    let error = error("VPCs, tables\n");
    assert!(matches!(error, SnapshotError::NotJson { line: 1, column: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("--output json"), "{error}");
}

#[test]
fn json_of_another_kind_is_described() {
    for (text, what) in [
        (r#"{"foo": 1}"#, "a JSON object with `foo`"),
        ("{}", "an empty JSON object"),
        ("[1]", "a JSON list"),
        ("7", "a JSON number"),
        (r#"{"schema_version": "1", "findings": []}"#, "a JSON report of privek-audit"),
    ] {
        let text = error(text).to_string();
        assert!(text.starts_with(&format!("saved.json: is {what}")), "{text}");
        assert!(text.contains("snapshot_version"), "{text}");
    }
}

#[test]
fn a_newer_snapshot_asks_for_a_newer_program_even_if_its_fields_changed() {
    let error = error(r#"{"snapshot_version": 99, "gaps": "changed"}"#);
    assert_eq!(error, SnapshotError::TooNew { path: "saved.json".to_owned(), found: 99 });
}

#[test]
fn a_wrong_type_names_the_field_and_its_place() {
    let error = error(
        "{\n \"snapshot_version\": 1,\n \"Subnets\": [{\"SubnetId\": \"subnet-1\", \"CidrBlock\": 7}]\n}",
    );
    let SnapshotError::Field { line, field, why, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*line, field.as_str()), (3, "Subnets[0].CidrBlock"));
    assert_eq!(why, "invalid type: integer `7`, expected a string");
    assert!(error.to_string().starts_with("saved.json:3:"), "{error}");
}

#[test]
fn a_wrong_type_in_the_head_or_of_a_collection_is_an_error_too() {
    for (text, path) in [
        (r#"{"snapshot_version": "one"}"#, "snapshot_version"),
        (r#"{"snapshot_version": 1, "gaps": [{"service": 1}]}"#, "gaps[0].service"),
        (r#"{"snapshot_version": 1, "scope": {"Vpcs": "vpc-1"}}"#, "scope.Vpcs"),
        (r#"{"snapshot_version": 1, "Vpcs": "none"}"#, "Vpcs"),
        (r#"{"Vpcs": 3}"#, "Vpcs"),
        (r#"{"nodegroups": [1]}"#, "nodegroups[0]"),
    ] {
        let error = error(text);
        let SnapshotError::Field { field, .. } = &error else { panic!("{text}: {error:?}") };
        assert_eq!(field, path, "{text}");
    }
}

#[test]
fn an_item_without_an_id_is_an_error() {
    let error = error(r#"{"Vpcs": [{"VpcId": "vpc-1"}, {"CidrBlock": "10.0.0.0/16"}]}"#);
    assert_eq!(error, SnapshotError::NoId { path: "saved.json".to_owned(), collection: "Vpcs", index: 1 });
}

#[test]
fn one_id_with_two_contents_names_both_files() {
    let error = read(&[
        ("new/v.json", r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}"#),
        ("old/v.json", r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16"}]}"#),
    ])
    .unwrap_err()
    .to_string();
    for part in ["vpc-1", "`Vpcs`", "new/v.json", "old/v.json"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn two_answers_about_one_attribute_are_a_conflict() {
    let error = read(&[
        ("1.json", r#"{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": true}}"#),
        ("2.json", r#"{"VpcId": "vpc-1", "EnableDnsSupport": {"Value": false}}"#),
    ])
    .unwrap_err();
    assert!(matches!(error, SnapshotError::Conflict { collection: "VpcAttributes", .. }), "{error}");
}

#[test]
fn a_missing_id_in_the_name_shows_a_name_that_would_do() {
    for (text, example) in [
        (r#"{"Entries": [{"Cidr": "10.0.0.0/8"}]}"#, "pl-0abc.json"),
        (r#"{"IpAddresses": [{"IpId": "rni-1"}]}"#, "rslvr-in-0abc.json"),
        (r#"{"Routes": [], "AdditionalRoutesAvailable": true}"#, "tgw-rtb-0abc.json"),
    ] {
        let error = read(&[("pl-entries.json", text)]).unwrap_err().to_string();
        assert!(error.contains(example) && error.contains("pl-entries.json"), "{error}");
    }
}

#[test]
fn an_empty_directory_and_a_foreign_one_are_errors() {
    assert!(matches!(read(&[("readme.md", "")]), Err(SnapshotError::NoFiles { .. })));
    assert!(matches!(read(&[("log", "no output")]), Err(SnapshotError::NoFiles { .. })));
    let error = read(&[("package.json", r#"{"name": "x", "version": "1"}"#)]).unwrap_err().to_string();
    assert!(error.contains("package.json is a JSON object with `name`, `version`"), "{error}");
}

#[test]
fn one_broken_file_in_a_directory_is_named() {
    let error = read(&[("v.json", r#"{"Vpcs": []}"#), ("deep/s.json", r#"{"Subnets": ["#)]).unwrap_err();
    assert!(error.to_string().contains("deep/s.json:1:"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_called_so() {
    let files = directory(&[]);
    let path = files.path().join("x.json");
    for bytes in [&[0xc3, 0x28][..], &[0xff, 0xfe, 0x00, 0xd8][..], &[0x80][..]] {
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Snapshot::read(&path), Err(SnapshotError::NotText { .. })), "{bytes:?}");
    }
}

//! Rules from a directory, and the fixes of blockers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use privek_aws::network::BlockerCode;
use privek_aws::pack::PACK;
use privek_core::rule;
use serde_json::Value;

use crate::support::files::{files, text};

const RULE: &str = "\
id: vpc-without-flow-logs
title: The VPC has DNS hostnames
severity: info
subject: vpc
assert: vpc.dns_hostnames
why: A rule of one's own.
message: \"{{ vpc.id }} has none\"
fix: { summary: Turn them on. }
references: [https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html]
";

fn with(file: &str, text: &str) -> Result<rule::Rules, rule::RuleError> {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let path = scratch.path().join(file);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
    rule::built_in(&PACK).expect("the built-in rules load").with_directory(scratch.path())
}

#[test]
fn rules_of_a_directory_join_the_built_in_ones_in_the_area_that_their_folder_names() {
    let rules = with("house/vpc-without-flow-logs.yaml", RULE).expect("it is sound");
    assert_eq!(rules.get("vpc-without-flow-logs").expect("it is there").area, "house");
    let rules = with("vpc-without-flow-logs.yaml", RULE).expect("it is sound");
    assert_eq!(rules.get("vpc-without-flow-logs").expect("it is there").area, "custom");
}

#[test]
fn a_rule_may_not_take_the_id_of_a_built_in_one() {
    let file = files("rules/eks/vpc", "yaml").remove(0);
    let id = file.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8");
    let error =
        with(&format!("{id}.yaml"), &RULE.replace("vpc-without-flow-logs", id)).expect_err("it is taken");
    let error = error.to_string();
    assert!(
        error.contains(&format!("{id}.yaml:1:5: the id `{id}` is taken by rules/eks/vpc/{id}.yaml")),
        "{error}"
    );
}

#[test]
fn every_mistake_of_a_directory_is_told_at_once_with_its_place() {
    let text =
        RULE.replace("vpc.dns_hostnames", "vpc.dns_hostname").replace("{{ vpc.id }}", "{{ vpc.ident }}");
    let error = with("vpc-without-flow-logs.yaml", &text).expect_err("two fields do not exist").to_string();
    assert_eq!(error.lines().count(), 2, "{error}");
    assert!(error.contains("vpc-without-flow-logs.yaml:5:13: unknown field `dns_hostname`"), "{error}");
    assert!(error.contains("did you mean `dns_hostnames`?"), "{error}");
}

#[test]
fn a_directory_without_rules_is_an_error() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let rules = rule::built_in(&PACK).expect("the built-in rules load").with_directory(scratch.path());
    assert!(rules.expect_err("there is none").to_string().contains("no file in the directory ends in .yaml"));
}

#[test]
fn every_code_of_a_blocker_has_a_fix_and_there_are_no_others() {
    let schema = schemars::schema_for!(BlockerCode).to_value();
    let codes: BTreeSet<&str> = schema["oneOf"]
        .as_array()
        .expect("one schema for each code")
        .iter()
        .map(|code| code["const"].as_str().expect("a name"))
        .collect();
    let fixes: BTreeMap<String, Value> =
        serde_saphyr::from_str(&text("rules/eks/blockers.yaml")).expect("YAML");
    assert_eq!(fixes.keys().map(String::as_str).collect::<BTreeSet<_>>(), codes);
}

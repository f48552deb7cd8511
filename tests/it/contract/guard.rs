//! The program asks AWS for nothing but what its IAM policy allows, and that is read-only.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::emulator::closed_network;
use crate::support::emulator::emulator;
use crate::support::program::{against_emulator, program};

/// The actions of the printed policy, without services' differing names for one endpoint.
fn policy() -> BTreeSet<String> {
    let run = program(&["iam-policy"]).run();
    assert_eq!(run.code, 0, "{}", run.err);
    let policy: Value = serde_json::from_str(&run.out).expect("the policy is JSON");
    assert_eq!(policy["Version"], "2012-10-17");
    let statements = policy["Statement"].as_array().expect("statements");
    statements
        .iter()
        .flat_map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            statement["Action"]
                .as_array()
                .expect("actions")
                .iter()
                .map(|a| a.as_str().expect("a string").to_owned())
        })
        .collect()
}

#[test]
fn the_policy_lists_operations_by_name_and_none_that_changes_anything() {
    for action in policy() {
        let (_, operation) = action.split_once(':').expect("service:Operation");
        let reads = ["Describe", "List", "Get", "Search"].iter().any(|verb| operation.starts_with(verb));
        assert!(reads && !action.contains('*'), "{action}");
    }
}

#[test]
fn an_audit_sends_only_operations_of_the_policy() {
    closed_network();
    against_emulator(&["--cluster", "yoda-k8s-1"]).credentials("AKIAGUARD").run();
    let allowed = policy();
    let sent = emulator().seen("AKIAGUARD");
    assert!(sent.len() > 20, "{sent:?}");
    let beyond: Vec<_> = sent.iter().filter(|operation| !allowed.contains(*operation)).collect();
    assert_eq!(beyond, Vec::<&String>::new(), "not in the policy");
}

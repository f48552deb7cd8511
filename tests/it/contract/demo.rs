//! What a newcomer runs first: the closed network, from the binary alone.

use serde_json::Value;

use crate::support::program::program;
use crate::support::schema::conforms;

#[test]
fn demo_prints_the_findings_of_the_closed_network_and_succeeds() {
    let run = program(&["demo"]).run();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("yoda-k8s-1"), "{}", run.out);
    assert!(!run.out.contains('\u{1b}'), "no colour in a pipe");
    // Links and quoted JSON cannot be broken.
    let breakable = |line: &&str| line.split(' ').all(|word| word.chars().count() <= 60);
    let wide = run.out.lines().filter(breakable).find(|line| line.chars().count() > 80);
    assert_eq!(wide, None, "wider than 80 columns");
}

#[test]
fn demo_as_json_conforms_and_carries_the_exit_code_of_the_audit() {
    let run = program(&["demo", "--format", "json"]).run();
    assert_eq!(run.code, 0, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    conforms(&report);
    assert_eq!(report["exit_code"], 1);
    assert_eq!(report["verdict"], "not_ready");
}

#[test]
fn the_bastion_has_three_reasons_not_to_reach_the_private_endpoint_and_the_operator_subnet_reaches_it() {
    let run = program(&["demo", "--format", "json"]).run();
    let report: Value = serde_json::from_str(&run.out).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    let flows: Vec<_> = findings
        .iter()
        .filter(|finding| {
            finding["subject"]["kind"] == "flow"
                && finding["subject"].to_string().contains("operator-subnet->control-plane")
        })
        .collect();
    assert!(!flows.is_empty() && flows.iter().all(|flow| flow["outcome"] == "pass"), "{flows:#?}");

    let bastion: Vec<_> = findings
        .iter()
        .filter(|finding| {
            finding["subject"]["kind"] == "flow"
                && finding["subject"].to_string().contains("bastion->control-plane:")
        })
        .collect();
    let [blocked] = bastion.as_slice() else { panic!("one finding for the bastion: {bastion:#?}") };
    assert_eq!(blocked["outcome"], "fail");
    let reasons: Vec<_> = blocked["blockers"]
        .as_array()
        .expect("blockers")
        .iter()
        .map(|blocker| (blocker["kind"].as_str().expect("a kind"), blocker["leg"].as_str()))
        .collect();
    assert_eq!(reasons.len(), 3, "{blocked:#}");
    assert!(reasons.contains(&("route-table", Some("request"))), "the bastion's table: {reasons:?}");
    assert!(reasons.contains(&("route-table", Some("reply"))), "the workers' table: {reasons:?}");
    assert!(reasons.iter().any(|(kind, _)| *kind == "security-group"), "no rule admits it: {reasons:?}");
    assert!(
        blocked["message"].as_str().expect("a message").contains("public"),
        "the public endpoint admits it: {blocked:#}"
    );
    let commands = blocked["fix"]["commands"].to_string();
    for part in ["pcx-0b00000000000000c", "172.25.0.0", "172.24.0.0/25", "authorize-security-group-ingress"] {
        assert!(commands.contains(part), "{part} is not in {commands}");
    }
}

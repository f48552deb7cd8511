//! What the fixes tell people to type, the AWS CLI accepts.

use std::collections::BTreeSet;

use crate::support::broken;
use crate::support::cases::{commands, failing};
use crate::support::emulator::emulator;
use crate::support::judge::side_by_side;

/// What the AWS CLI that the tests install cannot check, and why: mostly what is newer than it is.
const UNCHECKED: &[(&str, &str)] = &[
    ("eks list-certificate-authorities", "clusters have several since September 2026"),
    ("eks update-kubeconfig", "it is the CLI's own, and has no skeleton"),
];

#[test]
fn the_aws_cli_accepts_every_command_of_every_rule() {
    let all = failing();
    let all = all.values().flatten().flat_map(|(_, finding)| commands(finding)).map(String::as_str);
    let unchecked = |command: &&str| UNCHECKED.iter().any(|(option, _)| command.contains(option));
    let (exceptions, commands): (BTreeSet<&str>, BTreeSet<&str>) = all.partition(unchecked);
    let commands: Vec<&str> = commands.into_iter().collect();
    assert!(commands.len() > 250, "only {} commands", commands.len());
    let refused = emulator().script("check_commands.py", &commands);
    assert_eq!(refused, "", "the AWS CLI refuses");
    for (option, why) in UNCHECKED {
        let all: Vec<&str> = exceptions.iter().filter(|command| command.contains(option)).copied().collect();
        let refused = emulator().script("check_commands.py", &all);
        assert!(!refused.is_empty(), "the AWS CLI checks {option}, which is an exception because {why}");
    }
}

#[test]
fn the_aws_cli_accepts_the_commands_that_open_a_flow() {
    let bases = broken::bases();
    let found = side_by_side(&broken::cases(&bases), |judge, case| {
        let (snapshot, intent) = case.state();
        let report = judge.report(&snapshot, &intent, &case.name);
        let flows = broken::failing_flows(&report);
        flows.flat_map(|finding| commands(finding).to_vec()).collect::<Vec<_>>()
    });
    let all: BTreeSet<&str> = found.iter().flatten().map(String::as_str).collect();
    let all: Vec<&str> = all.into_iter().collect();
    let refused = emulator().script("check_commands.py", &all);
    assert_eq!(refused, "", "the AWS CLI refuses");
}

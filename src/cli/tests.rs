//! Which command lines are taken, and what the others are told.

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn an_audit_needs_a_cluster_or_a_snapshot() {
    assert_eq!(parse("privek-audit").unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    assert_eq!(parse("privek-audit").unwrap_err().exit_code(), 2);
    let said = parse("privek-audit --region eu-west-1").unwrap_err().to_string();
    assert!(said.contains("<--cluster <NAME>|--snapshot <PATH>|--vpc <VPC>|--config <FILE>>"), "{said}");
    assert!(parse("privek-audit --cluster foo").is_ok());
    assert!(parse("privek-audit --snapshot a.json --snapshot b").is_ok());
    assert!(parse("privek-audit drift --baseline a.json").is_err());
    assert!(parse("privek-audit drift --baseline a.json --cluster foo").is_ok());
}

#[test]
fn a_trace_needs_two_ends_and_a_port_and_no_cluster() {
    assert!(parse("privek-audit trace --from nodes --to ecr.api --port tcp/443 --cluster foo").is_ok());
    assert!(parse("privek-audit trace --from eni-1 --to eni-2 --port tcp/443 --region eu-west-1").is_ok());
    assert!(
        parse("privek-audit trace --from eni-1 --to eni-2 --port icmp --snapshot a --snapshot b").is_ok()
    );
    assert_eq!(parse("privek-audit trace --from eni-1 --port icmp").unwrap_err().exit_code(), 2);
    assert_eq!(parse("privek-audit trace --from eni-1 --to eni-2").unwrap_err().exit_code(), 2);
}

#[test]
fn a_probe_needs_to_know_what_to_probe_and_is_bounded() {
    assert!(parse("privek-audit probe --targets t.json --dns 10.0.0.2 --dns ::1 --timeout 1").is_ok());
    assert!(parse("privek-audit probe --cluster foo --print-targets -o t.json").is_ok());
    assert!(parse("privek-audit --cluster foo --probe --dns 10.0.0.2 --vantage bastion").is_ok());
    for line in [
        "privek-audit probe",
        "privek-audit probe --targets t.json --cluster foo",
        "privek-audit probe --targets t.json --print-targets",
        "privek-audit probe --cluster foo --timeout 0",
        "privek-audit probe --cluster foo --deadline 601",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn forwarders_need_a_kind_of_server_and_a_cluster_that_exists() {
    for kind in ["bind", "dnsmasq", "unbound", "coredns", "windows"] {
        assert!(parse(&format!("privek-audit forwarders --cluster foo --for {kind}")).is_ok(), "{kind}");
    }
    assert!(parse("privek-audit forwarders --snapshot a --for bind --domain region --services").is_ok());
    for line in ["forwarders --cluster foo", "forwarders --for bind", "forwarders --for djbdns --cluster foo"]
    {
        assert_eq!(parse(&format!("privek-audit {line}")).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn the_other_subcommands_need_no_cluster() {
    assert!(parse("privek-audit demo --format json").is_ok());
    assert!(parse("privek-audit iam-policy").is_ok());
    assert!(parse("privek-audit rules explain some-rule").is_ok());
    assert!(parse("privek-audit rules check dir").is_ok());
}

#[test]
fn a_saved_snapshot_excludes_the_options_that_only_aws_understands() {
    assert!(parse("privek-audit --snapshot a.json --region eu-west-1").is_err());
    assert!(parse("privek-audit --snapshot a.json --profile p").is_err());
    assert!(parse("privek-audit --snapshot a.json --cluster foo").is_ok());
}

#[test]
fn the_help_states_the_exit_codes() {
    let help = Cli::command().render_help().to_string();
    assert!(help.contains("3  incomplete"), "{help}");
}

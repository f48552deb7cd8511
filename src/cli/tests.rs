//! Valid command lines, and the errors of the others.

use clap::CommandFactory;
use clap::error::ErrorKind;
use privek_core::render::FORMATS;

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
    assert!(
        parse("privek-audit probe --targets t.json -o report.json --save-observations seen.json").is_ok()
    );
    assert!(parse("privek-audit probe --cluster foo --region eu-west-1 --print-targets -o t.json").is_ok());
    assert!(parse("privek-audit --cluster foo --probe --dns 10.0.0.2 --vantage bastion").is_ok());
    for line in [
        "privek-audit probe",
        "privek-audit probe --vpc vpc-0a1",
        "privek-audit probe --cluster foo --timeout 0",
        "privek-audit probe --cluster foo --deadline 601",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
}

#[test]
fn an_option_that_would_say_nothing_is_refused_beside_the_one_that_it_contradicts() {
    let targets = "probe --targets t.json";
    let printed = "probe --cluster foo --print-targets";
    for (line, one, other) in [
        (targets, "--targets <FILE>", "--cluster <NAME>"),
        (targets, "--targets <FILE>", "--snapshot <PATH>"),
        (targets, "--targets <FILE>", "--region <REGION>"),
        (targets, "--targets <FILE>", "--profile <PROFILE>"),
        (targets, "--targets <FILE>", "--print-targets"),
        (printed, "--print-targets", "--save-observations <FILE>"),
        (printed, "--print-targets", "--dns <SERVER>"),
        (printed, "--print-targets", "--vantage <NAME>"),
        (printed, "--print-targets", "--timeout <SECONDS>"),
        (printed, "--print-targets", "--deadline <SECONDS>"),
        (printed, "--print-targets", "--rules <DIR>"),
        (printed, "--print-targets", "--as-of <DATE>"),
        ("snapshot --vpc vpc-0a1", "--vpc <VPC>", "--snapshot <PATH>"),
    ] {
        let (option, takes) = other.split_once(' ').unwrap_or((other, ""));
        let value = if takes.is_empty() { "" } else { " 1" };
        let said = parse(&format!("privek-audit {line} {option}{value}")).unwrap_err();
        assert_eq!((said.kind(), said.exit_code()), (ErrorKind::ArgumentConflict, 2), "{said}");
        let said = said.to_string();
        assert!(said.contains("cannot be used with") && said.contains(one) && said.contains(other), "{said}");
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
fn the_formats_are_those_of_the_renderers_and_the_first_is_the_default() {
    for line in ["demo", "rules list", "trace --from nodes --to sts --port icmp", "probe --cluster foo"] {
        for format in FORMATS {
            assert!(parse(&format!("privek-audit {line} --format {}", format.name)).is_ok(), "{line}");
        }
        let said = parse(&format!("privek-audit {line} --format none")).unwrap_err().to_string();
        assert!(FORMATS.iter().all(|format| said.contains(format.name)), "{said}");
    }
    let Some(Command::Demo(demo)) = parse("privek-audit demo").unwrap().command else { panic!("a demo") };
    assert_eq!(demo.output.format.0.name, FORMATS[0].name);
}

#[test]
fn a_saved_snapshot_excludes_the_options_that_only_aws_understands() {
    assert!(parse("privek-audit --snapshot a.json --region eu-west-1").is_err());
    assert!(parse("privek-audit --snapshot a.json --profile p").is_err());
    assert!(parse("privek-audit --snapshot a.json --cluster foo").is_ok());
}

/// The help of each command, short and long.
fn helps() -> Vec<String> {
    fn of(command: &mut clap::Command, helps: &mut Vec<String>) {
        helps.extend([command.render_help().to_string(), command.render_long_help().to_string()]);
        command.get_subcommands_mut().for_each(|sub| of(sub, helps));
    }
    let (mut command, mut helps) = (Cli::command(), Vec::new());
    command.build();
    of(&mut command, &mut helps);
    helps
}

#[test]
fn the_help_fits_into_80_columns_and_has_no_marks_of_a_text_processor() {
    let helps = helps();
    assert!(helps.len() >= 24, "{}", helps.len());
    // A line of usage is for copying.
    for line in helps.iter().flat_map(|help| help.lines()).filter(|line| !line.contains("privek-audit ")) {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('`'), "{line}");
    }
}

#[path = "../../tests/support/words.rs"]
mod house;

#[test]
fn the_help_uses_the_provider_s_nouns() {
    let said = helps().into_iter().flat_map(|help| {
        let found = house::problems(&help);
        found.into_iter().map(move |problem| format!("{problem} in:\n{help}"))
    });
    let said: Vec<String> = said.collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn options_are_described_in_short_sentences() {
    fn of(command: &clap::Command, long: &mut Vec<String>) {
        let options = command.get_arguments().filter_map(clap::Arg::get_help);
        for text in options.chain(command.get_about()) {
            long.extend(house::long_sentences(&house::plain(&text.to_string())));
        }
        command.get_subcommands().for_each(|sub| of(sub, long));
    }
    let mut long = Vec::new();
    of(&Cli::command(), &mut long);
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_same_letter_writes_the_result_to_a_file_everywhere() {
    for line in [
        "--cluster foo",
        "demo",
        "snapshot --cluster foo",
        "trace --from nodes --to sts --port icmp",
        "probe --cluster foo",
        "probe --cluster foo --print-targets",
        "forwarders --cluster foo --for bind",
        "drift --baseline a --cluster foo",
    ] {
        assert!(parse(&format!("privek-audit {line} -o file")).is_ok(), "{line}");
    }
}

#[test]
fn the_help_states_the_exit_codes() {
    let help = Cli::command().render_help().to_string();
    assert!(help.contains("3  incomplete"), "{help}");
}

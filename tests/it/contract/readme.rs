//! What the README shows is what the program takes.

use clap::Parser;
use privek_audit::cli::Cli;
use serde_json::Value;

use crate::support::bless;
use crate::support::program::program;

const README: &str = include_str!("../../../README.md");

/// The code blocks in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("\n```{language}\n");
    README.split(&fence).skip(1).map(|rest| rest.split_once("\n```").expect("the block ends").0).collect()
}

fn yaml(starting: &str) -> &'static str {
    let found = blocks("yaml").into_iter().find(|block| block.starts_with(starting));
    found.unwrap_or_else(|| panic!("no YAML block starts with {starting}"))
}

fn takes(words: &[&str]) {
    if let Err(error) = Cli::try_parse_from(words) {
        panic!("{words:?}: {error}");
    }
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let mut seen = 0;
    for line in ["console", "sh", "cron"].into_iter().flat_map(blocks).flat_map(str::lines) {
        let Some(at) = line.find("privek-audit ") else { continue };
        let command = line[at..].split(['#', '>', '|']).next().unwrap_or_default();
        takes(&command.split_whitespace().collect::<Vec<_>>());
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} commands were found");
}

#[test]
fn the_cron_job_runs_a_command_line_that_the_program_takes() {
    let job: Value = serde_saphyr::from_str(yaml("apiVersion:")).expect("YAML");
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let words = ["command", "args"].into_iter().flat_map(|key| container[key].as_array().expect("a list"));
    let words: Vec<&str> = words.map(|word| word.as_str().expect("a string")).collect();
    takes(&words);
    let mounted = container["volumeMounts"][0]["mountPath"].as_str().expect("a path");
    assert_eq!(words.iter().filter(|word| word.starts_with(mounted)).count(), 2, "both files are mounted");
}

#[test]
fn the_trace_that_is_shown_is_the_one_that_the_program_tells() {
    let command = blocks("console").into_iter().find(|block| block.contains("fixtures/closed-network.json"));
    let command = command.expect("a trace in the closed network").trim_start_matches("$ privek-audit ");
    let root = env!("CARGO_MANIFEST_DIR");
    let words: Vec<String> = command
        .split_whitespace()
        .map(|word| word.replace("fixtures/", &format!("{root}/fixtures/")))
        .collect();
    let run = program(&words.iter().map(String::as_str).collect::<Vec<_>>()).run();
    if bless::asked("readme") {
        let path = std::path::Path::new(root).join("README.md");
        let (before, rest) = README.split_once("```text\nBLOCKED").expect("the answer");
        let after = rest.split_once("\n```").expect("the block ends").1;
        let text = format!("{before}```text\n{}\n```{after}", run.out.trim_end());
        return std::fs::write(path, text).expect("a writable README");
    }
    let shown = blocks("text").into_iter().find(|block| block.starts_with("BLOCKED")).expect("the answer");
    assert_eq!((run.code, run.out.trim_end()), (1, shown.trim_end()), "{}", run.err);
}

#[test]
fn the_declarations_are_understood() {
    let audit = ["--snapshot", "s.json", "--config", "privek-audit.yaml", "--format", "json"];
    let report = program(&audit)
        .file("s.json", include_str!("../../../fixtures/healthy/managed-nodes.json"))
        .file("privek-audit.yaml", yaml("operators:"))
        .run()
        .report();
    assert!(report.to_string().contains("operators:head-office->control-plane"), "{report}");
}

#[test]
fn the_plan_is_understood() {
    let intent = privek_audit::intent::Intent::from_yaml("README.md", yaml("cluster:\n")).expect("a plan");
    assert_eq!(intent.cluster.map(|plan| plan.called()).as_deref(), Some("payments"));
}

#[test]
fn the_rule_of_your_own_passes_the_check_and_is_evaluated() {
    let rule = yaml("id: ");
    let id = rule.lines().next().and_then(|line| line.split_whitespace().nth(1)).expect("an id");
    let file = format!("{id}.yaml");
    assert!(README.contains(&format!("house-rules/{file}")), "the README names the file");
    let checked = program(&["rules", "check", "."]).file(&file, rule).run();
    assert_eq!((checked.code, checked.out.as_str()), (0, "1 rule ok\n"), "{}", checked.err);

    let audited = |desired: u64| {
        let mut snapshot = crate::support::files::fixture("closed-network.json");
        let group = &mut snapshot["nodegroup"][0]["scalingConfig"];
        group["desiredSize"] = group["maxSize"].as_u64().map(|most| most - desired).into();
        let run = program(&["--snapshot", "s.json", "--rules", ".", "--format", "json"])
            .file(&file, rule)
            .file("s.json", &snapshot.to_string())
            .run();
        let report: Value = serde_json::from_str(&run.out).expect(&run.err);
        let findings = report["findings"].as_array().expect("findings").clone();
        findings.into_iter().find(|finding| finding["rule"] == id).expect("the rule was evaluated")
    };
    assert_eq!(audited(1)["outcome"], "pass");
    let failed = audited(0);
    assert_eq!(failed["outcome"], "fail");
    let command = failed["fix"]["commands"][0].as_str().expect("a command");
    assert!(command.contains("--nodegroup-name workers --scaling-config maxSize=5"), "{command}");
}

#[test]
fn the_flow_of_your_own_leads_to_the_network_that_is_declared() {
    let rule = yaml("id: pods-cannot-reach-database");
    let mut snapshot = crate::support::files::fixture("healthy/managed-nodes.json");
    let audited = |snapshot: &Value, networks: &str| {
        let intent = format!("operators: []\nnetworks: [{networks}]\n");
        let run =
            program(&["--snapshot", "s.json", "--rules", "rules", "--config", "i.yaml", "--format", "json"])
                .file("rules/pods-cannot-reach-database.yaml", rule)
                .file("s.json", &snapshot.to_string())
                .file("i.yaml", &intent)
                .run();
        let report: Value = serde_json::from_str(&run.out).expect(&run.err);
        let findings = report["findings"].as_array().expect("findings").clone();
        let its = |finding: &Value| finding["rule"] == "pods-cannot-reach-database";
        let mut its: Vec<_> = findings.into_iter().filter(its).collect();
        assert_eq!(its.len(), 1, "{its:#?}");
        its.remove(0)
    };
    let undeclared = audited(&snapshot, "");
    assert_eq!(undeclared["outcome"], "unknown");
    assert_eq!(undeclared["missing"][0]["kind"], "intent", "{undeclared:#}");
    assert!(undeclared["missing"].to_string().contains("database"), "{undeclared:#}");

    let database = "{ name: database, cidr: 192.168.7.0/24, via: vgw-0a000000000000001 }";
    let blocked = audited(&snapshot, database);
    assert_eq!(
        (&blocked["outcome"], &blocked["subject"]["id"]),
        (&"fail".into(), &"pods->database:tcp/1521".into())
    );
    for command in blocked["fix"]["commands"].as_array().expect("commands") {
        crate::support::aws_cli::apply(&mut snapshot, command.as_str().expect("text"))
            .expect("a sound command");
    }
    assert_eq!(audited(&snapshot, database)["outcome"], "pass");
}

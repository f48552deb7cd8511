//! `trace` as a user runs it: the closed network of the demo, directories without a cluster, several
//! accounts, and questions that cannot be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::emulator::emulator;
use crate::support::files::fixture;
use crate::support::program::{Program, Run, against_emulator, program};

const INTENT: &str = include_str!("../../../fixtures/closed-network.intent.yaml");
const SCHEMA: &str = include_str!("../../../docs/trace.schema.json");
pub const API: [&str; 2] = ["eni-0c0000000000000ca", "eni-0c0000000000000cc"];

fn question(from: &str, to: &str, port: &str) -> Vec<String> {
    let words = ["trace", "--from", from, "--to", to, "--port", port, "--snapshot", "s.json"];
    words.map(str::to_owned).to_vec()
}

fn asked(arguments: &[String], more: &[&str]) -> Program {
    let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
    program(&all)
}

fn closed(from: &str, to: &str, port: &str, more: &[&str]) -> Run {
    asked(&question(from, to, port), more)
        .file("s.json", &fixture("closed-network.json").to_string())
        .file("privek-audit.yaml", INTENT)
        .run()
}

/// The answer as JSON: in the published shape, and one with the exit code.
fn answer(run: &Run) -> Value {
    assert_ne!(run.code, 2, "{}", run.err);
    let answer: Value = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {}", run.out));
    let mut compiler = boon::Compiler::new();
    compiler.add_resource("trace.json", serde_json::from_str(SCHEMA).expect("JSON")).expect("a schema");
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile("trace.json", &mut schemas).expect("a schema");
    if let Err(error) = schemas.validate(&answer, index) {
        panic!("{error:#}");
    }
    let verdict = match run.code {
        0 => "open",
        1 => "blocked",
        3 => "unknown",
        other => panic!("exit code {other} is no verdict"),
    };
    assert_eq!((&answer["verdict"], &answer["exit_code"]), (&json!(verdict), &json!(run.code)));
    answer
}

fn ids(list: &Value) -> BTreeSet<&str> {
    list.as_array().expect("a list").iter().filter_map(|item| item["id"].as_str()).collect()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_bastion_of_the_closed_network_is_kept_from_the_api_by_three_objects() {
    let run = closed("bastion", "control-plane", "tcp/443", &["--format", "json"]);
    let answer = answer(&run);
    assert_eq!(answer["verdict"], "blocked");
    let three = BTreeSet::from(["rtb-0b000000000000001", "rtb-0c00000000000000d", "sg-0c00000000000000c"]);
    assert_eq!(ids(&answer["blockers"]), three);
    for path in answer["paths"].as_array().expect("paths") {
        assert_eq!(ids(&path["blockers"]), three, "every path has all of them");
        let leg = |id: &str| {
            let all = path["blockers"].as_array().expect("blockers");
            all.iter().find(|blocker| blocker["id"] == id).expect("a blocker")["leg"].clone()
        };
        assert_eq!(leg("rtb-0b000000000000001"), "request");
        assert_eq!(leg("sg-0c00000000000000c"), "request");
        assert_eq!(leg("rtb-0c00000000000000d"), "reply", "the way back is a way of its own");
        assert!(ids(&path["hops"]).contains("rtb-0b000000000000001"), "{path}");
        assert!(ids(&path["return"]["hops"]).contains("rtb-0c00000000000000d"), "{path}");
    }
    let commands = answer["fix"]["commands"].to_string();
    for id in three {
        assert!(commands.contains(id), "{id} is not mended by {commands}");
    }
}

#[test]
fn the_operator_subnet_of_the_closed_network_reaches_the_api_and_hears_from_it() {
    let run = closed("operator-subnet", "control-plane", "tcp/443", &["--format", "json"]);
    let answer = answer(&run);
    assert_eq!(answer["verdict"], "open");
    assert_eq!((&answer["fix"], &answer["blockers"]), (&Value::Null, &json!([])));
    let paths = answer["paths"].as_array().expect("paths");
    for interface in API {
        let reached = |path: &&Value| path["to"].as_str().is_some_and(|to| to.starts_with(interface));
        let path = paths.iter().find(reached).expect("a path to every interface of the API");
        let (there, back) = (ids(&path["hops"]), ids(&path["return"]["hops"]));
        assert!(there.contains("rtb-0c00000000000000a") && there.contains("sg-0c00000000000000c"), "{path}");
        assert!(back.contains("rtb-0c00000000000000d"), "{path}");
    }
}

#[test]
fn the_table_tells_the_verdict_both_ways_and_commands_that_can_be_pasted() {
    let run = closed("bastion", "control-plane", "tcp/443", &[]);
    assert_eq!(run.code, 1);
    assert!(run.out.starts_with("BLOCKED  bastion -> control-plane tcp/443\n"), "{}", run.out);
    let said = words(&run.out);
    assert!(said.contains("X BLOCKED route-table rtb-0b000000000000001"), "{said}");
    assert!(said.contains("reply"), "{said}");
    assert!(said.contains("and 3 more like this"), "{said}");
    let command = "aws ec2 create-route --region ap-northeast-1 --route-table-id rtb-0c00000000000000d \
                   --destination-cidr-block 172.24.0.0/25 --vpc-peering-connection-id pcx-0b00000000000000c";
    assert!(words(&run.out.replace("\\\n", "")).contains(command), "{}", run.out);
    for line in run.out.lines().filter(|line| !line.contains("--ip-permissions") && !line.contains("[{")) {
        assert!(line.chars().count() <= 80 && !line.contains('\u{1b}'), "{line}");
    }
}

#[test]
fn an_unknown_names_what_would_settle_it() {
    let mut snapshot = fixture("closed-network.json");
    snapshot["NetworkAcls"] = Value::Null;
    snapshot["scope"].as_object_mut().expect("a scope").remove("NetworkAcls");
    let ends = question("operator-subnet", "control-plane", "tcp/443");
    let run = asked(&ends, &["--format", "json"])
        .file("s.json", &snapshot.to_string())
        .file("privek-audit.yaml", INTENT)
        .run();
    let answer = answer(&run);
    assert_eq!(answer["verdict"], "unknown");
    let missing = answer["paths"][0]["missing"].to_string();
    assert!(missing.contains("\"permission\":\"ec2:DescribeNetworkAcls\""), "{missing}");
}

/// A directory of AWS CLI outputs: these collections of the closed network, and nothing of EKS.
fn directory(collections: &[&str]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a scratch directory");
    let snapshot = fixture("closed-network.json");
    for key in collections {
        let text = json!({ *key: snapshot[*key] }).to_string();
        std::fs::write(directory.path().join(format!("{key}.json")), text).expect("a writable directory");
    }
    // This output does not say which list it is of; the file's name does.
    for list in snapshot["PrefixListEntries"].as_array().expect("lists") {
        let name = format!("{}.json", list["PrefixListId"].as_str().expect("an id"));
        let text = json!({ "Entries": list["Entries"] }).to_string();
        std::fs::write(directory.path().join(name), text).expect("a writable directory");
    }
    directory
}

pub const NETWORK: [&str; 7] = [
    "Vpcs",
    "Subnets",
    "RouteTables",
    "SecurityGroups",
    "NetworkAcls",
    "NetworkInterfaces",
    "VpcPeeringConnections",
];

fn over(directory: &Path, ends: (&str, &str), more: &[&str]) -> Run {
    let path = directory.to_str().expect("UTF-8");
    let words = ["trace", "--from", ends.0, "--to", ends.1, "--port", "tcp/443", "--snapshot", path];
    program(&[&words[..], more].concat()).run()
}

#[test]
fn a_directory_of_aws_cli_outputs_needs_no_cluster() {
    let directory = directory(&NETWORK);
    let open = over(directory.path(), ("eni-0c00000000000000a", API[0]), &["--format", "json"]);
    assert_eq!(answer(&open)["verdict"], "open");
    let blocked = over(directory.path(), ("eni-0b000000000000001", API[0]), &["--format", "json"]);
    assert_eq!(ids(&answer(&blocked)["blockers"]).len(), 3);
    let role = over(directory.path(), ("nodes", API[0]), &[]);
    assert!(role.error().contains("nodes is a role in a cluster"), "{}", role.err);
    assert!(role.error().contains("--cluster"), "{}", role.err);
}

#[test]
fn a_file_that_a_directory_lacks_is_asked_for_by_the_command_that_makes_it() {
    let directory = directory(&["Vpcs", "Subnets", "SecurityGroups", "NetworkAcls", "NetworkInterfaces"]);
    let run = over(directory.path(), (API[0], "eni-0c00000000000000a"), &[]);
    assert_eq!(run.code, 3, "{}", run.out);
    let said = words(&run.out);
    assert!(said.contains("`aws ec2 describe-route-tables > route-tables.json` writes one"), "{said}");
}

/// What one account of two sees: the items of its own VPCs, and what belongs to no VPC if it is ours.
pub fn side(peer: bool) -> Value {
    const BY_VPC: [&str; 7] = [
        "Vpcs",
        "VpcAttributes",
        "Subnets",
        "RouteTables",
        "SecurityGroups",
        "NetworkAcls",
        "NetworkInterfaces",
    ];
    let mut snapshot = fixture("closed-network.json");
    let all = snapshot["Vpcs"].as_array().expect("VPCs").iter();
    let its = |vpc: &str| vpc.starts_with("vpc-0b") == peer;
    let vpcs: Vec<String> =
        all.filter_map(|vpc| vpc["VpcId"].as_str()).filter(|vpc| its(vpc)).map(str::to_owned).collect();
    let keys: Vec<String> = snapshot.as_object().expect("an object").keys().cloned().collect();
    for key in keys {
        if BY_VPC.contains(&key.as_str()) {
            let items = snapshot[&key].as_array_mut().expect("a list");
            items.retain(|item| item["VpcId"].as_str().is_some_and(its));
            snapshot["scope"][&key] = json!(vpcs);
        } else if peer && snapshot[&key].is_array() && key != "VpcPeeringConnections" && key != "gaps" {
            snapshot.as_object_mut().expect("an object").remove(&key);
            snapshot["scope"].as_object_mut().expect("a scope").remove(&key);
        }
    }
    if peer {
        snapshot["account"] = json!("444455556666");
    }
    snapshot
}

#[test]
fn two_accounts_snapshots_show_the_whole_path_where_one_shows_a_part() {
    let ends = question("172.24.0.10,via=pcx-0b00000000000000c", API[0], "tcp/443");
    let near = side(false).to_string();
    let alone = asked(&ends, &["--format", "json"]).file("s.json", &near).run();
    let alone = answer(&alone);
    assert!(!ids(&alone["blockers"]).contains("rtb-0b000000000000001"), "{alone}");
    let both = asked(&ends, &["--format", "json", "--snapshot", "peer.json"])
        .file("s.json", &near)
        .file("peer.json", &side(true).to_string())
        .run();
    let both = answer(&both);
    assert!(ids(&both["blockers"]).contains("rtb-0b000000000000001"), "{both}");
    assert_eq!(ids(&both["blockers"]).len(), 3, "{both}");
}

#[test]
fn redaction_replaces_what_is_asked_for_and_keeps_the_answer() {
    for (from, to, port) in [
        ("bastion", "control-plane", "tcp/443"),
        ("operator-subnet", "control-plane", "tcp/443"),
        ("172.24.0.10", API[0], "tcp/443"),
        ("172.25.192.10", "172.25.93.58", "tcp/443"),
        ("nodes", "ecr.api", "tcp/443"),
        ("nodes", "8.8.8.8", "udp/53"),
    ] {
        let clear = answer(&closed(from, to, port, &["--format", "json"]));
        let run = closed(from, to, port, &["--format", "json", "--redact"]);
        let shared = answer(&run);
        assert_eq!(clear["verdict"], shared["verdict"], "{from} -> {to}");
        assert_eq!(ids(&clear["blockers"]), ids(&shared["blockers"]), "{from} -> {to}");
        for word in ["172.24.", "172.25.", "8.8.8.8", "bastion", "operator-subnet", "111122223333", "yoda"] {
            assert!(!run.out.contains(word), "{from} -> {to}: {word} is in {}", run.out);
        }
    }
}

#[test]
fn a_question_that_cannot_be_asked_is_refused_with_what_would_be_right() {
    let refused = |from: &str, to: &str, port: &str, because: &str| {
        let run = closed(from, to, port, &[]);
        assert!(run.error().contains(because), "{from} -> {to} {port}: {}", run.err);
        assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    };
    refused("eni_0abc", "nodes", "tcp/443", "did you mean eni-0abc?");
    refused("172.24.0.10/24", "nodes", "tcp/443", "did you mean 172.24.0.0/24?");
    refused("nodes", "sg-0c00000000000000c", "tcp/443", "subnet-…,sg=sg-0c00000000000000c");
    refused("node", "control-plane", "tcp/443", "did you mean nodes?");
    refused("bastoin", "control-plane", "tcp/443", "did you mean bastion?");
    refused("nodes", "mainframe", "tcp/443", "'mainframe' is not a role, a service or a declared network");
    refused("ecr.api", "nodes", "tcp/443", "--to");
    refused("nodes", "efs", "tcp/2049", "no object of this role");
    refused("nodes", "control-plane", "https", "write tcp/443");
    refused("nodes", "control-plane", "tcp/99999", "write tcp/443");
}

/// The snapshot holds two VPCs of the account: an id that is in neither may be in another one.
#[test]
fn an_id_that_is_not_among_what_was_read_is_unknown_with_the_nearest_one() {
    for (from, to, says) in [
        ("eni-0c0000000000000cb", "nodes", "did you mean eni-0c0000000000000ca?"),
        ("nodes", "eni-0999", "among the 11 that were read"),
        ("subnet-0c00000000000001a,sg=sg-0999", "nodes", "security group sg-0999"),
    ] {
        let run = closed(from, to, "tcp/443", &[]);
        let said = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(run.code != 2 && said.contains(says), "{from} -> {to}: {} {said}", run.code);
    }
}

#[test]
fn hostile_ends_are_refused_or_answered_and_never_panic() {
    let long = "9".repeat(100_000);
    for end in [
        "",
        ",",
        ",,,=",
        "\u{1b}[2J",
        "eni-",
        "i-\u{0}",
        "::/0",
        "0.0.0.0/0",
        "::ffff:1.2.3.4",
        "ü",
        &long[..],
    ] {
        if end.contains('\0') {
            continue;
        }
        for (from, to) in [(end, "nodes"), ("nodes", end)] {
            let words = ["trace", "--from", from, "--to", to, "--port", "any", "--snapshot", "s.json"];
            let run = program(&words).file("s.json", &fixture("closed-network.json").to_string()).run();
            assert!([0, 1, 2, 3].contains(&run.code), "{end:?}: {}", run.err);
            assert!(!run.err.contains("panicked") && !run.err.contains('\u{1b}'), "{end:?}: {}", run.err);
            assert!(run.err.len() < 1000, "{end:?}");
            assert_eq!(run.out.is_empty(), run.code == 2, "{end:?}");
        }
    }
}

/// A region that no other test fills.
const REGION: &str = "eu-west-3";

#[test]
fn a_live_account_needs_no_cluster_unless_a_role_is_asked_for() {
    let printed = emulator().script("network.py", &[REGION]);
    let id: BTreeMap<String, String> = serde_json::from_str(&printed).expect("ids");
    let from = id["one-interface"].as_str();
    let ask = |from: &str, to: &str, more: &[&str]| {
        let words = ["trace", "--from", from, "--to", to, "--port", "tcp/443", "--region", REGION];
        against_emulator(&[&words[..], more].concat()).run()
    };
    let run = ask(from, "10.62.0.20", &["--format", "json"]);
    let answer = answer(&run);
    let hops = answer["paths"][0]["hops"].as_array().expect("hops");
    assert!(hops.iter().any(|hop| hop["kind"] == "route-table"), "{answer}");
    assert!(ask("nodes", from, &[]).error().contains("--cluster NAME"));
    let nowhere = ask("eni-00000000000000000", from, &[]);
    assert!(nowhere.error().contains("eni-00000000000000000"), "{}", nowhere.err);
}

#[test]
fn the_answer_goes_to_a_file_and_the_exit_code_stays() {
    let home = tempfile::tempdir().expect("a scratch directory");
    let path = home.path().join("answer.json");
    let output = ["--format", "json", "--output", path.to_str().expect("UTF-8")];
    let run = closed("bastion", "control-plane", "tcp/443", &output);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    let written: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON");
    assert_eq!(written["verdict"], "blocked");
}

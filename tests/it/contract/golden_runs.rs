//! The command lines whose output the golden file keeps: each runs offline, in an empty directory.

use std::sync::Arc;

use clap::CommandFactory;
use privek_audit::cli::Cli;
use privek_audit::render::{FORMATS, Format};
use serde_json::json;

use super::trace::{API, NETWORK, side};
use crate::rules::planned::{PLAN, before};
use crate::support::authority::{Authority, Reply};
use crate::support::cases::{Told, unjudged};
use crate::support::healthy::{KINDS, base, written};
use crate::support::judge::Judge;
use crate::support::program::{Run, program};
use crate::support::servers::closed_port;

/// One run of the program to be.
#[derive(Clone)]
pub struct Asked {
    /// What it is called in the golden file.
    pub name: String,
    arguments: Vec<String>,
    files: Vec<(String, Arc<str>)>,
}

impl Asked {
    /// A run of a command line whose words have no spaces, over some files.
    pub fn new(about: &str, line: &str, files: &[(String, Arc<str>)]) -> Self {
        Self {
            name: format!("{about}: privek-audit {line}"),
            arguments: line.split_whitespace().map(str::to_owned).collect(),
            files: files.to_vec(),
        }
    }

    /// What it prints, and how it ends.
    pub fn printed(&self) -> String {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let run = self.files.iter().fold(program(&arguments), |run, (name, text)| run.file(name, text)).run();
        printed(&run)
    }
}

fn printed(Run { code, out, err, .. }: &Run) -> String {
    format!("exit code {code}\n--- standard output\n{out}--- standard error\n{err}")
}

/// A file of a run.
pub fn file(name: &str, text: &str) -> (String, Arc<str>) {
    (name.to_owned(), Arc::from(text))
}

/// A run for each format, the default one without an option.
fn in_each_format(asked: impl Fn(&str) -> Asked) -> Vec<Asked> {
    let option = |format: &Format| match format.name {
        "table" => String::new(),
        other => format!(" --format {other}"),
    };
    FORMATS.iter().map(|format| asked(&option(format))).collect()
}

/// All runs that are no mistakes.
pub fn all(rules: &[&str]) -> Vec<Asked> {
    let mut all = helps();
    let run = |line: &str| Asked::new("program", line, &[]);
    let lines = ["iam-policy", "--version", "rules list", "rules list --format json", "rules fields"];
    all.extend(lines.map(run));
    let kinds = privek_audit::facts::KINDS.iter().chain(&["target"]);
    all.extend(kinds.map(|kind| run(&format!("rules fields {kind}"))));
    all.extend(rules.iter().map(|rule| run(&format!("rules explain {rule}"))));
    let demos = ["", " --redact", " --fail-on warning", " --as-of 2028-01-31"];
    all.extend(demos.iter().flat_map(|more| in_each_format(|form| run(&format!("demo{more}{form}")))));
    for network in
        KINDS.map(|kind| format!("healthy/{kind}")).iter().map(String::as_str).chain(["closed-network"])
    {
        all.extend(of_network(network));
    }
    all.extend(planned());
    all.extend(directories());
    all.extend(drift());
    all.extend(observed());
    all.extend(own_rules());
    all
}

/// The help of each command, short and long.
fn helps() -> Vec<Asked> {
    fn of(command: &clap::Command, path: &str, all: &mut Vec<Asked>) {
        all.extend(["-h", "--help"].map(|flag| Asked::new("help", format!("{path} {flag}").trim(), &[])));
        for sub in command.get_subcommands() {
            of(sub, format!("{path} {}", sub.get_name()).trim(), all);
        }
    }
    let mut all = Vec::new();
    of(&Cli::command(), "", &mut all);
    all
}

const SERVERS: [&str; 5] = ["bind", "dnsmasq", "unbound", "coredns", "windows"];

const QUESTIONS: [(&str, &str, &str); 24] = [
    ("nodes", "control-plane", "tcp/443"),
    ("control-plane", "nodes", "tcp/10250"),
    ("control-plane", "pods", "tcp/9443"),
    ("operators", "control-plane", "tcp/443"),
    ("operators", "nodes", "tcp/22"),
    ("operators", "resolver-inbound", "udp/53"),
    ("nodes", "ecr.api", "tcp/443"),
    ("nodes", "s3", "tcp/443"),
    ("pods", "sts", "tcp/443"),
    ("pods", "pods", "udp/53"),
    ("nodes", "nodes", "any"),
    ("nodes", "efs", "tcp/2049"),
    ("nodes", "services", "tcp/443"),
    ("nodes", "8.8.8.8", "udp/53"),
    ("pods", "8.8.8.0/24", "tcp/443"),
    ("nodes", "172.20.8.10", "tcp/5432"),
    ("fargate", "control-plane", "tcp/443"),
    ("fargate", "ecr.dkr", "tcp/443"),
    ("hybrid-nodes", "control-plane", "tcp/443"),
    ("control-plane", "hybrid-nodes", "tcp/10250"),
    ("hybrid-pods", "pods", "any"),
    ("resolver-outbound", "resolver-targets", "udp/53"),
    ("control-plane-subnets", "nodes", "icmp"),
    ("10.0.0.0/8", "control-plane", "tcp/443"),
];

/// What is asked of the closed network besides.
const CLOSED: [(&str, &str, &str); 8] = [
    ("bastion", "control-plane", "tcp/443"),
    ("operator-subnet", "control-plane", "tcp/443"),
    ("172.24.0.10", API[0], "tcp/443"),
    ("172.24.0.10,via=pcx-0b00000000000000c", API[0], "tcp/443"),
    ("172.25.192.10", "172.25.93.58", "tcp/443"),
    ("eni-0c0000000000000cb", "nodes", "tcp/443"),
    ("nodes", "eni-0999", "tcp/443"),
    ("subnet-0c00000000000001a,sg=sg-0999", "nodes", "tcp/443"),
];

/// Everything that is asked of a fixture.
fn of_network(network: &str) -> Vec<Asked> {
    let (snapshot, intent) = written(network);
    let files = [file("s.json", &snapshot.to_string()), file("privek-audit.yaml", &intent.to_string())];
    let run = |line: String| Asked::new(network, &format!("{line} --snapshot s.json"), &files);
    let mut all = vec![
        run("snapshot".to_owned()),
        run("snapshot --redact".to_owned()),
        run("probe --print-targets".to_owned()),
    ];
    for more in ["", " --redact", " --nodes 50 --instance-type m6i.large --pods 900"] {
        all.extend(in_each_format(|form| run(format!("--fail-on warning{more}{form}"))));
    }
    for server in SERVERS {
        let what = ["", " --services", " --domain region"];
        all.extend(what.map(|more| run(format!("forwarders --for {server}{more}"))));
    }
    let first = |collection: &str, id: &str| {
        let id = snapshot[collection].as_array().and_then(|items| items.first()?[id].as_str());
        id.map(str::to_owned).unwrap_or_default()
    };
    let (interface, subnet) =
        (first("NetworkInterfaces", "NetworkInterfaceId"), first("Subnets", "SubnetId"));
    let of_ids = [(interface.as_str(), subnet.as_str(), "icmp"), ("nodes", interface.as_str(), "tcp/443")];
    let own = if network == "closed-network" { &CLOSED[..] } else { &[] };
    for (from, to, port) in QUESTIONS.iter().chain(&of_ids).chain(own) {
        let line = format!("trace --from {from} --to {to} --port {port}");
        all.extend(in_each_format(|form| run(format!("{line}{form}"))));
    }
    for (from, to, port) in QUESTIONS.iter().step_by(5).chain(own) {
        all.push(run(format!("trace --from {from} --to {to} --port {port} --redact")));
    }
    all
}

/// A cluster that is still to be created.
fn planned() -> Vec<Asked> {
    let files = [file("s.json", &before().to_string())];
    let plan = PLAN.join(" ");
    let run = |line: &str| Asked::new("planned", format!("{line} --snapshot s.json {plan}").trim(), &files);
    let lines = [
        "",
        "--format json",
        "--redact",
        "trace --from nodes --to control-plane --port tcp/443",
        "trace --from control-plane --to nodes --port tcp/10250 --format json",
        "trace --from operators --to control-plane --port tcp/443",
        "trace --from nodes --to ecr.api --port tcp/443 --format json",
        "trace --from operators --to nodes --port tcp/22",
    ];
    lines.map(run).to_vec()
}

/// Outputs of the AWS CLI in a directory, and the snapshots of two accounts.
fn directories() -> Vec<Asked> {
    let snapshot = written("closed-network").0;
    let outputs =
        NETWORK.map(|key| file(&format!("out/{key}.json"), &json!({ key: snapshot[key] }).to_string()));
    let over = |line: &str| Asked::new("directory", &format!("{line} --snapshot out"), &outputs);
    let plan = "--vpc vpc-0c000000000000001 --control-plane-subnet subnet-0c00000000000001a \
                --control-plane-subnet subnet-0c00000000000001c";
    let mut all = vec![
        over("snapshot"),
        over(&format!("trace --from eni-0c00000000000000a --to {} --port tcp/443", API[0])),
        over(&format!("trace --from eni-0b000000000000001 --to {} --port tcp/443 --format json", API[0])),
        over(&format!("trace --from nodes --to {} --port tcp/443", API[0])),
        over(plan),
        over(&format!("{plan} --format json")),
    ];
    let sides = [file("s.json", &side(false).to_string()), file("peer.json", &side(true).to_string())];
    let ends = format!("trace --from 172.24.0.10,via=pcx-0b00000000000000c --to {} --port tcp/443", API[0]);
    let one = |form: &str| Asked::new("one account", &format!("{ends} --snapshot s.json{form}"), &sides[..1]);
    let both = "--snapshot s.json --snapshot peer.json";
    all.extend(in_each_format(one));
    all.extend(in_each_format(|form| Asked::new("two accounts", &format!("{ends} {both}{form}"), &sides)));
    all.extend(in_each_format(|form| Asked::new("two accounts", &format!("{both}{form}"), &sides)));
    all
}

/// Drift from a healthy cluster to the first case of each area, and back.
fn drift() -> Vec<Asked> {
    let area = |told: &Told| told.called.split('/').nth(2).map(str::to_owned);
    let mut all = Vec::new();
    let mut last = None;
    for told in unjudged() {
        if area(&told) == last || told.state().0 == base(&told.base).0 {
            continue;
        }
        last = area(&told);
        let (snapshot, intent) = written(&told.base);
        let files = [
            file("healthy.json", &snapshot.to_string()),
            file("case.json", &told.state().0.to_string()),
            file("privek-audit.yaml", &intent.to_string()),
        ];
        let run = |line: &str| Asked::new(&told.called, line, &files);
        all.extend([
            run("drift --baseline healthy.json --snapshot case.json"),
            run("drift --baseline case.json --snapshot healthy.json --fail-on warning --format json"),
        ]);
    }
    let (snapshot, intent) = written("healthy/managed-nodes");
    let report = Judge::new().report(&snapshot, &base("healthy/managed-nodes").1, "baseline");
    let files = [
        file("s.json", &snapshot.to_string()),
        file("report.json", &privek_audit::render::document::pretty(&report)),
        file("privek-audit.yaml", &intent.to_string()),
    ];
    let line = "drift --baseline report.json --snapshot s.json";
    let from_report = |more: &str| Asked::new("drift from a report", &format!("{line}{more}"), &files);
    all.extend(in_each_format(from_report));
    all.push(from_report(" --redact"));
    all
}

/// Observations that were kept, beside the snapshot of their cluster.
fn observed() -> Vec<Asked> {
    let (mut snapshot, intent) = written("healthy/managed-nodes");
    let seen = json!({ "observations": snapshot["observations"].take(), "snapshot_version": snapshot["snapshot_version"] });
    snapshot["observations"] = json!([]);
    let files = [
        file("s.json", &snapshot.to_string()),
        file("seen.json", &seen.to_string()),
        file("privek-audit.yaml", &intent.to_string()),
    ];
    let line = "--snapshot s.json --snapshot seen.json";
    let mut all = in_each_format(|form| Asked::new("observed", &format!("{line}{form}"), &files));
    all.push(Asked::new("observed", &format!("snapshot {line} --redact"), &files));
    all
}

/// A rule of one's own, beside the built-in ones.
fn own_rules() -> Vec<Asked> {
    let files = [file("rules/house/vpc-without-names.yaml", OWN_RULE)];
    let lines = [
        "rules check rules",
        "rules list --rules rules",
        "rules explain vpc-without-names --rules rules",
        "demo --rules rules",
        "demo --rules rules --format json",
    ];
    lines.map(|line| Asked::new("own rules", line, &files)).to_vec()
}

/// It is sound.
pub const OWN_RULE: &str = "\
id: vpc-without-names
title: The VPC has DNS hostnames
severity: info
subject: vpc
assert: vpc.dns_hostnames
why: A rule of one's own.
message: \"{{ vpc.id }} has none\"
fix: { summary: Turn them on. }
references: [https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html]
";

/// A probe on loopback, without what differs from run to run: ports, the time, and how long it took.
pub fn probes() -> Vec<(String, String)> {
    let host = "0123456789abcdef0123456789abcdef.gr7.eu-west-1.eks.amazonaws.com";
    let server = Authority::start(|question| Reply::addresses(question, &["127.0.0.1"]));
    let closed = closed_port();
    let targets = json!({
        "cluster": "foo", "region": "eu-west-1",
        "names": [{"of": "cluster", "name": host, "expected": ["127.0.0.1"], "essential": true, "port": closed}],
    });
    let address = server.address.to_string();
    let line = [
        "probe",
        "--targets",
        "t.json",
        "--dns-only",
        "--vantage",
        "test",
        "--timeout",
        "30",
        "--dns",
        &address,
    ];
    let probe = |more: &[&str]| {
        let run = program(&[&line[..], &["--deadline", "120"], more].concat());
        let run = run.file("t.json", &targets.to_string()).run();
        let text = printed(&run).replace(&closed.to_string(), "00001");
        let text = text.replace(&server.address.port().to_string(), "00002");
        let lines = text.lines().map(|line| without_time(line) + "\n");
        lines.collect::<String>()
    };
    let named = |name: &str, text: String| (format!("probe on loopback: {name}"), text);
    vec![named("table", probe(&[])), named("JSON", probe(&["--format", "json"]))]
}

/// A line with zeros for a time, and without what tells how long something took or which port was asked.
fn without_time(line: &str) -> String {
    if let Some(key) = ["millis", "fingerprint"].iter().find(|key| line.contains(&format!("\"{key}\": "))) {
        return (*key).to_owned();
    }
    let (mut line, shape) = (line.to_owned(), line.replace(|c: char| c.is_ascii_digit(), "0"));
    for (at, _) in shape.match_indices(TIME) {
        line.replace_range(at..at + TIME.len(), TIME);
    }
    line
}

const TIME: &str = "0000-00-00T00:00:00Z";

//! Mistakes whose answers the golden file keeps: what stands on standard error, and the exit code.

use std::sync::Arc;

use serde_json::json;

use super::golden_runs::{Asked, OWN_RULE, file};
use crate::support::healthy::written;

const NETWORK: &str = include_str!("../../../fixtures/closed-network.json");

/// All mistakes.
pub fn all() -> Vec<Asked> {
    [usage(), values(), declarations(), rules(), snapshots(), ends()].concat()
}

/// A mistake in the command line alone.
fn usage() -> Vec<Asked> {
    let lines = [
        "",
        "--clutser foo",
        "--region eu-west-1",
        "--cluster foo",
        "--cluster foo --fail-on foo",
        "--cluster foo --vpc vpc-0a1",
        "--snapshot s.json --region eu-west-1",
        "--cluster foo --output no/such/folder/report.json",
        "--vpc vpc-0a1",
        "frobnicate",
        "drift --baseline a.json",
        "drift --baseline missing.json --snapshot missing.json",
        "trace --from nodes --to sts",
        "trace --from nodes --to sts --port tcp/443",
        "probe",
        "probe --cluster foo --timeout 0",
        "probe --targets t.json --print-targets",
        "probe --targets missing.json",
        "forwarders --cluster foo",
        "forwarders --for djbdns --cluster foo",
        "rules",
        "rules list --format yaml",
        "rules explain",
        "rules explain service-endpoint-mising",
        "rules explain zzz",
        "rules fields vpcs",
        "rules check missing",
        "rules check .",
        "snapshot",
        "snapshot --commands --cluster= --region eu-west-1",
        "demo --as-of yesterday",
        "demo --format html",
    ];
    lines.map(|line| Asked::new("error", line, &[])).to_vec()
}

/// A value that cannot be meant, beside a snapshot that is in order.
fn values() -> Vec<Asked> {
    let lines = [
        "--operator-cidr 10.50.0.0/33",
        "--operator-cidr 10.50.0.1/24",
        "--operator-cidr 10.50.0.0/24,via=tgw",
        "--operator-cidr 10.50.0.0/24,vai=pcx-0a1",
        "--as-of 2026-13-01",
        "--nodes -1",
        "--nodes 5",
        "--pods 5",
        "--instance-type m6i.large",
        "--nodes 5 --instance-type m6i.larg",
        "--cluster yoda-k8s-2",
        "--config missing.yaml",
        "--output .",
        "--save-snapshot a.json --output a.json",
        "--dns 10.0.0.2",
        "--vantage here",
        "--rules missing",
        "--vpc vpc-0c000000000000001",
        "--vpc vpc-0f --control-plane-subnet subnet-0f",
        "--vpc vpc-0c000000000000001 --control-plane-subnet subnet-0b00000000000001a",
        "probe --dns dns.example.com",
        "probe --vantage a@b",
        "probe --output s.json",
    ];
    let files = [file("s.json", NETWORK)];
    lines.map(|line| Asked::new("error", &format!("{line} --snapshot s.json"), &files)).to_vec()
}

/// Mistakes in `privek-audit.yaml`.
fn declarations() -> Vec<Asked> {
    let texts = [
        "operators:\n  - name: office\n    cidr: 10.50.0.0.0/24\n",
        "operators:\n  - name: office\n    cidr: 10.50.0.1/24\n",
        "operators:\n  - name: office\n    cdir: 10.50.0.0/24\n",
        "operators:\n  - { name: nodes, cidr: 10.50.0.0/24 }\n",
        "operators:\n  - { name: a, cidr: 10.50.0.0/24 }\n  - { name: a, cidr: 10.51.0.0/24 }\n",
        "operators:\n  - { name: a, cidr: 10.50.0.0/24, via: [igw] }\n",
        "operators: { name: a }\n",
        "operators: [\n",
        "operatrs: []\n",
        "features: { isra: true }\n",
        "features: { irsa: maybe }\n",
        "growth: { nodes: -1 }\n",
        "growth: { nodes: 5, instance_types: [m5] }\n",
        "cluster: { name: a }\n",
        "networks: [{ name: a, cidr: 10.0.0.0/8, dns: [10.0.0.2] }]\n",
        "\tfoo: bar\n",
        "- 1\n",
        "text\n",
        "",
        "unread: [{ operation: 'route53profile:*', means: none, reason: a, until: 2027-03-31 }]\n",
        "unread: [{ operation: 'route53:*', means: some, reason: a, until: 2027-03-31 }]\n",
        "unread: [{ operation: 'route53:*', means: none, reason: a, until: soon }]\n",
    ];
    let network = file("s.json", NETWORK);
    let asked = |(at, text): (usize, &&str)| {
        let files = [network.clone(), file("privek-audit.yaml", text)];
        Asked::new(&format!("error in declarations {at:02}"), "--snapshot s.json", &files)
    };
    texts.iter().enumerate().map(asked).collect()
}

/// Mistakes in a directory of rules.
fn rules() -> Vec<Asked> {
    let changed = [
        ("vpc.dns_hostnames", "vpc.dns_hostname"),
        ("vpc.dns_hostnames", "vpc.dns_hostnames &&"),
        ("vpc.dns_hostnames", "vpc.id"),
        ("vpc.dns_hostnames", "subnet.id == ''"),
        ("{{ vpc.id }}", "{{ vpc.ident }}"),
        ("{{ vpc.id }}", "{{ vpc.id"),
        ("{{ vpc.id }}", "{{ vpc.id | shout }}"),
        ("subject: vpc", "subject: vcp"),
        ("subject: vpc", "subject: flow"),
        ("severity: info", "severity: fatal"),
        ("severity: info\n", ""),
        ("assert:", "asert:"),
        ("id: vpc-without-names", "id: dns-hostnames-off"),
        ("id: vpc-without-names", "id: service-endpoint-missing"),
        ("id: vpc-without-names", "id: Vpc Without Names"),
        ("references: [https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html]", "references: []"),
        ("references: [https://docs", "references: [http://docs"),
        ("fix: { summary: Turn them on. }", "fix: { summary: Turn them on., commands: ['rm {{ vpc.id }}'] }"),
        ("why: A rule of one's own.", "why: ''"),
        ("title: The VPC", "covers: [Z99]\ntitle: The VPC"),
    ];
    let mut all = Vec::new();
    for (from, to) in changed {
        assert!(OWN_RULE.contains(from), "{from}");
        let files = [file("rules/vpc-without-names.yaml", &OWN_RULE.replace(from, to))];
        let about = format!("error in a rule, {to} for {from}");
        all.push(Asked::new(&about, "rules check rules", &files));
    }
    let twice = [file("rules/a.yaml", OWN_RULE), file("rules/vpc-without-names.yaml", OWN_RULE)];
    all.push(Asked::new("error in a rule, twice", "rules check rules", &twice));
    let wrong =
        OWN_RULE.replace("vpc.dns_hostnames", "vpc.dns_hostname").replace("vpc.id }}", "vpc.ident }}");
    let several = [file("rules/vpc-without-names.yaml", &wrong), file("rules/b.yaml", "id: [\n")];
    all.push(Asked::new("error in a rule, several", "demo --rules rules", &several));
    all
}

/// Files that are no snapshots, or not of what was asked for.
fn snapshots() -> Vec<Asked> {
    let (snapshot, _) = written("closed-network");
    let changed = |pointer: &str, to: serde_json::Value| {
        let mut snapshot = snapshot.clone();
        *snapshot.pointer_mut(pointer).expect("a value") = to;
        snapshot.to_string()
    };
    let texts = [
        ("half", NETWORK[..NETWORK.len() / 2].to_owned()),
        ("empty", String::new()),
        ("no JSON", "not JSON".to_owned()),
        ("another file", r#"{"name": "left-pad", "version": "1.3.0"}"#.to_owned()),
        ("a list", "[1, 2]".to_owned()),
        ("too new", changed("/snapshot_version", json!(999))),
        ("no number", changed("/snapshot_version", json!("one"))),
        ("no cluster", changed("/cluster", json!([]))),
        ("a text for a list", changed("/Subnets", json!("none"))),
        ("a number for an id", changed("/Subnets/0/SubnetId", json!(7))),
        ("no CIDR", changed("/Vpcs/0/CidrBlock", json!("10.0.0.0/99"))),
    ];
    let mut all = Vec::new();
    for (about, text) in texts {
        let files = [file("s.json", &text)];
        let about = format!("error in a snapshot, {about}");
        let lines = ["--snapshot s.json", "trace --from nodes --to sts --port tcp/443 --snapshot s.json"];
        all.extend(lines.map(|line| Asked::new(&about, line, &files)));
    }
    let two = [file("s.json", NETWORK), file("other.json", &written("healthy/managed-nodes").0.to_string())];
    let lines = [
        "--snapshot s.json --snapshot other.json",
        "--snapshot s.json --snapshot other.json --cluster payments --format json",
        "--snapshot s.json --snapshot missing.json",
        "drift --baseline s.json --snapshot other.json",
    ];
    all.extend(lines.map(|line| Asked::new("error in snapshots", line, &two)));
    let outputs = [file("out/vpcs.json", r#"{"Vpcs": [{"VpcId": "vpc-1""#), file("out/notes.txt", "notes")];
    all.push(Asked::new("error in a directory", "--snapshot out --cluster foo", &outputs));
    all.push(Asked::new(
        "error in a directory without outputs",
        "--snapshot out --cluster foo",
        &outputs[1..],
    ));
    all
}

/// Ends and ports that cannot be asked about.
fn ends() -> Vec<Asked> {
    let questions = [
        ("eni_0abc", "nodes", "tcp/443"),
        ("172.24.0.10/24", "nodes", "tcp/443"),
        ("nodes", "sg-0c00000000000000c", "tcp/443"),
        ("node", "control-plane", "tcp/443"),
        ("bastoin", "control-plane", "tcp/443"),
        ("nodes", "mainframe", "tcp/443"),
        ("ecr.api", "nodes", "tcp/443"),
        ("nodes", "efs", "tcp/2049"),
        ("nodes", "control-plane", "https"),
        ("nodes", "control-plane", "tcp/99999"),
        ("nodes", "control-plane", "tcp/443-80"),
        ("nodes,via=pcx-0a1", "control-plane", "any"),
        ("10.0.0.1,vai=pcx-0a1", "nodes", "any"),
        ("10.0.0.1,via=vpc-0a1", "nodes", "any"),
        ("::1", "nodes", "any"),
        (",", "nodes", "any"),
    ];
    let files: [(String, Arc<str>); 2] = [
        file("s.json", NETWORK),
        file("privek-audit.yaml", include_str!("../../../fixtures/closed-network.intent.yaml")),
    ];
    let line = |(from, to, port)| format!("trace --from {from} --to {to} --port {port} --snapshot s.json");
    questions.map(|question| Asked::new("error", &line(question), &files)).to_vec()
}

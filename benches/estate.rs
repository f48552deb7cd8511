//! What an offline audit of a large estate costs, as a multiple of merely parsing its snapshot.
//!
//! `cargo bench --bench estate` grows the healthy snapshot with network interfaces, security
//! groups and subnets until its JSON exceeds 50 MB, and times both in turn, in one run.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench prints, and ends when its inputs are not there"
)]

use std::time::{Duration, Instant};

use privek_audit::facts::Facts;
use privek_audit::intent::Intent;
use privek_audit::report::Severity;
use privek_audit::rule::{self, Evaluation};
use privek_audit::snapshot::Snapshot;
use privek_audit::snapshot::aws::ec2;
use privek_aws::pack::PACK;

const RUNS: usize = 5;

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let healthy =
        Snapshot::read(&root.join("fixtures/healthy/managed-nodes.json")).expect("the fixture loads");
    let intent =
        Intent::read(&root.join("fixtures/healthy/managed-nodes.intent.yaml")).expect("the intent loads");
    println!("{:>8} {:>12} {:>12} {:>8}", "size", "parse", "audit", "ratio");
    for interfaces in [5_000, 10_000, 20_000, 40_000] {
        let text = grow(healthy.clone(), interfaces).to_json();
        let parse = median(|| drop(serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON")));
        let audit = median(|| audit(&text, &intent));
        println!(
            "{:>5} MB {:>9} ms {:>9} ms {:>8.2}",
            text.len() / 1_000_000,
            parse.as_millis(),
            audit.as_millis(),
            audit.as_secs_f64() / parse.as_secs_f64()
        );
    }
}

/// From the snapshot's text to the report, as `privek-audit --snapshot` does it.
fn audit(text: &str, intent: &Intent) {
    let snapshot = Snapshot::from_json("estate.json", text).expect("the snapshot loads");
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let facts = Facts::derive(&snapshot, intent);
    let evaluation = Evaluation {
        fail_on: Severity::Blocker,
        collected_at: snapshot.header.collected_at.clone(),
        gaps: Vec::new(),
    };
    let report = rule::evaluate(&rules, &facts, &evaluation).expect("the rules evaluate");
    assert!(!report.findings.is_empty());
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

/// Adds interfaces with 15 addresses each, and a security group with 20 rules for every tenth.
fn grow(mut snapshot: Snapshot, interfaces: usize) -> Snapshot {
    let groups = snapshot.aws.security_groups.get_or_insert_default();
    let pattern = groups.first().cloned().unwrap_or_default();
    for at in 0..interfaces / 10 {
        let permission = |port: i64| ec2::IpPermission {
            ip_protocol: Some("tcp".into()),
            from_port: Some(port),
            to_port: Some(port),
            ip_ranges: vec![ec2::IpRange { cidr_ip: Some(format!("10.{}.{}.0/24", at % 256, port % 256)) }],
            ..Default::default()
        };
        groups.push(ec2::SecurityGroup {
            group_id: format!("sg-{at:017x}"),
            ip_permissions: (1000..1020).map(permission).collect(),
            ..pattern.clone()
        });
    }
    let enis = snapshot.aws.network_interfaces.get_or_insert_default();
    let pattern = enis.first().cloned().unwrap_or_default();
    for at in 0..interfaces {
        let address =
            |n: usize| format!("100.{}.{}.{}", 64 + at / 4096 % 64, at / 16 % 256, (at % 16) * 16 + n);
        enis.push(ec2::NetworkInterface {
            network_interface_id: format!("eni-{at:017x}"),
            description: Some("aws-K8S-i-0".into()),
            private_ip_address: Some(address(0)),
            private_ip_addresses: (0..15)
                .map(|n| ec2::NetworkInterfacePrivateIpAddress {
                    private_ip_address: Some(address(n)),
                    association: None,
                })
                .collect(),
            groups: vec![ec2::GroupIdentifier { group_id: Some(format!("sg-{:017x}", at / 10)) }],
            ..pattern.clone()
        });
    }
    snapshot
}

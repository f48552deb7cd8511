//! What a live audit costs, as a multiple of its longest chain of dependent calls.
//!
//! `cargo bench --bench latency` replays one answer for each operation from a server in this
//! process that waits 50 ms before each, and audits against it over the real SDK.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    reason = "a bench prints, ends when its inputs are not there, and shares files with the tests"
)]

#[path = "../tests/it/support/recorded.rs"]
mod recorded;
#[path = "../tests/it/support/replay.rs"]
mod replay;

use std::time::{Duration, Instant};

use privek_audit::collect::Silent;
use privek_audit::collect::aws::{self, AwsOptions, Environment};
use privek_audit::facts::Facts;
use privek_audit::intent::Intent;
use privek_audit::render;
use privek_audit::report::Severity;
use privek_audit::rule::{self, Evaluation};
use privek_aws::pack::PACK;
use replay::Replay;

const DELAY: Duration = Duration::from_millis(50);
const RUNS: usize = 11;

/// `ListNodegroups`, which the replay answers in two pages → `DescribeNodegroup` →
/// `DescribeLaunchTemplateVersions` → `DescribeInstanceTypes`.
const LONGEST_CHAIN: u32 = 5;

#[tokio::main]
async fn main() {
    let replay = Replay::delayed(DELAY, recorded::answer).await;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        audit(&replay.url()).await;
        times.push(start.elapsed());
    }
    times.sort();
    let chain = DELAY * LONGEST_CHAIN;
    let median = times[RUNS / 2];
    println!(
        "{} calls, {} ms each; longest chain: {LONGEST_CHAIN} calls, {} ms",
        replay.requests().len() / RUNS,
        DELAY.as_millis(),
        chain.as_millis()
    );
    println!(
        "audit: median {} ms (from {} to {} ms of {RUNS} runs), {:.2} times the chain",
        median.as_millis(),
        times[0].as_millis(),
        times[RUNS - 1].as_millis(),
        median.as_secs_f64() / chain.as_secs_f64()
    );
}

/// One audit, from nothing to the report's bytes.
async fn audit(endpoint: &str) {
    let options = AwsOptions { profile: None, region: Some("eu-west-1".into()) };
    let config = aws::loader(&options, &Environment::default())
        .expect("the configuration is sound")
        .endpoint_url(endpoint)
        .test_credentials()
        .load()
        .await;
    let snapshot = aws::collect(&config, recorded::CLUSTER, "2026-11-20T00:00:00Z".into(), &Silent)
        .await
        .expect("the cluster is described");
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let facts = Facts::derive(&snapshot, &Intent::default());
    let evaluation = Evaluation {
        fail_on: Severity::Blocker,
        collected_at: snapshot.header.collected_at.clone(),
        gaps: Vec::new(),
    };
    let report = rule::evaluate(&rules, &facts, &evaluation).expect("the rules evaluate");
    assert!(!render::document::pretty(&report).is_empty());
}

//! What a live audit costs, as a multiple of its longest chain of dependent calls.
//!
//! `cargo bench --bench latency` replays recorded answers (`fixtures/recorded/emulator.json`) from a
//! server in this process that waits 50 ms before each, and audits against it over the real SDK.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench prints, and ends when its inputs are not there"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use privek_audit::collect::Silent;
use privek_audit::collect::aws::{self, AwsOptions, Environment};
use privek_audit::facts::Facts;
use privek_audit::intent::Intent;
use privek_audit::render;
use privek_audit::report::Severity;
use privek_audit::rule::{self, Evaluation};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const DELAY: Duration = Duration::from_millis(50);
const RUNS: usize = 9;

/// `DescribeCluster`, which in the recording does not say the VPC → `DescribeSubnets`, which does →
/// `DescribeVpcPeeringConnections` → the far side's `DescribeRouteTables` → the prefix lists' entries.
const LONGEST_CHAIN: u32 = 5;

#[derive(serde::Deserialize)]
struct Answer {
    status: u16,
    r#type: String,
    body: String,
}

type Answers = BTreeMap<String, Answer>;

#[tokio::main]
async fn main() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recorded/emulator.json");
    let text = std::fs::read_to_string(path).expect("the recording is there");
    let answers: Arc<Answers> = Arc::new(serde_json::from_str(&text).expect("the recording is JSON"));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(serve(listener, answers));

    let mut times = Vec::new();
    let mut calls = 0;
    for _ in 0..RUNS {
        let start = Instant::now();
        calls = audit(&endpoint).await;
        times.push(start.elapsed());
    }
    times.sort();
    let chain = DELAY * LONGEST_CHAIN;
    let median = times[RUNS / 2];
    println!("{calls} gaps; chain of {LONGEST_CHAIN} calls: {} ms", chain.as_millis());
    println!(
        "audit: median {} ms, from {} to {} ms: {:.2} times the chain",
        median.as_millis(),
        times[0].as_millis(),
        times[RUNS - 1].as_millis(),
        median.as_secs_f64() / chain.as_secs_f64()
    );
}

/// One audit from nothing to the table; returns the number of gaps.
async fn audit(endpoint: &str) -> usize {
    let options = AwsOptions { profile: None, region: Some("ap-northeast-1".into()) };
    let config = aws::loader(&options, &Environment::default())
        .expect("the configuration is sound")
        .endpoint_url(endpoint)
        .test_credentials()
        .load()
        .await;
    let snapshot = aws::collect(&config, "yoda-k8s-1", "2026-11-20T00:00:00Z".into(), &Silent)
        .await
        .expect("the cluster is described");
    let rules = rule::built_in().expect("the built-in rules load");
    let facts = Facts::derive(&snapshot, &Intent::default());
    let evaluation = Evaluation {
        fail_on: Severity::Blocker,
        collected_at: snapshot.collected_at.clone(),
        gaps: Vec::new(),
    };
    let report = rule::evaluate(&rules, &facts, &evaluation).expect("the rules evaluate");
    assert!(!render::json::render(&report).is_empty());
    snapshot.gaps.len()
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answers = Arc::clone(&answers);
        tokio::spawn(async move {
            // A client that hangs up ends its connection, nothing else.
            let _ = converse(stream, &answers).await;
        });
    }
}

async fn converse(mut stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    loop {
        let mut first = String::new();
        if read.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let (mut target, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            read.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "x-amz-target" => value.clone_into(&mut target),
                "content-length" => length = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        read.read_exact(&mut body).await?;
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let key = format!("{method} {path} {target} {}", String::from_utf8_lossy(&body));
        tokio::time::sleep(DELAY).await;
        let unknown =
            Answer { status: 500, r#type: "text/plain".into(), body: format!("not recorded: {key}") };
        let answer = answers.get(&key).unwrap_or(&unknown);
        let text = format!(
            "HTTP/1.1 {} Recorded\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
            answer.status,
            answer.r#type,
            answer.body.len(),
            answer.body
        );
        write.write_all(text.as_bytes()).await?;
    }
}

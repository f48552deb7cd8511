//! What it costs to trace every flow of a large network, against the size of the network.
//!
//! `cargo bench --bench reachability` traces from every subnet with nodes to every service that is
//! needed, and between every operator and the cluster, in a network of 1,000 subnets, 2,000 security
//! groups and 50,000 rules, and in networks of twice, four and eight times that size. Each size has a
//! process of its own, whose peak memory is its own. The questions grow with the network: subnets with
//! nodes are a share of all subnets, while services and operators stay the same.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench prints, and ends when its inputs are not there"
)]

#[path = "reachability/neighbours.rs"]
mod neighbours;
#[path = "reachability/network.rs"]
mod network;
#[path = "reachability/shapes.rs"]
mod shapes;

use std::process::Command;
use std::time::Instant;

use privek_audit::facts::{Facts, FlowSpec};
use privek_audit::snapshot::Snapshot;

const RUNS: usize = 3;
const SIZES: [usize; 4] = [1, 2, 4, 8];
const HEALTHY: &str = include_str!("../fixtures/healthy/managed-nodes.json");
const FLOWS: [(&str, &str, &str); 5] = [
    ("nodes", "services", "tcp/443"),
    ("nodes", "control-plane", "tcp/443"),
    ("control-plane", "nodes", "tcp/10250"),
    ("operators", "control-plane", "tcp/443"),
    ("operators", "nodes", "tcp/22"),
];

/// A clock that does not run while this process waits for others, where the system has one.
struct Clock(Instant, Option<f64>);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), Self::used())
    }

    fn seconds(&self) -> f64 {
        match (self.1, Self::used()) {
            (Some(before), Some(after)) => after - before,
            _ => self.0.elapsed().as_secs_f64(),
        }
    }

    /// Seconds that this process was on a processor so far: it has one thread.
    fn used() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
        text.split_whitespace().next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
    }
}

/// What one run took.
#[derive(Clone, Default)]
struct Run {
    /// Seconds for the facts, and for each flow.
    seconds: Vec<f64>,
    paths: u64,
    open: usize,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--size") {
        let size = arguments.next().and_then(|size| size.parse().ok()).expect("a size");
        return measure(size);
    }
    let program = std::env::current_exe().expect("this program has a path");
    let rows: Vec<Vec<f64>> = SIZES
        .iter()
        .map(|size| {
            let output =
                Command::new(&program).args(["--size", &size.to_string()]).output().expect("it runs");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            text.split_whitespace().map(|number| number.parse().expect("a number")).collect()
        })
        .collect();
    print(&rows);
}

/// Prints, for one size: subnets, groups, rules, paths, open flows, MB of the snapshot, MB at the peak,
/// and the seconds for the facts and for each flow.
fn measure(size: usize) {
    let healthy = Snapshot::from_json("managed-nodes.json", HEALTHY).expect("the fixture loads");
    let snapshot = network::grow(healthy, size);
    let before = peak();
    let runs: Vec<Run> = (0..RUNS).map(|_| run(&snapshot)).collect();
    let median = |at: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run.seconds[at]).collect();
        all.sort_by(f64::total_cmp);
        all[RUNS / 2]
    };
    let count = |list: Option<usize>| list.unwrap_or_default();
    print!("{} ", count(snapshot.aws.subnets.as_ref().map(Vec::len)));
    print!("{} ", count(snapshot.aws.security_groups.as_ref().map(Vec::len)));
    print!("{} ", network::rules(&snapshot));
    print!("{} {} {before} {}", runs[0].paths, runs[0].open, peak());
    (0..=FLOWS.len()).for_each(|at| print!(" {}", median(at)));
}

fn run(snapshot: &Snapshot) -> Run {
    let mut run = Run::default();
    let clock = Clock::start();
    let facts = Facts::derive(snapshot, &network::intent());
    run.seconds.push(clock.seconds());
    for (from, to, port) in FLOWS {
        let clock = Clock::start();
        let subjects =
            facts.flow(&FlowSpec { from: from.to_owned(), to: to.to_owned(), port: port.to_owned() });
        run.seconds.push(clock.seconds());
        assert!(!subjects.listed.is_empty(), "{from} to {to}: {:?}", subjects.unlisted);
        let counts = subjects.listed.iter().filter_map(|flow| flow.fields["path_count"].as_u64());
        run.paths += counts.sum::<u64>();
        run.open += subjects.listed.iter().filter(|flow| flow.fields["open"] == true).count();
    }
    run
}

/// The most memory that this process had so far, in MB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() / 1024
}

fn print(rows: &[Vec<f64>]) {
    let total = |row: &[f64]| row[7..].iter().sum::<f64>();
    println!(
        "{:>4} {:>8} {:>7} {:>8} {:>8} {:>9} {:>9} {:>9} {:>7} {:>10} {:>8}",
        "size", "subnets", "groups", "rules", "paths", "facts", "flows", "sum", "ratio", "us/path", "peak MB"
    );
    for (size, row) in SIZES.iter().zip(rows) {
        let (facts, flows) = (row[7], row[8..].iter().sum::<f64>());
        println!(
            "{size:>3}x {:>8} {:>7} {:>8} {:>8} {facts:>7.2} s {flows:>7.2} s {:>7.2} s {:>7.2} {:>10.1} {:>8}",
            row[0],
            row[1],
            row[2],
            row[3],
            facts + flows,
            total(row) / total(&rows[0]),
            flows * 1e6 / row[3],
            row[6]
        );
    }
    println!("exponent of the sum: {:.2}", exponent(rows, &total));
    println!("exponent of the facts: {:.2}", exponent(rows, &|row| row[7]));
    for (at, (from, to, port)) in FLOWS.iter().enumerate() {
        let last = rows.last().map_or(0.0, |row| row[8 + at]);
        println!(
            "exponent of {from} to {to} on {port}: {:.2} (at the largest size {last:.2} s)",
            exponent(rows, &|row| row[8 + at])
        );
    }
}

/// The slope of the least-squares line through the logarithms of size and cost: 1 is linear.
fn exponent(rows: &[Vec<f64>], cost: &dyn Fn(&[f64]) -> f64) -> f64 {
    let points: Vec<(f64, f64)> =
        SIZES.iter().zip(rows).map(|(size, row)| ((*size as f64).ln(), cost(row).ln())).collect();
    let count = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    covariance / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

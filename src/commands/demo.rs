//! The audit of the built-in sample network.

use anyhow::Context;
use privek_core::render;
use privek_core::report::Report;

use crate::cli::DemoArgs;
use crate::providers::{Intent, State};

use super::done::Done;
use super::input::{self, Declared};
use super::output;
use super::prepared::Prepared;

const SNAPSHOT: &str = include_str!("../../fixtures/closed-network.json");
const INTENT: &str = include_str!("../../fixtures/closed-network.intent.yaml");

/// Audits the built-in network; the exit code is 0, and the report has an exit code of its own.
pub fn run(args: &DemoArgs) -> Result<Done, anyhow::Error> {
    let format = args.output.format.0;
    let print = render::renderer::<Report>(format)?;
    let sink = output::open(args.output.output.as_ref())?;
    let mut snapshot = State::from_json("the built-in snapshot", SNAPSHOT)?;
    snapshot.select_cluster(None)?;
    let intent = Intent::from_yaml("the built-in declarations", INTENT).context("demo")?;
    let mut declared =
        Declared { intent, origin: Some("Declarations are the built-in ones of the demo.".to_owned()) };
    declared.intent.as_of = input::as_of(&args.judge)?;
    if args.output.redact {
        let redactor = snapshot.redactor();
        declared = input::redacted(&declared, &redactor);
        snapshot = snapshot.redacted(&redactor);
    }
    let prepared = Prepared {
        rules: input::rules(&args.judge.rules)?,
        declared,
        fail_on: args.judge.fail_on.into(),
        redactor: None,
    };
    let report = prepared.evaluate(&snapshot)?;
    let mut text = format.preface("This is the built-in sample network; nothing was read from AWS.");
    text.push_str(&print(&report, &output::style(&args.output)));
    Ok(Done { stdout: output::put(text, sink)?, exit_code: 0 })
}

//! Networks in which flows fail: the cases of rules, those of the closed network, and what `breakages` breaks.

use std::path::Path;

use privek_aws::intent::Intent;
use privek_core::report::{Finding, Outcome, Report};
use serde_json::Value;

use super::cases::told;
use super::files::yaml;
use super::healthy::base;
use super::{breakages, patch};

/// Set, every breakage is tried, and every finding's commands by themselves; that takes some minutes.
pub const EVERYTHING: &str = "PRIVEK_BREAKAGES";

/// A network in which something is broken, made when it is judged: there are thousands of them.
pub struct Case<'a> {
    pub name: String,
    state: Box<dyn Fn() -> (Value, Intent) + Send + Sync + 'a>,
}

impl Case<'_> {
    /// The snapshot, and what its operators declare.
    pub fn state(&self) -> (Value, Intent) {
        (self.state)()
    }
}

/// The failing findings on flows.
pub fn failing_flows(report: &Report) -> impl Iterator<Item = &Finding> {
    report.findings.iter().filter(|finding| fails(finding))
}

fn fails(finding: &Finding) -> bool {
    finding.outcome == Outcome::Fail && finding.subject.kind == "flow"
}

/// The networks whose breakages are tried.
const BROKEN: [&str; 4] =
    ["healthy/managed-nodes", "healthy/custom-networking", "healthy/prefix-mode", "closed-network"];

/// The networks, as they are before anything is broken.
pub fn bases() -> [(&'static str, Value, Intent); 4] {
    BROKEN.map(|name| {
        let (snapshot, intent) = base(name);
        (name, snapshot, intent)
    })
}

/// The cases of rules in which a flow fails, those of the closed network, and what `breakages` breaks.
pub fn cases<'a>(bases: &'a [(&'static str, Value, Intent)]) -> Vec<Case<'a>> {
    let mut all = Vec::new();
    for told in told() {
        if told.findings.iter().any(fails) {
            all.push(Case { name: told.called.clone(), state: Box::new(|| told.state()) });
        }
    }
    for case in yaml(Path::new("fixtures/closed-network.cases.yaml"))["cases"].as_array().expect("cases") {
        let name = format!("closed-network: {}", case["name"]);
        let (called, patches) = (name.clone(), case["patch"].clone());
        let state = move || {
            let (mut snapshot, intent) = base("closed-network");
            patch::apply(&mut snapshot, &patches, &called);
            (snapshot, intent)
        };
        all.push(Case { name, state: Box::new(state) });
    }
    for (name, snapshot, intent) in bases {
        let everything = std::env::var_os(EVERYTHING).is_some();
        let (step, several) = if everything { (1, 100) } else { (13, 5) };
        let single = breakages::all(snapshot).into_iter().step_by(step);
        let first = breakages::denied_first(snapshot);
        for breakage in single.chain(breakages::several(snapshot, several, 1)).chain(first) {
            let name = format!("{name}: {}", breakage.name);
            all.push(Case { name, state: Box::new(move || (breakage.of(snapshot), intent.clone())) });
        }
    }
    all
}

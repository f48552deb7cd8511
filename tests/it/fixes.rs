//! A failure is half a fix: the commands that a finding prints mend what it found, in one round,
//! and make nothing else worse.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use privek_audit::intent::Intent;
use privek_audit::report::{Finding, Outcome, Report};
use serde_json::Value;

use crate::architecture::files;
use crate::aws_cli;
use crate::breakages;
use crate::cases::{Judge, base, yaml};
use crate::emulator::emulator;
use crate::patch;

/// What was tried, and what came of it.
#[derive(Default)]
struct Tally {
    mended: usize,
    /// Findings without commands, by the reasons of their blockers.
    without: BTreeSet<String>,
    wrong: Vec<String>,
    commands: BTreeSet<String>,
}

impl Tally {
    /// Applies the commands of each failing flow by themselves, and judges again.
    fn try_all(&mut self, judge: &Judge, (snapshot, intent): (&Value, &Intent), case: &str) {
        let before = judge.report(snapshot, intent, case);
        let mut after = BTreeMap::<Vec<String>, Result<Report, String>>::new();
        for finding in before.findings.iter().filter(|finding| finding.outcome == Outcome::Fail) {
            if finding.subject.kind != "flow" {
                continue;
            }
            let commands = finding.fix.as_ref().map(|fix| fix.commands.clone()).unwrap_or_default();
            if commands.is_empty() {
                let reasons = finding.blockers.iter().map(|blocker| blocker.reason.clone());
                self.without.insert(format!("{case}: {}", reasons.collect::<Vec<_>>().join("; ")));
                continue;
            }
            let after = after.entry(commands.clone()).or_insert_with(|| {
                let mut mended = snapshot.clone();
                for command in &commands {
                    aws_cli::apply(&mut mended, command).map_err(|error| format!("{error}: {command}"))?;
                }
                Ok(judge.report(&mended, intent, case))
            });
            self.commands.extend(commands);
            match after {
                Ok(after) => match worse(&before, after, finding) {
                    None => self.mended += 1,
                    Some(what) => self.wrong.push(tell(case, finding, &what)),
                },
                Err(error) => self.wrong.push(tell(case, finding, error)),
            }
        }
    }
}

/// What is wrong after the fix of a finding: it does not pass, or another finding got worse.
fn worse(before: &Report, after: &Report, fixed: &Finding) -> Option<String> {
    let outcomes = |report: &Report| -> BTreeMap<(String, String), Finding> {
        let findings = report.findings.iter().cloned();
        findings.map(|finding| ((finding.rule.clone(), finding.subject.id.clone()), finding)).collect()
    };
    let (before, after) = (outcomes(before), outcomes(after));
    let now = &after[&(fixed.rule.clone(), fixed.subject.id.clone())];
    if now.outcome != Outcome::Pass {
        let blockers: Vec<_> = now.blockers.iter().map(|blocker| &blocker.reason).collect();
        return Some(format!("it is {:?} then: {blockers:#?} {:#?}", now.outcome, now.missing));
    }
    let rank = |outcome| match outcome {
        Outcome::Fail => 2,
        Outcome::Unknown => 1,
        Outcome::Pass | Outcome::NotApplicable => 0,
    };
    before.iter().find_map(|(key, finding)| {
        let now = after.get(key)?;
        (rank(now.outcome) > rank(finding.outcome)).then(|| {
            format!("{key:?} was {:?} and is {:?}: {:?}", finding.outcome, now.outcome, now.blockers)
        })
    })
}

fn tell(case: &str, finding: &Finding, what: &str) -> String {
    let commands = finding.fix.iter().flat_map(|fix| &fix.commands).cloned().collect::<Vec<_>>();
    format!(
        "{case}: {} on {}:\n    {}\n    {what}",
        finding.rule,
        finding.subject.id,
        commands.join("\n    ")
    )
}

#[test]
fn the_commands_of_every_failing_flow_open_it_in_one_round() {
    let judge = Judge::new();
    let mut tally = Tally::default();
    for file in files("fixtures/cases", "yaml") {
        let cases = yaml(&file);
        let name = cases["base"].as_str().unwrap_or("healthy/managed-nodes");
        let (snapshot, intent) = base(name);
        for case in cases["cases"].as_array().expect("cases") {
            if case["expect"].get("fail").is_none_or(|ids| !ids.to_string().contains("->")) {
                continue;
            }
            let called = format!("{}: {}", file.display(), case["name"]);
            let mut patched = snapshot.clone();
            if let Some(patches) = case.get("patch") {
                patch::apply(&mut patched, patches, &called);
            }
            let own = case.get("intent").map(|own| serde_json::from_value(own.clone()).expect("an intent"));
            tally.try_all(&judge, (&patched, own.as_ref().unwrap_or(&intent)), &called);
        }
    }
    let (snapshot, intent) = base("closed-network");
    tally.try_all(&judge, (&snapshot, &intent), "closed-network");
    for case in yaml(Path::new("fixtures/closed-network.cases.yaml"))["cases"].as_array().expect("cases") {
        let called = format!("closed-network: {}", case["name"]);
        let mut patched = snapshot.clone();
        patch::apply(&mut patched, &case["patch"], &called);
        tally.try_all(&judge, (&patched, &intent), &called);
    }
    for name in ["healthy/managed-nodes", "closed-network"] {
        let (snapshot, intent) = base(name);
        let several = breakages::several(&snapshot, 100, 1);
        for (called, broken) in breakages::all(&snapshot).into_iter().chain(several) {
            tally.try_all(&judge, (&broken, &intent), &format!("{name}: {called}"));
        }
    }
    assert!(tally.wrong.is_empty(), "{} of {}:\n{}", tally.wrong.len(), tally.mended, tally.wrong.join("\n"));
    eprintln!("{} mended; without: {:#?}", tally.mended, tally.without);
    let commands: Vec<&str> = tally.commands.iter().map(String::as_str).collect();
    let refused = emulator().script("check_commands.py", &commands);
    assert_eq!(refused, "", "the AWS CLI refuses");
}

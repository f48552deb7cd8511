//! A failure is half a fix: the commands that a finding prints mend what it found, in one round,
//! and make nothing else worse.

use std::collections::{BTreeMap, BTreeSet};

use privek_aws::intent::Intent;
use privek_core::report::{Blocker, Finding, MissingKind, Outcome, Report};
use serde_json::Value;

use crate::support::aws_cli;
use crate::support::broken::{self, Case};
use crate::support::judge::{Judge, side_by_side};

/// What was tried, and what came of it.
#[derive(Default)]
struct Tally {
    mended: usize,
    /// Findings whose fix says that it takes a second round, and that did take one.
    again: usize,
    /// Findings whose fix is words only, by the reasons of their blockers.
    without: BTreeSet<String>,
    wrong: Vec<String>,
}

impl Tally {
    /// Applies the commands of all failing flows, and those of single ones, and judges again.
    fn try_case(&mut self, judge: &Judge, case: &Case<'_>) {
        let name = &case.name;
        let (snapshot, intent) = case.state();
        let before = judge.report(&snapshot, &intent, name);
        let mut rounds = BTreeMap::<Vec<String>, Vec<&Finding>>::new();
        for finding in broken::failing_flows(&before) {
            let commands = finding.fix.as_ref().map(|fix| fix.commands.clone()).unwrap_or_default();
            if commands.is_empty() {
                self.without.extend(finding.blockers.iter().map(|blocker| blocker.reason.clone()));
                continue;
            }
            rounds.entry(commands).or_default().push(finding);
        }
        // As the table prints those of a headline: each once, in order.
        let mut all = Vec::<String>::new();
        for command in rounds.keys().flatten() {
            if !all.contains(command) {
                all.push(command.clone());
            }
        }
        let every: Vec<&Finding> = rounds.values().flatten().copied().collect();
        let singly = if std::env::var_os(broken::EVERYTHING).is_some() { usize::MAX } else { 1 };
        let rounds: Vec<_> =
            rounds.into_iter().filter(|(commands, _)| *commands != all).take(singly).collect();
        for (commands, findings) in rounds.into_iter().chain([(all, every)]) {
            let mut mended = snapshot.clone();
            let applied = commands.iter().try_for_each(|command| {
                aws_cli::apply(&mut mended, command).map_err(|error| format!("{error}: {command}"))
            });
            let after = if findings.is_empty() {
                break;
            } else {
                applied.map(|()| judge.report(&mended, &intent, name))
            };
            for finding in findings {
                let wrong = match &after {
                    Ok(after) => worse(&before, after, finding, &commands),
                    Err(error) => Some(error.clone()),
                };
                match wrong {
                    None => self.mended += 1,
                    Some(what) if what.starts_with("it is") && says_there_is_more(finding) => {
                        let after = after.as_ref().expect("it was judged");
                        match second_round(judge, name, &mended, &intent, after, finding) {
                            None => self.again += 1,
                            Some(what) => self.wrong.push(tell(name, finding, &commands, &what)),
                        }
                    }
                    Some(what) => self.wrong.push(tell(name, finding, &commands, &what)),
                }
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.mended += other.mended;
        self.again += other.again;
        self.without.extend(other.without);
        self.wrong.extend(other.wrong);
    }
}

/// What is wrong after the commands that a finding prints once those before have run.
fn second_round(
    judge: &Judge,
    case: &str,
    snapshot: &Value,
    intent: &Intent,
    before: &Report,
    finding: &Finding,
) -> Option<String> {
    let same = |other: &&Finding| other.rule == finding.rule && other.subject == finding.subject;
    let finding = before.findings.iter().find(same).expect("it was there before");
    let commands = finding.fix.as_ref().map(|fix| fix.commands.clone()).unwrap_or_default();
    let mut mended = snapshot.clone();
    for command in &commands {
        if let Err(error) = aws_cli::apply(&mut mended, command) {
            return Some(format!("in the second round {error}: {command}"));
        }
    }
    let after = judge.report(&mended, intent, case);
    worse(before, &after, finding, &commands).map(|what| format!("after two rounds {what}"))
}

/// What is wrong after the fix of a finding: it does not pass, or another finding got worse.
fn worse(before: &Report, after: &Report, fixed: &Finding, commands: &[String]) -> Option<String> {
    let outcomes = |report: &Report| -> BTreeMap<(String, String), Finding> {
        let findings = report.findings.iter().cloned();
        findings.map(|finding| ((finding.rule.clone(), finding.subject.id.clone()), finding)).collect()
    };
    let (before, after) = (outcomes(before), outcomes(after));
    let now = &after[&(fixed.rule.clone(), fixed.subject.id.clone())];
    if now.outcome != Outcome::Pass && !is_left_to_the_reader(fixed, now, commands) {
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
        // Entries that open a flow fill the ACL, and their fix says so.
        if key.0 == "network-acl-full" {
            return None;
        }
        // By which ways a name comes is told once it comes at all.
        if finding.outcome == Outcome::NotApplicable && key.0.ends_with("-resolution-not-dependable") {
            return None;
        }
        // What could not be decided may turn out to be blocked elsewhere, by what was broken all along.
        let touched = |blocker: &Blocker| commands.iter().any(|command| command.contains(&blocker.id));
        if finding.outcome == Outcome::Unknown && !now.blockers.iter().any(touched) {
            return None;
        }
        (rank(now.outcome) > rank(finding.outcome)).then(|| {
            format!("{key:?} was {:?} and is {:?}: {:?}", finding.outcome, now.outcome, now.blockers)
        })
    })
}

/// Whether all that is left was said before, and no command claimed to mend it: what only the reader
/// can say, such as where a network comes in, or which peering connection replaces a deleted one.
fn is_left_to_the_reader(before: &Finding, now: &Finding, commands: &[String]) -> bool {
    let said = |blocker: &Blocker| {
        let same = |other: &Blocker| {
            (&other.kind, &other.id, other.leg.as_ref()) == (&blocker.kind, &blocker.id, blocker.leg.as_ref())
        };
        // A command about another route of the same table claims nothing about this one.
        let told = blocker.reason.split(' ').filter(|word| word.parse::<ipnet::IpNet>().is_ok());
        let told: Vec<&str> = told.collect();
        let mends = |command: &&String| {
            command.contains(&blocker.id)
                && (told.is_empty() || told.iter().any(|prefix| command.contains(prefix)))
        };
        before.blockers.iter().any(same) && !commands.iter().any(|command| mends(&command))
    };
    // Only the user knows where other people's name servers forward to.
    let declares = now.missing.iter().all(|missing| missing.kind == MissingKind::Intent);
    match now.outcome {
        Outcome::Fail => now.blockers.iter().all(said),
        Outcome::Unknown => now.blockers.is_empty() && declares,
        Outcome::Pass | Outcome::NotApplicable => false,
    }
}

/// Whether the fix of a finding says that there is more to mend once its commands have run: what a new
/// transit gateway attachment needs in the route tables of its gateway can only be told by its id.
fn says_there_is_more(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.summary.contains("audit again"))
}

fn tell(case: &str, finding: &Finding, commands: &[String], what: &str) -> String {
    format!(
        "{case}: {} on {}:\n    {}\n    {what}",
        finding.rule,
        finding.subject.id,
        commands.join("\n    ")
    )
}

#[test]
fn the_commands_of_every_failing_flow_open_it_in_one_round() {
    let bases = broken::bases();
    let tallies = side_by_side(&broken::cases(&bases), |judge, case| {
        let mut tally = Tally::default();
        tally.try_case(judge, case);
        tally
    });
    let mut tally = Tally::default();
    for other in tallies {
        tally.join(other);
    }
    assert!(tally.wrong.is_empty(), "{} of {}:\n{}", tally.wrong.len(), tally.mended, tally.wrong.join("\n"));
    assert!(tally.mended > 200, "only {} findings were mended", tally.mended);
    // One attachment is deleted in one network, and each finding over it is tried at most thrice.
    assert!(tally.again * 50 < tally.mended, "{} findings take a second round", tally.again);
    // Where a network comes in, and what takes the place of a dead connection, only the reader knows.
    // What a Client VPN endpoint carries is chosen when it is made.
    let for_the_reader = [
        "has no route for",
        "has a blackhole route",
        " sends ",
        "keeps packets to",
        "carries IPv6 traffic only",
    ];
    let silent = |reason: &&String| !for_the_reader.iter().any(|part| reason.contains(part));
    let silent: Vec<_> = tally.without.iter().filter(silent).collect();
    assert!(silent.is_empty(), "no command mends {silent:#?}");
}

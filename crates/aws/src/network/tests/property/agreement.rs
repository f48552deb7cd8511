//! The reasoner and the oracle agree, and every feature decides often enough to be missed.

use std::collections::BTreeMap;

use privek_core::path::Verdict;
use privek_core::report;

use crate::network::tests::oracle::feature::{Feature, Features};
use crate::network::tests::oracle::forward::is_private;
use crate::network::tests::oracle::plan::Plan;
use crate::network::tests::oracle::question::{Answer, Question, Side, Trial};
use crate::network::{Path, Reasoner};

use super::network::network;
use super::show::show;
use super::shrink::shrink;

/// How many sorts of differences are shown.
const SHOWN: usize = 12;

/// How many networks are tried.
pub fn count() -> u64 {
    asked_for("PRIVEK_NETWORKS").unwrap_or(1000)
}

/// The number that an environment variable gives; a typo must not try less than was asked for.
fn asked_for(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    let number = text.to_str().and_then(|text| text.trim().parse().ok());
    Some(number.unwrap_or_else(|| panic!("{name} is a number, such as 100000, and not {}", text.display())))
}

/// The networks to try: one, or the first so many.
pub fn numbers() -> std::ops::Range<u64> {
    match asked_for("PRIVEK_NETWORK") {
        Some(number) => number..number + 1,
        None => 0..count(),
    }
}

pub fn paths(network: &Reasoner<'_>, question: &Question) -> Vec<Path> {
    network.trace(&question.from.end(), &question.to.end(), &question.port().parse().unwrap())
}

/// Blocked outranks unknown, and unknown open.
pub fn verdict(paths: &[Path]) -> Verdict {
    let verdicts = paths.iter().map(|path| path.verdict);
    verdicts.min_by_key(|verdict| report::trace::Verdict::from(*verdict)).unwrap()
}

/// What both say, where they differ.
fn difference(plan: &Plan, network: &Reasoner<'_>, question: &Question) -> Option<(Answer, Verdict)> {
    let (answer, _) = Trial::new(plan, question).answer(Features::default());
    let verdict = verdict(&paths(network, question));
    let same = match answer {
        Answer::Open => verdict == Verdict::Open,
        Answer::Blocked => verdict == Verdict::Blocked,
        Answer::Unsure => true,
    };
    (!same).then_some((answer, verdict))
}

fn difference_in(plan: &Plan, question: &Question) -> Option<(Answer, Verdict)> {
    let snapshot = plan.net().snapshot();
    difference(plan, &Reasoner::new(&snapshot), question)
}

fn report(number: u64, plan: &Plan, question: &Question, seen: (Answer, Verdict)) -> String {
    let small = shrink(plan, question, |plan| difference_in(plan, question) == Some(seen));
    let snapshot = small.net().snapshot();
    let paths = paths(&Reasoner::new(&snapshot), question);
    let said = say(&paths);
    let sketch = show(&small, question);
    format!("network {number}: the oracle says {:?}, the reasoner {:?}\n{sketch}{said}\n", seen.0, seen.1)
}

/// What the reasoner gives as its reasons.
pub fn say(paths: &[Path]) -> String {
    let said = paths.iter().map(|path| {
        let blockers =
            path.blockers.iter().map(|it| format!("{:?} {:?} {}: {}", it.leg, it.code, it.id, it.reason));
        let missing = path.missing.iter().map(|it| it.what.clone());
        let why: Vec<String> = blockers.chain(missing).collect();
        format!("  {:?} {} -> {}\n    {}", path.verdict, path.from, path.to, why.join("\n    "))
    });
    said.collect::<Vec<_>>().join("\n")
}

/// Differences of one sort are shown once.
fn sort(question: &Question) -> String {
    let side = |side: &Side| match side {
        Side::Subnet { .. } => "subnet",
        Side::Interface(_) => "interface",
        Side::Network { groups, .. } if !groups.is_empty() => "network",
        Side::Network { net, .. } if is_private(net.addr()) => "office",
        Side::Network { .. } => "internet",
        Side::List(_) => "service",
    };
    format!("{} to {}", side(&question.from), side(&question.to))
}

#[test]
fn a_path_is_open_exactly_where_every_packet_and_every_reply_passes() {
    let mut differences = BTreeMap::new();
    let mut failed = 0;
    for number in numbers() {
        let (plan, questions) = network(number);
        let snapshot = plan.net().snapshot();
        let network = Reasoner::new(&snapshot);
        for question in &questions {
            if let Some(seen) = difference(&plan, &network, question) {
                failed += 1;
                let key = format!("{seen:?} {}", sort(question));
                if differences.len() < SHOWN || differences.contains_key(&key) {
                    let entry = differences.entry(key);
                    entry.or_insert_with(|| (0, report(number, &plan, question, seen))).0 += 1;
                }
            }
        }
    }
    let texts = differences.into_iter().map(|(key, (count, text))| format!("{count} times {key}: {text}"));
    let texts: Vec<String> = texts.collect();
    assert!(texts.is_empty(), "{failed} questions:\n{}", texts.join("\n"));
}

#[test]
fn every_feature_decides_often_enough_to_be_missed() {
    let (mut open, mut blocked, mut unsure) = (0, 0, 0);
    let mut decisive: BTreeMap<Feature, usize> = BTreeMap::new();
    for number in 0..1000 {
        let (plan, questions) = network(number);
        for question in &questions {
            let trial = Trial::new(&plan, question);
            let (answer, features) = trial.answer(Features::default());
            *match answer {
                Answer::Open => &mut open,
                Answer::Blocked => &mut blocked,
                Answer::Unsure => &mut unsure,
            } += 1;
            for feature in features {
                let (without, _) = trial.answer(Features::without(feature));
                if answer != Answer::Unsure && without != Answer::Unsure && without != answer {
                    *decisive.entry(feature).or_default() += 1;
                }
            }
        }
    }
    let all = open + blocked + unsure;
    let told = format!("{open} open, {blocked} blocked, {unsure} unsure: {decisive:#?}");
    assert!(open * 4 >= all && blocked * 4 >= all && unsure * 20 <= all, "{told}");
    let rare = Feature::ALL.iter().filter(|it| decisive.get(it).is_none_or(|count| *count < 100));
    let rare: Vec<_> = rare.collect();
    assert!(rare.is_empty(), "{rare:?} of {told}");
}

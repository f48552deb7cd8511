//! The cases that a request may be, where a policy's statements name only some of its resources or ask for keys
//! with unknown values. What all statements together decide alike in every case is decided: a bucket that one
//! statement allows and another denies is denied, whatever other buckets there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::condition::{self, Comparison};
use super::decision::{Applies, Decision, Request};
use super::keys::{Carried, Keys};
use super::language::{LanguageVersion, texts};
use super::{pattern, statement};

/// More cases are not worked out.
const MOST: usize = 256;

/// One case of a request.
pub(super) struct Case {
    pub resource: Option<String>,
    pub keys: Keys,
}

/// The cases that the statements tell apart; every request is one of them. None where they tell nothing apart.
pub(super) fn of(
    statements: &[(LanguageVersion, &Map<String, Value>)],
    request: Request<'_>,
) -> Option<Vec<Case>> {
    let resources = pieces(statements, request);
    let mut cases: Vec<Case> =
        resources.into_iter().map(|resource| Case { resource, keys: request.keys.clone() }).collect();
    for (key, values) in values(statements, request.keys) {
        if cases.len() * values.len() > MOST {
            return None;
        }
        let with = |case: &Case, value: &Carried| {
            let mut keys = case.keys.clone();
            keys.set(&key, value.clone());
            Case { resource: case.resource.clone(), keys }
        };
        cases = cases.iter().flat_map(|case| values.iter().map(|value| with(case, value))).collect();
    }
    (cases.len() > 1).then_some(cases)
}

/// What all cases have in common; none where they differ, or one is undecided.
pub(super) fn agreed(decisions: Vec<Decision>, request: Request<'_>) -> Option<Decision> {
    let (mut allowed, mut implicit, mut explicit) = (false, false, None);
    for decision in decisions {
        match decision {
            Decision::Allowed => allowed = true,
            Decision::ImplicitDeny(_) => implicit = true,
            Decision::ExplicitDeny(_) => explicit = explicit.or(Some(decision)),
            Decision::Undecided(_) => return None,
        }
    }
    match (allowed, implicit) {
        (true, false) if explicit.is_none() => Some(Decision::Allowed),
        (false, true) => {
            // The cases have stand-ins for what is not known, which no message shows.
            let on = request.resource.map(|resource| format!(" on {resource}")).unwrap_or_default();
            let but = if explicit.is_some() { " that no other statement denies" } else { "" };
            Some(Decision::ImplicitDeny(format!("no statement allows {}{on}{but}", request.action)))
        }
        (false, false) => explicit,
        (true, _) => None,
    }
}

/// The resources as the patterns of the statements divide them: each pattern that stands for some of them, and what
/// no such pattern stands for.
fn pieces(
    statements: &[(LanguageVersion, &Map<String, Value>)],
    request: Request<'_>,
) -> BTreeSet<Option<String>> {
    let Some(resource) = request.resource else { return BTreeSet::from([None]) };
    let mut parts = BTreeSet::new();
    for (version, fields) in statements {
        let named =
            ["Resource", "NotResource"].into_iter().filter_map(|key| texts(fields.get(key))).flatten();
        let filled = named.filter_map(|written| statement::filled(*version, written, request.keys));
        parts.extend(
            filled.filter(|pattern| matches!(statement::covered(pattern, resource), Applies::Maybe(_))),
        );
    }
    let others = if parts.is_empty() { resource.to_owned() } else { resource.replace('*', OTHER) };
    let mut pieces: BTreeSet<Option<String>> =
        parts.iter().map(|part| Some(one_of(part, &parts, resource))).collect();
    pieces.insert(Some(others));
    pieces
}

/// A resource that only this pattern and those around it stand for; the pattern itself, which stands for whatever
/// there may be, where others overlap with it.
fn one_of(part: &str, parts: &BTreeSet<String>, resource: &str) -> String {
    let apart = |other: &String| {
        pattern::covers(other, part) || pattern::covers(part, other) || !pattern::meet(other, part)
    };
    if part.contains('?') || !parts.iter().all(apart) {
        return part.to_owned();
    }
    let one = part.replace('*', OTHER);
    let longer = if part.ends_with('*') { format!("{one}/{OTHER}") } else { one.clone() };
    let of_both = |one: &String| pattern::covers(resource, one) && pattern::covers(part, one);
    [one, longer].into_iter().find(of_both).unwrap_or_else(|| part.to_owned())
}

/// A text that no pattern names.
const OTHER: &str = "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}";

/// What conditions compare a key with.
#[derive(Default)]
struct Named {
    texts: BTreeSet<String>,
    /// Whether there are other values.
    open: bool,
    /// Whether a condition compares the key in a way that these texts do not decide.
    otherwise: bool,
}

/// The values that conditions tell apart, of each key whose value is not known.
fn values(
    statements: &[(LanguageVersion, &Map<String, Value>)],
    keys: &Keys,
) -> BTreeMap<String, Vec<Carried>> {
    let mut found: BTreeMap<String, Named> = BTreeMap::new();
    for (_, fields) in statements {
        for comparison in condition::comparisons(fields.get("Condition")) {
            match comparison {
                Comparison::Texts { key, texts, open } => {
                    let named = found.entry(key).or_default();
                    named.texts.extend(texts);
                    named.open |= open;
                }
                Comparison::Other(key) => found.entry(key).or_default().otherwise = true,
            }
        }
    }
    let written = |key: &str| {
        let variable = format!("${{{key}");
        let names = |(_, fields): &(LanguageVersion, &Map<String, Value>)| {
            serde_json::to_string(fields).is_ok_and(|text| text.to_ascii_lowercase().contains(&variable))
        };
        statements.iter().any(names)
    };
    let mut out = BTreeMap::new();
    for (key, named) in found {
        let one = |value: String| Carried::Values(vec![value]);
        let others = (named.open || named.texts.is_empty()).then(|| OTHER.to_owned());
        let mut cases: Vec<Carried> = named.texts.into_iter().chain(others).map(one).collect();
        match keys.get(&key) {
            None => cases.push(Carried::Nothing),
            Some(Carried::Values(values)) if values.as_slice() == ["*"] => {}
            Some(Carried::Perhaps(value)) => cases = vec![one(value.clone()), Carried::Nothing],
            Some(_) => continue,
        }
        if !named.otherwise && !written(&key) {
            out.insert(key, cases);
        }
    }
    out
}

//! What is not known, and what would settle it: the one three-valued logic.
//!
//! `Known<bool>` is Kleene's: a decisive value outranks what is missing. `Result` has methods `and` and
//! `or` of its own that know nothing of this, so the logic is functions: `known::and(a, b)`.

use std::convert::Infallible;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value, or what is missing to know it. The list is never empty.
pub type Known<T> = Result<T, Vec<Missing>>;

/// What would settle an unknown. Made by its functions, never as a literal: outside, its fields are only
/// read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The kind of the missing input.
    pub kind: MissingKind,
    /// The missing input, as a noun phrase.
    pub what: String,
    /// The permission that allows to read the missing input.
    pub permission: Option<String>,
}

/// Kinds of missing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// An operation of the provider that failed, or was not called.
    Operation,
    /// Something that only the user can declare.
    Intent,
    /// Something that only a live probe can show.
    Probe,
    /// Something that this program does not model.
    Unmodelled,
    /// Something that only an existing cluster has, while the cluster is only planned.
    NotYet,
}

impl Missing {
    /// Whether all of this is known only once the cluster exists.
    pub fn all_not_yet(missing: &[Self]) -> bool {
        !missing.is_empty() && missing.iter().all(|one| one.kind == MissingKind::NotYet)
    }

    /// An operation of the provider that failed, or was not called, and the operation's permission.
    pub fn operation(what: impl Into<String>, permission: Option<&str>) -> Self {
        Self { kind: MissingKind::Operation, what: what.into(), permission: permission.map(str::to_owned) }
    }

    /// Something that only an existing cluster has, while the cluster is only planned.
    pub fn not_yet(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::NotYet, what: what.into(), permission: None }
    }

    /// Something that only the user can declare.
    pub fn intent(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Intent, what: what.into(), permission: None }
    }

    /// Something that only a live probe can show.
    pub fn probe(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Probe, what: what.into(), permission: None }
    }

    /// Something that this program does not model.
    pub fn unmodelled(what: impl Into<String>) -> Self {
        Self { kind: MissingKind::Unmodelled, what: what.into(), permission: None }
    }

    /// The same thing, in other words.
    #[must_use]
    pub fn worded(self, what: impl Into<String>) -> Self {
        Self { what: what.into(), ..self }
    }
}

/// Kleene's conjunction: false if either is.
pub fn and(one: Known<bool>, other: Known<bool>) -> Known<bool> {
    all([one, other])
}

/// Kleene's disjunction: true if either is.
pub fn or(one: Known<bool>, other: Known<bool>) -> Known<bool> {
    any([one, other])
}

/// Kleene's negation: what is missing stays so.
pub fn not(one: Known<bool>) -> Known<bool> {
    one.map(|value| !value)
}

/// Whether all are true: false at the first that is false, which ends the iteration. What several parts
/// miss is sorted, each thing once; what one alone misses stays as that part says it.
pub fn all(parts: impl IntoIterator<Item = Known<bool>>) -> Known<bool> {
    try_all(parts.into_iter().map(Ok::<_, Infallible>)).unwrap_or_else(|never| match never {})
}

/// Whether one is true: true at the first that is true, which ends the iteration. What is missing is as
/// in [`all`].
pub fn any(parts: impl IntoIterator<Item = Known<bool>>) -> Known<bool> {
    try_any(parts.into_iter().map(Ok::<_, Infallible>)).unwrap_or_else(|never| match never {})
}

/// [`all`], of parts that may fail.
///
/// # Errors
/// The first failure before a decisive part.
pub fn try_all<E>(parts: impl IntoIterator<Item = Result<Known<bool>, E>>) -> Result<Known<bool>, E> {
    fold(false, parts)
}

/// [`any`], of parts that may fail.
///
/// # Errors
/// The first failure before a decisive part.
pub fn try_any<E>(parts: impl IntoIterator<Item = Result<Known<bool>, E>>) -> Result<Known<bool>, E> {
    fold(true, parts)
}

fn fold<E>(
    decisive: bool,
    parts: impl IntoIterator<Item = Result<Known<bool>, E>>,
) -> Result<Known<bool>, E> {
    let mut result: Known<bool> = Ok(!decisive);
    for part in parts {
        result = match (result, part?) {
            (_, Ok(value)) if value == decisive => return Ok(Ok(decisive)),
            (Err(missing), Err(more)) => Err(joined(missing.into_iter().chain(more))),
            (Ok(_), part) => part,
            (result, Ok(_)) => result,
        };
    }
    Ok(result)
}

/// All the values, or all that is missing to know one of them.
///
/// # Errors
/// What is missing, sorted, each thing once.
pub fn collect<T>(parts: impl IntoIterator<Item = Known<T>>) -> Known<Vec<T>> {
    let mut values = Vec::new();
    let mut missing = Vec::new();
    for part in parts {
        match part {
            Ok(value) => values.push(value),
            Err(more) => missing.extend(more),
        }
    }
    complete(missing).map(|()| values)
}

/// True where that is proved, else false if nothing is missing.
///
/// # Errors
/// What is missing, sorted, each thing once.
pub fn proved(yes: bool, missing: impl IntoIterator<Item = Missing>) -> Known<bool> {
    if yes { Ok(true) } else { complete(missing).map(|()| false) }
}

/// False where that is proved, else true if nothing is missing.
///
/// # Errors
/// What is missing, sorted, each thing once.
pub fn disproved(no: bool, missing: impl IntoIterator<Item = Missing>) -> Known<bool> {
    not(proved(no, missing))
}

/// What was found, where finding anything outranks what is missing: an empty list is only known if
/// nothing is.
///
/// # Errors
/// What is missing, sorted, each thing once.
pub fn found<T>(found: Vec<T>, missing: impl IntoIterator<Item = Missing>) -> Known<Vec<T>> {
    if found.is_empty() { complete(missing).map(|()| found) } else { Ok(found) }
}

/// Whether nothing is missing.
///
/// # Errors
/// What is missing, sorted, each thing once.
pub fn complete(missing: impl IntoIterator<Item = Missing>) -> Known<()> {
    let missing = joined(missing);
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// What is missing for several reasons: sorted, each thing once.
pub fn joined(missing: impl IntoIterator<Item = Missing>) -> Vec<Missing> {
    let mut missing: Vec<_> = missing.into_iter().collect();
    missing.sort();
    missing.dedup();
    missing
}

#[cfg(test)]
mod tests;

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
mod tests {
    use super::{
        Known, Missing, MissingKind, all, and, any, collect, complete, disproved, found, joined, not, or,
        proved, try_all, try_any,
    };

    /// False, unknown and true, in the order in which `and` is the least and `or` the greatest.
    const VALUES: [Option<bool>; 3] = [Some(false), None, Some(true)];

    fn known(value: Option<bool>, name: &str) -> Known<bool> {
        value.ok_or_else(|| vec![Missing::probe(name)])
    }

    fn rank(value: &Known<bool>) -> usize {
        VALUES.iter().position(|of| *of == value.as_ref().ok().copied()).unwrap()
    }

    /// What has to be missing: what every unknown part lacks, where no part is decisive.
    fn lacking(parts: &[Known<bool>], result: &Known<bool>) {
        let all: Vec<_> = parts.iter().filter_map(|part| part.clone().err()).flatten().collect();
        if let Err(missing) = result {
            assert_eq!(*missing, joined(all));
        }
    }

    #[test]
    fn two_values_follow_kleenes_tables() {
        for (at, a) in VALUES.into_iter().enumerate() {
            assert_eq!(rank(&not(known(a, "a"))), 2 - at);
            for (with, b) in VALUES.into_iter().enumerate() {
                // In this order what is missing has to be sorted.
                let (one, other) = (known(a, "b"), known(b, "a"));
                let (conjunction, disjunction) =
                    (and(one.clone(), other.clone()), or(one.clone(), other.clone()));
                assert_eq!(rank(&conjunction), at.min(with));
                assert_eq!(rank(&disjunction), at.max(with));
                lacking(&[one.clone(), other.clone()], &conjunction);
                lacking(&[one.clone(), other.clone()], &disjunction);
                assert_eq!(not(and(one.clone(), other.clone())), or(not(one.clone()), not(other.clone())));
                assert_eq!(and(one.clone(), other.clone()), and(other.clone(), one.clone()));
                assert_eq!(or(one.clone(), other.clone()), or(other, one));
            }
        }
    }

    #[test]
    fn many_values_are_what_two_by_two_are() {
        for at in 0..VALUES.len().pow(4) {
            let parts: Vec<_> = (0..4)
                .map(|place| VALUES[at / VALUES.len().pow(place) % VALUES.len()])
                .zip(["c", "a", "d", "a"])
                .map(|(value, name)| known(value, name))
                .collect();
            for count in 0..=parts.len() {
                let parts = &parts[..count];
                let conjunction = all(parts.to_vec());
                assert_eq!(conjunction, parts.iter().cloned().fold(Ok(true), and));
                lacking(parts, &conjunction);
                let disjunction = any(parts.to_vec());
                assert_eq!(disjunction, parts.iter().cloned().fold(Ok(false), or));
                lacking(parts, &disjunction);
                assert_eq!(collect(parts.to_vec()).is_ok(), parts.iter().all(Result::is_ok));
            }
        }
    }

    #[test]
    fn a_decisive_value_ends_the_iteration() {
        let parts = || [Err("not asked"), Ok(Ok(true))].into_iter();
        let after = |value| std::iter::once(Ok(Ok(value))).chain(parts());
        assert_eq!(try_any(after(true)), Ok(Ok(true)));
        assert_eq!(try_all(after(false)), Ok(Ok(false)));
        assert_eq!(try_any(after(false)), Err("not asked"));
        assert_eq!(try_all(after(true)), Err("not asked"));
    }

    #[test]
    fn what_is_missing_is_sorted_and_named_once() {
        let (a, b) = (Missing::probe("a"), Missing::probe("b"));
        let twice = || vec![b.clone(), a.clone(), b.clone()];
        let once = vec![a.clone(), b.clone()];
        assert_eq!(complete(twice()), Err(once.clone()));
        assert_eq!(complete([]), Ok(()));
        assert_eq!(collect([Ok(1), Err(vec![b.clone()]), Err(vec![a.clone()])]), Err(once.clone()));
        assert_eq!(collect([Ok(1), Ok(2)]), Ok(vec![1, 2]));
        assert_eq!(all([Err(vec![b.clone()]), Ok(true), Err(vec![a.clone(), b.clone()])]), Err(once.clone()));
        assert_eq!(any([Ok(false), Err(twice())]), Err(twice()), "nothing was joined");
        assert_eq!(
            (proved(false, twice()), disproved(false, twice())),
            (Err(once.clone()), Err(once.clone()))
        );
        assert_eq!((proved(true, twice()), disproved(true, twice())), (Ok(true), Ok(false)));
        assert_eq!((proved(false, []), disproved(false, [])), (Ok(false), Ok(true)));
        assert_eq!(found::<u8>(Vec::new(), twice()), Err(once));
        assert_eq!(found(vec![1], twice()), Ok(vec![1]));
        assert_eq!(found::<u8>(Vec::new(), []), Ok(Vec::new()));
    }

    #[test]
    fn other_words_change_nothing_else() {
        let missing = Missing::operation("one", Some("ec2:DescribeVpcs")).worded("other");
        assert_eq!(missing.kind, MissingKind::Operation);
        assert_eq!(missing.what, "other");
        assert_eq!(missing.permission.as_deref(), Some("ec2:DescribeVpcs"));
        assert!(Missing::all_not_yet(&[Missing::not_yet("a")]));
    }
}

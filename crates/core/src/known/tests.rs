//! The logic is Kleene's, and what is missing is kept.

use super::{
    Known, Missing, MissingKind, all, and, any, collect, complete, disproved, found, joined, not, or, proved,
    try_all, try_any,
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
    assert_eq!((proved(false, twice()), disproved(false, twice())), (Err(once.clone()), Err(once.clone())));
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

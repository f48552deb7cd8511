//! Pages of one list in separate files: complete only if all of them are there.
//!
//! A page ends with a `NextToken`, and the last one does not. No page says what it continues, but pages of one call
//! never have an object twice, and a call for one VPC continues with objects of that VPC.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::scope::{is_list_in_one, is_scoped_by_vpc};

/// One file's part of a collection.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    /// The file.
    pub file: String,
    /// The objects in it.
    pub ids: BTreeSet<String>,
    /// The `NextToken`, where the list goes on in another file.
    pub token: Option<String>,
}

/// A page that no other file continues, and the objects that it is about, where it is a list in one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfinished {
    /// The file.
    pub file: String,
    /// The one object, for a collection of lists.
    pub id: Option<String>,
}

/// Whether an object's content may be spread over several files.
pub(super) fn may_be_spread(key: &str) -> bool {
    is_list_in_one(key)
        || matches!(
            key,
            "AttachedRolePolicies"
                | "HostedZonesByVPC"
                | "PrefixListEntries"
                | "ResolverEndpointIpAddresses"
                | "RolePolicyNames"
                | "principalAccessPolicies"
        )
}

/// The pages that nothing continues; `vpcs_of` says which VPCs an object names.
pub(super) fn unfinished(
    key: &str,
    pages: &[Page],
    vpcs_of: &dyn Fn(&str) -> BTreeSet<String>,
) -> Vec<Unfinished> {
    let all_in_one = may_be_spread(key) && key != "FirewallRules";
    if !all_in_one {
        let pages: Vec<&Page> = pages.iter().collect();
        let open = first_open(key, &pages, vpcs_of, false);
        return open.map(|page| Unfinished { file: page.file.clone(), id: None }).into_iter().collect();
    }
    let mut by_id: BTreeMap<&String, Vec<&Page>> = BTreeMap::new();
    for page in pages {
        for id in &page.ids {
            by_id.entry(id).or_default().push(page);
        }
    }
    let open = by_id.into_iter().filter_map(|(id, pages)| {
        let page = first_open(key, &pages, vpcs_of, true)?;
        Some(Unfinished { file: page.file.clone(), id: Some(id.clone()) })
    });
    open.collect()
}

fn first_open<'p>(
    key: &str,
    pages: &[&'p Page],
    vpcs_of: &dyn Fn(&str) -> BTreeSet<String>,
    of_one_object: bool,
) -> Option<&'p Page> {
    let more: Vec<&Page> = pages.iter().copied().filter(|page| page.token.is_some()).collect();
    let last: Vec<&Page> = pages.iter().copied().filter(|page| page.token.is_none()).collect();
    let first = *more.first()?;
    let vpcs = |page: &Page| -> BTreeSet<String> { page.ids.iter().flat_map(|id| vpcs_of(id)).collect() };
    let continues = |page: &Page, last: &Page| {
        of_one_object
            || page.ids.is_disjoint(&last.ids)
                && (!needs_a_shared_vpc(key)
                    || numbers(&[page, last]).is_some()
                    || !vpcs(page).is_disjoint(&vpcs(last)))
    };
    if let Some(open) = more.iter().find(|page| !last.iter().any(|last| continues(page, last))) {
        return Some(open);
    }
    // Files may be numbered, and the AWS CLI's own tokens count what came before: both show a page that lacks.
    let all: Vec<&Page> = more.iter().chain(&last).copied().collect();
    let in_a_row = numbers(&all).is_none_or(|numbers| {
        let (first, last) = (numbers.first().copied(), numbers.last().copied());
        last.zip(first).is_some_and(|(last, first)| usize::try_from(last - first + 1) == Ok(numbers.len()))
    });
    (!in_a_row || !(of_one_object || counts_add_up(&more))).then_some(first)
}

/// Whether two calls may have been made for two VPCs, so that one list does not continue the other.
fn needs_a_shared_vpc(key: &str) -> bool {
    is_scoped_by_vpc(key) || key == "FirewallRules"
}

/// The numbers in names that differ in one number only: `subnets-1.json`, `page2/subnets.json`.
fn numbers(pages: &[&Page]) -> Option<BTreeSet<u64>> {
    let all: Vec<Vec<&str>> = pages.iter().map(|page| runs(&page.file)).collect();
    let first = all.first()?;
    let mut differing: BTreeSet<usize> = BTreeSet::new();
    for other in &all {
        if other.len() != first.len() {
            return None;
        }
        differing.extend((0..first.len()).filter(|at| first[*at] != other[*at]));
    }
    let at = *differing.first().filter(|_| differing.len() == 1)?;
    // An id has more digits.
    let numbers = all.iter().map(|runs| runs[at].parse().ok().filter(|_| runs[at].len() < 6));
    numbers.collect()
}

/// A name in runs of digits and of other characters.
fn runs(name: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    let mut start = 0;
    let mut digits = None;
    for (at, character) in name.char_indices() {
        let is_digit = character.is_ascii_digit();
        if digits.is_some_and(|digits| digits != is_digit) {
            runs.push(&name[start..at]);
            start = at;
        }
        digits = Some(is_digit);
    }
    runs.push(&name[start..]);
    runs
}

/// The token of `--max-items` has how many objects all pages so far had.
fn counts_add_up(pages: &[&Page]) -> bool {
    let mut counted: Vec<(u64, usize)> = Vec::new();
    for page in pages {
        let count = page.token.as_deref().and_then(objects_so_far);
        let Some(count) = count else { return true };
        if !counted.iter().any(|(known, _)| *known == count) {
            counted.push((count, page.ids.len()));
        }
    }
    counted.sort_unstable();
    let mut before = 0;
    counted.iter().all(|(count, here)| {
        let fits = usize::try_from(count - before).is_ok_and(|new| new == *here);
        before = *count;
        fits
    })
}

/// What a token of the AWS CLI counts, where AWS itself returned everything at once
/// (<https://github.com/boto/botocore/blob/develop/botocore/paginate.py>, `TokenEncoder`).
fn objects_so_far(token: &str) -> Option<u64> {
    let token: Value = serde_json::from_slice(&STANDARD.decode(token).ok()?).ok()?;
    let fields = token.as_object()?;
    let aws_has_more = fields.iter().any(|(key, value)| key != "boto_truncate_amount" && !value.is_null());
    if aws_has_more { None } else { fields.get("boto_truncate_amount")?.as_u64() }
}

//! Whether nodes fit into the subnets of one zone: whole nodes, several groups at once.

use std::collections::BTreeMap;

/// Nodes of one group that take the same number of addresses from one of these subnets each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Whose nodes.
    pub group: usize,
    /// How many.
    pub count: i64,
    /// Addresses that each takes.
    pub size: i64,
    /// Where each may go.
    pub subnets: Vec<String>,
}

/// Free addresses by subnet.
pub(crate) type Free = BTreeMap<String, i64>;

/// Steps after which the search gives up; far beyond any real layout.
const BUDGET: u32 = 50_000;

/// Above this number of groups in one zone only single groups, pairs and all together are tried.
const EXHAUSTIVE: usize = 10;

/// Whether all items fit together, or `None` where the search gave up.
pub(crate) fn fits<'i>(items: impl IntoIterator<Item = &'i Item>, free: &Free) -> Option<bool> {
    let mut items: Vec<&Item> = items.into_iter().filter(|item| item.count > 0 && item.size > 0).collect();
    items.sort_by_key(|item| (item.subnets.len(), -item.size));
    let mut budget = BUDGET;
    place(&items, &mut free.clone(), &mut budget)
}

/// The sets of groups that do not fit together, or `None` where the search gave up: the smallest
/// ones, and each with a group that lives on what they may use up.
pub(crate) fn culprits(items: &[Item], free: &Free) -> Option<Vec<Vec<usize>>> {
    let mut groups: Vec<usize> = items.iter().map(|item| item.group).collect();
    groups.sort_unstable();
    groups.dedup();
    if fits(items, free)? {
        return Some(Vec::new());
    }
    let mut found: Vec<Vec<usize>> = Vec::new();
    for set in sets(&groups) {
        if found.iter().any(|smaller| smaller.iter().all(|group| set.contains(group))) {
            continue;
        }
        if !fits(items.iter().filter(|item| set.contains(&item.group)), free)? {
            found.push(set);
        }
    }
    let crowded: Vec<Vec<usize>> =
        groups.iter().filter_map(|group| crowded_by(*group, &found, items, free)).collect();
    found.extend(crowded);
    Some(found)
}

/// The set that may take what this group, in none of the sets, needs.
fn crowded_by(group: usize, found: &[Vec<usize>], items: &[Item], free: &Free) -> Option<Vec<usize>> {
    if found.iter().any(|set| set.contains(&group)) {
        return None;
    }
    let own: Vec<&Item> = items.iter().filter(|item| item.group == group).collect();
    let contested = |set: &Vec<usize>| {
        let mut left = free.clone();
        let theirs = items.iter().filter(|item| set.contains(&item.group) && item.count > 0 && item.size > 0);
        for subnet in theirs.flat_map(|item| &item.subnets) {
            left.insert(subnet.clone(), 0);
        }
        fits(own.iter().copied(), &left) == Some(false)
    };
    let set = found.iter().find(|set| contested(set))?;
    Some(set.iter().copied().chain([group]).collect())
}

/// Sets of groups, the smaller ones first.
fn sets(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut sets: Vec<Vec<usize>> = if groups.len() <= EXHAUSTIVE {
        (1_u32..1 << groups.len())
            .map(|mask| {
                let chosen = groups.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1);
                chosen.map(|(_, group)| *group).collect()
            })
            .collect()
    } else {
        let pairs = groups.iter().flat_map(|one| groups.iter().map(move |other| (*one, *other)));
        groups
            .iter()
            .map(|one| vec![*one])
            .chain(pairs.filter(|(one, other)| one < other).map(|(one, other)| vec![one, other]))
            .chain([groups.to_vec()])
            .collect()
    };
    sets.sort_by_key(Vec::len);
    sets
}

fn place(items: &[&Item], free: &mut Free, budget: &mut u32) -> Option<bool> {
    match items.split_first() {
        None => Some(true),
        Some((item, rest)) => spread(item, &item.subnets, item.count, rest, free, budget),
    }
}

/// Tries every way to spread `count` nodes over these subnets, the fullest first.
fn spread(
    item: &Item,
    subnets: &[String],
    count: i64,
    rest: &[&Item],
    free: &mut Free,
    budget: &mut u32,
) -> Option<bool> {
    *budget = budget.checked_sub(1)?;
    let Some((subnet, others)) = subnets.split_first() else {
        return if count == 0 { place(rest, free, budget) } else { Some(false) };
    };
    let room = |subnet: &String, free: &Free| (free.get(subnet).copied().unwrap_or(0) / item.size).max(0);
    let elsewhere: i64 = others.iter().map(|other| room(other, free)).sum();
    let (most, least) = (count.min(room(subnet, free)), (count - elsewhere).max(0));
    for here in (least..=most).rev() {
        *free.entry(subnet.clone()).or_default() -= here * item.size;
        let found = spread(item, others, count - here, rest, free, budget);
        *free.entry(subnet.clone()).or_default() += here * item.size;
        match found {
            Some(false) => {}
            fits_or_gave_up => return fits_or_gave_up,
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(group: usize, count: i64, size: i64, subnets: &[&str]) -> Item {
        Item { group, count, size, subnets: subnets.iter().map(ToString::to_string).collect() }
    }

    fn free(of: &[(&str, i64)]) -> Free {
        of.iter().map(|(subnet, free)| ((*subnet).to_owned(), *free)).collect()
    }

    #[test]
    fn a_node_does_not_straddle_two_subnets() {
        let free = free(&[("a", 5), ("b", 5)]);
        assert_eq!(fits(&[item(0, 1, 8, &["a", "b"])], &free), Some(false));
        assert_eq!(fits(&[item(0, 2, 5, &["a", "b"])], &free), Some(true));
    }

    #[test]
    fn groups_that_share_a_subnet_fail_together_and_others_do_not() {
        let free = free(&[("a", 20), ("b", 20)]);
        let items = [item(0, 2, 6, &["a"]), item(1, 2, 6, &["a"]), item(2, 3, 6, &["b"])];
        assert_eq!(culprits(&items, &free), Some(vec![vec![0, 1]]));
    }

    #[test]
    fn a_group_that_fails_alone_drags_nobody_with_it() {
        let free = free(&[("a", 3), ("b", 100)]);
        let items = [item(0, 1, 6, &["a"]), item(1, 2, 6, &["a", "b"])];
        assert_eq!(culprits(&items, &free), Some(vec![vec![0]]));
    }

    #[test]
    fn a_group_that_lives_on_what_a_failing_one_uses_up_fails_with_it() {
        let free = free(&[("a", 10)]);
        let items = [item(0, 2, 6, &["a"]), item(1, 1, 4, &["a"]), item(2, 0, 4, &["a"])];
        assert_eq!(culprits(&items, &free), Some(vec![vec![0], vec![0, 1]]));
    }

    #[test]
    fn a_flexible_group_leaves_room_for_a_bound_one() {
        let free = free(&[("a", 12), ("b", 12)]);
        let items = [item(0, 2, 6, &["a", "b"]), item(1, 2, 6, &["a"])];
        assert_eq!(fits(&items, &free), Some(true));
        assert_eq!(culprits(&items, &free), Some(Vec::new()));
    }

    #[test]
    fn different_sizes_are_packed_exactly() {
        let free = free(&[("a", 10), ("b", 10)]);
        let items = [item(0, 2, 6, &["a", "b"]), item(1, 2, 4, &["a", "b"])];
        assert_eq!(fits(&items, &free), Some(true));
        let items = [item(0, 2, 6, &["a", "b"]), item(1, 1, 8, &["a", "b"])];
        assert_eq!(fits(&items, &free), Some(false));
    }

    #[test]
    fn a_layout_beyond_the_search_is_given_up_and_not_guessed() {
        let subnets: Vec<String> = (0..12).map(|at| format!("s{at}")).collect();
        let free: Free = subnets.iter().map(|subnet| (subnet.clone(), 94)).collect();
        let items: Vec<Item> = (0..6)
            .map(|group| Item {
                group,
                count: 20,
                size: 7 + i64::try_from(group).unwrap(),
                subnets: subnets.clone(),
            })
            .collect();
        assert_eq!(fits(&items, &free), None);
    }
}

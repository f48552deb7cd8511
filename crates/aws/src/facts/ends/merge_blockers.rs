//! The blockers of all paths of a flow, each object once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::sets::addresses::AddressSet;

use crate::facts::base::context::Context;
use crate::network::{Blocker, BlockerCode, Remedy};

/// More prefixes than a reason lists.
const MANY: usize = 8;

/// The blockers of all paths: what one object does to several parts is said once.
pub(crate) fn merged(context: &Context<'_>, mut all: Vec<Blocker>) -> Vec<Blocker> {
    all.sort();
    // Wide parts first, so that what they cover is found to be said already.
    all.sort_by_cached_key(|blocker| nets(blocker).iter().map(IpNet::prefix_len).min());
    let mut places: BTreeMap<_, MergedBlockers> = BTreeMap::new();
    for blocker in all {
        let apart = Remedy {
            cidrs: Vec::new(),
            // The subnet is only where the fix begins; a table's route serves all of its subnets.
            subnet: None,
            ..blocker.remedy.clone()
        };
        let place = (blocker.code, blocker.kind.clone(), blocker.id.clone(), blocker.leg, apart);
        places.entry(place).or_default().add(blocker);
    }
    let mut merged: Vec<Blocker> =
        places.into_values().flat_map(|same| same.all).map(MergedBlocker::told).collect();
    merged.sort_by(|one, other| (one.leg, one).cmp(&(other.leg, other)));
    context.memo.get(RefCell::<Numbers>::default).borrow_mut().share(&mut merged);
    merged
}

/// Whether these block a part of a network only, so that the other part passes all of them.
pub(crate) fn is_open_for_some<'b>(network: IpNet, blockers: impl IntoIterator<Item = &'b Blocker>) -> bool {
    let mut blocked = AddressSet::default();
    for blocker in blockers {
        let Some(part) = &blocker.part else { return false };
        let nets = part
            .split(',')
            .map(str::trim)
            .map(|text| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok());
        let Some(nets) = nets.collect::<Option<AddressSet>>() else { return false };
        blocked = blocked.union(&nets);
    }
    let whole = AddressSet::from(network);
    !blocked.intersect(&whole).is_empty() && !blocked.contains_all(&whole)
}

/// What is said of one object with one remedy; only the parts and the words differ.
#[derive(Default)]
struct MergedBlockers {
    all: Vec<MergedBlocker>,
    /// By the words, without the prefixes.
    by_words: BTreeMap<String, usize>,
    /// By each prefix.
    by_net: BTreeMap<IpNet, BTreeSet<usize>>,
}

/// Blockers that differ in their parts only.
struct MergedBlocker {
    first: Blocker,
    words: String,
    cidrs: Vec<String>,
    nets: BTreeSet<IpNet>,
    /// Whether prefixes of others came to those of the first.
    grew: bool,
    /// `None`: one of them blocks everything.
    parts: Option<Vec<String>>,
}

/// Stands in the words for the prefixes.
const PREFIXES: &str = "\u{0}";

impl MergedBlockers {
    fn add(&mut self, blocker: Blocker) {
        let nets = nets(&blocker);
        let words = match blocker.remedy.cidrs.join(", ") {
            none if none.is_empty() => blocker.reason.clone(),
            prefixes => blocker.reason.replacen(&prefixes, PREFIXES, 1),
        };
        let wider =
            nets.first().into_iter().flat_map(wider).filter_map(|net| self.by_net.get(&net)).flatten();
        let covers =
            |at: &&usize| self.all.get(**at).is_some_and(|one| nets.iter().all(|net| one.covers(net)));
        let covering = wider.filter(covers).min().copied();
        let alike = self.by_words.get(&words).copied();
        let Some(at) = [covering, alike].into_iter().flatten().min() else {
            let at = self.all.len();
            for net in &nets {
                self.by_net.entry(*net).or_default().insert(at);
            }
            self.by_words.insert(words.clone(), at);
            let nets = nets.into_iter().collect();
            let cidrs = blocker.remedy.cidrs.clone();
            let parts = blocker.part.clone().map(|part| vec![part]);
            self.all.push(MergedBlocker { first: blocker, words, cidrs, nets, grew: false, parts });
            return;
        };
        let Some(known) = self.all.get_mut(at) else { return };
        let covered = covering == Some(at);
        if !covered {
            for net in nets {
                known.nets.insert(net);
                self.by_net.entry(net).or_default().insert(at);
            }
            known.cidrs.extend(blocker.remedy.cidrs);
            known.grew = true;
        }
        match (&mut known.parts, blocker.part) {
            (Some(parts), Some(part)) if !covered && parts.last() != Some(&part) => parts.push(part),
            (Some(_), Some(_)) => {}
            _ => known.parts = None,
        }
    }
}

impl MergedBlocker {
    fn covers(&self, net: &IpNet) -> bool {
        wider(net).any(|wide| self.nets.contains(&wide))
    }

    fn told(self) -> Blocker {
        let mut blocker = self.first;
        blocker.remedy.cidrs = self.cidrs;
        if self.grew {
            blocker.remedy.cidrs.sort();
            blocker.remedy.cidrs.dedup();
        }
        blocker.reason = self.words.replacen(PREFIXES, &blocker.remedy.cidrs.join(", "), 1);
        blocker.part = self.parts.map(|parts| parts.join(", "));
        shorten(&mut blocker);
        blocker
    }
}

/// A prefix and all that contain it.
fn wider(net: &IpNet) -> impl Iterator<Item = IpNet> + use<> {
    std::iter::successors(Some(*net), IpNet::supernet)
}

/// The rule numbers of new network ACL entries in fixes, so that all fixes of one report
/// can be applied: each entry has a number of its own, and the same one wherever it is proposed.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// An entry has one number for each place that it is needed in: before this entry, or after all.
    entries: BTreeMap<ProposedEntry, BTreeSet<i64>>,
    taken: BTreeSet<(BlockerCode, String, i64)>,
}

/// Direction and ACL, protocol, ports and prefix of an entry.
type ProposedEntry = (BlockerCode, String, (Option<String>, Option<u16>, Option<u16>), String);

impl Numbers {
    /// Gives each entry that a fix adds to a network ACL its number; fewer where none is free.
    pub(crate) fn share(&mut self, blockers: &mut [Blocker]) {
        // What other findings propose may be taken where nothing else is left: each fix works by itself.
        let mut own = BTreeSet::new();
        for blocker in blockers {
            let free = std::mem::take(&mut blocker.remedy.rule_numbers);
            let remedy = &blocker.remedy;
            let ports = (remedy.protocol.clone(), remedy.from_port, remedy.to_port);
            let place = |number: i64| (blocker.code, blocker.id.clone(), number);
            let numbers = remedy.cidrs.iter().map_while(|cidr| {
                let entry = (blocker.code, blocker.id.clone(), ports.clone(), cidr.clone());
                let known = self.entries.get(&entry).into_iter().flatten();
                let known = known.copied().find(|number| free.contains(number));
                let mut unused = free.iter().copied().filter(|number| !own.contains(&place(*number)));
                let number = known
                    .or_else(|| unused.clone().find(|number| !self.taken.contains(&place(*number))))
                    .or_else(|| unused.next())?;
                own.insert(place(number));
                self.taken.insert(place(number));
                self.entries.entry(entry).or_default().insert(number);
                Some(number)
            });
            blocker.remedy.rule_numbers = numbers.collect();
        }
    }
}

/// Of very many prefixes only the first are listed.
fn shorten(blocker: &mut Blocker) {
    let (all, texts) = (nets(blocker), &blocker.remedy.cidrs);
    if all.len() == texts.len() && texts.len() > MANY {
        let told = all.into_iter().collect::<AddressSet>().told();
        blocker.reason = blocker.reason.replacen(&texts.join(", "), &told, 1);
    }
}

fn nets(blocker: &Blocker) -> Vec<IpNet> {
    blocker.remedy.cidrs.iter().filter_map(|text| text.parse().ok()).collect()
}

//! Joining snapshots of several accounts and regions, in any order.
//!
//! The cluster's account comes first, then the others in the order of their ids: what is said twice, and differs
//! because each account has its own view, is taken from the first one that has it.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::header::{EVERYTHING, Gap, Header, NOT_IN_DIRECTORY};

use super::aws::{self, COLLECTIONS, TwoContents};
use super::contents::Snapshot;
use super::elsewhere::{OTHER_ACCOUNT, OTHER_REGION};
use super::error::SnapshotError;
use super::place;
use super::referenced;
use super::scope::is_scoped_by_vpc;
use super::views::{self, Caller, SEEN_BY_SEVERAL};

/// Collections whose names each account has for itself.
const OF_ACCOUNT: &[&str] = &[
    "AttachedRolePolicies",
    "AutoScalingGroups",
    "InstanceProfile",
    "OpenIDConnectProvider",
    "OpenIDConnectProviderList",
    "Role",
    "RolePolicies",
    "RolePolicyNames",
    "pullThroughCacheRules",
];

/// Collections whose names each region has for itself.
const OF_REGION: &[&str] =
    &["AutoScalingGroups", "InstanceTypeOfferings", "InstanceTypes", "pullThroughCacheRules"];

impl Snapshot {
    /// All of these as one, whatever their order; with the name of a cluster, what other clusters have is left out
    /// where one of the snapshots has that cluster.
    ///
    /// # Errors
    /// As [`Snapshot::merge`].
    pub fn merge_all(
        snapshots: impl IntoIterator<Item = Snapshot>,
        cluster: Option<&str>,
    ) -> Result<Option<Snapshot>, SnapshotError> {
        let mut all: Vec<Snapshot> = snapshots.into_iter().collect();
        if let Some(name) = cluster.filter(|name| all.iter().any(|one| one.has_cluster(name))) {
            for one in &mut all {
                if one.has_cluster(name) {
                    one.select_cluster(Some(name))?;
                } else {
                    one.forget_clusters();
                }
            }
        }
        // The cluster's own account first, so that each view is compared with the one that counts.
        all.sort_by_cached_key(Snapshot::rank);
        let directories = all.iter().filter(|one| one.is_of_directory()).count();
        let (some, only) = (all.len() > 1 && directories > 0, directories == all.len());
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return Ok(None) };
        let mut merged = all.try_fold(first, Snapshot::merge)?;
        if some {
            // What one directory lacked another one may have.
            let known = place::vpcs(&merged.aws);
            let is_ours = |gap: &Gap| gap.resource.as_ref().is_some_and(|vpc| known.contains(vpc));
            merged.header.gaps.retain(|gap| {
                gap.code != NOT_IN_DIRECTORY
                    && (!only || !matches!(gap.code.as_str(), OTHER_ACCOUNT | OTHER_REGION) || is_ours(gap))
            });
            referenced::complete(&mut merged, only);
        }
        Ok(Some(merged))
    }

    /// Whether it is that of a directory in which a file was missing.
    fn is_of_directory(&self) -> bool {
        self.header.gaps.iter().any(|gap| gap.code == NOT_IN_DIRECTORY)
    }

    /// Adds what another snapshot read, for instance the network account's. Both orders give the same.
    ///
    /// # Errors
    /// One id that one account read with two contents, or two accounts with contents that contradict each other.
    pub fn merge(mut self, mut other: Snapshot) -> Result<Snapshot, SnapshotError> {
        let mut observations = std::mem::take(&mut self.header.observations);
        observations.append(&mut other.header.observations);
        observations.sort();
        observations.dedup();
        // What a probe saved is no reading of AWS: neither its age nor its account say anything about one.
        let mut merged = match (self.read_nothing(), other.read_nothing()) {
            (_, true) => self,
            (true, false) => other,
            _ if other.rank() < self.rank() => other.add(self)?,
            _ => self.add(other)?,
        };
        merged.header.observations = observations;
        Ok(merged)
    }

    /// What decides whose view counts: the cluster's account, then the others by their ids.
    fn rank(&self) -> (bool, bool, Option<String>, Option<String>, Option<String>, Option<String>) {
        let header = &self.header;
        (
            self.aws.cluster.as_ref().is_none_or(Vec::is_empty),
            header.account.is_none(),
            header.account.clone(),
            header.region.clone(),
            header.collected_at.clone(),
            self.aws.cluster.iter().flatten().map(|cluster| cluster.name.clone()).min(),
        )
    }

    fn add(mut self, mut other: Snapshot) -> Result<Snapshot, SnapshotError> {
        let is_clusters = self.aws.cluster.as_ref().is_some_and(|clusters| !clusters.is_empty());
        let one_caller = self.is_of_one_caller_with(&other);
        if is_clusters {
            other.keep_to_its_own(&self);
        }
        let readers = self.readers_with(&other);
        let scope = self.scope_with(&other, one_caller);
        let (mut aws, theirs) = (std::mem::take(&mut self.aws), std::mem::take(&mut other.aws));
        let account = self.header.account.clone().unwrap_or_default();
        let are_single = self.header.accounts.is_empty() && other.header.accounts.is_empty();
        let reconcile = |two: TwoContents<'_>| {
            let ours = self.header.readers_of(two.collection, two.id);
            let theirs = other.header.readers_of(two.collection, two.id);
            // Elsewhere the content so far may be several accounts' views already.
            let is_single = are_single || SEEN_BY_SEVERAL.contains(&two.collection);
            if one_caller && is_single && ours.len() == 1 && ours == theirs {
                return views::of_one_caller(two);
            }
            let caller = |readers| Caller { readers, is_clusters: is_clusters && readers.contains(&account) };
            views::of_two_callers(two, caller(&ours), caller(&theirs))
        };
        aws.merge_with(theirs, &reconcile).map_err(|conflict| {
            let (first, second) = (self.label(), other.label());
            SnapshotError::Conflict { collection: conflict.collection, id: conflict.id, first, second }
        })?;
        self.aws = aws;
        self.aws.sort();
        (self.header.readers, self.header.scope) = (readers, scope);
        self.add_header(other.header);
        Ok(self)
    }

    /// Whether one account read both, in one region as far as they say.
    fn is_of_one_caller_with(&self, other: &Snapshot) -> bool {
        let (ours, theirs) = (&self.header, &other.header);
        let one_region = ours.region.is_none() || theirs.region.is_none() || ours.region == theirs.region;
        ours.account == theirs.account && one_region
    }

    /// Who read what, where that is not this account alone.
    fn readers_with(&self, other: &Snapshot) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
        let mut all = self.header.readers.clone();
        let alone = BTreeSet::from([self.header.account.clone().unwrap_or_default()]);
        for key in SEEN_BY_SEVERAL {
            let ours: BTreeSet<String> = self.aws.ids(key).unwrap_or_default().into_iter().collect();
            for id in other.aws.ids(key).unwrap_or_default() {
                let mut readers = other.header.readers_of(key, &id);
                if ours.contains(&id) {
                    readers.extend(self.header.readers_of(key, &id));
                }
                if readers != alone {
                    all.entry((*key).to_owned()).or_default().insert(id, readers);
                }
            }
        }
        all
    }

    /// Leaves out what other accounts and regions have under names that the cluster's account and region has too:
    /// it is about them, and neither it nor its absence says anything about the cluster.
    fn keep_to_its_own(&mut self, clusters: &Snapshot) {
        let (ours, theirs) = (&clusters.header, &self.header);
        let differs = |ours: &Option<String>, theirs: &Option<String>| matches!((ours, theirs), (Some(ours), Some(theirs)) if ours != theirs);
        // Of several accounts together nothing says which one has a name.
        let account = differs(&ours.account, &theirs.account) || !theirs.accounts.is_empty();
        let region = differs(&ours.region, &theirs.region);
        for collection in COLLECTIONS {
            let key = collection.key;
            if account && OF_ACCOUNT.contains(&key) || region && OF_REGION.contains(&key) {
                self.aws.forget(|of| of.key == key);
                self.header.scope.remove(key);
            } else if (account || region)
                && self.header.scope.get(key).is_some_and(|scope| scope.contains(EVERYTHING))
                && !is_scoped_by_vpc(key)
                && (clusters.header.scope.contains_key(key) || clusters.has_gap_of(key))
            {
                self.header.scope.remove(key);
            }
        }
    }

    fn has_gap_of(&self, key: &str) -> bool {
        let Some(of) = aws::collection(key) else { return false };
        self.header.gaps.iter().any(|gap| gap.service == of.service && gap.operation == of.operation)
    }

    /// What one account listed in full says nothing about the VPCs of another one, which did not list it.
    fn scope_with(&self, other: &Snapshot, one_caller: bool) -> BTreeMap<String, BTreeSet<String>> {
        let is_all = |snapshot: &Snapshot, key: &str| {
            snapshot.header.scope.get(key).is_some_and(|scope| scope.contains(EVERYTHING))
        };
        let narrowed = |snapshot: &Snapshot, beside: &Snapshot, key: &str| {
            let mut scope = snapshot.header.scope.get(key).cloned().unwrap_or_default();
            if !one_caller && is_scoped_by_vpc(key) && is_all(snapshot, key) && !is_all(beside, key) {
                scope.remove(EVERYTHING);
                scope.extend(place::vpcs(&snapshot.aws));
            }
            scope
        };
        let keys: BTreeSet<&String> = self.header.scope.keys().chain(other.header.scope.keys()).collect();
        let both = keys.into_iter().map(|key| {
            let mut scope = narrowed(self, other, key);
            scope.extend(narrowed(other, self, key));
            (key.clone(), scope)
        });
        both.collect()
    }

    fn add_header(&mut self, theirs: Header) {
        let ours = &mut self.header;
        ours.account = ours.account.take().or_else(|| theirs.account.clone());
        ours.accounts.extend(theirs.accounts);
        ours.accounts.extend(theirs.account);
        if let Some(account) = &ours.account {
            ours.accounts.remove(account);
        }
        ours.region = ours.region.take().or(theirs.region);
        ours.gaps.extend(theirs.gaps);
        ours.left_out.extend(theirs.left_out);
        ours.left_out.sort();
        ours.left_out.dedup();
        // The older one's items lack what is newer, and nothing says which items those are.
        ours.snapshot_version = ours.snapshot_version.min(theirs.snapshot_version);
        // Null orders before any time: one part without a time leaves the whole without one.
        ours.collected_at = ours.collected_at.take().min(theirs.collected_at);
        self.drop_filled_gaps();
        self.header.gaps.sort();
        self.header.gaps.dedup();
    }

    /// What one of the snapshots could not read and the other did is no gap.
    fn drop_filled_gaps(&mut self) {
        let filled = |gap: &Gap| {
            let Some(resource) = &gap.resource else { return false };
            let mut from = COLLECTIONS
                .iter()
                .filter(|from| from.service == gap.service && from.operation == gap.operation);
            let first = from.next();
            first.is_some_and(|first| self.header.covers(first.key, resource))
                && from.all(|from| self.header.covers(from.key, resource))
        };
        let kept: Vec<bool> = self.header.gaps.iter().map(|gap| !filled(gap)).collect();
        let mut kept = kept.into_iter();
        self.header.gaps.retain(|_| kept.next().unwrap_or(true));
    }

    /// Whether it holds nothing but observations.
    pub fn read_nothing(&self) -> bool {
        self.header.account.is_none()
            && self.header.scope.is_empty()
            && self.header.gaps.is_empty()
            && self.aws.is_empty()
    }

    fn label(&self) -> String {
        let account = self.header.account.as_deref().unwrap_or("an unknown account");
        let region = self.header.region.as_deref().unwrap_or("an unknown region");
        match &self.header.collected_at {
            Some(time) => format!("the snapshot of {account} in {region} at {time}"),
            None => format!("the files of {account} in {region}"),
        }
    }
}

//! Joining snapshots, and keeping one cluster of several.
//!
//! Two accounts read a shared object differently: its tags are each account's own, an owner reads
//! more of it than a user, and zone names differ. So the views are joined, the owner's first.

use privek_core::header::Gap;
use serde_json::{Map, Value};

use super::aws::{Aws, COLLECTIONS};
use super::contents::Snapshot;
use super::error::SnapshotError;

/// Within one place only the DNS attributes of a VPC are read in halves.
pub(super) fn same_place(collection: &str, ours: &Value, theirs: &Value) -> Option<Value> {
    if collection == "VpcAttributes" { joined(ours, theirs, false) } else { None }
}

/// Fields that AWS shows differently to each account, or from one minute to the next.
const MAY_DIFFER: &[&str] =
    &["Tags", "tags", "ShareStatus", "Association", "AvailabilityZone", "AvailableIpAddressCount"];

/// Collections whose contents depend on the account that asks (zone names, what is offered), or whose
/// names are each account's own: the cluster's account is read first.
const PER_CALLER: &[&str] = &[
    "AttachedRolePolicies",
    "AvailabilityZones",
    "InstanceProfile",
    "InstanceTypes",
    "Role",
    "RolePolicies",
    "RolePolicyNames",
    "ServiceDetails",
    "clusterVersions",
];

impl Snapshot {
    /// Adds what another snapshot read, for instance the network account's; the first one's account stays.
    ///
    /// # Errors
    /// One id that the two read with different contents.
    pub fn merge(mut self, mut other: Snapshot) -> Result<Snapshot, SnapshotError> {
        self.header.observations.append(&mut other.header.observations);
        self.header.observations.sort();
        self.header.observations.dedup();
        // What a probe saved is no reading of AWS: neither its age nor its account say anything about one.
        if other.read_nothing() {
            return Ok(self);
        }
        if self.read_nothing() {
            other.header.observations = self.header.observations;
            return Ok(other);
        }
        let two_accounts = self.header.account != other.header.account;
        let theirs_own = other.header.account.clone();
        let reconcile = |collection: &str, ours: &Value, theirs: &Value| {
            if let Some(settled) = same_place(collection, ours, theirs) {
                return Some(settled);
            }
            if !two_accounts {
                return None;
            }
            if PER_CALLER.contains(&collection) {
                return Some(ours.clone());
            }
            let owner = ["OwnerId", "TransitGatewayOwnerId"].iter().find_map(|key| theirs.get(key)?.as_str());
            if owner.is_some() && owner == theirs_own.as_deref() {
                joined(theirs, ours, true)
            } else {
                joined(ours, theirs, true)
            }
        };
        let (first, second) = (self.label(), other.label());
        let others =
            other.header.account.iter().filter(|account| Some(*account) != self.header.account.as_ref());
        self.header.accounts.extend(others.chain(&other.header.accounts).cloned());
        self.aws.merge_with(other.aws, &reconcile).map_err(|conflict| SnapshotError::Conflict {
            collection: conflict.collection,
            id: conflict.id,
            first,
            second,
        })?;
        for (key, scope) in other.header.scope {
            self.header.scope.entry(key).or_default().extend(scope);
        }
        self.header.gaps.extend(other.header.gaps);
        self.drop_filled_gaps();
        self.header.gaps.sort();
        self.header.gaps.dedup();
        // The older one's items lack what is newer, and nothing says which items those are.
        self.header.snapshot_version = self.header.snapshot_version.min(other.header.snapshot_version);
        // Null orders before any time: one part without a time leaves the whole without one.
        self.header.collected_at = self.header.collected_at.min(other.header.collected_at);
        self.header.account = self.header.account.or(other.header.account);
        self.header.region = self.header.region.or(other.header.region);
        self.aws.sort();
        Ok(self)
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

    /// Keeps one cluster: the named one, or the only one.
    ///
    /// # Errors
    /// No cluster, none of that name, or several and no name: with the names there are.
    pub fn select_cluster(&mut self, name: Option<&str>) -> Result<(), SnapshotError> {
        let mut names = self.aws.ids("cluster").unwrap_or_default();
        names.sort();
        let chosen = match (name, names.as_slice()) {
            (_, []) if self.read_nothing() && !self.header.observations.is_empty() => {
                return Err(SnapshotError::OnlyObservations);
            }
            (_, []) => return Err(SnapshotError::NoCluster),
            (Some(name), names) if names.iter().any(|known| known == name) => name.to_owned(),
            (Some(name), _) => return Err(SnapshotError::NoSuchCluster { name: name.to_owned(), names }),
            (None, [only]) => only.clone(),
            (None, _) => return Err(SnapshotError::SeveralClusters { names }),
        };
        let several = names.len() > 1;
        let aws = &mut self.aws;
        let others_nodegroups =
            keep(&mut aws.nodegroup, &chosen, |n| n.cluster_name.as_ref(), |n| &n.nodegroup_name);
        let others_profiles =
            keep(&mut aws.fargate_profile, &chosen, |f| f.cluster_name.as_ref(), |f| &f.fargate_profile_name);
        let others_addons = keep(&mut aws.addon, &chosen, |a| a.cluster_name.as_ref(), |a| &a.addon_name);
        let others_entries =
            keep(&mut aws.access_entry, &chosen, |a| a.cluster_name.as_ref(), |a| &a.principal_arn);
        keep(&mut aws.pod_identity_associations, &chosen, |a| a.cluster_name.as_ref(), |a| &a.association_id);
        keep(&mut aws.pod_identity_association, &chosen, |a| a.cluster_name.as_ref(), |a| &a.association_id);
        keep(&mut aws.principal_access_policies, &chosen, |a| a.cluster_name.as_ref(), |a| &a.principal_arn);
        keep(&mut aws.capability, &chosen, |c| c.cluster_name.as_ref(), |c| &c.capability_name);
        if let Some(clusters) = &mut aws.cluster {
            clusters.retain(|cluster| cluster.name == chosen);
        }
        if several {
            // Lists of names do not say whose they are; a name that is described for another cluster only is not ours.
            for (list, others) in [
                (&mut aws.nodegroups, others_nodegroups),
                (&mut aws.fargate_profile_names, others_profiles),
                (&mut aws.addons, others_addons),
                (&mut aws.access_entries, others_entries),
            ] {
                if let Some(list) = list {
                    list.retain(|name| !others.contains(name));
                }
            }
            // Nothing says which cluster these are about.
            (aws.insights, aws.capabilities) = (None, None);
            (aws.certificate_authorities, aws.certificate_authority) = (None, None);
            for key in ["insights", "capabilities", "certificateAuthorities", "certificateAuthority"] {
                self.header.scope.remove(key);
            }
        }
        Ok(())
    }

    /// Whether it holds nothing but observations.
    pub fn read_nothing(&self) -> bool {
        self.header.account.is_none()
            && self.header.scope.is_empty()
            && self.header.gaps.is_empty()
            && self.aws == Aws::default()
    }

    fn label(&self) -> String {
        let account = self.header.account.as_deref().unwrap_or("an unknown account");
        match &self.header.collected_at {
            Some(time) => format!("the snapshot of {account} at {time}"),
            None => format!("the files of {account}"),
        }
    }
}

/// Drops what belongs to other clusters; returns names that only they have.
fn keep<T>(
    items: &mut Option<Vec<T>>,
    cluster: &str,
    of: fn(&T) -> Option<&String>,
    name: fn(&T) -> &String,
) -> Vec<String> {
    let Some(items) = items else { return Vec::new() };
    let is_ours = |item: &T| of(item).is_none_or(|other| other == cluster);
    let ours: Vec<String> =
        items.iter().filter(|item| is_ours(item)).map(|item| name(item).clone()).collect();
    let mut others: Vec<String> =
        items.iter().filter(|item| !is_ours(item)).map(|item| name(item).clone()).collect();
    others.retain(|name| !ours.contains(name));
    items.retain(is_ours);
    others
}

/// The first view, with what only the second one shows; `None` where they contradict each other.
fn joined(first: &Value, second: &Value, two_accounts: bool) -> Option<Value> {
    let (Value::Object(first), Value::Object(second)) = (first, second) else { return None };
    let mut sum: Map<String, Value> = first.clone();
    for (key, theirs) in second {
        match sum.get(key) {
            None | Some(Value::Null) => {
                sum.insert(key.clone(), theirs.clone());
            }
            Some(ours) if ours == theirs || theirs.is_null() => {}
            Some(_) if two_accounts && is_own_side(key) && is_empty(theirs) => {}
            Some(ours) if two_accounts && is_own_side(key) && is_empty(ours) => {
                sum.insert(key.clone(), theirs.clone());
            }
            Some(_) if two_accounts && MAY_DIFFER.contains(&key.as_str()) => {}
            Some(ours) => {
                sum.insert(key.clone(), joined(ours, theirs, two_accounts)?);
            }
        }
    }
    Some(Value::Object(sum))
}

/// Lists that AWS may show only for the reader's own side of a peering.
fn is_own_side(key: &str) -> bool {
    matches!(key, "CidrBlockSet" | "Ipv6CidrBlockSet")
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_some_and(Vec::is_empty)
}

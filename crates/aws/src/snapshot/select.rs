//! One cluster out of several.

use super::aws;
use super::contents::Snapshot;
use super::error::SnapshotError;

/// What is about one cluster.
const OF_CLUSTERS: [&str; 17] = [
    "cluster",
    "nodegroups",
    "nodegroup",
    "fargateProfileNames",
    "fargateProfile",
    "addons",
    "addon",
    "accessEntries",
    "accessEntry",
    "principalAccessPolicies",
    "associations",
    "association",
    "capabilities",
    "capability",
    "insights",
    "certificateAuthorities",
    "certificateAuthority",
];

impl Snapshot {
    /// Whether a cluster of this name was read.
    pub(super) fn has_cluster(&self, name: &str) -> bool {
        self.aws.cluster.iter().flatten().any(|cluster| cluster.name == name)
    }

    /// Leaves out every cluster, and what was not read of them.
    pub(super) fn forget_clusters(&mut self) {
        for key in OF_CLUSTERS {
            self.aws.forget(|of| of.key == key);
            self.header.scope.remove(key);
            let Some(of) = aws::collection(key) else { continue };
            self.header.gaps.retain(|gap| gap.service != of.service || gap.operation != of.operation);
        }
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
            let gaps = self.header.gaps.iter().filter(|gap| gap.service == "eks");
            let gaps: Vec<&str> = gaps.filter_map(|gap| gap.resource.as_deref()).collect();
            let is_gap =
                |name: &str| gaps.iter().any(|gap| *gap == name || gap.rsplit('/').next() == Some(name));
            // Lists of names do not say whose they are; a name that is described for another cluster only is not ours.
            for (list, others) in [
                (&mut aws.nodegroups, others_nodegroups),
                (&mut aws.fargate_profile_names, others_profiles),
                (&mut aws.addons, others_addons),
                (&mut aws.access_entries, others_entries),
            ] {
                if let Some(list) = list {
                    list.retain(|name| !others.contains(name) || is_gap(name));
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

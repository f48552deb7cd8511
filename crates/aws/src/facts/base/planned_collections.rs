//! What only a cluster has, so that a planned one has none of it.

/// What belongs to the region rather than to a cluster, though EKS returns it.
pub(crate) const REGIONAL: [&str; 2] = ["clusterVersions", "addonVersions"];

/// Whether only a cluster that exists has items in this collection.
pub(crate) fn is_of_cluster(collection: &str) -> bool {
    crate::snapshot::aws::collection(collection).is_some_and(|known| known.service == "eks")
        && !REGIONAL.contains(&collection)
}

/// The security group that EKS will make for the cluster; its id is AWS's to choose.
pub(crate) const CLUSTER_GROUP: &str = "eks-cluster-sg";

//! EKS: the cluster and what belongs to it.

mod cluster;
mod members;
mod state;

pub(super) use state::{
    access_policies, capability_names, certificate_authorities, cluster_versions, describe_capability,
    describe_certificate_authority, describe_pod_identity, insights,
};

use aws_sdk_eks::Client;
use aws_smithy_types::timeout::TimeoutConfig;

use cluster::cluster;
use members::{access_entry, addon, fargate_profile, nodegroup, pod_identity_association};

use super::convert::{Fetched, all};
use super::failure::Failure;
use crate::snapshot::aws::eks as shape;

/// `DescribeCluster`, with shorter time-outs than the rest: nothing works without it.
pub(super) async fn describe_cluster(
    client: &Client,
    name: &str,
    short: TimeoutConfig,
) -> Fetched<shape::Cluster> {
    let short = aws_sdk_eks::config::Builder::new().timeout_config(short);
    let call = client.describe_cluster().name(name).customize().config_override(short);
    match call.send().await {
        Ok(answer) => answer.cluster.map(cluster).ok_or_else(|| Failure::empty("cluster")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `ListClusters`.
pub(super) async fn clusters(client: &Client) -> Fetched<Vec<String>> {
    all(client.list_clusters().into_paginator().items().send().try_collect(), std::convert::identity).await
}

/// `ListNodegroups`.
pub(super) async fn nodegroup_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_nodegroups().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListFargateProfiles`.
pub(super) async fn fargate_profile_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_fargate_profiles().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListAddons`.
pub(super) async fn addon_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_addons().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListAccessEntries`.
pub(super) async fn access_entry_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_access_entries().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListPodIdentityAssociations`.
pub(super) async fn pod_identities(
    client: &Client,
    cluster: &str,
) -> Fetched<Vec<shape::PodIdentityAssociation>> {
    let associations = client.list_pod_identity_associations().cluster_name(cluster).into_paginator();
    all(associations.items().send().try_collect(), pod_identity_association).await
}

/// `DescribeNodegroup`.
pub(super) async fn describe_nodegroup(
    client: &Client,
    cluster: &str,
    name: &str,
) -> Fetched<shape::Nodegroup> {
    match client.describe_nodegroup().cluster_name(cluster).nodegroup_name(name).send().await {
        Ok(answer) => answer.nodegroup.map(nodegroup).ok_or_else(|| Failure::empty("nodegroup")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribeFargateProfile`.
pub(super) async fn describe_fargate_profile(
    client: &Client,
    cluster: &str,
    name: &str,
) -> Fetched<shape::FargateProfile> {
    match client.describe_fargate_profile().cluster_name(cluster).fargate_profile_name(name).send().await {
        Ok(answer) => {
            answer.fargate_profile.map(fargate_profile).ok_or_else(|| Failure::empty("fargate_profile"))
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribeAddon`.
pub(super) async fn describe_addon(client: &Client, cluster: &str, name: &str) -> Fetched<shape::Addon> {
    match client.describe_addon().cluster_name(cluster).addon_name(name).send().await {
        Ok(answer) => answer.addon.map(addon).ok_or_else(|| Failure::empty("addon")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribeAccessEntry`.
pub(super) async fn describe_access_entry(
    client: &Client,
    cluster: &str,
    name: &str,
) -> Fetched<shape::AccessEntry> {
    match client.describe_access_entry().cluster_name(cluster).principal_arn(name).send().await {
        Ok(answer) => answer.access_entry.map(access_entry).ok_or_else(|| Failure::empty("access_entry")),
        Err(error) => Err(Failure::of(&error)),
    }
}

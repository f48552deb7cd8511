//! What belongs to a cluster by name: node groups, Fargate profiles, add-ons, access entries, identities.

#![expect(clippy::needless_pass_by_value, reason = "every conversion takes what it converts")]

use aws_sdk_eks::{Client, types};

use privek_aws::snapshot::aws::eks as shape;

use crate::collect::aws::convert::{Fetched, all, list, map, text, whole};
use crate::collect::aws::failure::Failure;

/// `ListNodegroups`.
pub(crate) async fn nodegroup_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_nodegroups().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListFargateProfiles`.
pub(crate) async fn fargate_profile_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_fargate_profiles().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListAddons`.
pub(crate) async fn addon_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_addons().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListAccessEntries`.
pub(crate) async fn access_entry_names(client: &Client, cluster: &str) -> Fetched<Vec<String>> {
    let names = client.list_access_entries().cluster_name(cluster).into_paginator();
    all(names.items().send().try_collect(), std::convert::identity).await
}

/// `ListPodIdentityAssociations`.
pub(crate) async fn pod_identities(
    client: &Client,
    cluster: &str,
) -> Fetched<Vec<shape::PodIdentityAssociation>> {
    let associations = client.list_pod_identity_associations().cluster_name(cluster).into_paginator();
    all(associations.items().send().try_collect(), pod_identity_association).await
}

/// `DescribeNodegroup`.
pub(crate) async fn describe_nodegroup(
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
pub(crate) async fn describe_fargate_profile(
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
pub(crate) async fn describe_addon(client: &Client, cluster: &str, name: &str) -> Fetched<shape::Addon> {
    match client.describe_addon().cluster_name(cluster).addon_name(name).send().await {
        Ok(answer) => answer.addon.map(addon).ok_or_else(|| Failure::empty("addon")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribeAccessEntry`.
pub(crate) async fn describe_access_entry(
    client: &Client,
    cluster: &str,
    name: &str,
) -> Fetched<shape::AccessEntry> {
    match client.describe_access_entry().cluster_name(cluster).principal_arn(name).send().await {
        Ok(answer) => answer.access_entry.map(access_entry).ok_or_else(|| Failure::empty("access_entry")),
        Err(error) => Err(Failure::of(&error)),
    }
}

fn nodegroup_scaling_config(v: types::NodegroupScalingConfig) -> shape::NodegroupScalingConfig {
    shape::NodegroupScalingConfig {
        min_size: whole(v.min_size),
        max_size: whole(v.max_size),
        desired_size: whole(v.desired_size),
    }
}

fn remote_access_config(v: types::RemoteAccessConfig) -> shape::RemoteAccessConfig {
    shape::RemoteAccessConfig {
        ec2_ssh_key: v.ec2_ssh_key,
        source_security_groups: v.source_security_groups.unwrap_or_default(),
    }
}

fn auto_scaling_group_name(v: types::AutoScalingGroup) -> shape::AutoScalingGroupName {
    shape::AutoScalingGroupName { name: v.name }
}

fn nodegroup_resources(v: types::NodegroupResources) -> shape::NodegroupResources {
    shape::NodegroupResources {
        auto_scaling_groups: list(v.auto_scaling_groups, auto_scaling_group_name),
        remote_access_security_group: v.remote_access_security_group,
    }
}

fn issue(v: types::Issue) -> shape::Issue {
    shape::Issue { code: text(v.code), message: v.message, resource_ids: v.resource_ids.unwrap_or_default() }
}

fn nodegroup_health(v: types::NodegroupHealth) -> shape::Health {
    shape::Health { issues: list(v.issues, issue) }
}

fn launch_template_specification(
    v: types::LaunchTemplateSpecification,
) -> shape::LaunchTemplateSpecification {
    shape::LaunchTemplateSpecification { id: v.id, name: v.name, version: v.version }
}

fn warm_pool_config(v: types::WarmPoolConfig) -> shape::WarmPoolConfig {
    shape::WarmPoolConfig {
        enabled: v.enabled,
        min_size: whole(v.min_size),
        max_group_prepared_capacity: whole(v.max_group_prepared_capacity),
        pool_state: text(v.pool_state),
        reuse_on_scale_in: v.reuse_on_scale_in,
    }
}

fn nodegroup(v: types::Nodegroup) -> shape::Nodegroup {
    shape::Nodegroup {
        nodegroup_name: v.nodegroup_name.unwrap_or_default(),
        cluster_name: v.cluster_name,
        status: text(v.status),
        scaling_config: v.scaling_config.map(nodegroup_scaling_config),
        instance_types: v.instance_types.unwrap_or_default(),
        subnets: v.subnets.unwrap_or_default(),
        remote_access: v.remote_access.map(remote_access_config),
        ami_type: text(v.ami_type),
        node_role: v.node_role,
        resources: v.resources.map(nodegroup_resources),
        health: v.health.map(nodegroup_health),
        launch_template: v.launch_template.map(launch_template_specification),
        version: v.version,
        update_config: v.update_config.map(update_config),
        warm_pool_config: v.warm_pool_config.map(warm_pool_config),
    }
}

fn fargate_profile_selector(v: types::FargateProfileSelector) -> shape::FargateProfileSelector {
    shape::FargateProfileSelector { namespace: v.namespace, labels: map(v.labels) }
}

fn fargate_profile_issue(v: types::FargateProfileIssue) -> shape::Issue {
    shape::Issue { code: text(v.code), message: v.message, resource_ids: v.resource_ids.unwrap_or_default() }
}

fn fargate_profile_health(v: types::FargateProfileHealth) -> shape::Health {
    shape::Health { issues: list(v.issues, fargate_profile_issue) }
}

fn fargate_profile(v: types::FargateProfile) -> shape::FargateProfile {
    shape::FargateProfile {
        fargate_profile_name: v.fargate_profile_name.unwrap_or_default(),
        cluster_name: v.cluster_name,
        pod_execution_role_arn: v.pod_execution_role_arn,
        subnets: v.subnets.unwrap_or_default(),
        selectors: list(v.selectors, fargate_profile_selector),
        status: text(v.status),
        health: v.health.map(fargate_profile_health),
    }
}

fn addon_issue(v: types::AddonIssue) -> shape::Issue {
    shape::Issue { code: text(v.code), message: v.message, resource_ids: v.resource_ids.unwrap_or_default() }
}

fn addon_health(v: types::AddonHealth) -> shape::Health {
    shape::Health { issues: list(v.issues, addon_issue) }
}

fn addon(v: types::Addon) -> shape::Addon {
    shape::Addon {
        addon_name: v.addon_name.unwrap_or_default(),
        cluster_name: v.cluster_name,
        status: text(v.status),
        addon_version: v.addon_version,
        health: v.health.map(addon_health),
        service_account_role_arn: v.service_account_role_arn,
        configuration_values: v.configuration_values,
        pod_identity_associations: v.pod_identity_associations.unwrap_or_default(),
        owner: v.owner,
        namespace_config: v
            .namespace_config
            .map(|config| shape::AddonNamespaceConfig { namespace: config.namespace }),
    }
}

fn access_entry(v: types::AccessEntry) -> shape::AccessEntry {
    shape::AccessEntry {
        principal_arn: v.principal_arn.unwrap_or_default(),
        cluster_name: v.cluster_name,
        kubernetes_groups: v.kubernetes_groups.unwrap_or_default(),
        r#type: v.r#type,
    }
}

fn pod_identity_association(v: types::PodIdentityAssociationSummary) -> shape::PodIdentityAssociation {
    shape::PodIdentityAssociation {
        association_id: v.association_id.unwrap_or_default(),
        cluster_name: v.cluster_name,
        namespace: v.namespace,
        service_account: v.service_account,
    }
}

fn update_config(v: types::NodegroupUpdateConfig) -> shape::NodegroupUpdateConfig {
    shape::NodegroupUpdateConfig {
        max_unavailable: whole(v.max_unavailable),
        max_unavailable_percentage: whole(v.max_unavailable_percentage),
        update_strategy: text(v.update_strategy),
    }
}

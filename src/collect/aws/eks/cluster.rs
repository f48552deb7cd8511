//! The cluster: the one call that nothing works without, and what it answers.

#![expect(clippy::needless_pass_by_value, reason = "every conversion takes what it converts")]

use aws_sdk_eks::{Client, types};
use aws_smithy_types::timeout::TimeoutConfig;
use privek_aws::snapshot::aws::eks as shape;

use crate::collect::aws::convert::{Fetched, all, list, text, texts, time};
use crate::collect::aws::failure::Failure;

/// `DescribeCluster`, with shorter time-outs than the rest: nothing works without it.
pub(crate) async fn describe_cluster(
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
pub(crate) async fn clusters(client: &Client) -> Fetched<Vec<String>> {
    all(client.list_clusters().into_paginator().items().send().try_collect(), std::convert::identity).await
}

fn vpc_config(v: types::VpcConfigResponse) -> shape::VpcConfig {
    shape::VpcConfig {
        subnet_ids: v.subnet_ids,
        security_group_ids: v.security_group_ids,
        cluster_security_group_id: v.cluster_security_group_id,
        vpc_id: v.vpc_id,
        endpoint_public_access: Some(v.endpoint_public_access),
        endpoint_private_access: Some(v.endpoint_private_access),
        public_access_cidrs: v.public_access_cidrs,
        control_plane_egress_mode: text(v.control_plane_egress_mode),
    }
}

fn kubernetes_network_config(v: types::KubernetesNetworkConfigResponse) -> shape::KubernetesNetworkConfig {
    shape::KubernetesNetworkConfig {
        service_ipv4_cidr: v.service_ipv4_cidr,
        service_ipv6_cidr: v.service_ipv6_cidr,
        ip_family: text(v.ip_family),
        elastic_load_balancing: v.elastic_load_balancing.map(elastic_load_balancing),
    }
}

fn certificate(v: types::Certificate) -> shape::Certificate {
    shape::Certificate { data: v.data }
}

fn oidc(v: types::Oidc) -> shape::Oidc {
    shape::Oidc { issuer: v.issuer }
}

fn identity(v: types::Identity) -> shape::Identity {
    shape::Identity { oidc: v.oidc.map(oidc) }
}

fn cluster_issue(v: types::ClusterIssue) -> shape::Issue {
    shape::Issue { code: text(v.code), message: v.message, resource_ids: v.resource_ids.unwrap_or_default() }
}

fn health(v: types::ClusterHealth) -> shape::Health {
    shape::Health { issues: list(v.issues, cluster_issue) }
}

fn access_config(v: types::AccessConfigResponse) -> shape::AccessConfig {
    shape::AccessConfig { authentication_mode: text(v.authentication_mode) }
}

fn compute_config(v: types::ComputeConfigResponse) -> shape::ComputeConfig {
    shape::ComputeConfig {
        enabled: v.enabled,
        node_pools: v.node_pools.unwrap_or_default(),
        node_role_arn: v.node_role_arn,
    }
}

fn remote_network(v: types::RemoteNodeNetwork) -> shape::RemoteNetwork {
    shape::RemoteNetwork { cidrs: v.cidrs.unwrap_or_default() }
}

fn remote_pod_network(v: types::RemotePodNetwork) -> shape::RemoteNetwork {
    shape::RemoteNetwork { cidrs: v.cidrs.unwrap_or_default() }
}

fn remote_network_config(v: types::RemoteNetworkConfigResponse) -> shape::RemoteNetworkConfig {
    shape::RemoteNetworkConfig {
        remote_node_networks: list(v.remote_node_networks, remote_network),
        remote_pod_networks: list(v.remote_pod_networks, remote_pod_network),
    }
}

fn cluster(v: types::Cluster) -> shape::Cluster {
    shape::Cluster {
        name: v.name.unwrap_or_default(),
        arn: v.arn,
        version: v.version,
        platform_version: v.platform_version,
        status: text(v.status),
        endpoint: v.endpoint,
        role_arn: v.role_arn,
        resources_vpc_config: v.resources_vpc_config.map(vpc_config),
        kubernetes_network_config: v.kubernetes_network_config.map(kubernetes_network_config),
        certificate_authority: v.certificate_authority.map(certificate),
        identity: v.identity.map(identity),
        health: v.health.map(health),
        access_config: v.access_config.map(access_config),
        compute_config: v.compute_config.map(compute_config),
        outpost_config: v.outpost_config.map(|_| shape::OutpostConfig {}),
        remote_network_config: v.remote_network_config.map(remote_network_config),
        created_at: time(v.created_at),
        encryption_config: v.encryption_config.map(|all| all.into_iter().map(encryption_config).collect()),
        upgrade_policy: v
            .upgrade_policy
            .map(|policy| shape::UpgradePolicy { support_type: text(policy.support_type) }),
        logging: v
            .logging
            .map(|logging| shape::Logging { cluster_logging: list(logging.cluster_logging, log_setup) }),
        storage_config: v.storage_config.map(storage_config),
        zonal_shift_config: v
            .zonal_shift_config
            .map(|config| shape::ZonalShiftConfig { enabled: config.enabled }),
        deletion_protection: v.deletion_protection,
        control_plane_scaling_config: v
            .control_plane_scaling_config
            .map(|config| shape::ControlPlaneScalingConfig { tier: text(config.tier) }),
    }
}

fn elastic_load_balancing(v: types::ElasticLoadBalancing) -> shape::ElasticLoadBalancing {
    shape::ElasticLoadBalancing { enabled: v.enabled }
}

fn encryption_config(v: types::EncryptionConfig) -> shape::EncryptionConfig {
    shape::EncryptionConfig {
        provider: v.provider.map(|provider| shape::Provider { key_arn: provider.key_arn }),
    }
}

fn log_setup(v: types::LogSetup) -> shape::LogSetup {
    shape::LogSetup { types: texts(v.types), enabled: v.enabled }
}

fn storage_config(v: types::StorageConfigResponse) -> shape::StorageConfig {
    shape::StorageConfig {
        block_storage: v.block_storage.map(|block| shape::BlockStorage { enabled: block.enabled }),
    }
}

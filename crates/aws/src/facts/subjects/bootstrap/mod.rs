//! How the nodes of each group start: what their user data sets, and whether it is right; what
//! their launch template sets. One subject a node group.
//!
//! EKS adds what makes nodes join to the user data of managed groups, unless the launch template
//! names an image: <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>. Nodes of
//! EKS Auto Mode and of Karpenter get theirs from those.

mod cluster_dns;
mod egress;
mod instance;
mod join;
#[cfg(test)]
mod tests;

use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::instance_metadata::InstanceMetadata;
use crate::facts::inventory::node_groups;
use crate::facts::inventory::user_data::{Platform, Source};

/// What rules see of how a group's nodes start.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BootstrapFacts {
    /// The name of the node group or Auto Scaling group.
    id: String,
    /// The name of the node group or Auto Scaling group.
    name: Option<String>,
    /// Whether the node group is managed by EKS: `nodegroups` lists the node group.
    managed: bool,
    /// The launch template of the node group's owner, by id or name (`nodegroup.launchTemplate`,
    /// `AutoScalingGroups[].LaunchTemplate`); null without a launch template.
    launch_template: Option<String>,
    /// The launch template version that the node group uses, as the node group names the version, or
    /// `$Default`.
    launch_template_version: Option<String>,
    /// `LaunchTemplateVersions[].LaunchTemplateData.ImageId`.
    image: Option<String>,
    /// `AL2`, `AL2023`, `Bottlerocket` or `Windows`, from `nodegroup.amiType`; for self-managed nodes from
    /// the format of the user data.
    platform: Fact<String>,
    /// Whether the nodes run Windows (`nodegroup.amiType`, or the format of the user data).
    windows: Fact<bool>,
    /// Whether EKS adds the join settings to the user data: a managed node group without
    /// `LaunchTemplateData.ImageId`.
    eks_starts: Fact<bool>,
    /// The program in the user data that joins nodes to the cluster: `bootstrap.sh`, `nodeadm`,
    /// `Bottlerocket`, `Start-EKSBootstrap.ps1` or `none`.
    agent: Fact<String>,
    /// Whether nodes of the node group join the cluster: EKS or the user data (`LaunchTemplateData.UserData`)
    /// contains the join settings.
    joins: Fact<bool>,
    /// Settings missing from the user data (`LaunchTemplateData.UserData`), without which nodes do not start
    /// or do not join the cluster.
    lacks: Fact<Vec<String>>,
    /// Whether the user data (`LaunchTemplateData.UserData`) contains the cluster's settings, and EKS does
    /// not replace the user data.
    tells_cluster: Fact<bool>,
    /// The cluster name in the user data.
    cluster_name: Option<String>,
    /// Whether the cluster name in the user data, if set, is `cluster.name`.
    cluster_name_right: Fact<bool>,
    /// The URL of the cluster API endpoint in the user data.
    api_server_endpoint: Option<String>,
    /// Whether the URL of the cluster API endpoint in the user data, if set, is `cluster.endpoint`.
    endpoint_right: Fact<bool>,
    /// Whether the CA in the user data, if set, shares a certificate with
    /// `cluster.certificateAuthority.data`.
    ca_right: Fact<bool>,
    /// Whether the CA in the user data, if set, has all certificates of `cluster.certificateAuthority.data`;
    /// two while EKS rotates the CA.
    ca_complete: Fact<bool>,
    /// The service CIDR in the user data.
    service_cidr: Option<String>,
    /// Whether the service CIDR in the user data, if set, is
    /// `cluster.kubernetesNetworkConfig.serviceIpv4Cidr` (or `serviceIpv6Cidr`).
    service_cidr_right: Fact<bool>,
    /// The address of the cluster DNS service, derived from the cluster's service CIDR.
    cluster_dns: Fact<String>,
    /// The DNS server address that nodes set in pods, from settings or guessed; null if the address is not
    /// known.
    node_dns: Option<String>,
    /// Whether nodes guess the address of the cluster DNS service, because no setting contains the address.
    dns_guessed: Fact<bool>,
    /// Whether pods use the address of the cluster DNS service that follows from
    /// `cluster.kubernetesNetworkConfig`, from settings or guessed.
    dns_right: Fact<bool>,
    /// Whether nodes call the EKS API (`DescribeCluster`) at their start for settings missing from the user
    /// data.
    asks_eks: Fact<bool>,
    /// Whether nodes can reach the EKS API, through a VPC endpoint for `eks` or a route to the internet.
    reaches_eks: Fact<bool>,
    /// Whether another node group (`nodegroup.amiType`, user data) or Fargate (`fargateProfileNames`) runs
    /// Linux; the cluster DNS service needs Linux.
    linux_elsewhere: Fact<bool>,
    /// Settings in `LaunchTemplateData` that EKS sets itself or refuses for managed node groups.
    refused: Fact<Vec<String>>,
    /// Whether instance metadata is enabled on the nodes (`MetadataOptions.HttpEndpoint`).
    metadata_on: Fact<bool>,
    /// The hop limit of instance metadata (`MetadataOptions.HttpPutResponseHopLimit`); pods are one hop
    /// further than the node.
    metadata_hops: Fact<i64>,
    /// Whether instance metadata requires a token (`MetadataOptions.HttpTokens`).
    metadata_tokens_required: Fact<bool>,
    /// Whether pods outside the network of the node reach instance metadata: `MetadataOptions.HttpEndpoint` is
    /// enabled, and `HttpPutResponseHopLimit` is 2 or more or `HttpTokens` is optional.
    metadata_reaches_pods: Fact<bool>,
    /// Whether a program is declared that may read instance metadata from pods
    /// (`features.load_balancer_controller`).
    pods_ask_metadata: Fact<bool>,
    /// Whether nodes have public addresses (`NetworkInterfaces[].AssociatePublicIpAddress`,
    /// `Subnets[].MapPublicIpOnLaunch`, `Reservations[].Instances[].PublicIpAddress`).
    public_addresses: Fact<bool>,
    /// The node group's subnets that assign public addresses (`Subnets[].MapPublicIpOnLaunch`).
    public_subnets: Vec<String>,
    /// Subnets with a route to an internet gateway (`RouteTables[].Routes`) that assign no public addresses
    /// (`Subnets[].MapPublicIpOnLaunch`); EKS refuses managed nodes in these subnets.
    subnets_without_public_addresses: Fact<Vec<String>>,
    /// Whether the user data sets a proxy (`HTTPS_PROXY`, `HTTP_PROXY`, `settings.network.https-proxy`).
    proxied: Fact<bool>,
    /// The host and port of each proxy in the user data.
    proxies: Vec<String>,
    /// Names missing from `NO_PROXY` in the user data that must bypass a proxy: the API server
    /// (`cluster.endpoint`) and instance metadata.
    no_proxy_lacks: Fact<Vec<String>>,
    /// Names of AWS services that a VPC endpoint serves (`VpcEndpoints`) and that `NO_PROXY` in the user data
    /// lacks.
    no_proxy_lacks_services: Fact<Vec<String>>,
    /// Whether the user data (`LaunchTemplateData.UserData`) installs packages.
    installs_packages: Fact<bool>,
    /// Whether the node group's subnets can reach package repositories, on S3 or on the internet
    /// (`RouteTables[].Routes`, `VpcEndpoints`).
    reaches_repositories: Fact<bool>,
    /// The route tables of those of the node group's subnets that cannot reach package repositories. Route tables
    /// with a route to a gateway VPC endpoint for S3 are not listed: a second VPC endpoint would change nothing.
    closed_route_tables: Vec<String>,
    /// `nodegroup.remoteAccess.ec2SshKey`.
    ssh_key: Option<String>,
    /// Whether EKS opens the SSH or RDP port of the nodes to every source address (`nodegroup.remoteAccess`).
    remote_access_open: Fact<bool>,
}

/// One subject for each node group.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let listed = node_groups::listed(context);
    let sources: Vec<Source<'_, '_>> =
        listed.groups.iter().map(|group| Source::new(context, group)).collect();
    let subjects = sources.iter().map(|source| {
        let facts = facts(context, source, &sources, &listed.unlisted);
        Subject::new("bootstrap", &source.group.name, Some(&source.group.name), &facts)
    });
    Subjects { listed: subjects.collect(), unlisted: listed.unlisted.clone() }
}

fn facts(
    context: &Context<'_>,
    source: &Source<'_, '_>,
    all: &[Source<'_, '_>],
    unlisted: &[privek_core::known::Missing],
) -> BootstrapFacts {
    let group = source.group;
    let data = source.data.as_ref().ok();
    let dns = cluster_dns::of(context, source);
    let proxy = egress::proxies(context, source);
    let options = InstanceMetadata::of(context, source);
    let repositories = egress::repositories(context, group);
    BootstrapFacts {
        id: group.name.clone(),
        name: Some(group.name.clone()),
        managed: group.managed,
        launch_template: source.template_id.clone(),
        launch_template_version: source.template_version.clone(),
        image: source.template.as_ref().ok().copied().flatten().and_then(|data| data.image_id.clone()),
        platform: Fact(source.platform.clone().map(|platform| platform.name().to_owned())),
        windows: Fact(source.platform.clone().map(|platform| platform == Platform::Windows)),
        eks_starts: Fact(source.eks_starts.clone()),
        agent: Fact(join::agent(source)),
        joins: Fact(join::joins(context, source)),
        lacks: Fact(join::lacks(source)),
        tells_cluster: Fact(source.tells_cluster()),
        cluster_name: data.and_then(|data| data.cluster_name.clone()),
        cluster_name_right: Fact(join::name_right(context, source)),
        api_server_endpoint: data.and_then(|data| data.api_server_endpoint.clone()),
        endpoint_right: Fact(join::endpoint_right(context, source)),
        ca_right: Fact(join::ca(context, source).map(|ca| ca.some)),
        ca_complete: Fact(join::ca(context, source).map(|ca| ca.all)),
        service_cidr: data.and_then(|data| data.service_cidr.clone()),
        service_cidr_right: Fact(join::service_cidr_right(context, source)),
        cluster_dns: Fact(cluster_dns::expected(context).map(|address| address.to_string())),
        node_dns: dns.address,
        dns_guessed: Fact(dns.guessed),
        dns_right: Fact(dns.right),
        asks_eks: Fact(source.asks_eks()),
        reaches_eks: Fact(egress::reaches_eks(context, group)),
        linux_elsewhere: Fact(join::linux_elsewhere(context, source, all, unlisted)),
        refused: Fact(instance::refused(source)),
        metadata_reaches_pods: Fact(options.reaches_pods()),
        metadata_on: Fact(options.on),
        metadata_hops: Fact(options.hops),
        metadata_tokens_required: Fact(options.tokens_required),
        pods_ask_metadata: Fact(instance::pods_ask_metadata(context)),
        public_addresses: Fact(instance::public_addresses(context, source)),
        public_subnets: instance::public_subnets(context, source),
        subnets_without_public_addresses: Fact(instance::without_public_addresses(context, source)),
        proxied: Fact(proxy.used),
        proxies: proxy.hosts,
        no_proxy_lacks: Fact(proxy.lacks),
        no_proxy_lacks_services: Fact(proxy.lacks_services),
        installs_packages: Fact(egress::installs_packages(source)),
        reaches_repositories: Fact(repositories.reached),
        closed_route_tables: repositories.closed_tables,
        ssh_key: instance::ssh_key(context, source),
        remote_access_open: Fact(instance::remote_access_open(context, source)),
    }
}

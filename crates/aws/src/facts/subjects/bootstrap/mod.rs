//! How the nodes of each group start: what their user data tells them, and whether it is true; what
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
use crate::facts::inventory::node_groups;
use crate::facts::inventory::user_data::{Platform, Source};

/// What rules see of how a group's nodes start.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct BootstrapFacts {
    /// The node group's name, or the Auto Scaling group's.
    id: String,
    /// The same.
    name: Option<String>,
    /// Whether EKS manages the group: it is one of `nodegroups`.
    managed: bool,
    /// The launch template that its owner wrote; null where there is none
    /// (`nodegroup.launchTemplate`, `AutoScalingGroups[].LaunchTemplate`).
    launch_template: Option<String>,
    /// The version of it that is used, as the group says it, or `$Default`.
    launch_template_version: Option<String>,
    /// `LaunchTemplateVersions[].LaunchTemplateData.ImageId`.
    image: Option<String>,
    /// `AL2`, `AL2023`, `Bottlerocket` or `Windows` (`nodegroup.amiType`; of other groups by what
    /// their user data is).
    platform: Fact<String>,
    /// Whether the nodes run Windows (`nodegroup.amiType`, or what the user data is).
    windows: Fact<bool>,
    /// Whether EKS adds to the user data what makes nodes join: a managed group without
    /// `LaunchTemplateData.ImageId`.
    eks_starts: Fact<bool>,
    /// What in the user data joins nodes: `bootstrap.sh`, `nodeadm`, `Bottlerocket`,
    /// `Start-EKSBootstrap.ps1` or `none`.
    agent: Fact<String>,
    /// Whether nodes of the group join: EKS or the user data makes them
    /// (`LaunchTemplateData.UserData`).
    joins: Fact<bool>,
    /// Settings without which what joins nodes refuses to start, or joins nothing
    /// (`LaunchTemplateData.UserData`).
    lacks: Fact<Vec<String>>,
    /// Whether user data (`LaunchTemplateData.UserData`) tells nodes about the cluster, and EKS does
    /// not put its own in the place of that.
    tells_cluster: Fact<bool>,
    /// The cluster's name in the user data.
    cluster_name: Option<String>,
    /// Whether the name in the user data is `cluster.name`, where one is given.
    cluster_name_right: Fact<bool>,
    /// The API's URL in the user data.
    api_server_endpoint: Option<String>,
    /// Whether the URL in the user data is `cluster.endpoint`, where one is given.
    endpoint_right: Fact<bool>,
    /// Whether a certificate of the CA in the user data is one of `cluster.certificateAuthority.data`,
    /// where it is given.
    ca_right: Fact<bool>,
    /// Whether the CA in the user data has all certificates of `cluster.certificateAuthority.data`,
    /// where it is given: while EKS rotates the CA there are two.
    ca_complete: Fact<bool>,
    /// The addresses of services in the user data.
    service_cidr: Option<String>,
    /// Whether the addresses of services in the user data are
    /// `cluster.kubernetesNetworkConfig.serviceIpv4Cidr` (or `serviceIpv6Cidr`), where they are given.
    service_cidr_right: Fact<bool>,
    /// The address of the cluster's DNS, by the cluster's own service addresses.
    cluster_dns: Fact<String>,
    /// The address that nodes give to pods as their DNS server: told or guessed; null where it is not known.
    node_dns: Option<String>,
    /// Whether nobody tells nodes the address, so that they guess.
    dns_guessed: Fact<bool>,
    /// Whether pods are given the address of the cluster's DNS that follows from
    /// `cluster.kubernetesNetworkConfig`, be it told or guessed.
    dns_right: Fact<bool>,
    /// Whether what joins nodes asks the EKS API (`DescribeCluster`) for what the user data does not
    /// tell it.
    asks_eks: Fact<bool>,
    /// Whether the nodes reach the EKS API: through an endpoint for `eks`, or a way to the internet.
    reaches_eks: Fact<bool>,
    /// Whether other groups (`nodegroup.amiType`, user data), or Fargate (`fargateProfileNames`), run
    /// Linux, which the cluster's DNS needs.
    linux_elsewhere: Fact<bool>,
    /// What `LaunchTemplateData` for managed nodes must not set, because EKS does or refuses it.
    refused: Fact<Vec<String>>,
    /// Whether nodes can ask for instance metadata (`MetadataOptions.HttpEndpoint`).
    metadata_on: Fact<bool>,
    /// How far instance metadata goes; pods are one hop further (`MetadataOptions.HttpPutResponseHopLimit`).
    metadata_hops: Fact<i64>,
    /// Whether instance metadata asks for a token (`MetadataOptions.HttpTokens`).
    metadata_tokens_required: Fact<bool>,
    /// Whether something that may ask for instance metadata from pods is declared
    /// (`features.load_balancer_controller`).
    pods_ask_metadata: Fact<bool>,
    /// Whether nodes get public addresses (`NetworkInterfaces[].AssociatePublicIpAddress`,
    /// `Subnets[].MapPublicIpOnLaunch`, `Reservations[].Instances[].PublicIpAddress`).
    public_addresses: Fact<bool>,
    /// The subnets that give them.
    public_subnets: Vec<String>,
    /// Subnets with an internet gateway (`RouteTables[].Routes`) that give no public addresses
    /// (`Subnets[].MapPublicIpOnLaunch`), where EKS refuses managed nodes.
    subnets_without_public_addresses: Fact<Vec<String>>,
    /// Whether the user data sets a proxy (`HTTPS_PROXY` and its like, `settings.network.https-proxy`).
    proxied: Fact<bool>,
    /// The proxies, host and port.
    proxies: Vec<String>,
    /// What must not go through a proxy and `NO_PROXY` in the user data does not except: the API server
    /// (`cluster.endpoint`), instance metadata.
    no_proxy_lacks: Fact<Vec<String>>,
    /// AWS's names that an endpoint serves (`VpcEndpoints`) and that go through the proxy all the same.
    no_proxy_lacks_services: Fact<Vec<String>>,
    /// Whether the user data (`LaunchTemplateData.UserData`) installs packages.
    installs_packages: Fact<bool>,
    /// Whether the group's subnets come to the repositories of packages: to S3, or to the internet
    /// (`RouteTables[].Routes`, `VpcEndpoints`).
    reaches_repositories: Fact<bool>,
    /// The route tables of those subnets of the group's that do not.
    closed_route_tables: Vec<String>,
    /// `nodegroup.remoteAccess.ec2SshKey`.
    ssh_key: Option<String>,
    /// Whether EKS opens the port of remote access to every address (`nodegroup.remoteAccess`).
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
    let options = instance::Metadata::of(context, source);
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

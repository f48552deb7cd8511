//! EKS's shapes, as `aws eks describe-…` prints them.

use std::collections::BTreeMap;

use super::shape::shapes;

shapes! { "camelCase";
    /// `DescribeCluster`.
    Cluster {
        name: String,
        arn: Option<String>,
        version: Option<String>,
        platform_version: Option<String>,
        status: Option<String>,
        endpoint: Option<String>,
        role_arn: Option<String>,
        resources_vpc_config: Option<VpcConfig>,
        kubernetes_network_config: Option<KubernetesNetworkConfig>,
        certificate_authority: Option<Certificate>,
        identity: Option<Identity>,
        health: Option<Health>,
        access_config: Option<AccessConfig>,
        compute_config: Option<ComputeConfig>,
        outpost_config: Option<OutpostConfig>,
        remote_network_config: Option<RemoteNetworkConfig>,
        tags: BTreeMap<String, String>,
    }
    /// The cluster's network.
    VpcConfig {
        subnet_ids: Option<Vec<String>>,
        security_group_ids: Option<Vec<String>>,
        cluster_security_group_id: Option<String>,
        vpc_id: Option<String>,
        endpoint_public_access: Option<bool>,
        endpoint_private_access: Option<bool>,
        public_access_cidrs: Option<Vec<String>>,
        control_plane_egress_mode: Option<String>,
    }
    /// Service addresses and address family.
    KubernetesNetworkConfig { service_ipv4_cidr: Option<String>, service_ipv6_cidr: Option<String>, ip_family: Option<String> }
    /// The cluster's CA, base64.
    Certificate { data: Option<String> }
    /// The cluster's OIDC issuer.
    Identity { oidc: Option<Oidc> }
    /// The issuer's URL.
    Oidc { issuer: Option<String> }
    /// What EKS itself finds wrong.
    Health { issues: Vec<Issue> }
    /// One thing that EKS finds wrong.
    Issue { code: Option<String>, message: Option<String>, resource_ids: Vec<String> }
    /// Who may call the Kubernetes API.
    AccessConfig { authentication_mode: Option<String>, bootstrap_cluster_creator_admin_permissions: Option<bool> }
    /// EKS Auto Mode.
    ComputeConfig { enabled: Option<bool>, node_pools: Vec<String>, node_role_arn: Option<String> }
    /// A cluster on an Outpost.
    OutpostConfig { outpost_arns: Vec<String> }
    /// Networks of hybrid nodes.
    RemoteNetworkConfig { remote_node_networks: Vec<RemoteNetwork>, remote_pod_networks: Vec<RemoteNetwork> }
    /// Prefixes outside AWS.
    RemoteNetwork { cidrs: Vec<String> }

    /// `DescribeNodegroup`.
    Nodegroup {
        nodegroup_name: String,
        cluster_name: Option<String>,
        status: Option<String>,
        capacity_type: Option<String>,
        scaling_config: Option<NodegroupScalingConfig>,
        instance_types: Vec<String>,
        subnets: Vec<String>,
        remote_access: Option<RemoteAccessConfig>,
        ami_type: Option<String>,
        node_role: Option<String>,
        resources: Option<NodegroupResources>,
        health: Option<Health>,
        update_config: Option<NodegroupUpdateConfig>,
        launch_template: Option<LaunchTemplateSpecification>,
        version: Option<String>,
        release_version: Option<String>,
        tags: BTreeMap<String, String>,
    }
    /// Sizes of a node group, in nodes.
    NodegroupScalingConfig { min_size: Option<i64>, max_size: Option<i64>, desired_size: Option<i64> }
    /// How many nodes an update replaces at once, and whether (`DEFAULT`) new ones come first or (`MINIMAL`) old ones go first.
    NodegroupUpdateConfig { max_unavailable: Option<i64>, max_unavailable_percentage: Option<i64>, update_strategy: Option<String> }
    /// SSH access to nodes.
    RemoteAccessConfig { ec2_ssh_key: Option<String>, source_security_groups: Vec<String> }
    /// What EKS made for a node group.
    NodegroupResources { auto_scaling_groups: Vec<AutoScalingGroupName>, remote_access_security_group: Option<String> }
    /// An Auto Scaling group by name.
    AutoScalingGroupName { name: Option<String> }
    /// A launch template and its version.
    LaunchTemplateSpecification { id: Option<String>, name: Option<String>, version: Option<String> }

    /// `DescribeFargateProfile`.
    FargateProfile { fargate_profile_name: String, cluster_name: Option<String>, pod_execution_role_arn: Option<String>, subnets: Vec<String>, selectors: Vec<FargateProfileSelector>, status: Option<String>, health: Option<Health> }
    /// Which pods run on Fargate.
    FargateProfileSelector { namespace: Option<String>, labels: BTreeMap<String, String> }

    /// `DescribeAddon`.
    Addon { addon_name: String, cluster_name: Option<String>, status: Option<String>, addon_version: Option<String>, health: Option<Health>, service_account_role_arn: Option<String>, configuration_values: Option<String>, pod_identity_associations: Vec<String> }

    /// `DescribeAccessEntry`.
    AccessEntry { principal_arn: String, cluster_name: Option<String>, kubernetes_groups: Vec<String>, username: Option<String>, r#type: Option<String> }

    /// `ListPodIdentityAssociations`.
    PodIdentityAssociation { association_id: String, cluster_name: Option<String>, namespace: Option<String>, service_account: Option<String>, association_arn: Option<String>, owner_arn: Option<String> }
}

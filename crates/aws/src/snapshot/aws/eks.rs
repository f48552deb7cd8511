//! EKS's shapes, as `aws eks describe-…` prints them.

use std::collections::BTreeMap;

use privek_core::time::Time;

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
        created_at: Option<Time>,
        encryption_config: Option<Vec<EncryptionConfig>>,
        upgrade_policy: Option<UpgradePolicy>,
        logging: Option<Logging>,
        storage_config: Option<StorageConfig>,
        zonal_shift_config: Option<ZonalShiftConfig>,
        deletion_protection: Option<bool>,
        control_plane_scaling_config: Option<ControlPlaneScalingConfig>,
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
    KubernetesNetworkConfig { service_ipv4_cidr: Option<String>, service_ipv6_cidr: Option<String>, ip_family: Option<String>, elastic_load_balancing: Option<ElasticLoadBalancing> }
    /// Load balancing by EKS Auto Mode.
    ElasticLoadBalancing { enabled: Option<bool> }
    /// The KMS key that encrypts Kubernetes secrets.
    EncryptionConfig { provider: Option<Provider> }
    /// A KMS key.
    Provider { key_arn: Option<String> }
    /// What happens at the end of standard support.
    UpgradePolicy { support_type: Option<String> }
    /// Which control-plane logs go to `CloudWatch`.
    Logging { cluster_logging: Vec<LogSetup> }
    /// Kinds of logs that are on, or off.
    LogSetup { types: Vec<String>, enabled: Option<bool> }
    /// Storage by EKS Auto Mode.
    StorageConfig { block_storage: Option<BlockStorage> }
    /// Block storage by EKS Auto Mode.
    BlockStorage { enabled: Option<bool> }
    /// Zonal shift by Application Recovery Controller.
    ZonalShiftConfig { enabled: Option<bool> }
    /// The tier of a provisioned control plane.
    ControlPlaneScalingConfig { tier: Option<String> }
    /// The cluster's CA bundle, base64, and which CA of it signs.
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
    AccessConfig { authentication_mode: Option<String> }
    /// EKS Auto Mode.
    ComputeConfig { enabled: Option<bool>, node_pools: Vec<String>, node_role_arn: Option<String> }
    /// A cluster on an Outpost; only that there is one is kept.
    OutpostConfig {}
    /// Networks of hybrid nodes.
    RemoteNetworkConfig { remote_node_networks: Vec<RemoteNetwork>, remote_pod_networks: Vec<RemoteNetwork> }
    /// Prefixes outside AWS.
    RemoteNetwork { cidrs: Vec<String> }

    /// `DescribeNodegroup`.
    Nodegroup {
        nodegroup_name: String,
        cluster_name: Option<String>,
        status: Option<String>,
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
        warm_pool_config: Option<WarmPoolConfig>,
    }
    /// Instances that are kept ready beside a node group.
    WarmPoolConfig { enabled: Option<bool>, min_size: Option<i64>, max_group_prepared_capacity: Option<i64>, pool_state: Option<String>, reuse_on_scale_in: Option<bool> }
    /// How many nodes an update takes at once.
    NodegroupUpdateConfig { max_unavailable: Option<i64>, max_unavailable_percentage: Option<i64>, update_strategy: Option<String> }
    /// Sizes of a node group, in nodes.
    NodegroupScalingConfig { min_size: Option<i64>, max_size: Option<i64>, desired_size: Option<i64> }
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
    Addon { addon_name: String, cluster_name: Option<String>, status: Option<String>, addon_version: Option<String>, health: Option<Health>, service_account_role_arn: Option<String>, configuration_values: Option<String>, pod_identity_associations: Vec<String>, owner: Option<String>, namespace_config: Option<AddonNamespaceConfig> }
    /// The namespace that an add-on is installed in.
    AddonNamespaceConfig { namespace: Option<String> }

    /// `DescribeAccessEntry`.
    AccessEntry { principal_arn: String, cluster_name: Option<String>, kubernetes_groups: Vec<String>, r#type: Option<String> }

    /// `ListPodIdentityAssociations`.
    PodIdentityAssociation { association_id: String, cluster_name: Option<String>, namespace: Option<String>, service_account: Option<String> }

    /// `DescribePodIdentityAssociation`: the list lacks the role.
    PodIdentityAssociationDetail { association_id: String, cluster_name: Option<String>, namespace: Option<String>, service_account: Option<String>, role_arn: Option<String>, target_role_arn: Option<String>, policy: Option<String>, disable_session_tags: Option<bool> }

    /// `ListAssociatedAccessPolicies` of one principal.
    PrincipalAccessPolicies { principal_arn: String, cluster_name: Option<String>, associated_access_policies: Vec<AssociatedAccessPolicy> }
    /// An access policy of EKS's, and where it holds.
    AssociatedAccessPolicy { policy_arn: Option<String>, access_scope: Option<AccessScope> }
    /// The whole cluster or some namespaces.
    AccessScope { r#type: Option<String> }

    /// `DescribeClusterVersions`.
    ClusterVersion {
        cluster_version: String,
        cluster_type: Option<String>,
        end_of_standard_support_date: Option<Time>,
        end_of_extended_support_date: Option<Time>,
    }

    /// `ListInsights`.
    Insight { id: String, name: Option<String>, category: Option<String>, insight_status: Option<InsightStatus> }
    /// What an insight found.
    InsightStatus { status: Option<String>, reason: Option<String> }

    /// `ListCapabilities`.
    CapabilitySummary { capability_name: String, r#type: Option<String> }
    /// `DescribeCapability`.
    Capability { capability_name: String, cluster_name: Option<String>, role_arn: Option<String>, status: Option<String>, configuration: Option<CapabilityConfiguration>, health: Option<CapabilityHealth> }
    /// Settings of a capability.
    CapabilityConfiguration { argo_cd: Option<ArgoCd> }
    /// Settings of Argo CD.
    ArgoCd { network_access: Option<ArgoCdNetworkAccess> }
    /// From where Argo CD can be reached.
    ArgoCdNetworkAccess { vpce_ids: Vec<String> }
    /// What EKS finds wrong with a capability.
    CapabilityHealth { issues: Vec<CapabilityIssue> }
    /// One thing that EKS finds wrong with a capability.
    CapabilityIssue { code: Option<String>, message: Option<String> }

    /// `ListCertificateAuthorities`.
    CertificateAuthoritySummary { id: String, signing_status: Option<String> }
    /// `DescribeCertificateAuthority`, without its certificate.
    CertificateAuthority { id: String, signing_status: Option<String>, validity: Option<Validity>, scheduled_events: Option<ScheduledEvents> }
    /// When a certificate is valid.
    Validity { not_after: Option<Time> }
    /// When EKS itself changes over to a new CA.
    ScheduledEvents { first_auto_activation: Option<Time>, final_auto_activation: Option<Time> }
}

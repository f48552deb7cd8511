//! AWS's collections in a snapshot: their JSON keys, identities and the operations that fill them.

pub mod autoscaling;
pub mod ec2;
pub mod ecr;
pub mod eks;
pub mod iam;
pub mod kms;
pub mod route53;
pub mod route53profiles;
pub mod route53resolver;
mod shape;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One kind of thing that is read from AWS.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    /// The key in a snapshot, for instance `RouteTables`.
    pub key: &'static str,
    /// The service's IAM prefix, for instance `ec2`.
    pub service: &'static str,
    /// The operation that fills it, for instance `DescribeRouteTables`.
    pub operation: &'static str,
}

impl Collection {
    /// The IAM action, for instance `ec2:DescribeRouteTables`.
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// Declares every collection once: field, JSON key, type, identity, and where it comes from.
macro_rules! collections {
    ($( $(#[$meta:meta])* $field:ident : $ty:ty = $key:literal, $id:expr, $service:literal / $operation:literal; )*) => {
        /// Everything that was read from AWS. `None` was not read; an empty list was, and is empty.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Aws {
            $( $(#[$meta])* #[serde(rename = $key, skip_serializing_if = "Option::is_none", deserialize_with = "shape::one_or_many")] #[cfg_attr(feature = "ledger", deprecated)] pub $field: Option<Vec<$ty>>, )*
        }

        /// All collections, in the order of declaration.
        pub const COLLECTIONS: &[Collection] = &[ $( Collection { key: $key, service: $service, operation: $operation }, )* ];

        impl Aws {
            /// Sorts every collection by identity, so that equal snapshots are equal bytes.
            pub fn sort(&mut self) {
                $( if let Some(items) = &mut self.$field { let id: fn(&$ty) -> String = $id; items.sort_by_key(id); } )*
            }

            /// Adds what another call read.
            ///
            /// # Errors
            /// The key and identity of an item that both have, with different contents.
            pub fn merge(&mut self, other: Aws) -> Result<(), Conflict> {
                self.merge_with(other, &|_| None)
            }

            /// Adds what was read elsewhere; `reconcile` may settle two contents of one identity.
            ///
            /// # Errors
            /// The key and identity of an item that both have, with contents that stay different.
            pub fn merge_with(&mut self, other: Aws, reconcile: Reconcile<'_>) -> Result<(), Conflict> {
                $( if let Some(items) = other.$field {
                    merge_list($key, self.$field.get_or_insert_with(Vec::new), items, $id, reconcile)?;
                } )*
                Ok(())
            }

            /// The identities in a collection; `None` where it was not read.
            pub fn ids(&self, key: &str) -> Option<Vec<String>> {
                match key {
                    $( $key => { let id: fn(&$ty) -> String = $id; self.$field.as_ref().map(|items| items.iter().map(id).collect()) } )*
                    _ => None,
                }
            }

            /// Makes collections unread.
            pub fn forget(&mut self, which: impl Fn(&Collection) -> bool) {
                $( if which(&Collection { key: $key, service: $service, operation: $operation }) { self.$field = None; } )*
            }

            /// Makes a collection that was not read an empty one.
            pub fn read_as_empty(&mut self, key: &str) {
                match key {
                    $( $key => drop(self.$field.get_or_insert_default()), )*
                    _ => {}
                }
            }

            /// Whether no collection was read.
            pub fn is_empty(&self) -> bool {
                $( self.$field.is_none() )&&*
            }
        }
    };
}

/// Two contents of one identity.
#[derive(Clone, Copy, Debug)]
pub struct TwoContents<'a> {
    /// The collection's key.
    pub collection: &'static str,
    /// The item's identity.
    pub id: &'a str,
    /// The content so far.
    pub ours: &'a Value,
    /// The content that is added.
    pub theirs: &'a Value,
}

/// Settles two contents of one identity, or declines.
pub type Reconcile<'a> = &'a dyn Fn(TwoContents<'_>) -> Option<Value>;

/// One identity with two contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The collection's key.
    pub collection: &'static str,
    /// The item's identity.
    pub id: String,
}

fn merge_list<T: PartialEq + Serialize + DeserializeOwned>(
    collection: &'static str,
    into: &mut Vec<T>,
    items: Vec<T>,
    id: fn(&T) -> String,
    reconcile: Reconcile<'_>,
) -> Result<(), Conflict> {
    let settle = |id: &str, ours: &T, theirs: &T| -> Option<T> {
        let (ours, theirs) = (serde_json::to_value(ours).ok()?, serde_json::to_value(theirs).ok()?);
        let two = TwoContents { collection, id, ours: &ours, theirs: &theirs };
        serde_json::from_value(reconcile(two)?).ok()
    };
    let mut known: BTreeMap<String, usize> =
        into.iter().enumerate().map(|(at, item)| (id(item), at)).collect();
    for item in items {
        let item_id = id(&item);
        match known.get(&item_id) {
            Some(&at) if into[at] == item => {}
            Some(&at) => {
                into[at] = settle(&item_id, &into[at], &item).ok_or(Conflict { collection, id: item_id })?;
            }
            None => {
                known.insert(item_id, into.len());
                into.push(item);
            }
        }
    }
    Ok(())
}

/// Names of node groups and the like are unique within their cluster only.
fn in_cluster(cluster: Option<&String>, name: &str) -> String {
    format!("{}/{name}", cluster.map_or("", String::as_str))
}

collections! {
    /// The cluster that is audited (one; `describe-cluster`).
    cluster: eks::Cluster = "cluster", |c| c.name.clone(), "eks"/"DescribeCluster";
    /// Names of the node groups.
    nodegroups: String = "nodegroups", Clone::clone, "eks"/"ListNodegroups";
    /// Node groups (`describe-nodegroup`).
    nodegroup: eks::Nodegroup = "nodegroup", |n| in_cluster(n.cluster_name.as_ref(), &n.nodegroup_name), "eks"/"DescribeNodegroup";
    /// Names of the Fargate profiles.
    fargate_profile_names: String = "fargateProfileNames", Clone::clone, "eks"/"ListFargateProfiles";
    /// Fargate profiles (`describe-fargate-profile`).
    fargate_profile: eks::FargateProfile = "fargateProfile", |f| in_cluster(f.cluster_name.as_ref(), &f.fargate_profile_name), "eks"/"DescribeFargateProfile";
    /// Names of the add-ons.
    addons: String = "addons", Clone::clone, "eks"/"ListAddons";
    /// Add-ons (`describe-addon`).
    addon: eks::Addon = "addon", |a| in_cluster(a.cluster_name.as_ref(), &a.addon_name), "eks"/"DescribeAddon";
    /// Principals that have an access entry.
    access_entries: String = "accessEntries", Clone::clone, "eks"/"ListAccessEntries";
    /// Access entries (`describe-access-entry`).
    access_entry: eks::AccessEntry = "accessEntry", |a| in_cluster(a.cluster_name.as_ref(), &a.principal_arn), "eks"/"DescribeAccessEntry";
    /// Pod identity associations.
    pod_identity_associations: eks::PodIdentityAssociation = "associations", |a| a.association_id.clone(), "eks"/"ListPodIdentityAssociations";
    /// Pod identity associations with their roles (`describe-pod-identity-association`).
    pod_identity_association: eks::PodIdentityAssociationDetail = "association", |a| a.association_id.clone(), "eks"/"DescribePodIdentityAssociation";
    /// Access policies of the principals that have an access entry.
    principal_access_policies: eks::PrincipalAccessPolicies = "principalAccessPolicies", |a| in_cluster(a.cluster_name.as_ref(), &a.principal_arn), "eks"/"ListAssociatedAccessPolicies";
    /// Kubernetes versions that EKS runs, with their dates of support.
    cluster_versions: eks::ClusterVersion = "clusterVersions", |v| format!("{}:{}", v.cluster_version, v.cluster_type.as_deref().unwrap_or_default()), "eks"/"DescribeClusterVersions";
    /// What EKS's own checks found about the cluster.
    insights: eks::Insight = "insights", |i| i.id.clone(), "eks"/"ListInsights";
    /// EKS Capabilities of the cluster.
    capabilities: eks::CapabilitySummary = "capabilities", |c| c.capability_name.clone(), "eks"/"ListCapabilities";
    /// EKS Capabilities (`describe-capability`).
    capability: eks::Capability = "capability", |c| in_cluster(c.cluster_name.as_ref(), &c.capability_name), "eks"/"DescribeCapability";
    /// Certificate authorities of the cluster.
    certificate_authorities: eks::CertificateAuthoritySummary = "certificateAuthorities", |c| c.id.clone(), "eks"/"ListCertificateAuthorities";
    /// Certificate authorities (`describe-certificate-authority`).
    certificate_authority: eks::CertificateAuthority = "certificateAuthority", |c| c.id.clone(), "eks"/"DescribeCertificateAuthority";

    /// VPCs.
    vpcs: ec2::Vpc = "Vpcs", |v| v.vpc_id.clone(), "ec2"/"DescribeVpcs";
    /// DNS attributes of VPCs.
    vpc_attributes: ec2::VpcAttribute = "VpcAttributes", |v| v.vpc_id.clone(), "ec2"/"DescribeVpcAttribute";
    /// DHCP option sets.
    dhcp_options: ec2::DhcpOptions = "DhcpOptions", |d| d.dhcp_options_id.clone(), "ec2"/"DescribeDhcpOptions";
    /// Subnets.
    subnets: ec2::Subnet = "Subnets", |s| s.subnet_id.clone(), "ec2"/"DescribeSubnets";
    /// CIDR reservations of the subnets in which pods get prefixes.
    subnet_cidr_reservations: ec2::SubnetCidrReservations = "SubnetCidrReservations", |s| s.subnet_id.clone(), "ec2"/"GetSubnetCidrReservations";
    /// Route tables.
    route_tables: ec2::RouteTable = "RouteTables", |r| r.route_table_id.clone(), "ec2"/"DescribeRouteTables";
    /// Security groups.
    security_groups: ec2::SecurityGroup = "SecurityGroups", |g| g.group_id.clone(), "ec2"/"DescribeSecurityGroups";
    /// VPCs that security groups of other VPCs may be used in.
    security_group_vpc_associations: ec2::SecurityGroupVpcAssociation = "SecurityGroupVpcAssociations", |a| format!("{}:{}", a.group_id, a.vpc_id.as_deref().unwrap_or_default()), "ec2"/"DescribeSecurityGroupVpcAssociations";
    /// Network ACLs.
    network_acls: ec2::NetworkAcl = "NetworkAcls", |n| n.network_acl_id.clone(), "ec2"/"DescribeNetworkAcls";
    /// VPC endpoints.
    vpc_endpoints: ec2::VpcEndpoint = "VpcEndpoints", |e| e.vpc_endpoint_id.clone(), "ec2"/"DescribeVpcEndpoints";
    /// Endpoint services that the region offers; S3 and DynamoDB are there twice, once of each type.
    service_details: ec2::ServiceDetail = "ServiceDetails", |s| s.service_type.iter().filter_map(|t| t.service_type.as_deref()).fold(s.service_name.clone(), |id, t| id + ":" + t), "ec2"/"DescribeVpcEndpointServices";
    /// Network interfaces.
    network_interfaces: ec2::NetworkInterface = "NetworkInterfaces", |n| n.network_interface_id.clone(), "ec2"/"DescribeNetworkInterfaces";
    /// Instance types of the node groups.
    instance_types: ec2::InstanceTypeInfo = "InstanceTypes", |t| t.instance_type.clone(), "ec2"/"DescribeInstanceTypes";
    /// Zones that offer the instance types of the node groups.
    instance_type_offerings: ec2::InstanceTypeOffering = "InstanceTypeOfferings", |o| format!("{}:{}:{}", o.instance_type, o.location_type.as_deref().unwrap_or_default(), o.location.as_deref().unwrap_or_default()), "ec2"/"DescribeInstanceTypeOfferings";
    /// Launch template versions of the node groups.
    launch_template_versions: ec2::LaunchTemplateVersion = "LaunchTemplateVersions", |l| format!("{}:{}", l.launch_template_id, l.version_number.unwrap_or_default()), "ec2"/"DescribeLaunchTemplateVersions";
    /// Prefix lists.
    prefix_lists: ec2::ManagedPrefixList = "PrefixLists", |p| p.prefix_list_id.clone(), "ec2"/"DescribeManagedPrefixLists";
    /// Entries of the prefix lists.
    prefix_list_entries: ec2::PrefixListEntries = "PrefixListEntries", |p| p.prefix_list_id.clone(), "ec2"/"GetManagedPrefixListEntries";
    /// Peering connections.
    vpc_peering_connections: ec2::VpcPeeringConnection = "VpcPeeringConnections", |p| p.vpc_peering_connection_id.clone(), "ec2"/"DescribeVpcPeeringConnections";
    /// Transit gateways.
    transit_gateways: ec2::TransitGateway = "TransitGateways", |t| t.transit_gateway_id.clone(), "ec2"/"DescribeTransitGateways";
    /// Transit gateway attachments of VPCs.
    transit_gateway_vpc_attachments: ec2::TransitGatewayVpcAttachment = "TransitGatewayVpcAttachments", |t| t.transit_gateway_attachment_id.clone(), "ec2"/"DescribeTransitGatewayVpcAttachments";
    /// Transit gateway attachments of every kind.
    transit_gateway_attachments: ec2::TransitGatewayAttachment = "TransitGatewayAttachments", ec2::TransitGatewayAttachment::identity, "ec2"/"DescribeTransitGatewayAttachments";
    /// Transit gateway route tables.
    transit_gateway_route_tables: ec2::TransitGatewayRouteTable = "TransitGatewayRouteTables", |t| t.transit_gateway_route_table_id.clone(), "ec2"/"DescribeTransitGatewayRouteTables";
    /// Routes of the transit gateway route tables.
    transit_gateway_routes: ec2::TransitGatewayRoutes = "TransitGatewayRoutes", |t| t.transit_gateway_route_table_id.clone(), "ec2"/"SearchTransitGatewayRoutes";
    /// Client VPN endpoints.
    client_vpn_endpoints: ec2::ClientVpnEndpoint = "ClientVpnEndpoints", |c| c.client_vpn_endpoint_id.clone(), "ec2"/"DescribeClientVpnEndpoints";
    /// Subnets that the Client VPN endpoints are associated with.
    client_vpn_target_networks: ec2::ClientVpnTargetNetwork = "ClientVpnTargetNetworks", |c| c.association_id.clone(), "ec2"/"DescribeClientVpnTargetNetworks";
    /// Routes of the Client VPN endpoints.
    client_vpn_routes: ec2::ClientVpnRoutes = "ClientVpnRoutes", |c| c.client_vpn_endpoint_id.clone(), "ec2"/"DescribeClientVpnRoutes";
    /// Authorization rules of the Client VPN endpoints.
    client_vpn_authorization_rules: ec2::ClientVpnAuthorizationRules = "ClientVpnAuthorizationRules", |c| c.client_vpn_endpoint_id.clone(), "ec2"/"DescribeClientVpnAuthorizationRules";
    /// NAT gateways.
    nat_gateways: ec2::NatGateway = "NatGateways", |n| n.nat_gateway_id.clone(), "ec2"/"DescribeNatGateways";
    /// Internet gateways.
    internet_gateways: ec2::InternetGateway = "InternetGateways", |g| g.internet_gateway_id.clone(), "ec2"/"DescribeInternetGateways";
    /// Egress-only internet gateways.
    egress_only_internet_gateways: ec2::EgressOnlyInternetGateway = "EgressOnlyInternetGateways", |g| g.egress_only_internet_gateway_id.clone(), "ec2"/"DescribeEgressOnlyInternetGateways";
    /// Virtual private gateways.
    vpn_gateways: ec2::VpnGateway = "VpnGateways", |g| g.vpn_gateway_id.clone(), "ec2"/"DescribeVpnGateways";
    /// Availability Zones, Local Zones and Wavelength Zones.
    availability_zones: ec2::AvailabilityZone = "AvailabilityZones", |z| z.zone_name.clone().unwrap_or_default(), "ec2"/"DescribeAvailabilityZones";
    /// Instances tagged as the cluster's.
    reservations: ec2::Reservation = "Reservations", |r| r.reservation_id.clone().unwrap_or_default(), "ec2"/"DescribeInstances";

    /// Auto Scaling groups tagged as the cluster's.
    auto_scaling_groups: autoscaling::AutoScalingGroup = "AutoScalingGroups", |a| a.auto_scaling_group_name.clone(), "autoscaling"/"DescribeAutoScalingGroups";

    /// Roles (`get-role`).
    roles: iam::Role = "Role", |r| r.role_name.clone(), "iam"/"GetRole";
    /// Managed policies of the roles.
    attached_role_policies: iam::AttachedRolePolicies = "AttachedRolePolicies", |a| a.role_name.clone(), "iam"/"ListAttachedRolePolicies";
    /// Names of the policies inside the roles.
    role_policy_names: iam::RolePolicyNames = "RolePolicyNames", |r| r.role_name.clone(), "iam"/"ListRolePolicies";
    /// Policies inside the roles (`get-role-policy`).
    role_policies: iam::RolePolicy = "RolePolicies", |r| format!("{}/{}", r.role_name, r.policy_name), "iam"/"GetRolePolicy";
    /// Managed policies that are not AWS's (`get-policy`).
    policies: iam::Policy = "Policy", |p| p.arn.clone(), "iam"/"GetPolicy";
    /// The default versions of these policies.
    policy_versions: iam::PolicyVersion = "PolicyVersions", |v| v.policy_arn.clone(), "iam"/"GetPolicyVersion";
    /// Instance profiles of nodes (`get-instance-profile`).
    instance_profiles: iam::InstanceProfile = "InstanceProfile", |p| p.instance_profile_name.clone(), "iam"/"GetInstanceProfile";
    /// Identity providers.
    open_id_connect_providers: iam::OpenIDConnectProviderListEntry = "OpenIDConnectProviderList", |p| p.arn.clone(), "iam"/"ListOpenIDConnectProviders";
    /// The provider of the cluster's issuer.
    open_id_connect_provider: iam::OpenIDConnectProvider = "OpenIDConnectProvider", |p| p.url.clone(), "iam"/"GetOpenIDConnectProvider";

    /// Resolver endpoints.
    resolver_endpoints: route53resolver::ResolverEndpoint = "ResolverEndpoints", |e| e.id.clone(), "route53resolver"/"ListResolverEndpoints";
    /// Addresses of the resolver endpoints.
    resolver_endpoint_ip_addresses: route53resolver::ResolverEndpointIpAddresses = "ResolverEndpointIpAddresses", |e| e.resolver_endpoint_id.clone(), "route53resolver"/"ListResolverEndpointIpAddresses";
    /// Resolver rules.
    resolver_rules: route53resolver::ResolverRule = "ResolverRules", |r| r.id.clone(), "route53resolver"/"ListResolverRules";
    /// VPCs that the resolver rules apply to.
    resolver_rule_associations: route53resolver::ResolverRuleAssociation = "ResolverRuleAssociations", |r| r.id.clone(), "route53resolver"/"ListResolverRuleAssociations";
    /// DNS Firewall's rule groups of VPCs.
    firewall_rule_group_associations: route53resolver::FirewallRuleGroupAssociation = "FirewallRuleGroupAssociations", |f| f.id.clone(), "route53resolver"/"ListFirewallRuleGroupAssociations";
    /// Rules of these groups.
    firewall_rules: route53resolver::FirewallRule = "FirewallRules", route53resolver::FirewallRule::identity, "route53resolver"/"ListFirewallRules";
    /// DNS Firewall's domain lists; AWS's own among them have an owner's name.
    firewall_domain_lists: route53resolver::FirewallDomainListMetadata = "FirewallDomainLists", |l| l.id.clone(), "route53resolver"/"ListFirewallDomainLists";
    /// The domains in the lists that the rules are about; AWS does not show those of its own lists.
    firewall_domains: route53resolver::FirewallDomains = "FirewallDomainsByList", |l| l.firewall_domain_list_id.clone(), "route53resolver"/"ListFirewallDomains";

    /// Private hosted zones of VPCs.
    hosted_zones_by_vpc: route53::HostedZonesByVpc = "HostedZonesByVPC", |h| h.vpc_id.clone(), "route53"/"ListHostedZonesByVPC";
    /// Records of the private hosted zones that the account owns and that may answer for AWS's names:
    /// a zone of the owner's own domains is not read, nor can be one that an AWS service owns.
    resource_record_sets_by_zone: route53::ResourceRecordSetsByZone = "ResourceRecordSetsByZone", |z| z.hosted_zone_id.clone(), "route53"/"ListResourceRecordSets";
    /// Route 53 Profiles of VPCs.
    profile_associations: route53profiles::ProfileAssociation = "ProfileAssociations", |p| p.id.clone(), "route53profiles"/"ListProfileAssociations";
    /// What is in the profiles.
    profile_resource_associations: route53profiles::ProfileResourceAssociation = "ProfileResourceAssociations", |p| format!("{}:{}", p.profile_id.as_deref().unwrap_or_default(), p.id), "route53profiles"/"ListProfileResourceAssociations";

    /// Rules of the registry's pull-through cache.
    pull_through_cache_rules: ecr::PullThroughCacheRule = "pullThroughCacheRules", |r| r.ecr_repository_prefix.clone(), "ecr"/"DescribePullThroughCacheRules";

    /// The keys that encrypt Kubernetes secrets.
    key_metadata: kms::KeyMetadata = "KeyMetadata", |k| k.arn.clone().unwrap_or_else(|| k.key_id.clone()), "kms"/"DescribeKey";
}

/// The collection with this key.
pub fn collection(key: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.key == key)
}

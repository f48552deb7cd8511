//! The operations that this program may call, all of them reading: the IAM policy that it
//! prints comes from this list, and [`Guard`] refuses every other operation before it is sent.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// One operation that the program may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Operation {
    /// The service's IAM prefix, for instance `ec2`.
    pub service: &'static str,
    /// The operation, for instance `DescribeVpcs`.
    pub operation: &'static str,
    /// The IAM action, for instance `ec2:DescribeVpcs`.
    pub iam_action: &'static str,
}

macro_rules! operations {
    ($( $name:ident = $service:literal : $operation:literal; )*) => {
        $( pub(super) const $name: Operation =
            Operation { service: $service, operation: $operation, iam_action: concat!($service, ":", $operation) }; )*

        /// Every operation that the program may call.
        pub const OPERATIONS: &[Operation] = &[ $( $name, )* ];
    };
}

operations! {
    DESCRIBE_AUTO_SCALING_GROUPS = "autoscaling": "DescribeAutoScalingGroups";
    DESCRIBE_AVAILABILITY_ZONES = "ec2": "DescribeAvailabilityZones";
    DESCRIBE_CLIENT_VPN_AUTHORIZATION_RULES = "ec2": "DescribeClientVpnAuthorizationRules";
    DESCRIBE_CLIENT_VPN_ENDPOINTS = "ec2": "DescribeClientVpnEndpoints";
    DESCRIBE_CLIENT_VPN_ROUTES = "ec2": "DescribeClientVpnRoutes";
    DESCRIBE_CLIENT_VPN_TARGET_NETWORKS = "ec2": "DescribeClientVpnTargetNetworks";
    DESCRIBE_DHCP_OPTIONS = "ec2": "DescribeDhcpOptions";
    DESCRIBE_EGRESS_ONLY_INTERNET_GATEWAYS = "ec2": "DescribeEgressOnlyInternetGateways";
    DESCRIBE_INSTANCE_TYPE_OFFERINGS = "ec2": "DescribeInstanceTypeOfferings";
    DESCRIBE_INSTANCE_TYPES = "ec2": "DescribeInstanceTypes";
    DESCRIBE_INSTANCES = "ec2": "DescribeInstances";
    DESCRIBE_INTERNET_GATEWAYS = "ec2": "DescribeInternetGateways";
    DESCRIBE_LAUNCH_TEMPLATE_VERSIONS = "ec2": "DescribeLaunchTemplateVersions";
    DESCRIBE_MANAGED_PREFIX_LISTS = "ec2": "DescribeManagedPrefixLists";
    DESCRIBE_NAT_GATEWAYS = "ec2": "DescribeNatGateways";
    DESCRIBE_NETWORK_ACLS = "ec2": "DescribeNetworkAcls";
    DESCRIBE_NETWORK_INTERFACES = "ec2": "DescribeNetworkInterfaces";
    DESCRIBE_ROUTE_TABLES = "ec2": "DescribeRouteTables";
    DESCRIBE_SECURITY_GROUP_VPC_ASSOCIATIONS = "ec2": "DescribeSecurityGroupVpcAssociations";
    DESCRIBE_SECURITY_GROUPS = "ec2": "DescribeSecurityGroups";
    DESCRIBE_SUBNETS = "ec2": "DescribeSubnets";
    DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS = "ec2": "DescribeTransitGatewayAttachments";
    DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES = "ec2": "DescribeTransitGatewayRouteTables";
    DESCRIBE_TRANSIT_GATEWAY_VPC_ATTACHMENTS = "ec2": "DescribeTransitGatewayVpcAttachments";
    DESCRIBE_TRANSIT_GATEWAYS = "ec2": "DescribeTransitGateways";
    DESCRIBE_VPC_ATTRIBUTE = "ec2": "DescribeVpcAttribute";
    DESCRIBE_VPC_ENDPOINT_SERVICES = "ec2": "DescribeVpcEndpointServices";
    DESCRIBE_VPC_ENDPOINTS = "ec2": "DescribeVpcEndpoints";
    DESCRIBE_VPC_PEERING_CONNECTIONS = "ec2": "DescribeVpcPeeringConnections";
    DESCRIBE_VPCS = "ec2": "DescribeVpcs";
    DESCRIBE_VPN_GATEWAYS = "ec2": "DescribeVpnGateways";
    GET_MANAGED_PREFIX_LIST_ENTRIES = "ec2": "GetManagedPrefixListEntries";
    GET_SUBNET_CIDR_RESERVATIONS = "ec2": "GetSubnetCidrReservations";
    SEARCH_TRANSIT_GATEWAY_ROUTES = "ec2": "SearchTransitGatewayRoutes";
    DESCRIBE_PULL_THROUGH_CACHE_RULES = "ecr": "DescribePullThroughCacheRules";
    DESCRIBE_ACCESS_ENTRY = "eks": "DescribeAccessEntry";
    DESCRIBE_ADDON = "eks": "DescribeAddon";
    DESCRIBE_CAPABILITY = "eks": "DescribeCapability";
    DESCRIBE_CERTIFICATE_AUTHORITY = "eks": "DescribeCertificateAuthority";
    DESCRIBE_CLUSTER = "eks": "DescribeCluster";
    DESCRIBE_CLUSTER_VERSIONS = "eks": "DescribeClusterVersions";
    DESCRIBE_FARGATE_PROFILE = "eks": "DescribeFargateProfile";
    DESCRIBE_NODEGROUP = "eks": "DescribeNodegroup";
    DESCRIBE_POD_IDENTITY_ASSOCIATION = "eks": "DescribePodIdentityAssociation";
    LIST_ACCESS_ENTRIES = "eks": "ListAccessEntries";
    LIST_ADDONS = "eks": "ListAddons";
    LIST_ASSOCIATED_ACCESS_POLICIES = "eks": "ListAssociatedAccessPolicies";
    LIST_CAPABILITIES = "eks": "ListCapabilities";
    LIST_CERTIFICATE_AUTHORITIES = "eks": "ListCertificateAuthorities";
    LIST_CLUSTERS = "eks": "ListClusters";
    LIST_FARGATE_PROFILES = "eks": "ListFargateProfiles";
    LIST_INSIGHTS = "eks": "ListInsights";
    LIST_NODEGROUPS = "eks": "ListNodegroups";
    LIST_POD_IDENTITY_ASSOCIATIONS = "eks": "ListPodIdentityAssociations";
    GET_INSTANCE_PROFILE = "iam": "GetInstanceProfile";
    GET_OPEN_ID_CONNECT_PROVIDER = "iam": "GetOpenIDConnectProvider";
    GET_POLICY = "iam": "GetPolicy";
    GET_POLICY_VERSION = "iam": "GetPolicyVersion";
    GET_ROLE = "iam": "GetRole";
    GET_ROLE_POLICY = "iam": "GetRolePolicy";
    LIST_ATTACHED_ROLE_POLICIES = "iam": "ListAttachedRolePolicies";
    LIST_OPEN_ID_CONNECT_PROVIDERS = "iam": "ListOpenIDConnectProviders";
    LIST_ROLE_POLICIES = "iam": "ListRolePolicies";
    DESCRIBE_KEY = "kms": "DescribeKey";
    LIST_HOSTED_ZONES_BY_VPC = "route53": "ListHostedZonesByVPC";
    LIST_RESOURCE_RECORD_SETS = "route53": "ListResourceRecordSets";
    LIST_PROFILE_ASSOCIATIONS = "route53profiles": "ListProfileAssociations";
    LIST_PROFILE_RESOURCE_ASSOCIATIONS = "route53profiles": "ListProfileResourceAssociations";
    LIST_FIREWALL_DOMAIN_LISTS = "route53resolver": "ListFirewallDomainLists";
    LIST_FIREWALL_DOMAINS = "route53resolver": "ListFirewallDomains";
    LIST_FIREWALL_RULE_GROUP_ASSOCIATIONS = "route53resolver": "ListFirewallRuleGroupAssociations";
    LIST_FIREWALL_RULES = "route53resolver": "ListFirewallRules";
    LIST_RESOLVER_ENDPOINT_IP_ADDRESSES = "route53resolver": "ListResolverEndpointIpAddresses";
    LIST_RESOLVER_ENDPOINTS = "route53resolver": "ListResolverEndpoints";
    LIST_RESOLVER_RULE_ASSOCIATIONS = "route53resolver": "ListResolverRuleAssociations";
    LIST_RESOLVER_RULES = "route53resolver": "ListResolverRules";
    GET_CALLER_IDENTITY = "sts": "GetCallerIdentity";
}

/// Refuses every operation that is not in [`OPERATIONS`], before anything is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard;

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "ReadOnlyGuard"
    }

    fn read_before_serialization(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match config.load::<Metadata>() {
            Some(called) if allowed(called.service(), called.name()) => Ok(()),
            Some(called) => {
                Err(format!("{} {} is not on the list of operations", called.service(), called.name()).into())
            }
            None => Err("a call without a name is not on the list of operations".into()),
        }
    }
}

/// Whether the SDK's service and operation are in [`OPERATIONS`].
fn allowed(sdk_service: &str, operation: &str) -> bool {
    let service = match sdk_service {
        "Auto Scaling" => "autoscaling",
        "EC2" => "ec2",
        "ECR" => "ecr",
        "EKS" => "eks",
        "IAM" => "iam",
        "KMS" => "kms",
        "Route 53" => "route53",
        "Route53Profiles" => "route53profiles",
        "Route53Resolver" => "route53resolver",
        "STS" => "sts",
        _ => return false,
    };
    OPERATIONS.iter().any(|allowed| allowed.service == service && allowed.operation == operation)
}

#[cfg(test)]
mod tests {
    use privek_aws::snapshot::aws::COLLECTIONS;

    use super::*;

    #[test]
    fn every_collection_can_be_filled_by_an_allowed_operation() {
        for collection in COLLECTIONS {
            assert!(
                OPERATIONS.iter().any(|allowed| allowed.iam_action == collection.permission()),
                "{} needs {}",
                collection.key,
                collection.permission()
            );
        }
    }

    #[test]
    fn only_reading_operations_are_allowed_and_each_is_listed_once() {
        let mut seen = std::collections::BTreeSet::new();
        for allowed in OPERATIONS {
            assert!(
                ["Describe", "List", "Get", "Search"].iter().any(|verb| allowed.operation.starts_with(verb)),
                "{}",
                allowed.iam_action
            );
            assert!(seen.insert(allowed.iam_action), "{} is listed twice", allowed.iam_action);
        }
    }

    #[test]
    fn an_operation_of_another_service_is_refused_even_if_its_name_is_on_the_list() {
        assert!(allowed("EKS", "DescribeCluster"));
        assert!(!allowed("Redshift", "DescribeCluster"));
        assert!(!allowed("EC2", "TerminateInstances"));
    }
}

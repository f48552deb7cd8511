//! Operations whose answer may be declared as empty: what they list need not exist. An answer about one thing
//! (a cluster, a role, the records of a zone) is not among them, because the thing does exist.

/// In order.
pub(super) const OPERATIONS: [&str; 33] = [
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeSecurityGroupVpcAssociations",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpnGateways",
    "ec2:GetSubnetCidrReservations",
    "ecr:DescribePullThroughCacheRules",
    "eks:ListAccessEntries",
    "eks:ListAddons",
    "eks:ListCapabilities",
    "eks:ListCertificateAuthorities",
    "eks:ListFargateProfiles",
    "eks:ListInsights",
    "eks:ListNodegroups",
    "eks:ListPodIdentityAssociations",
    "iam:ListAttachedRolePolicies",
    "iam:ListOpenIDConnectProviders",
    "iam:ListRolePolicies",
    "route53:ListHostedZonesByVPC",
    "route53profiles:ListProfileAssociations",
    "route53profiles:ListProfileResourceAssociations",
    "route53resolver:GetFirewallConfig",
    "route53resolver:ListFirewallRuleGroupAssociations",
    "route53resolver:ListFirewallRules",
    "route53resolver:ListResolverEndpoints",
    "route53resolver:ListResolverRuleAssociations",
    "route53resolver:ListResolverRules",
];

/// The operations that `unread:` may name.
pub(super) fn operations() -> Vec<String> {
    OPERATIONS.map(str::to_owned).to_vec()
}

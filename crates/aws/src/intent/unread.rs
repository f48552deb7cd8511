//! Operations whose answer may be declared as empty: what they list need not exist. An answer about one thing
//! (a cluster, a role, the records of a zone) is not among them, because the thing does exist. Neither is what the
//! cluster consists of (nodes, add-ons, VPC endpoints, permissions): other answers show such things, and without them
//! rules would find nothing to judge.

/// In order.
pub(super) const OPERATIONS: [&str; 20] = [
    "ec2:DescribeEgressOnlyInternetGateways",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroupVpcAssociations",
    "ec2:DescribeTransitGatewayAttachments",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpnGateways",
    "ec2:GetSubnetCidrReservations",
    "ecr:DescribePullThroughCacheRules",
    "eks:ListCertificateAuthorities",
    "eks:ListInsights",
    "iam:ListOpenIDConnectProviders",
    "route53:ListHostedZonesByVPC",
    "route53profiles:ListProfileAssociations",
    "route53profiles:ListProfileResourceAssociations",
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

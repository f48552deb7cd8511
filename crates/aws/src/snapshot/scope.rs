//! What each collection is read for: one id at a time, one VPC at a time, or everything.

use std::collections::BTreeSet;

use privek_core::header::EVERYTHING;

/// Collections that are read one id at a time, or in which an absent id is somebody else's.
pub(super) fn is_scoped_by_own_id(key: &str) -> bool {
    matches!(
        key,
        "Vpcs"
            | "VpcAttributes"
            | "ClientVpnAuthorizationRules"
            | "ClientVpnEndpoints"
            | "ClientVpnRoutes"
            | "DhcpOptions"
            | "EgressOnlyInternetGateways"
            | "FirewallDomainsByList"
            | "FirewallRules"
            | "HostedZonesByVPC"
            | "InstanceTypeOfferings"
            | "InstanceTypes"
            | "KeyMetadata"
            | "LaunchTemplateVersions"
            | "PrefixListEntries"
            | "ProfileResourceAssociations"
            | "ResourceRecordSetsByZone"
            | "SubnetCidrReservations"
            | "TransitGateways"
            | "TransitGatewayRouteTables"
            | "TransitGatewayRoutes"
            | "ResolverEndpointIpAddresses"
            | "Role"
            | "AttachedRolePolicies"
            | "RolePolicyNames"
            | "RolePolicies"
            | "Policy"
            | "PolicyVersions"
            | "InstanceProfile"
            | "OpenIDConnectProvider"
    )
}

/// Collections whose items are lists: a page must not pass for all of it, or the rest looks free.
pub(super) fn is_list_in_one(key: &str) -> bool {
    matches!(
        key,
        "ClientVpnAuthorizationRules"
            | "ClientVpnRoutes"
            | "FirewallDomainsByList"
            | "FirewallRules"
            | "ResourceRecordSetsByZone"
            | "SubnetCidrReservations"
    )
}

/// Collections that are read one VPC at a time.
pub(super) fn is_scoped_by_vpc(key: &str) -> bool {
    matches!(
        key,
        "Subnets"
            | "RouteTables"
            | "SecurityGroups"
            | "SecurityGroupVpcAssociations"
            | "NetworkAcls"
            | "VpcEndpoints"
            | "NetworkInterfaces"
            | "NatGateways"
            | "InternetGateways"
            | "VpnGateways"
            | "VpcPeeringConnections"
            | "TransitGatewayVpcAttachments"
            | "TransitGatewayAttachments"
            | "FirewallRuleGroupAssociations"
            | "ProfileAssociations"
            | "ResolverEndpoints"
            | "ResolverRuleAssociations"
    )
}

/// What a collection of a directory was read for.
pub(super) fn scope(key: &str, ids: &[String], vpcs: &BTreeSet<String>) -> BTreeSet<String> {
    if is_scoped_by_own_id(key) {
        // A launch template's versions are scoped by the template, and so on; a key's ARN is whole.
        let whole = |id: &String| id.starts_with("arn:");
        let of =
            |id: &String| if whole(id) { id.clone() } else { id.split(':').next().unwrap_or(id).to_owned() };
        return ids.iter().map(of).collect();
    }
    if is_scoped_by_vpc(key) {
        return vpcs.clone();
    }
    BTreeSet::from([EVERYTHING.to_owned()])
}

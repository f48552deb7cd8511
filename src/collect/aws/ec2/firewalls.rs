//! Security groups and network ACLs.

#![expect(clippy::needless_pass_by_value, reason = "every conversion takes what it converts")]

use aws_sdk_ec2::{Client, types};

use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text, whole};

use super::filters::in_vpcs;
use super::tags::tag;

/// `DescribeSecurityGroups`.
pub(crate) async fn groups(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::SecurityGroup>> {
    all(
        client
            .describe_security_groups()
            .filters(in_vpcs(vpcs))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        security_group,
    )
    .await
}

/// `DescribeNetworkAcls`.
pub(crate) async fn acls(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::NetworkAcl>> {
    all(
        client.describe_network_acls().filters(in_vpcs(vpcs)).into_paginator().items().send().try_collect(),
        network_acl,
    )
    .await
}

/// `DescribeSecurityGroupVpcAssociations`: groups of other VPCs that interfaces here may carry.
pub(crate) async fn group_associations(
    client: &Client,
    vpcs: &[String],
) -> Fetched<Vec<shape::SecurityGroupVpcAssociation>> {
    let call = client.describe_security_group_vpc_associations().filters(in_vpcs(vpcs));
    all(call.into_paginator().items().send().try_collect(), security_group_vpc_association).await
}

/// The id and the name of a security group.
pub(super) fn group_identifier(v: types::GroupIdentifier) -> shape::GroupIdentifier {
    shape::GroupIdentifier { group_id: v.group_id }
}

fn security_group_vpc_association(
    v: types::SecurityGroupVpcAssociation,
) -> shape::SecurityGroupVpcAssociation {
    shape::SecurityGroupVpcAssociation {
        group_id: v.group_id.unwrap_or_default(),
        vpc_id: v.vpc_id,
        state: text(v.state),
    }
}

fn ip_range(v: types::IpRange) -> shape::IpRange {
    shape::IpRange { cidr_ip: v.cidr_ip }
}

fn ipv6_range(v: types::Ipv6Range) -> shape::Ipv6Range {
    shape::Ipv6Range { cidr_ipv6: v.cidr_ipv6 }
}

fn prefix_list_id(v: types::PrefixListId) -> shape::PrefixListId {
    shape::PrefixListId { prefix_list_id: v.prefix_list_id }
}

fn user_id_group_pair(v: types::UserIdGroupPair) -> shape::UserIdGroupPair {
    shape::UserIdGroupPair {
        group_id: v.group_id,
        vpc_id: v.vpc_id,
        vpc_peering_connection_id: v.vpc_peering_connection_id,
        peering_status: v.peering_status,
    }
}

fn ip_permission(v: types::IpPermission) -> shape::IpPermission {
    shape::IpPermission {
        ip_protocol: v.ip_protocol,
        from_port: whole(v.from_port),
        to_port: whole(v.to_port),
        ip_ranges: list(v.ip_ranges, ip_range),
        ipv6_ranges: list(v.ipv6_ranges, ipv6_range),
        prefix_list_ids: list(v.prefix_list_ids, prefix_list_id),
        user_id_group_pairs: list(v.user_id_group_pairs, user_id_group_pair),
    }
}

fn security_group(v: types::SecurityGroup) -> shape::SecurityGroup {
    shape::SecurityGroup {
        group_id: v.group_id.unwrap_or_default(),
        group_name: v.group_name,
        vpc_id: v.vpc_id,
        owner_id: v.owner_id,
        ip_permissions: list(v.ip_permissions, ip_permission),
        ip_permissions_egress: list(v.ip_permissions_egress, ip_permission),
        tags: list(v.tags, tag),
    }
}

fn network_acl_association(v: types::NetworkAclAssociation) -> shape::NetworkAclAssociation {
    shape::NetworkAclAssociation { subnet_id: v.subnet_id }
}

fn port_range(v: types::PortRange) -> shape::PortRange {
    shape::PortRange { from: whole(v.from), to: whole(v.to) }
}

fn icmp_type_code(v: types::IcmpTypeCode) -> shape::IcmpTypeCode {
    shape::IcmpTypeCode { code: whole(v.code), r#type: whole(v.r#type) }
}

fn network_acl_entry(v: types::NetworkAclEntry) -> shape::NetworkAclEntry {
    shape::NetworkAclEntry {
        rule_number: whole(v.rule_number),
        egress: v.egress,
        protocol: v.protocol,
        rule_action: text(v.rule_action),
        cidr_block: v.cidr_block,
        ipv6_cidr_block: v.ipv6_cidr_block,
        port_range: v.port_range.map(port_range),
        icmp_type_code: v.icmp_type_code.map(icmp_type_code),
    }
}

fn network_acl(v: types::NetworkAcl) -> shape::NetworkAcl {
    shape::NetworkAcl {
        network_acl_id: v.network_acl_id.unwrap_or_default(),
        vpc_id: v.vpc_id,
        owner_id: v.owner_id,
        is_default: v.is_default,
        associations: list(v.associations, network_acl_association),
        entries: list(v.entries, network_acl_entry),
        tags: list(v.tags, tag),
    }
}

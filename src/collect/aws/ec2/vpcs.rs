//! VPCs, their DNS attributes and DHCP options, subnets and zones.

use aws_sdk_ec2::{Client, types};
use ipnet::IpNet;
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text, whole};
use crate::collect::aws::failure::Failure;

use super::filters::{filter, in_vpcs};
use super::tags::tag;

/// `DescribeVpcs`.
pub(crate) async fn vpcs(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::Vpc>> {
    all(client.describe_vpcs().filters(in_vpcs(vpcs)).into_paginator().items().send().try_collect(), vpc)
        .await
}

/// One of the attributes that `DescribeVpcAttribute` gives one at a time.
pub(crate) async fn attribute(
    client: &Client,
    vpc: &str,
    name: types::VpcAttributeName,
) -> Fetched<shape::VpcAttribute> {
    let value = |value: Option<types::AttributeBooleanValue>| {
        value.map(|v| shape::AttributeBooleanValue { value: v.value })
    };
    match client.describe_vpc_attribute().vpc_id(vpc).attribute(name).send().await {
        Ok(v) => Ok(shape::VpcAttribute {
            vpc_id: vpc.to_owned(),
            enable_dns_support: value(v.enable_dns_support),
            enable_dns_hostnames: value(v.enable_dns_hostnames),
        }),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `DescribeDhcpOptions`.
pub(crate) async fn options(client: &Client, ids: &[String]) -> Fetched<Vec<shape::DhcpOptions>> {
    all(
        client
            .describe_dhcp_options()
            .filters(filter("dhcp-options-id", ids))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        dhcp_options,
    )
    .await
}

/// `DescribeSubnets`.
pub(crate) async fn subnets(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::Subnet>> {
    all(
        client.describe_subnets().filters(in_vpcs(vpcs)).into_paginator().items().send().try_collect(),
        subnet,
    )
    .await
}

/// `DescribeSubnets`.
pub(crate) async fn subnets_by_id(client: &Client, ids: &[String]) -> Fetched<Vec<shape::Subnet>> {
    all(
        client
            .describe_subnets()
            .filters(filter("subnet-id", ids))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        subnet,
    )
    .await
}

/// `GetSubnetCidrReservations` of one subnet; the SDK has no paginator for it.
pub(crate) async fn reservations(client: &Client, subnet: &str) -> Fetched<shape::SubnetCidrReservations> {
    let mut found = shape::SubnetCidrReservations { subnet_id: subnet.to_owned(), ..Default::default() };
    let mut next = None;
    loop {
        let call = client.get_subnet_cidr_reservations().subnet_id(subnet).set_next_token(next);
        let page = call.send().await.map_err(|error| Failure::of(&error))?;
        let (v4, v6) = (page.subnet_ipv4_cidr_reservations, page.subnet_ipv6_cidr_reservations);
        found.subnet_ipv4_cidr_reservations.extend(list(v4, subnet_cidr_reservation));
        found.subnet_ipv6_cidr_reservations.extend(list(v6, subnet_cidr_reservation));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(found);
        }
    }
}

fn subnet_cidr_reservation(v: types::SubnetCidrReservation) -> shape::SubnetCidrReservation {
    shape::SubnetCidrReservation {
        subnet_id: v.subnet_id,
        cidr: v.cidr,
        reservation_type: text(v.reservation_type),
        owner_id: v.owner_id,
    }
}

/// `DescribeAvailabilityZones`, those included that the account has not opted into.
pub(crate) async fn zones(client: &Client) -> Fetched<Vec<shape::AvailabilityZone>> {
    match client.describe_availability_zones().all_availability_zones(true).send().await {
        Ok(answer) => Ok(list(answer.availability_zones, availability_zone)),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// The prefixes of a VPC, IPv4 and IPv6, without those that cannot be parsed.
pub(crate) fn prefixes(vpc: &shape::Vpc) -> Vec<IpNet> {
    let v4 = vpc.cidr_block_association_set.iter().filter_map(|block| block.cidr_block.as_deref());
    let v6 = vpc.ipv6_cidr_block_association_set.iter().filter_map(|block| block.ipv6_cidr_block.as_deref());
    let all = vpc.cidr_block.as_deref().into_iter().chain(v4).chain(v6);
    all.filter_map(|text| text.parse().ok()).collect()
}

fn cidr_block_state(v: types::VpcCidrBlockState) -> shape::CidrBlockState {
    shape::CidrBlockState { state: text(v.state) }
}

fn vpc_cidr_block_association(v: types::VpcCidrBlockAssociation) -> shape::VpcCidrBlockAssociation {
    shape::VpcCidrBlockAssociation {
        cidr_block: v.cidr_block,
        cidr_block_state: v.cidr_block_state.map(cidr_block_state),
    }
}

fn vpc_ipv6_cidr_block_association(
    v: types::VpcIpv6CidrBlockAssociation,
) -> shape::VpcIpv6CidrBlockAssociation {
    shape::VpcIpv6CidrBlockAssociation {
        ipv6_cidr_block: v.ipv6_cidr_block,
        ipv6_cidr_block_state: v.ipv6_cidr_block_state.map(cidr_block_state),
        ipv6_address_attribute: text(v.ipv6_address_attribute),
    }
}

fn block_public_access_states(v: types::BlockPublicAccessStates) -> shape::BlockPublicAccessStates {
    shape::BlockPublicAccessStates { internet_gateway_block_mode: text(v.internet_gateway_block_mode) }
}

pub(super) fn vpc(v: types::Vpc) -> shape::Vpc {
    shape::Vpc {
        vpc_id: v.vpc_id.unwrap_or_default(),
        owner_id: v.owner_id,
        cidr_block: v.cidr_block,
        cidr_block_association_set: list(v.cidr_block_association_set, vpc_cidr_block_association),
        ipv6_cidr_block_association_set: list(
            v.ipv6_cidr_block_association_set,
            vpc_ipv6_cidr_block_association,
        ),
        dhcp_options_id: v.dhcp_options_id,
        block_public_access_states: v.block_public_access_states.map(block_public_access_states),
        // The SDK's model does not have the firewall's members yet; the AWS CLI's has them.
        network_firewall_associations: None,
        tags: list(v.tags, tag),
    }
}

fn attribute_value(v: types::AttributeValue) -> shape::AttributeValue {
    shape::AttributeValue { value: v.value }
}

fn dhcp_configuration(v: types::DhcpConfiguration) -> shape::DhcpConfiguration {
    shape::DhcpConfiguration { key: v.key, values: list(v.values, attribute_value) }
}

fn dhcp_options(v: types::DhcpOptions) -> shape::DhcpOptions {
    shape::DhcpOptions {
        dhcp_options_id: v.dhcp_options_id.unwrap_or_default(),
        dhcp_configurations: list(v.dhcp_configurations, dhcp_configuration),
        owner_id: v.owner_id,
    }
}

fn subnet_cidr_block_state(v: types::SubnetCidrBlockState) -> shape::CidrBlockState {
    shape::CidrBlockState { state: text(v.state) }
}

fn subnet_ipv6_cidr_block_association(
    v: types::SubnetIpv6CidrBlockAssociation,
) -> shape::SubnetIpv6CidrBlockAssociation {
    shape::SubnetIpv6CidrBlockAssociation {
        ipv6_cidr_block: v.ipv6_cidr_block,
        ipv6_cidr_block_state: v.ipv6_cidr_block_state.map(subnet_cidr_block_state),
    }
}

fn subnet(v: types::Subnet) -> shape::Subnet {
    shape::Subnet {
        subnet_id: v.subnet_id.unwrap_or_default(),
        vpc_id: v.vpc_id,
        owner_id: v.owner_id,
        state: text(v.state),
        cidr_block: v.cidr_block,
        ipv6_cidr_block_association_set: list(
            v.ipv6_cidr_block_association_set,
            subnet_ipv6_cidr_block_association,
        ),
        availability_zone: v.availability_zone,
        availability_zone_id: v.availability_zone_id,
        available_ip_address_count: whole(v.available_ip_address_count),
        map_public_ip_on_launch: v.map_public_ip_on_launch,
        assign_ipv6_address_on_creation: v.assign_ipv6_address_on_creation,
        ipv6_native: v.ipv6_native,
        enable_dns64: v.enable_dns64,
        block_public_access_states: v.block_public_access_states.map(block_public_access_states),
        network_firewall_connectivity_type: None,
        outpost_arn: v.outpost_arn,
        tags: list(v.tags, tag),
    }
}

fn availability_zone(v: types::AvailabilityZone) -> shape::AvailabilityZone {
    shape::AvailabilityZone {
        zone_name: v.zone_name,
        zone_id: v.zone_id,
        zone_type: v.zone_type,
        network_border_group: v.network_border_group,
        region_name: v.region_name,
        parent_zone_name: v.parent_zone_name,
        parent_zone_id: v.parent_zone_id,
    }
}

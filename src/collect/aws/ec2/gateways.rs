//! Ways out of a VPC: peering connections, NAT, internet and virtual private gateways.

use aws_sdk_ec2::{Client, types};
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text};
use crate::collect::aws::failure::Failure;

use super::filters::{filter, in_vpcs};

/// `DescribeVpcPeeringConnections` that the VPC is the `requester` or the `accepter` of.
pub(crate) async fn peerings(
    client: &Client,
    side: &str,
    vpc: &str,
) -> Fetched<Vec<shape::VpcPeeringConnection>> {
    let side = filter(&format!("{side}-vpc-info.vpc-id"), [vpc]);
    let peerings = client.describe_vpc_peering_connections().filters(side).into_paginator();
    all(peerings.items().send().try_collect(), vpc_peering_connection).await
}

/// `DescribeNatGateways`.
pub(crate) async fn nats(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::NatGateway>> {
    all(
        client.describe_nat_gateways().filter(in_vpcs(vpcs)).into_paginator().items().send().try_collect(),
        nat_gateway,
    )
    .await
}

/// `DescribeInternetGateways`.
pub(crate) async fn internet_gateways(
    client: &Client,
    vpcs: &[String],
) -> Fetched<Vec<shape::InternetGateway>> {
    all(
        client
            .describe_internet_gateways()
            .filters(filter("attachment.vpc-id", vpcs))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        internet_gateway,
    )
    .await
}

/// `DescribeEgressOnlyInternetGateways`: all of the account, for it has no filter by VPC.
pub(crate) async fn egress_only_gateways(client: &Client) -> Fetched<Vec<shape::EgressOnlyInternetGateway>> {
    let pages = client.describe_egress_only_internet_gateways().into_paginator().page_size(255);
    all(pages.items().send().try_collect(), egress_only_gateway).await
}

/// `DescribeVpnGateways`.
pub(crate) async fn vpn_gateways(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::VpnGateway>> {
    match client.describe_vpn_gateways().filters(filter("attachment.vpc-id", vpcs)).send().await {
        Ok(answer) => Ok(list(answer.vpn_gateways, vpn_gateway)),
        Err(error) => Err(Failure::of(&error)),
    }
}

fn vpc_peering_connection_state_reason(
    v: types::VpcPeeringConnectionStateReason,
) -> shape::VpcPeeringConnectionStateReason {
    shape::VpcPeeringConnectionStateReason { code: text(v.code) }
}

fn cidr_block(v: types::CidrBlock) -> shape::CidrBlock {
    shape::CidrBlock { cidr_block: v.cidr_block }
}

fn ipv6_cidr_block(v: types::Ipv6CidrBlock) -> shape::Ipv6CidrBlock {
    shape::Ipv6CidrBlock { ipv6_cidr_block: v.ipv6_cidr_block }
}

fn vpc_peering_connection_vpc_info(
    v: types::VpcPeeringConnectionVpcInfo,
) -> shape::VpcPeeringConnectionVpcInfo {
    shape::VpcPeeringConnectionVpcInfo {
        vpc_id: v.vpc_id,
        owner_id: v.owner_id,
        region: v.region,
        cidr_block: v.cidr_block,
        cidr_block_set: list(v.cidr_block_set, cidr_block),
        ipv6_cidr_block_set: list(v.ipv6_cidr_block_set, ipv6_cidr_block),
    }
}

fn vpc_peering_connection(v: types::VpcPeeringConnection) -> shape::VpcPeeringConnection {
    shape::VpcPeeringConnection {
        vpc_peering_connection_id: v.vpc_peering_connection_id.unwrap_or_default(),
        status: v.status.map(vpc_peering_connection_state_reason),
        requester_vpc_info: v.requester_vpc_info.map(vpc_peering_connection_vpc_info),
        accepter_vpc_info: v.accepter_vpc_info.map(vpc_peering_connection_vpc_info),
    }
}

fn nat_gateway_address(v: types::NatGatewayAddress) -> shape::NatGatewayAddress {
    shape::NatGatewayAddress {
        public_ip: v.public_ip,
        private_ip: v.private_ip,
        status: text(v.status),
        availability_zone: v.availability_zone,
    }
}

fn nat_gateway(v: types::NatGateway) -> shape::NatGateway {
    shape::NatGateway {
        nat_gateway_id: v.nat_gateway_id.unwrap_or_default(),
        vpc_id: v.vpc_id,
        subnet_id: v.subnet_id,
        state: text(v.state),
        connectivity_type: text(v.connectivity_type),
        availability_mode: text(v.availability_mode),
        route_table_id: v.route_table_id,
        nat_gateway_addresses: list(v.nat_gateway_addresses, nat_gateway_address),
    }
}

fn gateway_attachment(v: types::InternetGatewayAttachment) -> shape::GatewayAttachment {
    shape::GatewayAttachment { vpc_id: v.vpc_id, state: text(v.state) }
}

fn internet_gateway(v: types::InternetGateway) -> shape::InternetGateway {
    shape::InternetGateway {
        internet_gateway_id: v.internet_gateway_id.unwrap_or_default(),
        owner_id: v.owner_id,
        attachments: list(v.attachments, gateway_attachment),
    }
}

fn egress_only_gateway(v: types::EgressOnlyInternetGateway) -> shape::EgressOnlyInternetGateway {
    shape::EgressOnlyInternetGateway {
        egress_only_internet_gateway_id: v.egress_only_internet_gateway_id.unwrap_or_default(),
        attachments: list(v.attachments, gateway_attachment),
    }
}

fn vpc_attachment(v: types::VpcAttachment) -> shape::GatewayAttachment {
    shape::GatewayAttachment { vpc_id: v.vpc_id, state: text(v.state) }
}

fn vpn_gateway(v: types::VpnGateway) -> shape::VpnGateway {
    shape::VpnGateway {
        vpn_gateway_id: v.vpn_gateway_id.unwrap_or_default(),
        state: text(v.state),
        vpc_attachments: list(v.vpc_attachments, vpc_attachment),
    }
}

//! AWS Client VPN: endpoints, the subnets that they are associated with, their routes and authorization rules.

use aws_sdk_ec2::{Client, types};
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, text};

/// `DescribeClientVpnEndpoints`: all of the account, for it has no filter by VPC.
pub(crate) async fn endpoints(client: &Client) -> Fetched<Vec<shape::ClientVpnEndpoint>> {
    let pages = client.describe_client_vpn_endpoints().into_paginator();
    all(pages.items().send().try_collect(), endpoint).await
}

/// `DescribeClientVpnTargetNetworks`.
pub(crate) async fn target_networks(
    client: &Client,
    id: &str,
) -> Fetched<Vec<shape::ClientVpnTargetNetwork>> {
    let pages = client.describe_client_vpn_target_networks().client_vpn_endpoint_id(id).into_paginator();
    all(pages.items().send().try_collect(), target_network).await
}

/// `DescribeClientVpnRoutes`.
pub(crate) async fn routes(client: &Client, id: &str) -> Fetched<shape::ClientVpnRoutes> {
    let pages = client.describe_client_vpn_routes().client_vpn_endpoint_id(id).into_paginator();
    let routes = all(pages.items().send().try_collect(), route).await?;
    Ok(shape::ClientVpnRoutes { client_vpn_endpoint_id: id.to_owned(), routes })
}

/// `DescribeClientVpnAuthorizationRules`.
pub(crate) async fn authorization_rules(
    client: &Client,
    id: &str,
) -> Fetched<shape::ClientVpnAuthorizationRules> {
    let pages = client.describe_client_vpn_authorization_rules().client_vpn_endpoint_id(id).into_paginator();
    let authorization_rules = all(pages.items().send().try_collect(), authorization_rule).await?;
    Ok(shape::ClientVpnAuthorizationRules { client_vpn_endpoint_id: id.to_owned(), authorization_rules })
}

fn endpoint(v: types::ClientVpnEndpoint) -> shape::ClientVpnEndpoint {
    let status = |code| shape::ClientVpnStatus { code: text(code) };
    shape::ClientVpnEndpoint {
        client_vpn_endpoint_id: v.client_vpn_endpoint_id.unwrap_or_default(),
        client_cidr_block: v.client_cidr_block,
        vpc_id: v.vpc_id,
        security_group_ids: v.security_group_ids.unwrap_or_default(),
        dns_servers: v.dns_servers.unwrap_or_default(),
        status: v.status.map(|its| status(its.code)),
        traffic_ip_address_type: text(v.traffic_ip_address_type),
        transit_gateway_configuration: v
            .transit_gateway_configuration
            .map(|its| shape::ClientVpnTransitGateway { transit_gateway_id: its.transit_gateway_id }),
    }
}

fn target_network(v: types::TargetNetwork) -> shape::ClientVpnTargetNetwork {
    shape::ClientVpnTargetNetwork {
        association_id: v.association_id.unwrap_or_default(),
        client_vpn_endpoint_id: v.client_vpn_endpoint_id,
        vpc_id: v.vpc_id,
        target_network_id: v.target_network_id,
        security_groups: v.security_groups.unwrap_or_default(),
        status: v.status.map(|its| shape::ClientVpnStatus { code: text(its.code) }),
    }
}

fn route(v: types::ClientVpnRoute) -> shape::ClientVpnRoute {
    shape::ClientVpnRoute {
        client_vpn_endpoint_id: v.client_vpn_endpoint_id,
        destination_cidr: v.destination_cidr,
        target_subnet: v.target_subnet,
        status: v.status.map(|its| shape::ClientVpnStatus { code: text(its.code) }),
    }
}

fn authorization_rule(v: types::AuthorizationRule) -> shape::ClientVpnAuthorizationRule {
    shape::ClientVpnAuthorizationRule {
        client_vpn_endpoint_id: v.client_vpn_endpoint_id,
        group_id: v.group_id,
        access_all: v.access_all,
        destination_cidr: v.destination_cidr,
        status: v.status.map(|its| shape::ClientVpnStatus { code: text(its.code) }),
    }
}

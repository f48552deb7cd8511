//! Transit gateways: attachments, route tables and routes.

use aws_sdk_ec2::{Client, types};
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text};
use crate::collect::aws::failure::Failure;

use super::filters::{filter, in_vpcs};

/// `DescribeTransitGatewayVpcAttachments`.
pub(crate) async fn vpc_attachments(
    client: &Client,
    vpcs: &[String],
) -> Fetched<Vec<shape::TransitGatewayVpcAttachment>> {
    all(
        client
            .describe_transit_gateway_vpc_attachments()
            .filters(in_vpcs(vpcs))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        transit_gateway_vpc_attachment,
    )
    .await
}

/// `DescribeTransitGatewayAttachments`.
pub(crate) async fn attachments_of_vpcs(
    client: &Client,
    vpcs: &[String],
) -> Fetched<Vec<shape::TransitGatewayAttachment>> {
    all(
        client
            .describe_transit_gateway_attachments()
            .filters(filter("resource-id", vpcs))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        transit_gateway_attachment,
    )
    .await
}

/// `DescribeTransitGatewayAttachments`.
pub(crate) async fn attachments_of_gateway(
    client: &Client,
    id: &str,
) -> Fetched<Vec<shape::TransitGatewayAttachment>> {
    all(
        client
            .describe_transit_gateway_attachments()
            .filters(filter("transit-gateway-id", [id]))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        transit_gateway_attachment,
    )
    .await
}

/// `DescribeTransitGateways`.
pub(crate) async fn gateway(client: &Client, id: &str) -> Fetched<Vec<shape::TransitGateway>> {
    all(
        client
            .describe_transit_gateways()
            .transit_gateway_ids(id)
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        transit_gateway,
    )
    .await
}

/// `DescribeTransitGateways`: those of the ids that the account can describe.
pub(crate) async fn gateways(client: &Client, ids: &[String]) -> Fetched<Vec<shape::TransitGateway>> {
    let filter = filter("transit-gateway-id", ids);
    let pages = client.describe_transit_gateways().filters(filter).into_paginator();
    all(pages.items().send().try_collect(), transit_gateway).await
}

/// `DescribeTransitGatewayRouteTables`.
pub(crate) async fn route_tables(client: &Client, id: &str) -> Fetched<Vec<shape::TransitGatewayRouteTable>> {
    all(
        client
            .describe_transit_gateway_route_tables()
            .filters(filter("transit-gateway-id", [id]))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        transit_gateway_route_table,
    )
    .await
}

/// `SearchTransitGatewayRoutes`: the active and blackhole routes of one table.
pub(crate) async fn routes(client: &Client, table: &str) -> Fetched<shape::TransitGatewayRoutes> {
    let routes = client
        .search_transit_gateway_routes()
        .transit_gateway_route_table_id(table)
        .filters(filter("state", ["active", "blackhole"]))
        .into_paginator()
        .page_size(1000);
    let pages = routes.send().try_collect().await.map_err(|error| Failure::of(&error))?;
    Ok(shape::TransitGatewayRoutes {
        transit_gateway_route_table_id: table.to_owned(),
        additional_routes_available: pages.last().and_then(|page| page.additional_routes_available),
        routes: pages.into_iter().flat_map(|page| list(page.routes, transit_gateway_route)).collect(),
    })
}

fn transit_gateway_options(v: types::TransitGatewayOptions) -> shape::TransitGatewayOptions {
    shape::TransitGatewayOptions {
        security_group_referencing_support: text(v.security_group_referencing_support),
        default_route_table_association: text(v.default_route_table_association),
        default_route_table_propagation: text(v.default_route_table_propagation),
    }
}

fn transit_gateway(v: types::TransitGateway) -> shape::TransitGateway {
    shape::TransitGateway {
        transit_gateway_id: v.transit_gateway_id.unwrap_or_default(),
        state: text(v.state),
        owner_id: v.owner_id,
        options: v.options.map(transit_gateway_options),
    }
}

fn transit_gateway_vpc_attachment_options(
    v: types::TransitGatewayVpcAttachmentOptions,
) -> shape::TransitGatewayVpcAttachmentOptions {
    shape::TransitGatewayVpcAttachmentOptions {
        security_group_referencing_support: text(v.security_group_referencing_support),
        appliance_mode_support: text(v.appliance_mode_support),
    }
}

fn transit_gateway_vpc_attachment(
    v: types::TransitGatewayVpcAttachment,
) -> shape::TransitGatewayVpcAttachment {
    shape::TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: v.transit_gateway_attachment_id.unwrap_or_default(),
        transit_gateway_id: v.transit_gateway_id,
        vpc_id: v.vpc_id,
        state: text(v.state),
        subnet_ids: v.subnet_ids.unwrap_or_default(),
        options: v.options.map(transit_gateway_vpc_attachment_options),
    }
}

fn transit_gateway_attachment_association(
    v: types::TransitGatewayAttachmentAssociation,
) -> shape::TransitGatewayAttachmentAssociation {
    shape::TransitGatewayAttachmentAssociation {
        transit_gateway_route_table_id: v.transit_gateway_route_table_id,
        state: text(v.state),
    }
}

fn transit_gateway_attachment(v: types::TransitGatewayAttachment) -> shape::TransitGatewayAttachment {
    shape::TransitGatewayAttachment {
        transit_gateway_attachment_id: v.transit_gateway_attachment_id.unwrap_or_default(),
        transit_gateway_id: v.transit_gateway_id,
        transit_gateway_owner_id: v.transit_gateway_owner_id,
        resource_type: text(v.resource_type),
        resource_id: v.resource_id,
        resource_owner_id: v.resource_owner_id,
        state: text(v.state),
        association: v.association.map(transit_gateway_attachment_association),
    }
}

fn transit_gateway_route_table(v: types::TransitGatewayRouteTable) -> shape::TransitGatewayRouteTable {
    shape::TransitGatewayRouteTable {
        transit_gateway_route_table_id: v.transit_gateway_route_table_id.unwrap_or_default(),
        transit_gateway_id: v.transit_gateway_id,
        state: text(v.state),
        default_association_route_table: v.default_association_route_table,
    }
}

fn transit_gateway_route_attachment(
    v: types::TransitGatewayRouteAttachment,
) -> shape::TransitGatewayRouteAttachment {
    shape::TransitGatewayRouteAttachment {
        transit_gateway_attachment_id: v.transit_gateway_attachment_id,
        resource_id: v.resource_id,
        resource_type: text(v.resource_type),
    }
}

fn transit_gateway_route(v: types::TransitGatewayRoute) -> shape::TransitGatewayRoute {
    shape::TransitGatewayRoute {
        destination_cidr_block: v.destination_cidr_block,
        prefix_list_id: v.prefix_list_id,
        transit_gateway_attachments: list(v.transit_gateway_attachments, transit_gateway_route_attachment),
        r#type: text(v.r#type),
        state: text(v.state),
    }
}

//! Transit gateways: the VPC's attachments, and where each gateway sends packets from there.

use std::collections::{BTreeMap, BTreeSet};

use futures::join;

use super::region;
use crate::collect::aws::ec2::transit;
use crate::collect::aws::operations as op;
use crate::collect::aws::reading::{Reading, collection, each};
use crate::snapshot::aws::ec2::TransitGatewayAttachment;

/// The attachments of the VPC and the gateways that they lead to.
pub(super) async fn attachments(reading: &Reading<'_>, vpc: &str) {
    let (ec2, scope) = (&reading.clients.ec2, &[vpc.to_owned()]);
    let (of_vpc, all) = join!(
        reading.read(
            op::DESCRIBE_TRANSIT_GATEWAY_VPC_ATTACHMENTS,
            collection!("TransitGatewayVpcAttachments", transit_gateway_vpc_attachments),
            scope,
            transit::vpc_attachments(ec2, scope)
        ),
        reading.read(
            op::DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS,
            collection!("TransitGatewayAttachments", transit_gateway_attachments),
            scope,
            transit::attachments_of_vpcs(ec2, scope)
        ),
    );
    let all = all.unwrap_or_default();
    let mut gateways: BTreeMap<String, Option<String>> = BTreeMap::new();
    for attachment in of_vpc.into_iter().flatten() {
        gateways.extend(attachment.transit_gateway_id.map(|id| (id, None)));
    }
    for attachment in &all {
        gateways.extend(
            attachment.transit_gateway_id.clone().map(|id| (id, attachment.transit_gateway_owner_id.clone())),
        );
    }
    join!(
        each(gateways, |(id, owner)| gateway(reading, id, owner)),
        Box::pin(routes(reading, tables_of(&all)))
    );
}

/// The attachments of VPCs that lie behind a transit gateway.
pub(super) async fn of_vpcs(reading: &Reading<'_>, vpcs: &[String]) {
    let key = collection!("TransitGatewayVpcAttachments", transit_gateway_vpc_attachments);
    let call = transit::vpc_attachments(&reading.clients.ec2, vpcs);
    reading.read(op::DESCRIBE_TRANSIT_GATEWAY_VPC_ATTACHMENTS, key, vpcs, call).await;
}

/// One transit gateway that nobody asked for yet: itself, its attachments, its tables and their routes.
pub(super) async fn gateway(reading: &Reading<'_>, id: String, owner: Option<String>) {
    if reading.unasked([id.clone()], |asked| &mut asked.transit_gateways).is_empty() {
        return;
    }
    let (ec2, scope) = (&reading.clients.ec2, std::slice::from_ref(&id));
    let account = reading.look(|snapshot| snapshot.header.account.clone());
    // To an account that it is only shared with, EC2 shows the account's own attachments and no
    // tables, as if there were no others: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html
    let foreign = owner.is_some() && account.is_some() && owner != account;
    let gateways = collection!("TransitGateways", transit_gateways);
    let attachments = async {
        let call = transit::attachments_of_gateway(ec2, &id);
        let found = reading.call(op::DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS, scope, call).await;
        let Some(found) = found else { return };
        let complete = if foreign { &[] } else { scope };
        let tables = tables_of(&found);
        let key = collection!("TransitGatewayAttachments", transit_gateway_attachments);
        reading.keep(op::DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS, key, complete, found);
        Box::pin(routes(reading, tables)).await;
    };
    let tables = async {
        if foreign {
            let owner = owner.as_deref().unwrap_or_default();
            let message = format!("{id} belongs to account {owner}: read it with a profile of that account");
            reading.gap(op::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, &id, "OtherAccount", message);
            return;
        }
        let call = transit::route_tables(ec2, &id);
        let found = reading.call(op::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, scope, call).await;
        let Some(found) = found else { return };
        let ids: Vec<String> =
            found.iter().map(|table| table.transit_gateway_route_table_id.clone()).collect();
        let key = collection!("TransitGatewayRouteTables", transit_gateway_route_tables);
        // The gateway is part of the scope: these are all of its tables.
        let complete: Vec<String> = ids.iter().chain(scope).cloned().collect();
        reading.keep(op::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, key, &complete, found);
        Box::pin(routes(reading, ids)).await;
    };
    join!(
        reading.read(op::DESCRIBE_TRANSIT_GATEWAYS, gateways, scope, transit::gateway(ec2, &id)),
        attachments,
        tables
    );
}

/// The tables that attachments are associated with.
fn tables_of(attachments: &[TransitGatewayAttachment]) -> Vec<String> {
    let associations = attachments.iter().filter_map(|attachment| attachment.association.as_ref());
    let tables: BTreeSet<String> =
        associations.filter_map(|association| association.transit_gateway_route_table_id.clone()).collect();
    tables.into_iter().collect()
}

/// The routes of tables that were not asked for yet.
async fn routes(reading: &Reading<'_>, tables: Vec<String>) {
    let tables = reading.unasked(tables, |asked| &mut asked.transit_route_tables);
    each(tables, |table| async move {
        let scope = std::slice::from_ref(&table);
        let call = transit::routes(&reading.clients.ec2, &table);
        if let Some(found) = reading.call(op::SEARCH_TRANSIT_GATEWAY_ROUTES, scope, call).await {
            let lists: BTreeSet<String> =
                found.routes.iter().filter_map(|route| route.prefix_list_id.clone()).collect();
            let key = collection!("TransitGatewayRoutes", transit_gateway_routes);
            reading.keep(op::SEARCH_TRANSIT_GATEWAY_ROUTES, key, scope, vec![found]);
            region::entries(reading, lists.into_iter()).await;
        }
    })
    .await;
}

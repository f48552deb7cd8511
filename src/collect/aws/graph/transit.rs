//! Transit gateways: the VPC's attachments, and where each gateway sends packets from there.

use std::collections::{BTreeMap, BTreeSet};

use futures::join;

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
    join!(each(gateways, |(id, owner)| gateway(reading, id, owner)), routes(reading, tables_of(&all)));
}

/// One transit gateway: itself, its attachments, its tables and their routes.
async fn gateway(reading: &Reading<'_>, id: String, owner: Option<String>) {
    let (ec2, scope) = (&reading.clients.ec2, std::slice::from_ref(&id));
    let account = reading.look(|snapshot| snapshot.account.clone());
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
        routes(reading, tables).await;
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
        reading.keep(op::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, key, &ids, found);
        routes(reading, ids).await;
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
        if let Some(routes) = reading.call(op::SEARCH_TRANSIT_GATEWAY_ROUTES, scope, call).await {
            let key = collection!("TransitGatewayRoutes", transit_gateway_routes);
            reading.keep(op::SEARCH_TRANSIT_GATEWAY_ROUTES, key, scope, vec![routes]);
        }
    })
    .await;
}

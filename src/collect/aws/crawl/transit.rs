//! Transit gateways: the VPC's attachments, and where each gateway sends packets from there.

use std::collections::{BTreeMap, BTreeSet};

use futures::join;
use privek_aws::snapshot::aws::ec2::TransitGatewayAttachment;

use crate::collect::aws::ec2::transit;
use crate::collect::aws::operations;
use crate::collect::aws::session::{AskedOnce, Session, collection, each};

use super::region;

/// Transit gateways.
const TRANSIT_GATEWAYS: AskedOnce = AskedOnce("transit gateways");
/// Route tables of transit gateways, for their routes.
const ROUTE_TABLES: AskedOnce = AskedOnce("routes of transit gateway route tables");

/// The attachments of the VPC and their transit gateways.
pub(super) async fn attachments(session: &Session<'_>, vpc: &str) {
    let (ec2, scope) = (&session.clients.ec2, &[vpc.to_owned()]);
    let (of_vpc, all) = join!(
        session.read(
            operations::DESCRIBE_TRANSIT_GATEWAY_VPC_ATTACHMENTS,
            collection!(transit_gateway_vpc_attachments),
            scope,
            transit::vpc_attachments(ec2, scope)
        ),
        session.read(
            operations::DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS,
            collection!(transit_gateway_attachments),
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
        each(gateways, |(id, owner)| gateway(session, id, owner)),
        Box::pin(routes(session, tables_of(&all)))
    );
}

/// The attachments of VPCs that lie behind a transit gateway.
pub(super) async fn of_vpcs(session: &Session<'_>, vpcs: &[String]) {
    let field = collection!(transit_gateway_vpc_attachments);
    let call = transit::vpc_attachments(&session.clients.ec2, vpcs);
    session.read(operations::DESCRIBE_TRANSIT_GATEWAY_VPC_ATTACHMENTS, field, vpcs, call).await;
}

/// One transit gateway that was not read yet: itself, its attachments, its tables and their routes.
pub(super) async fn gateway(session: &Session<'_>, id: String, owner: Option<String>) {
    if !session.is_unasked(TRANSIT_GATEWAYS, id.clone()) {
        return;
    }
    let (ec2, scope) = (&session.clients.ec2, std::slice::from_ref(&id));
    let account = session.look(|snapshot| snapshot.header.account.clone());
    // To an account that it is only shared with, EC2 shows the account's own attachments and no
    // tables, as if there were no others: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html
    let foreign = owner.is_some() && account.is_some() && owner != account;
    let gateways = collection!(transit_gateways);
    let attachments = async {
        let call = transit::attachments_of_gateway(ec2, &id);
        let found = session.call(operations::DESCRIBE_TRANSIT_GATEWAY_ATTACHMENTS, scope, call).await;
        let Some(found) = found else { return };
        let complete = if foreign { &[] } else { scope };
        let tables = tables_of(&found);
        session.keep(collection!(transit_gateway_attachments), complete, found);
        Box::pin(routes(session, tables)).await;
    };
    let tables = async {
        if foreign {
            let owner = owner.as_deref().unwrap_or_default();
            let message = format!("{id} belongs to account {owner}; add --profile for that account");
            session.gap(operations::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, &id, "OtherAccount", message);
            return;
        }
        let call = transit::route_tables(ec2, &id);
        let found = session.call(operations::DESCRIBE_TRANSIT_GATEWAY_ROUTE_TABLES, scope, call).await;
        let Some(found) = found else { return };
        let ids: Vec<String> =
            found.iter().map(|table| table.transit_gateway_route_table_id.clone()).collect();
        let field = collection!(transit_gateway_route_tables);
        // The gateway is part of the scope: these are all of its tables.
        let complete: Vec<String> = ids.iter().chain(scope).cloned().collect();
        session.keep(field, &complete, found);
        Box::pin(routes(session, ids)).await;
    };
    join!(
        session.read(operations::DESCRIBE_TRANSIT_GATEWAYS, gateways, scope, transit::gateway(ec2, &id)),
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
async fn routes(session: &Session<'_>, tables: Vec<String>) {
    let tables = session.unasked(ROUTE_TABLES, tables);
    each(tables, |table| async move {
        let scope = std::slice::from_ref(&table);
        let call = transit::routes(&session.clients.ec2, &table);
        if let Some(found) = session.call(operations::SEARCH_TRANSIT_GATEWAY_ROUTES, scope, call).await {
            let lists: BTreeSet<String> =
                found.routes.iter().filter_map(|route| route.prefix_list_id.clone()).collect();
            session.keep(collection!(transit_gateway_routes), scope, vec![found]);
            region::entries(session, lists.into_iter()).await;
        }
    })
    .await;
}

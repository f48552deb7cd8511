//! Route tables, and the prefix lists that routes and rules refer to.

use aws_sdk_ec2::{Client, types};
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text, whole};

use super::filters::in_vpcs;
use super::tags::tag;

/// `DescribeRouteTables`.
pub(crate) async fn tables(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::RouteTable>> {
    all(
        client.describe_route_tables().filters(in_vpcs(vpcs)).into_paginator().items().send().try_collect(),
        route_table,
    )
    .await
}

/// `DescribeManagedPrefixLists`, AWS's own and the account's.
pub(crate) async fn prefix_lists(client: &Client) -> Fetched<Vec<shape::ManagedPrefixList>> {
    let lists = client.describe_managed_prefix_lists().into_paginator().page_size(100);
    all(lists.items().send().try_collect(), managed_prefix_list).await
}

/// `GetManagedPrefixListEntries` of one list.
pub(crate) async fn entries(client: &Client, id: &str) -> Fetched<shape::PrefixListEntries> {
    let pages = client.get_managed_prefix_list_entries().prefix_list_id(id).into_paginator().page_size(100);
    let entries = all(pages.items().send().try_collect(), prefix_list_entry).await?;
    Ok(shape::PrefixListEntries { prefix_list_id: id.to_owned(), entries })
}

fn route_table_association_state(v: types::RouteTableAssociationState) -> shape::RouteTableAssociationState {
    shape::RouteTableAssociationState { state: text(v.state) }
}

fn route_table_association(v: types::RouteTableAssociation) -> shape::RouteTableAssociation {
    shape::RouteTableAssociation {
        main: v.main,
        subnet_id: v.subnet_id,
        gateway_id: v.gateway_id,
        association_state: v.association_state.map(route_table_association_state),
    }
}

fn route(v: types::Route) -> shape::Route {
    shape::Route {
        destination_cidr_block: v.destination_cidr_block,
        destination_ipv6_cidr_block: v.destination_ipv6_cidr_block,
        destination_prefix_list_id: v.destination_prefix_list_id,
        gateway_id: v.gateway_id,
        nat_gateway_id: v.nat_gateway_id,
        transit_gateway_id: v.transit_gateway_id,
        vpc_peering_connection_id: v.vpc_peering_connection_id,
        network_interface_id: v.network_interface_id,
        instance_id: v.instance_id,
        egress_only_internet_gateway_id: v.egress_only_internet_gateway_id,
        local_gateway_id: v.local_gateway_id,
        carrier_gateway_id: v.carrier_gateway_id,
        core_network_arn: v.core_network_arn,
        odb_network_arn: v.odb_network_arn,
        igw_firewall: None,
        origin: text(v.origin),
        state: text(v.state),
    }
}

fn propagating_vgw(v: types::PropagatingVgw) -> shape::PropagatingVgw {
    shape::PropagatingVgw { gateway_id: v.gateway_id }
}

fn route_table(v: types::RouteTable) -> shape::RouteTable {
    shape::RouteTable {
        route_table_id: v.route_table_id.unwrap_or_default(),
        vpc_id: v.vpc_id,
        owner_id: v.owner_id,
        associations: list(v.associations, route_table_association),
        routes: list(v.routes, route),
        propagating_vgws: list(v.propagating_vgws, propagating_vgw),
        tags: list(v.tags, tag),
    }
}

fn managed_prefix_list(v: types::ManagedPrefixList) -> shape::ManagedPrefixList {
    shape::ManagedPrefixList {
        prefix_list_id: v.prefix_list_id.unwrap_or_default(),
        prefix_list_name: v.prefix_list_name,
        owner_id: v.owner_id,
        max_entries: whole(v.max_entries),
    }
}

fn prefix_list_entry(v: types::PrefixListEntry) -> shape::PrefixListEntry {
    shape::PrefixListEntry { cidr: v.cidr }
}

//! Where something is: describe calls by id, and all VPCs of the region.
//!
//! By id, not by filter: AWS answers an id that does not exist with an error instead of an empty list.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::Builder;
use aws_smithy_types::timeout::TimeoutConfig;
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list};
use crate::collect::aws::failure::Failure;

use super::{capacity, vpcs};

/// The VPCs of a network interface.
pub(crate) async fn interface(client: &Client, id: &str, short: TimeoutConfig) -> Fetched<Vec<String>> {
    let call = client.describe_network_interfaces().network_interface_ids(id).customize();
    match call.config_override(Builder::new().timeout_config(short)).send().await {
        Ok(found) => Ok(list(found.network_interfaces, |found| found.vpc_id).into_iter().flatten().collect()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// The VPCs of a subnet.
pub(crate) async fn subnet(client: &Client, id: &str, short: TimeoutConfig) -> Fetched<Vec<String>> {
    let call = client.describe_subnets().subnet_ids(id).customize();
    match call.config_override(Builder::new().timeout_config(short)).send().await {
        Ok(found) => Ok(list(found.subnets, |found| found.vpc_id).into_iter().flatten().collect()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// A VPC, if it is there.
pub(crate) async fn vpc(client: &Client, id: &str, short: TimeoutConfig) -> Fetched<Vec<String>> {
    let call = client.describe_vpcs().vpc_ids(id).customize();
    match call.config_override(Builder::new().timeout_config(short)).send().await {
        Ok(found) => Ok(list(found.vpcs, |found| found.vpc_id).into_iter().flatten().collect()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// The VPCs of a VPC endpoint.
pub(crate) async fn endpoint(client: &Client, id: &str, short: TimeoutConfig) -> Fetched<Vec<String>> {
    let call = client.describe_vpc_endpoints().vpc_endpoint_ids(id).customize();
    match call.config_override(Builder::new().timeout_config(short)).send().await {
        Ok(found) => Ok(list(found.vpc_endpoints, |found| found.vpc_id).into_iter().flatten().collect()),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// An instance, in its reservation.
pub(crate) async fn instance(
    client: &Client,
    id: &str,
    short: TimeoutConfig,
) -> Fetched<Vec<shape::Reservation>> {
    let call = client.describe_instances().instance_ids(id).customize();
    match call.config_override(Builder::new().timeout_config(short)).send().await {
        Ok(found) => Ok(list(found.reservations, capacity::reservation)),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// All VPCs in the region that the account can describe.
pub(crate) async fn every_vpc(client: &Client) -> Fetched<Vec<shape::Vpc>> {
    let pages = client.describe_vpcs().into_paginator().page_size(1000);
    all(pages.items().send().try_collect(), vpcs::vpc).await
}

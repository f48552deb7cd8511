//! VPC endpoints, the services that they can be made for, and network interfaces.

use aws_sdk_ec2::{Client, types};
use privek_aws::snapshot::aws::ec2 as shape;

use crate::collect::aws::convert::{Fetched, all, list, text};
use crate::collect::aws::failure::Failure;

use super::filters::in_vpcs;
use super::firewalls::group_identifier;
use super::tags::tag;

/// `DescribeVpcEndpoints`.
pub(crate) async fn endpoints(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::VpcEndpoint>> {
    all(
        client.describe_vpc_endpoints().filters(in_vpcs(vpcs)).into_paginator().items().send().try_collect(),
        vpc_endpoint,
    )
    .await
}

/// `DescribeNetworkInterfaces`.
pub(crate) async fn interfaces(client: &Client, vpcs: &[String]) -> Fetched<Vec<shape::NetworkInterface>> {
    all(
        client
            .describe_network_interfaces()
            .filters(in_vpcs(vpcs))
            .into_paginator()
            .items()
            .send()
            .try_collect(),
        network_interface,
    )
    .await
}

/// `DescribeVpcEndpointServices`: all that the region offers. The SDK has no paginator for it.
pub(crate) async fn services(client: &Client) -> Fetched<Vec<shape::ServiceDetail>> {
    let mut services = Vec::new();
    let mut token = None;
    loop {
        let page = client.describe_vpc_endpoint_services().max_results(1000).set_next_token(token.clone());
        let page = page.send().await.map_err(|error| Failure::of(&error))?;
        services.extend(list(page.service_details, service_detail));
        let next = page.next_token.filter(|next| !next.is_empty());
        if next.is_none() || next == token {
            return Ok(services);
        }
        token = next;
    }
}

fn security_group_identifier(v: types::SecurityGroupIdentifier) -> shape::GroupIdentifier {
    shape::GroupIdentifier { group_id: v.group_id }
}

fn dns_options(v: types::DnsOptions) -> shape::DnsOptions {
    shape::DnsOptions {
        dns_record_ip_type: text(v.dns_record_ip_type),
        private_dns_only_for_inbound_resolver_endpoint: v.private_dns_only_for_inbound_resolver_endpoint,
    }
}

fn last_error(v: types::LastError) -> shape::LastError {
    shape::LastError { code: v.code, message: v.message }
}

fn vpc_endpoint(v: types::VpcEndpoint) -> shape::VpcEndpoint {
    shape::VpcEndpoint {
        vpc_endpoint_id: v.vpc_endpoint_id.unwrap_or_default(),
        vpc_endpoint_type: text(v.vpc_endpoint_type),
        vpc_id: v.vpc_id,
        service_name: v.service_name,
        service_region: v.service_region,
        state: text(v.state),
        policy_document: v.policy_document,
        route_table_ids: v.route_table_ids.unwrap_or_default(),
        subnet_ids: v.subnet_ids.unwrap_or_default(),
        groups: list(v.groups, security_group_identifier),
        private_dns_enabled: v.private_dns_enabled,
        ip_address_type: text(v.ip_address_type),
        dns_options: v.dns_options.map(dns_options),
        network_interface_ids: v.network_interface_ids.unwrap_or_default(),
        owner_id: v.owner_id,
        failure_reason: v.failure_reason,
        last_error: v.last_error.map(last_error),
    }
}

fn service_type_detail(v: types::ServiceTypeDetail) -> shape::ServiceTypeDetail {
    shape::ServiceTypeDetail { service_type: text(v.service_type) }
}

fn private_dns_details(v: types::PrivateDnsDetails) -> shape::PrivateDnsDetails {
    shape::PrivateDnsDetails { private_dns_name: v.private_dns_name }
}

fn service_detail(v: types::ServiceDetail) -> shape::ServiceDetail {
    shape::ServiceDetail {
        service_name: v.service_name.unwrap_or_default(),
        service_type: list(v.service_type, service_type_detail),
        availability_zones: v.availability_zones.unwrap_or_default(),
        private_dns_name: v.private_dns_name,
        private_dns_names: list(v.private_dns_names, private_dns_details),
        vpc_endpoint_policy_supported: v.vpc_endpoint_policy_supported,
    }
}

fn network_interface_association(
    v: types::NetworkInterfaceAssociation,
) -> shape::NetworkInterfaceAssociation {
    shape::NetworkInterfaceAssociation { public_ip: v.public_ip }
}

fn network_interface_private_ip_address(
    v: types::NetworkInterfacePrivateIpAddress,
) -> shape::NetworkInterfacePrivateIpAddress {
    shape::NetworkInterfacePrivateIpAddress {
        private_ip_address: v.private_ip_address,
        association: v.association.map(network_interface_association),
    }
}

fn ipv4_prefix(v: types::Ipv4PrefixSpecification) -> shape::Ipv4Prefix {
    shape::Ipv4Prefix { ipv4_prefix: v.ipv4_prefix }
}

fn ipv6_prefix(v: types::Ipv6PrefixSpecification) -> shape::Ipv6Prefix {
    shape::Ipv6Prefix { ipv6_prefix: v.ipv6_prefix }
}

fn network_interface_ipv6_address(
    v: types::NetworkInterfaceIpv6Address,
) -> shape::NetworkInterfaceIpv6Address {
    shape::NetworkInterfaceIpv6Address { ipv6_address: v.ipv6_address }
}

fn network_interface_attachment(v: types::NetworkInterfaceAttachment) -> shape::NetworkInterfaceAttachment {
    shape::NetworkInterfaceAttachment { instance_id: v.instance_id, status: text(v.status) }
}

fn network_interface(v: types::NetworkInterface) -> shape::NetworkInterface {
    shape::NetworkInterface {
        network_interface_id: v.network_interface_id.unwrap_or_default(),
        description: v.description,
        interface_type: text(v.interface_type),
        requester_managed: v.requester_managed,
        status: text(v.status),
        owner_id: v.owner_id,
        subnet_id: v.subnet_id,
        vpc_id: v.vpc_id,
        tag_set: list(v.tag_set, tag),
        private_ip_address: v.private_ip_address,
        private_ip_addresses: list(v.private_ip_addresses, network_interface_private_ip_address),
        ipv4_prefixes: list(v.ipv4_prefixes, ipv4_prefix),
        ipv6_addresses: list(v.ipv6_addresses, network_interface_ipv6_address),
        ipv6_prefixes: list(v.ipv6_prefixes, ipv6_prefix),
        groups: list(v.groups, group_identifier),
        attachment: v.attachment.map(network_interface_attachment),
        association: v.association.map(network_interface_association),
        source_dest_check: v.source_dest_check,
        deny_all_igw_traffic: v.deny_all_igw_traffic,
    }
}

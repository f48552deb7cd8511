//! One VPC endpoint: its state, its type, its service, and its addresses.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{Known, Missing};

use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::VpcEndpoint;

/// Whether an endpoint is in another VPC than the cluster's.
pub(crate) fn is_central(context: &Context<'_>, endpoint: &VpcEndpoint) -> bool {
    match (&context.vpc, endpoint.vpc_id.as_ref()) {
        (Ok(own), Some(its)) => own != its,
        _ => false,
    }
}

/// An endpoint's state in lower case: EC2 says `available`, the SDK's names are `Available`.
pub(crate) fn state(endpoint: &VpcEndpoint) -> Option<String> {
    endpoint.state.as_ref().map(|state| state.to_ascii_lowercase())
}

/// Whether a VPC endpoint is deleted, rejected or failed, so that it serves no client. A pending one may have
/// served before: AWS sets this state again at every modification
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>).
pub(crate) fn is_gone(endpoint: &VpcEndpoint) -> bool {
    matches!(state(endpoint).as_deref(), Some("deleted" | "deleting" | "rejected" | "failed" | "expired"))
}

/// Whether an endpoint is available.
pub(crate) fn available(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    match state(endpoint).as_deref() {
        Some("available") => Ok(true),
        Some("partial") => Err(vec![Missing::unmodelled(format!(
            "the effect of state 'partial' of {} on clients",
            endpoint.vpc_endpoint_id
        ))]),
        Some(_) => Ok(false),
        None => Err(vec![context.field("VpcEndpoints", &format!("State of {}", endpoint.vpc_endpoint_id))]),
    }
}

/// Why an endpoint may not answer.
pub(crate) fn silent(context: &Context<'_>, endpoint: &VpcEndpoint) -> Vec<Missing> {
    match available(context, endpoint) {
        Ok(true) => Vec::new(),
        Ok(false) => {
            let state = endpoint.state.as_deref().unwrap_or_default();
            vec![Missing::probe(format!("the answers of {}; its state is {state}", endpoint.vpc_endpoint_id))]
        }
        Err(missing) => missing,
    }
}

/// The part after the region in the service name of a VPC endpoint.
pub(crate) fn suffix(endpoint: &VpcEndpoint) -> Option<&str> {
    let name = endpoint.service_name.as_deref()?;
    let rest = name.strip_prefix("cn.").unwrap_or(name).strip_prefix("com.amazonaws.")?;
    match rest.split_once('.') {
        Some((region, suffix)) if region.contains('-') => Some(suffix),
        _ => Some(rest),
    }
}

/// The region whose service a VPC endpoint is for: an endpoint may be for a service of another region
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html>).
pub(crate) fn service_region<'e>(context: &'e Context<'_>, endpoint: &'e VpcEndpoint) -> Option<&'e str> {
    let named = || {
        let name = endpoint.service_name.as_deref()?;
        let rest = name.strip_prefix("cn.").unwrap_or(name).strip_prefix("com.amazonaws.")?;
        rest.split_once('.').map(|(region, _)| region).filter(|region| region.contains('-'))
    };
    endpoint.service_region.as_deref().or_else(named).or(context.region.as_deref())
}

/// Whether an endpoint's type can serve nodes.
pub(crate) fn type_right(context: &Context<'_>, endpoint: &VpcEndpoint, service: &Service) -> Known<bool> {
    let kind = kind(context, endpoint)?;
    Ok(service.types.iter().any(|right| right.eq_ignore_ascii_case(kind)))
}

/// Whether this is an interface endpoint.
pub(crate) fn is_interface(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    Ok(kind(context, endpoint)?.eq_ignore_ascii_case("Interface"))
}

/// Whether this is a gateway endpoint.
pub(crate) fn is_gateway(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    Ok(kind(context, endpoint)?.eq_ignore_ascii_case("Gateway"))
}

/// Gateway is what EC2 makes where a request names no type, not what an answer without one means.
fn kind<'e>(context: &Context<'_>, endpoint: &'e VpcEndpoint) -> Known<&'e str> {
    endpoint.vpc_endpoint_type.as_deref().ok_or_else(|| {
        vec![context.field("VpcEndpoints", &format!("VpcEndpointType of {}", endpoint.vpc_endpoint_id))]
    })
}

/// The prefix list that a gateway endpoint serves: AWS's own one of the service's name, else that of the
/// routes to the endpoint.
pub(crate) fn prefix_list(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<String> {
    let aws = &context.snapshot.aws;
    let service = endpoint.service_name.as_deref();
    let mut lists = aws.prefix_lists.iter().flatten();
    let named = lists.find(|list| service.is_some() && list.prefix_list_name.as_deref() == service);
    if let Some(list) = named {
        return Ok(list.prefix_list_id.clone());
    }
    let mut routes = aws.route_tables.iter().flatten().flat_map(|table| &table.routes);
    routes
        .find_map(|route| {
            let its = route.gateway_id.as_deref() == Some(&endpoint.vpc_endpoint_id);
            its.then(|| route.destination_prefix_list_id.clone()).flatten()
        })
        .ok_or_else(|| vec![context.missing("PrefixLists", service)])
}

/// Whether S3's own names resolve to this VPC endpoint only for queries through a Resolver endpoint
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html>).
pub(crate) fn inbound_only(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    let of_s3 = suffix(endpoint) == Some("s3") && is_interface(context, endpoint)?;
    if !of_s3 || endpoint.private_dns_enabled == Some(false) {
        return Ok(false);
    }
    let options = endpoint.dns_options.as_ref();
    options.and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint).ok_or_else(|| {
        let id = &endpoint.vpc_endpoint_id;
        vec![context.field("VpcEndpoints", &format!("PrivateDnsOnlyForInboundResolverEndpoint of {id}"))]
    })
}

/// The security groups of an endpoint.
pub(crate) fn group_ids(endpoint: &VpcEndpoint) -> Vec<String> {
    endpoint.groups.iter().filter_map(|group| group.group_id.clone()).collect()
}

/// The addresses of an endpoint's network interfaces.
pub(crate) fn addresses(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<BTreeSet<IpAddr>> {
    let mut found = BTreeSet::new();
    for id in &endpoint.network_interface_ids {
        found.extend(context.network.interface(id)?.addresses());
    }
    if found.is_empty() {
        let field = format!("NetworkInterfaceIds of {}", endpoint.vpc_endpoint_id);
        return Err(vec![context.field("VpcEndpoints", &field)]);
    }
    Ok(found)
}

/// The addresses of an endpoint's network interfaces in one zone.
pub(crate) fn zonal_addresses(
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    zone: &str,
) -> Known<BTreeSet<IpAddr>> {
    let mut found = BTreeSet::new();
    for id in &endpoint.network_interface_ids {
        let interface = context.network.interface(id)?;
        let field = || vec![context.field("NetworkInterfaces", &format!("SubnetId of {id}"))];
        let subnet = context.network.subnet(interface.subnet_id.as_deref().ok_or_else(field)?)?;
        if subnet.availability_zone.as_deref() == Some(zone) {
            found.extend(interface.addresses());
        }
    }
    Ok(found)
}

/// The addresses that an endpoint's names resolve to: those of the families that it has records for.
pub(crate) fn record_addresses(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<BTreeSet<IpAddr>> {
    let mut found = addresses(context, endpoint)?;
    let both = found.iter().any(IpAddr::is_ipv4) && found.iter().any(IpAddr::is_ipv6);
    if both {
        let families = record_families(context, endpoint)?;
        found.retain(|address| families.has(address));
    }
    Ok(found)
}

/// The address families of the records that an endpoint's names have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordFamilies {
    /// Whether there are A records.
    pub v4: bool,
    /// Whether there are AAAA records.
    pub v6: bool,
}

impl RecordFamilies {
    /// Whether there are records of an address's family.
    pub fn has(self, address: &IpAddr) -> bool {
        if address.is_ipv4() { self.v4 } else { self.v6 }
    }
}

/// The families that the private names of an endpoint have records of. `service-defined` means A records there, and
/// AAAA records for the Regional and zonal names only
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DnsOptionsSpecification.html>,
/// <https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ec2.VpcEndpointDnsRecordIpType.html>).
pub(crate) fn record_families(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<RecordFamilies> {
    let is = |text: Option<&str>, wanted: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    let options = endpoint.dns_options.as_ref();
    let records = options.and_then(|options| options.dns_record_ip_type.as_deref());
    let addresses = endpoint.ip_address_type.as_deref();
    // An endpoint with addresses of one family can answer with nothing else.
    if is(addresses, "ipv6") || is(records, "ipv6") {
        return Ok(RecordFamilies { v4: false, v6: true });
    }
    if is(addresses, "ipv4") || is(records, "ipv4") || is(records, "service-defined") {
        return Ok(RecordFamilies { v4: true, v6: false });
    }
    if is(records, "dualstack") {
        return Ok(RecordFamilies { v4: true, v6: true });
    }
    Err(vec![context.field("VpcEndpoints", &format!("DnsRecordIpType of {}", endpoint.vpc_endpoint_id))])
}

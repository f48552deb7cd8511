//! The VPC endpoints of a service: which ones exist, and which one serves.
//!
//! Names are matched by their ending, never by a part: `ec2messages` is not `ec2`, and the
//! prefix differs between partitions.

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::facts::inventory::route53_profiles;
use crate::facts::inventory::vpc_dns::{VpcDnsAttribute, dns_attribute};
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::centralized;

/// Whether a service's full name is the one with this suffix in this region.
pub(crate) fn is_named(name: &str, region: &str, suffix: &str, service: &Service) -> bool {
    if service.global {
        return name == format!("com.amazonaws.{suffix}");
    }
    name.ends_with(&format!(".{region}.{suffix}"))
}

/// The service as the region offers it; `None` where it does not.
pub(crate) fn offer<'s>(
    context: &Context<'s>,
    suffix: &str,
    service: &Service,
) -> Known<Option<&'s ServiceDetail>> {
    let region = region(context)?;
    let all = context.items(context.snapshot.aws.service_details.as_deref(), "ServiceDetails", "*")?;
    let named = |detail: &&ServiceDetail| is_named(&detail.service_name, region, suffix, service);
    // In China the gateway and the interface endpoint of S3 have different names.
    let first = service.types.first();
    let preferred = |detail: &&ServiceDetail| {
        detail
            .service_type
            .iter()
            .any(|kind| kind.service_type.is_some() && kind.service_type.as_ref() == first)
    };
    let found = all.iter().filter(named).find(preferred).or_else(|| all.iter().find(named));
    // Each region lists its own services; another one's are listed for its `ServiceRegions`:
    // https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html
    match (found, service.home.get(&context.partition)) {
        (None, Some(home)) if home != region => Err(vec![Missing::operation(
            format!("ec2:DescribeVpcEndpointServices for the services of {home}, which is not read"),
            Some("ec2:DescribeVpcEndpointServices"),
        )]),
        (found, _) => Ok(found),
    }
}

/// The VPC endpoints of a service in the cluster's VPC, and those of other VPCs in its Route 53 Profile; the
/// one that serves the service comes first. VPC endpoints that are being deleted do not count.
pub(crate) fn of<'s>(context: &Context<'s>, suffix: &str, service: &Service) -> Known<Vec<&'s VpcEndpoint>> {
    let region = region(context)?;
    let vpc = context.vpc.clone()?;
    let all = context.items(context.snapshot.aws.vpc_endpoints.as_deref(), "VpcEndpoints", &vpc)?;
    let own = all.iter().filter(|endpoint| endpoint.vpc_id.as_deref() == Some(&vpc));
    let mut found: Vec<&VpcEndpoint> = own
        .chain(route53_profiles::endpoints(context))
        .filter(|endpoint| {
            let name = endpoint.service_name.as_deref().unwrap_or_default();
            is_named(name, region, suffix, service)
        })
        // An endpoint for another region's service does not serve this region's names.
        .filter(|endpoint| service.global || endpoint.service_region.as_deref().is_none_or(|of| of == region))
        .filter(|endpoint| !matches!(state(endpoint).as_deref(), Some("deleted" | "deleting")))
        .collect();
    found.sort_by_key(|endpoint| {
        let serves = names_served(context, endpoint) == Ok(true);
        let available = state(endpoint).as_deref() == Some("available");
        // S3's own names resolve to an interface VPC endpoint that answers for them, instead of the gateway VPC endpoint.
        (
            type_right(context, endpoint, service) != Ok(true),
            !available,
            !serves,
            is_gateway(context, endpoint) == Ok(true),
            is_central(context, endpoint),
            endpoint.vpc_endpoint_id.clone(),
        )
    });
    Ok(found)
}

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

/// Gateway is what EC2 makes where a request names no type, not what an answer without one means.
fn kind<'e>(context: &Context<'_>, endpoint: &'e VpcEndpoint) -> Known<&'e str> {
    endpoint.vpc_endpoint_type.as_deref().ok_or_else(|| {
        vec![context.field("VpcEndpoints", &format!("VpcEndpointType of {}", endpoint.vpc_endpoint_id))]
    })
}

/// Whether the service's own names resolve to this VPC endpoint. A gateway VPC endpoint needs no names.
pub(crate) fn names_served(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    if !is_interface(context, endpoint)? {
        return Ok(true);
    }
    let captured = match captured(context, endpoint) {
        Ok(None) => Ok(true),
        Err(missing) => Err(missing),
        Ok(Some(rule)) => Err(vec![Missing::probe(format!(
            "the answer of the targets of resolver rule {rule} for the name of {}",
            endpoint.vpc_endpoint_id
        ))]),
    };
    let on = match private_dns_on(context, endpoint) {
        // A profile is documented for endpoints that answer for their service's names in their own VPC.
        Ok(false) if is_central(context, endpoint) => Err(vec![Missing::probe(format!(
            "a DNS query for the service's name from a node's subnet; {} in the VPC's Route 53 Profile does not answer for the name in its own VPC",
            endpoint.vpc_endpoint_id
        ))]),
        // Its own name may have a record in a private hosted zone.
        Ok(false) if !inbound_only(context, endpoint) => {
            let why = format!("the service's name may resolve to {}", endpoint.vpc_endpoint_id);
            match centralized::answerers(context, &names_of(context, endpoint), &why) {
                doubts if doubts.is_empty() => Ok(false),
                doubts => Err(doubts),
            }
        }
        on => on,
    };
    known::all([on, dns_attributes(context), captured])
}

/// Whether S3's own names resolve to this VPC endpoint only for queries through a Resolver endpoint.
pub(crate) fn inbound_only(context: &Context<'_>, endpoint: &VpcEndpoint) -> bool {
    let options = endpoint.dns_options.as_ref();
    is_interface(context, endpoint) == Ok(true)
        && endpoint.private_dns_enabled == Some(true)
        && options.and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint) == Some(true)
}

/// Both DNS attributes of the VPC: without them no private name of an endpoint resolves in it
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>).
pub(crate) fn dns_attributes(context: &Context<'_>) -> Known<bool> {
    let vpc = context.vpc.clone()?;
    let is_on = |attribute| dns_attribute(context, &vpc, attribute);
    known::and(is_on(VpcDnsAttribute::Support), is_on(VpcDnsAttribute::Hostnames))
}

/// The resolver rule that forwards a VPC endpoint's own name, or names beneath it, out of the VPC: for the
/// same name a rule outranks a private hosted zone
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>).
fn captured(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<Option<String>> {
    region(context)?;
    let names = names_of(context, endpoint);
    centralized::forwarding(context, |domain| {
        names.iter().any(|name| *name == domain || domain.ends_with(&format!(".{name}")))
    })
}

/// The names that private DNS of an endpoint answers for; none for a service of another region.
fn names_of(context: &Context<'_>, endpoint: &VpcEndpoint) -> Vec<String> {
    let service = endpoint.service_name.as_deref().unwrap_or_default();
    let offered = context.snapshot.aws.service_details.iter().flatten();
    let detail = offered.into_iter().find(|detail| detail.service_name == service);
    let region = context.region.as_deref().unwrap_or_default();
    let suffix = service.split_once(&format!(".{region}.")).map(|(_, suffix)| suffix);
    suffix.map(|suffix| centralized::private_names(context, suffix, detail)).unwrap_or_default()
}

fn private_dns_on(context: &Context<'_>, endpoint: &VpcEndpoint) -> Known<bool> {
    let id = &endpoint.vpc_endpoint_id;
    let on = endpoint
        .private_dns_enabled
        .ok_or_else(|| vec![context.field("VpcEndpoints", &format!("PrivateDnsEnabled of {id}"))])?;
    let s3 = endpoint.service_name.as_deref().and_then(|name| name.rsplit('.').next()) == Some("s3");
    if !on || !s3 {
        return Ok(on);
    }
    // An S3 VPC endpoint may answer only queries through an inbound Resolver endpoint:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
    let inbound_only = endpoint
        .dns_options
        .as_ref()
        .and_then(|options| options.private_dns_only_for_inbound_resolver_endpoint);
    inbound_only.map(|only| !only).ok_or_else(|| {
        vec![context.field("VpcEndpoints", &format!("PrivateDnsOnlyForInboundResolverEndpoint of {id}"))]
    })
}

fn region<'c>(context: &'c Context<'_>) -> Known<&'c str> {
    context.region.as_deref().ok_or_else(|| vec![context.field("cluster", "the region in the cluster's ARN")])
}

/// The name that `create-vpc-endpoint` wants: what AWS offers, else the usual form.
pub(crate) fn service_name(
    context: &Context<'_>,
    suffix: &str,
    service: &Service,
    detail: Option<&ServiceDetail>,
) -> String {
    if let Some(detail) = detail {
        return detail.service_name.clone();
    }
    if service.global {
        return format!("com.amazonaws.{suffix}");
    }
    // In China gateway endpoints keep the common prefix.
    let gateway = service.types.first().is_some_and(|kind| kind == "Gateway");
    let prefix = if context.partition == "aws-cn" && !gateway { "cn.com.amazonaws" } else { "com.amazonaws" };
    format!("{prefix}.{}.{suffix}", context.region.as_deref().unwrap_or("REGION"))
}

pub(crate) fn group_ids(endpoint: &VpcEndpoint) -> Vec<String> {
    endpoint.groups.iter().filter_map(|group| group.group_id.clone()).collect()
}

//! The names of AWS services: as VPC endpoints are created for them, and as clients look them up.

use privek_core::known::{Known, Missing};

use crate::catalogue::registries;
use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::vpc_endpoint;

/// Whether a service's full name is the one with this suffix in this region.
///
/// Names are matched by their ending, never by a part: `ec2messages` is not `ec2`, and the prefix differs
/// between partitions.
pub(crate) fn is_named(name: &str, region: &str, suffix: &str, service: &Service) -> bool {
    if service.global {
        return name == format!("com.amazonaws.{suffix}");
    }
    name.ends_with(&format!(".{region}.{suffix}"))
}

/// Whether a VPC endpoint is for a service in the cluster's region. One for another region's service has that
/// region's names.
pub(crate) fn is_for(context: &Context<'_>, endpoint: &VpcEndpoint, suffix: &str, service: &Service) -> bool {
    let Some(region) = context.region.as_deref() else { return false };
    let name = endpoint.service_name.as_deref().unwrap_or_default();
    is_named(name, region, suffix, service)
        && (service.global || vpc_endpoint::service_region(context, endpoint) == Some(region))
}

/// The region of the cluster.
pub(crate) fn region<'c>(context: &'c Context<'_>) -> Known<&'c str> {
    context.region.as_deref().ok_or_else(|| vec![context.field("cluster", "the region in the cluster's ARN")])
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

/// The host names that a service's clients look up.
pub(crate) fn hosts(context: &Context<'_>, suffix: &str, service: &Service) -> Known<Vec<String>> {
    let region = region(context)?;
    let domain = context.domain().ok_or_else(|| {
        vec![Missing::unmodelled(format!("the DNS suffix of AWS services in {}", context.partition))]
    })?;
    if service.hosts.is_empty() {
        let offer = offer(context, suffix, service).ok().flatten();
        let offered = offer.and_then(offered);
        return Ok(vec![offered.unwrap_or_else(|| usual(suffix, service, region, domain))]);
    }
    let mut hosts =
        service.hosts.iter().map(|host| filled(context, host, domain)).collect::<Known<Vec<String>>>()?;
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}

/// The host names that node agents look up besides, where they use FIPS endpoints.
pub(crate) fn fips_hosts(context: &Context<'_>, service: &Service) -> Known<Vec<String>> {
    let all = service.fips.get(&context.partition).into_iter().flatten();
    all.map(|host| filled(context, host, context.domain().unwrap_or_default())).collect()
}

fn filled(context: &Context<'_>, host: &str, domain: &str) -> Known<String> {
    let region = region(context)?;
    let mut name = host.replace("{region}", region).replace("{domain}", domain);
    if name.contains("{newer_domain}") {
        let newer = context.newer_domain().ok_or_else(|| {
            let what = format!("the DNS suffix of newer AWS services in {}", context.partition);
            vec![Missing::unmodelled(what)]
        })?;
        name = name.replace("{newer_domain}", newer);
    }
    if name.contains("{account}") {
        let account = context.account.as_deref();
        let account =
            account.ok_or_else(|| vec![context.field("cluster", "the account in the cluster's ARN")])?;
        name = name.replace("{account}", account);
    }
    if name.contains("{eks}") {
        name = name.replace("{eks}", registries::eks(Some(region))?);
    }
    Ok(name)
}

/// The name that AWS says private DNS answers for, where that is one host.
fn offered(detail: &ServiceDetail) -> Option<String> {
    let name = detail.private_dns_name.as_deref()?;
    (!name.contains('*')).then(|| name.trim_end_matches('.').to_ascii_lowercase())
}

/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>
pub(crate) fn usual(suffix: &str, service: &Service, region: &str, domain: &str) -> String {
    let host: Vec<&str> = suffix.split('.').rev().collect();
    let host = host.join(".");
    if service.global { format!("{host}.{domain}") } else { format!("{host}.{region}.{domain}") }
}

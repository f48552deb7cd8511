//! The names that private DNS of a VPC endpoint answers for.

use std::collections::BTreeSet;

use privek_core::header::EVERYTHING;
use privek_core::known::Known;

use crate::catalogue::services::{self, OTHER};
use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::{service_names, vpc_endpoint};

/// The names and wildcards that private DNS of an endpoint answers for: as EC2 lists them for the service,
/// else those in which the service is documented. They are those of the region of the endpoint's service.
pub(crate) fn patterns(context: &Context<'_>, endpoint: &VpcEndpoint) -> Vec<String> {
    let listed = listed(context, endpoint);
    if !listed.is_empty() {
        return listed.into_iter().collect();
    }
    let (Some(suffix), Some(domain)) = (vpc_endpoint::suffix(endpoint), context.domain()) else {
        return Vec::new();
    };
    let region = vpc_endpoint::service_region(context, endpoint).unwrap_or_default();
    let service = services::matrix().ok().and_then(|matrix| matrix.services.get(suffix)).unwrap_or(&OTHER);
    // Services that are asked for by names of another domain have private DNS for those.
    let newer: Vec<String> = service
        .hosts
        .iter()
        .filter(|host| host.contains("{newer_domain}"))
        .filter_map(|host| Some(host.replace("{newer_domain}", context.newer_domain()?)))
        .map(|host| host.replace("{region}", region))
        .collect();
    if !newer.is_empty() {
        return newer;
    }
    let usual = service_names::usual(suffix, service, region, domain);
    // Where clients ask for names beneath the service's, its endpoint answers for them.
    let beneath = (!service.hosts.is_empty()).then(|| format!("*.{usual}"));
    [usual].into_iter().chain(beneath).collect()
}

/// Whether an endpoint may answer for this name of FIPS endpoints of its service, as far as was read.
pub(crate) fn may_have_more(context: &Context<'_>, endpoint: &VpcEndpoint, name: &str) -> bool {
    let details = context.snapshot.aws.service_details.as_deref();
    let unread = context.items(details, "ServiceDetails", EVERYTHING).is_err();
    let matrix = services::matrix();
    let service = vpc_endpoint::suffix(endpoint).and_then(|suffix| matrix.ok()?.services.get(suffix));
    let hosts = service.and_then(|service| service_names::fips_hosts(context, service).ok());
    unread && hosts.is_some_and(|hosts| hosts.iter().any(|host| host == name))
}

/// Each service of a region has one entry, those with a gateway and an interface endpoint have two.
fn listed(context: &Context<'_>, endpoint: &VpcEndpoint) -> BTreeSet<String> {
    let service = endpoint.service_name.as_deref();
    let all = context.snapshot.aws.service_details.iter().flatten();
    all.filter(|detail| service == Some(detail.service_name.as_str())).flat_map(names).collect()
}

/// The names and wildcards that EC2 lists for a service.
pub(crate) fn names(detail: &ServiceDetail) -> Vec<String> {
    let several = detail.private_dns_names.iter().filter_map(|name| name.private_dns_name.as_deref());
    let all = detail.private_dns_name.as_deref().into_iter().chain(several);
    all.map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect()
}

/// Whether a name is this one, or one beneath a wildcard.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(above) => name.strip_suffix(above).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => pattern == name,
    }
}

/// Whether private DNS of an endpoint answers queries that arrive at an inbound Resolver endpoint
/// (`inbound`), or those of the VPC's instances.
pub(crate) fn is_on(context: &Context<'_>, endpoint: &VpcEndpoint, inbound: bool) -> Known<bool> {
    if !vpc_endpoint::is_interface(context, endpoint)? {
        return Ok(false);
    }
    let id = &endpoint.vpc_endpoint_id;
    let on = endpoint
        .private_dns_enabled
        .ok_or_else(|| vec![context.field("VpcEndpoints", &format!("PrivateDnsEnabled of {id}"))])?;
    if !on || inbound {
        return Ok(on);
    }
    vpc_endpoint::inbound_only(context, endpoint).map(|only| !only)
}

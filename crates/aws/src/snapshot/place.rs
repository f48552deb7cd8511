//! Where AWS CLI outputs were made, as far as they say it themselves without contradiction.

use std::collections::BTreeSet;

use super::arn::Arn;
use super::aws::Aws;

/// The account of the clusters.
pub(super) fn clusters_account(aws: &Aws) -> Option<String> {
    only(&arns(aws).filter_map(|arn| told(arn.account)).collect())
}

/// The account: the caller's, else the one owner of all there is.
pub(super) fn account(aws: &Aws, callers: &BTreeSet<String>) -> Option<String> {
    let owners: BTreeSet<String> = [
        aws.vpcs.iter().flatten().filter_map(|vpc| vpc.owner_id.clone()).collect::<Vec<_>>(),
        aws.subnets.iter().flatten().filter_map(|subnet| subnet.owner_id.clone()).collect(),
        aws.route_tables.iter().flatten().filter_map(|table| table.owner_id.clone()).collect(),
        aws.security_groups.iter().flatten().filter_map(|group| group.owner_id.clone()).collect(),
    ]
    .into_iter()
    .flatten()
    .collect();
    only(callers).or_else(|| only(&owners))
}

/// The region that clusters or availability zones name.
pub(super) fn told_region(aws: &Aws) -> Option<String> {
    let clusters: BTreeSet<String> = arns(aws).filter_map(|arn| told(arn.region)).collect();
    let zones: BTreeSet<String> =
        aws.availability_zones.iter().flatten().filter_map(|zone| zone.region_name.clone()).collect();
    only(&clusters).or_else(|| only(&zones))
}

/// The region in the service names of VPC endpoints, which may be another one's where an endpoint crosses regions.
pub(super) fn region_of_services(aws: &Aws) -> Option<String> {
    let services: BTreeSet<String> = aws
        .vpc_endpoints
        .iter()
        .flatten()
        .filter_map(|endpoint| endpoint.service_name.as_deref()?.strip_prefix("com.amazonaws."))
        .filter_map(|rest| rest.split('.').next())
        .filter(|region| region.contains('-'))
        .map(str::to_owned)
        .collect();
    only(&services)
}

/// Every VPC that something belongs to; a peer's, which nothing here belongs to, is not among them.
pub(super) fn vpcs(aws: &Aws) -> BTreeSet<String> {
    let mut vpcs: BTreeSet<String> = aws.vpcs.iter().flatten().map(|vpc| vpc.vpc_id.clone()).collect();
    vpcs.extend(aws.subnets.iter().flatten().filter_map(|subnet| subnet.vpc_id.clone()));
    vpcs.extend(aws.route_tables.iter().flatten().filter_map(|table| table.vpc_id.clone()));
    vpcs.extend(aws.security_groups.iter().flatten().filter_map(|group| group.vpc_id.clone()));
    vpcs.extend(aws.network_acls.iter().flatten().filter_map(|acl| acl.vpc_id.clone()));
    vpcs.extend(aws.vpc_endpoints.iter().flatten().filter_map(|endpoint| endpoint.vpc_id.clone()));
    vpcs.extend(aws.network_interfaces.iter().flatten().filter_map(|interface| interface.vpc_id.clone()));
    let clusters = aws.cluster.iter().flatten();
    vpcs.extend(clusters.filter_map(|cluster| cluster.resources_vpc_config.as_ref()?.vpc_id.clone()));
    vpcs
}

fn arns(aws: &Aws) -> impl Iterator<Item = Arn<'_>> {
    aws.cluster.iter().flatten().filter_map(|cluster| Arn::parse(cluster.arn.as_deref()?))
}

fn told(part: &str) -> Option<String> {
    (!part.is_empty()).then(|| part.to_owned())
}

fn only(values: &BTreeSet<String>) -> Option<String> {
    if values.len() == 1 { values.first().cloned() } else { None }
}

//! An AWS service as a destination: the endpoint that answers for it in the VPC where it is asked.

use std::collections::BTreeSet;
use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::sets::ports::Ports;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::ends::end_set::Ends;
use crate::facts::ends::{self, pods_towards};
use crate::facts::serving::s3::{S3, S3Route};
use crate::facts::serving::{service_endpoint, service_ends};
use crate::network::{End, EndKind, Path};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::{TraceError, public, withhold};

/// Paths, and why there may be more.
#[derive(Default)]
pub(crate) struct ServicePaths {
    pub paths: Vec<Path>,
    pub unlisted: Vec<Missing>,
}

/// The paths from these sources to a service.
pub(crate) fn paths(
    context: &mut Context<'_>,
    (sources, of_pods): (&[End], bool),
    suffix: &str,
    ports: Ports,
) -> Result<ServicePaths, TraceError> {
    let home = home(context, sources, suffix)?;
    context.vpc = Ok(home.clone());
    let context = &*context;
    let (mut found, mut without) = (ServicePaths::default(), Vec::new());
    for source in sources {
        let is_inside = vpcs(context, source).contains(home.as_str());
        if !is_inside {
            context.assume(format!(
                "{} resolves {suffix} to the addresses of the VPC endpoint in {home}.",
                source.label
            ));
        }
        match answering(context, source, suffix) {
            Ok(Some(endpoint)) => {
                let quiet = service_ends::doubts(context, endpoint, suffix, is_inside);
                let service = services::matrix().ok().and_then(|matrix| matrix.services.get(suffix));
                let service = service.unwrap_or(&services::OTHER);
                // Others than the VPC's own clients have DNS servers of their own.
                let told = is_inside
                    .then(|| service_endpoint::told_addresses(context, endpoint, suffix, service))
                    .flatten();
                let ends = ends::by_name(context, endpoint, told.as_ref());
                found.unlisted.extend(ends.unlisted);
                let mut near = Rc::new(Ends::known(vec![source.clone()]));
                if of_pods {
                    near = pods_towards(context, &near, &ends.known);
                    found.unlisted.extend(near.unlisted.iter().cloned());
                }
                for (source, target) in
                    near.known.iter().flat_map(|one| ends.known.iter().map(move |two| (one, two)))
                {
                    for mut path in context.network.trace(source, target, &ports) {
                        withhold(&mut path, &quiet);
                        if !found.paths.contains(&path) {
                            found.paths.push(path);
                        }
                    }
                }
            }
            Ok(None) => without.push(source),
            Err(missing) => found.unlisted.extend(missing),
        }
    }
    if !without.is_empty() {
        public::paths(context, (&without, of_pods), suffix, &mut found);
    }
    Ok(found)
}

/// The VPC whose endpoint is meant: the sources', the cluster's, or the only one.
fn home(context: &Context<'_>, sources: &[End], wanted: &str) -> Result<String, TraceError> {
    let all: Vec<&VpcEndpoint> = context
        .snapshot
        .aws
        .vpc_endpoints
        .iter()
        .flatten()
        .filter(|endpoint| vpc_endpoint::suffix(endpoint) == Some(wanted))
        .collect();
    let having: BTreeSet<&str> = all.iter().filter_map(|endpoint| endpoint.vpc_id.as_deref()).collect();
    let near: BTreeSet<&str> = sources.iter().flat_map(|source| vpcs(context, source)).collect();
    let with: BTreeSet<&str> = near.intersection(&having).copied().collect();
    let cluster = context.vpc.as_deref().ok();
    let only =
        |set: &BTreeSet<&str>| if set.len() == 1 { set.first().map(|&vpc| vpc.to_owned()) } else { None };
    let read: BTreeSet<&str> =
        context.snapshot.aws.vpcs.iter().flatten().map(|vpc| vpc.vpc_id.as_str()).collect();
    let clusters = cluster.filter(|vpc| near.contains(vpc) || having.contains(vpc)).map(str::to_owned);
    let found = only(&with).or(clusters).or_else(|| only(&having)).or_else(|| only(&near));
    found.or_else(|| cluster.map(str::to_owned)).or_else(|| only(&read)).ok_or_else(|| {
        let names: Vec<String> = all
            .iter()
            .map(|endpoint| {
                let vpc = endpoint.vpc_id.as_deref().unwrap_or("an unknown VPC");
                format!("{} in {vpc}", endpoint.vpc_endpoint_id)
            })
            .collect();
        let hint = if names.is_empty() {
            "trace from a resource in a VPC, or to an address of the service".to_owned()
        } else {
            format!("name the VPC endpoint: {}", names.join(", "))
        };
        TraceError::NeedsVpc { suffix: wanted.to_owned(), hint }
    })
}

/// The VPCs that an end is in, as far as they were read.
fn vpcs<'s>(context: &Context<'s>, end: &End) -> BTreeSet<&'s str> {
    let aws = &context.snapshot.aws;
    let of_subnet =
        |id: &str| aws.subnets.iter().flatten().find(|subnet| subnet.subnet_id == id)?.vpc_id.as_deref();
    let one = match &end.kind {
        EndKind::Subnet { subnet, .. } => of_subnet(subnet),
        EndKind::Interface { id } => {
            let interface =
                aws.network_interfaces.iter().flatten().find(|one| one.network_interface_id == *id);
            interface.and_then(|one| one.vpc_id.as_deref().or_else(|| of_subnet(one.subnet_id.as_deref()?)))
        }
        EndKind::Addresses { cidr, via: None, .. } => {
            let holds = |vpc: &&str| {
                let prefixes = context.network.vpc_cidrs(vpc).unwrap_or_default();
                prefixes.iter().any(|prefix| prefix.contains(cidr))
            };
            return aws.vpcs.iter().flatten().map(|vpc| vpc.vpc_id.as_str()).filter(holds).collect();
        }
        EndKind::Addresses { .. } | EndKind::PrefixList { .. } => None,
    };
    one.into_iter().collect()
}

/// The VPC endpoint that the name of the service resolves to for a source.
fn answering<'s>(context: &Context<'s>, source: &End, suffix: &str) -> Known<Option<&'s VpcEndpoint>> {
    let service = services::matrix()?.services.get(suffix).unwrap_or(&services::OTHER);
    let all = service_endpoint::of(context, suffix, service)?;
    let best = all.first().copied();
    if suffix != "s3" {
        return Ok(best);
    }
    // Each subnet has its own route to S3; what is in none gets nothing from a gateway endpoint.
    let Some(subnet) = subnet(context, source) else {
        let mut others = all.into_iter();
        return Ok(others.find(|endpoint| vpc_endpoint::is_gateway(context, endpoint) != Ok(true)));
    };
    Ok(match S3::new(context).way(&subnet)? {
        S3Route::Gateway { endpoint } | S3Route::Interface { endpoint } => Some(endpoint),
        S3Route::None => best.filter(|endpoint| vpc_endpoint::is_gateway(context, endpoint) == Ok(true)),
    })
}

/// The subnet of an end that is in one.
pub(crate) fn subnet(context: &Context<'_>, end: &End) -> Option<String> {
    match &end.kind {
        EndKind::Subnet { subnet, .. } => Some(subnet.clone()),
        EndKind::Interface { id } => context.network.interface(id).ok()?.subnet_id.clone(),
        EndKind::Addresses { cidr, via: None, .. } => {
            let vpc = context.vpc.as_deref().ok();
            let mut subnets = context.snapshot.aws.subnets.iter().flatten();
            let found = subnets.find(|subnet| {
                let prefixes = context.network.subnet_cidrs(&subnet.subnet_id).unwrap_or_default();
                subnet.vpc_id.as_deref() == vpc && prefixes.iter().any(|prefix: &IpNet| prefix.contains(cidr))
            })?;
            Some(found.subnet_id.clone())
        }
        _ => None,
    }
}

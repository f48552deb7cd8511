//! The names that have to resolve: that of the cluster's API, and those of the AWS services that it needs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use privek_core::known::{self, Known, Missing};
use privek_core::observation::CLUSTER;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::service_names;
use crate::facts::features;
use crate::facts::inventory::fips;
use crate::snapshot::aws::ec2::NetworkInterface;

/// The names that have to resolve.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequiredNames {
    /// Sorted: the cluster's, then those of services by suffix.
    pub listed: Vec<RequiredName>,
    /// Why there may be more.
    pub unlisted: Vec<Missing>,
}

impl RequiredNames {
    fn add(&mut self, hosts: Known<Vec<String>>, like: &RequiredName) {
        let named = |name| RequiredName { name, ..like.clone() };
        match hosts {
            Ok(hosts) => self.listed.extend(hosts.into_iter().map(named)),
            Err(missing) => self.unlisted.extend(missing),
        }
    }
}

/// A name that has to resolve.
#[derive(Clone, Debug)]
pub(crate) struct RequiredName {
    /// [`CLUSTER`], or the service's suffix as in `rules/eks/services.yaml`.
    pub of: String,
    /// In lower case, without a dot at the end.
    pub name: String,
    /// Whether nodes or pods fail where the name does not resolve.
    pub essential: bool,
    /// Whether it is that of a FIPS endpoint, which is asked for besides the service's own.
    pub is_fips: bool,
    /// Whether machines in the VPC look it up, and not only hybrid nodes or operators.
    pub in_vpc: Known<bool>,
}

impl RequiredName {
    /// The service's own name, or the cluster's, without which nodes or pods fail.
    pub fn new(of: &str, name: String) -> Self {
        Self { of: of.to_owned(), name, essential: true, is_fips: false, in_vpc: Ok(true) }
    }
}

/// The names that the cluster's nodes, pods, hybrid nodes and operators need, computed once.
pub(crate) fn of(context: &Context<'_>) -> Rc<RequiredNames> {
    context.memo.get(|| computed(context))
}

fn computed(context: &Context<'_>) -> RequiredNames {
    let mut names = RequiredNames::default();
    match cluster_host(context) {
        Ok(name) => {
            names.listed.push(RequiredName::new(CLUSTER, name));
        }
        Err(missing) => names.unlisted.extend(missing),
    }
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => {
            names.unlisted.extend(missing);
            return names;
        }
    };
    let used = features::used(context, matrix);
    let fips = fips::nodes_use_fips(context);
    for (suffix, service) in &matrix.services {
        match features::needed(matrix, &used, suffix).0 {
            Ok(false) => continue,
            Ok(true) => {}
            Err(missing) => {
                names.unlisted.extend(missing);
                continue;
            }
        }
        let essential = features::essential(matrix, &used, suffix).0 == Ok(true);
        let in_vpc = features::needed_inside(matrix, &used, suffix);
        let like = RequiredName { essential, in_vpc, ..RequiredName::new(suffix, String::new()) };
        names.add(service_names::hosts(context, suffix, service), &like);
        if service.fips.contains_key(&context.partition) {
            let by_nodes = features::needed_by(matrix, &used, suffix, "nodes");
            match known::and(by_nodes, fips.clone()) {
                Ok(true) => {
                    let like = RequiredName { is_fips: true, ..like };
                    names.add(service_names::fips_hosts(context, service), &like);
                }
                Ok(false) => {}
                Err(missing) => names.unlisted.extend(missing),
            }
        }
    }
    names.unlisted = known::joined(names.unlisted);
    names
}

/// The host of `cluster.endpoint`.
pub(crate) fn cluster_host(context: &Context<'_>) -> Known<String> {
    let cluster = context.cluster.clone()?;
    let endpoint = cluster.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty());
    let endpoint = endpoint.ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
    let host = endpoint.strip_prefix("https://").unwrap_or(endpoint);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    Ok(host.trim_end_matches('.').to_ascii_lowercase())
}

/// The addresses of the control plane's interfaces; none where the private endpoint is off.
pub(crate) fn control_plane(context: &Context<'_>) -> Known<BTreeSet<IpAddr>> {
    if !context.private_access()? {
        return Ok(BTreeSet::new());
    }
    let interfaces = context.control_plane_interfaces()?;
    let mut addresses: BTreeSet<IpAddr> =
        interfaces.into_iter().flat_map(NetworkInterface::addresses).collect();
    if let (Ok(host), Some(domain)) = (cluster_host(context), context.newer_domain()) {
        // Only names of the newer form have IPv6 addresses:
        // https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
        let dual_stack = host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'));
        addresses.retain(|address| address.is_ipv4() || dual_stack);
    }
    if addresses.is_empty() {
        return Err(vec![Missing::unmodelled(
            "the addresses of the control plane; no network interface exists yet",
        )]);
    }
    Ok(addresses)
}

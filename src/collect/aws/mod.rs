//! Collection from AWS: one cluster, its network, and what stands around it; or the network around
//! the ends of a path.
//!
//! Calls that do not depend on each other run side by side; a call that fails leaves a gap and
//! stops nothing else. Only `DescribeCluster` is indispensable.

mod accounts;
mod autoscaling;
mod clients;
mod config;
mod convert;
mod ec2;
mod ecr;
mod eks;
mod environment;
mod failure;
mod graph;
mod http;
mod iam;
mod kms;
pub mod operations;
mod reading;
mod route53;
mod route53resolver;
mod sts;

pub use accounts::collect_accounts;
pub use aws_config::{ConfigLoader, SdkConfig};
pub use config::{AwsOptions, config, loader};
pub use convert::rfc3339;
pub use environment::{Environment, ca_bundle};

use std::collections::BTreeSet;

use futures::future::{try_join, try_join3};
use ipnet::IpNet;

use self::clients::Clients;
use self::failure::{Failure, Kind};
use self::graph::{Ends, Located};
use self::reading::Reading;
use super::{CollectError, Progress};
use crate::snapshot::Snapshot;
use crate::snapshot::aws::eks::Cluster;

/// How many VPCs are read in full because an address end may be in them.
const AT_MOST: usize = 10;

/// What a collection is about, beside a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The texts of a path's ends. The VPCs that ids of interfaces, instances, subnets and VPC
    /// endpoints, and addresses, lead to are read; other texts are ignored.
    pub ends: Vec<String>,
    /// Networks that packets come from or go to, wherever they are: VPCs behind transit gateways
    /// are read where the gateways' routes lead to these.
    pub networks: Vec<IpNet>,
    /// Instance types that are planned, whether or not a node has them.
    pub instance_types: Vec<String>,
}

impl About {
    /// All networks that it names, those of the ends included.
    fn networks(&self) -> Vec<IpNet> {
        let ends = Ends::of(self.ends.iter().map(String::as_str));
        self.networks.iter().copied().chain(ends.networks()).collect()
    }
}

/// Reads the cluster and everything that its audit needs; `now` (RFC 3339, UTC) becomes `collected_at`.
///
/// # Errors
/// Only if the cluster itself cannot be described.
pub async fn collect(
    config: &SdkConfig,
    cluster: &str,
    now: String,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    collect_about(config, cluster, &About::default(), now, progress).await
}

/// As [`collect`], with what else it is about.
///
/// # Errors
/// If the cluster cannot be described, or an end does not exist.
pub async fn collect_about(
    config: &SdkConfig,
    cluster: &str,
    about: &About,
    now: String,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    let region = config.region().map(ToString::to_string);
    let reading = Reading::new(Clients::new(config), region, cluster.to_owned(), progress);
    let of_cluster = async {
        let described = describe(&reading).await?;
        Ok(graph::cluster(&reading, &described).await)
    };
    let of_ends = async {
        let located = graph::located(&reading, &Ends::of(about.ends.iter().map(String::as_str))).await?;
        graph::near(&reading, located.by_id.iter()).await;
        Ok(located)
    };
    let network = async {
        let rules = async {
            graph::resolver_rules(&reading).await;
            Ok::<(), CollectError>(())
        };
        let (vpc, located, ()) = try_join3(Box::pin(of_cluster), Box::pin(of_ends), rules).await?;
        let near = located.by_id.iter().cloned().chain(vpc).collect();
        Box::pin(behind(&reading, &near, &located, about)).await;
        Ok(())
    };
    let beside = async {
        Box::pin(graph::beside(&reading, &about.instance_types)).await;
        Ok::<(), CollectError>(())
    };
    try_join(Box::pin(network), Box::pin(beside)).await?;
    graph::afterwards(&reading).await;
    Ok(reading.into_snapshot(now))
}

/// Reads the network around the ends of a path, without any cluster.
///
/// # Errors
/// An end that does not exist, no end that leads to a VPC, or no way to ask EC2.
pub async fn collect_network(
    config: &SdkConfig,
    about: &About,
    now: String,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    let region = config.region().map(ToString::to_string);
    let reading = Reading::new(Clients::new(config), region, String::new(), progress);
    let ends = Ends::of(about.ends.iter().map(String::as_str));
    let network = async {
        let rules = async {
            graph::resolver_rules(&reading).await;
            Ok::<(), CollectError>(())
        };
        let of_ends = async {
            let located = graph::located(&reading, &ends).await?;
            // Where no id says which VPC it is about, every VPC that an address may be in is.
            let near = if located.by_id.is_empty() {
                graph::at_most(&reading, AT_MOST, located.by_address.iter().cloned())
            } else {
                located.by_id.iter().cloned().collect()
            };
            if near.is_empty() {
                return Err(no_vpc(&reading));
            }
            let near: BTreeSet<String> = near.into_iter().collect();
            graph::near(&reading, near.iter()).await;
            Ok((located, near))
        };
        let ((located, near), ()) = try_join(Box::pin(of_ends), rules).await?;
        Box::pin(behind(&reading, &near, &located, about)).await;
        Ok(())
    };
    let beside = async {
        Box::pin(graph::account(&reading)).await;
        Ok::<(), CollectError>(())
    };
    try_join(Box::pin(network), Box::pin(beside)).await?;
    graph::afterwards(&reading).await;
    Ok(reading.into_snapshot(now))
}

/// The VPCs behind transit gateways that the ends and networks lead to.
async fn behind(reading: &Reading<'_>, near: &BTreeSet<String>, located: &Located, about: &About) {
    graph::behind(reading, near, &located.by_address, &about.networks()).await;
    graph::asking(reading, &about.networks()).await;
}

/// No end leads to a VPC, perhaps because something was denied.
fn no_vpc(reading: &Reading<'_>) -> CollectError {
    let denied: BTreeSet<String> = reading.look(|snapshot| {
        let lookups = [
            "DescribeInstances",
            "DescribeNetworkInterfaces",
            "DescribeSubnets",
            "DescribeVpcEndpoints",
            "DescribeVpcs",
        ];
        let gaps = snapshot.header.gaps.iter().filter(|gap| lookups.contains(&gap.operation.as_str()));
        gaps.filter_map(|gap| gap.permission.clone()).collect()
    });
    CollectError::NoVpc { region: reading.region.clone(), denied: denied.into_iter().collect() }
}

/// The one call that nothing works without.
async fn describe(reading: &Reading<'_>) -> Result<Cluster, CollectError> {
    let cluster = &reading.cluster;
    let described = reading
        .watch(
            operations::DESCRIBE_CLUSTER,
            eks::describe_cluster(&reading.clients.eks, cluster, reading.clients.short.clone()),
        )
        .await;
    let failure = match described {
        Ok(described) => return Ok(described),
        Err(failure) => failure,
    };
    if let Some(error) = failure.fatal(&reading.clients.eks_endpoint()) {
        return Err(error);
    }
    let cluster = cluster.clone();
    let Failure { kind, code, message } = failure;
    Err(match kind {
        Kind::NotFound => {
            let names =
                reading.watch(operations::LIST_CLUSTERS, eks::clusters(&reading.clients.eks)).await.ok();
            let names = names.map(|mut names| {
                names.sort();
                names
            });
            CollectError::NoSuchCluster { cluster, region: reading.region.clone(), names }
        }
        Kind::Denied => CollectError::Denied { cluster, code, message },
        _ => CollectError::DescribeCluster { cluster, code, message },
    })
}

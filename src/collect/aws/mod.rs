//! Collection from AWS: one cluster, its network, and what stands around it.
//!
//! Calls that do not depend on each other run side by side; a call that fails leaves a gap and
//! stops nothing else. Only `DescribeCluster` is indispensable.

mod autoscaling;
mod clients;
mod config;
mod convert;
mod ec2;
mod eks;
mod environment;
mod failure;
mod graph;
mod http;
pub mod operations;
mod reading;
mod route53resolver;
mod sts;

pub use aws_config::{ConfigLoader, SdkConfig};
pub use config::{AwsOptions, config, loader};
pub use convert::rfc3339;
pub use environment::Environment;

use futures::future::try_join;

use self::clients::Clients;
use self::failure::{Failure, Kind};
use self::reading::Reading;
use super::{CollectError, Progress};
use crate::snapshot::Snapshot;
use crate::snapshot::aws::eks::Cluster;

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
    let region = config.region().map(ToString::to_string);
    let reading = Reading::new(Clients::new(config), region, cluster.to_owned(), progress);
    let of_cluster = async {
        let described = describe(&reading).await?;
        graph::cluster(&reading, &described).await;
        Ok(())
    };
    let beside = async {
        Box::pin(graph::beside(&reading)).await;
        Ok::<(), CollectError>(())
    };
    try_join(Box::pin(of_cluster), Box::pin(beside)).await?;
    graph::afterwards(&reading).await;
    Ok(reading.into_snapshot(now))
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
    let Failure { kind, code, message } = match described {
        Ok(described) => return Ok(described),
        Err(failure) => failure,
    };
    let cluster = cluster.clone();
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
        Kind::NoCredentials => CollectError::NoCredentials { reason: message },
        Kind::ExpiredCredentials => CollectError::ExpiredCredentials { reason: message },
        Kind::RejectedCredentials => CollectError::RejectedCredentials { code, message },
        Kind::Credentials => CollectError::Credentials { reason: message },
        Kind::Configuration => CollectError::Configuration { reason: message },
        Kind::NoRegion => CollectError::NoRegion,
        Kind::Unreachable => {
            CollectError::Unreachable { endpoint: reading.clients.endpoint(), reason: message }
        }
        Kind::Proxy(proxy) => {
            CollectError::Proxy { proxy: proxy.proxy, reason: proxy.reason, status: proxy.status }
        }
        Kind::Tls => CollectError::Tls { endpoint: reading.clients.endpoint(), reason: message },
        Kind::Other => CollectError::DescribeCluster { cluster, code, message },
    })
}

//! One account: a cluster, its network, and what stands around it; or the network around the ends of a path.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use futures::future::{try_join, try_join3};
use privek_aws::snapshot::Snapshot;
use privek_aws::snapshot::aws::eks::Cluster;

use crate::collect::error::CollectError;
use crate::collect::progress::Progress;

use super::about::About;
use super::clients::Clients;
use super::crawl::locate::{self, LocatedVpcs};
use super::crawl::{self, account, afterwards, asking_vpcs, region, transit_vpcs, vpc};
use super::failure::{Failure, FailureKind};
use super::session::Session;
use super::{eks, operations};

/// How many VPCs are read in full because an address end may be in them.
const AT_MOST: usize = 10;

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
    let session = Session::new(Clients::new(config), region, cluster.to_owned(), progress);
    let of_cluster = async {
        let described = describe(&session).await?;
        Ok(crawl::cluster::around(&session, &described).await)
    };
    let of_ends = async {
        let located = locate::located(&session, &about.locatable()).await?;
        vpc::near(&session, located.by_id.iter()).await;
        Ok(located)
    };
    let network = async {
        let rules = async {
            region::resolver_rules(&session).await;
            Ok::<(), CollectError>(())
        };
        let (vpc, located, ()) = try_join3(Box::pin(of_cluster), Box::pin(of_ends), rules).await?;
        let near = located.by_id.iter().cloned().chain(vpc).collect();
        Box::pin(behind(&session, &near, &located, about)).await;
        Ok(())
    };
    let beside = async {
        Box::pin(crawl::cluster::beside(&session, &about.instance_types)).await;
        Ok::<(), CollectError>(())
    };
    try_join(Box::pin(network), Box::pin(beside)).await?;
    afterwards::all(&session).await;
    Ok(session.into_snapshot(now))
}

/// Reads the network around the ends of a path, without any cluster.
///
/// # Errors
/// An end that does not exist, no end that is in a VPC, or no access to EC2.
pub async fn collect_network(
    config: &SdkConfig,
    about: &About,
    now: String,
    progress: &dyn Progress,
) -> Result<Snapshot, CollectError> {
    let region = config.region().map(ToString::to_string);
    let session = Session::new(Clients::new(config), region, String::new(), progress);
    let ends = about.locatable();
    let network = async {
        let rules = async {
            region::resolver_rules(&session).await;
            Ok::<(), CollectError>(())
        };
        let of_ends = async {
            let located = locate::located(&session, &ends).await?;
            // Where no id says which VPC it is about, every VPC that an address may be in is.
            let near = if located.by_id.is_empty() {
                vpc::at_most(&session, AT_MOST, located.by_address.iter().cloned())
            } else {
                located.by_id.iter().cloned().collect()
            };
            if near.is_empty() {
                return Err(no_vpc(&session));
            }
            let near: BTreeSet<String> = near.into_iter().collect();
            vpc::near(&session, near.iter()).await;
            Ok((located, near))
        };
        let ((located, near), ()) = try_join(Box::pin(of_ends), rules).await?;
        Box::pin(behind(&session, &near, &located, about)).await;
        Ok(())
    };
    let beside = async {
        Box::pin(account::all(&session)).await;
        Ok::<(), CollectError>(())
    };
    try_join(Box::pin(network), Box::pin(beside)).await?;
    afterwards::all(&session).await;
    Ok(session.into_snapshot(now))
}

/// The VPCs behind transit gateways for the ends and networks.
async fn behind(session: &Session<'_>, near: &BTreeSet<String>, located: &LocatedVpcs, about: &About) {
    transit_vpcs::read(session, near, &located.by_address, &about.networks()).await;
    asking_vpcs::read(session, &about.networks()).await;
}

/// No end is in a VPC, perhaps because a call was denied.
fn no_vpc(session: &Session<'_>) -> CollectError {
    let denied: BTreeSet<String> = session.look(|snapshot| {
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
    CollectError::NoVpc { region: session.region.clone(), denied: denied.into_iter().collect() }
}

/// The one call that nothing works without.
async fn describe(session: &Session<'_>) -> Result<Cluster, CollectError> {
    let cluster = &session.cluster;
    let described = session
        .watch(
            operations::DESCRIBE_CLUSTER,
            eks::cluster::describe_cluster(&session.clients.eks, cluster, session.clients.short.clone()),
        )
        .await;
    let failure = match described {
        Ok(described) => return Ok(described),
        Err(failure) => failure,
    };
    if let Some(error) = failure.fatal(&session.clients.eks_endpoint()) {
        return Err(error);
    }
    let cluster = cluster.clone();
    let Failure { kind, code, message } = failure;
    Err(match kind {
        FailureKind::NotFound => {
            let names = session
                .watch(operations::LIST_CLUSTERS, eks::cluster::clusters(&session.clients.eks))
                .await
                .ok();
            let names = names.map(|mut names| {
                names.sort();
                names
            });
            CollectError::NoSuchCluster { cluster, region: session.region.clone(), names }
        }
        FailureKind::Denied => CollectError::Denied { cluster, code, message },
        _ => CollectError::DescribeCluster { cluster, code, message },
    })
}

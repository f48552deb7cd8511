//! Which call leads to which. Nothing waits for anything that it does not need.

mod behind;
mod ends;
mod iam;
mod names;
mod nodes;
mod referenced;
mod region;
mod state;
mod transit;
mod vpc;

pub(super) use ends::{Ends, Located, located};
pub(super) use referenced::{Unread, read as referenced};

use std::collections::BTreeSet;

use futures::join;
use ipnet::IpNet;

use super::convert::Fetched;
use super::ec2::prefixes;
use super::operations as op;
use super::reading::{Field, Reading, collection, each};
use super::{eks, sts};
use crate::collect::CollectError;
use crate::snapshot::Arn;
use crate::snapshot::aws::eks::Cluster;

/// What follows from the cluster: its VPC and everything in and around it. Gives the VPC.
pub(super) async fn cluster(reading: &Reading<'_>, cluster: &Cluster) -> Option<String> {
    // STS may be unreachable in a closed network.
    if let Some(arn) = cluster.arn.as_deref().and_then(Arn::parse) {
        reading.account_is(arn.account);
        reading.region_is(arn.region);
    }
    reading.keep(
        op::DESCRIBE_CLUSTER,
        collection!("cluster", cluster),
        std::slice::from_ref(&reading.cluster),
        vec![cluster.clone()],
    );
    let config = cluster.resources_vpc_config.clone().unwrap_or_default();
    let vpc = match config.vpc_id {
        Some(vpc) if !vpc.is_empty() => Some(vpc),
        _ => vpc::of_subnets(reading, &config.subnet_ids.unwrap_or_default()).await,
    };
    join!(near(reading, vpc.iter()), roles(reading, cluster), state::keys(reading, cluster));
    vpc
}

/// The roles that the cluster names itself, those that EKS keeps for itself, and its issuer's provider.
async fn roles(reading: &Reading<'_>, cluster: &Cluster) {
    let auto = cluster.compute_config.as_ref().and_then(|config| config.node_role_arn.clone());
    let issuer = cluster.identity.as_ref().and_then(|identity| identity.oidc.as_ref());
    let issuer = issuer.and_then(|oidc| oidc.issuer.as_deref());
    let arns = [cluster.role_arn.clone(), auto].into_iter().flatten();
    join!(iam::roles(reading, arns), iam::providers(reading, issuer));
}

/// Everything in and around these VPCs, as far as nobody asked for it yet.
pub(super) async fn near(reading: &Reading<'_>, vpcs: impl Iterator<Item = &String>) {
    let vpcs = reading.unasked(vpcs.cloned(), |asked| &mut asked.near);
    each(vpcs, |vpc| async move { Box::pin(vpc::near(reading, &vpc)).await }).await;
}

/// The first of these VPCs; each other one is a gap.
pub(super) fn at_most(
    reading: &Reading<'_>,
    limit: usize,
    vpcs: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let mut kept: Vec<String> = vpcs.into_iter().collect();
    for vpc in kept.split_off(limit.min(kept.len())) {
        let message = format!("{vpc} was left out: {limit} other VPCs that the path may cross were read");
        reading.gap(op::DESCRIBE_VPCS, &vpc, "NotFollowed", message);
    }
    kept
}

/// The VPCs behind the transit gateways of those that were read, on the way to the networks, and
/// those of the candidates that share a gateway with them.
pub(super) async fn behind(
    reading: &Reading<'_>,
    near: &BTreeSet<String>,
    candidates: &BTreeSet<String>,
    networks: &[IpNet],
) {
    behind::read(reading, near, candidates, networks).await;
}

/// What answers names in the VPCs that hold one of these networks or an inbound endpoint, of those that
/// were read for their packets only: people ask the resolver of their own VPC, and rules lead to others.
pub(super) async fn asking(reading: &Reading<'_>, networks: &[IpNet]) {
    let overlaps = |prefix: &IpNet| {
        networks
            .iter()
            .any(|network| network.prefix_len() > 0 && (network.contains(prefix) || prefix.contains(network)))
    };
    let vpcs: Vec<String> = reading.look(|snapshot| {
        let read = snapshot.aws.vpcs.iter().flatten();
        let endpoints = snapshot.aws.resolver_endpoints.iter().flatten();
        let inbound = endpoints.filter(|endpoint| endpoint.direction.as_deref() == Some("INBOUND"));
        // A rule may lead to any of them.
        let hosts: BTreeSet<&str> = inbound.filter_map(|endpoint| endpoint.host_vpc_id.as_deref()).collect();
        let holding =
            read.filter(|vpc| hosts.contains(vpc.vpc_id.as_str()) || prefixes(vpc).iter().any(overlaps));
        let own = holding.filter(|vpc| {
            vpc.owner_id.is_none()
                || snapshot.header.account.is_none()
                || vpc.owner_id == snapshot.header.account
        });
        let unread = own.filter(|vpc| !snapshot.header.covers("HostedZonesByVPC", &vpc.vpc_id));
        unread.map(|vpc| vpc.vpc_id.clone()).collect()
    });
    let vpcs = reading.unasked(vpcs, |asked| &mut asked.near);
    Box::pin(vpc::asking(reading, &vpcs)).await;
}

/// What belongs to the account and the region.
pub(super) async fn account(reading: &Reading<'_>) {
    join!(identity(reading), region::all(reading));
}

/// The resolver rules: their targets are networks that packets go to.
pub(super) async fn resolver_rules(reading: &Reading<'_>) {
    region::resolver_rules(reading).await;
}

/// What does not wait for the cluster.
pub(super) async fn beside(reading: &Reading<'_>, planned: &[String]) {
    join!(
        account(reading),
        nodes::types(reading, planned.to_vec()),
        nodes::groups(reading),
        nodes::auto_scaling_groups(reading),
        nodes::instances(reading),
        fargate(reading),
        addons(reading),
        state::access(reading),
        state::pod_identities(reading),
        state::all(reading),
    );
}

/// What only two finished branches together can tell; it is seldom anything.
pub(super) async fn afterwards(reading: &Reading<'_>) {
    join!(region::entries_of_gateway_endpoints(reading), nodes::reservations(reading));
}

/// Whose account it is, before anything else is asked for.
///
/// # Errors
/// No credentials, or such that AWS does not accept. A network that hides STS is no error.
pub(super) async fn usable(reading: &Reading<'_>) -> Result<(), CollectError> {
    match reading.watch(op::GET_CALLER_IDENTITY, sts::account(&reading.clients.sts)).await {
        Ok(account) => reading.account_is(&account),
        Err(failure) => {
            if let Some(error) = failure.of_credentials() {
                return Err(error);
            }
            reading.failed(op::GET_CALLER_IDENTITY, &[], failure);
        }
    }
    Ok(())
}

async fn identity(reading: &Reading<'_>) {
    let account = reading.call(op::GET_CALLER_IDENTITY, &[], sts::account(&reading.clients.sts)).await;
    if let Some(account) = account {
        reading.account_is(&account);
    }
}

async fn fargate(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("fargateProfileNames", fargate_profile_names);
    let names =
        reading.read(op::LIST_FARGATE_PROFILES, key, &scope, eks::fargate_profile_names(eks, cluster)).await;
    let key = collection!("fargateProfile", fargate_profile);
    let describe = |name: String| async move {
        let profile = eks::describe_fargate_profile(eks, cluster, &name).await?;
        iam::roles(reading, profile.pod_execution_role_arn.clone()).await;
        Ok(profile)
    };
    members(reading, names, op::DESCRIBE_FARGATE_PROFILE, key, describe).await;
}

async fn addons(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("addons", addons);
    let names = reading.read(op::LIST_ADDONS, key, &scope, eks::addon_names(eks, cluster)).await;
    let key = collection!("addon", addon);
    let describe = |name: String| async move {
        let addon = eks::describe_addon(eks, cluster, &name).await?;
        iam::roles(reading, addon.service_account_role_arn.clone()).await;
        Ok(addon)
    };
    members(reading, names, op::DESCRIBE_ADDON, key, describe).await;
}

/// Describes each of the names that were listed; complete if each of them answered.
async fn members<T, F: Future<Output = Fetched<T>>>(
    reading: &Reading<'_>,
    names: Option<Vec<String>>,
    operation: op::Operation,
    key: (&'static str, Field<T>),
    mut describe: impl FnMut(String) -> F,
) {
    let Some(names) = names else { return };
    let described = each(names, |name| {
        let call = describe(name.clone());
        async move { reading.call(operation, &[name], call).await }
    });
    keep_described(reading, operation, key, described.await);
}

/// Keeps what was described of a list: complete if everything was, unread if nothing was.
fn keep_described<T>(
    reading: &Reading<'_>,
    operation: op::Operation,
    key: (&'static str, Field<T>),
    described: Vec<Option<T>>,
) {
    let complete = described.iter().all(Option::is_some);
    let items: Vec<T> = described.into_iter().flatten().collect();
    if complete {
        reading.keep(operation, key, std::slice::from_ref(&reading.cluster), items);
    } else if !items.is_empty() {
        reading.keep(operation, key, &[], items);
    }
}

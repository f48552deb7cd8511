//! Which call leads to which. Nothing waits for anything that it does not need.

mod cluster_state;
mod iam;
mod locate;
mod names;
mod nodes;
mod referenced;
mod region;
mod transit;
mod transit_vpcs;
mod vpc;

pub(super) use locate::{Ends, Located, located};
pub(super) use referenced::{Unread, read as referenced};

use std::collections::BTreeSet;

use futures::join;
use ipnet::IpNet;

use super::convert::Fetched;
use super::ec2::prefixes;
use super::operations;
use super::session::{Field, Session, collection, each};
use super::{eks, sts};
use crate::collect::CollectError;
use crate::snapshot::Arn;
use crate::snapshot::aws::eks::Cluster;

/// What follows from the cluster: its VPC and everything in and around it. Gives the VPC.
pub(super) async fn cluster(session: &Session<'_>, cluster: &Cluster) -> Option<String> {
    // STS may be unreachable in a closed network.
    if let Some(arn) = cluster.arn.as_deref().and_then(Arn::parse) {
        session.account_is(arn.account);
        session.region_is(arn.region);
    }
    session.keep(
        operations::DESCRIBE_CLUSTER,
        collection!("cluster", cluster),
        std::slice::from_ref(&session.cluster),
        vec![cluster.clone()],
    );
    let config = cluster.resources_vpc_config.clone().unwrap_or_default();
    let vpc = match config.vpc_id {
        Some(vpc) if !vpc.is_empty() => Some(vpc),
        _ => vpc::of_subnets(session, &config.subnet_ids.unwrap_or_default()).await,
    };
    join!(near(session, vpc.iter()), roles(session, cluster), cluster_state::keys(session, cluster));
    vpc
}

/// The roles that the cluster names itself, those that EKS keeps for itself, and its issuer's provider.
async fn roles(session: &Session<'_>, cluster: &Cluster) {
    let auto = cluster.compute_config.as_ref().and_then(|config| config.node_role_arn.clone());
    let issuer = cluster.identity.as_ref().and_then(|identity| identity.oidc.as_ref());
    let issuer = issuer.and_then(|oidc| oidc.issuer.as_deref());
    let arns = [cluster.role_arn.clone(), auto].into_iter().flatten();
    join!(iam::roles(session, arns), iam::providers(session, issuer));
}

/// Everything in and around these VPCs, as far as nobody asked for it yet.
pub(super) async fn near(session: &Session<'_>, vpcs: impl Iterator<Item = &String>) {
    let vpcs = session.unasked(vpcs.cloned(), |asked| &mut asked.near);
    each(vpcs, |vpc| async move { Box::pin(vpc::near(session, &vpc)).await }).await;
}

/// The first of these VPCs; each other one is a gap.
pub(super) fn at_most(
    session: &Session<'_>,
    limit: usize,
    vpcs: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let mut kept: Vec<String> = vpcs.into_iter().collect();
    for vpc in kept.split_off(limit.min(kept.len())) {
        let message = format!("{vpc} was left out: {limit} other VPCs that the path may cross were read");
        session.gap(operations::DESCRIBE_VPCS, &vpc, "NotFollowed", message);
    }
    kept
}

/// The VPCs behind the transit gateways of those that were read, on the way to the networks, and
/// those of the candidates that share a gateway with them.
pub(super) async fn behind(
    session: &Session<'_>,
    near: &BTreeSet<String>,
    candidates: &BTreeSet<String>,
    networks: &[IpNet],
) {
    transit_vpcs::read(session, near, candidates, networks).await;
}

/// What answers names in the VPCs that hold one of these networks or an inbound endpoint, of those that
/// were read for their packets only: people ask the resolver of their own VPC, and rules lead to others.
pub(super) async fn asking(session: &Session<'_>, networks: &[IpNet]) {
    let overlaps = |prefix: &IpNet| {
        networks
            .iter()
            .any(|network| network.prefix_len() > 0 && (network.contains(prefix) || prefix.contains(network)))
    };
    let vpcs: Vec<String> = session.look(|snapshot| {
        let read = snapshot.aws.vpcs.iter().flatten();
        let endpoints = snapshot.aws.resolver_endpoints.iter().flatten();
        let inbound = endpoints.filter(|endpoint| endpoint.direction.as_deref() == Some("INBOUND"));
        // A rule may lead to any of them.
        let hosts: BTreeSet<&str> = inbound.filter_map(|endpoint| endpoint.host_vpc_id.as_deref()).collect();
        let holding =
            read.filter(|vpc| hosts.contains(vpc.vpc_id.as_str()) || prefixes(vpc).iter().any(overlaps));
        let own = holding.filter(|vpc| {
            vpc.owner_id.is_none() || snapshot.account.is_none() || vpc.owner_id == snapshot.account
        });
        let unread = own.filter(|vpc| !snapshot.covers("HostedZonesByVPC", &vpc.vpc_id));
        unread.map(|vpc| vpc.vpc_id.clone()).collect()
    });
    let vpcs = session.unasked(vpcs, |asked| &mut asked.near);
    Box::pin(vpc::asking(session, &vpcs)).await;
}

/// What belongs to the account and the region.
pub(super) async fn account(session: &Session<'_>) {
    join!(identity(session), region::all(session));
}

/// The resolver rules: their targets are networks that packets go to.
pub(super) async fn resolver_rules(session: &Session<'_>) {
    region::resolver_rules(session).await;
}

/// What does not wait for the cluster.
pub(super) async fn beside(session: &Session<'_>, planned: &[String]) {
    join!(
        account(session),
        nodes::types(session, planned.to_vec()),
        nodes::groups(session),
        nodes::auto_scaling_groups(session),
        nodes::instances(session),
        fargate(session),
        addons(session),
        cluster_state::access(session),
        cluster_state::pod_identities(session),
        cluster_state::all(session),
    );
}

/// What only two finished branches together can tell; it is seldom anything.
pub(super) async fn afterwards(session: &Session<'_>) {
    join!(region::entries_of_gateway_endpoints(session), nodes::reservations(session));
}

/// Whose account it is, before anything else is asked for.
///
/// # Errors
/// No credentials, or such that AWS does not accept. A network that hides STS is no error.
pub(super) async fn usable(session: &Session<'_>) -> Result<(), CollectError> {
    match session.watch(operations::GET_CALLER_IDENTITY, sts::account(&session.clients.sts)).await {
        Ok(account) => session.account_is(&account),
        Err(failure) => {
            if let Some(error) = failure.of_credentials() {
                return Err(error);
            }
            session.failed(operations::GET_CALLER_IDENTITY, &[], failure);
        }
    }
    Ok(())
}

async fn identity(session: &Session<'_>) {
    let account =
        session.call(operations::GET_CALLER_IDENTITY, &[], sts::account(&session.clients.sts)).await;
    if let Some(account) = account {
        session.account_is(&account);
    }
}

async fn fargate(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("fargateProfileNames", fargate_profile_names);
    let names = session
        .read(operations::LIST_FARGATE_PROFILES, key, &scope, eks::fargate_profile_names(eks, cluster))
        .await;
    let key = collection!("fargateProfile", fargate_profile);
    let describe = |name: String| async move {
        let profile = eks::describe_fargate_profile(eks, cluster, &name).await?;
        iam::roles(session, profile.pod_execution_role_arn.clone()).await;
        Ok(profile)
    };
    members(session, names, operations::DESCRIBE_FARGATE_PROFILE, key, describe).await;
}

async fn addons(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("addons", addons);
    let names = session.read(operations::LIST_ADDONS, key, &scope, eks::addon_names(eks, cluster)).await;
    let key = collection!("addon", addon);
    let describe = |name: String| async move {
        let addon = eks::describe_addon(eks, cluster, &name).await?;
        iam::roles(session, addon.service_account_role_arn.clone()).await;
        Ok(addon)
    };
    members(session, names, operations::DESCRIBE_ADDON, key, describe).await;
}

/// Describes each of the names that were listed; complete if each of them answered.
async fn members<T, F: Future<Output = Fetched<T>>>(
    session: &Session<'_>,
    names: Option<Vec<String>>,
    operation: operations::Operation,
    key: (&'static str, Field<T>),
    mut describe: impl FnMut(String) -> F,
) {
    let Some(names) = names else { return };
    let described = each(names, |name| {
        let call = describe(name.clone());
        async move { session.call(operation, &[name], call).await }
    });
    keep_described(session, operation, key, described.await);
}

/// Keeps what was described of a list: complete if everything was, unread if nothing was.
fn keep_described<T>(
    session: &Session<'_>,
    operation: operations::Operation,
    key: (&'static str, Field<T>),
    described: Vec<Option<T>>,
) {
    let complete = described.iter().all(Option::is_some);
    let items: Vec<T> = described.into_iter().flatten().collect();
    if complete {
        session.keep(operation, key, std::slice::from_ref(&session.cluster), items);
    } else if !items.is_empty() {
        session.keep(operation, key, &[], items);
    }
}

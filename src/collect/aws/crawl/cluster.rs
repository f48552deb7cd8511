//! What follows from the cluster's description, and what does not wait for it.

use futures::join;
use privek_aws::snapshot::Arn;
use privek_aws::snapshot::aws::eks::Cluster;

use crate::collect::aws::session::{Session, collection};

use super::{account, cluster_state, iam, nodes, vpc};

/// What follows from the cluster: its VPC and everything in and around it. Gives the VPC.
pub(crate) async fn around(session: &Session<'_>, cluster: &Cluster) -> Option<String> {
    // STS may be unreachable in a closed network.
    if let Some(arn) = cluster.arn.as_deref().and_then(Arn::parse) {
        session.account_is(arn.account);
        session.region_is(arn.region);
    }
    session.keep(collection!(cluster), std::slice::from_ref(&session.cluster), vec![cluster.clone()]);
    let config = cluster.resources_vpc_config.clone().unwrap_or_default();
    let vpc = match config.vpc_id {
        Some(vpc) if !vpc.is_empty() => Some(vpc),
        _ => vpc::of_subnets(session, &config.subnet_ids.unwrap_or_default()).await,
    };
    join!(vpc::near(session, vpc.iter()), roles(session, cluster), cluster_state::keys(session, cluster));
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

/// What does not wait for the cluster.
pub(crate) async fn beside(session: &Session<'_>, planned: &[String]) {
    join!(
        account::all(session),
        nodes::types(session, planned.to_vec()),
        nodes::groups(session),
        nodes::auto_scaling_groups(session),
        nodes::instances(session),
        cluster_state::fargate(session),
        cluster_state::addons(session),
        cluster_state::access(session),
        cluster_state::pod_identities(session),
        cluster_state::all(session),
    );
}

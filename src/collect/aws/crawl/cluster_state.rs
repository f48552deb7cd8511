//! What EKS keeps about the cluster besides its nodes: who may enter, identities, versions, insights,
//! capabilities, certificate authorities; and the keys and registry rules that it depends on.

use futures::join;

use super::{iam, keep_described, members};
use crate::collect::aws::session::{Session, collection, each};
use crate::collect::aws::{ecr, eks, kms, operations};
use crate::snapshot::EVERYTHING;
use crate::snapshot::aws::eks::Cluster;

/// What waits for nothing.
pub(super) async fn all(session: &Session<'_>) {
    join!(
        versions(session),
        insights(session),
        capabilities(session),
        certificate_authorities(session),
        pull_through_cache(session)
    );
}

/// The access entries, each with its policies.
pub(super) async fn access(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("accessEntries", access_entries);
    let names = session
        .read(operations::LIST_ACCESS_ENTRIES, key, &scope, eks::access_entry_names(eks, cluster))
        .await;
    let key = collection!("accessEntry", access_entry);
    let describe = |name: String| async move { eks::describe_access_entry(eks, cluster, &name).await };
    let entries = members(session, names.clone(), operations::DESCRIBE_ACCESS_ENTRY, key, describe);
    let key = collection!("principalAccessPolicies", principal_access_policies);
    let policies = |name: String| async move { eks::access_policies(eks, cluster, &name).await };
    let policies = members(session, names, operations::LIST_ASSOCIATED_ACCESS_POLICIES, key, policies);
    join!(entries, policies);
}

/// The pod identity associations; only their descriptions name the roles.
pub(super) async fn pod_identities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("associations", pod_identity_associations);
    let call = eks::pod_identities(eks, cluster);
    let found = session.read(operations::LIST_POD_IDENTITY_ASSOCIATIONS, key, &scope, call).await;
    let ids = found.map(|all| all.into_iter().map(|association| association.association_id).collect());
    let key = collection!("association", pod_identity_association);
    let describe = |id: String| async move {
        let found = eks::describe_pod_identity(eks, cluster, &id).await?;
        iam::roles(session, found.role_arn.clone()).await;
        Ok(found)
    };
    members(session, ids, operations::DESCRIBE_POD_IDENTITY_ASSOCIATION, key, describe).await;
}

/// The keys that encrypt the cluster's secrets.
pub(super) async fn keys(session: &Session<'_>, cluster: &Cluster) {
    let configs = cluster.encryption_config.iter().flatten();
    let arns = configs.filter_map(|config| config.provider.as_ref()?.key_arn.clone());
    let described = each(arns, |arn| async move {
        let call = kms::describe_key(&session.clients.kms, &arn);
        let mut found = session.call(operations::DESCRIBE_KEY, std::slice::from_ref(&arn), call).await?;
        found.arn.get_or_insert_with(|| arn.clone());
        Some((arn, found))
    });
    let described: Vec<_> = described.await.into_iter().flatten().collect();
    let key = collection!("KeyMetadata", key_metadata);
    let scope: Vec<String> = described.iter().map(|(arn, _)| arn.clone()).collect();
    if !scope.is_empty() || cluster.encryption_config.as_ref().is_none_or(Vec::is_empty) {
        let found = described.into_iter().map(|(_, found)| found).collect();
        session.keep(operations::DESCRIBE_KEY, key, &scope, found);
    }
}

async fn versions(session: &Session<'_>) {
    let call = eks::cluster_versions(&session.clients.eks);
    if let Some(found) = session.call(operations::DESCRIBE_CLUSTER_VERSIONS, &[], call).await {
        let key = collection!("clusterVersions", cluster_versions);
        session.keep(operations::DESCRIBE_CLUSTER_VERSIONS, key, &[EVERYTHING.to_owned()], found);
    }
}

async fn insights(session: &Session<'_>) {
    let scope = [session.cluster.clone()];
    let call = eks::insights(&session.clients.eks, &session.cluster);
    session.read(operations::LIST_INSIGHTS, collection!("insights", insights), &scope, call).await;
}

async fn capabilities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("capabilities", capabilities);
    let call = eks::capability_names(eks, cluster);
    let found = session.read(operations::LIST_CAPABILITIES, key, &scope, call).await;
    let names = found.map(|all| all.into_iter().map(|capability| capability.capability_name).collect());
    let key = collection!("capability", capability);
    let describe = |name: String| async move { eks::describe_capability(eks, cluster, &name).await };
    members(session, names, operations::DESCRIBE_CAPABILITY, key, describe).await;
}

async fn certificate_authorities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let key = collection!("certificateAuthorities", certificate_authorities);
    let call = eks::certificate_authorities(eks, cluster);
    let found = session.read(operations::LIST_CERTIFICATE_AUTHORITIES, key, &scope, call).await;
    let Some(found) = found else { return };
    let described = each(found, |authority| async move {
        let call = eks::describe_certificate_authority(eks, cluster, &authority.id);
        session
            .call(operations::DESCRIBE_CERTIFICATE_AUTHORITY, std::slice::from_ref(&authority.id), call)
            .await
    });
    let key = collection!("certificateAuthority", certificate_authority);
    keep_described(session, operations::DESCRIBE_CERTIFICATE_AUTHORITY, key, described.await);
}

async fn pull_through_cache(session: &Session<'_>) {
    let call = ecr::pull_through_cache_rules(&session.clients.ecr);
    if let Some(found) = session.call(operations::DESCRIBE_PULL_THROUGH_CACHE_RULES, &[], call).await {
        let key = collection!("pullThroughCacheRules", pull_through_cache_rules);
        session.keep(operations::DESCRIBE_PULL_THROUGH_CACHE_RULES, key, &[EVERYTHING.to_owned()], found);
    }
}

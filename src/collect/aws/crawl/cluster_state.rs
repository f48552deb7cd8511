//! What EKS keeps about the cluster besides its nodes: who may enter, identities, versions, insights,
//! capabilities, certificate authorities; and the keys and registry rules that it depends on.

use futures::join;

use super::{iam, keep_described, members};
use crate::collect::aws::reading::{Reading, collection, each};
use crate::collect::aws::{ecr, eks, kms, operations as op};
use crate::snapshot::EVERYTHING;
use crate::snapshot::aws::eks::Cluster;

/// What waits for nothing.
pub(super) async fn all(reading: &Reading<'_>) {
    join!(
        versions(reading),
        insights(reading),
        capabilities(reading),
        certificate_authorities(reading),
        pull_through_cache(reading)
    );
}

/// The access entries, each with its policies.
pub(super) async fn access(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("accessEntries", access_entries);
    let names =
        reading.read(op::LIST_ACCESS_ENTRIES, key, &scope, eks::access_entry_names(eks, cluster)).await;
    let key = collection!("accessEntry", access_entry);
    let describe = |name: String| async move { eks::describe_access_entry(eks, cluster, &name).await };
    let entries = members(reading, names.clone(), op::DESCRIBE_ACCESS_ENTRY, key, describe);
    let key = collection!("principalAccessPolicies", principal_access_policies);
    let policies = |name: String| async move { eks::access_policies(eks, cluster, &name).await };
    let policies = members(reading, names, op::LIST_ASSOCIATED_ACCESS_POLICIES, key, policies);
    join!(entries, policies);
}

/// The pod identity associations; only their descriptions name the roles.
pub(super) async fn pod_identities(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("associations", pod_identity_associations);
    let call = eks::pod_identities(eks, cluster);
    let found = reading.read(op::LIST_POD_IDENTITY_ASSOCIATIONS, key, &scope, call).await;
    let ids = found.map(|all| all.into_iter().map(|association| association.association_id).collect());
    let key = collection!("association", pod_identity_association);
    let describe = |id: String| async move {
        let found = eks::describe_pod_identity(eks, cluster, &id).await?;
        iam::roles(reading, found.role_arn.clone()).await;
        Ok(found)
    };
    members(reading, ids, op::DESCRIBE_POD_IDENTITY_ASSOCIATION, key, describe).await;
}

/// The keys that encrypt the cluster's secrets.
pub(super) async fn keys(reading: &Reading<'_>, cluster: &Cluster) {
    let configs = cluster.encryption_config.iter().flatten();
    let arns = configs.filter_map(|config| config.provider.as_ref()?.key_arn.clone());
    let described = each(arns, |arn| async move {
        let call = kms::describe_key(&reading.clients.kms, &arn);
        let mut found = reading.call(op::DESCRIBE_KEY, std::slice::from_ref(&arn), call).await?;
        found.arn.get_or_insert_with(|| arn.clone());
        Some((arn, found))
    });
    let described: Vec<_> = described.await.into_iter().flatten().collect();
    let key = collection!("KeyMetadata", key_metadata);
    let scope: Vec<String> = described.iter().map(|(arn, _)| arn.clone()).collect();
    if !scope.is_empty() || cluster.encryption_config.as_ref().is_none_or(Vec::is_empty) {
        let found = described.into_iter().map(|(_, found)| found).collect();
        reading.keep(op::DESCRIBE_KEY, key, &scope, found);
    }
}

async fn versions(reading: &Reading<'_>) {
    let call = eks::cluster_versions(&reading.clients.eks);
    if let Some(found) = reading.call(op::DESCRIBE_CLUSTER_VERSIONS, &[], call).await {
        let key = collection!("clusterVersions", cluster_versions);
        reading.keep(op::DESCRIBE_CLUSTER_VERSIONS, key, &[EVERYTHING.to_owned()], found);
    }
}

async fn insights(reading: &Reading<'_>) {
    let scope = [reading.cluster.clone()];
    let call = eks::insights(&reading.clients.eks, &reading.cluster);
    reading.read(op::LIST_INSIGHTS, collection!("insights", insights), &scope, call).await;
}

async fn capabilities(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("capabilities", capabilities);
    let call = eks::capability_names(eks, cluster);
    let found = reading.read(op::LIST_CAPABILITIES, key, &scope, call).await;
    let names = found.map(|all| all.into_iter().map(|capability| capability.capability_name).collect());
    let key = collection!("capability", capability);
    let describe = |name: String| async move { eks::describe_capability(eks, cluster, &name).await };
    members(reading, names, op::DESCRIBE_CAPABILITY, key, describe).await;
}

async fn certificate_authorities(reading: &Reading<'_>) {
    let (eks, cluster, scope) = (&reading.clients.eks, reading.cluster.as_str(), [reading.cluster.clone()]);
    let key = collection!("certificateAuthorities", certificate_authorities);
    let call = eks::certificate_authorities(eks, cluster);
    let found = reading.read(op::LIST_CERTIFICATE_AUTHORITIES, key, &scope, call).await;
    let Some(found) = found else { return };
    let described = each(found, |authority| async move {
        let call = eks::describe_certificate_authority(eks, cluster, &authority.id);
        reading.call(op::DESCRIBE_CERTIFICATE_AUTHORITY, std::slice::from_ref(&authority.id), call).await
    });
    let key = collection!("certificateAuthority", certificate_authority);
    keep_described(reading, op::DESCRIBE_CERTIFICATE_AUTHORITY, key, described.await);
}

async fn pull_through_cache(reading: &Reading<'_>) {
    let call = ecr::pull_through_cache_rules(&reading.clients.ecr);
    if let Some(found) = reading.call(op::DESCRIBE_PULL_THROUGH_CACHE_RULES, &[], call).await {
        let key = collection!("pullThroughCacheRules", pull_through_cache_rules);
        reading.keep(op::DESCRIBE_PULL_THROUGH_CACHE_RULES, key, &[EVERYTHING.to_owned()], found);
    }
}

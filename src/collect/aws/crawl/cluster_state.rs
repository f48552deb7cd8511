//! What EKS keeps about the cluster besides its nodes: Fargate profiles, add-ons, who may enter, identities,
//! versions, insights, capabilities, certificate authorities; and the keys and registry rules that it depends on.

use futures::join;
use privek_aws::snapshot::Arn;
use privek_aws::snapshot::aws::eks::Cluster;
use privek_core::header::EVERYTHING;

use crate::collect::aws::eks::{members, state};
use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{ecr, kms, operations};

use super::described::{describe_each, keep_described};
use super::iam;

/// KMS keys by what names them.
const KEYS: AskedOnce = AskedOnce("KMS keys");

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

/// The Fargate profiles.
pub(super) async fn fargate(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(fargate_profile_names);
    let names = session
        .read(operations::LIST_FARGATE_PROFILES, field, &scope, members::fargate_profile_names(eks, cluster))
        .await;
    let field = collection!(fargate_profile);
    let describe = |name: String| async move {
        let profile = members::describe_fargate_profile(eks, cluster, &name).await?;
        iam::roles(session, profile.pod_execution_role_arn.clone()).await;
        Ok(profile)
    };
    describe_each(session, names, operations::DESCRIBE_FARGATE_PROFILE, field, describe).await;
}

/// The add-ons.
pub(super) async fn addons(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(addons);
    let names =
        session.read(operations::LIST_ADDONS, field, &scope, members::addon_names(eks, cluster)).await;
    let field = collection!(addon);
    let describe = |name: String| async move {
        let addon = members::describe_addon(eks, cluster, &name).await?;
        iam::roles(session, addon.service_account_role_arn.clone()).await;
        Ok(addon)
    };
    describe_each(session, names, operations::DESCRIBE_ADDON, field, describe).await;
}

/// The access entries, each with its policies.
pub(super) async fn access(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(access_entries);
    let names = session
        .read(operations::LIST_ACCESS_ENTRIES, field, &scope, members::access_entry_names(eks, cluster))
        .await;
    let field = collection!(access_entry);
    let describe = |name: String| async move { members::describe_access_entry(eks, cluster, &name).await };
    let entries = describe_each(session, names.clone(), operations::DESCRIBE_ACCESS_ENTRY, field, describe);
    let field = collection!(principal_access_policies);
    let policies = |name: String| async move { state::access_policies(eks, cluster, &name).await };
    let policies =
        describe_each(session, names, operations::LIST_ASSOCIATED_ACCESS_POLICIES, field, policies);
    join!(entries, policies);
}

/// The pod identity associations; only their descriptions name the roles.
pub(super) async fn pod_identities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(pod_identity_associations);
    let call = members::pod_identities(eks, cluster);
    let found = session.read(operations::LIST_POD_IDENTITY_ASSOCIATIONS, field, &scope, call).await;
    let ids = found.map(|all| all.into_iter().map(|association| association.association_id).collect());
    let field = collection!(pod_identity_association);
    let describe = |id: String| async move {
        let found = state::describe_pod_identity(eks, cluster, &id).await?;
        // A target role may be another account's, where roles have other names.
        let account = |arn: &String| Arn::parse(arn).map(|arn| arn.account.to_owned());
        let first = found.role_arn.as_ref().and_then(account);
        let target = found.target_role_arn.clone().filter(|arn| account(arn) == first);
        iam::roles(session, found.role_arn.clone().into_iter().chain(target)).await;
        Ok(found)
    };
    describe_each(session, ids, operations::DESCRIBE_POD_IDENTITY_ASSOCIATION, field, describe).await;
}

/// The keys that encrypt the cluster's secrets.
pub(super) async fn keys(session: &Session<'_>, cluster: &Cluster) {
    let configs = cluster.encryption_config.iter().flatten();
    let arns: Vec<String> = configs.filter_map(|config| config.provider.as_ref()?.key_arn.clone()).collect();
    if arns.is_empty() && cluster.encryption_config.as_ref().is_none_or(Vec::is_empty) {
        session.keep(collection!(key_metadata), &[], Vec::new());
    }
    kms_keys(session, arns).await;
}

/// KMS keys, each once. AWS's own keys are always there, and of an alias KMS returns the key only.
pub(super) async fn kms_keys(session: &Session<'_>, named: Vec<String>) {
    let keys = named.into_iter().filter(|key| !key.contains("alias/"));
    let described = each(session.unasked(KEYS, keys), |key| async move {
        let call = kms::describe_key(&session.clients.kms, &key);
        let mut found = session.call(operations::DESCRIBE_KEY, std::slice::from_ref(&key), call).await?;
        found.arn.get_or_insert_with(|| key.clone());
        Some((key, found))
    });
    let described: Vec<_> = described.await.into_iter().flatten().collect();
    if !described.is_empty() {
        let (scope, found): (Vec<String>, Vec<_>) = described.into_iter().unzip();
        session.keep(collection!(key_metadata), &scope, found);
    }
}

async fn versions(session: &Session<'_>) {
    let call = state::cluster_versions(&session.clients.eks);
    if let Some(found) = session.call(operations::DESCRIBE_CLUSTER_VERSIONS, &[], call).await {
        session.keep(collection!(cluster_versions), &[EVERYTHING.to_owned()], found);
    }
}

async fn insights(session: &Session<'_>) {
    let scope = [session.cluster.clone()];
    let call = state::insights(&session.clients.eks, &session.cluster);
    session.read(operations::LIST_INSIGHTS, collection!(insights), &scope, call).await;
}

async fn capabilities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(capabilities);
    let call = state::capability_names(eks, cluster);
    let found = session.read(operations::LIST_CAPABILITIES, field, &scope, call).await;
    let names = found.map(|all| all.into_iter().map(|capability| capability.capability_name).collect());
    let field = collection!(capability);
    let describe = |name: String| async move { state::describe_capability(eks, cluster, &name).await };
    describe_each(session, names, operations::DESCRIBE_CAPABILITY, field, describe).await;
}

async fn certificate_authorities(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let field = collection!(certificate_authorities);
    let call = state::certificate_authorities(eks, cluster);
    let found = session.read(operations::LIST_CERTIFICATE_AUTHORITIES, field, &scope, call).await;
    let Some(found) = found else { return };
    let described = each(found, |authority| async move {
        let call = state::describe_certificate_authority(eks, cluster, &authority.id);
        session
            .call(operations::DESCRIBE_CERTIFICATE_AUTHORITY, std::slice::from_ref(&authority.id), call)
            .await
    });
    let field = collection!(certificate_authority);
    keep_described(session, field, described.await);
}

async fn pull_through_cache(session: &Session<'_>) {
    let call = ecr::pull_through_cache_rules(&session.clients.ecr);
    if let Some(found) = session.call(operations::DESCRIBE_PULL_THROUGH_CACHE_RULES, &[], call).await {
        session.keep(collection!(pull_through_cache_rules), &[EVERYTHING.to_owned()], found);
    }
}

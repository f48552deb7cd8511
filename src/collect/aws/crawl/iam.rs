//! Roles: what they may do, and who may assume them. Each is read once, as soon as it is known that
//! something uses it.

use futures::join;

use crate::collect::aws::reading::{Reading, collection, each};
use crate::collect::aws::{iam, operations as op};
use crate::snapshot::Arn;

/// Roles by ARN, with their policies.
pub(super) async fn roles(reading: &Reading<'_>, arns: impl IntoIterator<Item = String>) {
    let names = arns.into_iter().filter_map(|arn| name_of(&arn).map(str::to_owned));
    let names = reading.unasked(names, |asked| &mut asked.iam);
    each(names, |name| async move { Box::pin(role(reading, &name)).await }).await;
}

async fn role(reading: &Reading<'_>, name: &str) {
    let iam = &reading.clients.iam;
    let scope = [name.to_owned()];
    let itself = async {
        let role = reading.call_iam(op::GET_ROLE, name, iam::role(iam, name)).await;
        if let Some(role) = role {
            reading.keep(op::GET_ROLE, collection!("Role", roles), &scope, vec![role]);
        }
    };
    let attached = async {
        let call = iam::attached(iam, name);
        let Some(found) = reading.call_iam(op::LIST_ATTACHED_ROLE_POLICIES, name, call).await else { return };
        let arns = found.attached_policies.iter().filter_map(|policy| policy.policy_arn.clone());
        let arns: Vec<String> = arns.collect();
        let key = collection!("AttachedRolePolicies", attached_role_policies);
        reading.keep(op::LIST_ATTACHED_ROLE_POLICIES, key, &scope, vec![found]);
        policies(reading, arns).await;
    };
    let inside = async {
        let call = iam::inline_names(iam, name);
        let Some(found) = reading.call_iam(op::LIST_ROLE_POLICIES, name, call).await else { return };
        let names = found.policy_names.clone();
        let key = collection!("RolePolicyNames", role_policy_names);
        reading.keep(op::LIST_ROLE_POLICIES, key, &scope, vec![found]);
        each(names, |policy| async move {
            let resource = format!("{name}/{policy}");
            let call = iam::inline(iam, name, &policy);
            let Some(found) = reading.call_iam(op::GET_ROLE_POLICY, &resource, call).await else { return };
            let key = collection!("RolePolicies", role_policies);
            reading.keep(op::GET_ROLE_POLICY, key, &[resource], vec![found]);
        })
        .await;
    };
    join!(itself, attached, inside);
}

/// Documents of managed policies that are not AWS's own, whose contents are published.
async fn policies(reading: &Reading<'_>, arns: Vec<String>) {
    let own = arns.into_iter().filter(|arn| Arn::parse(arn).is_some_and(|arn| arn.account != "aws"));
    let arns = reading.unasked(own, |asked| &mut asked.iam);
    each(arns, |arn| async move {
        let iam = &reading.clients.iam;
        let Some(policy) = reading.call_iam(op::GET_POLICY, &arn, iam::policy(iam, &arn)).await else {
            return;
        };
        let version = policy.default_version_id.clone();
        let scope = [arn.clone()];
        reading.keep(op::GET_POLICY, collection!("Policy", policies), &scope, vec![policy]);
        let Some(version) = version else { return };
        let call = iam::version(iam, &arn, &version);
        let Some(found) = reading.call_iam(op::GET_POLICY_VERSION, &arn, call).await else { return };
        reading.keep(
            op::GET_POLICY_VERSION,
            collection!("PolicyVersions", policy_versions),
            &scope,
            vec![found],
        );
    })
    .await;
}

/// Instance profiles by ARN or name, and the roles in them.
pub(super) async fn profiles(reading: &Reading<'_>, used: impl IntoIterator<Item = String>) {
    // A role may have the name of its profile.
    let asked =
        used.into_iter().map(|profile| format!("instance-profile/{}", name_of(&profile).unwrap_or(&profile)));
    let asked: Vec<String> = asked.collect();
    let asked = reading.unasked(asked, |asked| &mut asked.iam);
    each(asked, |asked| async move {
        let name = asked.trim_start_matches("instance-profile/");
        let call = iam::instance_profile(&reading.clients.iam, name);
        let Some(profile) = reading.call_iam(op::GET_INSTANCE_PROFILE, name, call).await else { return };
        let roles: Vec<String> = profile.roles.iter().filter_map(|role| role.arn.clone()).collect();
        let key = collection!("InstanceProfile", instance_profiles);
        reading.keep(op::GET_INSTANCE_PROFILE, key, &[name.to_owned()], vec![profile]);
        self::roles(reading, roles).await;
    })
    .await;
}

/// The identity providers, and the one of the cluster's issuer.
pub(super) async fn providers(reading: &Reading<'_>, issuer: Option<&str>) {
    let iam = &reading.clients.iam;
    let call = iam::providers(iam);
    let Some(found) = reading.call_iam(op::LIST_OPEN_ID_CONNECT_PROVIDERS, "*", call).await else { return };
    let url = issuer.map(|issuer| issuer.trim_start_matches("https://").to_owned());
    let of_issuer = found.iter().find(|provider| url.as_ref().is_some_and(|url| provider.arn.ends_with(url)));
    let arn = of_issuer.map(|provider| provider.arn.clone());
    let key = collection!("OpenIDConnectProviderList", open_id_connect_providers);
    reading.keep(op::LIST_OPEN_ID_CONNECT_PROVIDERS, key, &["*".to_owned()], found);
    if let (Some(arn), Some(url)) = (arn, url) {
        let call = iam::provider(iam, &arn);
        let Some(found) = reading.call_iam(op::GET_OPEN_ID_CONNECT_PROVIDER, &url, call).await else {
            return;
        };
        let key = collection!("OpenIDConnectProvider", open_id_connect_provider);
        reading.keep(op::GET_OPEN_ID_CONNECT_PROVIDER, key, &[url], vec![found]);
    }
}

/// The name at the end of an ARN.
fn name_of(arn: &str) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.rsplit('/').next()).flatten().filter(|name| !name.is_empty())
}

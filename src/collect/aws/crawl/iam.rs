//! Roles: what they may do, and who may assume them. Each is read once, as soon as it is known that
//! something uses it.

use futures::join;
use privek_aws::snapshot::Arn;

use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{iam, operations};

/// Roles, instance profiles and policies by name or ARN, which do not collide.
const IAM: AskedOnce = AskedOnce("roles, instance profiles and policies");

/// Roles by ARN, with their policies.
pub(super) async fn roles(session: &Session<'_>, arns: impl IntoIterator<Item = String>) {
    let names = arns.into_iter().filter_map(|arn| name_of(&arn).map(str::to_owned));
    let names = session.unasked(IAM, names);
    each(names, |name| async move { Box::pin(role(session, &name)).await }).await;
}

async fn role(session: &Session<'_>, name: &str) {
    let iam = &session.clients.iam;
    let scope = [name.to_owned()];
    let itself = async {
        let role = session.call_iam(operations::GET_ROLE, name, iam::role(iam, name)).await;
        if let Some(role) = role {
            let boundary = role.permissions_boundary.as_ref();
            let boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn.clone());
            session.keep(collection!(roles), &scope, vec![role]);
            policies(session, boundary.into_iter().collect()).await;
        }
    };
    let attached = async {
        let call = iam::attached(iam, name);
        let Some(found) = session.call_iam(operations::LIST_ATTACHED_ROLE_POLICIES, name, call).await else {
            return;
        };
        let arns = found.attached_policies.iter().filter_map(|policy| policy.policy_arn.clone());
        let arns: Vec<String> = arns.collect();
        session.keep(collection!(attached_role_policies), &scope, vec![found]);
        policies(session, arns).await;
    };
    let inside = async {
        let call = iam::inline_names(iam, name);
        let Some(found) = session.call_iam(operations::LIST_ROLE_POLICIES, name, call).await else { return };
        let names = found.policy_names.clone();
        session.keep(collection!(role_policy_names), &scope, vec![found]);
        each(names, |policy| async move {
            let resource = format!("{name}/{policy}");
            let call = iam::inline(iam, name, &policy);
            let Some(found) = session.call_iam(operations::GET_ROLE_POLICY, &resource, call).await else {
                return;
            };
            session.keep(collection!(role_policies), &[resource], vec![found]);
        })
        .await;
    };
    join!(itself, attached, inside);
}

/// Documents of managed policies that are not AWS's own, whose contents are published.
async fn policies(session: &Session<'_>, arns: Vec<String>) {
    let own = arns.into_iter().filter(|arn| Arn::parse(arn).is_some_and(|arn| arn.account != "aws"));
    let arns = session.unasked(IAM, own);
    each(arns, |arn| async move {
        let iam = &session.clients.iam;
        let Some(policy) = session.call_iam(operations::GET_POLICY, &arn, iam::policy(iam, &arn)).await
        else {
            return;
        };
        let version = policy.default_version_id.clone();
        let scope = [arn.clone()];
        session.keep(collection!(policies), &scope, vec![policy]);
        let Some(version) = version else { return };
        let call = iam::version(iam, &arn, &version);
        let Some(found) = session.call_iam(operations::GET_POLICY_VERSION, &arn, call).await else { return };
        session.keep(collection!(policy_versions), &scope, vec![found]);
    })
    .await;
}

/// Instance profiles by ARN or name, and the roles in them.
pub(super) async fn profiles(session: &Session<'_>, used: impl IntoIterator<Item = String>) {
    // A role may have the name of its profile.
    let asked =
        used.into_iter().map(|profile| format!("instance-profile/{}", name_of(&profile).unwrap_or(&profile)));
    let asked: Vec<String> = asked.collect();
    let asked = session.unasked(IAM, asked);
    each(asked, |asked| async move {
        let name = asked.trim_start_matches("instance-profile/");
        let call = iam::instance_profile(&session.clients.iam, name);
        let Some(profile) = session.call_iam(operations::GET_INSTANCE_PROFILE, name, call).await else {
            return;
        };
        let roles: Vec<String> = profile.roles.iter().filter_map(|role| role.arn.clone()).collect();
        session.keep(collection!(instance_profiles), &[name.to_owned()], vec![profile]);
        self::roles(session, roles).await;
    })
    .await;
}

/// The identity providers, and the one of the cluster's issuer.
pub(super) async fn providers(session: &Session<'_>, issuer: Option<&str>) {
    let iam = &session.clients.iam;
    let call = iam::providers(iam);
    let Some(found) = session.call_iam(operations::LIST_OPEN_ID_CONNECT_PROVIDERS, "*", call).await else {
        return;
    };
    let url = issuer.map(|issuer| issuer.trim_start_matches("https://").to_owned());
    let of_issuer = found.iter().find(|provider| url.as_ref().is_some_and(|url| provider.arn.ends_with(url)));
    let arn = of_issuer.map(|provider| provider.arn.clone());
    session.keep(collection!(open_id_connect_providers), &["*".to_owned()], found);
    if let (Some(arn), Some(url)) = (arn, url) {
        let call = iam::provider(iam, &arn);
        let Some(found) = session.call_iam(operations::GET_OPEN_ID_CONNECT_PROVIDER, &url, call).await else {
            return;
        };
        session.keep(collection!(open_id_connect_provider), &[url], vec![found]);
    }
}

/// The name at the end of an ARN.
fn name_of(arn: &str) -> Option<&str> {
    arn.starts_with("arn:").then(|| arn.rsplit('/').next()).flatten().filter(|name| !name.is_empty())
}

//! IAM: roles, what they may do, and who may assume them. IAM is global: one endpoint a partition.

use aws_sdk_iam::{Client, types};
use percent_encoding::percent_decode_str;
use privek_aws::snapshot::aws::iam as shape;
use serde_json::Value;

use super::convert::{Fetched, all, list};
use super::failure::Failure;

/// `GetRole`.
pub(super) async fn role(client: &Client, name: &str) -> Fetched<shape::Role> {
    match client.get_role().role_name(name).send().await {
        Ok(answer) => answer.role.map(of_role).ok_or_else(|| Failure::empty("Role")),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `ListAttachedRolePolicies`.
pub(super) async fn attached(client: &Client, role: &str) -> Fetched<shape::AttachedRolePolicies> {
    let pages = client.list_attached_role_policies().role_name(role).into_paginator();
    let attached_policies = all(pages.items().send().try_collect(), of_attached).await?;
    Ok(shape::AttachedRolePolicies { role_name: role.to_owned(), attached_policies })
}

/// `ListRolePolicies`.
pub(super) async fn inline_names(client: &Client, role: &str) -> Fetched<shape::RolePolicyNames> {
    let pages = client.list_role_policies().role_name(role).into_paginator();
    let policy_names = all(pages.items().send().try_collect(), std::convert::identity).await?;
    Ok(shape::RolePolicyNames { role_name: role.to_owned(), policy_names })
}

/// `GetRolePolicy`.
pub(super) async fn inline(client: &Client, role: &str, policy: &str) -> Fetched<shape::RolePolicy> {
    match client.get_role_policy().role_name(role).policy_name(policy).send().await {
        Ok(answer) => Ok(shape::RolePolicy {
            role_name: answer.role_name,
            policy_name: answer.policy_name,
            policy_document: Some(document(&answer.policy_document)),
        }),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `GetPolicy`.
pub(super) async fn policy(client: &Client, arn: &str) -> Fetched<shape::Policy> {
    match client.get_policy().policy_arn(arn).send().await {
        Ok(answer) => {
            let policy = answer.policy.ok_or_else(|| Failure::empty("Policy"))?;
            Ok(shape::Policy {
                arn: policy.arn.unwrap_or_else(|| arn.to_owned()),
                default_version_id: policy.default_version_id,
            })
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `GetPolicyVersion`.
pub(super) async fn version(client: &Client, arn: &str, version: &str) -> Fetched<shape::PolicyVersion> {
    match client.get_policy_version().policy_arn(arn).version_id(version).send().await {
        Ok(answer) => {
            let version = answer.policy_version.ok_or_else(|| Failure::empty("PolicyVersion"))?;
            Ok(shape::PolicyVersion {
                policy_arn: arn.to_owned(),
                is_default_version: Some(version.is_default_version),
                document: version.document.as_deref().map(document),
            })
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `GetInstanceProfile`.
pub(super) async fn instance_profile(client: &Client, name: &str) -> Fetched<shape::InstanceProfile> {
    match client.get_instance_profile().instance_profile_name(name).send().await {
        Ok(answer) => {
            let profile = answer.instance_profile.ok_or_else(|| Failure::empty("InstanceProfile"))?;
            Ok(shape::InstanceProfile {
                instance_profile_name: profile.instance_profile_name,
                roles: list(Some(profile.roles), |role| shape::InstanceProfileRole { arn: Some(role.arn) }),
            })
        }
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `ListOpenIDConnectProviders`.
pub(super) async fn providers(client: &Client) -> Fetched<Vec<shape::OpenIDConnectProviderListEntry>> {
    match client.list_open_id_connect_providers().send().await {
        Ok(answer) => Ok(list(answer.open_id_connect_provider_list, |provider| {
            shape::OpenIDConnectProviderListEntry { arn: provider.arn.unwrap_or_default() }
        })),
        Err(error) => Err(Failure::of(&error)),
    }
}

/// `GetOpenIDConnectProvider`.
pub(super) async fn provider(client: &Client, arn: &str) -> Fetched<shape::OpenIDConnectProvider> {
    match client.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await {
        Ok(answer) => Ok(shape::OpenIDConnectProvider {
            url: answer.url.ok_or_else(|| Failure::empty("Url"))?,
            client_id_list: answer.client_id_list.unwrap_or_default(),
        }),
        Err(error) => Err(Failure::of(&error)),
    }
}

fn of_role(role: types::Role) -> shape::Role {
    shape::Role {
        role_name: role.role_name,
        arn: Some(role.arn),
        assume_role_policy_document: role.assume_role_policy_document.as_deref().map(document),
        permissions_boundary: role.permissions_boundary.map(|boundary| shape::AttachedPermissionsBoundary {
            permissions_boundary_arn: boundary.permissions_boundary_arn,
        }),
    }
}

fn of_attached(policy: types::AttachedPolicy) -> shape::AttachedPolicy {
    shape::AttachedPolicy { policy_arn: policy.policy_arn }
}

/// A policy document, which IAM sends percent-encoded (RFC 3986).
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html>
fn document(sent: &str) -> Value {
    // A JSON document begins with a brace; its percent signs are then its own.
    let plain = if sent.trim_start().starts_with('{') {
        sent.into()
    } else {
        percent_decode_str(sent).decode_utf8_lossy()
    };
    serde_json::from_str(&plain).unwrap_or_else(|_| plain.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_decoded_and_what_is_no_json_stays_a_text() {
        let sent = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D";
        assert_eq!(document(sent), json!({"Version": "2012-10-17", "Statement": []}));
        assert_eq!(document(r#"{"Resource": "a%2Fb"}"#), json!({"Resource": "a%2Fb"}));
        assert_eq!(document("%7Bbroken"), json!("{broken"));
        assert_eq!(document("100%, %zz, %e3%81%82 %"), json!("100%, %zz, あ %"));
    }
}

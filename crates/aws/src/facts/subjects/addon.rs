//! EKS add-ons as subjects, and the add-ons that a cluster should have.

use std::collections::BTreeSet;

use privek_core::known::Known;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::iam::{Component, PARSED};
use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::iam::{addon_permissions, credentials};
use crate::facts::inventory::cluster::{self, NETWORKING_ADDONS};
use crate::facts::inventory::eks_status;
use crate::snapshot::aws::eks::{Addon, Cluster};

/// What rules see of an add-on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AddonFacts {
    /// `addon.addonName`.
    id: String,
    /// `addon.addonName`.
    name: Option<String>,
    /// `addon.addonVersion`.
    version: Fact<String>,
    /// `addon.status`.
    status: Fact<String>,
    /// Whether `addon.status` is a status in which the add-on works: `ACTIVE` or `UPDATING`.
    works: Fact<bool>,
    /// `addon.health.issues`, one sentence for each issue.
    issues: Fact<Vec<String>>,
    /// Whether the add-on works and EKS reports no health issue for the add-on (`addon.status`,
    /// `addon.health.issues`).
    healthy: Fact<bool>,
    /// Whether the add-on is `vpc-cni`, `coredns` or `kube-proxy`; nodes and pods need these add-ons for
    /// their network.
    networking: bool,
    /// Whether the add-on's pods call AWS services with their own credentials (`rules/eks/iam.yaml`). Unknown
    /// for an add-on of AWS that the file does not list; false for a vendor's add-on.
    calls_aws: Fact<bool>,
    /// Whether the IAM role of the add-on's pods allows what the add-on needs. The role is
    /// `addon.serviceAccountRoleArn`, else that of a pod identity association (`association.roleArn`), else
    /// the role of the node. Pods get the credentials of the node role from instance metadata
    /// (`MetadataOptions`).
    permitted: Fact<bool>,
    /// Actions that the add-on needs and the IAM role of the add-on's pods does not allow.
    lacks: Vec<String>,
    /// Statements, permissions boundaries and session policies that deny the IAM role of the add-on's pods actions
    /// that the add-on needs, with the actions.
    denied: Vec<String>,
    /// Names of the IAM roles of the add-on's pods; of roles of nodes those that lack actions.
    roles: Vec<String>,
    /// Whether the add-on's pods use the role of the node.
    uses_node_role: bool,
    /// Node groups on which the add-on's pods do not reach instance metadata (`MetadataOptions`), the source of the
    /// node role's credentials. Groups whose role lacks permissions are not listed.
    node_groups_without_metadata: Vec<String>,
    /// AWS managed policies that allow what the add-on needs, with their paths.
    managed_policies: Vec<String>,
    /// The service account of the add-on that calls AWS, by AWS's default; null if the add-on calls nothing.
    service_account: Option<String>,
    /// Whether the add-on's feature is more than optional for pods (`rules/eks/services.yaml`).
    essential: bool,
}

/// Every add-on that EKS manages for the cluster.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let described: Vec<&Addon> = described(context, cluster).collect();
    let mut names: BTreeSet<&str> = described.iter().map(|addon| addon.addon_name.as_str()).collect();
    let mut unlisted = Vec::new();
    match cluster::addons(context) {
        Ok(all) => names.extend(all.iter().map(String::as_str)),
        Err(missing) => unlisted = missing,
    }
    let listed = names.into_iter().map(|name| {
        let addon = described.iter().find(|addon| addon.addon_name == name).copied();
        let facts = facts(context, name, addon.ok_or_else(|| vec![context.missing("addon", Some(name))]));
        Subject::new("addon", name, Some(name), &facts)
    });
    Subjects { listed: listed.collect(), unlisted }
}

fn described<'s>(context: &Context<'s>, cluster: &'s Cluster) -> impl Iterator<Item = &'s Addon> {
    let addons = context.snapshot.aws.addon.iter().flatten();
    addons.filter(|addon| addon.cluster_name.as_ref().is_none_or(|name| *name == cluster.name))
}

fn facts(context: &Context<'_>, name: &str, addon: Known<&Addon>) -> AddonFacts {
    let field = |of: &str| vec![context.field("addon", &format!("{of} of {name}"))];
    let status = addon.clone().and_then(|addon| addon.status.clone().ok_or_else(|| field("status")));
    let works = status.clone().and_then(|status| eks_status::works(context, Some(&status)));
    let issues = addon.clone().and_then(|addon| {
        let health = addon.health.as_ref().ok_or_else(|| field("health"))?;
        Ok(eks_status::sentences(&health.issues))
    });
    let healthy = eks_status::healthy(&works, &issues);
    let grant = addon_permissions::judge(context, name, &addon.clone().map(|addon| addon.owner.clone()));
    let known = credentials::components(name);
    let components: Vec<&Component> = known
        .iter()
        .flat_map(|known| &known.components)
        .filter_map(|component| PARSED.components.get(component))
        .collect();
    AddonFacts {
        id: name.to_owned(),
        name: Some(name.to_owned()),
        version: Fact(
            addon.and_then(|addon| addon.addon_version.clone().ok_or_else(|| field("addonVersion"))),
        ),
        status: Fact(status),
        works: Fact(works),
        issues: Fact(issues),
        healthy: Fact(healthy),
        networking: NETWORKING_ADDONS.contains(&name),
        calls_aws: Fact(grant.calls),
        permitted: Fact(grant.allowed),
        lacks: grant.lacks,
        denied: grant.denied,
        roles: grant.roles,
        node_groups_without_metadata: grant.out_of_reach.into_iter().collect(),
        uses_node_role: grant.by_node,
        managed_policies: known.map(|known| known.policies.clone()).unwrap_or_default(),
        service_account: components
            .first()
            .and_then(|component| component.service_accounts().next())
            .map(|(_, account)| account.to_owned()),
        essential: components.iter().any(|component| is_essential(component)),
    }
}

/// Whether a component belongs to a feature that stops nodes or pods.
fn is_essential(component: &Component) -> bool {
    let Ok(matrix) = services::matrix() else { return true };
    let mut features = component.features.iter().filter_map(|name| matrix.features.get(name));
    features.any(|feature| feature.optional.is_none())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::{Fixture, is_unknown};

    #[test]
    fn an_addon_that_fails_is_not_healthy_even_where_its_issues_are_unread() {
        for (status, issues, healthy) in [
            ("ACTIVE", json!([]), json!(true)),
            ("UPDATING", json!([]), json!(true)),
            ("DEGRADED", json!([]), json!(false)),
            ("CREATE_FAILED", json!(null), json!(false)),
            (
                "ACTIVE",
                json!([{"code": "InsufficientNumberOfReplicas", "message": "none", "resourceIds": []}]),
                json!(false),
            ),
        ] {
            let fixture = Fixture::healthy().change("addon", "addonName", "coredns", |addon| {
                addon["status"] = json!(status);
                addon["health"] = if issues.is_null() { json!(null) } else { json!({"issues": issues}) };
            });
            assert_eq!(fixture.fields("addon", "coredns")["healthy"], healthy, "{status}");
        }
    }

    #[test]
    fn an_addon_that_is_listed_and_not_described_is_unknown() {
        let fixture = Fixture::healthy().remove("addon", "addonName", "coredns");
        assert!(is_unknown(&fixture.fields("addon", "coredns")["healthy"], "DescribeAddon"));
        let fixture = Fixture::healthy()
            .change("addon", "addonName", "coredns", |addon| addon["status"] = json!("CREATING"));
        assert!(is_unknown(&fixture.fields("addon", "coredns")["healthy"], "CREATING"));
    }

    #[test]
    fn auto_mode_brings_the_networking_and_the_agent_along() {
        let bare = Fixture::healthy().set("addons", json!([])).set("addon", json!([]));
        let cluster = bare.fields("cluster", "payments");
        assert_eq!(cluster["unmanaged_networking"], json!(["coredns", "kube-proxy", "vpc-cni"]));
        assert_eq!(cluster["pod_identity_agent"], false);
        let auto = bare.change("cluster", "name", "payments", |cluster| {
            cluster["computeConfig"]["enabled"] = json!(true);
        });
        let cluster = auto.fields("cluster", "payments");
        assert_eq!(
            (&cluster["networking_managed"], &cluster["pod_identity_agent"]),
            (&json!(true), &json!(true))
        );
    }
}

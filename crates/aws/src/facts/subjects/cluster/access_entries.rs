//! Who may use the cluster's API, and the identity provider that its pods' tokens need.

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::inventory::cluster::{self, identity_provider_exists};
use crate::snapshot::aws::eks::{AccessEntry, Cluster};

/// What rules see of a cluster's access.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct AccessFacts {
    /// `cluster.accessConfig.authenticationMode`: `CONFIG_MAP`, `API_AND_CONFIG_MAP` or `API`.
    authentication_mode: Fact<String>,
    /// Whether a principal with an access entry may administer the cluster; `aws-auth` and Kubernetes RBAC
    /// are not read.
    administered: Fact<bool>,
    /// The principals that may administer the cluster (`accessEntry`, `principalAccessPolicies`).
    administrators: Vec<String>,
    /// Whether the cluster has networks of hybrid nodes (`cluster.remoteNetworkConfig.remoteNodeNetworks`).
    has_hybrid_networks: bool,
    /// Whether an access entry of type `HYBRID_LINUX` exists (`accessEntry[].type`). Unknown where the
    /// `ConfigMap` `aws-auth` may map the role of hybrid nodes.
    hybrid_nodes_mapped: Fact<bool>,
    /// Whether pods use IAM roles through the cluster's OIDC issuer (`addon.serviceAccountRoleArn`, or
    /// declared).
    uses_irsa: Fact<bool>,
    /// `cluster.identity.oidc.issuer`.
    issuer: Fact<String>,
    /// Whether IAM has an identity provider for the cluster's OIDC issuer (`OpenIDConnectProviderList`).
    issuer_known: Fact<bool>,
    /// Whether the IAM identity provider of the cluster's OIDC issuer has the audience `sts.amazonaws.com`
    /// (`ClientIDList`).
    issuer_serves_sts: Fact<bool>,
    /// `ClientIDList`.
    issuer_audiences: Vec<String>,
    /// The ARN of the IAM identity provider for the cluster's OIDC issuer, existing or not; null if the
    /// account is not known.
    provider_arn: Option<String>,
}

/// The facts of a cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> AccessFacts {
    let mode = cluster.access_config.as_ref().and_then(|config| config.authentication_mode.clone());
    let issuer = cluster::issuer(context);
    let known =
        issuer.as_deref().map_err(Clone::clone).and_then(|issuer| identity_provider_exists(context, issuer));
    let provider = context.snapshot.aws.open_id_connect_provider.iter().flatten();
    let provider = provider.into_iter().find(|provider| {
        issuer.as_ref().is_ok_and(|issuer| provider.url.trim_start_matches("https://") == issuer)
    });
    let audiences = provider.map(|provider| provider.client_id_list.clone());
    let (administered, administrators) = administrators(context, mode.as_deref());
    let remote = cluster.remote_network_config.as_ref();
    AccessFacts {
        has_hybrid_networks: remote.is_some_and(|remote| !remote.remote_node_networks.is_empty()),
        hybrid_nodes_mapped: Fact(hybrid_nodes_mapped(context, mode.as_deref())),
        administered: Fact(administered),
        administrators,
        authentication_mode: Fact(
            mode.ok_or_else(|| vec![context.field("cluster", "accessConfig.authenticationMode")]),
        ),
        uses_irsa: Fact(services::matrix().and_then(|matrix| features::uses(context, matrix, "irsa"))),
        issuer_serves_sts: Fact(match (&audiences, &known) {
            (Some(audiences), _) => Ok(audiences.iter().any(|audience| audience == "sts.amazonaws.com")),
            (None, Ok(false)) => Ok(false),
            (None, _) => Err(vec![context.missing("OpenIDConnectProvider", issuer.as_deref().ok())]),
        }),
        issuer_audiences: audiences.unwrap_or_default(),
        issuer_known: Fact(known),
        provider_arn: issuer.as_ref().ok().zip(context.account.as_ref()).map(|(issuer, account)| {
            format!("arn:{}:iam::{account}:oidc-provider/{issuer}", context.partition)
        }),
        issuer: Fact(issuer.map(|issuer| format!("https://{issuer}"))),
    }
}

/// Who may administer the cluster, as far as access entries say.
///
/// <https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html>
fn administrators(context: &Context<'_>, mode: Option<&str>) -> (Known<bool>, Vec<String>) {
    let in_cluster = |what: &str| Missing::unmodelled(format!("{what}; read with `kubectl auth can-i`"));
    let aws_auth = in_cluster("the administrators in the ConfigMap aws-auth and in Kubernetes RBAC");
    let Some(mode) = mode else {
        return (Err(vec![context.field("cluster", "accessConfig.authenticationMode")]), Vec::new());
    };
    if mode == "CONFIG_MAP" {
        return (Err(vec![aws_auth]), Vec::new());
    }
    let entries = match entries(context) {
        Ok(entries) => entries,
        Err(missing) => return (Err(missing), Vec::new()),
    };
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for (principal, entry) in entries {
        match entry {
            Some(entry) if entry.r#type.as_deref().is_some_and(|kind| kind != "STANDARD") => {}
            Some(entry) => match administers(context, &principal) {
                Ok(true) => found.push(principal),
                Ok(false) if entry.kubernetes_groups.is_empty() => {}
                Ok(false) => {
                    let groups = entry.kubernetes_groups.join(", ");
                    missing.push(in_cluster(&format!("the permissions of the Kubernetes groups {groups}")));
                }
                Err(why) => missing.extend(why),
            },
            None => missing.push(context.missing("accessEntry", Some(&principal))),
        }
    }
    if missing.is_empty() && mode != "API" {
        missing.push(aws_auth);
    }
    let administered = known::proved(!found.is_empty(), missing);
    (administered, found)
}

/// Whether hybrid nodes may join, as far as access entries say. EKS creates no such entry by itself:
/// <https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-prep.html>.
fn hybrid_nodes_mapped(context: &Context<'_>, mode: Option<&str>) -> Known<bool> {
    let Some(mode) = mode else {
        return Err(vec![context.field("cluster", "accessConfig.authenticationMode")]);
    };
    let aws_auth = Missing::unmodelled(
        "the role of hybrid nodes in the ConfigMap aws-auth; read with `kubectl get configmap aws-auth -n kube-system`",
    );
    if mode == "CONFIG_MAP" {
        return Err(vec![aws_auth]);
    }
    let (mut mapped, mut missing) = (false, Vec::new());
    for (principal, entry) in entries(context)? {
        match entry {
            Some(entry) => mapped |= entry.r#type.as_deref() == Some("HYBRID_LINUX"),
            None => missing.push(context.missing("accessEntry", Some(&principal))),
        }
    }
    if mode != "API" {
        missing.push(aws_auth);
    }
    known::proved(mapped, missing)
}

type Entries<'s> = Vec<(String, Option<&'s AccessEntry>)>;

fn entries<'s>(context: &Context<'s>) -> Known<Entries<'s>> {
    let cluster = context.cluster.clone()?;
    let aws = &context.snapshot.aws;
    let principals = context.items(aws.access_entries.as_deref(), "accessEntries", &cluster.name)?;
    let entry = |principal: &String| {
        aws.access_entry.iter().flatten().find(|entry| entry.principal_arn == *principal)
    };
    Ok(principals.iter().map(|principal| (principal.clone(), entry(principal))).collect())
}

/// Whether a principal has the policy of EKS's that lets it change everything in the whole cluster.
/// `AmazonEKSAdminPolicy` allows neither nodes nor cluster roles, whatever the scope.
fn administers(context: &Context<'_>, principal: &str) -> Known<bool> {
    let mut all = context.snapshot.aws.principal_access_policies.iter().flatten();
    let Some(policies) = all.find(|one| one.principal_arn == principal) else {
        return Err(vec![context.missing("principalAccessPolicies", Some(principal))]);
    };
    Ok(policies.associated_access_policies.iter().any(|policy| {
        let name = policy.policy_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        let scope = policy.access_scope.as_ref().and_then(|scope| scope.r#type.as_deref());
        name == Some("AmazonEKSClusterAdminPolicy") && scope == Some("cluster")
    }))
}

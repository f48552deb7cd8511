//! The access entries of roles: whether the cluster accepts the holders of a role as nodes.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::iam::role_usage::RoleUse;
use crate::snapshot::aws::eks::AccessEntry;

/// The access entry of a role, if there is one.
pub(super) type KnownAccessEntry<'s> = Known<Option<&'s AccessEntry>>;

/// The access entry of a principal, if there is one.
pub(super) fn entry<'s>(context: &Context<'s>, arn: &str) -> KnownAccessEntry<'s> {
    let aws = &context.snapshot.aws;
    if let Some(entry) = aws.access_entry.iter().flatten().find(|entry| entry.principal_arn == arn) {
        return Ok(Some(entry));
    }
    let cluster = context.cluster.clone()?;
    let all = context.items(aws.access_entries.as_deref(), "accessEntries", &cluster.name)?;
    if all.iter().any(|principal| principal == arn) {
        Err(vec![context.missing("accessEntry", Some(arn))])
    } else {
        Ok(None)
    }
}

/// The type of access entry that the nodes of a role need.
/// <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>
pub(super) fn wanted_type(used: &RoleUse) -> Option<&'static str> {
    match used {
        RoleUse { auto_mode: true, .. } => Some("EC2"),
        RoleUse { nodes: true, windows: true, .. } => Some("EC2_WINDOWS"),
        RoleUse { nodes: true, .. } => Some("EC2_LINUX"),
        RoleUse { fargate, .. } if !fargate.is_empty() => Some("FARGATE_LINUX"),
        _ => None,
    }
}

/// Whether the cluster accepts the role's holders as nodes. An access entry comes before `aws-auth`,
/// which only Kubernetes shows.
pub(super) fn mapped(context: &Context<'_>, used: &RoleUse, entry: &KnownAccessEntry<'_>) -> Known<bool> {
    let Some(wanted) = wanted_type(used) else { return Ok(true) };
    let config = context.cluster.clone()?.access_config.as_ref();
    let mode = config
        .and_then(|config| config.authentication_mode.as_deref())
        .ok_or_else(|| vec![context.field("cluster", "accessConfig.authenticationMode")])?;
    let in_cluster = || {
        vec![Missing::unmodelled(
            "the mappings in the ConfigMap aws-auth; read with `kubectl -n kube-system get configmap aws-auth -o yaml`",
        )]
    };
    if mode == "CONFIG_MAP" {
        return Err(in_cluster());
    }
    match entry.clone()? {
        None if mode == "API" => Ok(false),
        None => Err(in_cluster()),
        Some(entry) => {
            let kind = entry.r#type.as_deref().unwrap_or_default().to_ascii_uppercase();
            match (kind.as_str(), wanted) {
                (kind, wanted) if kind == wanted => Ok(true),
                // Windows' entries admit Linux nodes too.
                ("EC2_WINDOWS", "EC2_LINUX") => Ok(true),
                ("EC2", _) | (_, "EC2") => Err(vec![Missing::unmodelled(format!(
                    "the effect of an access entry of type {kind} for these nodes"
                ))]),
                _ => Ok(false),
            }
        }
    }
}

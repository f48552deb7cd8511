//! The IAM roles of a cluster as subjects: who may assume them, what they may do, and whether the
//! cluster knows its nodes' roles.

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::iam::PARSED;
use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::iam::credentials::{self, Credentials};
use crate::facts::iam::permissions::{Grant, Permissions};
use crate::facts::iam::role_chain;
use crate::facts::iam::role_usage::{self, PodUse, RoleUse, last};
use crate::facts::iam::trust_policy;
use crate::facts::inventory::cluster::ipv6;
use crate::facts::inventory::vpc_cni;
use crate::snapshot::aws::eks::AccessEntry;

/// What rules see of a role.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // Each is a use of its own that rules ask for.
pub(crate) struct RoleFacts {
    /// The role's name; the ARN of a role in another account.
    id: String,
    /// The role's name; the ARN of a role in another account.
    name: Option<String>,
    /// The role's ARN.
    arn: String,
    /// The users of the role, in words.
    used_by: Vec<String>,
    /// Whether the role is the cluster's own role (`cluster.roleArn`).
    for_cluster: bool,
    /// Whether nodes use the role (`nodegroup.nodeRole`, instance profiles), apart from nodes of EKS Auto
    /// Mode.
    for_nodes: bool,
    /// Whether nodes of EKS Auto Mode use the role (`cluster.computeConfig.nodeRoleArn`).
    for_auto_mode_nodes: bool,
    /// Whether Fargate profiles use the role (`fargateProfile.podExecutionRoleArn`).
    for_fargate: bool,
    /// Whether service accounts of add-ons use the role (`addon.serviceAccountRoleArn`).
    for_service_accounts: bool,
    /// Whether pod identity associations use the role (`association.roleArn`).
    for_pod_identity: bool,
    /// Whether pod identity associations use the role as their target role (`association.targetRoleArn`).
    for_pod_identity_target: bool,
    /// ARNs of the target roles that the role assumes for pod identity associations
    /// (`association.targetRoleArn`).
    target_roles: Vec<String>,
    /// Whether the role may assume every target role of the role's pod identity associations
    /// (`AttachedPolicies`, `PolicyDocument`). In the same account a target role's trust policy may name the role
    /// instead.
    allows_target_roles: Fact<bool>,
    /// Actions that the role needs on the target roles of pod identity associations, and the role's policies do
    /// not allow.
    target_roles_lack: Vec<String>,
    /// Whether only one of cluster, nodes and Fargate uses the role (`cluster.roleArn`, `nodegroup.nodeRole`,
    /// `fargateProfile.podExecutionRoleArn`).
    single_purpose: bool,
    /// Whether the role exists (`Role`, or `NoSuchEntity`).
    exists: Fact<bool>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows every user of the role to assume the
    /// role.
    trusted: Fact<bool>,
    /// The principal that may not assume the role, with the reason; null if every user may assume the role.
    trust_problem: Option<String>,
    /// A trust policy that allows every user of the role, for a fix; null if the right policy is not known.
    trust_policy: Option<String>,
    /// ARNs of the role's managed policies (`AttachedPolicies[].PolicyArn`).
    attached_policies: Fact<Vec<String>>,
    /// Whether the role's policies allow EKS what a cluster needs (`AttachedPolicies`, `PolicyDocument`);
    /// true for roles of other users.
    allows_cluster: Fact<bool>,
    /// Actions that EKS needs for a cluster and the role's policies do not allow.
    cluster_lacks: Vec<String>,
    /// Whether the role is the cluster's own, and the cluster assigns network interfaces to pods
    /// (`ENABLE_POD_ENI`) or addresses to Windows nodes.
    manages_vpc_resources: Fact<bool>,
    /// Whether the role's policies allow EKS to manage network interfaces for pods and addresses for Windows
    /// nodes (`AttachedPolicies`, `PolicyDocument`).
    allows_vpc_resources: Fact<bool>,
    /// Actions that EKS needs to manage network interfaces for pods, and the role's policies do not allow.
    vpc_resources_lack: Vec<String>,
    /// Whether the role is the cluster's own, and the cluster uses EKS Auto Mode.
    runs_auto_mode: bool,
    /// Whether the role has the policies of EKS Auto Mode (`AttachedPolicies`); true for a cluster without
    /// EKS Auto Mode.
    allows_auto_mode: Fact<bool>,
    /// AWS managed policies that EKS Auto Mode needs and the role does not have.
    auto_mode_lacks: Vec<String>,
    /// Whether the role's policies allow a node to describe its own instance (`AttachedPolicies`,
    /// `PolicyDocument`).
    allows_node: Fact<bool>,
    /// Actions that a node needs to describe its own instance, and the role's policies do not allow.
    node_lacks: Vec<String>,
    /// Whether the role's policies allow nodes to pull EKS's images (`AttachedPolicies`, `PolicyDocument`).
    allows_pull: Fact<bool>,
    /// Actions that nodes need to pull EKS's images, and the role's policies do not allow.
    pull_lacks: Vec<String>,
    /// Whether nodes use the role to get credentials for EKS Pod Identity (`associations`).
    trades_pod_identities: Fact<bool>,
    /// Whether the role's policies allow `eks-auth:AssumeRoleForPodIdentity` (`AttachedPolicies`,
    /// `PolicyDocument`).
    allows_pod_identity: Fact<bool>,
    /// Whether the VPC CNI calls EC2 with the role, as its service account's role or the node role; unknown
    /// if only Kubernetes has the setting.
    runs_cni: Fact<bool>,
    /// Whether the role's policies allow what the VPC CNI needs (`AttachedPolicies`, `PolicyDocument`), or
    /// the VPC CNI uses another role (`addon.serviceAccountRoleArn`, `association.roleArn`).
    cni_served: Fact<bool>,
    /// Actions that the VPC CNI needs and the role's policies do not allow.
    cni_lacks: Vec<String>,
    /// The AWS managed policy for the VPC CNI; null for an IPv6 cluster, for which AWS has none.
    cni_policy: Option<String>,
    /// Whether the role has an access entry or an `aws-auth` mapping of the type that the role's nodes need.
    mapped: Fact<bool>,
    /// The type of the role's access entry; null without an access entry, or if the type is not known.
    access_entry_type: Option<String>,
    /// The type of access entry (`accessEntry.type`) that the role needs; null if the role needs no access
    /// entry.
    wanted_entry_type: Option<String>,
}

/// The roles that the cluster is known to use.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let uses = role_usage::all(context);
    let cni = CniCredentials::new(context);
    let listed = uses.roles.iter().map(|(arn, used)| {
        let facts = facts(context, arn, used, &cni);
        Subject::new("role", &facts.id, Some(&facts.id), &facts)
    });
    Subjects { listed: listed.collect(), unlisted: uses.unlisted }
}

/// How the VPC CNI gets its credentials, and for which addresses.
struct CniCredentials {
    /// Whose credentials it has.
    credentials: Known<Credentials>,
    ipv6: Known<bool>,
}

impl CniCredentials {
    fn new(context: &Context<'_>) -> Self {
        let unlisted = || vec![Missing::unmodelled("the component vpc_cni in rules/eks/iam.yaml")];
        let component = PARSED.components.get(VPC_CNI).ok_or_else(unlisted);
        let credentials =
            component.and_then(|component| credentials::of_component(context, VPC_CNI, component));
        Self { credentials, ipv6: ipv6(context) }
    }
}

/// The component of `rules/eks/iam.yaml`.
const VPC_CNI: &str = "vpc_cni";

fn facts(context: &Context<'_>, arn: &str, used: &RoleUse, cni: &CniCredentials) -> RoleFacts {
    let name = last(arn).unwrap_or(arn).to_owned();
    let permissions = Permissions::of(context, &name, arn);
    let id = if role_usage::elsewhere(context, arn).is_some() { arn.to_owned() } else { name };
    let nothing = || Grant { allowed: Ok(true), lacks: Vec::new() };
    let when =
        |applies: bool, needs: &str| if applies { permissions.grant(context, needs) } else { nothing() };
    let runs_nodes = used.nodes || used.auto_mode;
    let cluster = when(used.cluster, "cluster");
    let vpc_resources = when(used.cluster, "vpc_resources");
    let node = when(used.nodes, "node");
    let pull = when(runs_nodes || !used.fargate.is_empty(), "pull");
    let pod_identity = when(runs_nodes, "pod_identity");
    let auto = context.cluster.as_ref().ok().and_then(|cluster| cluster.compute_config.as_ref());
    let runs_auto_mode = used.cluster && auto.and_then(|config| config.enabled) == Some(true);
    let auto_mode = if runs_auto_mode { permissions.auto_mode() } else { nothing() };
    let trust = trust_policy::of(context, arn, used);
    let (runs_cni, cni_served, cni_lacks) = of_cni(context, arn, used, cni, &permissions);
    let targets = to_targets(context, used);
    let entry = entry(context, arn);
    let purposes = [used.cluster, runs_nodes, !used.fargate.is_empty()];
    RoleFacts {
        arn: arn.to_owned(),
        used_by: used.by.iter().cloned().collect(),
        for_cluster: used.cluster,
        for_nodes: used.nodes,
        for_auto_mode_nodes: used.auto_mode,
        for_fargate: !used.fargate.is_empty(),
        for_service_accounts: !used.addons.is_empty(),
        for_pod_identity: !used.pods.is_empty(),
        for_pod_identity_target: !used.target_of.is_empty(),
        target_roles: used.assumes.iter().map(|chain| chain.target.clone()).collect(),
        allows_target_roles: Fact(targets.allowed),
        target_roles_lack: targets.lacks,
        single_purpose: purposes.iter().filter(|purpose| **purpose).count() <= 1,
        exists: Fact(exists(context, arn)),
        trusted: Fact(trust.allowed),
        trust_problem: trust.problem,
        trust_policy: trust.policy,
        allows_cluster: Fact(cluster.allowed),
        cluster_lacks: cluster.lacks,
        manages_vpc_resources: Fact(if used.cluster { manages_vpc_resources(context) } else { Ok(false) }),
        allows_vpc_resources: Fact(vpc_resources.allowed),
        vpc_resources_lack: vpc_resources.lacks,
        runs_auto_mode,
        allows_auto_mode: Fact(auto_mode.allowed),
        auto_mode_lacks: auto_mode.lacks,
        allows_node: Fact(node.allowed),
        node_lacks: node.lacks,
        allows_pull: Fact(pull.allowed),
        pull_lacks: pull.lacks,
        trades_pod_identities: Fact(if runs_nodes { uses(context, "pod_identity") } else { Ok(false) }),
        allows_pod_identity: Fact(pod_identity.allowed),
        runs_cni: Fact(runs_cni),
        cni_served: Fact(cni_served),
        cni_lacks,
        cni_policy: (cni.ipv6 == Ok(false)).then(|| "AmazonEKS_CNI_Policy".to_owned()),
        mapped: Fact(mapped(context, used, &entry)),
        access_entry_type: entry.ok().flatten().and_then(|entry| entry.r#type.clone()),
        wanted_entry_type: wanted_type(used).map(str::to_owned),
        attached_policies: Fact(permissions.attached),
        id: id.clone(),
        name: Some(id),
    }
}

fn uses(context: &Context<'_>, feature: &str) -> Known<bool> {
    features::uses(context, services::matrix()?, feature)
}

/// A role that IAM does not know is gone; any other silence proves nothing.
fn exists(context: &Context<'_>, arn: &str) -> Known<bool> {
    let missing = match role_usage::described(context, arn) {
        Ok(_) => return Ok(true),
        Err(missing) => missing,
    };
    if role_usage::elsewhere(context, arn).is_some() {
        return Err(missing);
    }
    let name = last(arn).unwrap_or(arn);
    let gone = context.snapshot.header.gaps.iter().any(|gap| {
        gap.operation == "GetRole" && gap.resource.as_deref() == Some(name) && gap.code == "NoSuchEntity"
    });
    if gone { Ok(false) } else { Err(missing) }
}

/// Whether the role may assume every target role of its associations.
fn to_targets(context: &Context<'_>, used: &RoleUse) -> Grant {
    let mut all = Grant { allowed: Ok(true), lacks: Vec::new() };
    for chain in &used.assumes {
        let one = role_chain::may_assume(context, chain);
        all.allowed = known::and(all.allowed, one.allowed);
        all.lacks.extend(one.lacks);
    }
    all.lacks.sort();
    all.lacks.dedup();
    all
}

/// Whether the VPC CNI uses the role, whether it may do its work, and what it lacks.
fn of_cni(
    context: &Context<'_>,
    arn: &str,
    used: &RoleUse,
    cni: &CniCredentials,
    permissions: &Permissions,
) -> (Known<bool>, Known<bool>, Vec<String>) {
    let runs = match &cni.credentials {
        Ok(Credentials::Own(roles)) => Ok(roles.contains(arn)),
        // Windows nodes get their addresses from the control plane.
        Ok(Credentials::Node) => Ok(used.nodes && used.linux),
        Err(missing) if used.nodes && used.linux || may_run_cni(used) => Err(missing.clone()),
        Err(_) => Ok(false),
    };
    if runs == Ok(false) {
        return (runs, Ok(true), Vec::new());
    }
    let grant = permissions.grant(context, VPC_CNI);
    // A role that would do says nothing about the one that the VPC CNI uses.
    let served = runs.clone().and(grant.allowed);
    (runs, served, grant.lacks)
}

/// Whether the role is one of the VPC CNI's service account, where another may come before it.
fn may_run_cni(used: &RoleUse) -> bool {
    let accounts = |pod: &PodUse| {
        let component = PARSED.components.get(VPC_CNI);
        component.is_some_and(|component| {
            component.service_accounts().any(|own| own == (pod.namespace.as_str(), pod.account.as_str()))
        })
    };
    used.addons.contains("vpc-cni")
        || used.pods.iter().any(accounts)
        || used.target_of.iter().any(|chain| accounts(&chain.pod))
}

/// Whether EKS's VPC resource controller has work: security groups for pods, or Windows.
///
/// <https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html>
fn manages_vpc_resources(context: &Context<'_>) -> Known<bool> {
    let interfaces = context.snapshot.aws.network_interfaces.iter().flatten();
    let trunks = interfaces.filter(|interface| interface.description.as_deref() == Some("aws-k8s-trunk-eni"));
    let groups = crate::facts::inventory::node_groups::listed(context).groups;
    let windows =
        groups.iter().filter_map(|group| group.ami_type.as_deref()).any(|ami| ami.starts_with("WINDOWS"));
    if windows || trunks.count() > 0 {
        return Ok(true);
    }
    vpc_cni::cni(context).setting(|cni| cni.pod_interfaces)
}

type KnownAccessEntry<'s> = Known<Option<&'s AccessEntry>>;

/// The access entry of a principal, if there is one.
fn entry<'s>(context: &Context<'s>, arn: &str) -> KnownAccessEntry<'s> {
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

/// <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html>
fn wanted_type(used: &RoleUse) -> Option<&'static str> {
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
fn mapped(context: &Context<'_>, used: &RoleUse, entry: &KnownAccessEntry<'_>) -> Known<bool> {
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

#[cfg(test)]
mod tests;

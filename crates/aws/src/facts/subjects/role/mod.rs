//! The IAM roles of a cluster as subjects: who may assume them, what they may do, and whether the
//! cluster knows its nodes' roles.

use privek_core::known::{Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::iam::permissions::{Grant, Permissions};
use crate::facts::iam::role_usage::{self, RoleUse, last};
use crate::facts::iam::trust_policy;
use crate::facts::inventory::vpc_cni;
use crate::snapshot::aws::eks::AccessEntry;

/// What rules see of a role.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // Each is a use of its own that rules ask for.
pub(crate) struct RoleFacts {
    /// The role's name.
    id: String,
    /// The same.
    name: Option<String>,
    /// The role's ARN.
    arn: String,
    /// What uses it, in words.
    used_by: Vec<String>,
    /// Whether it is the cluster's own (`cluster.roleArn`).
    for_cluster: bool,
    /// Whether nodes use it (`nodegroup.nodeRole`, instance profiles), Auto Mode's aside.
    for_nodes: bool,
    /// Whether nodes of Auto Mode use it (`cluster.computeConfig.nodeRoleArn`).
    for_auto_mode_nodes: bool,
    /// Whether Fargate profiles use it (`fargateProfile.podExecutionRoleArn`).
    for_fargate: bool,
    /// Whether service accounts of add-ons use it (`addon.serviceAccountRoleArn`).
    for_service_accounts: bool,
    /// Whether pod identity associations use it (`association.roleArn`).
    for_pod_identity: bool,
    /// Whether it serves the cluster, nodes or Fargate alone, and not two of them (`cluster.roleArn`,
    /// `nodegroup.nodeRole`, `fargateProfile.podExecutionRoleArn`).
    single_purpose: bool,
    /// Whether the role exists (`Role`, or `NoSuchEntity`).
    exists: Fact<bool>,
    /// Whether whoever has to may assume it (`Role.AssumeRolePolicyDocument`).
    trusted: Fact<bool>,
    /// Who may not, and why; null where all may.
    trust_problem: Option<String>,
    /// A trust policy that lets them, for a fix; null where it is not known which.
    trust_policy: Option<String>,
    /// ARNs of its managed policies (`AttachedPolicies[].PolicyArn`).
    attached_policies: Fact<Vec<String>>,
    /// Whether its policies let EKS do what a cluster needs (`AttachedPolicies`, `PolicyDocument`);
    /// true where it is not the cluster's.
    allows_cluster: Fact<bool>,
    /// Actions that it lacks for that.
    cluster_lacks: Vec<String>,
    /// Whether the cluster gives pods interfaces of their own (`ENABLE_POD_ENI`) or addresses to
    /// Windows nodes, and this role is the cluster's.
    manages_vpc_resources: Fact<bool>,
    /// Whether its policies let EKS manage interfaces for pods and addresses for Windows nodes
    /// (`AttachedPolicies`, `PolicyDocument`).
    allows_vpc_resources: Fact<bool>,
    /// Actions that it lacks for that.
    vpc_resources_lack: Vec<String>,
    /// Whether the cluster runs in Auto Mode and this role is the cluster's.
    runs_auto_mode: bool,
    /// Whether it has the policies of Auto Mode (`AttachedPolicies`); true where the cluster does not
    /// run in it.
    allows_auto_mode: Fact<bool>,
    /// AWS's policies that it lacks for that.
    auto_mode_lacks: Vec<String>,
    /// Whether its policies let a node describe itself (`AttachedPolicies`, `PolicyDocument`).
    allows_node: Fact<bool>,
    /// Actions that it lacks for that.
    node_lacks: Vec<String>,
    /// Whether its policies let nodes pull images of EKS (`AttachedPolicies`, `PolicyDocument`).
    allows_pull: Fact<bool>,
    /// Actions that it lacks for that.
    pull_lacks: Vec<String>,
    /// Whether nodes trade tokens for pod identities with it (`associations`).
    trades_pod_identities: Fact<bool>,
    /// Whether its policies allow `eks-auth:AssumeRoleForPodIdentity` (`AttachedPolicies`,
    /// `PolicyDocument`).
    allows_pod_identity: Fact<bool>,
    /// Whether the VPC CNI calls EC2 with it: the role of its service account, else that of the nodes;
    /// unknown where only Kubernetes tells.
    runs_cni: Fact<bool>,
    /// Whether its policies let the VPC CNI do its work (`AttachedPolicies`, `PolicyDocument`), or the
    /// CNI has another role (`addon.serviceAccountRoleArn`, `association.roleArn`).
    cni_served: Fact<bool>,
    /// Actions that it lacks for that.
    cni_lacks: Vec<String>,
    /// AWS's managed policy for the VPC CNI; null for an IPv6 cluster, which has none.
    cni_policy: Option<String>,
    /// Whether the cluster takes whoever has the role for a node (access entries, `aws-auth`).
    mapped: Fact<bool>,
    /// The type of its access entry; null where there is none, or it is not known.
    access_entry_type: Option<String>,
    /// The type of access entry (`accessEntry.type`) that it should have; null where it needs none.
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
    /// The ARN of its own role; none where it uses the node's.
    own: Known<Option<String>>,
    ipv6: Known<bool>,
}

impl CniCredentials {
    fn new(context: &Context<'_>) -> Self {
        let ipv6 = context.cluster.clone().and_then(|cluster| {
            let network = cluster.kubernetes_network_config.as_ref();
            let family = network.and_then(|network| network.ip_family.as_deref());
            family
                .map(|family| family.eq_ignore_ascii_case("ipv6"))
                .ok_or_else(|| vec![context.field("cluster", "kubernetesNetworkConfig.ipFamily")])
        });
        Self { own: own_role(context), ipv6 }
    }

    fn needs(&self) -> Known<&'static str> {
        self.ipv6.clone().map(|ipv6| if ipv6 { "cni_ipv6" } else { "cni_ipv4" })
    }
}

fn own_role(context: &Context<'_>) -> Known<Option<String>> {
    let addons = context.snapshot.aws.addon.iter().flatten();
    let Some(addon) = addons.into_iter().find(|addon| addon.addon_name == "vpc-cni") else {
        let cluster = context.cluster.clone()?;
        let names = context.items(context.snapshot.aws.addons.as_deref(), "addons", &cluster.name)?;
        return Err(if names.iter().any(|name| name == "vpc-cni") {
            vec![context.missing("addon", Some("vpc-cni"))]
        } else {
            vec![Missing::unmodelled(
                "which role the VPC CNI uses, which is no add-on: `kubectl -n kube-system get serviceaccount aws-node -o yaml` tells",
            )]
        });
    };
    if let Some(arn) = &addon.service_account_role_arn {
        return Ok(Some(arn.clone()));
    }
    role_usage::pod_identity_of(context, "kube-system", "aws-node")
}

fn facts(context: &Context<'_>, arn: &str, used: &RoleUse, cni: &CniCredentials) -> RoleFacts {
    let name = last(arn).unwrap_or(arn).to_owned();
    let permissions = Permissions::of(context, &name, arn);
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
    let trust = trust_policy::of(context, &name, used);
    let (runs_cni, cni_served, cni_lacks) = of_cni(context, arn, used, cni, &permissions);
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
        single_purpose: purposes.iter().filter(|purpose| **purpose).count() <= 1,
        exists: Fact(exists(context, &name)),
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
        id: name.clone(),
        name: Some(name),
    }
}

fn uses(context: &Context<'_>, feature: &str) -> Known<bool> {
    features::uses(context, services::matrix()?, feature)
}

/// A role that IAM does not know is gone; any other silence proves nothing.
fn exists(context: &Context<'_>, name: &str) -> Known<bool> {
    if context.snapshot.aws.roles.iter().flatten().any(|role| role.role_name == name) {
        return Ok(true);
    }
    let gone = context.snapshot.header.gaps.iter().any(|gap| {
        gap.operation == "GetRole" && gap.resource.as_deref() == Some(name) && gap.code == "NoSuchEntity"
    });
    if gone { Ok(false) } else { Err(vec![context.missing("Role", Some(name))]) }
}

/// Whether the VPC CNI uses the role, whether it may do its work, and what it lacks.
fn of_cni(
    context: &Context<'_>,
    arn: &str,
    used: &RoleUse,
    cni: &CniCredentials,
    permissions: &Permissions,
) -> (Known<bool>, Known<bool>, Vec<String>) {
    let own = cni.own.clone();
    let runs = match &own {
        Ok(Some(own)) => Ok(own == arn),
        Ok(None) => Ok(used.nodes),
        Err(missing) if used.nodes => Err(missing.clone()),
        Err(_) => Ok(false),
    };
    if runs == Ok(false) {
        return (runs, Ok(true), Vec::new());
    }
    let needs = match cni.needs() {
        Ok(needs) => needs,
        Err(missing) => return (runs, Err(missing), Vec::new()),
    };
    let grant = permissions.grant(context, needs);
    let served = match (&runs, grant.allowed) {
        // Whichever role it uses, this one would do.
        (_, Ok(true)) => Ok(true),
        (Err(missing), _) => Err(missing.clone()),
        (_, other) => other,
    };
    (runs, served, grant.lacks)
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

/// Whether the cluster takes the role's holders for nodes. An access entry comes before `aws-auth`,
/// which only Kubernetes shows.
fn mapped(context: &Context<'_>, used: &RoleUse, entry: &KnownAccessEntry<'_>) -> Known<bool> {
    let Some(wanted) = wanted_type(used) else { return Ok(true) };
    let config = context.cluster.clone()?.access_config.as_ref();
    let mode = config
        .and_then(|config| config.authentication_mode.as_deref())
        .ok_or_else(|| vec![context.field("cluster", "accessConfig.authenticationMode")])?;
    let in_cluster = || {
        vec![Missing::unmodelled(
            "what the ConfigMap aws-auth maps: `kubectl -n kube-system get configmap aws-auth -o yaml` tells",
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
                    "whether an access entry of the type {kind} admits these nodes"
                ))]),
                _ => Ok(false),
            }
        }
    }
}

#[cfg(test)]
mod tests;

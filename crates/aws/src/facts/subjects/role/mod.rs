//! The IAM roles of a cluster as subjects: who may assume them, what they may do, and whether the
//! cluster knows its nodes' roles.

use privek_core::known::{self, Known};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::iam::permissions::{Grant, Permissions};
use crate::facts::iam::role_chain;
use crate::facts::iam::role_usage::{self, RoleUse, last};
use crate::facts::iam::trust_policy::{self, Purpose};
use crate::facts::inventory::vpc_cni;

use cni::{CniCredentials, of_cni};
use entry::{entry, mapped, wanted_type};

mod cni;
mod entry;

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
    /// Statements and permissions boundaries that deny actions on the target roles of pod identity associations,
    /// with the actions.
    target_roles_denied: Vec<String>,
    /// Whether only one of cluster, nodes and Fargate uses the role (`cluster.roleArn`, `nodegroup.nodeRole`,
    /// `fargateProfile.podExecutionRoleArn`).
    single_purpose: bool,
    /// Whether the role exists (`Role`, or `NoSuchEntity`).
    exists: Fact<bool>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows EKS to assume the role
    /// for the cluster; true for roles of other users.
    trusts_eks: Fact<bool>,
    /// Why EKS may not assume the role; null if EKS may.
    eks_trust_problem: Option<String>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows EC2 to assume the role
    /// for nodes; true for roles of other users.
    trusts_ec2: Fact<bool>,
    /// Why EC2 may not assume the role; null if EC2 may.
    ec2_trust_problem: Option<String>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows Fargate to assume the role
    /// for pods of Fargate profiles; true for roles of other users.
    trusts_fargate: Fact<bool>,
    /// Why Fargate may not assume the role; null if Fargate may.
    fargate_trust_problem: Option<String>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows the service accounts of add-ons to assume the role;
    /// true for roles of other users.
    trusts_service_accounts: Fact<bool>,
    /// Why the service accounts of add-ons may not assume the role; null if they may.
    service_accounts_trust_problem: Option<String>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows EKS Pod Identity to assume the role
    /// for pod identity associations; true for roles of other users.
    trusts_pod_identity: Fact<bool>,
    /// Why EKS Pod Identity may not assume the role; null if EKS Pod Identity may.
    pod_identity_trust_problem: Option<String>,
    /// Whether the trust policy (`Role.AssumeRolePolicyDocument`) allows the first roles of pod identity associations to assume
    /// the role; true for roles of other users.
    trusts_first_roles: Fact<bool>,
    /// Why the first roles of pod identity associations may not assume the role; null if they may.
    first_roles_trust_problem: Option<String>,
    /// A trust policy that allows every user of the role, for a fix; null if the right policy is not known.
    trust_policy: Option<String>,
    /// ARNs of the role's managed policies (`AttachedPolicies[].PolicyArn`).
    attached_policies: Fact<Vec<String>>,
    /// Whether the role's policies allow EKS what a cluster needs (`AttachedPolicies`, `PolicyDocument`);
    /// true for roles of other users.
    allows_cluster: Fact<bool>,
    /// Actions that EKS needs for a cluster and the role's policies do not allow.
    cluster_lacks: Vec<String>,
    /// Statements and permissions boundaries that deny actions that EKS needs for a cluster, with the actions.
    cluster_denied: Vec<String>,
    /// Whether the role is the cluster's own, and the cluster assigns network interfaces to pods
    /// (`ENABLE_POD_ENI`) or addresses to Windows nodes.
    manages_vpc_resources: Fact<bool>,
    /// Whether the role's policies allow EKS to manage network interfaces for pods and addresses for Windows
    /// nodes (`AttachedPolicies`, `PolicyDocument`).
    allows_vpc_resources: Fact<bool>,
    /// Actions that EKS needs to manage network interfaces for pods, and the role's policies do not allow.
    vpc_resources_lack: Vec<String>,
    /// Statements and permissions boundaries that deny actions that EKS needs to manage network interfaces for pods, with the actions.
    vpc_resources_denied: Vec<String>,
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
    /// Statements and permissions boundaries that deny actions that a node needs to describe its own instance, with the actions.
    node_denied: Vec<String>,
    /// Whether the role's policies allow nodes to pull EKS's images (`AttachedPolicies`, `PolicyDocument`).
    allows_pull: Fact<bool>,
    /// Actions that nodes need to pull EKS's images, and the role's policies do not allow.
    pull_lacks: Vec<String>,
    /// Statements and permissions boundaries that deny actions that nodes need to pull EKS's images, with the actions.
    pull_denied: Vec<String>,
    /// Whether nodes use the role to get credentials for EKS Pod Identity (`associations`).
    trades_pod_identities: Fact<bool>,
    /// Whether the role's policies allow `eks-auth:AssumeRoleForPodIdentity` (`AttachedPolicies`,
    /// `PolicyDocument`).
    allows_pod_identity: Fact<bool>,
    /// Actions that the EKS Pod Identity Agent needs and the role's policies do not allow.
    pod_identity_lacks: Vec<String>,
    /// Statements and permissions boundaries that deny actions that the EKS Pod Identity Agent needs, with the
    /// actions.
    pod_identity_denied: Vec<String>,
    /// Whether the VPC CNI calls EC2 with the role, as its service account's role or the node role; unknown
    /// if only Kubernetes has the setting.
    runs_cni: Fact<bool>,
    /// Whether the role's policies allow what the VPC CNI needs (`AttachedPolicies`, `PolicyDocument`), or
    /// the VPC CNI uses another role (`addon.serviceAccountRoleArn`, `association.roleArn`).
    cni_served: Fact<bool>,
    /// Actions that the VPC CNI needs and the role's policies do not allow.
    cni_lacks: Vec<String>,
    /// Statements, permissions boundaries and session policies that deny actions that the VPC CNI needs, with the
    /// actions.
    cni_denied: Vec<String>,
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

fn facts(context: &Context<'_>, arn: &str, used: &RoleUse, cni: &CniCredentials) -> RoleFacts {
    let name = last(arn).unwrap_or(arn).to_owned();
    let permissions = Permissions::of(context, &name, arn);
    let id = if role_usage::elsewhere(context, arn).is_some() { arn.to_owned() } else { name };
    let nothing = || Grant { allowed: Ok(true), lacks: Vec::new(), denied: Vec::new() };
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
    let trust = |purpose: Purpose| trust_policy::of(context, arn, used, purpose);
    let eks = trust(Purpose::Cluster);
    let ec2 = trust(Purpose::Nodes);
    let fargate = trust(Purpose::Fargate);
    let service_accounts = trust(Purpose::Addons);
    let pods = trust(Purpose::Pods);
    let first_roles = trust(Purpose::Target);
    let (runs_cni, cni_grant) = of_cni(context, arn, used, cni);
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
        target_roles_denied: targets.denied,
        single_purpose: purposes.iter().filter(|purpose| **purpose).count() <= 1,
        exists: Fact(exists(context, arn)),
        trusts_eks: Fact(eks.allowed),
        eks_trust_problem: eks.problem,
        trusts_ec2: Fact(ec2.allowed),
        ec2_trust_problem: ec2.problem,
        trusts_fargate: Fact(fargate.allowed),
        fargate_trust_problem: fargate.problem,
        trusts_service_accounts: Fact(service_accounts.allowed),
        service_accounts_trust_problem: service_accounts.problem,
        trusts_pod_identity: Fact(pods.allowed),
        pod_identity_trust_problem: pods.problem,
        trusts_first_roles: Fact(first_roles.allowed),
        first_roles_trust_problem: first_roles.problem,
        trust_policy: trust_policy::suggested(context, used),
        allows_cluster: Fact(cluster.allowed),
        cluster_lacks: cluster.lacks,
        cluster_denied: cluster.denied,
        manages_vpc_resources: Fact(if used.cluster { manages_vpc_resources(context) } else { Ok(false) }),
        allows_vpc_resources: Fact(vpc_resources.allowed),
        vpc_resources_lack: vpc_resources.lacks,
        vpc_resources_denied: vpc_resources.denied,
        runs_auto_mode,
        allows_auto_mode: Fact(auto_mode.allowed),
        auto_mode_lacks: auto_mode.lacks,
        allows_node: Fact(node.allowed),
        node_lacks: node.lacks,
        node_denied: node.denied,
        allows_pull: Fact(pull.allowed),
        pull_lacks: pull.lacks,
        pull_denied: pull.denied,
        trades_pod_identities: Fact(if runs_nodes { uses(context, "pod_identity") } else { Ok(false) }),
        allows_pod_identity: Fact(pod_identity.allowed),
        pod_identity_lacks: pod_identity.lacks,
        pod_identity_denied: pod_identity.denied,
        runs_cni: Fact(runs_cni),
        cni_served: Fact(cni_grant.allowed),
        cni_lacks: cni_grant.lacks,
        cni_denied: cni_grant.denied,
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
    let Err(missing) = role_usage::described(context, arn) else { return Ok(true) };
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
    let mut all = Grant { allowed: Ok(true), lacks: Vec::new(), denied: Vec::new() };
    for chain in &used.assumes {
        let one = role_chain::may_assume(context, chain);
        all.allowed = known::and(all.allowed, one.allowed);
        all.lacks.extend(one.lacks);
        all.denied.extend(one.denied);
    }
    all.lacks.sort();
    all.lacks.dedup();
    all.denied.sort();
    all.denied.dedup();
    all
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

#[cfg(test)]
mod tests;

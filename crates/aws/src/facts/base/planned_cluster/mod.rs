//! A cluster that is still to be created, as if AWS had returned it: what EKS will create from the plan is
//! added to what AWS did return, so that every fact is computed in the same way.
//!
//! What only a cluster that exists has (its status, its add-ons, …) is neither known nor missing: it is
//! not there yet, and what asks for it does not apply.

use std::borrow::Cow;

use crate::intent::{Intent, Plan};
use crate::snapshot::Snapshot;
use crate::snapshot::aws::ec2::{IpPermission, IpRange, Ipv6Range, SecurityGroup, UserIdGroupPair};
use crate::snapshot::aws::eks::{Cluster, KubernetesNetworkConfig, VpcConfig};

use super::declared_unread::read_as_declared;
use super::planned_collections::{CLUSTER_GROUP, REGIONAL};

/// What is wrong with a plan: it names something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such VPC.
    #[error("VPC {id} of the planned cluster does not exist; VPCs that were read: {}", read.join(", "))]
    NoSuchVpc {
        /// Its id.
        id: String,
        /// Those that were.
        read: Vec<String>,
    },
    /// No such subnet.
    #[error("subnet {id} of the planned cluster is not in {vpc}; subnets of {vpc}: {}", read.join(", "))]
    NoSuchSubnet {
        /// Its id.
        id: String,
        /// The VPC.
        vpc: String,
        /// Its subnets.
        read: Vec<String>,
    },
    /// No such security group.
    #[error("security group {id} of the planned cluster is not in {vpc}; security groups of {vpc}: {}", read.join(", "))]
    NoSuchGroup {
        /// Its id.
        id: String,
        /// The VPC.
        vpc: String,
        /// Its groups.
        read: Vec<String>,
    },
}

/// What facts are derived from: what AWS said, what the user declares of what AWS did not say and, where a
/// cluster is planned, what EKS will make of it.
///
/// # Errors
/// A plan that names what was read and is not there.
pub fn settled<'s>(snapshot: &'s Snapshot, intent: &Intent) -> Result<Cow<'s, Snapshot>, PlanError> {
    let declared = read_as_declared(snapshot, intent);
    match &intent.cluster {
        None => Ok(declared),
        Some(plan) => {
            check(&declared, plan)?;
            Ok(Cow::Owned(with(&declared, plan)))
        }
    }
}

fn check(snapshot: &Snapshot, plan: &Plan) -> Result<(), PlanError> {
    let (vpc, aws) = (&plan.vpc, &snapshot.aws);
    if let Some(vpcs) = &aws.vpcs
        && !vpcs.is_empty()
        && !vpcs.iter().any(|known| known.vpc_id == *vpc)
    {
        let read = vpcs.iter().map(|known| known.vpc_id.clone()).collect();
        return Err(PlanError::NoSuchVpc { id: vpc.clone(), read });
    }
    let of_vpc = |of: &Option<String>| of.as_deref().is_none_or(|of| of == vpc);
    if let Some(subnets) = aws.subnets.as_ref().filter(|_| snapshot.header.covers("Subnets", vpc)) {
        let read: Vec<String> = subnets
            .iter()
            .filter(|known| of_vpc(&known.vpc_id))
            .map(|known| known.subnet_id.clone())
            .collect();
        let named = plan.control_plane_subnets.iter().chain(&plan.node_subnets);
        if let Some(id) = named.into_iter().find(|id| !read.contains(id)) {
            return Err(PlanError::NoSuchSubnet { id: id.clone(), vpc: vpc.clone(), read });
        }
    }
    if let Some(groups) =
        aws.security_groups.as_ref().filter(|_| snapshot.header.covers("SecurityGroups", vpc))
    {
        let read: Vec<String> =
            groups.iter().filter(|known| of_vpc(&known.vpc_id)).map(|known| known.group_id.clone()).collect();
        if let Some(id) = plan.security_groups.iter().find(|id| !read.contains(id)) {
            return Err(PlanError::NoSuchGroup { id: id.clone(), vpc: vpc.clone(), read });
        }
    }
    Ok(())
}

fn with(snapshot: &Snapshot, plan: &Plan) -> Snapshot {
    let mut world = snapshot.clone();
    let name = plan.called();
    world.aws.forget(|collection| collection.service == "eks" && !REGIONAL.contains(&collection.key));
    world.aws.cluster = Some(vec![cluster(plan, &name)]);
    // A cluster that does not exist has no nodes yet, and nothing runs in it.
    world.aws.nodegroups = Some(Vec::new());
    world.aws.nodegroup = Some(Vec::new());
    world.aws.fargate_profile_names = Some(Vec::new());
    world.aws.fargate_profile = Some(Vec::new());
    world.aws.pod_identity_associations = Some(Vec::new());
    world.aws.auto_scaling_groups.get_or_insert_default();
    world.aws.reservations.get_or_insert_default();
    for key in [
        "cluster",
        "nodegroups",
        "nodegroup",
        "fargateProfileNames",
        "fargateProfile",
        "associations",
        "AutoScalingGroups",
        "Reservations",
    ] {
        world.header.scope.entry(key.to_owned()).or_default().insert(name.clone());
    }
    let account = world.header.account.clone();
    world.aws.security_groups.get_or_insert_default().push(group(plan, account));
    world
}

fn cluster(plan: &Plan, name: &str) -> Cluster {
    let family = if plan.ipv6 { "ipv6" } else { "ipv4" };
    Cluster {
        name: name.to_owned(),
        version: plan.kubernetes_version.clone(),
        resources_vpc_config: Some(VpcConfig {
            vpc_id: Some(plan.vpc.clone()),
            subnet_ids: Some(plan.control_plane_subnets.clone()),
            security_group_ids: Some(plan.security_groups.clone()),
            cluster_security_group_id: Some(CLUSTER_GROUP.to_owned()),
            ..VpcConfig::default()
        }),
        kubernetes_network_config: Some(KubernetesNetworkConfig {
            ip_family: Some(family.to_owned()),
            service_ipv4_cidr: plan.service_cidr.map(|cidr| cidr.to_string()),
            ..KubernetesNetworkConfig::default()
        }),
        ..Cluster::default()
    }
}

/// The cluster's own group admits itself, and lets everything out
/// (<https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html>).
fn group(plan: &Plan, account: Option<String>) -> SecurityGroup {
    let all = || IpPermission { ip_protocol: Some("-1".to_owned()), ..IpPermission::default() };
    let itself = UserIdGroupPair { group_id: Some(CLUSTER_GROUP.to_owned()), ..UserIdGroupPair::default() };
    SecurityGroup {
        group_id: CLUSTER_GROUP.to_owned(),
        group_name: Some(CLUSTER_GROUP.to_owned()),
        vpc_id: Some(plan.vpc.clone()),
        owner_id: account,
        ip_permissions: vec![IpPermission { user_id_group_pairs: vec![itself], ..all() }],
        ip_permissions_egress: vec![IpPermission {
            ip_ranges: vec![IpRange { cidr_ip: Some("0.0.0.0/0".to_owned()) }],
            ipv6_ranges: vec![Ipv6Range { cidr_ipv6: Some("::/0".to_owned()) }],
            ..all()
        }],
        ..SecurityGroup::default()
    }
}

#[cfg(test)]
mod tests;

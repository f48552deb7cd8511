//! Pods on EC2 nodes: with the VPC CNI's defaults they share the nodes' subnets and security groups.
//!
//! What may put them elsewhere, and what shows it:
//! - enhanced subnet discovery: subnets tagged `kubernetes.io/role/cni`
//!   (<https://docs.aws.amazon.com/eks/latest/userguide/cni-subnet-selection.html>);
//! - custom networking: the CNI's secondary interfaces, `aws-K8S-<instance>`
//!   (<https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html>);
//! - security groups for pods: branch interfaces, `aws-k8s-branch-eni`
//!   (<https://docs.aws.amazon.com/eks/latest/best-practices/sgpp.html>);
//! - and what the user declares, because the rest is written in Kubernetes only.

use std::collections::BTreeSet;
use std::rc::Rc;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::inventory::node_carriers;
use crate::facts::inventory::node_groups;
use crate::facts::inventory::vpc_cni::{self, CniKnown};
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::{NetworkInterface, Subnet, Tag, tag};

use super::end_set::Ends;
use super::placements::Placements;
use super::{of_nodes, parties};

/// Marks a subnet, or a security group, as one for pods.
const ROLE: &str = "kubernetes.io/role/cni";

/// Marks what a cluster may use.
const CLUSTER: &str = "kubernetes.io/cluster/";

/// How the VPC CNI describes a node's further interfaces; the instance's id follows.
const SECONDARY: &str = "aws-K8S-";

/// How the VPC resource controller describes the interface of one pod, and the one that carries them.
const BRANCH: &str = "aws-k8s-branch-eni";
const TRUNK: &str = "aws-k8s-trunk-eni";

/// The pods on EC2 nodes: for each subnet and set of security groups one end.
pub(crate) fn pods(context: &Context<'_>) -> Ends {
    let nodes = of_nodes(context);
    if nodes.are_none() {
        return Ends::default();
    }
    let cni = vpc_cni::cni(context);
    let custom = match &cni {
        CniKnown::Read(cni) => Ok(cni.custom_networking),
        CniKnown::Assumed => Ok(false),
        CniKnown::Unread(missing) => Err(missing.clone()),
    };
    let mut places = Placements::default();
    places.may_miss(nodes.unlisted.clone());
    // Custom networking that may be on may place all of them in other subnets.
    if custom == Ok(false) {
        for end in &nodes.known {
            if let EndKind::Subnet { subnet, groups, carriers, .. } = &end.kind {
                places.add(context, subnet, (groups, &node_carriers::of_pods(carriers)), "pods");
            }
        }
    }
    let shown = interfaces(context, &mut places, &mut Placements::default());
    declared(context, &nodes, &mut places);
    match custom {
        Ok(true) => where_custom(context, &shown, &mut places),
        Ok(false) => {}
        Err(missing) => places.may_miss(missing),
    }
    let discovers = match &cni {
        CniKnown::Read(cni) => cni.subnet_discovery && !cni.custom_networking,
        CniKnown::Assumed | CniKnown::Unread(_) => true,
    };
    if discovers {
        tagged_subnets(context, &nodes, &mut places);
    }
    places.into_ends(context)
}

/// The pods that have an interface, and with it an address, of their own.
pub(crate) fn branches(context: &Context<'_>) -> Ends {
    let mut branches = Placements::default();
    interfaces(context, &mut Placements::default(), &mut branches);
    branches.into_ends(context)
}

/// The network interfaces of pods that may be on any of these nodes.
fn on_any(nodes: &Ends) -> Carriers {
    let of = |end: &End| match &end.kind {
        EndKind::Subnet { carriers, .. } => carriers.clone(),
        _ => Carriers::default(),
    };
    let every = nodes.known.iter().map(of).reduce(|one, other| one.or(&other));
    node_carriers::of_pods(&every.filter(|_| nodes.unlisted.is_empty()).unwrap_or_default())
}

/// The ends of pods that are not those of the nodes too; `Err` where that is not certain.
///
/// What is true of nodes is true of pods that share their subnet and groups.
pub(crate) fn beyond_nodes(context: &Context<'_>) -> (Rc<Ends>, Known<bool>) {
    let pods = parties(context, "pods").listed.pop().map(|party| party.ends).unwrap_or_default();
    let nodes = of_nodes(context);
    let shared: Vec<(&str, &Groups)> = of_ends(&nodes).collect();
    let apart = |end: &&End| match &end.kind {
        EndKind::Subnet { subnet, groups, .. } => !shared.contains(&(subnet.as_str(), groups)),
        _ => true,
    };
    let known: Vec<End> = pods.known.iter().filter(apart).cloned().collect();
    let certain = if known.is_empty() { &pods.unlisted } else { &nodes.unlisted };
    let exist = if certain.is_empty() { Ok(!known.is_empty()) } else { Err(certain.clone()) };
    (Rc::new(Ends { known, unlisted: pods.unlisted.clone(), ..Ends::default() }), exist)
}

fn of_ends(ends: &Ends) -> impl Iterator<Item = (&str, &Groups)> {
    ends.known.iter().filter_map(|end| match &end.kind {
        EndKind::Subnet { subnet, groups, .. } => Some((subnet.as_str(), groups)),
        _ => None,
    })
}

/// Instances of the cluster, and those of them that have a secondary interface.
#[derive(Default)]
struct Shown {
    instances: BTreeSet<String>,
    with_secondary: BTreeSet<String>,
}

/// The places that interfaces of pods show; `branches` are those of pods with one of their own.
fn interfaces(context: &Context<'_>, places: &mut Placements, branches: &mut Placements) -> Shown {
    let all = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.network_interfaces.as_deref();
        Ok((context.items(all, "NetworkInterfaces", &vpc)?, vpc))
    });
    let (all, vpc) = match all {
        Ok(known) => known,
        Err(missing) => {
            places.may_miss(missing);
            return Shown::default();
        }
    };
    let instances = node_groups::instances(context);
    let mut shown = Shown::default();
    match &instances {
        Ok(instances) => {
            shown.instances = instances.iter().map(|instance| instance.instance_id.clone()).collect();
        }
        Err(missing) => places.may_miss(missing.clone()),
    }
    // What is attached to nothing was left behind.
    let here = |interface: &&NetworkInterface| {
        interface.vpc_id.as_deref() == Some(&vpc) && interface.status.as_deref() != Some("available")
    };
    let trunks: BTreeSet<&str> = all
        .iter()
        .filter(here)
        .filter(|interface| interface.description.as_deref() == Some(TRUNK))
        .filter(|interface| interface.instance().is_some_and(|instance| shown.instances.contains(instance)))
        .map(|interface| interface.network_interface_id.as_str())
        .collect();
    for interface in all.iter().filter(here) {
        let description = interface.description.as_deref().unwrap_or_default();
        if let Some(instance) = description.strip_prefix(SECONDARY) {
            if shown.instances.contains(instance) {
                shown.with_secondary.insert(instance.to_owned());
                add(context, interface, "pods", places);
            }
        } else if description == BRANCH || interface.interface_type.as_deref() == Some("branch") {
            match is_ours(context, interface, &trunks) {
                Some(true) => {
                    for places in [&mut *places, &mut *branches] {
                        add(context, interface, "pods with security groups of their own", places);
                    }
                }
                Some(false) => {}
                None => {
                    let id = &interface.network_interface_id;
                    let field = format!("the tags of {id} that name the cluster");
                    places.may_miss([context.field("NetworkInterfaces", &field)]);
                }
            }
        }
    }
    shown
}

fn add(context: &Context<'_>, interface: &NetworkInterface, name: &str, places: &mut Placements) {
    let id = &interface.network_interface_id;
    let carriers = on_any(&of_nodes(context));
    let groups = Groups::of(interface.groups.iter().filter_map(|group| group.group_id.clone()), || {
        vec![context.field("NetworkInterfaces", &format!("Groups of {id}"))]
    });
    match &interface.subnet_id {
        Some(subnet) => places.add(context, subnet, (&groups, &carriers), name),
        None => places.may_miss([context.field("NetworkInterfaces", &format!("SubnetId of {id}"))]),
    }
}

/// Whether a pod's own interface is this cluster's; `None` where nothing says so.
fn is_ours(context: &Context<'_>, interface: &NetworkInterface, trunks: &BTreeSet<&str>) -> Option<bool> {
    let name = &context.cluster.as_ref().ok()?.name;
    if tag(&interface.tag_set, "vpcresources.k8s.aws/trunk-eni-id").is_some_and(|id| trunks.contains(id)) {
        return Some(true);
    }
    let owners: Vec<&str> = clusters(&interface.tag_set).collect();
    if owners.is_empty() { None } else { Some(owners.contains(&name.as_str())) }
}

/// The clusters that something is tagged for.
fn clusters(tags: &[Tag]) -> impl Iterator<Item = &str> {
    tags.iter().filter_map(|tag| tag.key.as_deref()?.strip_prefix(CLUSTER))
}

/// What the user declares: subnets, security groups, or both; what is left out is the nodes'.
fn declared(context: &Context<'_>, nodes: &Ends, places: &mut Placements) {
    const NAME: &str = "declared pods";
    let Some(pods) = &context.intent.pods else { return };
    let groups = Groups::Known(pods.security_groups.clone());
    let carriers = on_any(nodes);
    if pods.subnets.is_empty() {
        return of_ends(nodes)
            .for_each(|(subnet, _)| places.add(context, subnet, (&groups, &carriers), NAME));
    }
    for subnet in &pods.subnets {
        if pods.security_groups.is_empty() {
            // An `ENIConfig` without groups leaves the node's own on the interface.
            in_zone(context, nodes, subnet)
                .for_each(|groups| places.add(context, subnet, (groups, &carriers), NAME));
        } else {
            places.add(context, subnet, (&groups, &carriers), NAME);
        }
    }
}

/// The groups of the nodes whose pods may be in this subnet: an instance's interfaces are in one zone.
fn in_zone<'e>(context: &Context<'_>, nodes: &'e Ends, subnet: &str) -> impl Iterator<Item = &'e Groups> {
    let alike: Vec<&Groups> = of_ends(nodes)
        .filter(|(id, _)| context.network.same_zone(id, subnet) != Ok(false))
        .map(|(_, groups)| groups)
        .collect();
    alike.into_iter()
}

/// With custom networking only Kubernetes knows the subnets of pods to come; interfaces show those of
/// the nodes that are there.
fn where_custom(context: &Context<'_>, shown: &Shown, places: &mut Placements) {
    let all_shown = !shown.instances.is_empty() && shown.with_secondary == shown.instances;
    if context.intent.pods.is_none() && !all_shown {
        places.may_miss([Missing::intent(
            "the subnets and security groups of pods (pods: in privek-audit.yaml); custom networking sets them in Kubernetes",
        )]);
    }
}

/// Subnets that the CNI selects by their tags, besides the node's own: with any value but `0`, and not
/// those that are tagged for other clusters only.
fn tagged_subnets(context: &Context<'_>, nodes: &Ends, places: &mut Placements) {
    let subnets = context
        .vpc
        .clone()
        .and_then(|vpc| Ok((context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)?, vpc)));
    let (subnets, vpc) = match subnets {
        Ok(known) => known,
        Err(missing) => return places.may_miss(missing),
    };
    let Ok(cluster) = &context.cluster else { return };
    let taken = |subnet: &&Subnet| {
        let mut owners = clusters(&subnet.tags).peekable();
        subnet.vpc_id.as_deref() == Some(&vpc)
            && tag(&subnet.tags, ROLE).is_some_and(|value| !matches!(value, "" | "0"))
            && (owners.peek().is_none() || owners.any(|owner| owner == cluster.name))
    };
    let tagged_groups = context.snapshot.aws.security_groups.iter().flatten();
    let tagged_group = tagged_groups
        .filter(|group| group.vpc_id.as_deref() == Some(&vpc))
        .find(|group| tag(&group.tags, ROLE).is_some_and(|value| !matches!(value, "" | "0")));
    let carriers = on_any(nodes);
    for subnet in subnets.iter().filter(taken) {
        let id = &subnet.subnet_id;
        // Interfaces that are there already say which groups pods have in it.
        if places.has_subnet(id) {
            continue;
        }
        match tagged_group {
            None => in_zone(context, nodes, id)
                .for_each(|groups| places.add(context, id, (groups, &carriers), "pods")),
            Some(group) => {
                let what = format!(
                    "the security groups of pods in {id}; both {id} and {} have the tag {ROLE}",
                    group.group_id
                );
                let groups = Groups::Unread(vec![Missing::unmodelled(what)]);
                if in_zone(context, nodes, id).next().is_some() {
                    places.add(context, id, (&groups, &carriers), "pods");
                }
            }
        }
    }
}

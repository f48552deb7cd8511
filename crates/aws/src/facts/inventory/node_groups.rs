//! Where nodes come from: managed node groups, Auto Scaling groups of self-managed nodes, and
//! instances outside both. Every fact file about nodes starts here.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::{Context, plausible_count};
use crate::network::Groups;
use crate::snapshot::aws::autoscaling::AutoScalingGroup;
use crate::snapshot::aws::ec2::{Instance, LaunchTemplateData, tag};
use crate::snapshot::aws::eks::{Cluster, Nodegroup};

use super::launch_template::{default_group, template, template_groups, volume_keys};
use super::node_group_instances::{self, GroupMembership};
use super::ungrouped_nodes::beyond;
use super::warm_pools::{self, WarmPool};

/// A managed node group, or an Auto Scaling group of self-managed nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeGroup {
    /// EKS's or Auto Scaling's name.
    pub name: String,
    /// Whether EKS manages it.
    pub managed: bool,
    /// Subnets that its nodes are placed in.
    pub subnets: Known<Vec<String>>,
    /// Security groups that its nodes carry.
    pub security_groups: Groups,
    /// Instance types that it may start.
    pub instance_types: Known<Vec<String>>,
    /// Fewest nodes.
    pub min_size: Known<i64>,
    /// Most nodes.
    pub max_size: Known<i64>,
    /// Wanted nodes.
    pub desired_size: Known<i64>,
    /// Instances that Auto Scaling keeps ready beside it.
    pub warm_pool: Known<Option<WarmPool>>,
    /// Whether its image is one that EKS does not know (`amiType` `CUSTOM`, and all self-managed ones).
    pub custom_ami: Known<bool>,
    /// EKS's `amiType`; self-managed groups have none.
    pub ami_type: Option<String>,
    /// Auto Scaling groups behind it.
    pub auto_scaling_groups: Vec<String>,
    /// KMS keys that its launch template encrypts volumes with, as the template names them.
    pub volume_keys: Known<Vec<String>>,
}

/// The node groups that are known, and why there may be more nodes than theirs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// Sorted by name, managed groups first; one that is listed but was not described has unknown fields.
    pub groups: Vec<NodeGroup>,
    /// Empty when the list is complete.
    pub unlisted: Vec<Missing>,
}

/// The node groups that are known, with what may be missing.
pub fn listed(context: &Context<'_>) -> Listed {
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => return Listed { groups: Vec::new(), unlisted: missing.clone() },
    };
    let mut listed = Listed::default();
    managed(context, cluster, &mut listed);
    self_managed(context, cluster, &mut listed);
    listed
}

/// The subnets that are known to hold nodes, and why there may be more.
pub fn known_subnets(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let Listed { groups, unlisted: mut missing } = listed(context);
    let mut subnets = BTreeSet::new();
    for group in groups {
        match group.subnets {
            Ok(of_group) => subnets.extend(of_group),
            Err(why) => missing.extend(why),
        }
    }
    let beyond = beyond(context);
    subnets.extend(beyond.places.into_iter().map(|place| place.subnet));
    missing.extend(beyond.unlisted);
    match instances(context) {
        Ok(instances) => subnets.extend(instances.iter().filter_map(|instance| instance.subnet_id.clone())),
        Err(why) => missing.extend(why),
    }
    (subnets, known::joined(missing))
}

/// The subnets of managed node groups, and why there may be more.
pub fn managed_subnets(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    let mut listed = Listed::default();
    match &context.cluster {
        Ok(cluster) => managed(context, cluster, &mut listed),
        Err(missing) => listed.unlisted.extend(missing.iter().cloned()),
    }
    let mut subnets = BTreeSet::new();
    for group in listed.groups {
        match group.subnets {
            Ok(of_group) => subnets.extend(of_group),
            Err(why) => listed.unlisted.extend(why),
        }
    }
    (subnets, listed.unlisted)
}

/// The cluster's instances that run or are about to.
pub fn instances<'s>(context: &Context<'s>) -> Known<Vec<&'s Instance>> {
    let cluster = context.cluster.clone()?;
    let all = context.items(context.snapshot.aws.reservations.as_deref(), "Reservations", &cluster.name)?;
    Ok(all
        .iter()
        .flat_map(|reservation| &reservation.instances)
        .filter(|instance| is_node(instance, &cluster.name))
        .collect())
}

/// The cluster's instances that belong to none of these groups, for instance Karpenter's.
pub fn loose_instances<'s>(context: &Context<'s>, groups: &[NodeGroup]) -> Known<Vec<&'s Instance>> {
    let instances = instances(context)?;
    let membership = GroupMembership::new(context, groups);
    Ok(instances.into_iter().filter(|instance| membership.of(instance).is_empty()).collect())
}

fn is_node(instance: &Instance, cluster: &str) -> bool {
    let alive = match instance.state.as_ref().and_then(|state| state.name.as_deref()) {
        Some(state) => state == "running" || state == "pending",
        None => true,
    };
    let ours = tag(&instance.tags, &format!("kubernetes.io/cluster/{cluster}")).is_some()
        || ["aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name"]
            .iter()
            .any(|key| tag(&instance.tags, key) == Some(cluster));
    alive && ours
}

fn managed(context: &Context<'_>, cluster: &Cluster, listed: &mut Listed) {
    let aws = &context.snapshot.aws;
    let described: Vec<&Nodegroup> = aws
        .nodegroup
        .iter()
        .flatten()
        .filter(|group| group.cluster_name.as_ref().is_none_or(|name| *name == cluster.name))
        .collect();
    let mut names: BTreeSet<&str> = described.iter().map(|group| group.nodegroup_name.as_str()).collect();
    match context.items(aws.nodegroups.as_deref(), "nodegroups", &cluster.name) {
        Ok(all) => names.extend(all.iter().map(String::as_str)),
        Err(missing) => listed.unlisted.extend(missing),
    }
    for name in names {
        let group = described.iter().find(|group| group.nodegroup_name == name);
        listed.groups.push(match group {
            Some(group) => managed_group(context, cluster, group),
            None => undescribed(name, &context.missing("nodegroup", Some(name))),
        });
    }
}

fn undescribed(name: &str, missing: &Missing) -> NodeGroup {
    let unknown = || vec![missing.clone()];
    NodeGroup {
        name: name.to_owned(),
        managed: true,
        subnets: Err(unknown()),
        security_groups: Groups::Unread(unknown()),
        instance_types: Err(unknown()),
        min_size: Err(unknown()),
        max_size: Err(unknown()),
        desired_size: Err(unknown()),
        warm_pool: Err(unknown()),
        custom_ami: Err(unknown()),
        ami_type: None,
        auto_scaling_groups: Vec::new(),
        volume_keys: Err(unknown()),
    }
}

fn managed_group(context: &Context<'_>, cluster: &Cluster, group: &Nodegroup) -> NodeGroup {
    let template = group.launch_template.as_ref().map(|specification| {
        template(
            context,
            specification.id.as_deref(),
            specification.name.as_deref(),
            specification.version.as_deref(),
        )
    });
    let size = |value: Option<i64>, field: &str| {
        plausible_count(value).ok_or_else(|| {
            vec![context.field("nodegroup", &format!("{field} of node group {}", group.nodegroup_name))]
        })
    };
    let scaling = group.scaling_config.clone().unwrap_or_default();
    let resources = group.resources.clone().unwrap_or_default();
    let mut made = NodeGroup {
        name: group.nodegroup_name.clone(),
        managed: true,
        subnets: non_empty(&group.subnets).ok_or_else(|| {
            vec![context.field("nodegroup", &format!("subnets of node group {}", group.nodegroup_name))]
        }),
        security_groups: Groups::Undeclared,
        instance_types: match non_empty(&group.instance_types) {
            Some(types) => Ok(types),
            None => template_types(context, template.as_ref(), "nodegroup", &group.nodegroup_name),
        },
        min_size: size(scaling.min_size, "minSize"),
        max_size: size(scaling.max_size, "maxSize"),
        desired_size: size(scaling.desired_size, "desiredSize"),
        warm_pool: warm_pools::of_managed(context, group),
        custom_ami: match group.ami_type.as_deref() {
            Some(ami_type) => Ok(ami_type == "CUSTOM"),
            None => Err(vec![
                context.field("nodegroup", &format!("amiType of node group {}", group.nodegroup_name)),
            ]),
        },
        ami_type: group.ami_type.clone(),
        auto_scaling_groups: resources
            .auto_scaling_groups
            .into_iter()
            .filter_map(|group| group.name)
            .collect(),
        // Without a launch template EBS's default key encrypts, if any.
        volume_keys: template.clone().map_or_else(|| Ok(Vec::new()), |data| data.map(volume_keys)),
    };
    made.security_groups = match template.map(|template| template.map(|data| template_groups(context, data)))
    {
        Some(Err(missing)) => carried(context, &made).unwrap_or(Groups::Unread(missing)),
        Some(Ok(Some(groups))) => groups,
        // EKS adds the cluster's own group unless the launch template names groups
        // (<https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>).
        None | Some(Ok(None)) => {
            let own = cluster.resources_vpc_config.as_ref().and_then(|c| c.cluster_security_group_id.clone());
            match own {
                Some(own) => {
                    Groups::Known([own].into_iter().chain(resources.remote_access_security_group).collect())
                }
                None => carried(context, &made).unwrap_or_else(|| {
                    Groups::Unread(vec![
                        context.field("cluster", "resourcesVpcConfig.clusterSecurityGroupId"),
                    ])
                }),
            }
        }
    };
    made
}

fn self_managed(context: &Context<'_>, cluster: &Cluster, listed: &mut Listed) {
    let all = match context.items(
        context.snapshot.aws.auto_scaling_groups.as_deref(),
        "AutoScalingGroups",
        &cluster.name,
    ) {
        Ok(all) => all,
        Err(missing) => return listed.unlisted.extend(missing),
    };
    let tagged = format!("kubernetes.io/cluster/{}", cluster.name);
    let own = |group: &&AutoScalingGroup| {
        let has = |key: &str| group.tags.iter().any(|tag| tag.key.as_deref() == Some(key));
        has(&tagged) && !has("eks:nodegroup-name")
    };
    let behind: BTreeSet<String> =
        listed.groups.iter().flat_map(|group| group.auto_scaling_groups.clone()).collect();
    let mut groups: Vec<NodeGroup> = all
        .iter()
        .filter(own)
        .filter(|group| !behind.contains(&group.auto_scaling_group_name))
        .map(|group| scaling_group(context, group))
        .collect();
    groups.sort_by(|one, other| one.name.cmp(&other.name));
    listed.groups.append(&mut groups);
}

fn scaling_group(context: &Context<'_>, group: &AutoScalingGroup) -> NodeGroup {
    let name = &group.auto_scaling_group_name;
    let field = |field: &str| vec![context.field("AutoScalingGroups", &format!("{field} of {name}"))];
    let mixed = group.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
    let specification = group
        .launch_template
        .as_ref()
        .or_else(|| mixed.and_then(|mixed| mixed.launch_template_specification.as_ref()));
    let template = specification.map(|specification| {
        template(
            context,
            specification.launch_template_id.as_deref(),
            specification.launch_template_name.as_deref(),
            specification.version.as_deref(),
        )
    });
    let subnets: Vec<String> = group
        .vpc_zone_identifier
        .iter()
        .flat_map(|identifier| identifier.split(','))
        .map(|subnet| subnet.trim().to_owned())
        .filter(|subnet| !subnet.is_empty())
        .collect();
    let mut made = NodeGroup {
        name: name.clone(),
        managed: false,
        subnets: non_empty(&subnets).ok_or_else(|| field("VPCZoneIdentifier")),
        security_groups: Groups::Undeclared,
        instance_types: scaling_types(context, group, template.as_ref()),
        min_size: plausible_count(group.min_size).ok_or_else(|| field("MinSize")),
        max_size: plausible_count(group.max_size).ok_or_else(|| field("MaxSize")),
        desired_size: plausible_count(group.desired_capacity).ok_or_else(|| field("DesiredCapacity")),
        warm_pool: warm_pools::of_scaling(context, group),
        custom_ami: Ok(true),
        ami_type: None,
        auto_scaling_groups: vec![name.clone()],
        volume_keys: template
            .clone()
            .map_or_else(|| Err(field("LaunchTemplate")), |data| data.map(volume_keys)),
    };
    made.security_groups = match template.map(|template| template.map(|data| template_groups(context, data)))
    {
        Some(Ok(Some(groups))) => groups,
        Some(Ok(None)) => default_group(context),
        Some(Err(missing)) => carried(context, &made).unwrap_or(Groups::Unread(missing)),
        None => carried(context, &made).unwrap_or_else(|| Groups::Unread(field("LaunchTemplate"))),
    };
    made
}

/// The instance types of an Auto Scaling group: what replaces the template's type, else that one,
/// else (launch configurations are not read) the types of its members.
fn scaling_types(
    context: &Context<'_>,
    group: &AutoScalingGroup,
    template: Option<&Known<&LaunchTemplateData>>,
) -> Known<Vec<String>> {
    let name = &group.auto_scaling_group_name;
    let mixed = group.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref());
    let overrides = mixed.map(|mixed| mixed.overrides.as_slice()).unwrap_or_default();
    if overrides.iter().any(|one| one.instance_requirements.is_some()) {
        return Err(vec![Missing::unmodelled(format!(
            "the instance types that Auto Scaling group {name} selects by attributes"
        ))]);
    }
    let types: Vec<String> = overrides.iter().filter_map(|one| one.instance_type.clone()).collect();
    if let Some(types) = non_empty(&types) {
        return Ok(types);
    }
    if template.is_some() {
        return template_types(context, template, "AutoScalingGroups", name);
    }
    let types: Vec<String> =
        group.instances.iter().filter_map(|member| member.instance_type.clone()).collect();
    non_empty(&types).ok_or_else(|| {
        vec![Missing::unmodelled(format!(
            "the instance type of Auto Scaling group {name}, which has a launch configuration but no instance"
        ))]
    })
}

fn template_types(
    context: &Context<'_>,
    template: Option<&Known<&LaunchTemplateData>>,
    collection: &str,
    group: &str,
) -> Known<Vec<String>> {
    match template {
        None => Err(vec![context.field(collection, &format!("instance types of {group}"))]),
        Some(Err(missing)) => Err(missing.clone()),
        Some(Ok(data)) => data.instance_type.clone().map(|only| vec![only]).ok_or_else(|| {
            vec![Missing::unmodelled(format!("the instance types of {group}; its launch template sets none"))]
        }),
    }
}

/// The groups that all of a group's instances carry now, where they agree.
fn carried(context: &Context<'_>, group: &NodeGroup) -> Option<Groups> {
    let instances = instances(context).ok()?;
    let mut members = node_group_instances::of_each(context, std::slice::from_ref(group), &instances);
    let mut sets: Vec<Vec<String>> = members
        .pop()?
        .into_iter()
        .map(|instance| instance.security_groups.iter().filter_map(|group| group.group_id.clone()).collect())
        .collect();
    sets.dedup();
    match sets.pop() {
        Some(only) if sets.is_empty() && !only.is_empty() => Some(Groups::Known(only)),
        _ => None,
    }
}

fn non_empty(list: &[String]) -> Option<Vec<String>> {
    let sorted: BTreeSet<&String> = list.iter().collect();
    if sorted.is_empty() { None } else { Some(sorted.into_iter().cloned().collect()) }
}

//! Nodes on EC2, and pods on Fargate, each of which is a node of its own.

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{self, cluster_group};
use crate::facts::inventory::node_carriers;
use crate::facts::inventory::node_groups;
use crate::facts::inventory::ungrouped_nodes::beyond;
use crate::network::{Carriers, Groups};

use super::end_set::Ends;
use super::placements::Placements;

/// The nodes on EC2: for each subnet and set of security groups one end.
pub(crate) fn nodes(context: &Context<'_>) -> Ends {
    let listed = node_groups::listed(context);
    let mut places = Placements::default();
    places.may_miss(listed.unlisted.clone());
    for group in &listed.groups {
        match &group.subnets {
            Ok(subnets) => {
                // What is unread of several groups is one end.
                let name = match &group.security_groups {
                    Groups::Known(_) => &group.name,
                    _ => "nodes",
                };
                let carriers = node_carriers::of_group(context, group);
                for subnet in subnets {
                    places.add(context, subnet, (&group.security_groups, &carriers), name);
                }
            }
            Err(missing) => places.may_miss(missing.clone()),
        }
    }
    let beyond = beyond(context);
    for place in &beyond.places {
        let carriers = node_carriers::of_ungrouped(context, place.automatic);
        places.add(context, &place.subnet, (&place.groups, &carriers), place.name);
    }
    places.may_miss(beyond.unlisted);
    match node_groups::loose_instances(context, &listed.groups) {
        Ok(instances) => {
            for instance in instances {
                let field = |name: &str| {
                    vec![context.field("Reservations", &format!("{name} of {}", instance.instance_id))]
                };
                let groups = instance.security_groups.iter().filter_map(|group| group.group_id.clone());
                let groups = Groups::of(groups, || field("SecurityGroups"));
                match &instance.subnet_id {
                    Some(subnet) => {
                        let carriers = node_carriers::of_instance(instance);
                        places.add(context, subnet, (&groups, &carriers), "nodes outside node groups");
                    }
                    None => places.may_miss(field("SubnetId")),
                }
            }
        }
        Err(missing) => places.may_miss(missing),
    }
    if places.are_none() {
        planned(context, &mut places);
    }
    places.into_ends(context)
}

/// Before there are nodes, and unless the cluster runs on Fargate: the cluster's subnets and its own
/// group.
fn planned(context: &Context<'_>, places: &mut Placements) {
    match cluster::fargate_profiles(context) {
        Ok([]) => {}
        Ok(_) => return,
        Err(missing) => return places.may_miss(missing),
    }
    match (context.vpc_config(), cluster_group(context)) {
        (Ok(config), Ok(group)) => {
            let Some(subnets) = &config.subnet_ids else {
                return places.may_miss(vec![context.field("cluster", "resourcesVpcConfig.subnetIds")]);
            };
            for subnet in subnets {
                let groups = Groups::Known(vec![group.clone()]);
                places.add(context, subnet, (&groups, &Carriers::default()), "planned nodes");
            }
        }
        (Err(missing), _) | (_, Err(missing)) => places.may_miss(missing),
    }
}

/// Pods on Fargate, each of which is a node of its own. They carry the cluster's security group unless
/// Kubernetes says otherwise:
/// <https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html>.
pub(crate) fn fargate(context: &Context<'_>) -> Ends {
    let (profiles, missing) = cluster::described_profiles(context);
    let mut places = Placements::default();
    places.may_miss(missing);
    for profile in profiles {
        match cluster_group(context) {
            Ok(group) => {
                let name = format!("Fargate profile {}", profile.fargate_profile_name);
                if profile.subnets.is_empty() {
                    places.may_miss(vec![context.field("fargateProfile", &format!("subnets of {name}"))]);
                }
                let groups = Groups::Known(vec![group.clone()]);
                for subnet in &profile.subnets {
                    places.add(context, subnet, (&groups, &node_carriers::of_fargate()), &name);
                }
            }
            Err(missing) => places.may_miss(missing),
        }
    }
    places.into_ends(context)
}

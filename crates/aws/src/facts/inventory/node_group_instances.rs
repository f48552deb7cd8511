//! Which instances are nodes of which groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{Instance, tag};

use super::node_groups::NodeGroup;

/// For each group its nodes among these instances.
pub(crate) fn of_each<'s>(
    context: &Context<'s>,
    groups: &[NodeGroup],
    instances: &[&'s Instance],
) -> Vec<Vec<&'s Instance>> {
    let membership = GroupMembership::new(context, groups);
    let mut members = vec![Vec::new(); groups.len()];
    for instance in instances {
        membership.of(instance).into_iter().for_each(|at| members[at].push(*instance));
    }
    members
}

/// What shows which groups an instance belongs to: places in the list of groups.
#[derive(Default)]
#[allow(clippy::struct_field_names)] // Each says what shows the home.
pub(crate) struct GroupMembership<'g> {
    by_scaling_group: BTreeMap<&'g str, BTreeSet<usize>>,
    by_nodegroup: BTreeMap<&'g str, BTreeSet<usize>>,
    by_instance: BTreeMap<&'g str, BTreeSet<usize>>,
}

impl<'g> GroupMembership<'g> {
    /// Those of these groups.
    pub fn new(context: &'g Context<'_>, groups: &'g [NodeGroup]) -> Self {
        let mut membership = Self::default();
        for (at, group) in groups.iter().enumerate() {
            for name in &group.auto_scaling_groups {
                membership.by_scaling_group.entry(name).or_default().insert(at);
            }
            if group.managed {
                membership.by_nodegroup.entry(&group.name).or_default().insert(at);
            }
        }
        for scaling in context.snapshot.aws.auto_scaling_groups.iter().flatten() {
            let Some(of) = membership.by_scaling_group.get(scaling.auto_scaling_group_name.as_str()) else {
                continue;
            };
            for id in scaling.instances.iter().filter_map(|member| member.instance_id.as_deref()) {
                membership.by_instance.entry(id).or_default().extend(of);
            }
        }
        membership
    }

    /// The groups of an instance.
    pub fn of(&self, instance: &Instance) -> BTreeSet<usize> {
        let tagged = |key: &str, membership: &BTreeMap<&str, BTreeSet<usize>>| {
            tag(&instance.tags, key).and_then(|name| membership.get(name)).cloned()
        };
        let mut all = self.by_instance.get(instance.instance_id.as_str()).cloned().unwrap_or_default();
        all.extend(tagged("aws:autoscaling:groupName", &self.by_scaling_group).into_iter().flatten());
        all.extend(tagged("eks:nodegroup-name", &self.by_nodegroup).into_iter().flatten());
        all
    }
}

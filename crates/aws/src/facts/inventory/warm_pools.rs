//! Warm pools: instances that Auto Scaling keeps ready beside a group, each with an address of its subnet.
//!
//! Auto Scaling holds the difference between the prepared capacity (without one: the group's maximum) and the
//! desired capacity, and at least the pool's minimum size
//! (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutWarmPool.html>). An instance of a pool has
//! not joined the cluster (<https://docs.aws.amazon.com/eks/latest/userguide/warm-pools-managed-node-groups.html>),
//! so that no pod has an address on it, unless it is returned to the pool on scale-in.

use privek_core::known::Known;

use crate::facts::base::context::{Context, plausible_count};
use crate::snapshot::aws::autoscaling::AutoScalingGroup;
use crate::snapshot::aws::eks::Nodegroup;

/// The warm pool of a node group.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmPool {
    /// Instances of the group and the pool together; `None`: as many as the group's maximum.
    pub prepared: Option<i64>,
    /// Fewest instances in the pool.
    pub min_size: i64,
    /// Whether nodes return to the pool, with their network interfaces.
    pub reuses_nodes: bool,
    /// Whether the pool's instances run.
    pub runs: bool,
    /// Instances in the pool now.
    pub size_now: Known<i64>,
}

impl WarmPool {
    /// Instances in the pool while the group has its maximum of nodes.
    pub fn size_beside(&self, nodes: i64) -> i64 {
        (self.prepared.unwrap_or(nodes) - nodes).max(self.min_size)
    }
}

/// The warm pool of a managed node group.
pub fn of_managed(context: &Context<'_>, group: &Nodegroup) -> Known<Option<WarmPool>> {
    let name = &group.nodegroup_name;
    let config = context.since(2, group.warm_pool_config.as_ref(), "nodegroup", "warmPoolConfig")?;
    let Some(config) = config.filter(|config| config.enabled == Some(true)) else { return Ok(None) };
    let behind: Vec<&str> = group
        .resources
        .iter()
        .flat_map(|resources| &resources.auto_scaling_groups)
        .filter_map(|group| group.name.as_deref())
        .collect();
    let size_now = behind
        .into_iter()
        .map(|name| {
            let mut all = context.snapshot.aws.auto_scaling_groups.iter().flatten();
            let group = all.find(|group| group.auto_scaling_group_name == name);
            group.map_or_else(
                || Err(vec![context.missing("AutoScalingGroups", Some(name))]),
                |g| size(context, g),
            )
        })
        .sum();
    Ok(Some(WarmPool {
        prepared: plausible_count(config.max_group_prepared_capacity),
        min_size: least(context, config.min_size, "nodegroup", name)?,
        reuses_nodes: config.reuse_on_scale_in == Some(true),
        runs: runs(config.pool_state.as_deref()),
        size_now,
    }))
}

/// The warm pool of an Auto Scaling group.
pub fn of_scaling(context: &Context<'_>, group: &AutoScalingGroup) -> Known<Option<WarmPool>> {
    let Some(config) = &group.warm_pool_configuration else { return Ok(None) };
    // The only status there is.
    if config.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("PendingDelete")) {
        return Ok(None);
    }
    let reuse = config.instance_reuse_policy.as_ref().and_then(|policy| policy.reuse_on_scale_in);
    Ok(Some(WarmPool {
        prepared: plausible_count(config.max_group_prepared_capacity),
        min_size: least(context, config.min_size, "AutoScalingGroups", &group.auto_scaling_group_name)?,
        reuses_nodes: reuse == Some(true),
        runs: runs(config.pool_state.as_deref()),
        size_now: size(context, group),
    }))
}

fn size(context: &Context<'_>, group: &AutoScalingGroup) -> Known<i64> {
    plausible_count(group.warm_pool_size).ok_or_else(|| {
        let name = &group.auto_scaling_group_name;
        vec![context.field("AutoScalingGroups", &format!("WarmPoolSize of {name}"))]
    })
}

/// The minimum size; 0 where none is set.
fn least(context: &Context<'_>, set: Option<i64>, collection: &str, name: &str) -> Known<i64> {
    plausible_count(Some(set.unwrap_or_default())).ok_or_else(|| {
        vec![context.field(collection, &format!("the minimum size of the warm pool of {name}"))]
    })
}

fn runs(state: Option<&str>) -> bool {
    state.is_some_and(|state| state.eq_ignore_ascii_case("RUNNING"))
}

//! EC2 Auto Scaling: the groups tagged as the cluster's.

use aws_sdk_autoscaling::{Client, types};
use privek_aws::snapshot::aws::autoscaling as shape;

use super::convert::{Fetched, all, list, text, whole};

/// `DescribeAutoScalingGroups` with a tag; without a value, whatever it is.
pub(super) async fn groups(
    client: &Client,
    key: &str,
    value: Option<&str>,
) -> Fetched<Vec<shape::AutoScalingGroup>> {
    let filter = match value {
        Some(value) => types::Filter::builder().name(format!("tag:{key}")).values(value),
        None => types::Filter::builder().name("tag-key").values(key),
    };
    let groups = client.describe_auto_scaling_groups().filters(filter.build()).into_paginator();
    all(groups.items().send().try_collect(), auto_scaling_group).await
}

fn asg_launch_template(v: types::LaunchTemplateSpecification) -> shape::AsgLaunchTemplate {
    shape::AsgLaunchTemplate {
        launch_template_id: v.launch_template_id,
        launch_template_name: v.launch_template_name,
        version: v.version,
    }
}

fn launch_template_overrides(v: types::LaunchTemplateOverrides) -> shape::LaunchTemplateOverrides {
    shape::LaunchTemplateOverrides {
        instance_type: v.instance_type,
        launch_template_specification: v.launch_template_specification.map(asg_launch_template),
        // Only that there are any is kept.
        instance_requirements: v.instance_requirements.map(|_| serde_json::json!({})),
    }
}

fn mixed_launch_template(v: types::LaunchTemplate) -> shape::MixedLaunchTemplate {
    shape::MixedLaunchTemplate {
        launch_template_specification: v.launch_template_specification.map(asg_launch_template),
        overrides: list(v.overrides, launch_template_overrides),
    }
}

fn mixed_instances_policy(v: types::MixedInstancesPolicy) -> shape::MixedInstancesPolicy {
    shape::MixedInstancesPolicy { launch_template: v.launch_template.map(mixed_launch_template) }
}

fn asg_instance(v: types::Instance) -> shape::AsgInstance {
    shape::AsgInstance {
        instance_id: v.instance_id,
        instance_type: v.instance_type,
        lifecycle_state: text(v.lifecycle_state),
    }
}

fn tag_description(v: types::TagDescription) -> shape::TagDescription {
    shape::TagDescription { key: v.key }
}

fn warm_pool_configuration(v: types::WarmPoolConfiguration) -> shape::WarmPoolConfiguration {
    shape::WarmPoolConfiguration {
        max_group_prepared_capacity: whole(v.max_group_prepared_capacity),
        min_size: whole(v.min_size),
        pool_state: text(v.pool_state),
        status: text(v.status),
        instance_reuse_policy: v
            .instance_reuse_policy
            .map(|v| shape::InstanceReusePolicy { reuse_on_scale_in: v.reuse_on_scale_in }),
    }
}

fn auto_scaling_group(v: types::AutoScalingGroup) -> shape::AutoScalingGroup {
    shape::AutoScalingGroup {
        auto_scaling_group_name: v.auto_scaling_group_name.unwrap_or_default(),
        launch_template: v.launch_template.map(asg_launch_template),
        mixed_instances_policy: v.mixed_instances_policy.map(mixed_instances_policy),
        min_size: whole(v.min_size),
        max_size: whole(v.max_size),
        desired_capacity: whole(v.desired_capacity),
        vpc_zone_identifier: v.vpc_zone_identifier,
        instances: list(v.instances, asg_instance),
        tags: list(v.tags, tag_description),
        warm_pool_configuration: v.warm_pool_configuration.map(warm_pool_configuration),
        warm_pool_size: whole(v.warm_pool_size),
    }
}

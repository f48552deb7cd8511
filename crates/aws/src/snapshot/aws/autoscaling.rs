//! EC2 Auto Scaling's shapes, as `aws autoscaling describe-…` prints them.

use super::shape::shapes;

shapes! { "PascalCase";
    /// `DescribeAutoScalingGroups`.
    AutoScalingGroup {
        auto_scaling_group_name: String,
        launch_template: Option<AsgLaunchTemplate>,
        mixed_instances_policy: Option<MixedInstancesPolicy>,
        min_size: Option<i64>,
        max_size: Option<i64>,
        desired_capacity: Option<i64>,
        #[serde(rename = "VPCZoneIdentifier")] vpc_zone_identifier: Option<String>,
        instances: Vec<AsgInstance>,
        tags: Vec<TagDescription>,
        warm_pool_configuration: Option<WarmPoolConfiguration>,
        warm_pool_size: Option<i64>,
    }

    /// Instances that are kept ready beside the group.
    WarmPoolConfiguration { max_group_prepared_capacity: Option<i64>, min_size: Option<i64>, pool_state: Option<String>, status: Option<String>, instance_reuse_policy: Option<InstanceReusePolicy> }
    /// Whether instances return to the pool.
    InstanceReusePolicy { reuse_on_scale_in: Option<bool> }
    /// A launch template and its version.
    AsgLaunchTemplate { launch_template_id: Option<String>, launch_template_name: Option<String>, version: Option<String> }
    /// Several instance types in one group.
    MixedInstancesPolicy { launch_template: Option<MixedLaunchTemplate> }
    /// The template and the types that replace its own.
    MixedLaunchTemplate { launch_template_specification: Option<AsgLaunchTemplate>, overrides: Vec<LaunchTemplateOverrides> }
    /// One instance type; `InstanceRequirements` (attributes instead of a type) is kept only as a fact.
    LaunchTemplateOverrides { instance_type: Option<String>, launch_template_specification: Option<AsgLaunchTemplate>, instance_requirements: Option<serde_json::Value> }
    /// A member of the group.
    AsgInstance { instance_id: Option<String>, instance_type: Option<String>, lifecycle_state: Option<String> }
    /// A tag of the group.
    TagDescription { key: Option<String> }
}

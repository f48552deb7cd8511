//! What a managed node group's own state says: whether it works, its image, its version against the
//! control plane's, and whether its zones have its instance types.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::versions::minor_version;
use crate::facts::base::context::Context;
use crate::facts::inventory::node_groups::NodeGroup;
use crate::facts::inventory::{eks_status, kms_keys, security_groups, subnets};
use crate::snapshot::aws::eks::Nodegroup;

use super::security_group_tags::{self, GroupTagFacts};

/// What rules see of a node group's state. For self-managed groups, EKS's fields are null or unknown.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GroupStateFacts {
    /// `nodegroup.status`.
    status: Fact<String>,
    /// `nodegroup.health.issues`, one sentence for each issue.
    issues: Fact<Vec<String>>,
    /// Whether `nodegroup.status` is a status in which the node group works, and EKS reports no health issue.
    healthy: Fact<bool>,
    /// `nodegroup.amiType`.
    ami_type: Fact<String>,
    /// Whether the node group's image is Amazon Linux 2 (`nodegroup.amiType`).
    amazon_linux_2: Fact<bool>,
    /// `nodegroup.version`.
    version: Fact<String>,
    /// Number of minor versions by which the node group (`nodegroup.version`) is behind the control plane
    /// (`cluster.version`); below zero if the node group is newer.
    versions_behind: Fact<i64>,
    /// Zones of the node group's subnets in which AWS offers none of the node group's instance types
    /// (`InstanceTypeOfferings`).
    zones_without_types: Fact<Vec<String>>,
    /// Whether AWS offers one of the node group's instance types in every zone of the node group's subnets
    /// (`InstanceTypeOfferings[].Location`).
    types_offered: Fact<bool>,
    /// Security groups of the node group's nodes that are neither in the VPC nor associated with the VPC.
    security_groups_missing: Fact<Vec<String>>,
    /// Whether every security group of the node group's nodes is in the VPC or associated with the VPC
    /// (`SecurityGroups`, `SecurityGroupVpcAssociations`).
    security_groups_there: Fact<bool>,
    /// KMS keys that EBS cannot use, of the volumes in the node group's launch template
    /// (`BlockDeviceMappings[].Ebs.KmsKeyId`, `KeyMetadata.KeyState`, `KeyMetadata.KeySpec`).
    unusable_volume_keys: Fact<Vec<VolumeKeyFacts>>,
    /// Whether EBS can use every KMS key of the volumes in the node group's launch template
    /// (`BlockDeviceMappings[].Ebs.KmsKeyId`, `KeyMetadata.KeyState`).
    volume_keys_usable: Fact<bool>,
    #[serde(flatten)]
    tags: GroupTagFacts,
}

/// A KMS key that EBS cannot use.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct VolumeKeyFacts {
    /// `KeyMetadata.Arn`.
    arn: String,
    /// `KeyMetadata.KeyState`; `NotFound` if KMS does not know the key, `KeyMetadata.KeySpec` for an asymmetric
    /// key, the region for a key of another region.
    state: String,
}

/// The facts about one group; `described` is EKS's description of a managed one.
pub(crate) fn facts(
    context: &Context<'_>,
    group: &NodeGroup,
    described: Option<&Nodegroup>,
) -> GroupStateFacts {
    let described = described.ok_or_else(|| vec![context.missing("nodegroup", Some(&group.name))]);
    let text = |of: &str, pick: fn(&Nodegroup) -> Option<String>| {
        described.clone().and_then(|described| {
            pick(described)
                .ok_or_else(|| vec![context.field("nodegroup", &format!("{of} of {}", group.name))])
        })
    };
    let status = text("status", |group| group.status.clone());
    let works = status.clone().and_then(|status| eks_status::works(context, Some(&status)));
    let issues = described.clone().and_then(|described| {
        let health = described.health.as_ref();
        let health =
            health.ok_or_else(|| vec![context.field("nodegroup", &format!("health of {}", group.name))])?;
        Ok(eks_status::sentences(&health.issues))
    });
    let ami_type = text("amiType", |group| group.ami_type.clone());
    let version = text("version", |group| group.version.clone());
    let zones = zones_without_types(context, group);
    let groups = groups_missing(context, group);
    let keys = unusable_volume_keys(context, group);
    GroupStateFacts {
        healthy: Fact(eks_status::healthy(&works, &issues)),
        status: Fact(status),
        issues: Fact(issues),
        amazon_linux_2: Fact(ami_type.clone().map(|ami| ami.starts_with("AL2_"))),
        ami_type: Fact(ami_type),
        versions_behind: Fact(version.clone().and_then(|version| behind(context, &version))),
        version: Fact(version),
        types_offered: Fact(zones.clone().map(|zones| zones.is_empty())),
        zones_without_types: Fact(zones),
        security_groups_there: Fact(groups.clone().map(|groups| groups.is_empty())),
        security_groups_missing: Fact(groups),
        volume_keys_usable: Fact(keys.clone().map(|keys| keys.is_empty())),
        unusable_volume_keys: Fact(keys),
        tags: security_group_tags::facts(context, group),
    }
}

fn unusable_volume_keys(context: &Context<'_>, group: &NodeGroup) -> Known<Vec<VolumeKeyFacts>> {
    let (mut unusable, mut missing) = (Vec::new(), Vec::new());
    context.assume("Volumes of nodes without a KMS key in the launch template use the AWS managed key aws/ebs, or no key.");
    for key in group.volume_keys.clone()? {
        match kms_keys::unusable_for_volumes(context, &key) {
            Ok(Some(key)) => unusable.push(VolumeKeyFacts { arn: key.arn, state: key.state }),
            Ok(None) => {}
            Err(why) => missing.extend(why),
        }
    }
    known::found(unusable, missing)
}

fn behind(context: &Context<'_>, nodes: &str) -> Known<i64> {
    let cluster = context.cluster.clone()?;
    let control_plane =
        cluster.version.as_deref().ok_or_else(|| vec![context.field("cluster", "version")])?;
    match (minor_version(control_plane), minor_version(nodes)) {
        (Some((major, minor)), Some((same, older))) if major == same => {
            Ok(i64::from(minor) - i64::from(older))
        }
        _ => Err(vec![Missing::unmodelled(format!(
            "the difference between node version {nodes} and control plane version {control_plane}"
        ))]),
    }
}

fn zones_without_types(context: &Context<'_>, group: &NodeGroup) -> Known<Vec<String>> {
    let types = group.instance_types.clone()?;
    let zones: BTreeSet<String> =
        group.subnets.clone()?.iter().map(|id| subnets::zone(context, id)).collect::<Known<_>>()?;
    let mut offered = BTreeSet::new();
    for name in &types {
        let read = context.snapshot.aws.instance_type_offerings.as_deref();
        let found = context.items(read, "InstanceTypeOfferings", name)?;
        let found = found.iter().filter(|offering| offering.instance_type == *name);
        let in_zones: Vec<&str> = found
            .filter(|offering| offering.location_type.as_deref() == Some("availability-zone-id"))
            .filter_map(|offering| offering.location.as_deref())
            .collect();
        // Offerings of a region or by zone name say nothing about zone ids.
        let other = read.unwrap_or_default().iter().any(|offering| {
            offering.instance_type == *name
                && offering.location_type.as_deref() != Some("availability-zone-id")
        });
        if in_zones.is_empty() && other {
            let what = "the zones by id (--location-type availability-zone-id)";
            return Err(vec![context.field("InstanceTypeOfferings", what)]);
        }
        offered.extend(in_zones);
    }
    // A zone that is known by name only cannot be compared.
    if zones.iter().any(|zone| !zone.contains("-az") && !zone.contains("-wlz")) {
        return Err(vec![context.field("Subnets", "AvailabilityZoneId")]);
    }
    Ok(zones.into_iter().filter(|zone| !offered.contains(zone.as_str())).collect())
}

fn groups_missing(context: &Context<'_>, group: &NodeGroup) -> Known<Vec<String>> {
    // The groups that nodes carry stand in for those of a launch template that was not read, and are there.
    if let Err(missing) = &group.volume_keys {
        return Err(missing.clone());
    }
    match group.security_groups.ids()? {
        [] => Ok(Vec::new()),
        ids => {
            security_groups::missing_groups(context, &context.vpc.clone()?, ids.iter().map(String::as_str))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::fixture::{Fixture, is_unknown};

    fn general(change: impl Fn(&mut Value)) -> Value {
        Fixture::healthy()
            .change("nodegroup", "nodegroupName", "general", change)
            .fields("nodegroup", "general")
    }

    #[test]
    fn nodes_are_behind_by_minor_versions_and_may_be_ahead() {
        for (version, behind) in [("1.35", 0), ("1.31", 4), ("1.36", -1)] {
            assert_eq!(
                general(|group| group["version"] = json!(version))["versions_behind"],
                behind,
                "{version}"
            );
        }
        let group = general(|group| drop(group.as_object_mut().unwrap().remove("version")));
        assert!(is_unknown(&group["versions_behind"], "version"));
    }

    #[test]
    fn a_zone_that_offers_none_of_the_types_is_named() {
        let fixture = Fixture::healthy().remove("InstanceTypeOfferings", "Location", "apne1-az2");
        let group = fixture.fields("nodegroup", "general");
        assert_eq!(group["zones_without_types"], json!(["apne1-az2"]));
        let group = Fixture::healthy().withhold("InstanceTypeOfferings").fields("nodegroup", "general");
        assert!(is_unknown(&group["types_offered"], "DescribeInstanceTypeOfferings"));
    }

    #[test]
    fn offerings_of_the_region_say_nothing_about_zones() {
        let mut fixture = Fixture::healthy();
        for offering in fixture.0["InstanceTypeOfferings"].as_array_mut().unwrap() {
            offering["LocationType"] = json!("region");
            offering["Location"] = json!("ap-northeast-1");
        }
        assert!(is_unknown(&fixture.fields("nodegroup", "general")["types_offered"], "availability-zone-id"));
    }

    #[test]
    fn amazon_linux_2_is_not_amazon_linux_2023() {
        assert_eq!(general(|group| group["amiType"] = json!("AL2_x86_64"))["amazon_linux_2"], true);
        assert_eq!(
            general(|group| group["amiType"] = json!("AL2023_x86_64_STANDARD"))["amazon_linux_2"],
            false
        );
    }

    #[test]
    fn a_group_with_issues_is_not_healthy_whatever_its_status() {
        let issue = json!({"code": "NodeCreationFailure", "message": "did not join", "resourceIds": ["i-1"]});
        let group = general(|group| group["health"] = json!({"issues": [issue]}));
        assert_eq!((&group["healthy"], &group["status"]), (&json!(false), &json!("ACTIVE")));
        assert_eq!(group["issues"], json!(["NodeCreationFailure: did not join (i-1)"]));
        assert!(is_unknown(&general(|group| group["status"] = json!("CREATING"))["healthy"], "CREATING"));
    }
}

//! Launch templates: which version a node group uses, and which security groups the version sets.

use std::collections::BTreeSet;

use privek_core::known::Known;

use crate::facts::base::context::Context;
use crate::network::Groups;
use crate::snapshot::aws::ec2::LaunchTemplateData;

/// The contents of one version of a launch template.
pub(crate) fn template<'s>(
    context: &Context<'s>,
    id: Option<&str>,
    name: Option<&str>,
    version: Option<&str>,
) -> Known<&'s LaunchTemplateData> {
    let versions =
        context.snapshot.aws.launch_template_versions.iter().flatten().filter(|candidate| match id {
            Some(id) => candidate.launch_template_id == id,
            None => name.is_some() && candidate.launch_template_name.as_deref() == name,
        });
    let found = match version {
        Some("$Latest") => versions.max_by_key(|candidate| candidate.version_number),
        None | Some("$Default") => {
            versions.into_iter().find(|candidate| candidate.default_version == Some(true))
        }
        Some(number) => {
            let number = number.parse::<i64>().ok();
            versions.into_iter().find(|candidate| number.is_some() && candidate.version_number == number)
        }
    };
    found
        .and_then(|version| version.launch_template_data.as_ref())
        .ok_or_else(|| vec![context.missing("LaunchTemplateVersions", id.or(name))])
}

/// The KMS keys that a launch template encrypts volumes with.
pub(crate) fn volume_keys(data: &LaunchTemplateData) -> Vec<String> {
    let volumes = data.block_device_mappings.iter().filter_map(|mapping| mapping.ebs.as_ref());
    let keys: BTreeSet<String> = volumes.filter_map(|ebs| ebs.kms_key_id.clone()).collect();
    keys.into_iter().collect()
}

/// The security groups that a launch template sets, or `None` where it sets none.
pub(crate) fn template_groups(context: &Context<'_>, data: &LaunchTemplateData) -> Option<Groups> {
    let primary = data.network_interfaces.iter().find(|interface| interface.device_index.unwrap_or(0) == 0);
    let of_interface = primary.map(|interface| interface.groups.clone()).unwrap_or_default();
    let ids = if of_interface.is_empty() { data.security_group_ids.clone() } else { of_interface };
    if !ids.is_empty() {
        return Some(Groups::Known(ids));
    }
    if data.security_groups.is_empty() {
        return None;
    }
    let ids: Vec<String> =
        data.security_groups.iter().filter_map(|name| group_by_name(context, name)).collect();
    Some(if ids.len() == data.security_groups.len() {
        Groups::Known(ids)
    } else {
        Groups::Unread(vec![context.missing("SecurityGroups", context.vpc.as_deref().ok())])
    })
}

/// The VPC's default group, which an instance carries when nothing names another.
pub(crate) fn default_group(context: &Context<'_>) -> Groups {
    Groups::of(group_by_name(context, "default"), || {
        vec![context.missing("SecurityGroups", context.vpc.as_deref().ok())]
    })
}

fn group_by_name(context: &Context<'_>, name: &str) -> Option<String> {
    let vpc = context.vpc.as_deref().ok()?;
    let groups = context.snapshot.aws.security_groups.iter().flatten();
    groups
        .filter(|group| group.vpc_id.as_deref() == Some(vpc))
        .find(|group| group.group_name.as_deref() == Some(name))
        .map(|group| group.group_id.clone())
}

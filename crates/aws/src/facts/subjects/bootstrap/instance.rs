//! What a launch template sets besides user data: addresses, what EKS refuses in it.

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::features;
use crate::facts::inventory::user_data::{Platform, Source};
use crate::facts::inventory::{node_group_instances, node_groups};
use crate::network::Egress;
use crate::snapshot::aws::ec2::Instance;
use crate::snapshot::user_data::UserDataFormat;

/// Whether the cluster uses what may ask for metadata from pods.
pub(crate) fn pods_ask_metadata(context: &Context<'_>) -> Known<bool> {
    features::uses(context, services::matrix()?, "load_balancer_controller")
}

/// What EKS refuses, or does itself: <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>
pub(crate) fn refused(source: &Source<'_, '_>) -> Known<Vec<String>> {
    if !source.group.managed {
        return Ok(Vec::new());
    }
    let Some(template) = source.whole_template()? else { return Ok(Vec::new()) };
    let data = source.data.as_ref().map_err(Clone::clone)?;
    let mut refused = Vec::new();
    let mut add = |wrong: bool, what: &str| {
        if wrong {
            refused.push(what.to_owned());
        }
    };
    let interfaces = &template.network_interfaces;
    add(interfaces.iter().any(|interface| interface.subnet_id.is_some()), "NetworkInterfaces[].SubnetId");
    add(template.iam_instance_profile.is_some(), "IamInstanceProfile");
    add(template.instance_initiated_shutdown_behavior.is_some(), "InstanceInitiatedShutdownBehavior");
    let hibernates = template.hibernation_options.as_ref().and_then(|options| options.configured);
    add(hibernates == Some(true), "HibernationOptions");
    let market = template.instance_market_options.as_ref().and_then(|options| options.market_type.as_deref());
    // A capacity block is chosen in the template: https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    add(market.is_some_and(|market| market.eq_ignore_ascii_case("spot")), "InstanceMarketOptions");
    let of_interfaces = interfaces.iter().any(|interface| !interface.groups.is_empty());
    let of_instance = !template.security_group_ids.is_empty() || !template.security_groups.is_empty();
    add(of_interfaces && of_instance, "SecurityGroupIds together with NetworkInterfaces[].Groups");
    if source.eks_starts.clone()? {
        match source.platform.clone()? {
            Platform::Al2 | Platform::Al2023 => {
                let bare = !data.formats.is_empty() && !data.multipart;
                let alone =
                    data.formats == [UserDataFormat::NodeConfig] && source.platform == Ok(Platform::Al2023);
                add(bare && !alone, "UserData not in MIME multi-part format");
                add(data.starts_kubelet, "UserData that starts kubelet like EKS's own");
                if refused.is_empty() && bare {
                    // The same page asks for an archive and says that a NodeConfig may stand as it is.
                    return Err(vec![Missing::unmodelled(format!(
                        "EKS's acceptance of the user data of {}; the NodeConfig is not in MIME multi-part format",
                        source.group.name
                    ))]);
                }
            }
            Platform::Bottlerocket => {
                let other = data.formats.iter().any(|format| *format != UserDataFormat::Bottlerocket);
                add(other, "UserData not in Bottlerocket's TOML format");
            }
            Platform::Windows => add(data.starts_kubelet, "UserData that starts kubelet like EKS's own"),
        }
        if refused.is_empty() && !data.is_clear() {
            return Err(source.doubts(data));
        }
    }
    Ok(refused)
}

/// The group's instances that run now.
fn instances<'s>(context: &Context<'s>, source: &Source<'_, '_>) -> Known<Vec<&'s Instance>> {
    let all = node_groups::instances(context)?;
    let mut members = node_group_instances::of_each(context, std::slice::from_ref(source.group), &all);
    Ok(members.pop().unwrap_or_default())
}

/// Whether nodes get public addresses.
pub(crate) fn public_addresses(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    let running = instances(context, source);
    let has = |instance: &&Instance| instance.public_ip_address.is_some();
    if running.as_ref().is_ok_and(|all| all.iter().any(has)) {
        return Ok(true);
    }
    if let Some(given) = source.associates_public_addresses()? {
        return if given { Ok(true) } else { running.map(|_| false) };
    }
    let mut missing = Vec::new();
    for id in source.group.subnets.clone()? {
        match context.network.subnet(&id).map(|subnet| subnet.map_public_ip_on_launch) {
            Ok(Some(true)) => return Ok(true),
            Ok(Some(false)) => {}
            Ok(None) => missing.push(context.field("Subnets", &format!("MapPublicIpOnLaunch of {id}"))),
            Err(why) => missing.extend(why),
        }
    }
    known::complete(missing)?;
    running.map(|_| false)
}

/// The subnets of the group that assign public addresses.
pub(crate) fn public_subnets(context: &Context<'_>, source: &Source<'_, '_>) -> Vec<String> {
    let gives = |id: &String| {
        context.network.subnet(id).is_ok_and(|subnet| subnet.map_public_ip_on_launch == Some(true))
    };
    source.group.subnets.iter().flatten().filter(|id| gives(id)).cloned().collect()
}

/// Subnets with an internet gateway in which managed nodes get no public address; EKS refuses them:
/// <https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>
pub(crate) fn without_public_addresses(context: &Context<'_>, source: &Source<'_, '_>) -> Known<Vec<String>> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for id in source.group.subnets.clone()? {
        match context.network.egress(&id) {
            Ok(Egress::Internet) => match context.network.subnet(&id)?.map_public_ip_on_launch {
                Some(true) => {}
                Some(false) => found.push(id),
                None => missing.push(context.field("Subnets", &format!("MapPublicIpOnLaunch of {id}"))),
            },
            Ok(_) => {}
            Err(why) => missing.extend(why),
        }
    }
    if found.is_empty() {
        return known::complete(missing).map(|()| found);
    }
    match source.associates_public_addresses()? {
        None => Ok(found),
        Some(true) => Ok(Vec::new()),
        Some(false) => Err(vec![Missing::unmodelled(format!(
            "EKS's acceptance of {}; the launch template turns off public addresses of nodes",
            found.join(", ")
        ))]),
    }
}

/// The key pair for remote access.
pub(crate) fn ssh_key(_: &Context<'_>, source: &Source<'_, '_>) -> Option<String> {
    source.described?.remote_access.as_ref()?.ec2_ssh_key.clone()
}

/// Whether EKS opens remote access to every address, as it does for a key without source groups:
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_RemoteAccessConfig.html>
pub(crate) fn remote_access_open(context: &Context<'_>, source: &Source<'_, '_>) -> Known<bool> {
    if !source.group.managed {
        return Ok(false);
    }
    let Some(described) = source.described else {
        return Err(vec![context.missing("nodegroup", Some(&source.group.name))]);
    };
    let access = described.remote_access.as_ref();
    if !access.is_some_and(|access| access.ec2_ssh_key.is_some() && access.source_security_groups.is_empty())
    {
        return Ok(false);
    }
    // Its owner may have narrowed the group that EKS made for it.
    let id =
        described.resources.as_ref().and_then(|resources| resources.remote_access_security_group.as_deref());
    let Some(id) = id else {
        return Err(vec![context.field("nodegroup", "resources.remoteAccessSecurityGroup")]);
    };
    let everybody = |cidr: Option<&str>| cidr.is_some_and(|cidr| cidr.ends_with("/0"));
    Ok(context.network.security_group(id)?.ip_permissions.iter().any(|permission| {
        permission.ip_ranges.iter().any(|range| everybody(range.cidr_ip.as_deref()))
            || permission.ipv6_ranges.iter().any(|range| everybody(range.cidr_ipv6.as_deref()))
    }))
}

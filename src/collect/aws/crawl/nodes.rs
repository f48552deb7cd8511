//! Nodes: node groups, Auto Scaling groups and instances, and what they are made of.

use std::collections::{BTreeMap, BTreeSet};

use futures::join;
use privek_aws::snapshot::aws::autoscaling::{AsgLaunchTemplate, AutoScalingGroup};
use privek_aws::snapshot::aws::ec2::{InstanceTypeInfo, Reservation};
use privek_aws::snapshot::aws::eks::Nodegroup;

use crate::collect::aws::ec2::capacity::{self, LaunchTemplateKey};
use crate::collect::aws::ec2::vpcs;
use crate::collect::aws::eks::members;
use crate::collect::aws::session::{AskedOnce, Session, collection, each};
use crate::collect::aws::{autoscaling, operations};

use super::described::keep_described;
use super::{cluster_state, iam};

/// The add-on that gives pods their addresses.
const VPC_CNI: &str = "vpc-cni";

/// How many types one call may name.
const TYPES_A_CALL: usize = 100;

/// Instance types by name.
const INSTANCE_TYPES: AskedOnce = AskedOnce("instance types");
/// Launch templates with a version.
const TEMPLATE_VERSIONS: AskedOnce = AskedOnce("launch template versions");

/// The managed node groups, their launch templates and instance types.
pub(super) async fn groups(session: &Session<'_>) {
    let (eks, cluster, scope) = (&session.clients.eks, session.cluster.as_str(), [session.cluster.clone()]);
    let names = collection!(nodegroups);
    let Some(names) = session
        .read(operations::LIST_NODEGROUPS, names, &scope, members::nodegroup_names(eks, cluster))
        .await
    else {
        return;
    };
    let described = each(names, |name| async move {
        let call = members::describe_nodegroup(eks, cluster, &name);
        let group = session.call(operations::DESCRIBE_NODEGROUP, std::slice::from_ref(&name), call).await?;
        join!(
            types(session, group.instance_types.clone()),
            templates(session, template_of(&group)),
            iam::roles(session, group.node_role.clone()),
        );
        Some(group)
    });
    keep_described(session, collection!(nodegroup), described.await);
}

fn template_of(group: &Nodegroup) -> Vec<(LaunchTemplateKey, String)> {
    let Some(used) = &group.launch_template else { return Vec::new() };
    template(used.id.as_ref(), used.name.as_ref(), used.version.as_ref()).into_iter().collect()
}

/// The Auto Scaling groups tagged as the cluster's, their launch templates and instance types.
pub(super) async fn auto_scaling_groups(session: &Session<'_>) {
    let (client, cluster) = (&session.clients.autoscaling, session.cluster.as_str());
    let (scope, owned) = ([session.cluster.clone()], format!("kubernetes.io/cluster/{cluster}"));
    let one = async {
        let call = autoscaling::groups(client, &owned, None);
        follow_groups(session, session.call(operations::DESCRIBE_AUTO_SCALING_GROUPS, &scope, call).await)
            .await
    };
    let other = async {
        let call = autoscaling::groups(client, "eks:cluster-name", Some(cluster));
        follow_groups(session, session.call(operations::DESCRIBE_AUTO_SCALING_GROUPS, &scope, call).await)
            .await
    };
    let (one, other) = join!(one, other);
    let both = if one.is_some() && other.is_some() { &scope[..] } else { &[] };
    let mut groups = BTreeMap::new();
    for group in [&one, &other].into_iter().flatten().flatten() {
        groups.insert(group.auto_scaling_group_name.clone(), group.clone());
    }
    if one.is_some() || other.is_some() {
        let groups = groups.into_values().collect();
        session.keep(collection!(auto_scaling_groups), both, groups);
    }
}

async fn follow_groups(
    session: &Session<'_>,
    groups: Option<Vec<AutoScalingGroup>>,
) -> Option<Vec<AutoScalingGroup>> {
    let groups = groups?;
    let (mut names, mut used) = (Vec::new(), Vec::new());
    let of = |template: &AsgLaunchTemplate| {
        self::template(
            template.launch_template_id.as_ref(),
            template.launch_template_name.as_ref(),
            template.version.as_ref(),
        )
    };
    for group in &groups {
        used.extend(group.launch_template.as_ref().and_then(of));
        names.extend(group.instances.iter().filter_map(|instance| instance.instance_type.clone()));
        if let Some(mixed) =
            group.mixed_instances_policy.as_ref().and_then(|policy| policy.launch_template.as_ref())
        {
            used.extend(mixed.launch_template_specification.as_ref().and_then(of));
            names.extend(mixed.overrides.iter().filter_map(|instead| instead.instance_type.clone()));
        }
    }
    join!(types(session, names), templates(session, used));
    Some(groups)
}

/// The instances tagged as the cluster's, and their types.
pub(super) async fn instances(session: &Session<'_>) {
    let (ec2, cluster) = (&session.clients.ec2, session.cluster.as_str());
    let (scope, owned) = ([session.cluster.clone()], format!("kubernetes.io/cluster/{cluster}"));
    let (one, other) = join!(
        session.call(operations::DESCRIBE_INSTANCES, &scope, capacity::instances(ec2, &owned, None)),
        session.call(
            operations::DESCRIBE_INSTANCES,
            &scope,
            capacity::instances(ec2, "eks:cluster-name", Some(cluster))
        ),
    );
    if one.is_none() && other.is_none() {
        return;
    }
    let both = if one.is_some() && other.is_some() { &scope[..] } else { &[] };
    let reservations = together([one, other].into_iter().flatten().flatten());
    let names = reservations.iter().flat_map(|reservation| &reservation.instances);
    let names: Vec<String> = names.filter_map(|instance| instance.instance_type.clone()).collect();
    let profiles = reservations.iter().flat_map(|reservation| &reservation.instances);
    let profiles: Vec<String> =
        profiles.filter_map(|instance| instance.iam_instance_profile.as_ref()?.arn.clone()).collect();
    session.keep(collection!(reservations), both, reservations);
    join!(types(session, names), iam::profiles(session, profiles));
}

/// Reservations whose instances were found by different tags, each once.
fn together(found: impl Iterator<Item = Reservation>) -> Vec<Reservation> {
    let mut reservations: BTreeMap<Option<String>, Reservation> = BTreeMap::new();
    for mut reservation in found {
        let into = reservations
            .entry(reservation.reservation_id.clone())
            .or_insert_with(|| Reservation { instances: Vec::new(), ..reservation.clone() });
        for instance in reservation.instances.drain(..) {
            if !into.instances.iter().any(|known| known.instance_id == instance.instance_id) {
                into.instances.push(instance);
            }
        }
    }
    let mut reservations: Vec<_> = reservations.into_values().collect();
    for reservation in &mut reservations {
        reservation.instances.sort_by(|a, b| a.instance_id.cmp(&b.instance_id));
    }
    reservations
}

fn template(
    id: Option<&String>,
    name: Option<&String>,
    version: Option<&String>,
) -> Option<(LaunchTemplateKey, String)> {
    let template = match (id, name) {
        (Some(id), _) => LaunchTemplateKey::Id(id.clone()),
        (None, Some(name)) => LaunchTemplateKey::Name(name.clone()),
        (None, None) => return None,
    };
    Some((template, version.map_or("$Default", String::as_str).to_owned()))
}

/// Versions of launch templates, and the instance types that they set.
async fn templates(session: &Session<'_>, wanted: Vec<(LaunchTemplateKey, String)>) {
    let mut versions: BTreeMap<LaunchTemplateKey, Vec<String>> = BTreeMap::new();
    for (template, version) in wanted {
        if session.is_unasked(TEMPLATE_VERSIONS, format!("{template:?} {version}")) {
            versions.entry(template).or_default().push(version);
        }
    }
    each(versions, |(template, versions)| async move {
        let call = capacity::templates(&session.clients.ec2, &template, &versions);
        let resource = [template.text().to_owned()];
        let found = session.call(operations::DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, &resource, call).await;
        let Some(found) = found else { return };
        let scope: Vec<String> = found.iter().map(|version| version.launch_template_id.clone()).collect();
        let data = found.iter().filter_map(|version| version.launch_template_data.as_ref());
        let names = data.clone().filter_map(|data| data.instance_type.clone()).collect();
        let profiles = data.filter_map(|data| data.iam_instance_profile.as_ref());
        let profiles: Vec<String> =
            profiles.filter_map(|profile| profile.arn.clone().or_else(|| profile.name.clone())).collect();
        let data = found.iter().filter_map(|version| version.launch_template_data.as_ref());
        let volumes = data.flat_map(|data| &data.block_device_mappings).filter_map(|one| one.ebs.as_ref());
        let keys: Vec<String> = volumes.filter_map(|ebs| ebs.kms_key_id.clone()).collect();
        session.keep(collection!(launch_template_versions), &scope, found);
        join!(
            types(session, names),
            iam::profiles(session, profiles),
            cluster_state::kms_keys(session, keys)
        );
    })
    .await;
}

/// The CIDR reservations of the node subnets, where pods may get prefixes: only there they matter, and
/// each subnet is a call.
pub(super) async fn reservations(session: &Session<'_>) {
    let subnets: BTreeSet<String> = session.look(|snapshot| {
        let aws = &snapshot.aws;
        let mut values = aws.addon.iter().flatten().filter_map(|addon| addon.configuration_values.as_deref());
        let unread = aws.addons.as_ref().is_none_or(|names| {
            let described = aws.addon.iter().flatten().any(|addon| addon.addon_name == VPC_CNI);
            names.iter().any(|name| name == VPC_CNI) && !described
        });
        if !unread && !values.any(|values| values.contains("ENABLE_PREFIX_DELEGATION")) {
            return BTreeSet::new();
        }
        let managed = aws.nodegroup.iter().flatten().flat_map(|group| group.subnets.clone());
        let scaling = aws.auto_scaling_groups.iter().flatten();
        let scaling = scaling.filter_map(|group| group.vpc_zone_identifier.as_deref());
        let scaling = scaling.flat_map(|zones| zones.split(',').map(|subnet| subnet.trim().to_owned()));
        let instances = aws.reservations.iter().flatten().flat_map(|reservation| &reservation.instances);
        let instances = instances.filter_map(|instance| instance.subnet_id.clone());
        managed.chain(scaling).chain(instances).filter(|subnet| !subnet.is_empty()).collect()
    });
    each(subnets, |subnet| async move {
        let scope = std::slice::from_ref(&subnet);
        let call = vpcs::reservations(&session.clients.ec2, &subnet);
        if let Some(found) = session.call(operations::GET_SUBNET_CIDR_RESERVATIONS, scope, call).await {
            session.keep(collection!(subnet_cidr_reservations), scope, vec![found]);
        }
    })
    .await;
}

/// Instance types by name.
pub(super) async fn types(session: &Session<'_>, names: Vec<String>) {
    let names = session.unasked(INSTANCE_TYPES, names);
    let batches: Vec<Vec<String>> = names.chunks(TYPES_A_CALL).map(<[String]>::to_vec).collect();
    join!(described(session, &batches), offered(session, &batches));
}

/// The zones that offer the types. A type that no zone offers is no error here.
async fn offered(session: &Session<'_>, batches: &[Vec<String>]) {
    each(batches, |batch| {
        let field = collection!(instance_type_offerings);
        let call = capacity::offerings(&session.clients.ec2, batch);
        session.read(operations::DESCRIBE_INSTANCE_TYPE_OFFERINGS, field, batch, call)
    })
    .await;
}

async fn described(session: &Session<'_>, batches: &[Vec<String>]) {
    each(batches, |batch| async move {
        let ec2 = &session.clients.ec2;
        match session.watch(operations::DESCRIBE_INSTANCE_TYPES, capacity::types(ec2, batch)).await {
            Ok(found) => keep_types(session, batch, found),
            // One type that the region does not offer fails the call for all of them.
            Err(failure) if failure.code == "InvalidInstanceType" && batch.len() > 1 => {
                for name in batch {
                    let name = std::slice::from_ref(name);
                    let found = session
                        .call(operations::DESCRIBE_INSTANCE_TYPES, name, capacity::types(ec2, name))
                        .await;
                    if let Some(found) = found {
                        keep_types(session, name, found);
                    }
                }
            }
            Err(failure) => session.failed(operations::DESCRIBE_INSTANCE_TYPES, batch, failure),
        }
    })
    .await;
}

fn keep_types(session: &Session<'_>, scope: &[String], found: Vec<InstanceTypeInfo>) {
    session.keep(collection!(instance_types), scope, found);
}

#[cfg(test)]
mod tests {
    use privek_aws::snapshot::aws::ec2::Instance;

    use super::*;

    #[test]
    fn an_instance_found_by_two_tags_is_kept_once_and_one_found_by_either_is_kept() {
        let reservation = |instances: &[&str]| Reservation {
            reservation_id: Some("r-1".to_owned()),
            instances: instances
                .iter()
                .map(|id| Instance { instance_id: (*id).to_owned(), ..Instance::default() })
                .collect(),
            ..Reservation::default()
        };
        let all = together([reservation(&["i-1", "i-2"]), reservation(&["i-3", "i-2"])].into_iter());
        assert_eq!(all, [reservation(&["i-1", "i-2", "i-3"])]);
    }
}

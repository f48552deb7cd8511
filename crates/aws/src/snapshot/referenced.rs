//! What the files of a directory name without describing it: each is a gap with the command that reads it, and
//! where they name nothing, there is nothing to read.

use std::collections::BTreeSet;

use privek_core::header::{Gap, NOT_IN_DIRECTORY};
use serde_json::json;

use super::arn::Arn;
use super::aws::ec2::IpPermission;
use super::aws::{Aws, COLLECTIONS, Collection, collection};
use super::cli_command::{command, region_option};
use super::contents::Snapshot;
use super::elsewhere;
use super::place;
use super::scope::{is_scoped_by_own_id, is_scoped_by_vpc, scope};

/// Where the ids of a collection's objects come from, where no file has any.
const PARENTS: &[(&str, &str)] = &[
    ("AttachedRolePolicies", "cluster"),
    ("ClientVpnAuthorizationRules", "ClientVpnEndpoints"),
    ("ClientVpnRoutes", "ClientVpnEndpoints"),
    ("ClientVpnTargetNetworks", "ClientVpnEndpoints"),
    ("DhcpOptions", "Vpcs"),
    ("FirewallDomainsByList", "FirewallRules"),
    ("FirewallRules", "FirewallRuleGroupAssociations"),
    ("HostedZonesByVPC", "Vpcs"),
    ("InstanceProfile", "Reservations"),
    ("InstanceTypeOfferings", "nodegroup"),
    ("InstanceTypes", "nodegroup"),
    ("KeyMetadata", "cluster"),
    ("LaunchTemplateVersions", "nodegroup"),
    ("OpenIDConnectProvider", "OpenIDConnectProviderList"),
    ("Policy", "AttachedRolePolicies"),
    ("PolicyVersions", "Policy"),
    ("PrefixListEntries", "RouteTables"),
    ("ProfileResourceAssociations", "ProfileAssociations"),
    ("ResolverEndpointIpAddresses", "ResolverEndpoints"),
    ("ResourceRecordSetsByZone", "HostedZonesByVPC"),
    ("Role", "cluster"),
    ("RolePolicies", "RolePolicyNames"),
    ("RolePolicyNames", "cluster"),
    ("SubnetCidrReservations", "nodegroup"),
    ("TransitGatewayRoutes", "TransitGatewayRouteTables"),
    ("TransitGateways", "TransitGatewayAttachments"),
    ("VpcAttributes", "Vpcs"),
    ("accessEntry", "accessEntries"),
    ("addon", "addons"),
    ("association", "associations"),
    ("capability", "capabilities"),
    ("certificateAuthority", "certificateAuthorities"),
    ("fargateProfile", "fargateProfileNames"),
    ("nodegroup", "nodegroups"),
    ("principalAccessPolicies", "accessEntries"),
];

/// Adds a gap for all that is named and not there, and for each collection that no file has; `in_each` whether each
/// caller's files should have every VPC's objects.
pub(super) fn complete(snapshot: &mut Snapshot, in_each: bool) {
    let vpcs = place::vpcs(&snapshot.aws);
    fill_in(snapshot, &vpcs);
    for collection in COLLECTIONS {
        let key = collection.key;
        let is_refused = is_refused_whole(snapshot, collection);
        let named = named(&snapshot.aws, key);
        let Some(ids) = snapshot.aws.ids(key) else {
            match named {
                _ if is_refused => {}
                // Who was refused the list of names was not asked for what they name.
                None if parent(key).is_some_and(|parent| has_gap(snapshot, parent)) => {}
                Some(ids) => {
                    let gaps: Vec<Gap> = ids
                        .iter()
                        .filter(|id| !is_known(snapshot, collection, id))
                        .map(|id| not_there(collection, Some(id), snapshot))
                        .collect();
                    snapshot.header.gaps.extend(gaps);
                }
                None if has_gap(snapshot, collection) => {}
                None => {
                    let gap = not_there(collection, None, snapshot);
                    snapshot.header.gaps.push(gap);
                }
            }
            continue;
        };
        let mut lacking: BTreeSet<String> = named.unwrap_or_default();
        let there = described(&snapshot.aws, key).unwrap_or_else(|| ids.into_iter().collect());
        lacking.retain(|id| {
            let of_scope = is_scoped_by_own_id(key) && snapshot.header.covers(key, id);
            !there.contains(id) && !of_scope
        });
        if !lacking.is_empty() && !is_scoped_by_own_id(key) {
            snapshot.header.scope.remove(key);
        }
        if in_each && is_scoped_by_vpc(key) && !is_refused {
            lacking.extend(vpcs.iter().filter(|vpc| !snapshot.header.covers(key, vpc)).cloned());
        }
        let gaps: Vec<Gap> = lacking
            .iter()
            .filter(|id| !is_known(snapshot, collection, id))
            .map(|id| not_there(collection, Some(id), snapshot))
            .collect();
        snapshot.header.gaps.extend(gaps);
    }
    if in_each {
        let gaps = elsewhere::gaps(snapshot);
        snapshot.header.gaps.extend(gaps);
    }
    snapshot.header.gaps.sort();
    snapshot.header.gaps.dedup();
}

/// Whether a gap says already that this object was not read.
fn is_known(snapshot: &Snapshot, collection: &Collection, id: &str) -> bool {
    let mut gaps = snapshot.header.gaps.iter();
    gaps.any(|gap| gap.operation == collection.operation && gap.resource.as_deref() == Some(id))
}

/// A gap that names the command, as it can be typed.
fn not_there(collection: &Collection, id: Option<&str>, snapshot: &Snapshot) -> Gap {
    let key = collection.key;
    let of = id.map(|id| format!(" of {id}")).unwrap_or_default();
    let id = id.filter(|_| !is_scoped_by_vpc(key));
    let message = match (command(collection, id, snapshot), parent_command(key, snapshot)) {
        (Some(command), _) => format!("no file has `{key}`{of}; `{command}` writes one"),
        (None, Some(first)) => format!("no file has `{key}`{of}; `{first}` comes first and names the ids"),
        (None, None) => {
            let region = region_option(snapshot);
            format!(
                "no file has `{key}`{of}; `aws eks list-clusters{region}` comes first and names the clusters"
            )
        }
    };
    Gap {
        service: collection.service.to_owned(),
        operation: collection.operation.to_owned(),
        region: snapshot.header.region.clone(),
        resource: of.strip_prefix(" of ").map(str::to_owned),
        code: NOT_IN_DIRECTORY.to_owned(),
        message,
        // No call was denied.
        permission: None,
    }
}

/// The command for what names the ids; for a node group's, those of the group first.
fn parent_command(key: &str, snapshot: &Snapshot) -> Option<String> {
    let parent = parent(key)?;
    command(parent, None, snapshot).or_else(|| parent_command(parent.key, snapshot))
}

/// What says which objects a collection has.
pub(super) fn parent(key: &str) -> Option<&'static Collection> {
    let (_, parent) = PARENTS.iter().find(|(child, _)| *child == key)?;
    collection(parent)
}

/// Whether a call that fills the collection failed, or a file of it is only announced.
fn has_gap(snapshot: &Snapshot, collection: &Collection) -> bool {
    let mut gaps = snapshot.header.gaps.iter();
    gaps.any(|gap| {
        gap.service == collection.service
            && gap.operation == collection.operation
            && gap.code != NOT_IN_DIRECTORY
    })
}

/// Whether nobody knows for which objects the calls failed: a single one may be refused beside others.
fn is_refused_whole(snapshot: &Snapshot, collection: &Collection) -> bool {
    let mut gaps = snapshot.header.gaps.iter();
    gaps.any(|gap| {
        gap.service == collection.service
            && gap.operation == collection.operation
            && gap.code != NOT_IN_DIRECTORY
            && (gap.resource.is_none() || gap.code == "Incomplete")
    })
}

/// What nothing names is empty; that may show that something else is empty.
fn fill_in(snapshot: &mut Snapshot, vpcs: &BTreeSet<String>) {
    loop {
        let empty = COLLECTIONS.iter().find(|collection| {
            snapshot.aws.ids(collection.key).is_none()
                && !has_gap(snapshot, collection)
                && named(&snapshot.aws, collection.key).is_some_and(|ids| ids.is_empty())
        });
        let Some(empty) = empty else { return };
        fill_in_empty(snapshot, empty.key, vpcs);
        if snapshot.aws.ids(empty.key).is_none() {
            return;
        }
    }
}

/// Nothing is named, so that nothing is there.
fn fill_in_empty(snapshot: &mut Snapshot, key: &'static str, vpcs: &BTreeSet<String>) {
    let Ok(empty) = serde_json::from_value::<Aws>(json!({ key: [] })) else { return };
    if snapshot.aws.merge(empty).is_ok() {
        snapshot.header.scope.entry(key.to_owned()).or_insert_with(|| scope(key, &[], vpcs));
    }
}

/// The names of what is described, where an item's identity has more than the name.
fn described(aws: &Aws, key: &str) -> Option<BTreeSet<String>> {
    Some(match key {
        "nodegroup" => aws.nodegroup.iter().flatten().map(|one| one.nodegroup_name.clone()).collect(),
        "fargateProfile" => {
            aws.fargate_profile.iter().flatten().map(|one| one.fargate_profile_name.clone()).collect()
        }
        "addon" => aws.addon.iter().flatten().map(|one| one.addon_name.clone()).collect(),
        "accessEntry" => aws.access_entry.iter().flatten().map(|one| one.principal_arn.clone()).collect(),
        "principalAccessPolicies" => {
            aws.principal_access_policies.iter().flatten().map(|one| one.principal_arn.clone()).collect()
        }
        "capability" => aws.capability.iter().flatten().map(|one| one.capability_name.clone()).collect(),
        _ => return None,
    })
}

/// The ids that other files name; `None` where these files are not there.
fn named(aws: &Aws, key: &str) -> Option<BTreeSet<String>> {
    let names = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.iter().cloned().collect());
    match key {
        "nodegroup" => names(&aws.nodegroups),
        "fargateProfile" => names(&aws.fargate_profile_names),
        "addon" => names(&aws.addons),
        "accessEntry" | "principalAccessPolicies" => names(&aws.access_entries),
        "association" => ids(aws, "associations"),
        "capability" => ids(aws, "capabilities"),
        "certificateAuthority" => ids(aws, "certificateAuthorities"),
        "ResolverEndpointIpAddresses" => ids(aws, "ResolverEndpoints"),
        "ClientVpnAuthorizationRules" | "ClientVpnRoutes" => ids(aws, "ClientVpnEndpoints"),
        // Without an endpoint nothing is associated; with one, all associations are one list.
        "ClientVpnTargetNetworks" => ids(aws, "ClientVpnEndpoints").filter(BTreeSet::is_empty),
        "TransitGatewayRoutes" => ids(aws, "TransitGatewayRouteTables"),
        "TransitGateways" => {
            let attachments = aws.transit_gateway_attachments.as_ref()?.iter();
            Some(attachments.filter_map(|attachment| attachment.transit_gateway_id.clone()).collect())
        }
        // Without a rule nothing asks for lists; with one, all lists are one file.
        "FirewallDomainLists" => ids(aws, "FirewallRules").filter(BTreeSet::is_empty),
        "InstanceProfile" => instance_profiles(aws),
        "VpcAttributes" | "HostedZonesByVPC" => clusters_vpcs(aws),
        "DhcpOptions" => {
            let vpcs = aws.vpcs.as_ref()?.iter();
            Some(vpcs.filter_map(|vpc| vpc.dhcp_options_id.clone()).filter(|id| id != "default").collect())
        }
        "KeyMetadata" => {
            let clusters = aws.cluster.as_ref()?.iter();
            let configs = clusters.flat_map(|cluster| cluster.encryption_config.iter().flatten());
            let secrets = configs.filter_map(|config| config.provider.as_ref()?.key_arn.clone());
            Some(secrets.chain(volume_keys(aws)).collect())
        }
        "PrefixListEntries" => prefix_lists(aws),
        "LaunchTemplateVersions" => launch_templates(aws),
        "InstanceTypes" | "InstanceTypeOfferings" => {
            let types = aws.nodegroup.as_ref()?.iter().flat_map(|group| group.instance_types.clone());
            Some(types.collect()).filter(|types: &BTreeSet<String>| !types.is_empty())
        }
        "ProfileResourceAssociations" => {
            let profiles = aws.profile_associations.as_ref()?.iter();
            Some(profiles.filter_map(|profile| profile.profile_id.clone()).collect())
        }
        "FirewallRules" => rule_groups(aws),
        "FirewallDomainsByList" => {
            let managed: BTreeSet<String> = aws
                .firewall_domain_lists
                .iter()
                .flatten()
                .filter(|list| list.managed_owner_name.is_some())
                .map(|list| list.id.clone())
                .collect();
            let lists = aws.firewall_rules.as_ref()?.iter();
            let lists = lists.filter_map(|rule| rule.firewall_domain_list_id.clone());
            Some(lists.filter(|list| !managed.contains(list)).collect())
        }
        "ResourceRecordSetsByZone" => {
            let zones = aws.hosted_zones_by_vpc.as_ref()?.iter().flat_map(|one| &one.hosted_zone_summaries);
            let zones: BTreeSet<String> = zones.filter_map(|zone| zone.hosted_zone_id.clone()).collect();
            // A zone of other names than AWS's does not matter.
            Some(zones).filter(BTreeSet::is_empty)
        }
        _ => of_iam(aws, key),
    }
}

fn of_iam(aws: &Aws, key: &str) -> Option<BTreeSet<String>> {
    match key {
        "Role" | "AttachedRolePolicies" | "RolePolicyNames" => roles(aws),
        "RolePolicies" => {
            let named = aws.role_policy_names.as_ref()?.iter();
            let of = |one: &super::aws::iam::RolePolicyNames| {
                let role = one.role_name.clone();
                one.policy_names.iter().map(move |policy| format!("{role}/{policy}")).collect::<Vec<_>>()
            };
            Some(named.flat_map(of).collect())
        }
        "Policy" => {
            let attached = aws.attached_role_policies.as_ref()?.iter().flat_map(|one| &one.attached_policies);
            let own = |arn: &String| Arn::parse(arn).is_some_and(|arn| arn.account != "aws");
            let attached = attached.filter_map(|policy| policy.policy_arn.clone());
            let boundaries = aws.roles.iter().flatten().filter_map(|role| role.permissions_boundary.as_ref());
            let boundaries = boundaries.filter_map(|boundary| boundary.permissions_boundary_arn.clone());
            Some(attached.chain(boundaries).filter(own).collect())
        }
        "PolicyVersions" => ids(aws, "Policy"),
        "OpenIDConnectProvider" => {
            let known = aws.open_id_connect_providers.as_ref()?;
            let issuers = aws
                .cluster
                .iter()
                .flatten()
                .filter_map(|cluster| cluster.identity.as_ref()?.oidc.as_ref()?.issuer.as_ref());
            let urls = issuers.map(|issuer| issuer.trim_start_matches("https://").to_owned());
            Some(urls.filter(|url| known.iter().any(|provider| provider.arn.ends_with(url))).collect())
        }
        _ => None,
    }
}

fn ids(aws: &Aws, key: &str) -> Option<BTreeSet<String>> {
    aws.ids(key).map(|ids| ids.into_iter().collect())
}

/// The VPCs of the clusters, where there is a cluster; all others may be somebody's that asks for nothing.
fn clusters_vpcs(aws: &Aws) -> Option<BTreeSet<String>> {
    let clusters = aws.cluster.as_ref()?.iter();
    let vpcs = clusters.filter_map(|cluster| cluster.resources_vpc_config.as_ref()?.vpc_id.clone());
    Some(vpcs.collect()).filter(|vpcs: &BTreeSet<String>| !vpcs.is_empty())
}

/// The roles that the cluster and its nodes use, by name.
fn roles(aws: &Aws) -> Option<BTreeSet<String>> {
    let clusters = aws.cluster.as_ref()?.iter();
    let clusters = clusters.flat_map(|cluster| {
        let of_nodes = cluster.compute_config.as_ref().and_then(|config| config.node_role_arn.clone());
        [cluster.role_arn.clone(), of_nodes]
    });
    let nodes = aws.nodegroup.iter().flatten().map(|group| group.node_role.clone());
    let fargate = aws.fargate_profile.iter().flatten().map(|one| one.pod_execution_role_arn.clone());
    let addons = aws.addon.iter().flatten().map(|addon| addon.service_account_role_arn.clone());
    let identities = aws.pod_identity_association.iter().flatten().map(|one| one.role_arn.clone());
    let arns = clusters.chain(nodes).chain(fargate).chain(addons).chain(identities).flatten();
    let names = arns.filter_map(|arn| arn.rsplit('/').next().map(str::to_owned));
    Some(names.filter(|name| !name.is_empty()).collect()).filter(|names: &BTreeSet<String>| !names.is_empty())
}

/// The prefix lists in routes and security groups.
fn prefix_lists(aws: &Aws) -> Option<BTreeSet<String>> {
    let routes = aws.route_tables.as_ref()?.iter().flat_map(|table| &table.routes);
    let routes = routes.filter_map(|route| route.destination_prefix_list_id.clone());
    let groups = aws.security_groups.as_ref()?.iter();
    let permissions =
        groups.flat_map(|group| group.ip_permissions.iter().chain(&group.ip_permissions_egress));
    let lists = permissions.flat_map(|permission: &IpPermission| &permission.prefix_list_ids);
    let lists = lists.filter_map(|list| list.prefix_list_id.clone());
    let transit = aws.transit_gateway_routes.iter().flatten().flat_map(|table| &table.routes);
    let transit = transit.filter_map(|route| route.prefix_list_id.clone());
    Some(routes.chain(lists).chain(transit).collect())
}

/// The launch templates of node groups and Auto Scaling groups.
fn launch_templates(aws: &Aws) -> Option<BTreeSet<String>> {
    let groups = aws.nodegroup.as_ref()?.iter();
    let managed = groups.filter_map(|group| group.launch_template.as_ref()?.id.clone());
    let scaling = aws.auto_scaling_groups.as_ref()?.iter();
    let scaling = scaling.filter_map(|group| group.launch_template.as_ref()?.launch_template_id.clone());
    Some(managed.chain(scaling).collect())
}

/// The keys of volumes in launch templates; of an alias nothing says which key it is.
fn volume_keys(aws: &Aws) -> impl Iterator<Item = String> {
    let versions = aws.launch_template_versions.iter().flatten();
    let data = versions.filter_map(|version| version.launch_template_data.as_ref());
    let volumes = data.flat_map(|data| &data.block_device_mappings).filter_map(|one| one.ebs.as_ref());
    volumes.filter_map(|volume| volume.kms_key_id.clone()).filter(|key| !key.contains("alias/"))
}

/// The instance profiles of instances and launch templates, by name.
fn instance_profiles(aws: &Aws) -> Option<BTreeSet<String>> {
    let instances = aws.reservations.as_ref()?.iter().flat_map(|reservation| &reservation.instances);
    let instances = instances.filter_map(|instance| instance.iam_instance_profile.as_ref()?.arn.clone());
    let templates = aws.launch_template_versions.as_ref()?.iter();
    let templates = templates.filter_map(|version| version.launch_template_data.as_ref());
    let templates = templates.filter_map(|data| data.iam_instance_profile.as_ref());
    let templates = templates.filter_map(|profile| profile.arn.clone().or_else(|| profile.name.clone()));
    let names = instances.chain(templates);
    Some(names.filter_map(|profile| profile.rsplit('/').next().map(str::to_owned)).collect())
}

/// The rule groups of DNS Firewall on the VPCs and in the Route 53 Profiles.
fn rule_groups(aws: &Aws) -> Option<BTreeSet<String>> {
    let associated = aws.firewall_rule_group_associations.as_ref()?.iter();
    let associated = associated.filter_map(|one| one.firewall_rule_group_id.clone());
    let profiles = aws.profile_resource_associations.as_ref()?.iter();
    let profiles = profiles.filter_map(|one| {
        one.resource_arn.as_ref()?.split_once(":firewall-rule-group/").map(|(_, id)| id.to_owned())
    });
    Some(associated.chain(profiles).collect())
}

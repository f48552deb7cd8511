//! The cluster as a subject: its API endpoint, its addresses and where its control plane is.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{ip_family, service_cidr};
use crate::facts::inventory::subnets;
use crate::snapshot::aws::eks::{Cluster, VpcConfig};

use addons::AddonsFacts;
use api_endpoint::ExposureFacts;
use cidr_overlap::RangesFacts;
use load_balancers::LoadBalancerFacts;
use status::StateFacts;
use version_support::SupportFacts;

/// What rules see of the cluster.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ClusterFacts {
    /// `cluster.name`.
    id: String,
    /// `cluster.name`.
    name: Option<String>,
    /// `cluster.version`.
    version: Fact<String>,
    /// `cluster.status`.
    status: Fact<String>,
    /// `cluster.health.issues`: the health issues that EKS reports for the cluster.
    health_issues: Fact<Vec<HealthIssue>>,
    /// `cluster.endpoint`.
    endpoint: Fact<String>,
    /// `cluster.resourcesVpcConfig.endpointPrivateAccess`.
    endpoint_private_access: Fact<bool>,
    /// `cluster.resourcesVpcConfig.endpointPublicAccess`.
    endpoint_public_access: Fact<bool>,
    /// `cluster.resourcesVpcConfig.publicAccessCidrs`; without effect while public access is off.
    public_access_cidrs: Fact<Vec<String>>,
    /// Whether public access is off, or limited to fewer than all addresses (`endpointPublicAccess`,
    /// `publicAccessCidrs`).
    public_access_limited: Fact<bool>,
    /// Whether the cluster is a local cluster on an Outpost (`cluster.outpostConfig`), with the control plane
    /// in the Outpost's subnets.
    on_outpost: bool,
    /// `cluster.resourcesVpcConfig.controlPlaneEgressMode`.
    control_plane_egress_mode: Fact<String>,
    /// `cluster.kubernetesNetworkConfig.ipFamily`: `ipv4` or `ipv6`.
    ip_family: Fact<String>,
    /// `cluster.kubernetesNetworkConfig.serviceIpv4Cidr`, or `serviceIpv6Cidr` of an IPv6 cluster.
    service_cidr: Fact<String>,
    /// What the service CIDR and the VPC's CIDRs overlap.
    #[serde(flatten)]
    ranges: RangesFacts,
    /// The cluster's security group and `cluster.resourcesVpcConfig.securityGroupIds`.
    security_groups: Fact<Vec<String>>,
    /// `cluster.resourcesVpcConfig.subnetIds`.
    subnet_ids: Fact<Vec<String>>,
    /// Distinct `Subnets[].AvailabilityZoneId` of the cluster's subnets.
    control_plane_zones: Fact<Vec<String>>,
    /// Whether the cluster's subnets are in two zones or more (`Subnets[].AvailabilityZoneId`); true as soon
    /// as two are proved.
    control_plane_in_several_zones: Fact<bool>,
    /// Access to the cluster, and IAM roles for its pods.
    #[serde(flatten)]
    access: access_entries::AccessFacts,
    /// Where cluster DNS runs: `pods` on nodes, pods on `fargate` (a cluster without nodes), or `nodes`
    /// themselves. On `nodes`, each node serves its own pods: EKS Auto Mode without the add-on `coredns`
    /// (`computeConfig`, `addons`).
    dns_runs_on: Fact<String>,
    /// `Subnets[].SubnetId` of one subnet in each zone of the VPC without a cluster subnet, for a fix.
    subnets_elsewhere: Fact<Vec<String>>,
    #[serde(flatten)]
    state: StateFacts,
    #[serde(flatten)]
    support: SupportFacts,
    #[serde(flatten)]
    exposure: ExposureFacts,
    #[serde(flatten)]
    addons: AddonsFacts,
    #[serde(flatten)]
    load_balancers: LoadBalancerFacts,
    /// `Subnets[].AvailableIpAddressCount` of the cluster's subnets, by subnet.
    control_plane_free_addresses: Fact<BTreeMap<String, i64>>,
    /// Whether the cluster's subnets have in total the five free addresses that an update may need
    /// (`Subnets[].AvailableIpAddressCount`); true as soon as five are proved.
    room_for_update: Fact<bool>,
}

/// One of EKS's own findings.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct HealthIssue {
    /// `cluster.health.issues[].code`.
    code: Option<String>,
    /// `cluster.health.issues[].message`.
    message: Option<String>,
    /// `cluster.health.issues[].resourceIds`.
    resource_ids: Vec<String>,
}

/// The one cluster, or why there is none.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    match &context.cluster {
        Ok(cluster) => {
            let facts = facts(context, cluster);
            Subjects {
                listed: vec![Subject::new("cluster", &cluster.name, Some(&cluster.name), &facts)],
                unlisted: Vec::new(),
            }
        }
        Err(missing) => Subjects::unlisted(missing.clone()),
    }
}

fn facts(context: &Context<'_>, cluster: &Cluster) -> ClusterFacts {
    let config = context.vpc_config();
    let field = |name: &str| vec![context.field("cluster", name)];
    let zones = zones(context, &config);
    ClusterFacts {
        id: cluster.name.clone(),
        name: Some(cluster.name.clone()),
        access: access_entries::facts(context, cluster),
        version: Fact(cluster.version.clone().ok_or_else(|| field("version"))),
        status: Fact(cluster.status.clone().ok_or_else(|| field("status"))),
        health_issues: Fact(health(cluster).ok_or_else(|| field("health"))),
        endpoint: Fact(cluster.endpoint.clone().ok_or_else(|| field("endpoint"))),
        endpoint_private_access: setting(context, &config, "endpointPrivateAccess", |c| {
            c.endpoint_private_access
        }),
        endpoint_public_access: setting(context, &config, "endpointPublicAccess", |c| {
            c.endpoint_public_access
        }),
        public_access_cidrs: setting(context, &config, "publicAccessCidrs", |c| {
            c.public_access_cidrs.clone()
        }),
        public_access_limited: setting(context, &config, "publicAccessCidrs", limited),
        on_outpost: cluster.outpost_config.is_some(),
        control_plane_egress_mode: setting(context, &config, "controlPlaneEgressMode", |c| {
            c.control_plane_egress_mode.clone()
        }),
        service_cidr: Fact(service_cidr(context).map(str::to_owned)),
        ip_family: Fact(ip_family(context).map(|family| family.as_str().to_owned())),
        security_groups: setting(context, &config, "clusterSecurityGroupId", |c| {
            let own = c.cluster_security_group_id.clone()?;
            Some([own].into_iter().chain(c.security_group_ids.clone().unwrap_or_default()).collect())
        }),
        subnet_ids: setting(context, &config, "subnetIds", |c| c.subnet_ids.clone()),
        dns_runs_on: Fact(self::coredns::runs_on(context).map(str::to_owned)),
        subnets_elsewhere: Fact(elsewhere(context, &zones)),
        state: status::facts(context, cluster),
        ranges: cidr_overlap::facts(context, cluster),
        support: version_support::facts(context, cluster),
        exposure: api_endpoint::facts(context, cluster),
        addons: addons::facts(context, cluster),
        load_balancers: load_balancers::facts(context),
        control_plane_in_several_zones: several(&zones),
        control_plane_free_addresses: Fact(
            free_addresses(context, &config)
                .and_then(|found| found.into_iter().map(|(subnet, free)| Ok((subnet, free?))).collect()),
        ),
        room_for_update: room_for_update(context, &config),
        control_plane_zones: Fact(match zones {
            Ok((zones, missing)) => known::complete(missing).map(|()| zones.into_iter().collect()),
            Err(missing) => Err(missing),
        }),
    }
}

fn setting<T>(
    context: &Context<'_>,
    config: &Known<&VpcConfig>,
    field: &str,
    pick: impl Fn(&VpcConfig) -> Option<T>,
) -> Fact<T> {
    Fact(config.clone().and_then(|config| {
        pick(config).ok_or_else(|| vec![context.field("cluster", &format!("resourcesVpcConfig.{field}"))])
    }))
}

/// Public access off counts first: a private cluster may still report `0.0.0.0/0`.
fn limited(config: &VpcConfig) -> Option<bool> {
    if !config.endpoint_public_access? {
        return Some(true);
    }
    let cidrs = config.public_access_cidrs.as_ref()?;
    // Several prefixes may make up everybody, as 0.0.0.0/1 and 128.0.0.0/1 do.
    let admitted: Result<Vec<IpNet>, _> = cidrs.iter().map(|cidr| cidr.parse()).collect();
    let admitted: AddressSet = admitted.ok()?.into_iter().collect();
    let everybody = AddressSet::everything();
    let all = |everybody: AddressSet| admitted.contains_all(&everybody);
    // No list at all is AWS's default, which is everybody.
    Some(!cidrs.is_empty() && !all(everybody.only_v4()) && !all(everybody.only_v6()))
}

fn health(cluster: &Cluster) -> Option<Vec<HealthIssue>> {
    let issues = &cluster.health.as_ref()?.issues;
    Some(
        issues
            .iter()
            .map(|issue| HealthIssue {
                code: issue.code.clone(),
                message: issue.message.clone(),
                resource_ids: issue.resource_ids.clone(),
            })
            .collect(),
    )
}

type KnownZones = Known<(BTreeSet<String>, Vec<Missing>)>;

/// The zones that are known, with what is missing for the others.
fn zones(context: &Context<'_>, config: &Known<&VpcConfig>) -> KnownZones {
    let subnets = setting(context, config, "subnetIds", |c| c.subnet_ids.clone()).0?;
    let mut zones = BTreeSet::new();
    let mut missing = Vec::new();
    for subnet in &subnets {
        match subnets::zone(context, subnet) {
            Ok(zone) => {
                zones.insert(zone);
            }
            Err(why) => missing.extend(why),
        }
    }
    Ok((zones, missing))
}

/// The subnet with most free addresses of each zone that the cluster is not in and could be.
fn elsewhere(context: &Context<'_>, zones: &KnownZones) -> Known<Vec<String>> {
    let vpc = context.vpc.clone()?;
    let taken = zones.as_ref().map(|(zones, _)| zones).map_err(Clone::clone)?;
    let mut best: BTreeMap<String, (i64, String)> = BTreeMap::new();
    for found in context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)? {
        let Ok(zone) = subnets::zone(context, &found.subnet_id) else { continue };
        let room = found.available_ip_address_count.unwrap_or(0);
        let fit = found.vpc_id.as_deref() == Some(&vpc)
            && room >= 6
            && subnets::takes_control_plane(context, found);
        if fit && !taken.contains(&zone) && best.get(&zone).is_none_or(|(most, _)| room > *most) {
            best.insert(zone, (room, found.subnet_id.clone()));
        }
    }
    Ok(best.into_values().map(|(_, id)| id).collect())
}

/// Addresses that EKS may need for new interfaces, in whichever of the subnets it places them:
/// <https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html>.
const FOR_UPDATE: i64 = 5;

fn free_addresses(context: &Context<'_>, config: &Known<&VpcConfig>) -> Known<BTreeMap<String, Known<i64>>> {
    let subnets = setting(context, config, "subnetIds", |c| c.subnet_ids.clone()).0?;
    let free = |subnet: String| {
        let free = subnets::free_addresses(context, &subnet);
        (subnet, free)
    };
    Ok(subnets.into_iter().map(free).collect())
}

fn room_for_update(context: &Context<'_>, config: &Known<&VpcConfig>) -> Fact<bool> {
    Fact(free_addresses(context, config).and_then(|found| {
        let sum: i64 = found.values().filter_map(|free| free.as_ref().ok()).sum();
        let missing = found.into_values().filter_map(Result::err).flatten();
        known::proved(sum >= FOR_UPDATE, missing)
    }))
}

fn several(zones: &KnownZones) -> Fact<bool> {
    Fact(match zones {
        Ok((zones, missing)) => known::proved(zones.len() >= 2, missing.iter().cloned()),
        Err(missing) => Err(missing.clone()),
    })
}

pub mod access_entries;
mod addons;
pub mod api_endpoint;
mod cidr_overlap;
mod coredns;
pub mod load_balancers;
pub mod status;
#[cfg(test)]
mod tests;
pub mod version_support;

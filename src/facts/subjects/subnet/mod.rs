//! Subnets as subjects: those of the cluster's control plane and those of its nodes.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::plausible_count;
use crate::facts::capacity::pod_subnets::{Places, PodPlaceFacts};
use crate::facts::endpoints::s3::S3;
use crate::facts::endpoints::service_endpoint;
use crate::facts::inventory::node_groups;
use crate::facts::{Context, Fact, Missing, Subject, Subjects};
use crate::network::{Egress, Known, MissingKind};
use crate::snapshot::aws::ec2::{AvailabilityZone, NetworkInterface, Subnet, tag};

use super::cluster::load_balancers;
use egress::WayFacts;
use ipv6::SubnetV6Facts;

/// Zones, by id, that EKS refuses for the control plane
/// (<https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>).
const REFUSED: [&str; 3] = ["use1-az3", "usw1-az2", "cac1-az3"];

/// What rules see of a subnet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SubnetFacts {
    /// `Subnets[].SubnetId`.
    id: String,
    /// The `Name` tag of `Subnets[].Tags`.
    name: Option<String>,
    /// `Subnets[].CidrBlock`.
    cidr: Fact<String>,
    /// Whether `cluster.resourcesVpcConfig.subnetIds` names it: EKS may place the control plane's
    /// interfaces in it at any update.
    cluster_subnet: Fact<bool>,
    /// Whether a node group names it (`nodegroup.subnets`, `AutoScalingGroups[].VPCZoneIdentifier`), or
    /// a node is in it now (`Reservations`).
    hosts_nodes: Fact<bool>,
    /// Whether what is in it calls AWS: nodes or Fargate's pods (`nodegroup.subnets`,
    /// `fargateProfile.subnets`), and before there are any, those that are to come into the cluster's
    /// subnets.
    calls_aws: Fact<bool>,
    /// `Subnets[].AvailabilityZone`.
    zone: Fact<String>,
    /// `Subnets[].AvailabilityZoneId`, the same in every account.
    zone_id: Fact<String>,
    /// `AvailabilityZones[].ZoneType`: `availability-zone`, `local-zone` or `wavelength-zone`.
    zone_type: Fact<String>,
    /// Whether EKS refuses the zone for the control plane (`Subnets[].AvailabilityZoneId`).
    zone_refused: Fact<bool>,
    /// `Subnets[].OutpostArn`.
    outpost: Fact<Option<String>>,
    /// Whether it is on an Outpost (`Subnets[].OutpostArn`).
    on_outpost: Fact<bool>,
    /// `Subnets[].AvailableIpAddressCount`.
    free_addresses: Fact<i64>,
    /// How its effective route table's default route leaves: `isolated`, `nat`, `internet` or
    /// `inspected` (`RouteTables[].Routes`).
    egress: Fact<String>,
    /// `Subnets[].MapPublicIpOnLaunch`: without public addresses an internet gateway is no way out.
    gives_public_addresses: Fact<bool>,
    /// The table associated with it, else the VPC's main one (`RouteTables[].RouteTableId`).
    route_table: Fact<String>,
    /// Whether its packets come to S3 through an endpoint: a route to a gateway endpoint, or an
    /// interface endpoint that answers for S3's own names (`VpcEndpoints`, `RouteTables[].Routes`); unknown where a
    /// private hosted zone or a resolver rule takes these names from a gateway.
    s3_route: Fact<bool>,
    /// An available S3 endpoint that it could use; null where there is none (`VpcEndpoints`).
    s3_endpoint: Fact<Option<String>>,
    /// Whether there is an available S3 endpoint that it could use (`VpcEndpoints`).
    s3_endpoint_exists: Fact<bool>,
    #[serde(flatten)]
    pods: PodPlaceFacts,
    #[serde(flatten)]
    ways: WayFacts,
    #[serde(flatten)]
    v6: SubnetV6Facts,
    /// Whether it is in the cluster's VPC (`Subnets[].VpcId`).
    in_cluster_vpc: Fact<bool>,
    /// Whether it is marked for internal load balancers, but for those of other clusters only (`Subnets[].Tags`).
    left_to_other_clusters: Fact<bool>,
}

/// The zone that a subnet is in: its id, or its name where AWS gives no id.
pub(crate) fn zone(context: &Context<'_>, id: &str) -> Known<String> {
    let subnet = context.network.subnet(id)?;
    let zone = subnet.availability_zone_id.clone().or_else(|| subnet.availability_zone.clone());
    zone.ok_or_else(|| field(context, "AvailabilityZoneId", id))
}

/// Whether EKS is known to place control planes in this subnet's zone.
pub(crate) fn takes_control_plane(context: &Context<'_>, subnet: &Subnet) -> bool {
    let refused = subnet.availability_zone_id.as_deref().is_none_or(|zone| REFUSED.contains(&zone));
    let zone = listed_zone(context, &Ok(subnet));
    let regional = zone.is_ok_and(|zone| zone.zone_type.as_deref() == Some("availability-zone"));
    regional && !refused && subnet.outpost_arn.is_none()
}

/// The subnets that the cluster names, which `DescribeCluster` alone proves: EKS may place the
/// control plane's interfaces in any of them at its next update.
pub(crate) fn of_control_plane(context: &Context<'_>) -> Subjects {
    let hosts = Hosts::of(context);
    let ids = match &hosts.cluster {
        Ok(ids) => ids,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let (s3, places) = (S3::new(context), Places::new(context));
    let listed =
        ids.iter().map(|id| subject("control_plane_subnet", &facts(context, id, &hosts, &s3, &places)));
    Subjects { listed: listed.collect(), unlisted: Vec::new() }
}

/// The subnets of the cluster's VPC that are marked for its internal load balancers.
pub(crate) fn of_load_balancers(context: &Context<'_>) -> Subjects {
    let all = context.vpc.clone().and_then(|vpc| {
        let all = context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)?;
        Ok((vpc, all))
    });
    let (vpc, all) = match all {
        Ok(found) => found,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let cluster = context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
    let hosts = Hosts::of(context);
    let (s3, places) = (S3::new(context), Places::new(context));
    let marked = all
        .iter()
        .filter(|subnet| subnet.vpc_id.as_deref() == Some(&vpc))
        .filter(|subnet| load_balancers::takes(&subnet.tags, cluster));
    let listed = marked.map(|subnet| {
        let facts = facts(context, &subnet.subnet_id, &hosts, &s3, &places);
        self::subject("load_balancer_subnet", &facts)
    });
    Subjects { listed: listed.collect(), unlisted: Vec::new() }
}

/// Every subnet that the control plane or nodes use.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let hosts = Hosts::of(context);
    let (s3, places) = (S3::new(context), Places::new(context));
    let (ids, unlisted) = hosts.used();
    let listed = ids.iter().map(|id| subject("subnet", &facts(context, id, &hosts, &s3, &places))).collect();
    Subjects { listed, unlisted }
}

/// The subnets that the control plane or nodes use, and why there may be more.
pub(crate) fn used(context: &Context<'_>) -> (BTreeSet<String>, Vec<Missing>) {
    Hosts::of(context).used()
}

fn subject(kind: &'static str, facts: &SubnetFacts) -> Subject {
    Subject::new(kind, &facts.id, facts.name.as_deref(), facts)
}

/// Who is where.
struct Hosts {
    /// The cluster's subnets.
    cluster: Known<BTreeSet<String>>,
    /// Subnets of the control plane's interfaces.
    interfaces: Known<BTreeSet<String>>,
    /// Subnets of nodes, and why there may be more.
    nodes: (BTreeSet<String>, Vec<Missing>),
    /// Subnets of what calls AWS, and why there may be more.
    clients: (BTreeSet<String>, Vec<Missing>),
    /// Subnets of managed node groups, and why there may be more.
    managed: (BTreeSet<String>, Vec<Missing>),
}

impl Hosts {
    fn of(context: &Context<'_>) -> Self {
        let cluster = context.vpc_config().and_then(|config| {
            let ids = config.subnet_ids.clone();
            ids.ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.subnetIds")])
        });
        let subnet = |interface: &&NetworkInterface| interface.subnet_id.clone();
        let interfaces = context.control_plane_interfaces();
        Self {
            cluster: cluster.map(|ids| ids.into_iter().collect()),
            interfaces: interfaces.map(|all| all.iter().filter_map(subnet).collect()),
            nodes: node_groups::known_subnets(context),
            clients: service_endpoint::client_subnets(context),
            managed: node_groups::managed_subnets(context),
        }
    }

    /// All of them, and why there may be more.
    fn used(&self) -> (BTreeSet<String>, Vec<Missing>) {
        let mut ids: BTreeSet<String> = self.nodes.0.clone();
        ids.extend(self.clients.0.iter().cloned());
        let mut unlisted: Vec<Missing> = self.clients.1.clone();
        unlisted.extend(self.nodes.1.iter().cloned());
        ids.extend(self.cluster.iter().flatten().cloned());
        ids.extend(self.interfaces.iter().flatten().cloned());
        for missing in [self.cluster.as_ref().err(), self.interfaces.as_ref().err()].into_iter().flatten() {
            unlisted.extend(missing.iter().cloned());
        }
        unlisted.sort();
        unlisted.dedup();
        (ids, unlisted)
    }
}

/// Whether a subnet is among these, or what is missing to know them all.
pub(crate) fn among((known, missing): &(BTreeSet<String>, Vec<Missing>), id: &str) -> Fact<bool> {
    Fact(match known.contains(id) {
        true => Ok(true),
        false if missing.is_empty() => Ok(false),
        false => Err(missing.clone()),
    })
}

fn facts(
    context: &Context<'_>,
    id: &str,
    hosts: &Hosts,
    s3: &S3<'_, '_>,
    places: &Places<'_, '_>,
) -> SubnetFacts {
    let to_s3 = s3.route(id);
    let subnet = context.network.subnet(id);
    let known = |name: &str, pick: fn(&Subnet) -> Option<String>| {
        Fact(subnet.clone().and_then(|subnet| pick(subnet).ok_or_else(|| field(context, name, id))))
    };
    let zone = known("AvailabilityZone", |subnet| subnet.availability_zone.clone());
    let listed = listed_zone(context, &subnet);
    let zone_id = match known("AvailabilityZoneId", |subnet| subnet.availability_zone_id.clone()) {
        Fact(Err(missing)) => Fact(match listed.as_ref().ok().and_then(|zone| zone.zone_id.clone()) {
            Some(id) => Ok(id),
            None => Err(missing),
        }),
        known => known,
    };
    SubnetFacts {
        id: id.to_owned(),
        name: subnet.as_ref().ok().and_then(|subnet| tag(&subnet.tags, "Name")).map(str::to_owned),
        cidr: known("CidrBlock", |subnet| subnet.cidr_block.clone()),
        cluster_subnet: Fact(hosts.cluster.clone().map(|ids| ids.contains(id))),
        hosts_nodes: among(&hosts.nodes, id),
        calls_aws: among(&hosts.clients, id),
        zone_refused: Fact(zone_id.0.clone().map(|zone| REFUSED.contains(&zone.as_str()))),
        zone_type: Fact(listed.and_then(|zone| {
            zone.zone_type.clone().ok_or_else(|| vec![context.field("AvailabilityZones", "ZoneType")])
        })),
        zone,
        zone_id,
        outpost: Fact(subnet.clone().map(|subnet| subnet.outpost_arn.clone())),
        on_outpost: Fact(subnet.clone().map(|subnet| subnet.outpost_arn.is_some())),
        free_addresses: Fact(free_addresses(context, id)),
        egress: Fact(context.network.egress(id).map(|egress| egress_name(&egress).to_owned())),
        gives_public_addresses: Fact(subnet.clone().and_then(|subnet| {
            let gives = subnet.map_public_ip_on_launch;
            gives.ok_or_else(|| field(context, "MapPublicIpOnLaunch", id))
        })),
        route_table: Fact(
            context.network.effective_route_table(id).map(|table| table.route_table_id.clone()),
        ),
        s3_route: to_s3.open,
        s3_endpoint_exists: Fact(to_s3.endpoint.0.clone().map(|endpoint| endpoint.is_some())),
        s3_endpoint: to_s3.endpoint,
        pods: places.facts(id),
        ways: egress::facts(context, id),
        v6: ipv6::facts(context, id, &hosts.managed),
        in_cluster_vpc: Fact(subnet.clone().and_then(|subnet| {
            let its = subnet.vpc_id.as_ref().ok_or_else(|| field(context, "VpcId", id))?;
            Ok(*its == context.vpc.clone()?)
        })),
        left_to_other_clusters: Fact(
            subnet.and_then(|subnet| load_balancers::left_to_others(context, subnet)),
        ),
    }
}

/// Something that AWS does not tell.
pub(crate) fn unmodelled(what: &str) -> Missing {
    Missing { kind: MissingKind::Unmodelled, what: what.to_owned(), permission: None }
}

/// How many addresses a subnet has left.
pub(crate) fn free_addresses(context: &Context<'_>, id: &str) -> Known<i64> {
    let subnet = context.network.subnet(id)?;
    plausible_count(subnet.available_ip_address_count)
        .ok_or_else(|| field(context, "AvailableIpAddressCount", id))
}

pub(crate) fn field(context: &Context<'_>, name: &str, id: &str) -> Vec<Missing> {
    vec![context.field("Subnets", &format!("{name} of {id}"))]
}

pub(crate) fn listed_zone<'s>(context: &Context<'s>, subnet: &Known<&Subnet>) -> Known<&'s AvailabilityZone> {
    let subnet = subnet.clone()?;
    let mut zones = context.snapshot.aws.availability_zones.iter().flatten();
    let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
    zones
        .find(|zone| {
            same(&zone.zone_id, &subnet.availability_zone_id)
                || same(&zone.zone_name, &subnet.availability_zone)
        })
        .ok_or_else(|| match &context.snapshot.aws.availability_zones {
            Some(_) => vec![context.field("AvailabilityZones", &format!("the zone of {}", subnet.subnet_id))],
            None => vec![context.missing("AvailabilityZones", None)],
        })
}

fn egress_name(egress: &Egress) -> &'static str {
    match egress {
        Egress::Isolated => "isolated",
        Egress::Nat => "nat",
        Egress::Internet => "internet",
        Egress::Inspected { .. } => "inspected",
    }
}

mod egress;
mod ipv6;
#[cfg(test)]
mod tests;

//! Subnets as subjects: those of the cluster's control plane and those of its nodes.

use privek_core::known;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::capacity::pod_subnets::{PodPlaceFacts, PodPlaces};
use crate::facts::inventory::load_balancer_tags;
use crate::facts::inventory::subnets::{REFUSED, SubnetUse, among, field, free_addresses, listed_zone};
use crate::facts::serving::s3::S3;
use crate::network::Egress;
use crate::snapshot::aws::ec2::{Subnet, tag};

use egress::SubnetEgressFacts;
use ipv6::SubnetV6Facts;

/// What rules see of a subnet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct SubnetFacts {
    /// `Subnets[].SubnetId`.
    id: String,
    /// The `Name` tag of `Subnets[].Tags`.
    name: Option<String>,
    /// `Subnets[].CidrBlock`.
    cidr: Fact<String>,
    /// Whether `cluster.resourcesVpcConfig.subnetIds` contains the subnet; at any update, EKS may place the
    /// control plane's network interfaces in the subnet.
    cluster_subnet: Fact<bool>,
    /// Whether a node group uses the subnet (`nodegroup.subnets`, `AutoScalingGroups[].VPCZoneIdentifier`),
    /// or a node runs in the subnet now (`Reservations`).
    hosts_nodes: Fact<bool>,
    /// Whether nodes or Fargate pods use the subnet (`nodegroup.subnets`, `fargateProfile.subnets`). Without
    /// nodes and Fargate profiles, the cluster's own subnets count.
    calls_aws: Fact<bool>,
    /// `Subnets[].AvailabilityZone`.
    zone: Fact<String>,
    /// `Subnets[].AvailabilityZoneId`, the same in every account.
    zone_id: Fact<String>,
    /// `AvailabilityZones[].ZoneType`: `availability-zone`, `local-zone` or `wavelength-zone`.
    zone_type: Fact<String>,
    /// Whether EKS does not support the subnet's zone for the control plane (`Subnets[].AvailabilityZoneId`).
    zone_refused: Fact<bool>,
    /// `Subnets[].OutpostArn`.
    outpost: Fact<Option<String>>,
    /// Whether the subnet is on an Outpost (`Subnets[].OutpostArn`).
    on_outpost: Fact<bool>,
    /// `Subnets[].AvailableIpAddressCount`.
    free_addresses: Fact<i64>,
    /// The target of the subnet's default route: `isolated` (no route), `nat`, `internet` or `inspected`
    /// (another target), from `RouteTables[].Routes`.
    egress: Fact<String>,
    /// `Subnets[].MapPublicIpOnLaunch`; a route to an internet gateway needs public addresses.
    gives_public_addresses: Fact<bool>,
    /// The route table associated with the subnet, else the VPC's main route table
    /// (`RouteTables[].RouteTableId`).
    route_table: Fact<String>,
    /// Whether packets to S3 go to an S3 VPC endpoint: gateway by route, interface by S3's own names
    /// (`VpcEndpoints`, `RouteTables[].Routes`). Unknown for a gateway VPC endpoint if a private hosted zone
    /// or resolver rule answers for S3's names.
    s3_route: Fact<bool>,
    /// The id of an available S3 VPC endpoint for the subnet (`VpcEndpoints`); null without a VPC endpoint.
    s3_endpoint: Fact<Option<String>>,
    /// Whether an available S3 VPC endpoint for the subnet exists (`VpcEndpoints`).
    s3_endpoint_exists: Fact<bool>,
    #[serde(flatten)]
    pods: PodPlaceFacts,
    #[serde(flatten)]
    ways: SubnetEgressFacts,
    #[serde(flatten)]
    v6: SubnetV6Facts,
    /// Whether the subnet is in the cluster's VPC (`Subnets[].VpcId`).
    in_cluster_vpc: Fact<bool>,
    /// Whether the subnet is tagged for internal load balancers of other clusters only (`Subnets[].Tags`).
    left_to_other_clusters: Fact<bool>,
}

/// The subnets that the cluster names, which `DescribeCluster` alone proves: EKS may place the
/// control plane's interfaces in any of them at its next update.
pub(crate) fn of_control_plane(context: &Context<'_>) -> Subjects {
    let using = SubnetUse::of(context);
    let ids = match &using.cluster {
        Ok(ids) => ids,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let (s3, places) = (S3::new(context), PodPlaces::new(context));
    let listed =
        ids.iter().map(|id| subject("control_plane_subnet", &facts(context, id, &using, &s3, &places)));
    Subjects { listed: listed.collect(), unlisted: Vec::new() }
}

/// The subnets of the cluster's VPC that are marked for its internal load balancers.
pub(crate) fn of_load_balancers(context: &Context<'_>) -> Subjects {
    let marked = match load_balancer_tags::marked(context) {
        Ok(found) => found,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let using = SubnetUse::of(context);
    let (s3, places) = (S3::new(context), PodPlaces::new(context));
    let listed = marked.certain.iter().map(|subnet| {
        let facts = facts(context, &subnet.subnet_id, &using, &s3, &places);
        self::subject("load_balancer_subnet", &facts)
    });
    Subjects { listed: listed.collect(), unlisted: known::joined(marked.missing()) }
}

/// Every subnet that the control plane or nodes use.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let using = SubnetUse::of(context);
    let (s3, places) = (S3::new(context), PodPlaces::new(context));
    let (ids, unlisted) = using.used();
    let listed = ids.iter().map(|id| subject("subnet", &facts(context, id, &using, &s3, &places))).collect();
    Subjects { listed, unlisted }
}

fn subject(kind: &'static str, facts: &SubnetFacts) -> Subject {
    Subject::new(kind, &facts.id, facts.name.as_deref(), facts)
}

fn facts(
    context: &Context<'_>,
    id: &str,
    using: &SubnetUse,
    s3: &S3<'_, '_>,
    places: &PodPlaces<'_, '_>,
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
        cluster_subnet: Fact(using.cluster.clone().map(|ids| ids.contains(id))),
        hosts_nodes: among(&using.nodes, id),
        calls_aws: among(&using.clients, id),
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
        v6: ipv6::facts(context, id, &using.managed),
        in_cluster_vpc: Fact(subnet.clone().and_then(|subnet| {
            let its = subnet.vpc_id.as_ref().ok_or_else(|| field(context, "VpcId", id))?;
            Ok(*its == context.vpc.clone()?)
        })),
        left_to_other_clusters: Fact(
            subnet.and_then(|subnet| load_balancer_tags::left_to_others(context, subnet)),
        ),
    }
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

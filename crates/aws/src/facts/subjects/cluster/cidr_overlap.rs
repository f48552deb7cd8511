//! Address ranges that must not overlap: the one of Kubernetes' services, the VPC's, and those of networks
//! that are connected to it.

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net};
use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::VpcPeeringConnectionVpcInfo;
use crate::snapshot::aws::eks::Cluster;

/// Docker's bridge on the control plane's machines:
/// <https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html>.
const BRIDGE: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 17, 0, 0), 16);

/// What rules see of the ranges around a cluster.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RangesFacts {
    /// Whether the service CIDR does not overlap the CIDRs of the VPC, of hybrid networks and of declared
    /// operators (`Vpcs[].CidrBlockAssociationSet`, `cluster.remoteNetworkConfig`).
    service_range_clear: Fact<bool>,
    /// CIDRs of the VPC, of hybrid networks and of declared operators that the service CIDR overlaps, each
    /// with the network's name.
    service_range_overlaps: Vec<String>,
    /// Whether the service CIDR does not overlap peered VPCs, VPCs on the same transit gateways and declared
    /// networks (`VpcPeeringConnections`, `TransitGatewayAttachments`, `Vpcs`).
    service_range_clear_of_neighbours: Fact<bool>,
    /// CIDRs of peered VPCs, of VPCs on the same transit gateways and of declared networks that the service
    /// CIDR overlaps.
    service_range_overlaps_neighbours: Vec<String>,
    /// Whether the VPC's CIDRs do not overlap VPCs on the same transit gateways; AWS refuses peering
    /// connections between overlapping VPCs.
    vpc_clear_of_neighbours: Fact<bool>,
    /// CIDRs of VPCs on the same transit gateways that the VPC's CIDRs overlap.
    vpc_overlaps: Vec<String>,
    /// Whether no subnet of the cluster's VPC overlaps 172.17.0.0/16 (`Subnets[].CidrBlock`).
    clear_of_docker: Fact<bool>,
    /// Subnets of the cluster's VPC that overlap 172.17.0.0/16.
    subnets_in_docker_range: Vec<String>,
}

/// A range, and whose it is.
type Range = (IpNet, String);

/// The facts of a cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> RangesFacts {
    let service = service_range(context, cluster);
    let own = vpc_ranges(context);
    let neighbours = neighbours(context);
    let mut near = own.clone();
    add(&mut near, declared_operators(context).into_iter().chain(hybrid(cluster)).collect());
    let mut far = neighbours.clone();
    let networks = context.intent.networks.iter();
    add(&mut far, networks.map(|one| (one.cidr, format!("the network {}", one.name))).collect());
    let service_of = |others: &(Vec<Range>, Vec<Missing>)| match &service {
        Ok(ranges) => overlaps(ranges, others),
        Err(missing) => (Err(missing.clone()), Vec::new()),
    };
    let (service_range_clear, service_range_overlaps) = service_of(&near);
    let (far_clear, service_range_overlaps_neighbours) = service_of(&far);
    let ranges: Vec<IpNet> = own.0.iter().map(|(range, _)| *range).collect();
    let on_gateways = on_transit_gateways(context);
    let (mut vpc_clear, vpc_overlaps) = overlaps(&ranges, &on_gateways);
    if vpc_clear == Ok(true) && !own.1.is_empty() {
        vpc_clear = Err(own.1.clone());
    }
    let (clear_of_docker, subnets_in_docker_range) = docker(context);
    RangesFacts {
        service_range_clear: Fact(service_range_clear),
        service_range_overlaps,
        service_range_clear_of_neighbours: Fact(far_clear),
        service_range_overlaps_neighbours,
        vpc_clear_of_neighbours: Fact(vpc_clear),
        vpc_overlaps,
        clear_of_docker: Fact(clear_of_docker),
        subnets_in_docker_range,
    }
}

fn add(to: &mut (Vec<Range>, Vec<Missing>), more: Vec<Range>) {
    to.0.extend(more);
}

/// The ranges of Kubernetes' services, of either family.
fn service_range(context: &Context<'_>, cluster: &Cluster) -> Known<Vec<IpNet>> {
    let network = cluster.kubernetes_network_config.as_ref();
    let texts = [
        network.and_then(|network| network.service_ipv4_cidr.as_deref()),
        network.and_then(|network| network.service_ipv6_cidr.as_deref()),
    ];
    let ranges: Vec<IpNet> = texts.into_iter().flatten().filter_map(|text| text.parse().ok()).collect();
    if ranges.is_empty() {
        return Err(vec![context.field("cluster", "kubernetesNetworkConfig.serviceIpv4Cidr")]);
    }
    Ok(ranges)
}

fn vpc_ranges(context: &Context<'_>) -> (Vec<Range>, Vec<Missing>) {
    match context.vpc.clone().and_then(|vpc| Ok((context.network.vpc_cidrs(&vpc)?, vpc))) {
        Ok((ranges, vpc)) => (ranges.into_iter().map(|range| (range, vpc.clone())).collect(), Vec::new()),
        Err(missing) => (Vec::new(), missing),
    }
}

fn declared_operators(context: &Context<'_>) -> Vec<Range> {
    let all = context.intent.operators.iter().flatten();
    all.map(|operator| (operator.cidr, format!("the operators' network {}", operator.name))).collect()
}

fn hybrid(cluster: &Cluster) -> Vec<Range> {
    let Some(remote) = &cluster.remote_network_config else { return Vec::new() };
    let of = |networks: &[crate::snapshot::aws::eks::RemoteNetwork], whose: &str| {
        let texts: Vec<String> = networks.iter().flat_map(|network| network.cidrs.clone()).collect();
        let parsed = texts.into_iter().filter_map(|text| text.parse().ok());
        parsed.map(|range| (range, whose.to_owned())).collect::<Vec<Range>>()
    };
    let mut all = of(&remote.remote_node_networks, "the network of hybrid nodes");
    all.extend(of(&remote.remote_pod_networks, "the network of hybrid nodes' pods"));
    all
}

/// The VPCs at the other ends of peering connections and transit gateways.
fn neighbours(context: &Context<'_>) -> (Vec<Range>, Vec<Missing>) {
    let mut all = on_transit_gateways(context);
    let peered = peered(context);
    all.0.extend(peered.0);
    all.1.extend(peered.1);
    all
}

fn peered(context: &Context<'_>) -> (Vec<Range>, Vec<Missing>) {
    let connections = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.vpc_peering_connections.as_deref();
        Ok((context.items(all, "VpcPeeringConnections", &vpc)?, vpc))
    });
    let (connections, vpc) = match connections {
        Ok(known) => known,
        Err(missing) => return (Vec::new(), missing),
    };
    let (mut ranges, mut missing) = (Vec::new(), Vec::new());
    for connection in connections {
        let active = connection.status.as_ref().and_then(|status| status.code.as_deref()) == Some("active");
        let sides = [&connection.requester_vpc_info, &connection.accepter_vpc_info];
        let sides: Vec<&VpcPeeringConnectionVpcInfo> = sides.into_iter().flatten().collect();
        let ours = sides.iter().any(|side| side.vpc_id.as_deref() == Some(vpc.as_str()));
        if !active || !ours {
            continue;
        }
        for side in sides.iter().filter(|side| side.vpc_id.as_deref() != Some(vpc.as_str())) {
            let texts: BTreeSet<&str> = side
                .cidr_block_set
                .iter()
                .filter_map(|block| block.cidr_block.as_deref())
                .chain(side.cidr_block.as_deref())
                .collect();
            let whose = side.vpc_id.as_deref().unwrap_or(&connection.vpc_peering_connection_id);
            let parsed: Vec<IpNet> = texts.iter().filter_map(|text| text.parse().ok()).collect();
            if parsed.is_empty() {
                let field = format!("CidrBlock of {}", connection.vpc_peering_connection_id);
                missing.push(context.field("VpcPeeringConnections", &field));
            }
            ranges.extend(parsed.into_iter().map(|range| (range, whose.to_owned())));
        }
    }
    (ranges, missing)
}

/// The other VPCs on the transit gateways that the cluster's VPC is attached to.
fn on_transit_gateways(context: &Context<'_>) -> (Vec<Range>, Vec<Missing>) {
    let attachments = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.transit_gateway_attachments.as_deref();
        Ok((all.ok_or_else(|| vec![context.missing("TransitGatewayAttachments", Some(&vpc))])?, vpc))
    });
    let (attachments, vpc) = match attachments {
        Ok(known) => known,
        Err(missing) => return (Vec::new(), missing),
    };
    let of_vpcs = || attachments.iter().filter(|one| one.resource_type.as_deref() == Some("vpc"));
    let own: BTreeSet<&str> = of_vpcs()
        .filter(|one| one.resource_id.as_deref() == Some(vpc.as_str()))
        .filter_map(|one| one.transit_gateway_id.as_deref())
        .collect();
    let others: BTreeSet<&str> = of_vpcs()
        .filter(|one| one.transit_gateway_id.as_deref().is_some_and(|id| own.contains(id)))
        .filter_map(|one| one.resource_id.as_deref())
        .filter(|id| *id != vpc)
        .collect();
    let (mut ranges, mut missing) = (Vec::new(), Vec::new());
    for other in others {
        match context.network.vpc_cidrs(other) {
            Ok(found) => ranges.extend(found.into_iter().map(|range| (range, other.to_owned()))),
            Err(why) => missing.extend(why),
        }
    }
    (ranges, missing)
}

/// Whether ranges are clear of others; an overlap that is seen outranks what is unread.
fn overlaps(ranges: &[IpNet], others: &(Vec<Range>, Vec<Missing>)) -> (Known<bool>, Vec<String>) {
    let meets = |one: &IpNet, other: &IpNet| one.contains(other) || other.contains(one);
    let found: BTreeSet<String> = others
        .0
        .iter()
        .filter(|(other, _)| ranges.iter().any(|range| meets(range, other)))
        .map(|(other, whose)| format!("{other} of {whose}"))
        .collect();
    let clear = known::disproved(!found.is_empty(), others.1.iter().cloned());
    (clear, found.into_iter().collect())
}

/// Whether the VPC's subnets are clear of Docker's range.
fn docker(context: &Context<'_>) -> (Known<bool>, Vec<String>) {
    let subnets = context.vpc.clone().and_then(|vpc| {
        let all = context.snapshot.aws.subnets.as_deref();
        Ok((context.items(all, "Subnets", &vpc)?, vpc))
    });
    let (subnets, vpc) = match subnets {
        Ok(known) => known,
        Err(missing) => return (Err(missing), Vec::new()),
    };
    let bridge = IpNet::V4(BRIDGE);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for subnet in subnets.iter().filter(|subnet| subnet.vpc_id.as_deref() == Some(vpc.as_str())) {
        match context.network.subnet_cidrs(&subnet.subnet_id) {
            Ok(ranges) => {
                if ranges.iter().any(|range| range.contains(&bridge) || bridge.contains(range)) {
                    found.push(subnet.subnet_id.clone());
                }
            }
            Err(why) => missing.extend(why),
        }
    }
    found.sort();
    (known::disproved(!found.is_empty(), missing), found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::{Fixture, is_unknown};

    const NAME: &str = "yoda-k8s-1";

    fn with_range(range: &str) -> Fixture {
        Fixture::closed().change("cluster", "name", NAME, |cluster| {
            cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] = json!(range);
        })
    }

    #[test]
    fn a_services_range_clear_of_everything_is_clear() {
        let fields = with_range("10.100.0.0/16").fields("cluster", NAME);
        for field in [
            "service_range_clear",
            "service_range_clear_of_neighbours",
            "vpc_clear_of_neighbours",
            "clear_of_docker",
        ] {
            assert_eq!(fields[field], json!(true), "{field}");
        }
    }

    #[test]
    fn an_overlap_names_whose_range_it_is() {
        let own = with_range("172.25.128.0/20").fields("cluster", NAME);
        assert_eq!(own["service_range_clear"], json!(false));
        assert_eq!(own["service_range_overlaps"], json!(["172.25.0.0/16 of vpc-0c000000000000001"]));
        let peer = with_range("172.24.0.0/20").fields("cluster", NAME);
        assert_eq!(
            peer["service_range_overlaps_neighbours"],
            json!(["172.24.0.0/24 of vpc-0b000000000000001"])
        );
        let operators = "operators: [{ name: office, cidr: 10.100.7.0/24, via: vgw-1 }]";
        let office = with_range("10.100.0.0/16").fields_with("cluster", NAME, operators);
        assert_eq!(
            office["service_range_overlaps"],
            json!(["10.100.7.0/24 of the operators' network office"])
        );
    }

    #[test]
    fn an_overlap_outranks_what_was_not_read() {
        let unread = || with_range("172.24.0.0/20").withhold("TransitGatewayAttachments");
        let fields = unread().fields("cluster", NAME);
        assert_eq!(fields["service_range_clear_of_neighbours"], json!(false));
        assert!(is_unknown(&fields["vpc_clear_of_neighbours"], "DescribeTransitGatewayAttachments"));
        let fields = with_range("10.100.0.0/16").withhold("VpcPeeringConnections").fields("cluster", NAME);
        assert!(is_unknown(&fields["service_range_clear_of_neighbours"], "DescribeVpcPeeringConnections"));
    }

    #[test]
    fn subnets_in_dockers_range_are_named() {
        let fixture = Fixture::closed().change("Subnets", "SubnetId", "subnet-0c00000000000001a", |subnet| {
            subnet["CidrBlock"] = json!("172.17.4.0/24");
        });
        let fields = fixture.fields("cluster", NAME);
        assert_eq!(fields["clear_of_docker"], json!(false));
        assert_eq!(fields["subnets_in_docker_range"], json!(["subnet-0c00000000000001a"]));
    }
}

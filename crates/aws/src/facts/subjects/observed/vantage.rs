//! Where a probe ran, seen from the cluster: in its VPC, on a declared network, or elsewhere.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::observation::{Vantage, VantageKind};

use crate::facts::base::context::Context;
use crate::intent::Operator;
use crate::snapshot::aws::ec2::Subnet;

/// Where a probe ran.
pub(crate) struct VantagePlace<'c> {
    /// The subnet of the cluster's VPC, and the address in it.
    pub subnet: Known<Option<(&'c Subnet, IpAddr)>>,
    /// The declared network of operators, and the address in it.
    pub operator: Option<(&'c Operator, IpAddr)>,
    /// Whether pods or nodes of the cluster run there.
    pub of_cluster: Known<bool>,
    /// Whether it is in the cluster's VPC.
    pub in_vpc: Known<bool>,
}

/// Finds the place by the addresses that the probe spoke from.
pub(crate) fn of<'c>(context: &'c Context<'_>, vantage: &Vantage) -> VantagePlace<'c> {
    let subnet = subnet(context, vantage);
    let find = |cidr: &IpNet| vantage.addresses.iter().copied().find(|address| cidr.contains(address));
    let operator = context
        .intent
        .operators
        .iter()
        .flatten()
        .find_map(|operator| Some((operator, find(&operator.cidr)?)));
    let pod = vantage.kind == VantageKind::Pod;
    if pod {
        context.assume(format!(
            "{} is a pod of this cluster; its probe results count for the cluster's pods.",
            vantage.name
        ));
    }
    // The expectations of the probe count where no state was read that replaces them.
    let told = |known: Option<bool>| known.filter(|_| context.snapshot.read_nothing());
    let remote = remote_networks(context);
    let hybrid = remote.iter().any(|cidr| find(cidr).is_some())
        || (told(vantage.in_network), told(vantage.of_cluster)) == (Some(false), Some(true));
    let in_vpc = match told(vantage.in_network) {
        Some(in_vpc) => Ok(in_vpc),
        None => subnet.as_ref().map(Option::is_some).map_err(Clone::clone),
    };
    let in_vpc = match in_vpc {
        in_vpc if !pod || hybrid || operator.is_some() => in_vpc,
        // Pods of hybrid nodes may have undeclared addresses.
        Ok(false) if !remote.is_empty() => {
            let what = format!(
                "the kind of node of {} (hybrid or EC2); no known network contains its address",
                vantage.name
            );
            Err(vec![Missing::probe(what)])
        }
        _ => Ok(true),
    };
    let of_cluster = match told(vantage.of_cluster) {
        _ if pod || hybrid => Ok(true),
        Some(of_cluster) => Ok(of_cluster),
        None => in_vpc.clone(),
    };
    if let Ok(Some((subnet, address))) = &subnet {
        let id = &subnet.subnet_id;
        context.assume(format!(
            "{} probed from {address} in {id}, not from the same address in another network.",
            vantage.name
        ));
    }
    VantagePlace { subnet, operator, of_cluster, in_vpc }
}

/// The subnet of the cluster's VPC that one of the addresses lies in.
fn subnet<'c>(context: &'c Context<'_>, vantage: &Vantage) -> Known<Option<(&'c Subnet, IpAddr)>> {
    if vantage.addresses.is_empty() {
        let what = format!("the source address of {}; the probe found none", vantage.name);
        return Err(vec![Missing::probe(what)]);
    }
    let vpc = context.vpc.clone()?;
    let subnets = context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)?;
    let holds = |subnet: &Subnet, address: &IpAddr| {
        let v4 = subnet.cidr_block.iter();
        let v6 = subnet.ipv6_cidr_block_association_set.iter().filter_map(|one| one.ipv6_cidr_block.as_ref());
        v4.chain(v6).filter_map(|cidr| cidr.parse::<IpNet>().ok()).any(|cidr| cidr.contains(address))
    };
    let ours = subnets.iter().filter(|subnet| subnet.vpc_id.as_deref() == Some(&vpc));
    let found = ours.filter_map(|subnet| {
        vantage.addresses.iter().find(|address| holds(subnet, address)).map(|address| (subnet, *address))
    });
    Ok(found.min_by_key(|(_, address)| *address))
}

/// The networks of hybrid nodes and their pods.
pub(crate) fn remote_networks(context: &Context<'_>) -> Vec<IpNet> {
    let config = context.cluster.as_ref().ok().and_then(|cluster| cluster.remote_network_config.as_ref());
    let networks = config
        .iter()
        .flat_map(|config| config.remote_node_networks.iter().chain(&config.remote_pod_networks));
    networks.flat_map(|network| &network.cidrs).filter_map(|cidr| cidr.parse().ok()).collect()
}

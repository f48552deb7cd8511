//! How many pods a node holds and how many addresses it takes from its subnet, computed as the
//! VPC CNI and EKS do.
//!
//! Sources: <https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html> and
//! <https://github.com/aws/amazon-vpc-cni-k8s#eni-and-ip-target>.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::{Context, plausible_count};
use crate::snapshot::aws::ec2::InstanceTypeInfo;

use super::vpc_cni::Cni;

/// A /28, in addresses.
const PREFIX: i64 = 16;

/// What an instance type can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Interfaces of the default network card; the others are not for pods.
    pub interfaces: i64,
    /// IPv4 addresses of each interface.
    pub addresses: i64,
    /// Whether it can hold prefixes.
    pub nitro: bool,
    /// Virtual CPUs.
    pub vcpus: Option<i64>,
}

/// What this instance type can hold.
pub(crate) fn shape(context: &Context<'_>, instance_type: &str) -> Known<Shape> {
    let found =
        context.snapshot.aws.instance_types.iter().flatten().find(|info| info.instance_type == instance_type);
    let info = found.ok_or_else(|| vec![context.missing("InstanceTypes", Some(instance_type))])?;
    let field =
        |name: &str| vec![context.field("InstanceTypes", &format!("NetworkInfo.{name} of {instance_type}"))];
    Ok(Shape {
        interfaces: plausible_count(interfaces(info)).ok_or_else(|| field("NetworkCards"))?,
        addresses: plausible_count(
            info.network_info.as_ref().and_then(|network| network.ipv4_addresses_per_interface),
        )
        .ok_or_else(|| field("Ipv4AddressesPerInterface"))?,
        nitro: info.hypervisor.as_deref() == Some("nitro") || info.bare_metal == Some(true),
        vcpus: info.vcpu_info.as_ref().and_then(|cpus| cpus.default_vcpus),
    })
}

/// Interfaces of the default network card: several-card types have more, which pods never use.
fn interfaces(info: &InstanceTypeInfo) -> Option<i64> {
    let network = info.network_info.as_ref()?;
    if network.network_cards.is_empty() {
        return network.maximum_network_interfaces;
    }
    let default = network.default_network_card_index.unwrap_or(0);
    let card = network.network_cards.iter().find(|card| card.network_card_index.unwrap_or(0) == default)?;
    card.maximum_network_interfaces
}

/// Who sets how many pods kubelet admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The image: as many as the interfaces have room for.
    Image,
    /// EKS: a managed node group without a custom image is held to 110 or 250.
    Managed,
    /// EKS Auto Mode.
    AutoMode,
}

/// What of a node group decides over its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kubelet {
    /// Who sets the limit.
    pub limit: Limit,
    /// Whether the image is Windows, which uses one interface.
    pub windows: bool,
    /// Whether the cluster's pods have IPv6 addresses.
    pub ipv6: bool,
    /// kubelet's limit in the user data; a managed node group without a custom image ignores it.
    pub told: Option<i64>,
}

/// Kubelet's own limit, and that of EKS on small instances and in Auto Mode.
const USUAL_LIMIT: i64 = 110;

/// The `+ 2` of AWS's formula: pods on the host's own network come on top of the addresses.
pub(crate) const ON_HOST: i64 = 2;

/// How many pods a node of this shape holds.
///
/// <https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#max-pods-precedence>
pub(crate) fn max_pods(shape: Shape, cni: &Cni, kubelet: Kubelet) -> Known<i64> {
    let each = (shape.addresses - 1).max(0);
    if kubelet.windows {
        // https://docs.aws.amazon.com/eks/latest/best-practices/windows-networking.html
        let unit = if cni.windows_prefixes && shape.nitro { PREFIX } else { 1 };
        return Ok((each * unit).min(kubelet.told.unwrap_or(USUAL_LIMIT)));
    }
    if kubelet.limit == Limit::AutoMode {
        return Ok((shape.interfaces * each).min(USUAL_LIMIT));
    }
    let prefixes = (cni.prefixes || kubelet.ipv6) && shape.nitro;
    let interfaces = pod_interfaces(shape, cni);
    let by_network = interfaces * each * if prefixes { PREFIX } else { 1 } + ON_HOST;
    if kubelet.limit == Limit::Image {
        // Kubelet allows its configured maximum, and the network has addresses for no more pods than these.
        return Ok(kubelet.told.map_or(by_network, |told| told.min(by_network)));
    }
    let cap = match shape.vcpus {
        Some(vcpus) if vcpus > 30 => 250,
        Some(_) => USUAL_LIMIT,
        // Both caps agree on small types.
        None if by_network <= USUAL_LIMIT => return Ok(by_network),
        None => {
            return Err(vec![Missing::operation(
                "VCpuInfo.DefaultVCpus, which ec2:DescribeInstanceTypes did not return",
                None,
            )]);
        }
    };
    Ok(by_network.min(cap))
}

/// Interfaces that pods have: custom networking leaves the first to the node.
fn pod_interfaces(shape: Shape, cni: &Cni) -> i64 {
    if cni.custom_networking { (shape.interfaces - 1).max(0) } else { shape.interfaces }
}

/// What a node holds of its subnet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// All its addresses, those in prefixes included.
    pub addresses: i64,
    /// How many /28 prefixes are among them.
    pub prefixes: i64,
}

/// Addresses that a node uses in its subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// With its first pods: what the CNI keeps at hand.
    pub minimum: i64,
    /// With every pod that it can hold.
    pub full: i64,
}

/// How many addresses a node of this shape uses in its subnet, with its first pods and with all.
pub(crate) fn demand(shape: Shape, cni: &Cni, kubelet: Kubelet) -> Demand {
    let most = shape.interfaces * (shape.addresses - 1).max(1) * PREFIX;
    let on_host = if kubelet.windows || kubelet.limit == Limit::AutoMode { 0 } else { ON_HOST };
    // Pods on the host's own network have no addresses of their own.
    let pods = max_pods(shape, cni, kubelet).map_or(most, |pods| (pods - on_host).max(1));
    let held = |pods: i64| held(shape, cni, kubelet, pods).addresses;
    Demand { minimum: held(1), full: held(pods) }
}

/// What a node holds with this many pods that have addresses of their own.
///
/// With secondary addresses the CNI attaches whole interfaces, one more than it uses; with
/// prefixes, one /28 more than it uses; with `WARM_IP_TARGET` or `MINIMUM_IP_TARGET` what those
/// say. Each interface takes one address for itself. In an IPv6 cluster pods take none. Windows nodes
/// keep three addresses ready. Auto Mode works with prefixes.
pub(crate) fn held(shape: Shape, cni: &Cni, kubelet: Kubelet, pods: i64) -> Held {
    let single = |addresses: i64| Held { addresses, prefixes: 0 };
    if kubelet.ipv6 {
        return single(1);
    }
    let each = (shape.addresses - 1).max(1);
    if kubelet.windows {
        if cni.windows_prefixes && shape.nitro {
            let prefixes = (ceil(pods, PREFIX) + 1).min(each);
            return Held { addresses: 1 + prefixes * PREFIX, prefixes };
        }
        return single((pods.max(3) + 1).min(shape.addresses));
    }
    let prefixes = (cni.prefixes || kubelet.limit == Limit::AutoMode) && shape.nitro;
    let unit = if prefixes { PREFIX } else { 1 };
    let most = shape.interfaces * each;
    let slots = |slots: i64| {
        let slots = slots.clamp(1, most);
        Held { addresses: slots * unit + ceil(slots, each), prefixes: if prefixes { slots } else { 0 } }
    };
    match (cni.warm_addresses, cni.minimum_addresses) {
        (None, None) if prefixes => slots(ceil(pods, unit) + cni.warm_prefixes.unwrap_or(1).max(0)),
        (None, None) => {
            let interfaces = ceil(pods, each) + cni.warm_interfaces.unwrap_or(1).max(0);
            single(interfaces.min(shape.interfaces) * shape.addresses)
        }
        (warm, minimum) => slots(ceil((pods + warm.unwrap_or(0)).max(minimum.unwrap_or(0)), unit)),
    }
}

pub(crate) fn ceil(value: i64, by: i64) -> i64 {
    (value + by - 1).div_euclid(by)
}

#[cfg(test)]
mod tests;

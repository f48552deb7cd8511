//! How many pods a node holds and how many addresses it takes from its subnet, computed as the
//! VPC CNI and EKS do.
//!
//! Sources: <https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html> and
//! <https://github.com/aws/amazon-vpc-cni-k8s#eni-and-ip-target>.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::network::{Known, MissingKind};
use crate::snapshot::aws::ec2::InstanceTypeInfo;

use super::context::plausible_count;
use super::{Context, Missing};

/// A /28, in addresses.
const PREFIX: i64 = 16;

/// Which pods' packets out of the VPC carry the primary address of their node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Snat {
    /// All but those with an interface of their own, which `strict` enforcing excepts; the default.
    Shared,
    /// All: `POD_SECURITY_GROUP_ENFORCING_MODE` is `standard`.
    All,
    /// None: `AWS_VPC_K8S_CNI_EXTERNALSNAT`.
    None,
    /// Not those to the networks that `AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS` names.
    Some,
}

/// How the VPC CNI is set up, as far as it matters for addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cni {
    /// `ENABLE_PREFIX_DELEGATION`.
    pub prefixes: bool,
    /// `AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG`: pods live in subnets that only Kubernetes knows.
    pub custom_networking: bool,
    /// `ENABLE_SUBNET_DISCOVERY`, on by default: pods may live in tagged subnets besides the node's.
    pub subnet_discovery: bool,
    /// Whose packets out of the VPC carry their node's address.
    pub snat: Snat,
    /// `WARM_ENI_TARGET`, 1 by default.
    pub warm_interfaces: Option<i64>,
    /// `WARM_IP_TARGET`.
    pub warm_addresses: Option<i64>,
    /// `MINIMUM_IP_TARGET`.
    pub minimum_addresses: Option<i64>,
    /// `WARM_PREFIX_TARGET`, 1 by default.
    pub warm_prefixes: Option<i64>,
}

impl Default for Cni {
    fn default() -> Self {
        Self {
            prefixes: false,
            custom_networking: false,
            subnet_discovery: true,
            snat: Snat::Shared,
            warm_interfaces: None,
            warm_addresses: None,
            minimum_addresses: None,
            warm_prefixes: None,
        }
    }
}

/// What is known about the VPC CNI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CniKnown {
    /// The add-on's own configuration.
    Read(Cni),
    /// There is no add-on: someone installed it, and its defaults are assumed.
    Assumed,
    /// The add-on could not be read: what does not hold in every mode is unknown.
    Unread(Vec<Missing>),
}

impl CniKnown {
    /// Every set-up that is possible.
    pub fn candidates(&self) -> Vec<Cni> {
        match self {
            Self::Read(cni) => vec![cni.clone()],
            Self::Assumed => vec![Cni::default()],
            Self::Unread(_) => vec![Cni::default(), Cni { prefixes: true, ..Cni::default() }],
        }
    }

    /// What is missing to know which.
    pub fn missing(&self) -> Vec<Missing> {
        match self {
            Self::Unread(missing) => missing.clone(),
            Self::Read(_) | Self::Assumed => Vec::new(),
        }
    }
}

/// Reads the `vpc-cni` add-on, and says what is assumed where there is none.
pub(super) fn cni(context: &Context<'_>) -> CniKnown {
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => return CniKnown::Unread(missing.clone()),
    };
    let aws = &context.snapshot.aws;
    if let Some(addon) = aws.addon.iter().flatten().find(|addon| addon.addon_name == "vpc-cni") {
        let Some(values) = &addon.configuration_values else { return CniKnown::Read(Cni::default()) };
        return match settings(values) {
            Some(cni) => CniKnown::Read(cni),
            None => CniKnown::Unread(vec![Missing {
                kind: MissingKind::Unmodelled,
                what: "the configurationValues of the add-on vpc-cni, which are neither JSON nor YAML".into(),
                permission: None,
            }]),
        };
    }
    match context.items(aws.addons.as_deref(), "addons", &cluster.name) {
        Ok(names) if names.iter().any(|name| name == "vpc-cni") => {
            CniKnown::Unread(vec![context.missing("addon", Some("vpc-cni"))])
        }
        Ok(_) => {
            context.assume("The cluster has no add-on vpc-cni; the VPC CNI is taken to run with its defaults (secondary addresses, WARM_ENI_TARGET=1).");
            CniKnown::Assumed
        }
        Err(missing) => {
            context.assume("The configuration of the add-on vpc-cni was not read; max pods are those of secondary addresses, the fewest that its modes give.");
            CniKnown::Unread(missing)
        }
    }
}

/// The VPC CNI's environment, as its add-on sets it; what no add-on set up has its defaults.
pub(super) fn environment(context: &Context<'_>) -> Known<BTreeMap<String, String>> {
    let cluster = context.cluster.clone()?;
    let aws = &context.snapshot.aws;
    let Some(addon) = aws.addon.iter().flatten().find(|addon| addon.addon_name == "vpc-cni") else {
        let names = context.items(aws.addons.as_deref(), "addons", &cluster.name)?;
        return if names.iter().any(|name| name == "vpc-cni") {
            Err(vec![context.missing("addon", Some("vpc-cni"))])
        } else {
            Ok(BTreeMap::new())
        };
    };
    let values = addon.configuration_values.as_deref().unwrap_or_default();
    if values.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let parsed: Option<Value> =
        serde_json::from_str(values).ok().or_else(|| serde_saphyr::from_str::<Value>(values).ok());
    let parsed = parsed.ok_or_else(|| {
        vec![Missing::unmodelled(
            "the configurationValues of the add-on vpc-cni, which are neither JSON nor YAML",
        )]
    })?;
    let env = parsed.get("env").and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(env.into_iter().map(|(key, value)| (key, text(value))).collect())
}

/// The environment in an add-on's configuration, which may be JSON or YAML.
fn settings(values: &str) -> Option<Cni> {
    if values.trim().is_empty() {
        return Some(Cni::default());
    }
    let parsed: Value =
        serde_json::from_str(values).ok().or_else(|| serde_saphyr::from_str::<Value>(values).ok())?;
    let env = parsed.as_object()?.get("env");
    let text = |key: &str| match env?.get(key)? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let on = |key: &str| text(key).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let off = |key: &str| text(key).is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let number = |key: &str| plausible_count(text(key).and_then(|text| text.parse().ok()));
    Some(Cni {
        prefixes: on("ENABLE_PREFIX_DELEGATION"),
        custom_networking: on("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"),
        subnet_discovery: !off("ENABLE_SUBNET_DISCOVERY"),
        snat: if on("AWS_VPC_K8S_CNI_EXTERNALSNAT") {
            Snat::None
        } else if text("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS").is_some_and(|text| !text.is_empty()) {
            Snat::Some
        } else if text("POD_SECURITY_GROUP_ENFORCING_MODE").is_some_and(|mode| mode == "standard") {
            Snat::All
        } else {
            Snat::Shared
        },
        warm_interfaces: number("WARM_ENI_TARGET"),
        warm_addresses: number("WARM_IP_TARGET").filter(|target| *target > 0),
        minimum_addresses: number("MINIMUM_IP_TARGET").filter(|target| *target > 0),
        warm_prefixes: number("WARM_PREFIX_TARGET"),
    })
}

/// What an instance type can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
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
pub(super) fn shape(context: &Context<'_>, instance_type: &str) -> Known<Shape> {
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

/// What of a node group decides over its pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kubelet {
    /// Whether EKS enforces its recommended cap: managed, and not with a custom image.
    pub capped: bool,
    /// Whether the image is Windows, which uses one interface.
    pub windows: bool,
    /// Whether the cluster's pods have IPv6 addresses.
    pub ipv6: bool,
}

/// How many pods a node of this shape holds.
///
/// Two pods on the host's own network come on top of the interfaces' secondary addresses.
pub(super) fn max_pods(shape: Shape, cni: &Cni, kubelet: Kubelet) -> Known<i64> {
    if kubelet.windows {
        return Ok(shape.addresses - 1);
    }
    let prefixes = (cni.prefixes || kubelet.ipv6) && shape.nitro;
    let interfaces = if cni.custom_networking { shape.interfaces - 1 } else { shape.interfaces };
    let each = shape.addresses - 1;
    let by_network = interfaces * each * if prefixes { PREFIX } else { 1 } + 2;
    if !kubelet.capped {
        return Ok(by_network);
    }
    let cap = match shape.vcpus {
        Some(vcpus) if vcpus > 30 => 250,
        Some(_) => 110,
        // Both caps agree on small types.
        None if by_network <= 110 => return Ok(by_network),
        None => {
            return Err(vec![Missing {
                kind: MissingKind::Operation,
                what: "VCpuInfo.DefaultVCpus, which ec2:DescribeInstanceTypes did not return".into(),
                permission: None,
            }]);
        }
    };
    Ok(by_network.min(cap))
}

/// Addresses that a node takes from its subnet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Demand {
    /// With its first pods: what the CNI keeps at hand.
    pub minimum: i64,
    /// With every pod that it can hold.
    pub full: i64,
}

/// How many addresses a node of this shape takes from its subnet.
///
/// With secondary addresses the CNI attaches whole interfaces, one more than it uses; with
/// prefixes, one /28 more than it uses; with `WARM_IP_TARGET` or `MINIMUM_IP_TARGET` what those
/// say. Each interface takes one address for itself. In an IPv6 cluster pods take none.
pub(super) fn demand(shape: Shape, cni: &Cni, kubelet: Kubelet) -> Demand {
    if kubelet.ipv6 {
        return Demand { minimum: 1, full: 1 };
    }
    if kubelet.windows {
        return Demand { minimum: shape.addresses.min(4), full: shape.addresses };
    }
    let each = (shape.addresses - 1).max(1);
    let prefixes = cni.prefixes && shape.nitro;
    let unit = if prefixes { PREFIX } else { 1 };
    let most = shape.interfaces * each;
    // Addresses on the host's own network are not the CNI's.
    let pods = max_pods(shape, cni, kubelet).map_or(most * unit, |pods| (pods - 2).max(1));
    let slots = |slots: i64| {
        let slots = slots.clamp(1, most);
        slots * unit + ceil(slots, each)
    };
    let held = |pods: i64| match (cni.warm_addresses, cni.minimum_addresses) {
        (None, None) if prefixes => slots(ceil(pods, unit) + cni.warm_prefixes.unwrap_or(1).max(0)),
        (None, None) => {
            let interfaces = ceil(pods, each) + cni.warm_interfaces.unwrap_or(1).max(0);
            interfaces.min(shape.interfaces) * shape.addresses
        }
        (warm, minimum) => slots(ceil((pods + warm.unwrap_or(0)).max(minimum.unwrap_or(0)), unit)),
    };
    Demand { minimum: held(1), full: held(pods) }
}

fn ceil(value: i64, by: i64) -> i64 {
    (value + by - 1).div_euclid(by)
}

#[cfg(test)]
#[path = "pods_tests.rs"]
mod tests;

//! How the VPC CNI is set up: the configuration of the add-on `vpc-cni`, or what is assumed without it.
//!
//! Sources: <https://github.com/aws/amazon-vpc-cni-k8s#cni-configuration-variables>.

use privek_core::known::{Known, Missing};
use serde_json::Value;

use crate::facts::base::context::{Context, plausible_count};
use crate::snapshot::aws::eks::Cluster;

/// Which pods' packets out of the VPC carry the primary address of their node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snat {
    /// All but those with an interface of their own, which `strict` enforcing excepts; the default.
    Shared,
    /// All: `POD_SECURITY_GROUP_ENFORCING_MODE` is `standard`.
    All,
    /// None: `AWS_VPC_K8S_CNI_EXTERNALSNAT`.
    None,
}

/// How the VPC CNI is set up, as far as it matters for addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the CNI")]
pub(crate) struct Cni {
    /// `ENABLE_PREFIX_DELEGATION`.
    pub prefixes: bool,
    /// `AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG`: pods live in subnets that only Kubernetes knows.
    pub custom_networking: bool,
    /// `ENABLE_POD_ENI`: pods with security groups of their own get interfaces of their own.
    pub pod_interfaces: bool,
    /// `enableWindowsPrefixDelegation`, which the add-on writes into a `ConfigMap`.
    pub windows_prefixes: bool,
    /// `ENABLE_SUBNET_DISCOVERY`, on by default: pods may live in tagged subnets besides the node's.
    pub subnet_discovery: bool,
    /// Whose packets out of the VPC carry their node's address.
    pub snat: Snat,
    /// `AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS`: networks to which pods keep their own address all the same.
    pub snat_excluded: Vec<String>,
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
            pod_interfaces: false,
            windows_prefixes: false,
            subnet_discovery: true,
            snat: Snat::Shared,
            snat_excluded: Vec::new(),
            warm_interfaces: None,
            warm_addresses: None,
            minimum_addresses: None,
            warm_prefixes: None,
        }
    }
}

/// What is known about the VPC CNI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CniKnown {
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
            Self::Unread(_) => {
                vec![Cni::default(), Cni { prefixes: true, windows_prefixes: true, ..Cni::default() }]
            }
        }
    }

    /// One of its settings, as far as it is known.
    pub fn setting<T>(&self, pick: impl Fn(&Cni) -> T) -> Known<T> {
        match self {
            Self::Read(cni) => Ok(pick(cni)),
            Self::Assumed => Ok(pick(&Cni::default())),
            Self::Unread(missing) => Err(missing.clone()),
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
pub(crate) fn cni(context: &Context<'_>) -> CniKnown {
    let cluster = match &context.cluster {
        Ok(cluster) => *cluster,
        Err(missing) => return CniKnown::Unread(missing.clone()),
    };
    let aws = &context.snapshot.aws;
    if let Some(addon) = aws.addon.iter().flatten().find(|addon| addon.addon_name == "vpc-cni") {
        let Some(values) = &addon.configuration_values else { return CniKnown::Read(Cni::default()) };
        return match settings(values) {
            Some(cni) => CniKnown::Read(cni),
            None => CniKnown::Unread(vec![Missing::unmodelled(
                "the configurationValues of the add-on vpc-cni; the format is not JSON or YAML",
            )]),
        };
    }
    match context.items(aws.addons.as_deref(), "addons", &cluster.name) {
        Ok(names) if names.iter().any(|name| name == "vpc-cni") => {
            CniKnown::Unread(vec![context.missing("addon", Some("vpc-cni"))])
        }
        Ok(_) if automatic(cluster) => {
            context.assume(
                "The cluster has no add-on vpc-cni; pods on EKS Auto Mode are in their nodes' subnets.",
            );
            CniKnown::Assumed
        }
        Err(missing) if Missing::all_not_yet(&missing) => {
            context.assume("The VPC CNI runs with its defaults (secondary addresses, WARM_ENI_TARGET=1).");
            CniKnown::Assumed
        }
        Ok(_) => {
            context.assume("The cluster has no add-on vpc-cni; the VPC CNI runs with its defaults (secondary addresses, WARM_ENI_TARGET=1).");
            CniKnown::Assumed
        }
        Err(missing) => {
            context.assume("The configuration of the add-on vpc-cni was not read; the maximum number of pods is that of secondary addresses, the smallest of all modes.");
            CniKnown::Unread(missing)
        }
    }
}

fn automatic(cluster: &Cluster) -> bool {
    cluster.compute_config.as_ref().and_then(|compute| compute.enabled) == Some(true)
}

/// The environment in an add-on's configuration, which may be JSON or YAML.
pub(crate) fn settings(values: &str) -> Option<Cni> {
    if values.trim().is_empty() {
        return Some(Cni::default());
    }
    let parsed: Value =
        serde_json::from_str(values).ok().or_else(|| serde_saphyr::from_str::<Value>(values).ok())?;
    let parsed = parsed.as_object()?;
    let env = parsed.get("env");
    let text = |key: &str| match env.and_then(|env| env.get(key)).or_else(|| parsed.get(key))? {
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let on = |key: &str| text(key).is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let off = |key: &str| text(key).is_some_and(|text| text.eq_ignore_ascii_case("false"));
    let number = |key: &str| plausible_count(text(key).and_then(|text| text.parse().ok()));
    Some(Cni {
        prefixes: on("ENABLE_PREFIX_DELEGATION"),
        pod_interfaces: on("ENABLE_POD_ENI"),
        windows_prefixes: on("enableWindowsPrefixDelegation"),
        custom_networking: on("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"),
        subnet_discovery: !off("ENABLE_SUBNET_DISCOVERY"),
        snat: if on("AWS_VPC_K8S_CNI_EXTERNALSNAT") {
            Snat::None
        } else if text("POD_SECURITY_GROUP_ENFORCING_MODE").is_some_and(|mode| mode == "standard") {
            Snat::All
        } else {
            Snat::Shared
        },
        snat_excluded: text("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS")
            .iter()
            .flat_map(|all| all.split(','))
            .map(|one| one.trim().to_owned())
            .filter(|one| !one.is_empty())
            .collect(),
        warm_interfaces: number("WARM_ENI_TARGET"),
        warm_addresses: number("WARM_IP_TARGET").filter(|target| *target > 0),
        minimum_addresses: number("MINIMUM_IP_TARGET").filter(|target| *target > 0),
        warm_prefixes: number("WARM_PREFIX_TARGET"),
    })
}

//! Which features the cluster uses, and which AWS services they need.
//!
//! The matrix is data (`rules/eks/services.yaml`); what shows a feature is in `signs.rs`. The user's
//! word outranks it both ways. A feature that AWS could show but was not asked about is unknown; one
//! that AWS cannot show and nobody declares counts as not used, and the report says so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::network::{Known, Missing};
use crate::snapshot::aws::eks::FargateProfile;

use super::Context;
use super::endpoints::policy::{Owner, Sender};
use detection::{Sign, sign};

/// The matrix as it is embedded.
const MATRIX: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/eks/services.yaml"));

/// Features, services, and what the services need.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    /// By feature.
    pub features: BTreeMap<String, Feature>,
    /// By suffix of the service's name.
    pub services: BTreeMap<String, Service>,
}

/// Something that a cluster may use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Feature {
    /// What shows it, for readers.
    #[cfg_attr(not(test), expect(dead_code, reason = "the matrix says it to those who read it"))]
    detected: String,
    /// Whether it may be used without AWS showing it.
    #[serde(default)]
    unseen: bool,
    /// Suffixes of the services that it needs.
    pub services: Vec<String>,
    /// The roles whose machines call them; empty: any may.
    #[serde(default)]
    pub clients: Vec<String>,
    /// What stops without the services, where nodes and pods run all the same.
    #[serde(default)]
    pub optional: Option<String>,
    /// TCP ports on which its pods serve webhooks or aggregated APIs to the control plane.
    #[serde(default)]
    pub control_plane_ports: Vec<u16>,
}

impl Feature {
    /// Whether it needs a service.
    pub fn needs(&self, service: &str) -> bool {
        self.services.iter().any(|suffix| suffix == service)
    }
}

/// An AWS service as an endpoint offers it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// Endpoint types that can serve nodes.
    pub types: Vec<String>,
    /// Whether clients cannot be told another host name.
    #[serde(default)]
    pub name_fixed: bool,
    /// Whether its name carries no region.
    #[serde(default)]
    pub global: bool,
    /// By partition, the region that serves a global name; an endpoint in another one names it.
    #[serde(default)]
    pub home: BTreeMap<String, String>,
    /// The service above whose names this one's lie: the endpoint of that one hides them.
    #[serde(default)]
    pub beneath: Option<String>,
    /// The names that its clients ask for, where they are not the usual one.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What an endpoint policy has to allow at least.
    #[serde(default)]
    pub policy: Vec<Needs>,
}

/// A service that the matrix does not have.
pub(crate) static OTHER: LazyLock<Service> = LazyLock::new(|| Service {
    types: vec!["Interface".into(), "Gateway".into()],
    name_fixed: false,
    global: false,
    home: BTreeMap::new(),
    beneath: None,
    hosts: Vec::new(),
    policy: Vec::new(),
});

/// Actions on one resource.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Needs {
    /// IAM actions.
    pub actions: Vec<String>,
    /// An ARN with placeholders, or `*` for whatever there may be; none where the actions take none.
    #[serde(default)]
    pub resource: Option<String>,
    /// Who asks.
    #[serde(default)]
    pub caller: Sender,
    /// Whose the resource is.
    #[serde(default)]
    pub owner: Owner,
    /// Which clusters it is about: an address family, a system of nodes, or a feature; absent: all.
    #[serde(default)]
    pub when: Option<String>,
    /// What stops without it, where nodes and pods run all the same.
    #[serde(default)]
    pub optional: Option<String>,
}

/// The embedded matrix; a mistake in it is a mistake in this program, which a test finds.
pub(crate) fn matrix() -> Known<&'static Matrix> {
    static PARSED: LazyLock<Known<Matrix>> = LazyLock::new(|| {
        serde_saphyr::from_str(MATRIX).map_err(|error| {
            vec![Missing::unmodelled(format!("rules/eks/services.yaml, which cannot be read: {error}"))]
        })
    });
    PARSED.as_ref().map_err(Clone::clone)
}

/// What is known about one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It is used, as this shows.
    Yes(String),
    /// It is not.
    No,
    /// AWS did not say.
    Unknown(Vec<Missing>),
}

/// The use of every feature of the matrix; assumptions go to the context.
pub(crate) fn used(context: &Context<'_>, matrix: &Matrix) -> BTreeMap<String, Use> {
    let (mut assumed, mut overruled) = (Vec::new(), Vec::new());
    let used = matrix
        .features
        .iter()
        .map(|(name, feature)| {
            let use_ = match (context.intent.features.get(name), sign(context, name)) {
                (Some(true), _) => Use::Yes("declared (features: in privek-audit.yaml)".into()),
                (Some(false), Sign::Seen(what)) => {
                    overruled.push(format!("{name} ({what})"));
                    Use::No
                }
                (Some(false), _) => Use::No,
                (None, Sign::Seen(what)) => Use::Yes(what),
                (None, Sign::Unread(missing)) if Missing::all_not_yet(&missing) => {
                    assumed.push(name.as_str());
                    Use::No
                }
                (None, Sign::Unread(missing)) => Use::Unknown(missing),
                (None, Sign::Unseen) => {
                    if feature.unseen || context.plan().is_some() {
                        assumed.push(name.as_str());
                    }
                    Use::No
                }
            };
            (name.clone(), use_)
        })
        .collect();
    // Where nothing was read nobody asks what the cluster uses.
    if !assumed.is_empty() && !context.snapshot.read_nothing() {
        context.assume(format!(
            "Features that AWS does not show and nobody declared (features: in privek-audit.yaml) are not used: {}.",
            assumed.join(", ")
        ));
    }
    if !overruled.is_empty() {
        context.assume(format!(
            "Features that are declared not to be used (features: in privek-audit.yaml) need nothing, though AWS shows them: {}.",
            overruled.join(", ")
        ));
    }
    used
}

/// Names of the cluster's Fargate profiles.
pub(crate) fn fargate_profiles<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.fargate_profile_names.as_deref(), "fargateProfileNames", &cluster.name)
}

/// The Fargate profiles that were described, and why there may be more.
pub(crate) fn described_profiles<'s>(context: &Context<'s>) -> (Vec<&'s FargateProfile>, Vec<Missing>) {
    let names = match fargate_profiles(context) {
        Ok(names) => names,
        Err(missing) => return (Vec::new(), missing),
    };
    let (mut described, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let mut profiles = context.snapshot.aws.fargate_profile.iter().flatten();
        match profiles.find(|profile| profile.fargate_profile_name == *name) {
            Some(profile) => described.push(profile),
            None => missing.push(context.missing("fargateProfile", Some(name))),
        }
    }
    (described, missing)
}

/// Names of the cluster's add-ons.
pub(crate) fn addons<'s>(context: &Context<'s>) -> Known<&'s [String]> {
    let cluster = context.cluster.clone()?;
    context.items(context.snapshot.aws.addons.as_deref(), "addons", &cluster.name)
}

/// Whether some feature needs a service, and which ones do.
pub(crate) fn needed(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    service: &str,
) -> (Known<bool>, Vec<String>) {
    by_some(matrix, used, |feature| feature.needs(service))
}

/// Whether hybrid nodes need a service from outside the VPC.
pub(crate) fn needed_outside(matrix: &Matrix, used: &BTreeMap<String, Use>, service: &str) -> Known<bool> {
    let outside = |feature: &Feature| feature.clients.iter().any(|client| client == "hybrid-nodes");
    by_some(matrix, used, |feature| outside(feature) && feature.needs(service)).0
}

/// What shows that the features are used that need a service, in the features' order.
pub(crate) fn shown(matrix: &Matrix, used: &BTreeMap<String, Use>, service: &str) -> Vec<String> {
    let needs = |name: &str| matrix.features.get(name).is_some_and(|feature| feature.needs(service));
    used.iter()
        .filter_map(|(name, use_)| match use_ {
            Use::Yes(what) if needs(name) => Some(format!("{name}: {what}")),
            _ => None,
        })
        .collect()
}

/// Whether nodes or pods stop without a service, rather than something beside them; what stops then.
pub(crate) fn essential(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    service: &str,
) -> (Known<bool>, Vec<String>) {
    let (essential, by) =
        by_some(matrix, used, |feature| feature.optional.is_none() && feature.needs(service));
    let beside = by_some(matrix, used, |feature| feature.optional.is_some() && feature.needs(service)).1;
    let stops = |name: &String| matrix.features.get(name).and_then(|feature| feature.optional.clone());
    let beside = if by.is_empty() { beside.iter().filter_map(stops).collect() } else { Vec::new() };
    (essential, beside)
}

/// Whether machines of a role need a service: of the features that any machine may run, or they only.
pub(crate) fn needed_by(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    service: &str,
    role: &str,
) -> Known<bool> {
    let calls =
        |feature: &Feature| feature.clients.is_empty() || feature.clients.iter().any(|client| client == role);
    by_some(matrix, used, |feature| calls(feature) && feature.needs(service)).0
}

/// Whether the cluster uses one of the features of this kind, and which ones it is known to use.
pub(crate) fn by_some(
    matrix: &Matrix,
    used: &BTreeMap<String, Use>,
    of_kind: impl Fn(&Feature) -> bool,
) -> (Known<bool>, Vec<String>) {
    let mut by = Vec::new();
    let mut missing = Vec::new();
    for (name, _) in matrix.features.iter().filter(|(_, feature)| of_kind(feature)) {
        match used.get(name) {
            Some(Use::Yes(_)) => by.push(name.clone()),
            Some(Use::Unknown(why)) => missing.extend(why.clone()),
            Some(Use::No) | None => {}
        }
    }
    missing.sort();
    missing.dedup();
    let some = if !by.is_empty() {
        Ok(true)
    } else if missing.is_empty() {
        Ok(false)
    } else {
        Err(missing)
    };
    (some, by)
}

/// Whether the cluster uses a feature.
pub(crate) fn uses(context: &Context<'_>, matrix: &Matrix, feature: &str) -> Known<bool> {
    match used(context, matrix).remove(feature) {
        Some(Use::Yes(_)) => Ok(true),
        Some(Use::Unknown(missing)) => Err(missing),
        Some(Use::No) | None => Ok(false),
    }
}

mod detection;
#[cfg(test)]
mod tests;

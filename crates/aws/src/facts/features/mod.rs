//! Which features the cluster uses, and which AWS services they need.
//!
//! The matrix is data (`rules/eks/services.yaml`); the evidence for a feature is in `detection.rs`. A
//! declaration outranks the evidence both ways. A feature is unknown if AWS could show it but was not read;
//! one that AWS cannot show and no declaration names counts as not used, and the report says so.

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services::{Feature, Matrix};

use super::base::context::Context;
use detection::detected;

/// What shows that one feature is used; nothing where it is not.
pub(crate) type FeatureUse = Known<Option<String>>;

/// The use of every feature of the matrix; assumptions go to the context.
pub(crate) fn used(context: &Context<'_>, matrix: &Matrix) -> BTreeMap<String, FeatureUse> {
    context.memo.get(|| UsedFeatures(settled(context, matrix))).0.clone()
}

/// The use of every feature, worked out once: several subjects ask for each.
struct UsedFeatures(BTreeMap<String, FeatureUse>);

fn settled(context: &Context<'_>, matrix: &Matrix) -> BTreeMap<String, FeatureUse> {
    let (mut assumed, mut overruled) = (Vec::new(), Vec::new());
    let used = matrix
        .features
        .iter()
        .map(|(name, feature)| {
            let shown = match (context.intent.features.get(name), detected(context, name)) {
                (Some(true), _) => Ok(Some("declared (features: in privek-audit.yaml)".into())),
                (Some(false), Ok(Some(what))) => {
                    overruled.push(format!("{name} ({what})"));
                    Ok(None)
                }
                (Some(false), _) => Ok(None),
                (None, Ok(Some(what))) => Ok(Some(what)),
                (None, Err(missing)) if Missing::all_not_yet(&missing) => {
                    assumed.push(name.as_str());
                    Ok(None)
                }
                (None, Err(missing)) => Err(missing),
                (None, Ok(None)) => {
                    if feature.unseen || context.plan().is_some() {
                        assumed.push(name.as_str());
                    }
                    Ok(None)
                }
            };
            (name.clone(), shown)
        })
        .collect();
    // Where nothing was read, the features of the cluster do not matter.
    if !assumed.is_empty() && !context.snapshot.read_nothing() {
        context.assume(format!(
            "Features neither shown by AWS nor declared (features: in privek-audit.yaml) count as not used: {}.",
            assumed.join(", ")
        ));
    }
    if !overruled.is_empty() {
        context.assume(format!(
            "Features declared as not used (features: in privek-audit.yaml) need no service, although AWS shows them: {}.",
            overruled.join(", ")
        ));
    }
    used
}

/// Whether some feature needs a service, and which ones do.
pub(crate) fn needed(
    matrix: &Matrix,
    used: &BTreeMap<String, FeatureUse>,
    service: &str,
) -> (Known<bool>, Vec<String>) {
    by_some(matrix, used, |feature| feature.needs(service))
}

/// Whether machines outside the VPC need a service: hybrid nodes, or operators. Only a feature that names the role
/// is theirs.
pub(crate) fn needed_outside(
    matrix: &Matrix,
    used: &BTreeMap<String, FeatureUse>,
    service: &str,
    role: &str,
) -> Known<bool> {
    by_some(matrix, used, |feature| feature.is_called_by(role) && feature.needs(service)).0
}

/// The roles of machines in the VPC that call services.
const INSIDE: [&str; 3] = ["nodes", "pods", "fargate"];

/// Whether machines in the VPC need a service.
pub(crate) fn needed_inside(
    matrix: &Matrix,
    used: &BTreeMap<String, FeatureUse>,
    service: &str,
) -> Known<bool> {
    let inside = |feature: &Feature| {
        feature.clients.is_empty() || INSIDE.iter().any(|role| feature.is_called_by(role))
    };
    by_some(matrix, used, |feature| inside(feature) && feature.needs(service)).0
}

/// What shows that the features are used that need a service, in the features' order.
pub(crate) fn shown(matrix: &Matrix, used: &BTreeMap<String, FeatureUse>, service: &str) -> Vec<String> {
    let needs = |name: &str| matrix.features.get(name).is_some_and(|feature| feature.needs(service));
    used.iter()
        .filter_map(|(name, shown)| match shown {
            Ok(Some(what)) if needs(name) => Some(format!("{name}: {what}")),
            _ => None,
        })
        .collect()
}

/// Whether nodes or pods stop without a service, rather than something beside them; what stops then.
pub(crate) fn essential(
    matrix: &Matrix,
    used: &BTreeMap<String, FeatureUse>,
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
    used: &BTreeMap<String, FeatureUse>,
    service: &str,
    role: &str,
) -> Known<bool> {
    let calls = |feature: &Feature| feature.clients.is_empty() || feature.is_called_by(role);
    by_some(matrix, used, |feature| calls(feature) && feature.needs(service)).0
}

/// Whether the cluster uses one of the features of this kind, and which ones it is known to use.
pub(crate) fn by_some(
    matrix: &Matrix,
    used: &BTreeMap<String, FeatureUse>,
    of_kind: impl Fn(&Feature) -> bool,
) -> (Known<bool>, Vec<String>) {
    let mut by = Vec::new();
    let mut missing = Vec::new();
    for (name, _) in matrix.features.iter().filter(|(_, feature)| of_kind(feature)) {
        match used.get(name) {
            Some(Ok(Some(_))) => by.push(name.clone()),
            Some(Err(why)) => missing.extend(why.clone()),
            Some(Ok(None)) | None => {}
        }
    }
    (known::proved(!by.is_empty(), missing), by)
}

/// Whether the cluster uses a feature.
pub(crate) fn uses(context: &Context<'_>, matrix: &Matrix, feature: &str) -> Known<bool> {
    used(context, matrix).remove(feature).map_or(Ok(false), |shown| shown.map(|shown| shown.is_some()))
}

mod detection;
#[cfg(test)]
mod tests;

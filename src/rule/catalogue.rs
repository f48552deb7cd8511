//! What is known to matter in a private cluster, by number (`rules/eks/catalogue.yaml`): rules name
//! those that they cover, and `not_covered.yaml` says of all others why no rule does.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::RuleError;
use super::load::Source;

const CATALOGUE: &str = include_str!("../../rules/eks/catalogue.yaml");
const NOT_COVERED: &str = include_str!("../../rules/eks/not_covered.yaml");

/// A part of the catalogue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// What it is about.
    pub area: String,
    /// Titles by number.
    pub numbers: BTreeMap<String, String>,
}

/// The catalogue, part by part.
///
/// # Errors
/// A mistake in its file.
pub fn catalogue() -> Result<Vec<Area>, RuleError> {
    let source = Source::new("", "rules/eks/catalogue.yaml", CATALOGUE);
    source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))
}

/// Why no rule covers a number, for each that none does.
///
/// # Errors
/// A mistake in its file.
pub fn not_covered() -> Result<BTreeMap<String, String>, RuleError> {
    let source = Source::new("", "rules/eks/not_covered.yaml", NOT_COVERED);
    source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))
}

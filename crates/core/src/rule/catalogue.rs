//! What is known to matter in a private cluster, by number (`catalogue.yaml`): rules name
//! those that they cover, and `not_covered.yaml` says of all others why no rule does.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::RuleError;
use super::rule_file::Source;
use crate::pack::Pack;

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
pub fn catalogue(pack: &Pack) -> Result<Vec<Area>, RuleError> {
    let source = Source::of(&pack.catalogue);
    source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))
}

/// Why no rule covers a number, for each that none does.
///
/// # Errors
/// A mistake in its file.
pub fn not_covered(pack: &Pack) -> Result<BTreeMap<String, String>, RuleError> {
    let source = Source::of(&pack.not_covered);
    source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))
}

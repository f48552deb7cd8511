//! What a snapshot holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::aws::Aws;
use super::header::{EVERYTHING, Gap};
use super::observation::Observation;

/// Everything that an audit is derived from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// [`SNAPSHOT_VERSION`] of the program that wrote it.
    pub snapshot_version: u32,
    /// When the collection began (RFC 3339, UTC); `None` for a directory of CLI outputs.
    pub collected_at: Option<String>,
    /// The account that was read.
    pub account: Option<String>,
    /// Other accounts, whose readings were merged into this one.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<String>,
    /// The region that was read.
    pub region: Option<String>,
    /// For each collection what it was read for: ids of VPCs, names of clusters or types, or
    /// [`EVERYTHING`]. An item that is absent from a collection does not exist only within this scope.
    pub scope: BTreeMap<String, BTreeSet<String>>,
    /// Calls that failed.
    pub gaps: Vec<Gap>,
    /// What live probes saw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What AWS said.
    #[serde(flatten)]
    pub aws: Aws,
}

impl Snapshot {
    /// Whether the collection was read for this id (a VPC, a cluster, a type).
    pub fn covers(&self, collection: &str, id: &str) -> bool {
        self.scope.get(collection).is_some_and(|scope| scope.contains(EVERYTHING) || scope.contains(id))
    }
}

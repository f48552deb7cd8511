//! A snapshot: what AWS said, in AWS's own words, with what it would not say (`gaps`).
//!
//! The JSON keys and nesting are those of the AWS CLI's output, so that a snapshot can be
//! made without this program and read without a manual. Nothing here knows a rule or draws
//! a conclusion.

pub mod aws;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use aws::Aws;

/// The version that this program writes. A field that is newer than a snapshot's version is unread.
pub const SNAPSHOT_VERSION: u32 = 1;

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
    /// The region that was read.
    pub region: Option<String>,
    /// For each collection what it was read for: ids of VPCs, names of clusters or types, or
    /// [`EVERYTHING`]. An item that is absent from a collection does not exist only within this scope.
    pub scope: BTreeMap<String, BTreeSet<String>>,
    /// Calls that failed.
    pub gaps: Vec<Gap>,
    /// What AWS said.
    #[serde(flatten)]
    pub aws: Aws,
}

/// The scope of a collection that was read without a filter.
pub const EVERYTHING: &str = "*";

/// A call that failed, and what would mend it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// IAM prefix of the service, for instance `ec2`.
    pub service: String,
    /// The operation, for instance `DescribeRouteTables`.
    pub operation: String,
    /// The region that was asked.
    pub region: Option<String>,
    /// What it was asked for, where that was one thing (a VPC, a node group, …).
    pub resource: Option<String>,
    /// AWS's error code, or `Timeout`, `Unreachable`, `Malformed`, `NotInDirectory`, `Incomplete`.
    pub code: String,
    /// One line of text.
    pub message: String,
    /// The IAM action that is missing, where that is why.
    pub permission: Option<String>,
}

impl Snapshot {
    /// Whether the collection was read for this id (a VPC, a cluster, a type).
    pub fn covers(&self, collection: &str, id: &str) -> bool {
        self.scope.get(collection).is_some_and(|scope| scope.contains(EVERYTHING) || scope.contains(id))
    }
}

//! What every snapshot says of itself, whichever provider was read: what was asked, where and when, what
//! could not be read, and what probes saw.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::observation::Observation;

/// The version that this program writes. A field that is newer than a snapshot's version is unread.
pub const SNAPSHOT_VERSION: u32 = 2;

/// The scope of a collection that was read without a filter.
pub const EVERYTHING: &str = "*";

/// The code of a gap about a file that a directory of a provider's outputs does not contain: no caller
/// was refused, and the gap's message names the command that makes the file.
pub const NOT_IN_DIRECTORY: &str = "NotInDirectory";

/// All of a snapshot but what the provider said; its JSON stands beside the provider's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// [`SNAPSHOT_VERSION`] of the program that wrote it.
    pub snapshot_version: u32,
    /// Whose cloud was read; absent for the first provider, whose snapshots are older than this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// When the collection began (RFC 3339, UTC); `None` for a directory of a provider's outputs.
    pub collected_at: Option<String>,
    /// The account that was read.
    pub account: Option<String>,
    /// Other accounts, whose readings were merged into this one.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub accounts: BTreeSet<String>,
    /// The region that was read.
    pub region: Option<String>,
    /// For each collection what it was read for: ids of networks, names of clusters or types, or
    /// [`EVERYTHING`]. An item that is absent from a collection does not exist only within this scope.
    pub scope: BTreeMap<String, BTreeSet<String>>,
    /// The accounts that read an object, by collection and id, where that is not `account` alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub readers: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    /// Calls that failed.
    pub gaps: Vec<Gap>,
    /// Files of a directory that were not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutFile>,
    /// What live probes saw.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
}

impl Header {
    /// Whether the collection was read for this id (a network, a cluster, a type).
    pub fn covers(&self, collection: &str, id: &str) -> bool {
        self.scope.get(collection).is_some_and(|scope| scope.contains(EVERYTHING) || scope.contains(id))
    }

    /// The accounts that read an object; one without a name is an empty text.
    pub fn readers_of(&self, collection: &str, id: &str) -> BTreeSet<String> {
        let readers = self.readers.get(collection).and_then(|readers| readers.get(id));
        readers.cloned().unwrap_or_else(|| BTreeSet::from([self.account.clone().unwrap_or_default()]))
    }

    /// Whether only accounts other than `account` read this object: its contents are another account's view.
    pub fn is_foreign(&self, collection: &str, id: &str) -> bool {
        let account = self.account.as_deref().unwrap_or_default();
        let readers = self.readers.get(collection).and_then(|readers| readers.get(id));
        readers.is_some_and(|readers| !readers.contains(account))
    }
}

/// A file of a directory that was not read, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LeftOutFile {
    /// The file's path below the directory.
    pub file: String,
    /// What the file is, and what would be right.
    pub reason: String,
}

/// A call that failed, and the permission that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The service that was asked, as its permissions name it.
    pub service: String,
    /// The operation, for instance `DescribeRouteTables`.
    pub operation: String,
    /// The region that was asked.
    pub region: Option<String>,
    /// What it was asked for, where that was one thing (a network, a node group, …).
    pub resource: Option<String>,
    /// The provider's error code, or `Timeout`, `Unreachable`, `Malformed`, `NotInDirectory`, `Incomplete`.
    pub code: String,
    /// One line of text.
    pub message: String,
    /// The permission that is missing, where that is why.
    pub permission: Option<String>,
}

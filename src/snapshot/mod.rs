//! A snapshot: what AWS said, in AWS's own words, with what it would not say (`gaps`).
//!
//! The JSON keys and nesting are those of the AWS CLI's output, so that a snapshot can be
//! made without this program and read without a manual. Nothing here knows a rule or draws
//! a conclusion.

mod arn;
pub mod aws;
mod cli_output;
mod directory;
mod error;
mod load;
mod merge;
pub mod observation;
mod place;
pub mod redact;
mod save;
#[cfg(test)]
pub(crate) mod tests;
pub mod user_data;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use arn::Arn;
pub use aws::Aws;
pub use error::SnapshotError;
use load::Loaded;
pub use observation::Observation;

/// The version that this program writes. A field that is newer than a snapshot's version is unread.
pub const SNAPSHOT_VERSION: u32 = 2;

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

/// The scope of a collection that was read without a filter.
pub const EVERYTHING: &str = "*";

/// The code of a gap that stands for a file which a directory of AWS CLI outputs does not hold: nobody
/// was refused, and the gap's message names the command that makes the file.
pub const NOT_IN_DIRECTORY: &str = "NotInDirectory";

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
    /// Reads a saved snapshot, or a directory of AWS CLI outputs.
    ///
    /// # Errors
    /// See [`SnapshotError`]; each names the file.
    pub fn read(path: &Path) -> Result<Snapshot, SnapshotError> {
        if path.is_dir() {
            return directory::read(path);
        }
        Self::from_json(&path.display().to_string(), &text_of(path)?)
    }

    /// Parses a saved snapshot, or one file of AWS CLI output; errors call it `source_name`.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn from_json(source_name: &str, text: &str) -> Result<Snapshot, SnapshotError> {
        match load::parse(source_name, text)? {
            Loaded::Saved(snapshot) => Ok(*snapshot),
            Loaded::Output(part) => directory::lone(source_name, *part),
            Loaded::Other(what) => Err(SnapshotError::NotASnapshot { path: source_name.to_owned(), what }),
        }
    }

    /// Whether the collection was read for this id (a VPC, a cluster, a type).
    pub fn covers(&self, collection: &str, id: &str) -> bool {
        self.scope.get(collection).is_some_and(|scope| scope.contains(EVERYTHING) || scope.contains(id))
    }
}

/// A file's text; Windows `PowerShell` redirects into UTF-16.
fn text_of(path: &Path) -> Result<String, SnapshotError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SnapshotError::NotThere { path: name.clone() },
        _ => SnapshotError::Unreadable { path: name.clone(), why: error.to_string() },
    })?;
    let wide = |word: fn([u8; 2]) -> u16| {
        let words: Vec<u16> = bytes[2..].chunks_exact(2).map(|pair| word([pair[0], pair[1]])).collect();
        String::from_utf16(&words).ok()
    };
    let text = match bytes.get(..2) {
        Some([0xff, 0xfe]) => wide(u16::from_le_bytes),
        Some([0xfe, 0xff]) => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    };
    text.ok_or(SnapshotError::NotText { path: name })
}

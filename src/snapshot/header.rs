//! What every snapshot says of itself: what was read, where and when, and what was not.

use serde::{Deserialize, Serialize};

/// The version that this program writes. A field that is newer than a snapshot's version is unread.
pub const SNAPSHOT_VERSION: u32 = 2;

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

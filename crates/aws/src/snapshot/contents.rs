//! What a snapshot holds.

use privek_core::header::Header;
use serde::{Deserialize, Serialize};

use super::aws::Aws;

/// Everything that an audit is derived from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// What every snapshot says of itself.
    #[serde(flatten)]
    pub header: Header,
    /// What AWS said.
    #[serde(flatten)]
    pub aws: Aws,
}

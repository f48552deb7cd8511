//! The answer of `trace`: its JSON is published (`docs/trace.schema.json`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::path;

use super::{Blocker, Fix, Missing};

/// The version of the answer's JSON.
pub const SCHEMA_VERSION: &str = "1";

/// Every path from one end to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trace {
    /// [`SCHEMA_VERSION`].
    pub schema_version: String,
    /// The source as it was asked for.
    pub from: String,
    /// The destination as it was asked for.
    pub to: String,
    /// Protocol and ports, for instance `tcp/443`.
    pub port: String,
    /// Blocked where any path is, else unknown where any is.
    pub verdict: Verdict,
    /// 0 open, 1 blocked, 3 unknown.
    pub exit_code: u8,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// What stands in the way of all paths together, each object once, in the order of the fix.
    pub blockers: Vec<Blocker>,
    /// What opens all paths that are blocked; null where none is.
    pub fix: Option<Fix>,
    /// Every path, blocked ones first.
    pub paths: Vec<Path>,
}

/// What is known about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something blocks at least a part of it.
    Blocked,
    /// An input is missing, and nothing that was read blocks it.
    Unknown,
    /// Every packet arrives and every reply returns.
    Open,
}

impl Verdict {
    /// The process's exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Blocked => 1,
            Self::Unknown => 3,
        }
    }
}

/// One path, there and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// What the source is called.
    pub from: String,
    /// What the destination is called.
    pub to: String,
    /// What is known about it.
    pub verdict: Verdict,
    /// The request's way, in order.
    pub hops: Vec<Hop>,
    /// The reply's way.
    pub r#return: Return,
    /// Everything that stands in the way, both ways.
    pub blockers: Vec<Blocker>,
    /// What would settle an unknown.
    pub missing: Vec<Missing>,
}

/// The reply's way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Return {
    /// In order.
    pub hops: Vec<Hop>,
}

/// Something that decides about packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// `security-group`, `network-acl`, `route-table`, `vpc-peering-connection`, …
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// `allow`, `deny`, `forward`, `drop`, `assumed`, `unknown`.
    pub decision: String,
    /// By which rule, entry or route.
    pub by: String,
    /// Whether the packets get no further towards the destination: the object is among the blockers.
    #[serde(default)]
    pub blocks: bool,
}

impl From<path::Verdict> for Verdict {
    fn from(verdict: path::Verdict) -> Self {
        match verdict {
            path::Verdict::Open => Self::Open,
            path::Verdict::Blocked => Self::Blocked,
            path::Verdict::Unknown => Self::Unknown,
        }
    }
}

impl<B: Into<Blocker>> From<path::Path<B>> for Path {
    fn from(path: path::Path<B>) -> Self {
        Self {
            verdict: path.verdict.into(),
            from: path.from,
            to: path.to,
            hops: path.hops.into_iter().map(Into::into).collect(),
            r#return: Return { hops: path.return_hops.into_iter().map(Into::into).collect() },
            blockers: path.blockers.into_iter().map(Into::into).collect(),
            missing: path.missing.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<path::Hop> for Hop {
    fn from(hop: path::Hop) -> Self {
        Self { kind: hop.kind, id: hop.id, decision: hop.decision, by: hop.by, blocks: hop.blocks }
    }
}

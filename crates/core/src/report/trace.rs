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
    /// The source, as written in --from.
    pub from: String,
    /// The destination, as written in --to.
    pub to: String,
    /// The protocol and ports, for instance `tcp/443`.
    pub port: String,
    /// `blocked` where any path is blocked, else `unknown` where any path is unknown, else `open`.
    pub verdict: Verdict,
    /// The exit code: 0 open, 1 blocked, 3 unknown.
    pub exit_code: u8,
    /// Assumptions about undeclared settings, in sentences.
    pub assumptions: Vec<String>,
    /// The objects that block any path, each once, in the order of the fix.
    pub blockers: Vec<Blocker>,
    /// The change that opens all blocked paths; null where no path is blocked.
    pub fix: Option<Fix>,
    /// Every path; blocked paths first.
    pub paths: Vec<Path>,
}

/// The verdict on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// An object blocks at least a part of the path.
    Blocked,
    /// An input is missing, and no object that was read blocks the path.
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

/// One path, for requests and replies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Path {
    /// The source of the path, by role, id or address.
    pub from: String,
    /// The destination of the path, by role, id or address.
    pub to: String,
    /// The verdict on the path.
    pub verdict: Verdict,
    /// The hops of the request, in order.
    pub hops: Vec<Hop>,
    /// The path of the reply.
    pub r#return: Return,
    /// The objects that block the path, in both directions.
    pub blockers: Vec<Blocker>,
    /// The missing inputs of an unknown verdict.
    pub missing: Vec<Missing>,
}

/// The path of the reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Return {
    /// The hops of the reply, in order.
    pub hops: Vec<Hop>,
}

/// An object that decides about the packets of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// The kind of the object: `security-group`, `network-acl`, `route-table`, …
    pub kind: String,
    /// The id of the object.
    pub id: String,
    /// The decision: `allow`, `deny`, `forward`, `drop`, `assumed`, `unknown`.
    pub decision: String,
    /// The rule, entry or route that decides.
    pub by: String,
    /// Whether the object stops the packets; the object is then among the blockers.
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

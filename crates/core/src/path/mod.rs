//! What a trace says: the path of the request, the path of the reply, and the blockers.

mod trace_log;

pub use trace_log::TraceLog;

use schemars::JsonSchema;
use serde::Serialize;

use crate::known::Missing;

/// What is known about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every packet arrives and every reply returns.
    Open,
    /// An input is missing, and no object that was read blocks the path.
    Unknown,
    /// An object blocks at least a part of the path.
    Blocked,
}

/// The direction of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Reply,
}

/// One step of the story.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hop {
    /// `subnet`, `network-acl`, `route-table`, `security-group`, `vpc-peering-connection`, …
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// `allow`, `deny`, `forward`, `drop`, `assumed`, `unknown`.
    pub decision: String,
    /// What decided: the rule, entry or route.
    pub by: String,
    /// Whether the packets get no further towards the destination: the object is a blocker.
    pub blocks: bool,
}

/// One source, one destination, both ways. What blocks is described in the provider's own type, `B`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path<B> {
    /// What the source is called.
    pub from: String,
    /// What the destination is called.
    pub to: String,
    /// What is known about it.
    pub verdict: Verdict,
    /// The hops of the request.
    pub hops: Vec<Hop>,
    /// The hops of the reply.
    pub return_hops: Vec<Hop>,
    /// The objects that block the path, in both directions.
    pub blockers: Vec<B>,
    /// What would settle an unknown.
    pub missing: Vec<Missing>,
    /// What was taken for granted about the world outside AWS.
    pub assumptions: Vec<String>,
}

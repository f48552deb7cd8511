//! The result of a trace: the path of the request, the path of the reply, and the blockers.

mod trace_log;

pub use trace_log::TraceLog;

use schemars::JsonSchema;
use serde::Serialize;

use crate::known::Missing;

// Which verdict comes first is the report's to say: `report::trace::Verdict`.
/// The verdict on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
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

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hop {
    /// `subnet`, `network-acl`, `route-table`, `security-group`, …
    pub kind: String,
    /// The id of the object.
    pub id: String,
    /// `allow`, `deny`, `forward`, `drop`, `assumed`, `unknown`.
    pub decision: String,
    /// The rule, entry or route that decides.
    pub by: String,
    /// Whether the object stops the packets and is a blocker.
    pub blocks: bool,
}

/// One source, one destination, both directions. What blocks is described in the provider's own type, `B`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path<B> {
    /// The source of the path, by role, id or address.
    pub from: String,
    /// The destination of the path, by role, id or address.
    pub to: String,
    /// The verdict on the path.
    pub verdict: Verdict,
    /// The hops of the request.
    pub hops: Vec<Hop>,
    /// The hops of the reply.
    pub return_hops: Vec<Hop>,
    /// The objects that block the path, in both directions.
    pub blockers: Vec<B>,
    /// The missing inputs of an unknown verdict.
    pub missing: Vec<Missing>,
    /// Assumptions about the networks outside the provider.
    pub assumptions: Vec<String>,
}

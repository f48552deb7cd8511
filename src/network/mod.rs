//! Pure reachability: what AWS does with a packet and with the reply to it.
//!
//! Sets of addresses and ports go in; the part that arrives, the object that decides at each
//! hop, and all blockers come out. Three-valued throughout: what was not read, or is not
//! modelled, is named in `missing` and never taken for permission. Knows nothing of rules.

use serde::Serialize;

/// A value, or what is missing to know it. The list is never empty.
pub type Known<T> = Result<T, Vec<Missing>>;

/// What would settle an unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Missing {
    /// What kind of thing is missing.
    pub kind: MissingKind,
    /// What it is, in a clause.
    pub what: String,
    /// The IAM action that would give it.
    pub permission: Option<String>,
}

/// Kinds of missing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingKind {
    /// An AWS operation that did not answer, or was not asked.
    Operation,
    /// Something that only the user can say.
    Intent,
    /// Something that only a live probe can show.
    Probe,
    /// Something that this program does not model.
    Unmodelled,
}

/// What is known about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every packet arrives and every reply returns.
    Open,
    /// An input is missing, and nothing that was read blocks it.
    Unknown,
    /// Something blocks at least a part.
    Blocked,
}

/// Which way a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// From the client to the server.
    Request,
    /// Back again.
    Reply,
}

/// An object that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Blocker {
    /// What has to change; the key under which `rules/eks/blockers.yaml` holds the fix.
    pub code: BlockerCode,
    /// `route-table`, `security-group`, `network-acl`, `vpc-peering-connection`, …
    pub kind: String,
    /// AWS's id.
    pub id: String,
    /// On which leg.
    pub leg: Option<Leg>,
    /// The addresses that it blocks (CIDRs, comma-separated), where it does not block all of them.
    pub part: Option<String>,
    /// Why, in a clause that names the deciding rule, entry or route.
    pub reason: String,
    /// The values that a fix fills into its commands.
    pub remedy: Remedy,
}

/// What has to change at a blocker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockerCode {
    /// No inbound rule of a security group admits it.
    SecurityGroupIngress,
    /// No outbound rule of a security group admits it.
    SecurityGroupEgress,
    /// A network ACL's inbound entries deny it.
    NetworkAclIngress,
    /// A network ACL's outbound entries deny it.
    NetworkAclEgress,
    /// A route table has no route for it.
    RouteMissing,
    /// A route table sends it elsewhere.
    RouteElsewhere,
    /// The route for it is a blackhole.
    RouteBlackhole,
    /// The peering connection is not active.
    PeeringInactive,
    /// The transit gateway has no attachment in the subnet's zone.
    TransitGatewayZone,
    /// The transit gateway attachment is not available or not associated.
    TransitGatewayAttachment,
    /// The transit gateway's route table has no route for it, or a blackhole.
    TransitGatewayRoute,
    /// The gateway is not attached to the VPC.
    GatewayDetached,
    /// No subnet holds the address.
    NoSuchAddress,
    /// AWS never forwards this: transitive peering, a gateway endpoint from outside, …
    NeverForwarded,
}

/// The values that a fix fills into its commands; each is set where it makes sense.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Remedy {
    /// `tcp`, `udp`, `icmp` or `-1`.
    pub protocol: Option<String>,
    /// First port to open.
    pub from_port: Option<u16>,
    /// Last port to open.
    pub to_port: Option<u16>,
    /// The prefixes to admit or to route.
    pub cidrs: Vec<String>,
    /// The security group to admit, where that is better than a prefix.
    pub group: Option<String>,
    /// The prefix list to admit.
    pub prefix_list: Option<String>,
    /// A free rule number before the denying entry.
    pub rule_number: Option<i64>,
    /// The route target to use, for instance `pcx-0a1`.
    pub target: Option<String>,
    /// The AWS CLI's option for that target, for instance `--vpc-peering-connection-id`.
    pub target_option: Option<String>,
    /// The subnet to attach or to associate.
    pub subnet: Option<String>,
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
}

/// One source, one destination, both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path {
    /// What the source is called.
    pub from: String,
    /// What the destination is called.
    pub to: String,
    /// What is known about it.
    pub verdict: Verdict,
    /// The request's way.
    pub hops: Vec<Hop>,
    /// The reply's way.
    pub return_hops: Vec<Hop>,
    /// Everything that stands in the way, both ways.
    pub blockers: Vec<Blocker>,
    /// What would settle an unknown.
    pub missing: Vec<Missing>,
    /// What was taken for granted about the world outside AWS.
    pub assumptions: Vec<String>,
}

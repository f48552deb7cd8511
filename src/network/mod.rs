//! Pure reachability: what AWS does with a packet and with the reply to it.
//!
//! Sets of addresses and ports go in; the part that arrives, the object that decides at each
//! hop, and all blockers come out. Three-valued throughout: what was not read, or is not
//! modelled, is named in `missing` and never taken for permission. Knows nothing of rules.

mod acl_order;
mod address;
mod blocker;
mod connection;
mod division;
mod egress;
mod end;
mod flow;
mod gate;
mod gateway_endpoint;
mod index;
mod internet;
mod lookup;
mod memo;
mod missing;
mod nat;
mod network_acl;
mod network_acl_room;
mod part;
mod path;
mod peering;
mod ports;
mod ranges;
mod region;
mod resolve;
mod route;
mod route_blocker;
mod security_group;
mod story;
mod trace;
mod transit;
mod transit_attachment;
mod transit_remedy;
mod transit_table;
mod vpn_gateway;
mod walk;
mod ways;
mod zone;

#[cfg(test)]
mod tests;

pub use crate::known::{Known, Missing, MissingKind};
pub use acl_order::IdleEntry;
pub use address::AddressSet;
pub use blocker::{Blocker, BlockerCode, MovedEntry, Remedy};
pub use egress::Egress;
pub use end::{End, EndKind, Groups};
pub use index::Network;
pub use missing::missing;
pub use path::{Hop, Leg, Path, Verdict};
pub use ports::{Ports, PortsError, Protocol};
pub use ways::{AttachmentElsewhere, LostRoute, NatElsewhere};

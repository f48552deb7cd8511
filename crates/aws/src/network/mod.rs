//! Pure reachability: what AWS does with a packet and with the reply to it.
//!
//! Sets of addresses and ports go in; the part that arrives, the object that decides at each
//! hop, and all blockers come out. Three-valued throughout: what was not read, or is not
//! modelled, is named in `missing` and never taken for permission. Knows nothing of rules.

mod aws_address;
mod blocker;
mod contract;
mod end;
mod index;
mod memo;
mod path;
mod segment;
mod subnet_routes;
mod tables;
#[cfg(test)]
mod tests;

pub use blocker::{Blocker, BlockerCode, MovedEntry, Path, Remedy, TraceLog, blocked_path, undecided_path};
pub use end::{Carriers, End, EndKind, Groups, PublicAddresses};
pub use path::reasoner::Reasoner;
pub use subnet_routes::egress::{Egress, EgressCause};
pub use subnet_routes::{AttachmentElsewhere, LostRoute, NatElsewhere};
pub use tables::network_acl_shadowing::{IdleEntry, idle_entries};

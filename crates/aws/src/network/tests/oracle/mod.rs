//! A second opinion on reachability: one packet and its reply at a time.
//!
//! Written from AWS's documentation, without the sets that the reasoning works with and without
//! any of its code. A packet is tried for one address and one port of each kind that the plan
//! tells apart.

pub mod feature;
mod filter;
pub mod forward;
mod kinds;
pub mod plan;
pub mod question;
mod route;
pub mod snapshot;

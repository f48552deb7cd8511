//! Collection: the only room that talks to the provider and opens sockets. What answers becomes a
//! [`Snapshot`], what does not becomes a gap in it; the results of a live probe become its observations.
//!
//! [`Snapshot`]: crate::snapshot::Snapshot

pub mod aws;
mod ca_bundle;
mod error;
pub mod probe;
mod progress;

pub use error::CollectError;
pub use progress::{Progress, Silent};

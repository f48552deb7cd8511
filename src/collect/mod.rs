//! Collection: the only room that talks to the provider and opens sockets. What answers becomes a
//! [`Snapshot`], what does not becomes a gap in it; what a live probe sees becomes its observations.
//!
//! [`Snapshot`]: crate::snapshot::Snapshot

pub mod aws;
mod error;
pub mod probe;
mod progress;

pub use error::CollectError;
pub use progress::{Progress, Silent};

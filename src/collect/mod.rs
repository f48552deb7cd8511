//! Collection: the only room that talks to the provider and opens sockets. What answers becomes a
//! [`Snapshot`], what does not becomes a gap in it; what a live probe sees becomes its observations.
//!
//! [`Snapshot`]: crate::snapshot::Snapshot

pub mod aws;
mod error;
pub mod probe;

pub use error::CollectError;

/// Hears how far a collection is.
pub trait Progress: Send + Sync {
    /// `done` of the `started` calls have ended; `what` is the operation that has just started or ended.
    fn say(&self, done: usize, started: usize, what: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn say(&self, _done: usize, _started: usize, _what: &str) {}
}

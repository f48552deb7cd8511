//! The progress of a collection or a probe.

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

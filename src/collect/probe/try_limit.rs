//! How many tries go on at the same time at one place, and when it is hopeless to try it again.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// So many tries without an answer, and none with one, are enough: one may have been about a name that
/// the server itself waits for.
const ENOUGH: usize = 3;

/// The way to one place.
#[derive(Debug)]
pub(super) struct TryLimit {
    tries: Semaphore,
    answered: AtomicBool,
    unanswered: AtomicUsize,
}

/// What the limit says to the next try.
pub(super) enum TryTurn<'g> {
    /// Go, for as long as it is held.
    Yours { _permit: SemaphorePermit<'g> },
    /// Nothing there has answered yet, often enough.
    Hopeless,
    /// The whole probe has ended.
    TimeIsUp,
}

impl TryLimit {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            tries: Semaphore::new(at_once),
            answered: AtomicBool::new(false),
            unanswered: AtomicUsize::new(0),
        }
    }

    /// Waits for its turn, until the end.
    pub(super) async fn enter(&self, end: Instant) -> TryTurn<'_> {
        match timeout_at(end, self.tries.acquire()).await {
            Ok(Ok(_)) if self.is_hopeless() => TryTurn::Hopeless,
            Ok(Ok(permit)) => TryTurn::Yours { _permit: permit },
            Ok(Err(_)) | Err(_) => TryTurn::TimeIsUp,
        }
    }

    /// Remembers whether a try was answered.
    pub(super) fn learn(&self, answered: bool) {
        if answered {
            self.answered.store(true, Ordering::Relaxed);
        } else {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn is_hopeless(&self) -> bool {
        !self.answered.load(Ordering::Relaxed) && self.unanswered.load(Ordering::Relaxed) >= ENOUGH
    }
}

//! What names resolve to.

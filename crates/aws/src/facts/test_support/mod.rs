//! What unit tests of facts share.

pub mod fixture;
pub mod minimal_cluster;

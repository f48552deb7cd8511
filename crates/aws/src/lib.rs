//! What AWS is, offline: what it says (`snapshot`), what it does with packets (`network`), what it documents
//! (`catalogue`), and what follows for a cluster (`facts`).
//!
//! No SDK and no runtime: from the snapshot on everything is synchronous and deterministic.

mod catalogue;
pub mod facts;
pub mod ids;
pub mod intent;
pub mod network;
pub mod pack;
pub mod snapshot;

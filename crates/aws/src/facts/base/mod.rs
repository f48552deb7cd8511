//! What all facts are computed from: the snapshot, the intent and the network, and which cluster this is.

pub mod context;
pub mod declared_unread;
pub mod domain_name;
mod memo;
pub mod planned_cluster;
pub mod planned_collections;

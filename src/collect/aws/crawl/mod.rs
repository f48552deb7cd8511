//! The order of calls. No call waits for an answer that the call does not need.

pub(super) mod account;
pub(super) mod afterwards;
pub(super) mod asking_vpcs;
pub(super) mod cluster;
mod cluster_state;
mod described;
mod iam;
pub(super) mod locate;
mod names;
mod nodes;
pub(super) mod referenced;
pub(super) mod region;
mod transit;
pub(super) mod transit_vpcs;
pub(super) mod vpc;

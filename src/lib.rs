//! Audits the network of a private Kubernetes cluster before a rollout.
//!
//! ```text
//! collect → Snapshot → facts → rules → Report → render
//! ```
//!
//! Only `collect` talks to AWS; from the snapshot on everything is synchronous, offline and
//! deterministic. The library never prints and never exits.

mod catalogue;
pub mod cli;
pub mod collect;
pub mod commands;
pub mod drift;
pub mod facts;
mod id;
pub mod intent;
pub mod intent_aws;
pub mod known;
pub mod network;
pub mod pack;
pub mod pack_aws;
pub mod path;
pub mod render;
pub mod report;
pub mod rule;
pub mod sets;
pub mod snapshot;
pub mod subject;
pub mod time;
mod yaml;

//! Audits the network of a private Kubernetes cluster before a rollout.
//!
//! ```text
//! collect → Snapshot → facts → rules → Report → render
//! ```
//!
//! This package touches the world: `collect` talks to AWS and probes, `commands` reads files and joins the
//! stages. From the snapshot on everything is synchronous, offline and deterministic, in `privek-aws` and
//! `privek-core`. The library never prints and never exits.

pub mod cli;
pub mod collect;
pub mod commands;
mod providers;

pub use privek_aws::{facts, intent, network, snapshot};
pub use privek_core::{drift, render, report, rule};

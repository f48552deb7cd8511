//! Random networks: the reasoning over sets must say what every single packet says.
//!
//! `cargo test` tries 1,000 networks. For 100,000:
//!
//! ```text
//! PRIVEK_NETWORKS=100000 cargo test --lib network::tests::property
//! ```
//!
//! A network is a number; one that was reported is tried alone with `PRIVEK_NETWORK=<number>`.
//! What fails is shrunk, and printed as a plan with what both sides say.

mod agreement;
mod dice;
mod extras;
mod filters;
mod links;
mod network;
mod questions;
mod show;
mod shrink;
mod withholding;

//! What the rules say of snapshots: a test target of `privek-aws`, without an AWS SDK, the program or a server.
#![allow(missing_docs)]
// A test fails by panicking; clippy.toml allows that in test functions, this in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod aws_cli;
mod cases;
mod closed_network;
mod commands;
mod documents;
mod fixes;
mod fixtures;
mod hostile;
mod inputs;
mod matrix;
mod own_rules;
mod patch;
#[path = "../support/mod.rs"]
mod support;
mod withholding;

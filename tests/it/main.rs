//! The integration tests that run the program or talk to servers: one crate, because the AWS SDK is linked into each.
#![allow(missing_docs)]
// A test fails by panicking; clippy.toml allows that in test functions, this in what they call.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod collecting;
mod contract;
mod probing;
mod rules;
mod support;

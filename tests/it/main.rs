//! The integration tests: one crate, because the AWS SDK is linked into each.
#![allow(missing_docs)]

mod collecting;
mod recorded;
mod refusals;
mod replay;

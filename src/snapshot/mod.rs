//! A snapshot: what AWS said, in AWS's own words, with what it would not say (`gaps`).
//!
//! The JSON keys and nesting are those of the AWS CLI's output, so that a snapshot can be
//! made without this program and read without a manual. Nothing here knows a rule or draws
//! a conclusion.

mod arn;
pub mod aws;
mod cli_output;
mod contents;
mod contract;
mod directory;
mod error;
mod header;
mod identity;
mod json;
mod load;
mod merge;
pub mod observation;
mod place;
mod read;
pub mod redact;
mod save;
#[cfg(test)]
pub(crate) mod tests;
mod text_file;
pub mod unread;
pub mod user_data;

pub use arn::Arn;
pub use aws::Aws;
pub use contents::Snapshot;
pub use error::SnapshotError;
pub use header::{EVERYTHING, Gap, Header, NOT_IN_DIRECTORY, SNAPSHOT_VERSION};
pub use observation::Observation;

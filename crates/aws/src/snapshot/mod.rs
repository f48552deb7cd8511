//! A snapshot: what AWS said, in AWS's own words, with what it would not say (`gaps`).
//!
//! The JSON keys and nesting are those of the AWS CLI's output, so that a snapshot can be
//! made without this program and read without a manual. Nothing here knows a rule or draws
//! a conclusion.

mod arn;
pub mod aws;
mod cli_output;
mod contents;
mod directory;
mod error;
mod identity;
mod json;
mod load;
mod merge;
mod place;
mod read;
pub mod redact;
mod save;
#[cfg(test)]
pub(crate) mod tests;
mod text_file;
pub mod unread;
pub mod user_data;

pub use privek_core::header::EVERYTHING;

pub use arn::Arn;
pub use aws::Aws;
pub use contents::Snapshot;
pub use error::SnapshotError;

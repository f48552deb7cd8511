//! A snapshot: what AWS said, in AWS's own words, with what it would not say (`gaps`).
//!
//! The JSON keys and nesting are those of the AWS CLI's output, so that a snapshot can be
//! made without this program and read without a manual. Nothing here knows a rule or draws
//! a conclusion.

mod arn;
pub mod aws;
mod bare_output;
mod cli_command;
mod cli_output;
mod contents;
mod directory;
mod document;
mod elsewhere;
mod error;
mod identity;
mod json;
mod load;
mod merge;
mod output_sum;
pub mod owners;
mod pages;
mod place;
mod read;
pub mod redact;
mod referenced;
pub mod refusal;
mod save;
mod scope;
mod select;
#[cfg(test)]
pub(crate) mod tests;
mod text_file;
mod transit_propagations;
pub mod unread;
pub mod user_data;
mod vantage;
mod views;

pub use privek_core::header::EVERYTHING;

pub use arn::Arn;
pub use aws::Aws;
pub use cli_command::quoted;
pub use contents::Snapshot;
pub use error::SnapshotError;

//! Reading a snapshot, whatever a path or a text holds.

use std::path::Path;

use super::contents::Snapshot;
use super::error::SnapshotError;
use super::load::{self, Loaded};
use super::{directory, text_file};

impl Snapshot {
    /// Reads a saved snapshot, or a directory of AWS CLI outputs.
    ///
    /// # Errors
    /// See [`SnapshotError`]; each names the file.
    pub fn read(path: &Path) -> Result<Snapshot, SnapshotError> {
        if path.is_dir() {
            return directory::read(path);
        }
        Self::from_json(&path.display().to_string(), &text_file::read(path)?)
    }

    /// Parses a saved snapshot, or one file of AWS CLI output; errors call it `source_name`.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn from_json(source_name: &str, text: &str) -> Result<Snapshot, SnapshotError> {
        match load::parse(source_name, text)? {
            Loaded::Saved(snapshot) => Ok(*snapshot),
            Loaded::Output(part) => directory::lone(source_name, *part),
            Loaded::Other(what) => Err(SnapshotError::NotASnapshot { path: source_name.to_owned(), what }),
        }
    }
}

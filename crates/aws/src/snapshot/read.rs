//! Reading a snapshot, whatever a path or a text holds.

use std::path::Path;

use super::contents::Snapshot;
use super::document::documents;
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
        let documents = documents(source_name, text)?;
        if let [text] = documents.as_slice() {
            return match load::parse(source_name, text)? {
                Loaded::Saved(snapshot) => Ok(*snapshot),
                Loaded::Output(part) => directory::lone(source_name, [*part]),
                Loaded::Other(what) => {
                    Err(SnapshotError::NotASnapshot { path: source_name.to_owned(), what })
                }
            };
        }
        let mut parts = Vec::new();
        for text in &documents {
            match load::parse(source_name, text)? {
                Loaded::Output(part) => parts.push(*part),
                Loaded::Saved(_) => {
                    let what = "several JSON texts, one of them a saved snapshot".to_owned();
                    return Err(SnapshotError::NotASnapshot { path: source_name.to_owned(), what });
                }
                Loaded::Other(what) => {
                    return Err(SnapshotError::NotASnapshot { path: source_name.to_owned(), what });
                }
            }
        }
        directory::lone(source_name, parts)
    }
}

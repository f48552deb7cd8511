//! What loading promises: directories, recordings, errors, round trips, hostile input.

mod colleagues;
mod directory;
mod errors;
mod hostile;
mod merging;
mod observations;
mod partial;
mod recorded;
mod vantages;

use std::path::{Path, PathBuf};

use super::Snapshot;

/// A directory of files for one test.
pub(super) fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// Reads a directory of these files.
pub(super) fn read(files: &[(&str, &str)]) -> Result<Snapshot, super::SnapshotError> {
    Snapshot::read(directory(files).path())
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name)
}

pub(super) fn has_gap(snapshot: &Snapshot, operation: &str, code: &str) -> bool {
    snapshot.header.gaps.iter().any(|gap| gap.operation == operation && gap.code == code)
}

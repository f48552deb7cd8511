//! A directory of AWS CLI outputs: any names, any depth, merged by id.
//!
//! That the directory is complete is an assumption, but only about the VPCs and clusters that it
//! names: an id that is referenced and not there stays unread (a peer's VPC, a prefix list).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use privek_core::header::{Gap, LeftOutFile};

use super::cli_output::OutputPart;
use super::contents::Snapshot;
use super::document::{begins_as_json, documents};
use super::error::SnapshotError;
use super::load::{Loaded, parse};
use super::output_sum::{Origin, OutputSum};
use super::refusal::{self, REFUSED};
use super::vantage::{Folders, Vantage};
use super::{referenced, text_file};

/// Files of other names are looked into up to this size.
const LARGEST: u64 = 64 << 20;

/// What the files turned out to hold, before they are parted by caller.
#[derive(Default)]
struct Files {
    outputs: Vec<(PathBuf, OutputPart)>,
    refusals: Vec<(PathBuf, Vec<Gap>)>,
    saved: Vec<Snapshot>,
    left_out: Vec<LeftOutFile>,
    folders: Folders,
}

/// Reads every file below a directory.
pub(super) fn read(directory: &Path) -> Result<Snapshot, SnapshotError> {
    let mut listing = Listing::default();
    listing.add(directory, 0)?;
    let paths = listing.files;
    let path = directory.display().to_string();
    let mut files = Files::default();
    for (other, reason) in &listing.others {
        files.leave_out(other.strip_prefix(directory).unwrap_or(other), (*reason).to_owned());
    }
    for path in &paths {
        files.read(directory, path)?;
    }
    if !paths.iter().any(|path| is_output(path)) && files.is_unusable() {
        return Err(SnapshotError::NoFiles { path });
    }
    if files.is_unusable() {
        let outputs: Vec<String> =
            paths.iter().filter(|path| is_output(path)).map(|path| path.display().to_string()).collect();
        let ends = |file: &LeftOutFile| outputs.iter().any(|path| path.ends_with(&file.file));
        let first = files.left_out.iter().find(|file| ends(file)).cloned().unwrap_or_default();
        let what = first.reason.strip_prefix("is ").unwrap_or(&first.reason).to_owned();
        let first = directory.join(first.file).display().to_string();
        return Err(SnapshotError::NothingUsable { path, files: outputs.len(), first, what });
    }
    files.snapshot(directory)
}

/// A lone file of AWS CLI output is a small directory.
pub(super) fn lone(
    name: &str,
    parts: impl IntoIterator<Item = OutputPart>,
) -> Result<Snapshot, SnapshotError> {
    let mut sum = OutputSum::default();
    for part in parts {
        sum.add(name, part)?;
    }
    let (mut snapshot, _) = sum.finish(&Vantage::default());
    referenced::complete(&mut snapshot, true);
    Ok(snapshot)
}

impl Files {
    fn read(&mut self, directory: &Path, path: &Path) -> Result<(), SnapshotError> {
        let name = path.display().to_string();
        let below = path.strip_prefix(directory).unwrap_or(path).to_owned();
        let Some(text) = self.text(&below, path)? else { return Ok(()) };
        if !begins_as_json(&text) || below.extension().is_some_and(|end| end == REFUSED) {
            let gaps = refusal::gaps(&text);
            if !gaps.is_empty() {
                self.refusals.push((below, gaps));
                return Ok(());
            }
        }
        if !is_output(path) && (!begins_as_json(&text) || documents(&name, &text).is_err()) {
            self.leave_out(&below, "is neither JSON nor YAML (*.json, *.yaml, *.yml)".to_owned());
            return Ok(());
        }
        let all = match documents(&name, &text) {
            // Other programs keep their own YAML beside, templates among it that are none.
            Err(SnapshotError::NotYaml { line, column, why, .. }) => {
                self.leave_out(&below, format!("is not YAML (line {line}, column {column}: {why})"));
                return Ok(());
            }
            all => all?,
        };
        for document in all {
            match parse(&name, &document)? {
                Loaded::Output(part) => {
                    let lists_vpcs = part.aws.vpcs.as_ref().is_some_and(|vpcs| !vpcs.is_empty());
                    self.folders.note(&below, part.account.as_ref(), lists_vpcs);
                    self.outputs.push((below.clone(), *part));
                }
                Loaded::Saved(snapshot) => self.saved.push(*snapshot),
                Loaded::Other(what) => self.leave_out(&below, format!("is {what}")),
            }
        }
        Ok(())
    }

    /// A file's text, unless it is certainly nothing that is read.
    fn text(&mut self, below: &Path, path: &Path) -> Result<Option<String>, SnapshotError> {
        if is_output(path) {
            return text_file::read(path).map(Some);
        }
        if fs::metadata(path).is_ok_and(|meta| meta.len() > LARGEST) {
            let reason = format!("is larger than {} MB and is not called *.json", LARGEST >> 20);
            self.leave_out(below, reason);
            return Ok(None);
        }
        let text = text_file::read(path);
        if let Err(error) = &text {
            let prefix = format!("{}: ", path.display());
            let reason = error.to_string();
            self.leave_out(below, reason.strip_prefix(&prefix).unwrap_or(&reason).to_owned());
        }
        Ok(text.ok())
    }

    fn leave_out(&mut self, below: &Path, reason: String) {
        self.left_out.push(LeftOutFile { file: below.display().to_string(), reason });
    }

    fn is_unusable(&self) -> bool {
        self.outputs.is_empty() && self.refusals.is_empty() && self.saved.is_empty()
    }

    /// All of them together; each caller's files by themselves first.
    fn snapshot(self, directory: &Path) -> Result<Snapshot, SnapshotError> {
        let mut sums: BTreeMap<Vantage, OutputSum> = BTreeMap::new();
        for (below, part) in self.outputs {
            let sum = sums.entry(self.folders.vantage(&below)).or_default();
            sum.add(&directory.join(&below).display().to_string(), part)?;
        }
        for (below, gaps) in self.refusals {
            sums.entry(self.folders.vantage(&below)).or_default().refuse(gaps);
        }
        let mut origins: Vec<Origin> = Vec::new();
        let mut all = self.saved;
        for (vantage, sum) in sums {
            let (snapshot, origin) = sum.finish(&vantage);
            origins.push(origin);
            all.push(snapshot);
        }
        let (only_saved, only_outputs) = (origins.is_empty(), all.len() == origins.len());
        let merged = Snapshot::merge_all(all, None).map_err(|error| with_files(error, &origins))?;
        let mut snapshot = merged.unwrap_or_default();
        if !only_saved {
            referenced::complete(&mut snapshot, only_outputs);
        }
        snapshot.header.left_out.extend(self.left_out);
        snapshot.header.left_out.sort();
        snapshot.header.left_out.dedup();
        Ok(snapshot)
    }
}

/// A contradiction between callers, with the files that it is in.
fn with_files(error: SnapshotError, origins: &[Origin]) -> SnapshotError {
    let SnapshotError::Conflict { collection, id, first, second } = error else { return error };
    let files: Vec<&String> =
        origins.iter().filter_map(|origin| origin.get(&(collection, id.clone()))).collect();
    match files.as_slice() {
        [one, .., other] => {
            SnapshotError::Conflict { collection, id, first: (*one).clone(), second: (*other).clone() }
        }
        _ => SnapshotError::Conflict { collection, id, first, second },
    }
}

/// Whether a file's name says that it is an output.
fn is_output(path: &Path) -> bool {
    let is = |end: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(end));
    is("json") || is("yaml") || is("yml")
}

/// More folders inside each other than people make.
const DEEPEST: usize = 32;

/// What is below a directory.
#[derive(Default)]
struct Listing {
    /// The directories that were entered, so that a link to a parent is no loop.
    seen: BTreeSet<PathBuf>,
    /// The files, in the order of their names.
    files: Vec<PathBuf>,
    /// What is no file, and why it is not read.
    others: Vec<(PathBuf, &'static str)>,
}

impl Listing {
    fn add(&mut self, directory: &Path, depth: usize) -> Result<(), SnapshotError> {
        let unreadable = |path: &Path, error: &std::io::Error| SnapshotError::Unreadable {
            path: path.display().to_string(),
            why: error.to_string(),
        };
        // A link may point to a parent directory.
        let real = fs::canonicalize(directory).map_err(|error| unreadable(directory, &error))?;
        if !self.seen.insert(real) {
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
            entries.push(entry.map_err(|error| unreadable(directory, &error))?.path());
        }
        entries.sort();
        for path in entries {
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            match fs::metadata(&path) {
                // Version control and desktops keep their own files so.
                _ if hidden && !is_output(&path) => {}
                Ok(_) if hidden => self.others.push((path, "has a name that begins with a dot")),
                Ok(meta) if meta.is_dir() && depth >= DEEPEST => {
                    self.others.push((path, "is a directory inside too many others"));
                }
                Ok(meta) if meta.is_dir() => self.add(&path, depth + 1)?,
                Ok(meta) if meta.is_file() => self.files.push(path),
                Err(error) if is_output(&path) => return Err(unreadable(&path, &error)),
                Ok(_) => self.others.push((path, "is neither a file nor a directory")),
                Err(_) => self.others.push((path, "cannot be opened")),
            }
        }
        Ok(())
    }
}

//! From the text of one file to what it holds: a saved snapshot, AWS CLI output, or something else.
//!
//! Large snapshots are the common case, so the text is parsed straight into the shapes (once for
//! the top-level keys, once for the header, once for AWS's part) and never into a JSON tree.

use std::collections::BTreeMap;

use privek_core::header::{Header, SNAPSHOT_VERSION};
use privek_core::observation::Observation;
use serde::Deserialize;
use serde_json::Value;

use super::aws::Aws;
use super::bare_output::{self, Bare};
use super::cli_output::{self, OutputPart};
use super::contents::Snapshot;
use super::error::SnapshotError;
use super::identity::check_ids;
use super::json::{JsonKind, syntax, typed};

/// The provider of the snapshots that this reads.
const PROVIDER: &str = "aws";

/// What a file turned out to hold.
pub(super) enum Loaded {
    /// A snapshot that the program saved.
    Saved(Box<Snapshot>),
    /// Output of the AWS CLI.
    Output(Box<OutputPart>),
    /// JSON of another kind, described for an error.
    Other(String),
}

/// Parses one JSON text; `name` is what errors call it, and what ids are looked for in.
pub(super) fn parse(name: &str, text: &str) -> Result<Loaded, SnapshotError> {
    let keys = match serde_json::from_str::<JsonKind>(text).map_err(|error| syntax(name, &error))? {
        JsonKind::Object(keys) => keys,
        JsonKind::List(_) => return bare(name, text, "a JSON list".to_owned()),
        other => return Ok(Loaded::Other(other.describe())),
    };
    if keys.contains_key("snapshot_version") {
        return saved(name, text).map(|snapshot| Loaded::Saved(Box::new(snapshot)));
    }
    // A probe's report holds what it saw as a snapshot does: a pod can hand on nothing but what it prints.
    if keys.contains_key("schema_version") && keys.contains_key("observations") {
        let Observed { observations } = typed(name, text)?;
        let header = Header { snapshot_version: SNAPSHOT_VERSION, observations, ..Header::default() };
        let snapshot = Snapshot { header, ..Snapshot::default() };
        return Ok(Loaded::Saved(Box::new(snapshot)));
    }
    if keys.contains_key("names") {
        return Ok(Loaded::Other("a file of targets, for `probe --targets`".to_owned()));
    }
    // Recorded responses wrap AWS's answer.
    if keys.contains_key("status_code") && matches!(keys.get("data"), Some(JsonKind::Object(_))) {
        return Ok(match wrapped(name, text)? {
            Some(part) => Loaded::Output(part),
            None => Loaded::Other(describe_object(&keys)),
        });
    }
    if let Some(what) = bare_output::projected(&keys) {
        return Ok(Loaded::Other(what));
    }
    match cli_output::parse(name, text, &keys)? {
        Some(part) => Ok(Loaded::Output(Box::new(part))),
        None => bare(name, text, describe_object(&keys)),
    }
}

/// An output without its key.
fn bare(name: &str, text: &str, otherwise: String) -> Result<Loaded, SnapshotError> {
    match bare_output::keyed(text) {
        Some(Bare::Keyed(keyed)) => parse(name, &keyed),
        Some(Bare::Unsure(what)) => Ok(Loaded::Other(what)),
        None => Ok(Loaded::Other(otherwise)),
    }
}

fn wrapped(name: &str, text: &str) -> Result<Option<Box<OutputPart>>, SnapshotError> {
    let tree: Value = typed(name, text)?;
    let data = tree.get("data").cloned().unwrap_or_default();
    match parse(name, &format!("{data:#}"))? {
        Loaded::Output(part) => Ok(Some(part)),
        Loaded::Saved(_) | Loaded::Other(_) => Ok(None),
    }
}

#[derive(Deserialize)]
struct Observed {
    observations: Vec<Observation>,
}

#[derive(Default, Deserialize)]
struct VersionOnly {
    snapshot_version: u32,
}

fn saved(name: &str, text: &str) -> Result<Snapshot, SnapshotError> {
    // The version first: a newer program may well have changed the type of another field.
    let VersionOnly { snapshot_version } = typed(name, text)?;
    if snapshot_version > SNAPSHOT_VERSION {
        return Err(SnapshotError::TooNew { path: name.to_owned(), found: snapshot_version });
    }
    let mut header: Header = typed(name, text)?;
    // Absent means the same, and is what is written.
    header.provider.take_if(|provider| provider == PROVIDER);
    if let Some(provider) = header.provider.take() {
        return Err(SnapshotError::OtherProvider { path: name.to_owned(), provider });
    }
    let aws: Aws = typed(name, text)?;
    check_ids(name, &aws)?;
    Ok(Snapshot { header, aws })
}

fn describe_object(keys: &BTreeMap<String, JsonKind>) -> String {
    if keys.contains_key("schema_version") && keys.contains_key("findings") {
        return "a JSON report of privek-audit, for `drift --baseline`".to_owned();
    }
    if keys.contains_key("schema_version") && keys.contains_key("paths") {
        return "the output of `privek-audit trace`".to_owned();
    }
    if keys.is_empty() {
        return "an empty JSON object".to_owned();
    }
    let shown: Vec<String> = keys.keys().take(3).map(|key| format!("`{}`", shorten(key))).collect();
    let more = if keys.len() > 3 { ", …" } else { "" };
    format!("a JSON object with {}{more}", shown.join(", "))
}

fn shorten(key: &str) -> String {
    key.chars().take(40).filter(|character| !character.is_control()).collect()
}

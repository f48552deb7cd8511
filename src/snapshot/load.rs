//! From the text of one file to what it holds: a saved snapshot, AWS CLI output, or something else.
//!
//! Large snapshots are the common case, so the text is parsed straight into the shapes (once for
//! the top-level keys, once for the header, once for AWS's part) and never into a JSON tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::cli_output::{self, Part};
use super::{Aws, Gap, Observation, SNAPSHOT_VERSION, Snapshot, SnapshotError};

/// What a file turned out to hold.
pub(super) enum Loaded {
    /// A snapshot that the program saved.
    Saved(Box<Snapshot>),
    /// Output of the AWS CLI.
    Output(Box<Part>),
    /// JSON of another kind, described for an error.
    Other(String),
}

/// Parses one file's text; `name` is what errors call it, and what ids are looked for in.
pub(super) fn parse(name: &str, text: &str) -> Result<Loaded, SnapshotError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(SnapshotError::Empty { path: name.to_owned() });
    }
    let keys = match serde_json::from_str::<Kind>(text).map_err(|error| syntax(name, &error))? {
        Kind::Object(keys) => keys,
        other => return Ok(Loaded::Other(other.describe())),
    };
    if keys.contains_key("snapshot_version") {
        return saved(name, text).map(|snapshot| Loaded::Saved(Box::new(snapshot)));
    }
    // A probe's report holds what it saw as a snapshot does: a pod can hand on nothing but what it prints.
    if keys.contains_key("schema_version") && keys.contains_key("observations") {
        let Observed { observations } = typed(name, text)?;
        let snapshot = Snapshot { snapshot_version: SNAPSHOT_VERSION, observations, ..Snapshot::default() };
        return Ok(Loaded::Saved(Box::new(snapshot)));
    }
    if keys.contains_key("names") {
        return Ok(Loaded::Other("a file of targets (`probe --targets` reads those)".to_owned()));
    }
    match cli_output::parse(name, text, &keys)? {
        Some(part) => Ok(Loaded::Output(Box::new(part))),
        None => Ok(Loaded::Other(describe_object(&keys))),
    }
}

/// Parses a type from text; an error names the field and its place.
pub(super) fn typed<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, SnapshotError> {
    serde_json::from_str(text).or_else(|_| {
        // The slower parser that keeps track of the way runs only where there is an error to report.
        let mut parser = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut parser).map_err(|error| {
            let field = error.path().to_string();
            let inner = error.into_inner();
            SnapshotError::Field {
                path: name.to_owned(),
                line: inner.line(),
                column: inner.column(),
                field,
                why: without_place(&inner),
            }
        })
    })
}

/// Every item has an identity, or nothing could refer to it.
pub(super) fn check_ids(name: &str, aws: &Aws) -> Result<(), SnapshotError> {
    for collection in super::aws::COLLECTIONS {
        // Zones and reservations are looked up by other fields than these.
        if matches!(collection.key, "AvailabilityZones" | "Reservations") {
            continue;
        }
        let ids = aws.ids(collection.key).unwrap_or_default();
        if let Some(index) =
            ids.iter().position(|id| id.is_empty() || id.ends_with('/') || id.starts_with(':'))
        {
            return Err(SnapshotError::NoId { path: name.to_owned(), collection: collection.key, index });
        }
    }
    Ok(())
}

/// All of a saved snapshot but AWS's part.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    snapshot_version: u32,
    collected_at: Option<String>,
    account: Option<String>,
    accounts: BTreeSet<String>,
    region: Option<String>,
    scope: BTreeMap<String, BTreeSet<String>>,
    gaps: Vec<Gap>,
    observations: Vec<Observation>,
}

#[derive(Deserialize)]
struct Observed {
    observations: Vec<Observation>,
}

#[derive(Default, Deserialize)]
struct Version {
    snapshot_version: u32,
}

fn saved(name: &str, text: &str) -> Result<Snapshot, SnapshotError> {
    // The version first: a newer program may well have changed the type of another field.
    let Version { snapshot_version } = typed(name, text)?;
    if snapshot_version > SNAPSHOT_VERSION {
        return Err(SnapshotError::TooNew { path: name.to_owned(), found: snapshot_version });
    }
    let header: Header = typed(name, text)?;
    let aws: Aws = typed(name, text)?;
    check_ids(name, &aws)?;
    Ok(Snapshot {
        snapshot_version: header.snapshot_version,
        collected_at: header.collected_at,
        account: header.account,
        accounts: header.accounts,
        region: header.region,
        scope: header.scope,
        gaps: header.gaps,
        observations: header.observations,
        aws,
    })
}

fn syntax(name: &str, error: &serde_json::Error) -> SnapshotError {
    let (path, line, column) = (name.to_owned(), error.line(), error.column());
    if error.is_eof() {
        SnapshotError::Truncated { path, line, column }
    } else {
        SnapshotError::NotJson { path, line, column, why: without_place(error) }
    }
}

/// `serde_json`'s words without the place, which the caller puts first.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

fn describe_object(keys: &BTreeMap<String, Kind>) -> String {
    if keys.contains_key("schema_version") && keys.contains_key("findings") {
        return "a JSON report of privek-audit (`drift --baseline` reads those)".to_owned();
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

/// What kind of value stands at a key: enough to tell AWS's outputs apart, without building a tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `null`.
    Null,
    /// A string.
    Text(String),
    /// A number or a truth value.
    Scalar,
    /// A list and its first member.
    List(Option<Box<Kind>>),
    /// An object; inside another object or a list only its keys are kept (as `Null`).
    Object(BTreeMap<String, Kind>),
}

impl Kind {
    fn describe(&self) -> String {
        match self {
            Kind::Null => "JSON null",
            Kind::Text(_) => "a JSON string",
            Kind::Scalar => "a JSON number or truth value",
            Kind::List(_) => "a JSON list",
            Kind::Object(_) => "a JSON object",
        }
        .to_owned()
    }

    /// Whether it is a list whose first member is an object.
    pub(super) fn is_list_of_objects(&self) -> bool {
        matches!(self, Kind::List(Some(first)) if matches!(**first, Kind::Object(_)))
    }

    /// Whether it is an object with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self, Kind::Object(keys) if keys.contains_key(key))
    }

    /// Whether it is a list whose first member, if there is one, is an object with this key.
    pub(super) fn could_list(&self, key: &str) -> bool {
        match self {
            Kind::List(None) => true,
            Kind::List(Some(first)) => matches!(&**first, Kind::Object(keys) if keys.contains_key(key)),
            _ => false,
        }
    }

    /// Whether it is an object with this key, or a list as [`Kind::could_list`] means it.
    pub(super) fn could_hold(&self, key: &str) -> bool {
        matches!(self, Kind::Object(keys) if keys.contains_key(key)) || self.could_list(key)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KindVisitor { deep: 2 })
    }
}

/// Looks `deep` levels into objects and lists.
#[derive(Clone, Copy)]
struct KindVisitor {
    deep: u8,
}

impl<'de> serde::de::DeserializeSeed<'de> for KindVisitor {
    type Value = Kind;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Kind, D::Error> {
        if self.deep == 0 {
            return IgnoredAny::deserialize(from).map(|_| Kind::Null);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;
    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Scalar)
    }
    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        // A list costs no level: the keys of its first member are what tells outputs apart.
        let first = list.next_element_seed(self)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Kind::List(first.map(Box::new)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Kind, A::Error> {
        let mut keys = BTreeMap::new();
        while let Some(key) = object.next_key::<String>()? {
            keys.insert(key, object.next_value_seed(KindVisitor { deep: self.deep - 1 })?);
        }
        Ok(Kind::Object(keys))
    }
}

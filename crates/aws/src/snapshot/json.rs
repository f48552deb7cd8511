//! JSON as text: its types, with errors that name the field and its place, and what kind of value it is.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer};
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::SnapshotError;

/// Parses a type from text; an error names the field and its place.
pub(super) fn typed<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, SnapshotError> {
    serde_json::from_str(text).or_else(|_| {
        // The slower parser that tracks the path runs only where there is an error to report.
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

/// The error of a text that is no JSON.
pub(super) fn syntax(name: &str, error: &serde_json::Error) -> SnapshotError {
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

/// What kind of value stands at a key: enough to tell AWS's outputs apart, without building a tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum JsonKind {
    /// `null`.
    Null,
    /// A string.
    Text(String),
    /// A number or a truth value.
    Scalar,
    /// A list and its first member.
    List(Option<Box<JsonKind>>),
    /// An object; inside another object or a list only its keys are kept (as `Null`).
    Object(BTreeMap<String, JsonKind>),
}

impl JsonKind {
    pub(super) fn describe(&self) -> String {
        match self {
            JsonKind::Null => "JSON null",
            JsonKind::Text(_) => "a JSON string",
            JsonKind::Scalar => "a JSON number or truth value",
            JsonKind::List(_) => "a JSON list",
            JsonKind::Object(_) => "a JSON object",
        }
        .to_owned()
    }

    /// Whether it is a list whose first member is an object.
    pub(super) fn is_list_of_objects(&self) -> bool {
        matches!(self, JsonKind::List(Some(first)) if matches!(**first, JsonKind::Object(_)))
    }

    /// Whether it is an object with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        matches!(self, JsonKind::Object(keys) if keys.contains_key(key))
    }

    /// Whether it is a list whose first member, if there is one, is an object with this key.
    pub(super) fn could_list(&self, key: &str) -> bool {
        match self {
            JsonKind::List(None) => true,
            JsonKind::List(Some(first)) => {
                matches!(&**first, JsonKind::Object(keys) if keys.contains_key(key))
            }
            _ => false,
        }
    }

    /// Whether it is an object with this key, or a list as [`JsonKind::could_list`] means it.
    pub(super) fn could_hold(&self, key: &str) -> bool {
        matches!(self, JsonKind::Object(keys) if keys.contains_key(key)) || self.could_list(key)
    }
}

impl<'de> Deserialize<'de> for JsonKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(JsonKindVisitor { deep: 2 })
    }
}

/// Looks `deep` levels into objects and lists.
#[derive(Clone, Copy)]
struct JsonKindVisitor {
    deep: u8,
}

impl<'de> DeserializeSeed<'de> for JsonKindVisitor {
    type Value = JsonKind;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<JsonKind, D::Error> {
        if self.deep == 0 {
            return IgnoredAny::deserialize(from).map(|_| JsonKind::Null);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonKindVisitor {
    type Value = JsonKind;
    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<JsonKind, E> {
        Ok(JsonKind::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }
    fn visit_i64<E>(self, _: i64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }
    fn visit_u64<E>(self, _: u64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }
    fn visit_f64<E>(self, _: f64) -> Result<JsonKind, E> {
        Ok(JsonKind::Scalar)
    }
    fn visit_str<E>(self, text: &str) -> Result<JsonKind, E> {
        Ok(JsonKind::Text(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<JsonKind, A::Error> {
        // A list costs no level: the keys of its first member are what tells outputs apart.
        let first = list.next_element_seed(self)?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonKind::List(first.map(Box::new)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<JsonKind, A::Error> {
        let mut keys = BTreeMap::new();
        while let Some(key) = object.next_key::<String>()? {
            keys.insert(key, object.next_value_seed(JsonKindVisitor { deep: self.deep - 1 })?);
        }
        Ok(JsonKind::Object(keys))
    }
}

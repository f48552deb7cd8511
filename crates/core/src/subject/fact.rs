//! A value that may be unknown.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use crate::known::Known;

/// The key that marks an unknown value in a subject's JSON.
pub const UNKNOWN: &str = "$unknown";

/// A value, or what is missing to know it.
///
/// In JSON a known fact is its value and an unknown one is `{"$unknown": [missing, …]}`; in the
/// schema it is its value's, so that rules are written against the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact<T>(pub Known<T>);

impl<T> Fact<T> {
    /// A fact that is known.
    pub fn known(value: T) -> Self {
        Self(Ok(value))
    }

    /// The value, if it is known.
    pub fn value(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }
}

impl<T> From<Known<T>> for Fact<T> {
    fn from(known: Known<T>) -> Self {
        Self(known)
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(value) => value.serialize(serializer),
            Err(missing) => {
                use serde::ser::SerializeMap;
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(UNKNOWN, missing)?;
                map.end()
            }
        }
    }
}

impl<T: JsonSchema> JsonSchema for Fact<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

//! From user data, as EC2 returns it or as a snapshot keeps it, to its settings.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::parts;
use super::settings::Bootstrap;

impl Bootstrap {
    /// What user data as EC2 returns it, in base64, says.
    pub fn decode(user_data: &str) -> Self {
        let mut found = Self::default();
        parts::read(user_data, &mut found);
        found.tidy();
        found
    }
}

/// A launch template's `UserData`: text is read for its settings and dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserData(pub Bootstrap);

impl Serialize for UserData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for UserData {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextOrSettings;
        impl<'de> Visitor<'de> for TextOrSettings {
            type Value = UserData;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("user data in base64, or the settings that were found in it")
            }
            fn visit_str<E>(self, text: &str) -> Result<UserData, E> {
                Ok(UserData(Bootstrap::decode(text)))
            }
            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<UserData, A::Error> {
                Bootstrap::deserialize(MapAccessDeserializer::new(object)).map(UserData)
            }
        }
        from.deserialize_any(TextOrSettings)
    }
}

//! Documents for programs: the program's JSON, whatever is in it.

use serde::Serialize;

/// Something that can be written as JSON, whatever its type is.
pub trait ToJson {
    /// The JSON, pretty, with a newline at the end.
    fn json(&self) -> String;
}

impl<T: Serialize> ToJson for T {
    fn json(&self) -> String {
        pretty(self)
    }
}

/// Any of the program's JSON, pretty, with a newline at the end.
pub fn pretty(value: &impl Serialize) -> String {
    // The types that come here have string keys and no fallible serializers.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

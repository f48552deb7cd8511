//! A snapshot as bytes: sorted, without nulls, the same for the same state.

use serde_json::Value;

use super::contents::Snapshot;

impl Snapshot {
    /// The snapshot as JSON, for people and for version control.
    pub fn to_json(&self) -> String {
        let mut text = format!("{:#}", self.clone().into_value());
        text.push('\n');
        text
    }

    /// The snapshot as a JSON tree, sorted and without nulls.
    pub(super) fn into_value(mut self) -> Value {
        self.aws.sort();
        self.header.gaps.sort();
        self.header.observations.sort();
        self.header.observations.dedup();
        // Strings, numbers, lists and maps with string keys: there is nothing that JSON could refuse.
        let mut tree = serde_json::to_value(&self).unwrap_or_default();
        strip_nulls(&mut tree);
        tree
    }
}

/// Removes null fields: an absent field and a null one mean the same, and the CLI prints neither.
fn strip_nulls(tree: &mut Value) {
    match tree {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

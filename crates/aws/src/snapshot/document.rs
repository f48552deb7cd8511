//! The documents in one file: JSON, several JSON texts one after the other, or YAML.

use std::borrow::Cow;

use privek_core::yaml;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::error::SnapshotError;
use super::json::syntax;

/// The JSON texts in a file's text; YAML is put into JSON.
pub(super) fn documents<'t>(name: &str, text: &'t str) -> Result<Vec<Cow<'t, str>>, SnapshotError> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(SnapshotError::Empty { path: name.to_owned() });
    }
    if begins_as_json(text) {
        return several(name, text);
    }
    match from_yaml(text) {
        Some(json) => Ok(vec![Cow::Owned(json)]),
        None => match serde_json::from_str::<IgnoredAny>(text) {
            Err(error) => Err(syntax(name, &error)),
            Ok(_) => Ok(vec![Cow::Borrowed(text)]),
        },
    }
}

/// Whether a text can be nothing but JSON.
pub(super) fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// Loops append: `aws … >> file.json`.
fn several<'t>(name: &str, text: &'t str) -> Result<Vec<Cow<'t, str>>, SnapshotError> {
    let mut all = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let (mut parts, mut start) = (Vec::new(), 0);
    while let Some(part) = all.next() {
        if let Err(error) = part {
            return Err(syntax(name, &error));
        }
        let end = all.byte_offset();
        // The place of a mistake in the first one is that in the file.
        parts.push(Cow::Borrowed(text[start..end].trim_start()));
        start = end;
    }
    if let [only] = parts.as_mut_slice() {
        *only = Cow::Borrowed(text);
    }
    Ok(parts)
}

/// `--output yaml`: an object or a list, as JSON. Every text is YAML too, but not such YAML.
fn from_yaml(text: &str) -> Option<String> {
    let tree: Value = yaml::parse(text).ok()?;
    let is_output = match &tree {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    };
    is_output.then(|| format!("{tree:#}"))
}

//! The documents in one file: JSON, several JSON texts one after the other, or YAML.

use std::borrow::Cow;
use std::path::Path;

use privek_core::yaml::{self, Mistake};
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
        Ok(Some(all)) => Ok(all.into_iter().map(Cow::Owned).collect()),
        Err(mistake) if is_yaml(name) => {
            let Mistake { line, column, what: why } = mistake;
            Err(SnapshotError::NotYaml { path: name.to_owned(), line, column, why })
        }
        Ok(None) | Err(_) => match serde_json::from_str::<IgnoredAny>(text) {
            Err(error) => Err(syntax(name, &error)),
            Ok(_) => Ok(vec![Cow::Borrowed(text)]),
        },
    }
}

/// Whether a file's name says that it is YAML.
pub(super) fn is_yaml(name: &str) -> bool {
    let end = Path::new(name).extension();
    end.is_some_and(|end| end.eq_ignore_ascii_case("yaml") || end.eq_ignore_ascii_case("yml"))
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

/// `--output yaml`: objects or lists, as JSON. Every text is YAML too, but not such YAML.
fn from_yaml(text: &str) -> Result<Option<Vec<String>>, Mistake> {
    let trees: Vec<Value> = yaml::parse_all(text)?;
    let is_output = |tree: &Value| match tree {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => items.iter().all(Value::is_object),
        _ => false,
    };
    let all = !trees.is_empty() && trees.iter().all(is_output);
    Ok(all.then(|| trees.iter().map(|tree| format!("{tree:#}")).collect()))
}

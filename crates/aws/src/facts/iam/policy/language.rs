//! The language that policies are written in.

use serde_json::Value;

/// The versions of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LanguageVersion {
    /// `2008-10-17`, and documents that name none: `${` is plain text.
    Old,
    /// `2012-10-17`: `${…}` is a variable.
    Variables,
}

/// The version of a document.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
pub(crate) fn version(document: &Value) -> Result<LanguageVersion, String> {
    match document.get("Version") {
        None => Ok(LanguageVersion::Old),
        Some(Value::String(version)) if version == "2008-10-17" => Ok(LanguageVersion::Old),
        Some(Value::String(version)) if version == "2012-10-17" => Ok(LanguageVersion::Variables),
        Some(other) => Err(format!("the Version is {other}, not 2012-10-17 or 2008-10-17")),
    }
}

/// One text or a list of texts; anything else is not understood.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(one) => Some(vec![one]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

//! One statement of a policy, and whether it applies to a request.

use serde_json::{Map, Value};

use super::{Place, Request, Three, condition, pattern, principal};

/// Whether a statement applies to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    No,
    /// It would, but for its principals or conditions; why.
    Nearly(String),
    Yes,
    Maybe(String),
}

/// The versions of the policy language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// `2008-10-17`, and documents that name none: `${` is plain text.
    Old,
    /// `2012-10-17`: `${…}` is a variable.
    Variables,
}

/// The version of a document.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>
pub(crate) fn version(document: &Value) -> Result<Version, String> {
    match document.get("Version") {
        None => Ok(Version::Old),
        Some(Value::String(version)) if version == "2008-10-17" => Ok(Version::Old),
        Some(Value::String(version)) if version == "2012-10-17" => Ok(Version::Variables),
        Some(other) => Err(format!("its Version is {other}, and not 2012-10-17 or 2008-10-17")),
    }
}

/// Whether a statement applies to a request.
pub(crate) fn touches(
    place: Place,
    version: Version,
    fields: &Map<String, Value>,
    request: Request<'_>,
) -> Touch {
    let mut open: Option<String> = None;
    let mut nearly: Option<String> = None;
    match action(fields, request.action).and(resource(place, version, fields, request)) {
        Three::No(_) => return Touch::No,
        Three::Maybe(why) => open = Some(why),
        Three::Yes => {}
    }
    let principal = match place {
        Place::Identity => Three::Yes,
        Place::Endpoint | Place::Trust => principal::names(fields, request.caller),
    };
    match principal {
        Three::No(why) if why.is_empty() => return Touch::No,
        Three::No(why) => nearly = Some(why),
        Three::Maybe(why) => open = open.or(Some(why)),
        Three::Yes => {}
    }
    match condition::met(version, fields.get("Condition"), request.keys) {
        Three::No(why) => nearly = nearly.or(Some(why)),
        Three::Maybe(why) => open = open.or(Some(why)),
        Three::Yes => {}
    }
    match (nearly, open) {
        (Some(why), _) => Touch::Nearly(why),
        (None, Some(why)) => Touch::Maybe(why),
        (None, None) => Touch::Yes,
    }
}

/// IAM compares actions without case; `*` in the one asked about stands for whatever there may be.
fn action(fields: &Map<String, Value>, action: &str) -> Three {
    let action = action.to_ascii_lowercase();
    let named = |key| {
        let patterns = texts(fields.get(key))?;
        let admits = |pattern: &&str| pattern::admits(&pattern.to_ascii_lowercase(), &action);
        Some(patterns.iter().map(admits).fold(Three::No(String::new()), Three::or))
    };
    match (named("Action"), named("NotAction")) {
        (Some(named), _) => named,
        (None, Some(named)) => named.not(),
        (None, None) => Three::Maybe("has no Action that can be understood".into()),
    }
}

fn resource(place: Place, version: Version, fields: &Map<String, Value>, request: Request<'_>) -> Three {
    let (key, inverted) = match (fields.get("Resource"), fields.get("NotResource")) {
        (Some(_), _) => ("Resource", false),
        (None, Some(_)) => ("NotResource", true),
        // A trust policy is about the role that it belongs to.
        (None, None) if place == Place::Trust => return Three::Yes,
        (None, None) => return Three::Maybe("has no Resource that can be understood".into()),
    };
    let Some(patterns) = texts(fields.get(key)) else {
        return Three::Maybe(format!("has no {key} that can be understood"));
    };
    let mut any = Three::No(String::new());
    for written in patterns {
        let filled = match version {
            Version::Variables => request.keys.expand(written),
            Version::Old => Some(written.to_owned()),
        };
        any = any.or(match (filled, request.resource) {
            (None, _) => Three::Maybe("names its resources by variables".into()),
            // Of an action that takes no resource IAM asks for all of them.
            (Some(pattern), None) => {
                Three::of(!pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*'))
            }
            (Some(pattern), Some(resource)) => pattern::admits(&pattern, resource),
        });
    }
    if inverted { any.not() } else { any }
}

/// One text or a list of texts; anything else is not understood.
pub(crate) fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(one) => Some(vec![one]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

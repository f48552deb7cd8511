//! One statement of a policy, and whether it applies to a request.

use serde_json::{Map, Value};

use super::decision::{Applies, PolicyKind, Request};
use super::keys::{Expanded, Keys};
use super::language::{LanguageVersion, texts};
use super::{condition, pattern, principal};

/// Whether a statement applies to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    No,
    /// It would, but for its principals or conditions; why.
    Nearly(String),
    Yes,
    Maybe(String),
}

/// Whether a statement applies to a request.
pub(crate) fn touches(
    kind: PolicyKind,
    version: LanguageVersion,
    fields: &Map<String, Value>,
    request: Request<'_>,
) -> Touch {
    let mut open: Option<String> = None;
    let mut nearly: Option<String> = None;
    match action(fields, request.action).and(resource(kind, version, fields, request)) {
        Applies::No(_) => return Touch::No,
        Applies::Maybe(why) => open = Some(why),
        Applies::Yes => {}
    }
    let principal = match kind {
        PolicyKind::Identity => Applies::Yes,
        PolicyKind::Endpoint | PolicyKind::GatewayEndpoint | PolicyKind::Trust => {
            principal::names(kind, fields, request.caller)
        }
    };
    match principal {
        Applies::No(why) if why.is_empty() => return Touch::No,
        Applies::No(why) => nearly = Some(why),
        Applies::Maybe(why) => open = open.or(Some(why)),
        Applies::Yes => {}
    }
    match condition::met(version, fields.get("Condition"), request.keys) {
        Applies::No(why) => nearly = nearly.or(Some(why)),
        Applies::Maybe(why) => open = open.or(Some(why)),
        Applies::Yes => {}
    }
    match (nearly, open) {
        (Some(why), _) => Touch::Nearly(why),
        (None, Some(why)) => Touch::Maybe(why),
        (None, None) => Touch::Yes,
    }
}

/// IAM compares actions without case; `*` in the one asked about stands for whatever there may be.
fn action(fields: &Map<String, Value>, action: &str) -> Applies {
    let action = action.to_ascii_lowercase();
    let named = |key| {
        let patterns = texts(fields.get(key))?;
        let admits = |pattern: &&str| pattern::admits(&pattern.to_ascii_lowercase(), &action);
        Some(patterns.iter().map(admits).fold(Applies::No(String::new()), Applies::or))
    };
    match (named("Action"), named("NotAction")) {
        (Some(named), _) => named,
        (None, Some(named)) => named.not(),
        (None, None) => Applies::Maybe("has no Action in a known format".into()),
    }
}

fn resource(
    kind: PolicyKind,
    version: LanguageVersion,
    fields: &Map<String, Value>,
    request: Request<'_>,
) -> Applies {
    let (key, inverted) = match (fields.get("Resource"), fields.get("NotResource")) {
        (Some(_), _) => ("Resource", false),
        (None, Some(_)) => ("NotResource", true),
        // A trust policy is about the role that it belongs to.
        (None, None) if kind == PolicyKind::Trust => return Applies::Yes,
        (None, None) => return Applies::Maybe("has no Resource in a known format".into()),
    };
    let Some(patterns) = texts(fields.get(key)) else {
        return Applies::Maybe(format!("has no {key} in a known format"));
    };
    let mut any = Applies::No(String::new());
    for written in patterns {
        any = any.or(match (filled(version, written, request.keys), request.resource) {
            (None, _) => Applies::Maybe("names resources by variables".into()),
            // Of an action that takes no resource IAM asks for all of them.
            (Some(pattern), None) => {
                Applies::of(!pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*'))
            }
            (Some(pattern), Some(resource)) => covered(&pattern, resource),
        });
    }
    if inverted { any.not() } else { any }
}

/// A pattern of resources with its variables filled in, where their values are known.
pub(super) fn filled(version: LanguageVersion, written: &str, keys: &Keys) -> Option<String> {
    match version {
        LanguageVersion::Variables => match keys.expand(written) {
            Expanded::Text(text) => Some(text),
            Expanded::Nothing | Expanded::OwnOrganization(_) | Expanded::OfAws | Expanded::Unknown => None,
        },
        LanguageVersion::Old => Some(written.to_owned()),
    }
}

/// Whether a pattern stands for the resources of a request.
pub(super) fn covered(pattern: &str, resource: &str) -> Applies {
    // The ARN of a bucket has no slash, so that no pattern of objects' ARNs covers it.
    if is_bucket(resource) && pattern.contains('/') {
        return Applies::No(String::new());
    }
    pattern::admits_resource(pattern, resource)
}

fn is_bucket(arn: &str) -> bool {
    arn.contains(":s3:::") && !arn.contains('/')
}

//! What a policy document says about one request, in three values, as IAM decides it: a refusal
//! outranks every permission, and what no statement allows is refused.
//!
//! Conditions decide where the request's value of their key is known, or where the request provably
//! does not carry the key. Everything else leaves the statement undecided, with the reason: it is
//! never a permission and never a refusal.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod condition;
mod keys;
mod pattern;
mod principal;
mod statement;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(crate) use keys::{Carried, Keys};
pub(crate) use principal::Caller;
use statement::Touch;

/// What a policy says about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It is allowed.
    Allowed,
    /// No statement allows it, and why not.
    ImplicitDeny(String),
    /// A statement denies it: which.
    ExplicitDeny(String),
    /// It depends on something that is not known here.
    Undecided(String),
}

/// What a policy is attached to, which decides what its statements hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyKind {
    /// To a VPC endpoint: statements name principals and resources.
    Endpoint,
    /// To a role, as what it may do: statements name no principals.
    Identity,
    /// To a role, as who may assume it: statements name no resources.
    Trust,
}

/// One action on one resource, by one caller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// For instance `s3:GetObject`.
    pub action: &'a str,
    /// An ARN, in which `*` stands for whatever there may be; `None` for an action that takes no
    /// resource, which only statements about all resources cover.
    pub resource: Option<&'a str>,
    /// Who asks.
    pub caller: &'a Caller,
    /// What the request carries besides.
    pub keys: &'a Keys,
}

/// Whether a part of a statement applies to a request. Not `Known<bool>`: what is not so has a reason, too,
/// and of several reasons the first is reported.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Applies {
    Yes,
    /// Why not.
    No(String),
    /// What it depends on.
    Maybe(String),
}

impl Applies {
    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No(String::new()) }
    }

    /// Both: what is certainly not so outranks what is not known.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (no @ Self::No(_), _) | (_, no @ Self::No(_)) => no,
            (maybe @ Self::Maybe(_), _) | (_, maybe @ Self::Maybe(_)) => maybe,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }

    /// Either: what is certainly so outranks what is not known.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (maybe @ Self::Maybe(_), _) | (_, maybe @ Self::Maybe(_)) => maybe,
            (no @ Self::No(_), Self::No(_)) => no,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No(String::new()),
            Self::No(_) => Self::Yes,
            maybe @ Self::Maybe(_) => maybe,
        }
    }
}

/// Evaluates a policy document in text for one request.
///
/// # Errors
/// Why the document cannot be read.
pub(crate) fn evaluate_text(
    kind: PolicyKind,
    document: &str,
    request: Request<'_>,
) -> Result<Decision, String> {
    let document =
        serde_json::from_str(document).map_err(|error| format!("the document is not JSON ({error})"))?;
    evaluate(kind, &document, request)
}

/// Evaluates a policy document for one request.
///
/// # Errors
/// Why the document cannot be read.
pub(crate) fn evaluate(kind: PolicyKind, document: &Value, request: Request<'_>) -> Result<Decision, String> {
    all(kind, &[document], request)
}

/// Evaluates the documents that are attached to one thing, together, for one request.
///
/// # Errors
/// Why one of them cannot be read.
pub(crate) fn all(kind: PolicyKind, documents: &[&Value], request: Request<'_>) -> Result<Decision, String> {
    let mut sum = StatementSum::default();
    for document in documents {
        let version = statement::version(document)?;
        let statements = match document.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err("the document has no Statement".into()),
        };
        for (at, one) in statements.into_iter().enumerate() {
            let fields = one.as_object().ok_or_else(|| format!("Statement[{at}] is not an object"))?;
            let sid = fields.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
            let name = sid.map_or_else(|| format!("Statement[{at}]"), |sid| format!("statement {sid}"));
            let allow = match fields.get("Effect").and_then(Value::as_str) {
                Some("Allow") => true,
                Some("Deny") => false,
                _ => return Err(format!("Statement[{at}] has no Effect Allow or Deny")),
            };
            sum.add(&name, allow, statement::touches(kind, version, fields, request), request);
        }
    }
    Ok(sum.decide(request))
}

/// What the statements so far say together.
#[derive(Default)]
struct StatementSum {
    allowed: bool,
    denied: Option<String>,
    allows_maybe: Option<String>,
    denies_maybe: Option<String>,
    /// A statement that would allow the request, but for its condition.
    nearly: Option<String>,
}

impl StatementSum {
    fn add(&mut self, name: &str, allow: bool, touch: Touch, request: Request<'_>) {
        let into = match (touch, allow) {
            (Touch::Yes, true) => {
                self.allowed = true;
                return;
            }
            (Touch::Yes, false) => (&mut self.denied, format!("{name} denies {}", request.action)),
            (Touch::Maybe(why), true) => (&mut self.allows_maybe, format!("{name} {why}")),
            (Touch::Maybe(why), false) => (&mut self.denies_maybe, format!("{name} {why}")),
            (Touch::Nearly(why), true) => (&mut self.nearly, format!("{name} {why}")),
            (Touch::No | Touch::Nearly(_), _) => return,
        };
        into.0.get_or_insert(into.1);
    }

    /// A definite refusal outranks what is undecided, and that outranks a permission.
    fn decide(self, request: Request<'_>) -> Decision {
        match (self.denied, self.denies_maybe, self.allowed, self.allows_maybe) {
            (Some(why), ..) => Decision::ExplicitDeny(why),
            (None, _, false, None) => {
                let on = request.resource.map(|resource| format!(" on {resource}")).unwrap_or_default();
                let nearly = self.nearly.map(|why| format!(": {why}")).unwrap_or_default();
                Decision::ImplicitDeny(format!("no statement allows {}{on}{nearly}", request.action))
            }
            (None, Some(why), ..) | (None, None, false, Some(why)) => Decision::Undecided(why),
            (None, None, true, _) => Decision::Allowed,
        }
    }
}

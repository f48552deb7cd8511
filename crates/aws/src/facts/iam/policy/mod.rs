//! What a policy document says about one request, in three values, as IAM decides it: a refusal
//! outranks every permission, and what no statement allows is refused.
//!
//! Conditions decide where the request's value of their key is known, or where the request provably
//! does not carry the key. Everything else leaves the statement undecided, with the reason: it is
//! never a permission and never a refusal.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

mod cases;
mod condition;
pub mod decision;
mod keys;
mod language;
mod moment;
mod pattern;
mod principal;
mod statement;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use decision::{Decision, PolicyKind, Request};
use language::LanguageVersion;
use statement::Touch;

pub(crate) use keys::{Carried, Keys, OrganizationKey};
pub(crate) use moment::Moments;
pub(crate) use principal::{Caller, is_account};

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
    let mut statements = Vec::new();
    for document in documents {
        let version = language::version(document)?;
        let listed = match document.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err("the document has no Statement".into()),
        };
        for (at, one) in listed.into_iter().enumerate() {
            statements.push(Statement::of(at, version, one)?);
        }
    }
    let decision = decide(kind, &statements, request);
    if !matches!(decision, Decision::Undecided(_)) {
        return Ok(decision);
    }
    // What depends on values that are not known may come out alike whatever they are.
    let about =
        |one: &&Statement<'_>| statement::touches(kind, one.version, one.fields, request) != Touch::No;
    let about: Vec<_> = statements.iter().filter(about).map(|one| (one.version, one.fields)).collect();
    let cases = cases::of(&about, request).unwrap_or_default();
    let each = cases.iter().map(|case| {
        let request = Request { resource: case.resource.as_deref(), keys: &case.keys, ..request };
        decide(kind, &statements, request)
    });
    Ok(cases::agreed(each.collect(), request).unwrap_or(decision))
}

fn decide(kind: PolicyKind, statements: &[Statement<'_>], request: Request<'_>) -> Decision {
    let mut sum = StatementSum::default();
    for one in statements {
        let touch = statement::touches(kind, one.version, one.fields, request);
        sum.add(&one.name, one.allow, touch, request);
    }
    sum.decide(request)
}

/// One statement of a document.
struct Statement<'d> {
    /// For messages.
    name: String,
    allow: bool,
    version: LanguageVersion,
    fields: &'d Map<String, Value>,
}

impl<'d> Statement<'d> {
    fn of(at: usize, version: LanguageVersion, one: &'d Value) -> Result<Self, String> {
        let fields = one.as_object().ok_or_else(|| format!("Statement[{at}] is not an object"))?;
        let sid = fields.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
        let name = sid.map_or_else(|| format!("Statement[{at}]"), |sid| format!("statement {sid}"));
        let allow = match fields.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(format!("Statement[{at}] has no Effect Allow or Deny")),
        };
        Ok(Self { name, allow, version, fields })
    }
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

//! What a VPC endpoint's policy allows: a small and honest part of IAM's evaluation.
//!
//! Understood are Effect, Action, Resource and their negations with wildcards, and the principal
//! `*`. A condition, a named principal, `NotPrincipal` and policy variables leave a statement
//! undecided, unless it cannot touch the request anyway.

use serde_json::{Map, Value};

/// What a policy says about one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Everybody may.
    Allowed,
    /// Nobody may, and why.
    Denied(String),
    /// It depends on something that is not evaluated here.
    Undecided(String),
}

/// One action on one resource (`*` in it stands for whatever there may be).
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// For instance `s3:GetObject`.
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
}

/// Evaluates a policy document for one request.
///
/// # Errors
/// Why the document cannot be read.
pub(super) fn evaluate(document: &str, request: Request<'_>) -> Result<Decision, String> {
    let document: Value =
        serde_json::from_str(document).map_err(|error| format!("it is not JSON ({error})"))?;
    let statements = match document.get("Statement") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err("it has no Statement".into()),
    };
    let (mut allowed, mut denied, mut allows_maybe, mut denies_maybe) = (false, None, None, None);
    for (at, statement) in statements.into_iter().enumerate() {
        let statement = statement.as_object().ok_or_else(|| format!("Statement[{at}] is not an object"))?;
        let sid = statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty());
        let name = sid.map_or_else(|| format!("Statement[{at}]"), |sid| format!("statement {sid}"));
        let allow = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(format!("Statement[{at}] has neither the Effect Allow nor Deny")),
        };
        match (touches(statement, request), allow) {
            (Touch::No, _) => {}
            (Touch::Yes, true) => allowed = true,
            (Touch::Yes, false) => denied = denied.or(Some(format!("{name} denies {}", request.action))),
            (Touch::Maybe(why), true) => allows_maybe = allows_maybe.or(Some(format!("{name} {why}"))),
            (Touch::Maybe(why), false) => denies_maybe = denies_maybe.or(Some(format!("{name} {why}"))),
        }
    }
    // A definite refusal outranks what is undecided, and that outranks a permission.
    Ok(match (denied, denies_maybe, allowed, allows_maybe) {
        (Some(why), ..) => Decision::Denied(why),
        (None, _, false, None) => {
            Decision::Denied(format!("no statement allows {} on {}", request.action, request.resource))
        }
        (None, Some(why), ..) | (None, None, false, Some(why)) => Decision::Undecided(why),
        (None, None, true, _) => Decision::Allowed,
    })
}

/// Whether a statement applies to a request.
enum Touch {
    No,
    Yes,
    Maybe(String),
}

fn touches(statement: &Map<String, Value>, request: Request<'_>) -> Touch {
    let mut open: Option<String> = None;
    // IAM compares actions without case.
    let action = request.action.to_ascii_lowercase();
    let named = |key| {
        let patterns = texts(statement.get(key))?;
        Some(patterns.iter().any(|pattern| covers(&pattern.to_ascii_lowercase(), &action)))
    };
    match (named("Action"), named("NotAction")) {
        (Some(true), _) | (None, Some(false)) => {}
        (Some(false), _) | (None, Some(true)) => return Touch::No,
        (None, None) => open = Some("has no Action that can be understood".into()),
    }
    let (key, inverted) = match statement.get("Resource") {
        Some(_) => ("Resource", false),
        None => ("NotResource", true),
    };
    match texts(statement.get(key)) {
        Some(patterns) if patterns.iter().any(|pattern| pattern.contains("${")) => {
            open = open.or(Some("names its resources by variables".into()));
        }
        Some(patterns) => {
            let whole = patterns.iter().any(|pattern| covers(pattern, request.resource));
            let none = !patterns.iter().any(|pattern| meet(pattern, request.resource));
            if if inverted { whole } else { none } {
                return Touch::No;
            }
            if !whole && !none {
                open = open.or(Some(format!("covers a part of {} only", request.resource)));
            }
        }
        None => open = open.or(Some("has no Resource that can be understood".into())),
    }
    if !everybody(statement) {
        open = open.or(Some("names its principals".into()));
    }
    if statement
        .get("Condition")
        .is_some_and(|condition| condition.as_object().is_none_or(|map| !map.is_empty()))
    {
        open = open.or(Some("has a condition".into()));
    }
    open.map_or(Touch::Yes, Touch::Maybe)
}

/// Whether the principal is everybody.
fn everybody(statement: &Map<String, Value>) -> bool {
    let star = |value: &Value| texts(Some(value)).is_some_and(|names| names.contains(&"*"));
    match statement.get("Principal") {
        Some(Value::Object(map)) => map.get("AWS").is_some_and(star),
        Some(value) => star(value),
        None => false,
    }
}

/// One text or a list of texts; anything else is not understood.
fn texts(value: Option<&Value>) -> Option<Vec<&str>> {
    match value? {
        Value::String(one) => Some(vec![one]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Whether a pattern admits everything that `text` stands for, whose `*` only a `*` can match.
fn covers(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if text[t] != '*' && (c == '?' || c == text[t]) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

/// Whether two patterns can stand for the same text.
fn meet(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // row[j]: whether what is left of `a` can meet `b[j..]`, filled from the ends.
    let mut row: Vec<bool> = (0..=b.len()).map(|j| b[j..].iter().all(|&c| c == '*')).collect();
    for i in (0..a.len()).rev() {
        let mut next = vec![false; b.len() + 1];
        next[b.len()] = a[i] == '*' && row[b.len()];
        for j in (0..b.len()).rev() {
            next[j] = match (a[i], b[j]) {
                ('*', _) | (_, '*') => row[j] || next[j + 1] || row[j + 1],
                (x, y) => (x == y || x == '?' || y == '?') && row[j + 1],
            };
        }
        row = next;
    }
    row[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: Request<'static> = Request {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/*",
    };

    fn of(document: &str) -> Decision {
        evaluate(document, LAYERS).unwrap()
    }

    fn statement(effect: &str, rest: &str) -> String {
        format!(r#"{{"Effect": "{effect}", "Principal": "*", {rest}}}"#)
    }

    fn policy(statements: &[String]) -> String {
        format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "))
    }

    const BUCKET: &str = r#""Action": "s3:GetObject", "Resource": ["arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/*"]"#;
    const ALL: &str = r#""Action": "*", "Resource": "*""#;

    #[test]
    fn full_access_and_the_layer_bucket_alone_are_allowed() {
        assert_eq!(of(&policy(&[statement("Allow", ALL)])), Decision::Allowed);
        assert_eq!(of(&policy(&[statement("Allow", BUCKET)])), Decision::Allowed);
        let one = r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["S3:get*"], "Resource": "arn:aws:s3:::*"}}"#;
        assert_eq!(of(one), Decision::Allowed);
    }

    #[test]
    fn a_policy_for_other_buckets_denies() {
        let other = policy(&[statement("Allow", r#""Action": "s3:*", "Resource": "arn:aws:s3:::mine/*""#)]);
        assert!(
            matches!(of(&other), Decision::Denied(why) if why.contains("no statement allows s3:GetObject"))
        );
        assert!(matches!(of(r#"{"Statement": []}"#), Decision::Denied(_)));
    }

    #[test]
    fn a_deny_outranks_every_allow() {
        assert!(matches!(
            of(&policy(&[statement("Allow", ALL), statement("Deny", BUCKET)])),
            Decision::Denied(why) if why.contains("Statement[1] denies")
        ));
    }

    #[test]
    fn conditions_and_named_principals_leave_it_undecided() {
        let conditional =
            format!(r#"{ALL}, "Condition": {{"StringEquals": {{"aws:PrincipalOrgID": "o-1"}}}}"#);
        assert!(matches!(of(&policy(&[statement("Allow", &conditional)])), Decision::Undecided(_)));
        let both = policy(&[statement("Allow", ALL), statement("Deny", &conditional)]);
        assert!(matches!(of(&both), Decision::Undecided(_)));
        let either = policy(&[statement("Allow", &conditional), statement("Allow", ALL)]);
        assert_eq!(of(&either), Decision::Allowed);
        let named = r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/node"}, "Action": "s3:*", "Resource": "*"}]}"#;
        assert!(matches!(of(named), Decision::Undecided(_)));
    }

    #[test]
    fn not_action_and_not_resource_mean_everything_else() {
        let decide =
            |effect: &str, rest: &str| of(&policy(&[statement("Allow", ALL), statement(effect, rest)]));
        let others = r#""NotAction": "s3:*", "Resource": "*""#;
        assert_eq!(decide("Deny", others), Decision::Allowed);
        assert!(matches!(decide("Deny", r#""NotAction": "ecr:*", "Resource": "*""#), Decision::Denied(_)));
        let mine = r#""Action": "s3:*", "NotResource": "arn:aws:s3:::mine/*""#;
        assert!(matches!(decide("Deny", mine), Decision::Denied(_)));
        let layers = r#""Action": "s3:*", "NotResource": "arn:aws:s3:::prod-*""#;
        assert_eq!(decide("Deny", layers), Decision::Allowed);
        assert!(matches!(of(&policy(&[statement("Allow", others)])), Decision::Denied(_)));
        let harmless = r#""NotAction": "ec2:*", "Resource": "arn:aws:s3:::mine/*""#;
        assert!(matches!(of(&policy(&[statement("Allow", harmless)])), Decision::Denied(_)));
    }

    #[test]
    fn variables_leave_it_undecided() {
        let rest = r#""Action": "s3:*", "Resource": "arn:aws:s3:::${aws:PrincipalTag/x}/*""#;
        assert!(matches!(of(&policy(&[statement("Allow", rest)])), Decision::Undecided(_)));
    }

    #[test]
    fn a_part_of_what_is_needed_is_undecided() {
        let part = r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::prod-ap-northeast-1-starport-layer-bucket/a*""#;
        assert!(matches!(of(&policy(&[statement("Allow", part)])), Decision::Undecided(_)));
        let own = policy(&[statement(
            "Allow",
            r#""Action": "ecr:*", "Resource": "arn:aws:ecr:ap-northeast-1:111122223333:repository/*""#,
        )]);
        let pull =
            Request { action: "ecr:BatchGetImage", resource: "arn:aws:ecr:ap-northeast-1:*:repository/*" };
        assert!(matches!(evaluate(&own, pull).unwrap(), Decision::Undecided(_)));
    }

    #[test]
    fn what_is_no_policy_is_an_error() {
        for text in [
            "{'Statement': []}",
            "[]",
            "null",
            r#"{"Statement": [5]}"#,
            r#"{"Statement": [{"Effect": "allow"}]}"#,
        ] {
            assert!(evaluate(text, LAYERS).is_err(), "{text}");
        }
    }

    #[test]
    fn patterns_cover_and_meet() {
        assert!(covers("*", "anything") && covers("a*c", "abc") && covers("a?c", "abc") && covers("", ""));
        assert!(!covers("a?c", "a*c") && covers("a*c", "a*c") && !covers("abc", "a*c") && !covers("a", ""));
        assert!(
            meet("a*", "*b")
                && meet("abc", "a*c")
                && meet("a?c", "abc")
                && !meet("ab*", "ac*")
                && meet("*", "")
        );
    }
}

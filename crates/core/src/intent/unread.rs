//! What the user declares in place of what cannot be read.

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::time::Time;
use crate::yaml;

use super::Ids;
use super::declared::Unread;
use super::error::{IntentError, Wrong};

/// How every operation of a service is named.
const ALL: &str = ":*";

/// `unread:` as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenUnread {
    operation: Spanned<String>,
    means: Spanned<String>,
    reason: Spanned<String>,
    until: Spanned<String>,
}

/// What the list declares.
pub(super) fn understood(
    ids: &Ids,
    list: Vec<WrittenUnread>,
    wrong: Wrong<'_>,
) -> Result<Vec<Unread>, IntentError> {
    let mut declared: Vec<Unread> = Vec::new();
    for (at, written) in list.into_iter().enumerate() {
        let fail = |place, field: &str, what: String| wrong(place, format!("unread[{at}].{field}: {what}"));
        let (operation, place) = (written.operation.value, written.operation.referenced);
        check_operation(ids, &operation).map_err(|what| fail(place, "operation", what))?;
        if declared.iter().any(|known| known.operation == operation) {
            return Err(fail(place, "operation", format!("'{operation}' is declared twice")));
        }
        if written.means.value != "none" {
            let what = format!("'{}' is not understood; valid is none", written.means.value);
            return Err(fail(written.means.referenced, "means", what));
        }
        let reason = written.reason.value;
        if reason.trim().is_empty() {
            return Err(fail(written.reason.referenced, "reason", "the reason is empty".to_owned()));
        }
        let until = written.until.value;
        let date = Time::parse(&until).filter(|time| time.date() == until);
        let until = date.ok_or_else(|| {
            let what = format!("'{until}' is not a date; the form is 2027-03-31");
            fail(written.until.referenced, "until", what)
        })?;
        declared.push(Unread { operation, reason, until });
    }
    Ok(declared)
}

fn check_operation(ids: &Ids, operation: &str) -> Result<(), String> {
    let mut known = (ids.unread_operations)();
    let services: Vec<String> = known
        .iter()
        .filter_map(|known| known.split_once(':'))
        .map(|(service, _)| format!("{service}{ALL}"))
        .collect();
    known.extend(services);
    known.sort();
    known.dedup();
    if known.iter().any(|known| known == operation) {
        return Ok(());
    }
    let meant = yaml::nearest(operation, known.iter().map(String::as_str));
    let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    Err(format!(
        "'{operation}' is not an operation that may be declared; {meant}valid are {}",
        known.join(", ")
    ))
}

impl Unread {
    /// Whether this is about an operation, by its service and its name.
    pub fn is_about(&self, service: &str, operation: &str) -> bool {
        match self.operation.strip_suffix(ALL) {
            Some(whole) => whole == service,
            None => self.operation.split_once(':') == Some((service, operation)),
        }
    }

    /// Whether this holds at a time, in seconds since 1970: until the end of its last day.
    pub fn holds_at(&self, seconds: i64) -> bool {
        self.until.seconds().is_some_and(|until| seconds < until + 86_400)
    }
}

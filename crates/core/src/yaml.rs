//! YAML that people write: each mistake in one line, with its place and what would be right.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location};
use strsim::levenshtein;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from one.
    pub line: usize,
    /// The column, from one.
    pub column: usize,
    /// The field, what is wrong with it, and what would be right.
    pub what: String,
}

/// Reads YAML into any shape.
pub fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Mistake> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| mistake(&error))
}

/// Reads all YAML documents of a text.
pub fn parse_all<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, Mistake> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|error| mistake(&error))
}

fn mistake(error: &Error) -> Mistake {
    let (line, column) = error.location().map_or((1, 1), place);
    Mistake { line, column, what: explain(error) }
}

/// Line and column, from one.
pub fn place(location: Location) -> (usize, usize) {
    let from_one = |n: u64| usize::try_from(n).unwrap_or(1).max(1);
    (from_one(location.line()), from_one(location.column()))
}

fn explain(error: &Error) -> String {
    match error.without_snippet() {
        Error::SerdeUnknownField { field, expected, .. } => {
            let meant = nearest(field, expected.iter().copied());
            let meant = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            format!("unknown field `{field}`; {meant}known are {}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => format!("the field `{field}` is missing"),
        Error::DuplicateMappingKey { key, .. } => {
            format!("the field `{}` is set twice", key.as_deref().unwrap_or("?"))
        }
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } => msg.clone(),
        Error::Unexpected { expected, .. } if *expected == "mapping start" => {
            "fields are expected here, for instance `name: value`".to_owned()
        }
        Error::Unexpected { expected, .. } if *expected == "sequence start" => {
            "a list is expected here, for instance `[value]`".to_owned()
        }
        other => {
            let text = other.render_with_formatter(&serde_saphyr::UserMessageFormatter);
            let line = text.lines().next().unwrap_or_default();
            // The place stands before the message already.
            line.split_once(" at line ").map_or(line, |(what, _)| what).to_owned()
        }
    }
}

/// The candidate that a mistyped name most likely means.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let scored = candidates.into_iter().map(|candidate| (levenshtein(name, candidate), candidate));
    scored.filter(|(score, _)| *score <= 2 + name.len() / 4).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_means_the_nearest_one_if_any_is_near() {
        assert_eq!(nearest("asert", ["when", "assert", "subject"]), Some("assert"));
        assert_eq!(nearest("fargte", ["karpenter", "fargate"]), Some("fargate"));
        assert_eq!(nearest("ingress", ["karpenter", "fargate"]), None);
    }

    #[test]
    fn a_text_that_breaks_off_has_a_place() {
        let mistake = parse::<Vec<String>>("- one\n- [two\n").unwrap_err();
        assert!(mistake.line >= 2 && !mistake.what.contains('\n'), "{mistake:?}");
    }
}

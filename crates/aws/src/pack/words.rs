//! How rules, fixes and fields are worded.

use serde_json::Value;

use privek_core::rule::built_in;

use super::PACK;

#[path = "../../../../tests/support/words.rs"]
mod house;

use house::{long_sentences, plain, problems};

/// The longest title, in characters.
const LONGEST_TITLE: usize = 60;

fn wrong(place: &str, template: &str) -> Vec<String> {
    let text = plain(template);
    let found = problems(&text).into_iter().chain(long_sentences(&text));
    found.map(|problem| format!("{place}: {problem}")).collect()
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} problems:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn titles_fit_into_a_line() {
    for rule in built_in(&PACK).unwrap().iter() {
        let characters = rule.title.chars().count();
        assert!(characters <= LONGEST_TITLE, "{}: {characters} characters: {}", rule.id, rule.title);
    }
}

#[test]
fn rules_use_the_provider_s_nouns_in_short_sentences() {
    let mut all = Vec::new();
    for rule in built_in(&PACK).unwrap().iter() {
        let texts = [
            ("title", &rule.title),
            ("why", &rule.why),
            ("message", &rule.message),
            ("fix", &rule.fix.summary),
        ];
        all.extend(texts.iter().flat_map(|(part, text)| wrong(&format!("{} {part}", rule.id), text)));
    }
    none(&all);
}

#[test]
fn fixes_of_blockers_use_the_provider_s_nouns_in_short_sentences() {
    let fixes: Value = serde_saphyr::from_str(PACK.blockers.text).unwrap();
    let fixes = fixes.as_object().unwrap();
    assert!(fixes.len() > 20, "{}", fixes.len());
    let summary = |(code, fix): (&String, &Value)| wrong(code, fix["summary"].as_str().unwrap());
    none(&fixes.iter().flat_map(summary).collect::<Vec<_>>());
}

#[test]
fn fields_are_described_with_the_provider_s_nouns_in_short_sentences() {
    let vocabulary = (PACK.vocabulary)();
    let mut all = Vec::new();
    for (kind, schema) in vocabulary.kinds.iter().chain([(&"target".to_owned(), &vocabulary.target)]) {
        described(kind, schema, &mut all);
    }
    all.sort();
    all.dedup();
    none(&all);
}

/// What is wrong with the descriptions in a schema, at any depth.
fn described(place: &str, schema: &Value, all: &mut Vec<String>) {
    match schema {
        Value::Object(parts) => {
            for (name, part) in parts {
                match part.as_str() {
                    Some(text) if name == "description" => all.extend(wrong(place, text)),
                    _ if ["properties", "$defs"].contains(&name.as_str()) => described(place, part, all),
                    _ => described(&format!("{place}.{name}"), part, all),
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| described(place, part, all)),
        _ => {}
    }
}

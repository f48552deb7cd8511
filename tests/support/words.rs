//! What no text of this program says. Included by the tests of the packages that own texts.

use std::fmt::Write as _;

/// Words and phrases instead of which AWS and Kubernetes have a noun or a verb of their own. A star stands
/// for any ending. A capital at the beginning means the word in this case only: at the start of a sentence.
const BANNED: &[&str] = &[
    "in the way",
    "in_the_way",
    "stand in",
    "stands in",
    "lead",
    "leads",
    "led",
    "told",
    "greet*",
    "mend*",
    "whom",
    "come in",
    "comes in",
    "come to",
    "comes to",
    "its way",
    "their way",
    "the way",
    "no way",
    "nobody*",
    "what becomes",
    "give up",
    "gives up",
    "find its",
    "finds its",
    "find their",
    "finds their",
    "admit it",
    "admits it",
    "admit them",
    "admits them",
    "Let",
    "Give",
    "the best one",
    "such",
    "on paper",
    "speak",
    "speaks",
    "hear",
    "hears",
    "sees",
    "hand out",
    "hands out",
    "hand over",
    "hands over",
    "trade",
    "trades",
    "go out",
    "goes out",
    "get out",
    "gets out",
];

/// The words before "endpoint" that say what kind of endpoint.
const KINDS_OF_ENDPOINT: &[&str] = &["vpc", "api", "resolver", "service", "vpn"];

/// The most words of a sentence.
const MOST_WORDS: usize = 25;

/// What a text says that it must not.
pub fn problems(text: &str) -> Vec<String> {
    let words: Vec<&str> = words(text);
    let mut found = Vec::new();
    for phrase in BANNED {
        let parts: Vec<&str> = phrase.split(' ').collect();
        if words.windows(parts.len()).any(|at| at.iter().zip(&parts).all(|(word, part)| is(word, part))) {
            found.push(format!("'{phrase}'"));
        }
    }
    for (at, word) in words.iter().enumerate() {
        let is_endpoint = ["endpoint", "endpoints"].iter().any(|known| word.eq_ignore_ascii_case(known));
        let before = at.checked_sub(1).map(|before| words[before].to_lowercase());
        let kind = before.as_deref().map(|before| before.trim_end_matches("'s"));
        if is_endpoint && !kind.is_some_and(|kind| KINDS_OF_ENDPOINT.contains(&kind)) {
            found.push(format!("'{} {word}', without its kind", before.unwrap_or_default()));
        }
    }
    found
}

/// The sentences that are too long to be read once.
pub fn long_sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![Vec::new()];
    for word in text.split_whitespace() {
        if let Some(last) = sentences.last_mut() {
            last.push(word);
        }
        if word.ends_with(['.', '!', '?']) {
            sentences.push(Vec::new());
        }
    }
    let long = sentences.into_iter().filter(|words| words.len() > MOST_WORDS);
    long.map(|words| format!("{} words: {}", words.len(), words.join(" "))).collect()
}

/// The text of a template without its expressions, and any text without its code: each is one word.
pub fn plain(template: &str) -> String {
    let mut text = template.to_owned();
    for (begin, end, word) in [("{#", "#}", " "), ("{%", "%}", " "), ("{{", "}}", "X"), ("`", "`", "X")] {
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some((before, inside)) = rest.split_once(begin) {
            let Some((_, after)) = inside.split_once(end) else { break };
            let _ = write!(plain, "{before}{word}");
            rest = after;
        }
        plain.push_str(rest);
        text = plain;
    }
    text
}

fn words(text: &str) -> Vec<&str> {
    let in_word = |c: char| c.is_alphanumeric() || c == '\'' || c == '_';
    text.split(|c| !in_word(c)).filter(|word| !word.is_empty()).collect()
}

fn is(word: &str, part: &str) -> bool {
    if part.starts_with(char::is_uppercase) {
        return word == part;
    }
    let word = word.to_lowercase();
    part.strip_suffix('*').map_or_else(|| word == part, |begin| word.starts_with(begin))
}

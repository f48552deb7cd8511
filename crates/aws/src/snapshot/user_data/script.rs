//! What shell scripts are made of, as far as it can be known without running them: lines, commands,
//! words, and variables that have one value.

use std::collections::BTreeMap;

/// What stands for text that only the running script knows.
pub(super) const UNKNOWN: char = '\u{fffc}';

/// Variables that a script sets.
#[derive(Clone, Debug, Default)]
pub(super) struct ShellVariables(BTreeMap<String, Option<String>>);

impl ShellVariables {
    /// Sets a variable; a second value, or none that is certain, makes it unknown.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let known = self.0.entry(name.to_owned()).or_insert_with(|| value.map(str::to_owned));
        if known.as_deref() != value {
            *known = None;
        }
    }

    /// A text with its variables replaced; `None` where one is not known.
    pub fn expand(&self, text: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['$', '`', UNKNOWN]) {
            out.push_str(&rest[..at]);
            let after = rest[at..].strip_prefix('$')?;
            let (name, tail) = if let Some(braced) = after.strip_prefix('{') {
                braced.split_once('}')?
            } else {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                after.split_at(end.unwrap_or(after.len()))
            };
            out.push_str(self.0.get(&name.to_ascii_lowercase()).or_else(|| self.0.get(name))?.as_deref()?);
            rest = tail;
        }
        out.push_str(rest);
        Some(out)
    }
}

/// A script's lines: continued ones joined, and the bodies of here-documents apart.
pub(super) fn lines(text: &str) -> (Vec<String>, Vec<String>) {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let (mut lines, mut written) = (Vec::new(), Vec::new());
    let mut all = joined.lines();
    while let Some(line) = all.next() {
        lines.push(line.to_owned());
        for end in here_documents(line) {
            // The line that opens it says where it is written to.
            let mut body = format!("# {line}\n");
            for inner in all.by_ref() {
                if inner.trim() == end {
                    break;
                }
                body.push_str(inner);
                body.push('\n');
            }
            written.push(body);
        }
    }
    (lines, written)
}

/// The words that end the here-documents which a line opens.
fn here_documents(line: &str) -> Vec<String> {
    let mut ends = Vec::new();
    for (at, _) in line.match_indices("<<") {
        let rest = line[at + 2..].trim_start_matches('-').trim_start();
        if rest.starts_with('<') || line[..at].ends_with('<') {
            continue;
        }
        let word: String = rest
            .trim_start_matches(['"', '\'', '\\'])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-')
            .collect();
        if !word.is_empty() {
            ends.push(word);
        }
    }
    ends
}

/// A line's commands, each as its words; what is substituted by a command's output is unknown.
pub(super) fn commands(line: &str) -> Vec<Vec<String>> {
    pieces(&substituted(line))
        .iter()
        .map(|piece| shlex::split(piece).map(plain).unwrap_or_default())
        .collect()
}

/// Words without redirections.
fn plain(words: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let bare = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if let Some(target) = bare.strip_prefix(['>', '<']) {
            if target.trim_start_matches(['>', '<', '-', '&']).is_empty() {
                words.next();
            }
            continue;
        }
        kept.push(word);
    }
    kept
}

/// Replaces `$(…)` and `` `…` `` by what stands for unknown text.
fn substituted(line: &str) -> String {
    let mut out = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '$' if characters.peek() == Some(&'(') => {
                let mut depth = 0u32;
                for inner in characters.by_ref() {
                    match inner {
                        '(' => depth += 1,
                        ')' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
                out.push(UNKNOWN);
            }
            '`' => {
                characters.by_ref().find(|inner| *inner == '`');
                out.push(UNKNOWN);
            }
            other => out.push(other),
        }
    }
    out
}

/// Splits at `;`, `|` and `&` outside quotes.
fn pieces(line: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quote = None;
    let mut before = ' ';
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let redirects = character == '&' && (matches!(before, '>' | '<') || characters.peek() == Some(&'>'));
        if let Some(end) = quote {
            if character == end && before != '\\' {
                quote = None;
            }
        } else if matches!(character, '\'' | '"') && before != '\\' {
            quote = Some(character);
        } else if character == '#' && before.is_whitespace() {
            break;
        } else if matches!(character, ';' | '|' | '&') && before != '\\' && !redirects {
            pieces.push(String::new());
            before = character;
            continue;
        }
        if let Some(last) = pieces.last_mut() {
            last.push(character);
        }
        before = character;
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

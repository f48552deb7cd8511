//! The text of a rule file, and where in it a mistake is.

use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::pack::Document;
use crate::yaml;

use super::Problem;

/// The text of a rule file.
#[derive(Debug)]
pub(super) struct Source {
    pub area: String,
    pub file: String,
    text: String,
}

impl Source {
    pub(super) fn new(area: &str, file: &str, text: &str) -> Self {
        Self { area: area.to_owned(), file: file.to_owned(), text: text.to_owned() }
    }

    /// A file of the pack's.
    pub(super) fn of(document: &Document) -> Self {
        Self::new("", document.file, document.text)
    }

    /// The file's name without its folder and ending.
    pub(super) fn stem(&self) -> &str {
        Path::new(&self.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// The file's YAML, in any shape.
    pub(super) fn parse<'t, T: Deserialize<'t>>(&'t self) -> Result<T, Problem> {
        yaml::parse(&self.text).map_err(|mistake| Problem {
            file: self.file.clone(),
            line: mistake.line,
            column: mistake.column,
            message: mistake.what,
        })
    }

    /// A mistake in a value.
    pub(super) fn problem<T>(&self, value: &Spanned<T>, message: String) -> Problem {
        let (line, column) = yaml::place(value.referenced);
        Problem { file: self.file.clone(), line, column, message }
    }

    /// A mistake at a word within a text.
    pub(super) fn problem_at(&self, value: &Spanned<String>, word: &str, message: String) -> Problem {
        let mut problem = self.problem(value, message);
        if let Some((line, column)) = self.find(value, word) {
            (problem.line, problem.column) = (line, column);
        }
        problem
    }

    /// A mistake at a line and column (from one) within a text, as far as the YAML lets us tell.
    pub(super) fn problem_within(
        &self,
        value: &Spanned<String>,
        (line, column): (usize, usize),
        message: String,
    ) -> Problem {
        let content = value.value.lines().nth(line - 1).unwrap_or_default();
        let mut problem = self.problem(value, message);
        if let Some((line, start)) = self.find(value, content).filter(|_| !content.trim().is_empty()) {
            (problem.line, problem.column) = (line, start + column - 1);
        }
        problem
    }

    /// Where a word stands, from the start of a value on.
    fn find(&self, value: &Spanned<String>, word: &str) -> Option<(usize, usize)> {
        let start = usize::try_from(value.referenced.span().byte_offset()?).ok()?;
        let tail = self.text.get(start..)?;
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        let (found, _) = tail.match_indices(word).find(|(at, _)| {
            let before = tail[..*at].chars().next_back();
            let after = tail[at + word.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })?;
        let before = &self.text[..start + found];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some((before.matches('\n').count() + 1, before[line_start..].chars().count() + 1))
    }
}

//! Reads rule files: the built-in ones, and those of a directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use super::blockers::BlockerFixes;
use super::lint::{Checker, Vocabulary};
use super::template::Templates;
use super::{Problem, RuleError, Rules};
use crate::report::Severity;
use crate::yaml;

/// Area, file and text of every built-in rule.
const BUILT_IN: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The area of rules that lie in no folder of their own.
const CUSTOM: &str = "custom";

/// The rules that are part of the program.
///
/// # Errors
/// Mistakes in them.
pub fn built_in() -> Result<Rules, RuleError> {
    from_sources(BUILT_IN.iter().copied(), &Vocabulary::of_facts())
}

/// Rules from texts: the area, the file's name and the YAML of each.
///
/// # Errors
/// Every mistake in every rule.
pub fn from_sources<'t>(
    sources: impl IntoIterator<Item = (&'t str, &'t str, &'t str)>,
    vocabulary: &Vocabulary,
) -> Result<Rules, RuleError> {
    let mut rules =
        Rules { all: Vec::new(), templates: Templates::default(), blockers: BlockerFixes::load()? };
    rules.add(sources.into_iter().map(|(area, file, text)| Source::new(area, file, text)), vocabulary)?;
    Ok(rules)
}

impl Rules {
    /// These rules and those of a directory, at any depth.
    ///
    /// # Errors
    /// Unreadable files, every mistake in every rule, ids that are taken.
    pub fn with_directory(mut self, directory: &Path) -> Result<Self, RuleError> {
        let mut sources = Vec::new();
        for path in yaml_files(directory)? {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let folder = path.parent().filter(|folder| *folder != directory).and_then(Path::file_name);
            let area = folder.map_or(CUSTOM.into(), |folder| folder.to_string_lossy().into_owned());
            sources.push(Source::new(&area, &path.display().to_string(), &text));
        }
        if sources.is_empty() {
            let reason = "it holds no file whose name ends in .yaml or .yml".to_owned();
            return Err(RuleError::Unreadable { path: directory.display().to_string(), reason });
        }
        self.add(sources, &Vocabulary::of_facts())?;
        Ok(self)
    }

    fn add(
        &mut self,
        sources: impl IntoIterator<Item = Source>,
        vocabulary: &Vocabulary,
    ) -> Result<(), RuleError> {
        let mut problems = Vec::new();
        let mut taken: BTreeMap<String, String> =
            self.all.iter().map(|rule| (rule.id.clone(), rule.file.clone())).collect();
        for source in sources {
            let raw = match source.parse::<RawRule>() {
                Ok(raw) => raw,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            if let Some(file) = taken.insert(raw.id.value.clone(), source.file.clone()) {
                let message = format!("the id `{}` is taken by {file}; choose another", raw.id.value);
                problems.push(source.problem(&raw.id, message));
            }
            match Checker::new(&source, vocabulary).rule(raw, &mut self.templates) {
                Ok(rule) => self.all.push(rule),
                Err(found) => problems.extend(found),
            }
        }
        problems.sort();
        self.all.sort_by(|a, b| (&a.area, &a.id).cmp(&(&b.area, &b.id)));
        if problems.is_empty() { Ok(()) } else { Err(RuleError::Invalid(problems)) }
    }
}

fn yaml_files(directory: &Path) -> Result<Vec<PathBuf>, RuleError> {
    let mut found = Vec::new();
    let entries = fs::read_dir(directory).map_err(|error| unreadable(directory, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        if path.is_dir() {
            found.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> RuleError {
    RuleError::Unreadable { path: path.display().to_string(), reason: error.to_string() }
}

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

/// A rule file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub severity: Spanned<RawSeverity>,
    pub subject: Option<Spanned<String>>,
    pub flow: Option<RawFlow>,
    pub when: Option<Spanned<String>>,
    pub assert: Option<Spanned<String>>,
    pub why: Spanned<String>,
    pub message: Spanned<String>,
    #[serde(default)]
    pub evidence: Vec<Spanned<String>>,
    pub blockers: Option<Spanned<String>>,
    pub fix: RawFix,
    pub references: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub covers: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlow {
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    pub port: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFix {
    pub summary: Spanned<String>,
    #[serde(default)]
    pub commands: Vec<Spanned<String>>,
}

/// One severity, or cases of it.
#[derive(Debug)]
pub(super) struct RawSeverity(pub Vec<RawCase>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCase {
    pub when: Option<Spanned<String>>,
    pub severity: Severity,
}

impl<'de> Deserialize<'de> for RawSeverity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrCases;

        impl<'de> Visitor<'de> for OneOrCases {
            type Value = RawSeverity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("blocker, warning, info, or a list of {when, severity}")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawSeverity, E> {
                let severity = match name {
                    "blocker" => Severity::Blocker,
                    "warning" => Severity::Warning,
                    "info" => Severity::Info,
                    _ => return Err(E::unknown_variant(name, &["blocker", "warning", "info"])),
                };
                Ok(RawSeverity(vec![RawCase { when: None, severity }]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut cases: A) -> Result<RawSeverity, A::Error> {
                let mut list = Vec::new();
                while let Some(case) = cases.next_element()? {
                    list.push(case);
                }
                Ok(RawSeverity(list))
            }
        }

        deserializer.deserialize_any(OneOrCases)
    }
}

//! Reads rule files: the built-in ones, and those of a directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::blockers::BlockerFixes;
use super::catalogue::catalogue;
use super::lint::Checker;
use super::rule_file::Source;
use super::template::Templates;
use super::written::RawRule;
use super::{RuleError, Rules};
use crate::pack::Pack;

/// The area of rules that lie in no folder of their own.
const CUSTOM: &str = "custom";

/// The rules of a provider that are part of the program.
///
/// # Errors
/// Mistakes in them.
pub fn built_in(pack: &'static Pack) -> Result<Rules, RuleError> {
    let sources = pack.rules.iter().map(|rule| Source::new(rule.area, rule.file, rule.text));
    Rules::none(pack)?.with(sources)
}

impl Rules {
    /// A provider's fixes for blockers, and no rule.
    pub(super) fn none(pack: &'static Pack) -> Result<Self, RuleError> {
        let vocabulary = (pack.vocabulary)();
        let blockers = BlockerFixes::load(pack, &vocabulary)?;
        let numbers = catalogue(pack).into_iter().flatten().flat_map(|area| area.numbers.into_keys());
        let numbers = numbers.collect();
        let templates = Templates::new(pack.spelling);
        Ok(Self { pack, vocabulary, numbers, all: Vec::new(), templates, blockers })
    }

    /// These rules and those of a directory, at any depth.
    ///
    /// # Errors
    /// Unreadable files, every mistake in every rule, ids that are taken.
    pub fn with_directory(self, directory: &Path) -> Result<Self, RuleError> {
        let mut sources = Vec::new();
        for path in yaml_files(directory)? {
            let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
            let folder = path.parent().filter(|folder| *folder != directory).and_then(Path::file_name);
            let area = folder.map_or(CUSTOM.into(), |folder| folder.to_string_lossy().into_owned());
            sources.push(Source::new(&area, &path.display().to_string(), &text));
        }
        if sources.is_empty() {
            let reason = "no file in the directory ends in .yaml or .yml".to_owned();
            return Err(RuleError::Unreadable { path: directory.display().to_string(), reason });
        }
        self.with(sources)
    }

    /// These rules and those of more files.
    pub(super) fn with(mut self, sources: impl IntoIterator<Item = Source>) -> Result<Self, RuleError> {
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
            let checker = Checker::new(&source, &self.vocabulary, &self.numbers);
            match checker.rule(raw, &mut self.templates) {
                Ok(rule) => self.all.push(rule),
                Err(found) => problems.extend(found),
            }
        }
        problems.sort();
        self.all.sort_by(|a, b| (&a.area, &a.id).cmp(&(&b.area, &b.id)));
        if problems.is_empty() { Ok(self) } else { Err(RuleError::Invalid(problems)) }
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

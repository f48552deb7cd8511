//! What to change at an object that stands in the way, by the blocker's code: `blockers.yaml`.

use std::collections::BTreeMap;

use schemars::schema_for;
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::facts;
use crate::network::Blocker;
use crate::report::Fix;
use crate::subject::Target;

use super::RuleError;
use super::load::Source;
use super::path::{Path, in_schema};
use super::template::Templates;

const FILE: &str = "rules/eks/blockers.yaml";
const TEXT: &str = include_str!("../../rules/eks/blockers.yaml");

/// The fix for each blocker code, compiled.
#[derive(Debug)]
pub(super) struct BlockerFixes {
    templates: Templates,
    /// How many commands each code has.
    commands: BTreeMap<String, usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBlockerFix {
    summary: Spanned<String>,
    #[serde(default)]
    commands: Vec<Spanned<String>>,
}

impl BlockerFixes {
    /// The fixes that are part of the program.
    pub(super) fn load() -> Result<Self, RuleError> {
        Self::read(&Source::new("", FILE, TEXT))
    }

    fn read(source: &Source) -> Result<Self, RuleError> {
        let variables = Variables::new();
        let raw: BTreeMap<String, RawBlockerFix> =
            source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))?;
        let mut templates = Templates::default();
        let mut problems = Vec::new();
        let mut commands = BTreeMap::new();
        for (code, fix) in raw {
            let texts = fix.commands.iter().enumerate().map(|(at, text)| (format!("{code}#{at}"), text));
            for (name, text) in texts.chain([(code.clone(), &fix.summary)]) {
                match templates.add(&name, &text.value) {
                    Ok(paths) => {
                        let wrong = paths.iter().filter_map(|path| variables.mistake(path));
                        problems.extend(wrong.map(|(word, message)| source.problem_at(text, &word, message)));
                    }
                    Err(error) => {
                        let message = format!("the template cannot be read: {}", error.message);
                        problems.push(source.problem_within(text, (error.line, 1), message));
                    }
                }
            }
            commands.insert(code, fix.commands.len());
        }
        if problems.is_empty() { Ok(Self { templates, commands }) } else { Err(RuleError::Invalid(problems)) }
    }

    /// Adds what to change at this blocker, unless the fix says it already.
    pub(super) fn add(&self, blocker: &Value, target: &Value, fix: &mut Fix) -> Result<(), String> {
        let Some(code) = blocker.get("code").and_then(Value::as_str) else { return Ok(()) };
        let Some(commands) = self.commands.get(code) else {
            return Err(format!("{FILE} has no fix for the code `{code}`"));
        };
        let scope = vec![("blocker", blocker), ("target", target)];
        let summary = self.templates.render(code, &scope)?;
        if !fix.summary.contains(&summary) {
            let before = if fix.summary.is_empty() { "" } else { " " };
            fix.summary = format!("{}{before}{summary}", fix.summary.trim());
        }
        for at in 0..*commands {
            add_lines(&mut fix.commands, &self.templates.render(&format!("{code}#{at}"), &scope)?);
        }
        Ok(())
    }
}

/// What templates see, as JSON Schemas.
struct Variables {
    blocker: Value,
    target: Value,
}

impl Variables {
    fn new() -> Self {
        Self { blocker: schema_for!(Blocker).to_value(), target: facts::target_schema().to_value() }
    }

    /// What is wrong with a path, and the word that is.
    fn mistake(&self, path: &Path) -> Option<(String, String)> {
        let schema = match path.root.as_str() {
            "blocker" => &self.blocker,
            "target" => &self.target,
            other => {
                let message = format!("there is no `{other}` here; there is blocker, target");
                return Some((other.to_owned(), message));
            }
        };
        match in_schema(schema, &path.steps, true) {
            // Under another name its fields would go unchecked.
            Ok(nodes) if nodes.iter().any(|node| node.get("properties").is_some()) => {
                let message = format!("`{path}` has fields: name the one that is meant, in full");
                Some((path.last().to_owned(), message))
            }
            Ok(_) => None,
            Err(unknown) => Some((unknown.field.clone(), unknown.message(path))),
        }
    }
}

/// What to change so that none of these blockers stands in the way any more, in their order; nothing
/// where there are none.
///
/// # Errors
/// A mistake in `blockers.yaml` that only these blockers bring out.
pub fn fix(blockers: &[Blocker], target: &Target) -> Result<Option<Fix>, RuleError> {
    if blockers.is_empty() {
        return Ok(None);
    }
    let fixes = BlockerFixes::load()?;
    let target = in_templates(target);
    let mut fix = Fix::default();
    for blocker in blockers {
        let value = serde_json::to_value(blocker).unwrap_or_default();
        fixes.add(&value, &target, &mut fix).map_err(|message| RuleError::Evaluation {
            rule: FILE.to_owned(),
            subject: format!("{} {}", blocker.kind, blocker.id),
            message,
        })?;
    }
    Ok(Some(fix))
}

/// What templates see of the target: a region that is unknown is the shell's.
pub(super) fn in_templates(target: &Target) -> Value {
    let mut value = serde_json::to_value(target).unwrap_or_default();
    if target.region.is_none() {
        value["region"] = Value::from("$AWS_REGION");
    }
    value
}

/// Adds the commands that are not yet there: one a line, where no backslash continues it.
pub(super) fn add_lines(commands: &mut Vec<String>, text: &str) {
    for command in text.replace("\\\n", "").lines() {
        let command = command.split_whitespace().collect::<Vec<_>>().join(" ");
        if !command.is_empty() && !commands.contains(&command) {
            commands.push(command);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(command: &str) -> String {
        let text = format!("route-missing:\n  summary: Give it one.\n  commands:\n    - \"{command}\"\n");
        match BlockerFixes::read(&Source::new("", "blockers.yaml", &text)) {
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        }
    }

    #[test]
    fn a_field_that_no_blocker_has_is_found_before_any_blocker_needs_it() {
        assert_eq!(
            problems("{{ blocker.id }} {{ blocker.remedy.cidrs | join(' ') }} {{ target.region }}"),
            ""
        );
        let said = problems("{% if blocker.leg %}{{ blocker.remedy.cidr }}{% endif %}");
        assert!(
            said.contains("there is no `cidr` in `blocker.remedy.cidr`; did you mean `cidrs`?"),
            "{said}"
        );
        assert!(problems("{{ target.acount }}").contains("did you mean `account`?"));
        assert!(problems("{{ flow.id }}").contains("there is no `flow` here; there is blocker, target"));
    }

    #[test]
    fn no_other_name_hides_fields_from_the_check() {
        let said = problems("{% set r = blocker.remedy %}{{ r.cidr }}");
        assert!(said.contains("`blocker.remedy` has fields"), "{said}");
    }
}

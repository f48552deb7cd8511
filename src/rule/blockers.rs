//! What to change at an object that stands in the way, by the blocker's code: `blockers.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::RuleError;
use super::load::Source;
use super::template::Templates;
use crate::facts::{Blocker, Target};
use crate::report::Fix;

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
        let source = Source::new("", FILE, TEXT);
        let raw: BTreeMap<String, RawBlockerFix> =
            source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))?;
        let mut templates = Templates::default();
        let mut problems = Vec::new();
        let mut commands = BTreeMap::new();
        for (code, fix) in raw {
            let texts = fix.commands.iter().enumerate().map(|(at, text)| (format!("{code}#{at}"), text));
            for (name, text) in texts.chain([(code.clone(), &fix.summary)]) {
                let message = match templates.add(&name, &text.value) {
                    Ok(paths) => paths
                        .iter()
                        .find(|path| !matches!(path.root.as_str(), "blocker" | "target"))
                        .map(|path| format!("there is no `{}` here; there is blocker, target", path.root)),
                    Err(error) => Some(format!("the template cannot be read: {}", error.message)),
                };
                problems.extend(message.map(|message| source.problem(text, message)));
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

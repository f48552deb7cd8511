//! The fix for each kind of blocker, by the blocker's code: `blockers.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::pack::{Pack, Vocabulary};
use crate::report::Fix;
use crate::subject::Target;

use super::RuleError;
use super::field_path::{FieldPath, in_schema};
use super::rule_file::Source;
use super::template::{Spelling, Templates};

/// The fix for each blocker code, compiled.
#[derive(Debug)]
pub(super) struct BlockerFixes {
    /// Where they stand, for messages.
    file: String,
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
    pub(super) fn load(pack: &Pack, vocabulary: &Vocabulary) -> Result<Self, RuleError> {
        Self::read(&Source::of(&pack.blockers), pack.spelling, vocabulary)
    }

    fn read(source: &Source, spelling: Spelling, vocabulary: &Vocabulary) -> Result<Self, RuleError> {
        let raw: BTreeMap<String, RawBlockerFix> =
            source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))?;
        let mut templates = Templates::new(spelling);
        let mut problems = Vec::new();
        let mut commands = BTreeMap::new();
        for (code, fix) in raw {
            let texts = fix.commands.iter().enumerate().map(|(at, text)| (format!("{code}#{at}"), text));
            for (name, text) in texts.chain([(code.clone(), &fix.summary)]) {
                match templates.add(&name, &text.value) {
                    Ok(paths) => {
                        let wrong = paths.iter().filter_map(|path| mistake(vocabulary, path));
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
        if problems.is_empty() {
            Ok(Self { file: source.file.clone(), templates, commands })
        } else {
            Err(RuleError::Invalid(problems))
        }
    }

    /// Adds what to change at this blocker, unless the fix says it already.
    pub(super) fn add(&self, blocker: &Value, target: &Value, fix: &mut Fix) -> Result<(), String> {
        let Some(code) = blocker.get("code").and_then(Value::as_str) else { return Ok(()) };
        let Some(commands) = self.commands.get(code) else {
            return Err(format!("{} has no fix for the code `{code}`", self.file));
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

/// What is wrong with a path, and the word that is.
fn mistake(vocabulary: &Vocabulary, path: &FieldPath) -> Option<(String, String)> {
    let schema = match path.root.as_str() {
        "blocker" => &vocabulary.blocker,
        "target" => &vocabulary.target,
        other => {
            let message = format!("unknown variable `{other}`; known are blocker, target");
            return Some((other.to_owned(), message));
        }
    };
    match in_schema(schema, &path.steps, true) {
        // Under another name its fields would go unchecked.
        Ok(nodes) if nodes.iter().any(|node| node.get("properties").is_some()) => {
            let message = format!("`{path}` has fields; write the full path of one field");
            Some((path.last().to_owned(), message))
        }
        Ok(_) => None,
        Err(unknown) => Some((unknown.field.clone(), unknown.message(path))),
    }
}

/// What to change so that none of these blockers blocks any more, in their order; nothing where there are
/// none. A blocker is the provider's own type, as JSON.
///
/// # Errors
/// A mistake in the file of fixes that only these blockers bring out.
pub fn fix(pack: &Pack, blockers: &[Value], target: &Target) -> Result<Option<Fix>, RuleError> {
    if blockers.is_empty() {
        return Ok(None);
    }
    let fixes = BlockerFixes::load(pack, &(pack.vocabulary)())?;
    let target = in_templates(pack, target);
    let mut fix = Fix::default();
    for blocker in blockers {
        fixes.add(blocker, &target, &mut fix).map_err(|message| RuleError::Evaluation {
            rule: fixes.file.clone(),
            subject: format!("{} {}", word(blocker, "kind"), word(blocker, "id")),
            message,
        })?;
    }
    Ok(Some(fix))
}

fn word<'b>(blocker: &'b Value, field: &str) -> &'b str {
    blocker.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// What templates see of the target: a region that is unknown is the shell's.
pub(super) fn in_templates(pack: &Pack, target: &Target) -> Value {
    let mut value = serde_json::to_value(target).unwrap_or_default();
    if target.region.is_none() {
        value["region"] = Value::from(pack.region_variable);
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
    use serde_json::json;

    use super::*;

    fn vocabulary() -> Vocabulary {
        let texts = |names: &[&str]| -> Value {
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect()
        };
        let mut blocker = json!({"type": "object", "properties": texts(&["id", "leg"])});
        let cidrs = json!({"type": "array", "items": {"type": "string"}});
        blocker["properties"]["remedy"] = json!({"type": "object", "properties": {"cidrs": cidrs}});
        Vocabulary {
            kinds: BTreeMap::new(),
            target: json!({"type": "object", "properties": texts(&["region", "account"])}),
            blocker,
            flow_ends: Vec::new(),
            check_end: |_| Ok(None),
            check_port: |_| Ok(()),
        }
    }

    fn problems(command: &str) -> String {
        let text = format!("route-missing:\n  summary: Give it one.\n  commands:\n    - \"{command}\"\n");
        match BlockerFixes::read(&Source::new("", "blockers.yaml", &text), &[], &vocabulary()) {
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
            said.contains("unknown field `cidr` in `blocker.remedy.cidr`; did you mean `cidrs`?"),
            "{said}"
        );
        assert!(problems("{{ target.acount }}").contains("did you mean `account`?"));
        assert!(problems("{{ flow.id }}").contains("unknown variable `flow`; known are blocker, target"));
    }

    #[test]
    fn no_other_name_hides_fields_from_the_check() {
        let said = problems("{% set r = blocker.remedy %}{{ r.cidr }}");
        assert!(said.contains("`blocker.remedy` has fields"), "{said}");
    }
}

//! Output about rules: the list, one rule in full, and the check of a directory of your own rules.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use privek_core::render::text::count;
use privek_core::render::{self, Format};
use privek_core::report::Fix;
use privek_core::report::rules::{RuleEntry, RuleFields, RuleInFull, RuleList};
use privek_core::rule::{self, Explainer, Explanation, Rule, Rules};

use crate::cli::RulesCommand;
use crate::providers;

use super::done::Done;
use super::output::PLAIN;
use super::{input, rule_fields};

/// Lists, explains or checks rules.
pub fn run(command: &RulesCommand) -> Result<Done, anyhow::Error> {
    let stdout = match command {
        RulesCommand::List { format, rules } => list(rules, format.0)?,
        RulesCommand::Explain { id, rules } => explain(&input::rules(rules)?, id)?,
        RulesCommand::Fields { kind } => {
            let print = render::renderer::<RuleFields>(render::default_format())?;
            print(&rule_fields::list(kind.as_deref())?, &PLAIN)
        }
        RulesCommand::Check { directory } => check(directory)?,
    };
    Ok(Done { stdout, exit_code: 0 })
}

fn list(directories: &[PathBuf], format: &Format) -> Result<String, anyhow::Error> {
    let print = render::renderer::<RuleList>(format)?;
    let rules = input::rules(directories)?;
    let explainer = Explainer::new(providers::DEFAULT)?;
    let entry = |rule: &Rule| {
        let needs = explainer.explain(rule).needs;
        RuleEntry {
            id: rule.id.clone(),
            severity: rule.worst(),
            area: rule.area.clone(),
            subject: rule.subject.clone(),
            title: rule.title.clone(),
            references: rule.references.clone(),
            covers: rule.covers.clone(),
            permissions: needs.permissions,
            declarations: needs.declarations,
        }
    };
    Ok(print(&RuleList { rules: rules.iter().map(entry).collect() }, &PLAIN))
}

fn explain(rules: &Rules, id: &str) -> Result<String, anyhow::Error> {
    if let Some(rule) = rules.get(id) {
        let print = render::renderer::<RuleInFull>(render::default_format())?;
        return Ok(print(&in_full(rule, Explainer::new(providers::DEFAULT)?.explain(rule)), &PLAIN));
    }
    let all = "`privek-audit rules list` lists all ids";
    let hint = rules.nearest(id).map_or(all.to_owned(), |near| format!("did you mean {near}? {all}"));
    Err(anyhow!("no rule has the id {id}; {hint}"))
}

fn in_full(rule: &Rule, said: Explanation) -> RuleInFull {
    RuleInFull {
        id: rule.id.clone(),
        area: rule.area.clone(),
        title: rule.title.clone(),
        why: rule.why.clone(),
        severity: said.severity,
        checks: said.checks,
        reads: said.reads,
        unknown: said.unknown,
        permissions: said.needs.permissions,
        declarations: said.needs.declarations,
        message: rule.message.clone(),
        fix: Fix { summary: rule.fix.summary.clone(), commands: rule.fix.commands.clone() },
        is_about_paths: rule.flow.is_some(),
        references: rule.references.clone(),
        covers: rule.covers.clone(),
    }
}

fn check(directory: &Path) -> Result<String, anyhow::Error> {
    let built_in = rule::built_in(providers::DEFAULT)?;
    let before = built_in.len();
    let rules = built_in.with_directory(directory)?;
    let checked = rules.len() - before;
    Ok(format!("{} ok\n", count(checked, "rule", "rules")))
}

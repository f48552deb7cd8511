//! Rules for reading: the list, one in full, and a check of a directory of one's own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::anyhow;
use serde::Serialize;

use super::done::Done;
use super::output::PLAIN;
use super::{input, rule_fields};
use crate::cli::{Format, RulesCommand};
use crate::render::json::pretty;
use crate::render::text::{Page, count};
use crate::report::Severity;
use crate::rule::{self, Explainer, Explanation, Needs, Rule, Rules};

/// Lists, explains or checks rules.
pub fn run(command: &RulesCommand) -> Result<Done, anyhow::Error> {
    let stdout = match command {
        RulesCommand::List { format, rules } => list(&input::rules(rules)?, *format)?,
        RulesCommand::Explain { id, rules } => explain(&input::rules(rules)?, id)?,
        RulesCommand::Fields { kind } => rule_fields::list(kind.as_deref())?,
        RulesCommand::Check { directory } => check(directory)?,
    };
    Ok(Done { stdout, exit_code: 0 })
}

/// A rule in the JSON list.
#[derive(Serialize)]
struct Entry<'r> {
    id: &'r str,
    severity: Severity,
    area: &'r str,
    subject: &'r str,
    title: &'r str,
    references: &'r [String],
    covers: &'r [String],
    /// What it has to read, and the user to declare.
    #[serde(flatten)]
    needs: Needs,
}

fn list(rules: &Rules, format: Format) -> Result<String, anyhow::Error> {
    if format == Format::Json {
        let explainer = Explainer::new()?;
        let entries: Vec<Entry<'_>> = rules
            .iter()
            .map(|rule| Entry {
                id: &rule.id,
                severity: rule.worst(),
                area: &rule.area,
                subject: &rule.subject,
                title: &rule.title,
                references: &rule.references,
                covers: &rule.covers,
                needs: explainer.explain(rule).needs,
            })
            .collect();
        return Ok(pretty(&entries));
    }
    let mut page = Page::new(PLAIN);
    let mut areas: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.iter() {
        areas.entry(&rule.area).or_default().push(rule);
    }
    for (area, rules) in areas {
        page.heading(area);
        for rule in rules {
            page.line(&format!("  {:<9}{}", rule.worst().word(), rule.id));
            page.paragraph("           ", &rule.title);
        }
    }
    Ok(page.finish())
}

fn explain(rules: &Rules, id: &str) -> Result<String, anyhow::Error> {
    if let Some(rule) = rules.get(id) {
        return Ok(page(rule, &Explainer::new()?.explain(rule)));
    }
    let all = "`privek-audit rules list` shows all";
    let hint = rules.nearest(id).map_or(all.to_owned(), |near| format!("did you mean {near}? {all}"));
    Err(anyhow!("there is no rule {id}; {hint}"))
}

/// One rule in full.
fn page(rule: &Rule, said: &Explanation) -> String {
    let mut page = Page::new(PLAIN);
    page.line(&format!("{} ({})", rule.id, rule.area));
    page.blank();
    page.paragraph("  healthy:   ", &rule.title);
    page.paragraph("  why:       ", &rule.why);
    page.paragraph("  severity:  ", &said.severity);
    page.blank();
    page.paragraph("  checks:    ", &said.checks);
    for (field, says) in &said.reads {
        page.line(&format!("    {field}"));
        page.paragraph("        ", says);
    }
    page.blank();
    page.paragraph("  unknown:   ", &said.unknown);
    listed(&mut page, "  needs:     ", &said.needs.permissions);
    listed(&mut page, "  declared:  ", &said.needs.declarations);
    page.blank();
    page.paragraph("  says:      ", &rule.message);
    page.paragraph("  fix:       ", &rule.fix.summary);
    for command in &rule.fix.commands {
        // A template, not yet a command: breaking it could break an expression.
        page.line(&format!("    {command}"));
    }
    if rule.flow.is_some() {
        page.paragraph("             ", "Beside it, what mends each object that stands in the way.");
    }
    page.blank();
    for reference in &rule.references {
        page.paragraph("  docs: ", reference);
    }
    if !rule.covers.is_empty() {
        page.paragraph("  covers:    ", &format!("{} of docs/coverage.md", rule.covers.join(", ")));
    }
    page.finish()
}

fn listed(page: &mut Page, label: &str, words: &BTreeSet<String>) {
    if !words.is_empty() {
        page.paragraph(label, &words.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    }
}

fn check(directory: &Path) -> Result<String, anyhow::Error> {
    let built_in = rule::built_in()?;
    let before = built_in.len();
    let rules = built_in.with_directory(directory)?;
    let checked = rules.len() - before;
    Ok(format!("{} ok\n", count(checked, "rule", "rules")))
}

//! Rules for reading: the list, one in full, and a check of a directory of one's own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use serde::Serialize;

use super::{Done, fields, input};
use crate::cli::{Format, RulesCommand};
use crate::render::json::pretty;
use crate::render::text::{Page, Style, count};
use crate::report::Severity;
use crate::rule::{self, Rule, Rules};

/// For a terminal, a pipe and a file alike.
pub(super) const STYLE: Style = Style { width: 80, color: false };

/// Lists, explains or checks rules.
pub fn run(command: &RulesCommand) -> Result<Done, anyhow::Error> {
    let stdout = match command {
        RulesCommand::List { format, rules } => list(&input::rules(rules)?, *format),
        RulesCommand::Explain { id, rules } => explain(&input::rules(rules)?, id)?,
        RulesCommand::Fields { kind } => fields::list(kind.as_deref())?,
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
}

fn list(rules: &Rules, format: Format) -> String {
    if format == Format::Json {
        let entries: Vec<Entry<'_>> = rules
            .iter()
            .map(|rule| Entry {
                id: &rule.id,
                severity: rule.worst(),
                area: &rule.area,
                subject: &rule.subject,
                title: &rule.title,
                references: &rule.references,
            })
            .collect();
        return pretty(&entries);
    }
    let mut page = Page::new(STYLE);
    let mut areas: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.iter() {
        areas.entry(&rule.area).or_default().push(rule);
    }
    for (area, rules) in areas {
        page.heading(area);
        for rule in rules {
            page.line(&format!("  {:<9}{}", word(rule.worst()), rule.id));
            page.paragraph("           ", &rule.title);
        }
    }
    page.finish()
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocker => "blocker",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn explain(rules: &Rules, id: &str) -> Result<String, anyhow::Error> {
    if let Some(rule) = rules.get(id) {
        return Ok(page(rule));
    }
    let all = "`privek-audit rules list` shows all";
    let hint = rules.nearest(id).map_or(all.to_owned(), |near| format!("did you mean {near}? {all}"));
    Err(anyhow!("there is no rule {id}; {hint}"))
}

/// One rule in full.
fn page(rule: &Rule) -> String {
    let mut page = Page::new(STYLE);
    page.line(&format!("{} ({})", rule.id, rule.area));
    page.blank();
    page.paragraph("  healthy:   ", &rule.title);
    page.paragraph("  why:       ", &rule.why);
    match &rule.flow {
        Some(flow) => page.paragraph(
            "  flow:      ",
            &format!("from {} to {} on {} must be open", flow.from, flow.to, flow.port),
        ),
        None => page.paragraph("  subject:   ", &format!("every {}", rule.subject)),
    }
    if let Some(when) = &rule.when {
        page.paragraph("  when:      ", when);
    }
    page.paragraph("  assert:    ", &rule.assert);
    for (index, case) in rule.severity.iter().enumerate() {
        let label = if index == 0 { "  severity:  " } else { "             " };
        let severity = word(case.severity);
        let text = match &case.when {
            Some(when) => format!("{severity} when {when}"),
            None if index == 0 => severity.to_owned(),
            None => format!("{severity} otherwise"),
        };
        page.paragraph(label, &text);
    }
    page.paragraph("  message:   ", &rule.message);
    page.paragraph("  fix:       ", &rule.fix.summary);
    for command in &rule.fix.commands {
        // A template, not yet a command: breaking it could break an expression.
        page.line(&format!("    {command}"));
    }
    if !rule.fields.is_empty() {
        page.paragraph("  reads:     ", &rule.fields.join(", "));
    }
    for reference in &rule.references {
        page.paragraph("  docs: ", reference);
    }
    page.finish()
}

fn check(directory: &Path) -> Result<String, anyhow::Error> {
    let built_in = rule::built_in()?;
    let before = built_in.len();
    let rules = built_in.with_directory(directory)?;
    let checked = rules.len() - before;
    Ok(format!("{} ok\n", count(checked, "rule", "rules")))
}

//! Rules for people: the list, one in full, and the fields that rules can read.

use std::collections::{BTreeMap, BTreeSet};

use crate::render::text::{Page, Style};
use crate::report::rules::{RuleEntry, RuleFields, RuleInFull, RuleList};

/// The list, by area.
pub fn list(list: &RuleList, style: &Style) -> String {
    let mut page = Page::new(*style);
    let mut areas: BTreeMap<&str, Vec<&RuleEntry>> = BTreeMap::new();
    for rule in &list.rules {
        areas.entry(&rule.area).or_default().push(rule);
    }
    for (area, rules) in areas {
        page.heading(area);
        for rule in rules {
            page.line(&format!("  {:<9}{}", rule.severity.word(), rule.id));
            page.paragraph("           ", &rule.title);
        }
    }
    page.finish()
}

/// One rule in full.
pub fn in_full(rule: &RuleInFull, style: &Style) -> String {
    let mut page = Page::new(*style);
    page.line(&format!("{} ({})", rule.id, rule.area));
    page.blank();
    page.paragraph("  healthy:   ", &rule.title);
    page.paragraph("  why:       ", &rule.why);
    page.paragraph("  severity:  ", &rule.severity);
    page.blank();
    page.paragraph("  checks:    ", &rule.checks);
    for (field, says) in &rule.reads {
        page.line(&format!("    {field}"));
        page.paragraph("        ", says);
    }
    page.blank();
    page.paragraph("  unknown:   ", &rule.unknown);
    listed(&mut page, "  needs:     ", &rule.permissions);
    listed(&mut page, "  declared:  ", &rule.declarations);
    page.blank();
    page.paragraph("  message:   ", &rule.message);
    page.paragraph("  fix:       ", &rule.fix.summary);
    for command in &rule.fix.commands {
        // A template, not yet a command: breaking it could break an expression.
        page.line(&format!("    {command}"));
    }
    if rule.is_about_paths {
        page.paragraph("             ", "In addition, the fix of each blocker of the path.");
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

/// The fields of each kind, each with its type and description.
pub fn fields(fields: &RuleFields, style: &Style) -> String {
    let mut page = Page::new(*style);
    for kind in &fields.kinds {
        page.heading(&kind.kind);
        for field in &kind.fields {
            page.line(&format!("  {}.{} ({})", kind.kind, field.name, field.form));
            if let Some(text) = &field.description {
                page.paragraph("      ", text);
            }
        }
        if !kind.notes.is_empty() {
            page.blank();
        }
        for (label, text) in &kind.notes {
            page.paragraph(&format!("  {label}: "), text);
        }
    }
    page.finish()
}

//! A rule in words: what the rule checks, the provider's fields that decide, and the operations that read
//! them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::pack::Pack;

use super::required_inputs::top;
use super::{Inputs, Needs, Rule, RuleError};

/// What there is to say about a rule besides its own texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What must hold, and of what.
    pub checks: String,
    /// The severity of a failure, case by case.
    pub severity: String,
    /// The fields that decide, and the provider's fields that each is computed from.
    pub reads: Vec<(String, String)>,
    /// When the outcome is unknown.
    pub unknown: String,
    /// What has to be read and declared.
    pub needs: Needs,
}

/// Explains rules.
#[derive(Debug)]
pub struct Explainer {
    inputs: Inputs,
    /// What each field says, by kind of subject.
    fields: BTreeMap<String, BTreeMap<String, String>>,
    /// The kinds of subjects that live probes observe.
    observed: &'static [&'static str],
}

impl Explainer {
    /// With the facts' own descriptions of their fields.
    ///
    /// # Errors
    /// A mistake in the table of inputs.
    pub fn new(pack: &'static Pack) -> Result<Self, RuleError> {
        let vocabulary = (pack.vocabulary)();
        let schemas = vocabulary.kinds.into_iter().chain([("target".to_owned(), vocabulary.target)]);
        let fields = schemas.map(|(kind, schema)| (kind, described(&schema)));
        Ok(Self { inputs: Inputs::load(pack)?, fields: fields.collect(), observed: pack.observed })
    }

    /// What there is to say about this rule.
    pub fn explain(&self, rule: &Rule) -> Explanation {
        let needs = self.inputs.of(rule);
        Explanation {
            checks: self.checks(rule),
            severity: severity(rule),
            reads: self.reads(rule),
            unknown: unknown(&needs),
            needs,
        }
    }

    fn checks(&self, rule: &Rule) -> String {
        let when = rule.when.as_deref().map(one_line);
        match (&rule.flow, when) {
            (Some(flow), when) => {
                let only = when.map(|when| format!(", where `{when}`")).unwrap_or_default();
                format!(
                    "every path from {} to {} on {} is open, for requests and for replies{only}",
                    flow.from, flow.to, flow.port
                )
            }
            (None, when) => {
                let with = when.map(|when| format!(" with `{when}`")).unwrap_or_default();
                format!(
                    "of every {}{}{with}: `{}`",
                    thing(&rule.subject),
                    self.seen_by(rule),
                    one_line(&rule.assert)
                )
            }
        }
    }

    /// The command that makes the subjects to check.
    fn seen_by(&self, rule: &Rule) -> &'static str {
        if self.observed.contains(&rule.subject.as_str()) {
            " of a probe (`privek-audit probe`, or --probe of an audit)"
        } else {
            ""
        }
    }

    fn reads(&self, rule: &Rule) -> Vec<(String, String)> {
        let mut read: BTreeMap<String, String> = BTreeMap::new();
        for path in &rule.fields {
            let (root, field) = top(path);
            let says = self.fields.get(root).and_then(|fields| fields.get(field));
            read.insert(format!("{root}.{field}"), says.cloned().unwrap_or_default());
        }
        read.into_iter().collect()
    }
}

/// The fields of a schema and what they say.
fn described(schema: &Value) -> BTreeMap<String, String> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| (name.clone(), one_line(field["description"].as_str().unwrap_or(""))))
        .collect()
}

/// A kind of subject as a word.
pub(super) fn thing(kind: &str) -> String {
    kind.replace('_', " ")
}

fn severity(rule: &Rule) -> String {
    let cases = rule.severity.iter().map(|case| match &case.when {
        Some(when) => format!("{} where `{}`", case.severity.word(), one_line(when)),
        None if rule.severity.len() == 1 => case.severity.word().to_owned(),
        None => format!("{} otherwise", case.severity.word()),
    });
    cases.collect::<Vec<_>>().join(", ")
}

fn unknown(needs: &Needs) -> String {
    let or = if needs.declarations.is_empty() { "" } else { ", or one of these declarations," };
    format!(
        "when an answer of these operations{or} is missing and the other inputs do not decide. A proven \
         failure stays a failure; an unknown input never makes a pass."
    )
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

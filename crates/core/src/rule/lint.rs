//! Checks a rule when it is loaded: a mistake in it is an error with its place, never a silent pass.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_saphyr::Spanned;

use crate::pack::Vocabulary;
use crate::report::Severity;
use crate::subject::FlowSpec;
use crate::yaml::nearest;

use super::expr::{Expression, FUNCTIONS};
use super::field_path::{FieldPath, in_schema, may_be_boolean};
use super::rule_file::Source;
use super::template::Templates;
use super::written::{RawFlow, RawRule, RawSeverity};
use super::{Compiled, FLOW, FixTemplate, Problem, Rule, SeverityCase};

/// When a rule about a flow that says nothing else applies: never to a flow that nothing needs.
pub(super) const APPLIES: &str = "flow.applies";

/// Checks one rule, and collects all that is wrong with it.
#[derive(Debug)]
pub(super) struct Checker<'c> {
    source: &'c Source,
    vocabulary: &'c Vocabulary,
    /// The numbers of the catalogue.
    numbers: &'c BTreeSet<String>,
    /// The kind of the rule's subject.
    kind: String,
    problems: Vec<Problem>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(source: &'c Source, vocabulary: &'c Vocabulary, numbers: &'c BTreeSet<String>) -> Self {
        Self { source, vocabulary, numbers, kind: String::new(), problems: Vec::new() }
    }

    /// The rule, compiled, with its templates added.
    pub(super) fn rule(mut self, raw: RawRule, templates: &mut Templates) -> Result<Rule, Vec<Problem>> {
        self.id(&raw.id);
        for text in [&raw.title, &raw.why, &raw.message, &raw.fix.summary] {
            self.not_empty(text);
        }
        if raw.references.value.is_empty() {
            self.wrong(
                &raw.references,
                "a rule needs at least one reference: a page of the provider's documentation",
            );
        }
        self.covers(&raw.covers);
        let flow = self.subject(&raw);
        let id = raw.id.value.clone();
        self.template(templates, &format!("{id}#message"), &raw.message);
        self.template(templates, &format!("{id}#summary"), &raw.fix.summary);
        for (at, command) in raw.fix.commands.iter().enumerate() {
            self.template(templates, &format!("{id}#command{at}"), command);
        }
        let compiled = self.compile(&raw);
        let severity = raw.severity.value.0.iter().map(|case| SeverityCase {
            when: case.when.as_ref().map(|when| when.value.clone()),
            severity: case.severity,
        });
        let severity = severity.collect();
        match compiled {
            Some(compiled) if self.problems.is_empty() => Ok(Rule {
                id,
                area: self.source.area.clone(),
                file: self.source.file.clone(),
                title: raw.title.value.trim().to_owned(),
                severity,
                subject: self.kind,
                flow,
                when: raw.when.map(|when| when.value),
                assert: compiled.assert.source.clone(),
                why: raw.why.value.trim().to_owned(),
                message: raw.message.value,
                fix: FixTemplate {
                    summary: raw.fix.summary.value,
                    commands: raw.fix.commands.into_iter().map(|command| command.value).collect(),
                },
                references: raw.references.value.into_iter().map(|reference| reference.value).collect(),
                covers: raw.covers.into_iter().map(|number| number.value).collect(),
                fields: touched(&compiled),
                compiled,
            }),
            _ => Err(self.problems),
        }
    }

    fn id(&mut self, id: &Spanned<String>) {
        let stem = self.source.stem();
        let word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !id.value.split('-').all(word) {
            self.wrong(id, format!("the id `{}` is not in kebab-case, for instance `{stem}`", id.value));
        } else if id.value != stem {
            self.wrong(
                id,
                format!("the id `{}` differs from the file's name; it should be `{stem}`", id.value),
            );
        }
    }

    fn covers(&mut self, numbers: &[Spanned<String>]) {
        for (at, number) in numbers.iter().enumerate() {
            if numbers[..at].iter().any(|other| other.value == number.value) {
                self.wrong(number, format!("the number {} is set twice", number.value));
            } else if !self.numbers.contains(&number.value) {
                let meant = nearest(&number.value, self.numbers.iter().map(String::as_str));
                let meant = meant.map(|meant| format!("; did you mean {meant}?")).unwrap_or_default();
                self.wrong(number, format!("catalogue.yaml has no number {}{meant}", number.value));
            }
        }
    }

    /// Finds out the kind of subject, and the flow if there is one.
    fn subject(&mut self, raw: &RawRule) -> Option<FlowSpec> {
        match (&raw.subject, &raw.flow) {
            (Some(subject), None) => {
                self.kind.clone_from(&subject.value);
                let kinds: Vec<&str> =
                    self.vocabulary.kinds.keys().map(String::as_str).filter(|kind| *kind != FLOW).collect();
                if !kinds.contains(&subject.value.as_str()) {
                    let message =
                        format!("unknown subject `{}`; known are {}", subject.value, kinds.join(", "));
                    self.wrong(subject, message);
                }
                if raw.assert.is_none() {
                    self.wrong(&raw.id, "the field `assert` is missing: what must hold for the subject");
                }
                None
            }
            (None, Some(flow)) => {
                FLOW.clone_into(&mut self.kind);
                self.flow(flow);
                let value = |text: &Spanned<String>| text.value.clone();
                Some(FlowSpec { from: value(&flow.from), to: value(&flow.to), port: value(&flow.port) })
            }
            (Some(subject), Some(_)) => {
                self.wrong(subject, "a rule has either a `subject` or a `flow`, not both");
                None
            }
            (None, None) => {
                self.wrong(&raw.id, "a rule needs a `subject` (with `assert`) or a `flow`");
                None
            }
        }
    }

    fn flow(&mut self, flow: &RawFlow) {
        for end in [&flow.from, &flow.to] {
            match (self.vocabulary.check_end)(&end.value) {
                Ok(Some(name)) => {
                    // Networks are declared elsewhere; what differs from a word in spelling only is a typo.
                    if let Some(meant) =
                        self.vocabulary.flow_ends.iter().find(|known| spelt_alike(known, &name))
                    {
                        let what = format!("no flow can begin or end at `{name}`; did you mean `{meant}`?");
                        self.wrong(end, what);
                    }
                }
                Ok(None) => {}
                Err(error) => self.wrong(end, error),
            }
        }
        if let Err(error) = (self.vocabulary.check_port)(&flow.port.value) {
            self.wrong(&flow.port, error);
        }
    }

    fn compile(&mut self, raw: &RawRule) -> Option<Compiled> {
        let flow_applies = || {
            let fields = self.vocabulary.kinds.get(FLOW).and_then(|flow| flow.pointer("/properties/applies"));
            (self.kind == FLOW && fields.is_some()).then(|| Expression::compile(APPLIES).ok())
        };
        let when = match &raw.when {
            Some(when) => Some(self.expression(when)),
            None => flow_applies(),
        };
        let assert = match &raw.assert {
            Some(assert) => self.expression(assert),
            None => Expression::compile("flow.open").ok(),
        };
        let severity = self.severity(&raw.severity);
        let evidence: Vec<FieldPath> = raw.evidence.iter().map(|path| self.data_path(path)).collect();
        for (at, path) in evidence.iter().enumerate() {
            if evidence[..at].iter().any(|other| other.last() == path.last()) {
                self.wrong(
                    &raw.evidence[at],
                    format!("two values of the evidence are named `{}`", path.last()),
                );
            }
        }
        let blockers = match &raw.blockers {
            Some(path) => Some(self.data_path(path)),
            None => (self.kind == FLOW).then(|| FieldPath::parse("flow.blockers")),
        };
        Some(Compiled {
            when: match when {
                Some(expression) => Some(expression?),
                None => None,
            },
            assert: assert?,
            severity: severity?,
            evidence,
            blockers,
        })
    }

    fn severity(&mut self, raw: &Spanned<RawSeverity>) -> Option<Vec<(Option<Expression>, Severity)>> {
        let cases = &raw.value.0;
        if cases.last().is_none_or(|last| last.when.is_some()) {
            self.wrong(raw, "the last severity must have no `when`; every subject needs a severity");
        }
        for case in cases.iter().rev().skip(1).filter(|case| case.when.is_none()) {
            let message =
                format!("a severity without `when` must be the last, but is before {:?}", case.severity);
            self.wrong(raw, message.to_lowercase());
        }
        let mut compiled = Vec::new();
        for case in cases {
            let when = match &case.when {
                Some(when) => Some(self.expression(when)?),
                None => None,
            };
            compiled.push((when, case.severity));
        }
        Some(compiled)
    }

    fn expression(&mut self, text: &Spanned<String>) -> Option<Expression> {
        let expression = match Expression::compile(&text.value) {
            Ok(expression) => expression,
            Err(error) => {
                let message = format!("the expression cannot be read: {}", error.message);
                self.problems.push(self.source.problem_within(text, error.at, message));
                return None;
            }
        };
        for function in expression.functions.iter().filter(|name| !FUNCTIONS.contains(&name.as_str())) {
            let meant = nearest(function, FUNCTIONS.iter().copied());
            let meant = meant.map_or_else(
                || format!("known are {}", FUNCTIONS.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.wrong_at(text, function, format!("unknown function `{function}`; {meant}"));
        }
        for path in &expression.paths {
            let found = self.look_up(text, path, false);
            let boolean =
                found.is_none_or(|nodes| nodes.is_empty() || nodes.iter().any(|node| may_be_boolean(node)));
            if !boolean && expression.booleans.contains(path) {
                self.wrong_at(
                    text,
                    path.last(),
                    format!("`{path}` is not true or false; compare the value, for instance with =="),
                );
            }
        }
        Some(expression)
    }

    /// A path written as such, through lists where need be.
    fn data_path(&mut self, text: &Spanned<String>) -> FieldPath {
        let path = FieldPath::parse(text.value.trim());
        self.look_up(text, &path, true);
        path
    }

    fn template(&mut self, templates: &mut Templates, name: &str, text: &Spanned<String>) {
        match templates.add(name, &text.value) {
            Ok(variables) => {
                for path in variables.iter().filter(|path| path.root != "range") {
                    self.look_up(text, path, true);
                }
            }
            Err(error) => {
                let message = format!("the template cannot be read: {}", error.message);
                self.problems.push(self.source.problem_within(text, (error.line, 1), message));
            }
        }
    }

    /// The schemas at the end of a path; a problem if there are none.
    fn look_up(
        &mut self,
        text: &Spanned<String>,
        path: &FieldPath,
        through_lists: bool,
    ) -> Option<Vec<&'c Value>> {
        let vocabulary: &'c Vocabulary = self.vocabulary;
        let schema = match path.root.as_str() {
            "target" => Some(&vocabulary.target),
            root if root == self.kind || root == "cluster" => vocabulary.kinds.get(root),
            _ => None,
        };
        let Some(schema) = schema else {
            // A kind that does not exist has been reported where it is named.
            if path.root != self.kind {
                let known = [self.kind.as_str(), "cluster", "target"];
                let message = format!("unknown variable `{}`; known are {}", path.root, known.join(", "));
                self.wrong_at(text, &path.root, message);
            }
            return None;
        };
        match in_schema(schema, &path.steps, through_lists) {
            Ok(nodes) => Some(nodes),
            Err(unknown) => {
                self.wrong_at(text, &unknown.field, unknown.message(path));
                None
            }
        }
    }

    fn not_empty(&mut self, text: &Spanned<String>) {
        if text.value.trim().is_empty() {
            self.wrong(text, "this text must not be empty");
        }
    }

    fn wrong<T>(&mut self, value: &Spanned<T>, message: impl Into<String>) {
        self.problems.push(self.source.problem(value, message.into()));
    }

    fn wrong_at(&mut self, value: &Spanned<String>, word: &str, message: String) {
        self.problems.push(self.source.problem_at(value, word, message));
    }
}

/// Whether two words differ in case, hyphens or a plural only.
fn spelt_alike(one: &str, other: &str) -> bool {
    let plain = |word: &str| {
        let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        letters.to_ascii_lowercase().trim_end_matches('s').to_owned()
    };
    plain(one) == plain(other)
}

/// Every path that the rule's expressions touch.
fn touched(compiled: &Compiled) -> Vec<String> {
    let severity = compiled.severity.iter().filter_map(|(when, _)| when.as_ref());
    let all = compiled.when.iter().chain([&compiled.assert]).chain(severity);
    let paths: std::collections::BTreeSet<String> =
        all.flat_map(|expression| expression.paths.iter().map(ToString::to_string)).collect();
    paths.into_iter().collect()
}

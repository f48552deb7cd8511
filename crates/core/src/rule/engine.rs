//! Evaluates every rule on every subject, exactly once each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::known::{Known, Missing, MissingKind};
use crate::pack::Pack;
use crate::report::{
    self, Blocker, Finding, Fix, Gap, Outcome, Report, SCHEMA_VERSION, Severity, Subject, Summary, TOOL,
    Target, Tool, Verdict,
};
use crate::subject::{self, Subjects};

use super::explain::thing;
use super::expr::Expression;
use super::fact_source::FactSource;
use super::field_path::{FieldPath, Scope, mark, marker, without_marks};
use super::{Rule, RuleError, Rules};

/// What an evaluation needs besides rules and facts.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The severity from which on a finding decides the verdict.
    pub fail_on: Severity,
    /// When the state was read.
    pub collected_at: Option<String>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

/// The report of all rules on all subjects.
///
/// # Errors
/// A mistake in a rule that only these facts bring out.
pub fn evaluate(rules: &Rules, facts: &dyn FactSource, evaluation: &Evaluation) -> Result<Report, RuleError> {
    let target = facts.target();
    let variables = Variables::new(rules.pack, facts);
    let mut findings = Vec::new();
    for rule in rules.iter() {
        evaluate_rule(rules, rule, facts, &variables, &mut findings)?;
    }
    let areas = rules.pack.areas;
    let area = |finding: &Finding| areas.iter().position(|area| *area == finding.area).unwrap_or(areas.len());
    findings.sort_by(|a, b| {
        let severity = b.severity.cmp(&a.severity);
        let place = (area(a), &a.area, &a.rule, &a.subject).cmp(&(area(b), &b.area, &b.rule, &b.subject));
        a.outcome.cmp(&b.outcome).then(severity).then(place)
    });
    let verdict = verdict(&findings, evaluation.fail_on);
    Ok(Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool { name: TOOL.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        target: Target {
            provider: rules.pack.provider.to_owned(),
            account: target.account.clone(),
            region: target.region.clone(),
            cluster: target.cluster.clone(),
            vpc: target.vpc.clone(),
        },
        collected_at: evaluation.collected_at.clone(),
        verdict,
        exit_code: match verdict {
            Verdict::Ready => 0,
            Verdict::NotReady => 1,
            Verdict::Incomplete => 3,
        },
        summary: summary(&findings),
        assumptions: facts.assumptions().into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
        gaps: evaluation.gaps.clone(),
        findings,
    })
}

/// What a report says about one rule, in the order of its subjects; nothing where there is no such rule.
///
/// # Errors
/// A mistake in the rule that only these facts bring out.
pub fn evaluate_one(rules: &Rules, id: &str, facts: &dyn FactSource) -> Result<Vec<Finding>, RuleError> {
    let mut findings = Vec::new();
    if let Some(rule) = rules.get(id) {
        evaluate_rule(rules, rule, facts, &Variables::new(rules.pack, facts), &mut findings)?;
    }
    Ok(findings)
}

/// Identifies a rule and a subject across runs, independent of the finding's text.
fn fingerprint(target: &subject::Target, rule: &str, kind: &str, id: &str) -> String {
    let place =
        [&target.account, &target.region, &target.cluster].map(|part| part.as_deref().unwrap_or_default());
    let mut hash = Sha256::new();
    for part in place.into_iter().chain([rule, kind, id]) {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let first = hash.finalize().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    format!("{first:016x}")
}

fn verdict(findings: &[Finding], fail_on: Severity) -> Verdict {
    let any = |outcome| {
        findings.iter().any(|f| f.outcome == outcome && f.severity >= fail_on && f.waiver.is_none())
    };
    if any(Outcome::Fail) {
        Verdict::NotReady
    } else if any(Outcome::Unknown) {
        Verdict::Incomplete
    } else {
        Verdict::Ready
    }
}

fn summary(findings: &[Finding]) -> Summary {
    let mut summary = Summary::default();
    for finding in findings {
        let count = match finding.outcome {
            _ if finding.waiver.is_some() => &mut summary.waived,
            Outcome::Pass => &mut summary.pass,
            Outcome::Fail => &mut summary.fail,
            Outcome::Unknown => &mut summary.unknown,
            Outcome::NotApplicable => &mut summary.not_applicable,
        };
        *count += 1;
    }
    summary
}

/// What every rule can read besides its subject.
struct Variables<'f> {
    target: &'f subject::Target,
    target_json: Value,
    /// For commands: a region that is unknown is the shell's.
    target_in_templates: Value,
    cluster: Value,
    /// The subject of findings about subjects that could not be listed, or do not exist.
    stand_in: Subject,
    /// Names of objects that do not exist yet.
    not_yet: Vec<String>,
}

impl<'f> Variables<'f> {
    fn new(pack: &Pack, facts: &'f dyn FactSource) -> Self {
        let target = facts.target();
        let clusters = facts.subjects("cluster");
        let no_cluster = Missing::intent("the audited cluster (--cluster)");
        let cluster = match clusters.listed.first() {
            Some(cluster) => cluster.fields.clone(),
            None if clusters.unlisted.is_empty() => mark(&[no_cluster]),
            None => mark(&clusters.unlisted),
        };
        let target_json = serde_json::to_value(target).unwrap_or_default();
        let target_in_templates = super::blockers::in_templates(pack, target);
        let id =
            target.cluster.clone().or_else(|| target.vpc.clone()).unwrap_or_else(|| "unknown".to_owned());
        let stand_in = Subject { kind: "cluster".to_owned(), id, name: None };
        Self { target, target_json, target_in_templates, cluster, stand_in, not_yet: facts.not_yet() }
    }

    fn scope<'a>(&'a self, kind: &'a str, fields: &'a Value) -> Scope<'a> {
        vec![("target", &self.target_json), ("cluster", &self.cluster), (kind, fields)]
    }

    fn in_templates<'a>(&'a self, kind: &'a str, fields: &'a Value) -> Scope<'a> {
        vec![("target", &self.target_in_templates), ("cluster", &self.cluster), (kind, fields)]
    }
}

fn evaluate_rule(
    rules: &Rules,
    rule: &Rule,
    facts: &dyn FactSource,
    variables: &Variables<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), RuleError> {
    match &rule.flow {
        Some(flow) => evaluate_subjects(rules, rule, &facts.flow(flow), variables, findings),
        None => evaluate_subjects(rules, rule, facts.subjects(&rule.subject), variables, findings),
    }
}

fn evaluate_subjects(
    rules: &Rules,
    rule: &Rule,
    subjects: &Subjects,
    variables: &Variables<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), RuleError> {
    for subject in &subjects.listed {
        let shown =
            Subject { kind: subject.kind.to_owned(), id: subject.id.clone(), name: subject.name.clone() };
        findings.push(evaluate_on(rules, rule, shown, &subject.fields, variables)?);
    }
    let none_listed = subjects.listed.is_empty();
    let nothing_said: [Missing; 0] = [];
    if !subjects.unlisted.is_empty() {
        let taken = subjects.listed.iter().any(|subject| subject.kind == variables.stand_in.kind);
        let missing = &subjects.unlisted;
        let later = not_before(missing);
        if !taken && (later.is_none() || none_listed) {
            let severity =
                severity(rule, &variables.scope(&rule.subject, &mark(missing)), &variables.stand_in)?;
            let mut finding = blank(rule, variables.stand_in.clone(), severity, variables);
            let missing: Vec<Missing> =
                missing.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
            let what = undecided(&missing);
            finding.missing = reported(&missing);
            finding.message = match (&rule.flow, none_listed) {
                (Some(flow), _) => format!("unknown: some paths from {} to {}: {what}", flow.from, flow.to),
                (None, true) => format!("unknown: the list of {}s: {what}", thing(&rule.subject)),
                (None, false) => format!("unknown: further {}s: {what}", thing(&rule.subject)),
            };
            if let Some(later) = later {
                (finding.outcome, finding.message) = (Outcome::NotApplicable, later);
                finding.missing.clear();
            }
            findings.push(finding);
        }
    } else if none_listed {
        let severity =
            severity(rule, &variables.scope(&rule.subject, &mark(&nothing_said)), &variables.stand_in)?;
        let mut finding = blank(rule, variables.stand_in.clone(), severity, variables);
        finding.outcome = Outcome::NotApplicable;
        finding.message = match &rule.flow {
            Some(flow) => format!("not applicable: nothing sends packets from {} to {}", flow.from, flow.to),
            None => format!("not applicable: no {} exists", thing(&rule.subject)),
        };
        findings.push(finding);
    }
    Ok(())
}

/// A finding before anything is found.
fn blank(rule: &Rule, subject: Subject, severity: Severity, variables: &Variables<'_>) -> Finding {
    Finding {
        rule: rule.id.clone(),
        area: rule.area.clone(),
        title: rule.title.clone(),
        severity,
        outcome: Outcome::Unknown,
        fingerprint: fingerprint(variables.target, &rule.id, &subject.kind, &subject.id),
        subject,
        message: String::new(),
        evidence: BTreeMap::new(),
        blockers: Vec::new(),
        missing: Vec::new(),
        fix: None,
        references: rule.references.clone(),
        waiver: None,
    }
}

fn evaluate_on(
    rules: &Rules,
    rule: &Rule,
    subject: Subject,
    fields: &Value,
    variables: &Variables<'_>,
) -> Result<Finding, RuleError> {
    let scope = variables.scope(&rule.subject, fields);
    let severity = severity(rule, &scope, &subject)?;
    let mut finding = blank(rule, subject, severity, variables);
    let applies = match &rule.compiled.when {
        Some(when) => truth(rule, "when", when, &scope, &finding.subject)?,
        None => Ok(true),
    };
    if applies == Ok(false) {
        finding.outcome = Outcome::NotApplicable;
        let when = rule
            .when
            .as_deref()
            .unwrap_or(super::lint::APPLIES)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        finding.message = format!("not applicable: applies only where {when}");
        return Ok(finding);
    }
    for path in &rule.compiled.evidence {
        let values = path.all(&scope);
        let value = match values.as_slice() {
            [] => Value::Null,
            [one] => without_marks(one),
            many => many.iter().map(|value| without_marks(value)).collect(),
        };
        finding.evidence.insert(path.last().to_owned(), value);
    }
    let holds = match applies {
        Err(missing) => Err(missing),
        _ => truth(rule, "assert", &rule.compiled.assert, &scope, &finding.subject)?,
    };
    match holds {
        Ok(true) => {
            finding.outcome = Outcome::Pass;
            finding.message.clone_from(&rule.title);
        }
        Err(missing) => {
            if let Some(later) = not_before(&missing) {
                (finding.outcome, finding.message) = (Outcome::NotApplicable, later);
                finding.evidence.clear();
                return Ok(finding);
            }
            let missing: Vec<Missing> =
                missing.into_iter().filter(|one| one.kind != MissingKind::NotYet).collect();
            finding.message = format!("unknown: {}", undecided(&missing));
            finding.missing = reported(&missing);
        }
        Ok(false) => fail(rules, rule, fields, variables, &mut finding)?,
    }
    Ok(finding)
}

fn fail(
    rules: &Rules,
    rule: &Rule,
    fields: &Value,
    variables: &Variables<'_>,
    finding: &mut Finding,
) -> Result<(), RuleError> {
    let scope = variables.in_templates(&rule.subject, fields);
    let mistake = |part: &str, message: String| mistake(rule, &finding.subject, part, &message);
    let render = |part: &str| {
        rules
            .templates
            .render(&format!("{}#{part}", rule.id), &scope)
            .map_err(|message| mistake(part, message))
    };
    let message = render("message")?;
    let mut fix = Fix { summary: render("summary")?, commands: Vec::new() };
    for at in 0..rule.fix.commands.len() {
        super::blockers::add_lines(&mut fix.commands, &render(&format!("command{at}"))?);
    }
    let standing = rule.compiled.blockers.as_ref().map(|path| blockers(path, &scope)).unwrap_or_default();
    for blocker in &standing {
        rules
            .blockers
            .add(blocker, &variables.target_in_templates, &mut fix)
            .map_err(|message| mistake("blockers", message))?;
    }
    fix.commands.retain(|command| !variables.not_yet.iter().any(|name| names(command, name)));
    let mut shown: Vec<Blocker> = Vec::new();
    for blocker in standing {
        let blocker: Blocker = serde_json::from_value(blocker.clone())
            .map_err(|error| mistake("blockers", error.to_string()))?;
        if !shown.contains(&blocker) {
            shown.push(blocker);
        }
    }
    finding.outcome = Outcome::Fail;
    finding.message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    finding.blockers = shown;
    finding.fix = Some(fix);
    Ok(())
}

/// The blockers at the end of a path, in order, without unknown ones.
fn blockers<'a>(path: &FieldPath, scope: &Scope<'a>) -> Vec<&'a Value> {
    let lists = path.all(scope).into_iter().filter(|value| marker(value).is_empty());
    lists
        .flat_map(|list| list.as_array().map_or_else(|| vec![list], |items| items.iter().collect()))
        .collect()
}

/// The severity of the first case that holds; where that is undecidable, the highest it could be.
fn severity(rule: &Rule, scope: &Scope<'_>, subject: &Subject) -> Result<Severity, RuleError> {
    let mut highest = Severity::Info;
    for (when, severity) in &rule.compiled.severity {
        let holds = match when {
            Some(when) => truth(rule, "severity", when, scope, subject)?,
            None => Ok(true),
        };
        if holds != Ok(false) {
            highest = highest.max(*severity);
        }
        if holds == Ok(true) {
            break;
        }
    }
    Ok(highest)
}

fn truth(
    rule: &Rule,
    part: &str,
    expression: &Expression,
    scope: &Scope<'_>,
    subject: &Subject,
) -> Result<Known<bool>, RuleError> {
    expression.evaluate(scope).map_err(|message| mistake(rule, subject, part, &message))
}

fn mistake(rule: &Rule, subject: &Subject, part: &str, message: &str) -> RuleError {
    RuleError::Evaluation {
        rule: rule.id.clone(),
        subject: format!("{} {}", subject.kind, subject.id),
        message: format!("in its {part}: {message}"),
    }
}

/// Whether a command contains a name.
fn names(command: &str, name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let whole = name.chars().all(part);
    if whole { command.split(|c| !part(c)).any(|word| word == name) } else { command.contains(name) }
}

/// Why a rule does not apply to a planned cluster; `None` where an input is missing that exists
/// already.
fn not_before(missing: &[Missing]) -> Option<String> {
    let later = !missing.is_empty() && missing.iter().all(|one| one.kind == MissingKind::NotYet);
    later.then(|| format!("not applicable before the cluster exists: {}", undecided(missing)))
}

/// The first missing input and what provides the input.
fn undecided(missing: &[Missing]) -> String {
    let more = if missing.len() > 1 { format!(" (and {} more)", missing.len() - 1) } else { String::new() };
    missing.first().map_or_else(
        || "no input decides".to_owned(),
        |first| format!("{}{}{more}", first.what, needs(first)),
    )
}

/// What provides a missing input, where the input does not name that.
fn needs(missing: &Missing) -> String {
    let says = |words: &[&str]| words.iter().any(|word| missing.what.contains(word));
    match (missing.kind, &missing.permission) {
        (MissingKind::Operation, Some(permission)) if !says(&[permission]) => {
            format!("; needs {permission}")
        }
        (MissingKind::Intent, _) if !says(&["privek-audit.yaml", "--"]) => {
            "; needs a declaration in privek-audit.yaml".to_owned()
        }
        (MissingKind::Probe, _) => "; needs `privek-audit probe`".to_owned(),
        (MissingKind::Unmodelled, _) => "; not modelled".to_owned(),
        _ => String::new(),
    }
}

/// The missing inputs for the report, without those of a later time.
fn reported(missing: &[Missing]) -> Vec<report::Missing> {
    let now = missing.iter().filter(|one| one.kind != MissingKind::NotYet);
    now.cloned().map(report::Missing::from).collect()
}

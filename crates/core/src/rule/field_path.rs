//! Paths into the facts' JSON, such as `subnet.routes[].target`: what they hold, whether
//! something unknown lies on or below them, and whether the facts' schema has them.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::known::Missing;
use crate::subject::UNKNOWN;
use crate::yaml::nearest;

/// A path from a variable into its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FieldPath {
    /// The variable, for instance `subnet`.
    pub root: String,
    /// The way from there.
    pub steps: Vec<Step>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of an object.
    Field(String),
    /// The members of a list.
    Each,
}

/// The variables that an expression can see, innermost last.
pub(super) type Scope<'a> = Vec<(&'a str, &'a Value)>;

/// Why a path holds nothing.
#[derive(Debug, PartialEq)]
pub(super) enum Nothing {
    /// What is missing to know it.
    Unknown(BTreeSet<Missing>),
    /// A mistake: there is no such field.
    Mistake(String),
}

impl FieldPath {
    /// The path that dotted text spells.
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.split('.');
        let root = parts.next().unwrap_or_default().to_owned();
        Self { root, steps: parts.map(|part| Step::Field(part.to_owned())).collect() }
    }

    /// This path, one step on.
    pub(super) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The last field's name, or the variable's.
    pub(super) fn last(&self) -> &str {
        let field = self.steps.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Each => None,
        });
        field.unwrap_or(&self.root)
    }

    /// The value at the end of a path of fields.
    pub(super) fn look<'a>(&self, scope: &Scope<'a>) -> Result<&'a Value, Nothing> {
        let mut value = lookup(&self.root, scope)?;
        for step in &self.steps {
            known(value)?;
            let Step::Field(name) = step else {
                return Err(Nothing::Mistake(format!("`{self}` is not one value")));
            };
            value = value.get(name).ok_or_else(|| {
                let what = if value.is_null() { "its owner is null" } else { "no such field" };
                Nothing::Mistake(format!("`{self}` has no value: {what}"))
            })?;
        }
        known(value)?;
        Ok(value)
    }

    /// All values at the end of the path; lists along the path are walked through.
    pub(super) fn all<'a>(&self, scope: &Scope<'a>) -> Vec<&'a Value> {
        let mut values: Vec<&Value> = lookup(&self.root, scope).into_iter().collect();
        for step in &self.steps {
            values = values.into_iter().flat_map(|value| next(value, step)).collect();
        }
        values
    }

    /// Adds what is missing along the path, and with `deep` anywhere below the end.
    pub(super) fn missing(&self, scope: &Scope<'_>, deep: bool, into: &mut BTreeSet<Missing>) {
        let mut values: Vec<&Value> = lookup(&self.root, scope).into_iter().collect();
        for step in &self.steps {
            into.extend(values.iter().flat_map(|value| marker(value)));
            values = values.into_iter().flat_map(|value| next(value, step)).collect();
        }
        for value in values {
            if deep { missing_below(value, into) } else { into.extend(marker(value)) }
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Each => f.write_str("[]"),
        })
    }
}

fn lookup<'a>(name: &str, scope: &Scope<'a>) -> Result<&'a Value, Nothing> {
    let found = scope.iter().rev().find(|(variable, _)| *variable == name);
    found.map(|(_, value)| *value).ok_or_else(|| Nothing::Mistake(format!("unknown variable `{name}`")))
}

fn known(value: &Value) -> Result<(), Nothing> {
    let missing: BTreeSet<Missing> = marker(value).into_iter().collect();
    if missing.is_empty() { Ok(()) } else { Err(Nothing::Unknown(missing)) }
}

fn next<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    match (step, value) {
        (Step::Field(_), Value::Array(items)) => items.iter().flat_map(|item| next(item, step)).collect(),
        (Step::Field(name), _) => value.get(name).into_iter().collect(),
        (Step::Each, Value::Array(items)) => items.iter().collect(),
        (Step::Each, _) => Vec::new(),
    }
}

/// What is missing, if this value is the mark of an unknown one; then never empty.
pub(super) fn marker(value: &Value) -> Vec<Missing> {
    let Some(list) = value.as_object().and_then(|object| object.get(UNKNOWN)) else {
        return Vec::new();
    };
    let items = list.as_array().into_iter().flatten();
    let mut missing: Vec<Missing> =
        items.filter_map(|item| serde_json::from_value(item.clone()).ok()).collect();
    if missing.is_empty() {
        missing.push(Missing::operation("an input without a description", None));
    }
    missing
}

/// The mark of a value that is unknown for these reasons.
pub(super) fn mark(missing: &[impl serde::Serialize]) -> Value {
    serde_json::json!({ UNKNOWN: missing })
}

fn missing_below(value: &Value, into: &mut BTreeSet<Missing>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| missing_below(item, into)),
        Value::Object(fields) if fields.contains_key(UNKNOWN) => into.extend(marker(value)),
        Value::Object(fields) => fields.values().for_each(|field| missing_below(field, into)),
        _ => {}
    }
}

/// The value with every unknown part replaced by null.
pub(super) fn without_marks(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_marks).collect(),
        Value::Object(fields) if fields.contains_key(UNKNOWN) => Value::Null,
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), without_marks(field))).collect()
        }
        other => other.clone(),
    }
}

/// A field that the schema does not have, and those that it has instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoSuchField {
    pub field: String,
    pub known: Vec<String>,
}

impl NoSuchField {
    /// What to say about a path that names it.
    pub(super) fn message(&self, path: &FieldPath) -> String {
        let meant = nearest(&self.field, self.known.iter().map(String::as_str)).map_or_else(
            || format!("known are {}", self.known.join(", ")),
            |meant| format!("did you mean `{meant}`?"),
        );
        format!("unknown field `{}` in `{path}`; {meant}", self.field)
    }
}

/// The schemas of what lies at the end of these steps; lists are walked through if `through_lists`.
pub(super) fn in_schema<'s>(
    schema: &'s Value,
    steps: &[Step],
    through_lists: bool,
) -> Result<Vec<&'s Value>, NoSuchField> {
    let mut nodes = alternatives(schema, schema);
    for step in steps {
        let mut found: Vec<&Value> = nodes.iter().flat_map(|node| step_in_schema(node, step)).collect();
        if found.is_empty() && through_lists {
            let members = nodes.iter().flat_map(|node| step_in_schema(node, &Step::Each));
            let members: Vec<&Value> = members.flat_map(|member| alternatives(schema, member)).collect();
            found = members.iter().flat_map(|node| step_in_schema(node, step)).collect();
            nodes.extend(members);
        }
        if found.is_empty() {
            let fields = nodes.iter().filter_map(|node| node.get("properties")?.as_object());
            let known: BTreeSet<String> = fields.flat_map(|fields| fields.keys().cloned()).collect();
            let field = match step {
                Step::Field(name) => name.clone(),
                Step::Each => "[]".to_owned(),
            };
            return Err(NoSuchField { field, known: known.into_iter().collect() });
        }
        nodes = found.into_iter().flat_map(|node| alternatives(schema, node)).collect();
    }
    Ok(nodes)
}

fn step_in_schema<'s>(node: &'s Value, step: &Step) -> Vec<&'s Value> {
    if is_anything(node) {
        return vec![node];
    }
    let open = node.get("additionalProperties").filter(|open| **open != Value::Bool(false));
    match step {
        Step::Field(name) => node.get("properties").and_then(|p| p.get(name)).or(open).into_iter().collect(),
        Step::Each => node.get("items").or(open).into_iter().collect(),
    }
}

fn is_anything(node: &Value) -> bool {
    const TELLING: [&str; 6] = ["type", "$ref", "anyOf", "oneOf", "allOf", "properties"];
    *node == Value::Bool(true)
        || node.as_object().is_some_and(|object| TELLING.iter().all(|key| !object.contains_key(*key)))
}

/// The schema's branches, with references followed and the null branch left out.
fn alternatives<'s>(root: &'s Value, node: &'s Value) -> Vec<&'s Value> {
    if let Some(pointer) = node.get("$ref").and_then(|r| r.as_str()?.strip_prefix('#')) {
        return root.pointer(pointer).map(|target| alternatives(root, target)).unwrap_or_default();
    }
    let branches: Vec<&Value> = ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|key| node.get(*key)?.as_array())
        .flatten()
        .flat_map(|branch| alternatives(root, branch))
        .collect();
    if !branches.is_empty() && node.get("properties").is_none() {
        return branches;
    }
    let null = node.get("type").is_some_and(|kind| kind == "null");
    if null { Vec::new() } else { std::iter::once(node).chain(branches).collect() }
}

/// Whether a schema's value can be true or false.
pub(super) fn may_be_boolean(node: &Value) -> bool {
    is_anything(node)
        || match node.get("type") {
            Some(Value::String(kind)) => kind == "boolean",
            Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "boolean"),
            _ => node.get("const").is_some_and(Value::is_boolean),
        }
}

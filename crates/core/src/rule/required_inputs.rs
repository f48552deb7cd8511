//! What has to be read before a rule can decide: permissions and declarations, by kind of subject, field and
//! flow (`inputs.yaml`).
//!
//! The file is not written by hand: a test withholds each collection and each declaration from every
//! healthy cluster, and notes which fields, subjects and flows change.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::subject::FlowSpec;

use super::rule_file::Source;
use super::{FLOW, Rule, RuleError};
use crate::pack::Pack;

/// What begins the name of an input that the user declares, and no operation gives.
pub const DECLARED: &str = "declared:";

/// The inputs of all kinds of subjects and of the built-in rules' flows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// By kind of subject.
    pub kinds: BTreeMap<String, KindInputs>,
    /// By flow, as [`Inputs::flow_name`] writes it.
    pub flows: BTreeMap<String, BTreeSet<String>>,
}

/// The inputs of one kind of subject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindInputs {
    /// What tells which subjects there are.
    pub listed: BTreeSet<String>,
    /// What tells the value of each field.
    pub fields: BTreeMap<String, BTreeSet<String>>,
}

/// What a rule needs to decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Needs {
    /// Permissions.
    pub permissions: BTreeSet<String>,
    /// Sections of `privek-audit.yaml`, or the flags that stand for them.
    pub declarations: BTreeSet<String>,
}

impl Inputs {
    /// The table that is part of the program.
    ///
    /// # Errors
    /// A mistake in its file.
    pub fn load(pack: &Pack) -> Result<Self, RuleError> {
        let source = Source::of(&pack.inputs);
        source.parse().map_err(|problem| RuleError::Invalid(vec![problem]))
    }

    /// What a flow is called in the table.
    pub fn flow_name(flow: &FlowSpec) -> String {
        format!("{} to {} on {}", flow.from, flow.to, flow.port)
    }

    /// What this rule needs. Of a flow that no built-in rule declares, what any of theirs needs.
    pub fn of(&self, rule: &Rule) -> Needs {
        let mut all: BTreeSet<&String> = BTreeSet::new();
        if let Some(flow) = &rule.flow {
            match self.flows.get(&Self::flow_name(flow)) {
                Some(inputs) => all.extend(inputs),
                None => all.extend(self.flows.values().flatten()),
            }
        } else if let Some(kind) = self.kinds.get(&rule.subject) {
            all.extend(&kind.listed);
        }
        for path in &rule.fields {
            let (root, field) = top(path);
            if root != FLOW
                && let Some(kind) = self.kinds.get(root)
            {
                all.extend(&kind.listed);
                all.extend(kind.fields.get(field).into_iter().flatten());
            }
        }
        let mut needs = Needs::default();
        for input in all {
            match input.strip_prefix(DECLARED) {
                Some(section) => needs.declarations.insert(section.to_owned()),
                None => needs.permissions.insert(input.clone()),
            };
        }
        needs
    }
}

/// The variable and the field that a path begins with.
pub(super) fn top(path: &str) -> (&str, &str) {
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    (root, rest.split(['.', '[']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_a_variable_and_a_field() {
        assert_eq!(top("subnet.routes[].target"), ("subnet", "routes"));
        assert_eq!(top("cluster.status"), ("cluster", "status"));
        assert_eq!(top("target"), ("target", ""));
    }
}

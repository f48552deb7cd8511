//! What the engine knows of a provider, as data.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that the engine asks of a provider.
#[derive(Debug)]
pub struct Pack {
    /// The provider's name, for the report's target.
    pub provider: &'static str,
    /// The rules' areas in the order of a report; others follow by name.
    pub areas: &'static [&'static str],
    /// The rule files.
    pub rules: &'static [RuleFile],
    /// How each kind of blocker is removed, by its code.
    pub blockers: Document,
    /// What is known to matter, by number.
    pub catalogue: Document,
    /// Why no rule covers a number.
    pub not_covered: Document,
    /// Which operations and declarations each fact and flow needs.
    pub inputs: Document,
    /// The kinds of subjects, in the order of the report's areas.
    pub kinds: &'static [&'static str],
    /// What rules may name.
    pub vocabulary: fn() -> Vocabulary,
    /// The kinds of subjects that live probes saw.
    pub observed: &'static [&'static str],
    /// The spelling of words in the kinds of blocking objects, where it differs: `acl` is ACL.
    pub spelling: &'static [(&'static str, &'static str)],
    /// The shell variable for an unknown region in commands.
    pub region_variable: &'static str,
}

/// A rule file.
#[derive(Debug)]
pub struct RuleFile {
    /// The folder that it is in.
    pub area: &'static str,
    /// Its path, for messages.
    pub file: &'static str,
    /// Its YAML.
    pub text: &'static str,
}

/// A file of data beside the rules.
#[derive(Debug)]
pub struct Document {
    /// Its path, for messages.
    pub file: &'static str,
    /// Its YAML.
    pub text: &'static str,
}

/// What a rule may name: the facts' schemas by variable, and the ends of flows.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// JSON Schemas of the kinds of subjects.
    pub kinds: BTreeMap<String, Value>,
    /// JSON Schema of `target`.
    pub target: Value,
    /// JSON Schema of `blocker`, in the fixes of blockers.
    pub blocker: Value,
    /// Roles and service names that a flow may name.
    pub flow_ends: Vec<String>,
    /// The name, if an end of a flow is a declared network's.
    ///
    /// Errors: what is wrong with the end, and what would be right.
    pub check_end: fn(&str) -> Result<Option<String>, String>,
    /// Whether a flow may have this port.
    ///
    /// Errors: what is wrong with it, and what would be right.
    pub check_port: fn(&str) -> Result<(), String>,
}

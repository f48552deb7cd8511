//! The fields that rules can read, of each kind of subject, from the facts' own schemas.

use anyhow::bail;
use privek_core::pack::Vocabulary;
use privek_core::report::rules::{KindFields, RuleField, RuleFields};
use serde_json::Value;

use crate::providers::DEFAULT;

/// What is bound in every rule, whatever its subject.
const TARGET: &str = "target";

/// The fields of one kind, or of all.
pub fn list(kind: Option<&str>) -> Result<RuleFields, anyhow::Error> {
    let mut kinds = DEFAULT.kinds.to_vec();
    kinds.push(TARGET);
    if let Some(kind) = kind {
        kinds.retain(|known| *known == kind);
        if kinds.is_empty() {
            bail!("{kind} is not a kind of subject; kinds are {}, and {TARGET}", DEFAULT.kinds.join(", "));
        }
    }
    let vocabulary = (DEFAULT.vocabulary)();
    Ok(RuleFields { kinds: kinds.into_iter().map(|kind| of_kind(kind, &vocabulary)).collect() })
}

fn of_kind(kind: &str, vocabulary: &Vocabulary) -> KindFields {
    let schema = if kind == TARGET { Some(&vocabulary.target) } else { vocabulary.kinds.get(kind) };
    let schema = schema.unwrap_or(&Value::Null);
    let field = |(name, field): (&String, &Value)| RuleField {
        name: name.clone(),
        form: form(field, schema),
        description: field["description"].as_str().map(ToOwned::to_owned),
    };
    let fields = schema["properties"].as_object().into_iter().flatten().map(field).collect();
    let notes = if kind == "flow" { flow_notes(vocabulary) } else { Vec::new() };
    KindFields { kind: kind.to_owned(), fields, notes }
}

/// What `flow:` of a rule can name.
fn flow_notes(vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let ends = vocabulary.flow_ends.join(", ");
    let others =
        "an id (eni-…, i-…, subnet-…, vpce-…, pl-…), an address, a CIDR, a network in privek-audit.yaml";
    let ports = "tcp/443, udp/53, tcp/1024-65535, icmp, any, webhooks, tcp/targets, udp/targets";
    vec![("from and to".to_owned(), format!("{ends}; {others}")), ("port".to_owned(), ports.to_owned())]
}

/// The JSON type in words: `string or null`, `list of integer`.
fn form(field: &Value, schema: &Value) -> String {
    let field = match field["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(path) => schema.pointer(path).unwrap_or(field),
        None => field,
    };
    let one = |name: &str| match (name, &field["items"]) {
        ("array", items) if items.is_object() => format!("list of {}", form(items, schema)),
        (name, _) => name.to_owned(),
    };
    match &field["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        _ => match field["anyOf"].as_array() {
            Some(forms) => forms.iter().map(|each| form(each, schema)).collect::<Vec<_>>().join(" or "),
            None => "any".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use privek_core::render;

    use crate::commands::output::PLAIN;

    use super::*;

    fn page(kind: Option<&str>) -> String {
        let print = render::renderer::<RuleFields>(render::default_format()).unwrap();
        print(&list(kind).unwrap(), &PLAIN)
    }

    #[test]
    fn every_field_is_listed_with_its_type_and_what_it_says() {
        let page = page(None);
        for (kind, schema) in (DEFAULT.vocabulary)().kinds {
            for name in schema["properties"].as_object().unwrap().keys() {
                assert!(page.contains(&format!("\n  {kind}.{name} (")), "{kind}.{name} is missing");
            }
        }
        assert!(page.contains("  nodegroup.max_size (integer"), "{page}");
        assert!(page.contains("  nodegroup.subnets (list of string"), "{page}");
        assert!(!page.contains("(any)"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }

    #[test]
    fn a_kind_that_does_not_exist_is_an_error_that_lists_the_kinds() {
        assert!(!page(Some("vpc")).contains("subnet.id"));
        let said = list(Some("vpcs")).unwrap_err().to_string();
        assert!(said.contains("vpcs") && said.contains("nodegroup"), "{said}");
    }
}

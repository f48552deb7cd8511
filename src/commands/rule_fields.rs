//! What rules can read: the fields of each kind of subject, from the facts' own schemas.

use anyhow::bail;
use serde_json::Value;

use super::output::PLAIN;
use crate::facts;
use crate::render::text::Page;

/// What is bound in every rule, whatever its subject.
const TARGET: &str = "target";

/// The fields of one kind, or of all.
pub fn list(kind: Option<&str>) -> Result<String, anyhow::Error> {
    let mut kinds = facts::KINDS.to_vec();
    kinds.push(TARGET);
    if let Some(kind) = kind {
        kinds.retain(|known| *known == kind);
        if kinds.is_empty() {
            bail!("there is no kind of subject {kind}; there are {}, and {TARGET}", facts::KINDS.join(", "));
        }
    }
    let mut page = Page::new(PLAIN);
    for kind in kinds {
        let schema = if kind == TARGET { Some(facts::target_schema()) } else { facts::schema(kind) };
        let schema = schema.map(schemars::Schema::to_value).unwrap_or_default();
        page.heading(kind);
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            page.line(&format!("  {kind}.{name} ({})", form(field, &schema)));
            if let Some(text) = field["description"].as_str() {
                page.paragraph("      ", text);
            }
        }
        if kind == "flow" {
            page.blank();
            let ends = facts::flow_ends().join(", ");
            let others = "an id (eni-…, i-…, subnet-…, vpce-…, pl-…), an address, a CIDR, a network of privek-audit.yaml";
            page.paragraph("  from and to: ", &format!("{ends}; {others}"));
            page.paragraph(
                "  port: ",
                "tcp/443, udp/53, tcp/1024-65535, icmp, any, webhooks, tcp/targets, udp/targets",
            );
        }
    }
    Ok(page.finish())
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
    use super::*;

    #[test]
    fn every_field_is_listed_with_its_type_and_what_it_says() {
        let page = list(None).unwrap();
        for kind in facts::KINDS {
            let schema = facts::schema(kind).unwrap().to_value();
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
        assert!(!list(Some("vpc")).unwrap().contains("subnet.id"));
        let said = list(Some("vpcs")).unwrap_err().to_string();
        assert!(said.contains("vpcs") && said.contains("nodegroup"), "{said}");
    }
}

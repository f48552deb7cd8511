//! The published schemas.

use std::path::Path;

use serde_json::Value;

use super::files::text;

/// Validates a report against `docs/report.schema.json`.
pub fn conforms(report: &Value) {
    conforms_to("report.schema.json", report);
}

/// Validates against a published schema.
pub fn conforms_to(name: &str, document: &Value) {
    let schema: Value =
        serde_json::from_str(&text(Path::new("docs").join(name))).expect("the schema is JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource(name, schema).expect("the schema is one");
    let index = compiler.compile(name, &mut schemas).expect("the schema compiles");
    if let Err(error) = schemas.validate(document, index) {
        panic!("this does not conform to {name}: {error:#}");
    }
}

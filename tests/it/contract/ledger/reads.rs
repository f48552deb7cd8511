//! Which fields of AWS's shapes the code of `privek-aws` reads. The compiler says it: with the feature `ledger`
//! each field is deprecated, so that each use is a warning with its place. Derived code has no warnings; a value
//! that a field is given is no reading; nor is what `snapshot/` does to load, merge and redact.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use syn::Member;
use syn::visit::{self, Visit};

use crate::support::files::{repository, text};

use super::shapes::KeptField;

const LOADING: &str = "crates/aws/src/snapshot/";
const SHAPES: &str = "crates/aws/src/snapshot/aws/";

/// The fields that are read.
pub fn reads() -> BTreeSet<KeptField> {
    let mut patterns = BTreeMap::new();
    let mut found = BTreeSet::new();
    for message in warnings() {
        let said = message["message"].as_str().unwrap_or_default().replace("r#", "");
        let Some(path) = said.split('`').nth(1).and_then(|path| path.strip_prefix("snapshot::aws::")) else {
            continue;
        };
        let (shape, field) = path.rsplit_once("::").expect("a field's path has its shape");
        let spans = message["spans"].as_array().expect("places");
        let at = spans.iter().find(|span| span["is_primary"] == true).expect("a place");
        let file = at["file_name"].as_str().expect("a file's name").replace('\\', "/");
        // A method of a shape reads for the facts; what keeps collections in order does not.
        let loads = file.starts_with(LOADING) && !(file.starts_with(SHAPES) && shape != "Aws");
        let patterns = patterns.entry(file.clone()).or_insert_with(|| patterns_of(&file));
        let place = (number(&at["line_start"]), number(&at["column_start"]) - 1);
        if !loads && (is_access(at, field) || patterns.contains(&place)) {
            found.insert(KeptField { shape: shape.to_owned(), field: field.to_owned() });
        }
    }
    found
}

/// The compiler's warnings about deprecated things.
fn warnings() -> Vec<Value> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("target/tmp has a parent");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--locked", "--quiet", "-p", "privek-aws", "--lib", "--features", "ledger"])
        .args(["--message-format", "json", "--target-dir"])
        .arg(target)
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo check failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages
        .filter(|message| message["reason"] == "compiler-message")
        .map(|mut message| message["message"].take())
        .filter(|message| message["code"]["code"] == "deprecated")
        .collect()
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).expect("a number")
}

/// `something.field`, and nothing is assigned to it.
fn is_access(at: &Value, field: &str) -> bool {
    let Some(line) = at["text"].as_array().and_then(|lines| lines.last()) else { return false };
    let characters: Vec<char> = line["text"].as_str().expect("a line").chars().collect();
    let (before, after) = characters.split_at(number(&line["highlight_end"]) - 1);
    let (before, after): (String, String) = (before.iter().collect(), after.iter().collect());
    let accessed = before.strip_suffix(field).is_some_and(|rest| rest.trim_end_matches("r#").ends_with('.'));
    let after = after.trim_start();
    let is_assigned = after.starts_with('=') && !after.starts_with("==");
    accessed && !is_assigned
}

/// Where patterns take fields apart: line and column.
fn patterns_of(file: &str) -> BTreeSet<(usize, usize)> {
    #[derive(Default)]
    struct Patterns(BTreeSet<(usize, usize)>);
    impl<'ast> Visit<'ast> for Patterns {
        fn visit_field_pat(&mut self, field: &'ast syn::FieldPat) {
            if let Member::Named(name) = &field.member {
                let start = name.span().start();
                self.0.insert((start.line, start.column));
            }
            visit::visit_field_pat(self, field);
        }
    }
    let mut patterns = Patterns::default();
    patterns.visit_file(&syn::parse_file(&text(file)).expect("Rust"));
    patterns.0
}

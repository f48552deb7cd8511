//! What AWS's answers contain: the members of each operation's response, from the service models that the
//! emulator's environment ships (botocore's, which is newer than the one inside the AWS CLI).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read;

use flate2::read::GzDecoder;
use privek_audit::collect::aws::operations::OPERATIONS;
use serde_json::Value;

use crate::support::emulator;
use crate::support::files::text;

/// Where the members are recorded.
pub const RECORDED: &str = "fixtures/aws-members.txt";

const HEADER: &str = "\
# The members of the answers of the operations that privek-audit may call, from the service models of botocore
# (https://github.com/boto/botocore, Apache License 2.0) in the version that tests/it/support/emulator/mod.rs
# names: written by `tests/bless members`. Lists and maps are left out of the paths.
";

/// `ec2:DescribeVpcs` → `Vpcs`, `Vpcs.VpcId`, ….
pub type Members = BTreeMap<String, BTreeSet<String>>;

/// The members as the installed models have them.
pub fn installed() -> Members {
    let data = emulator::service_models();
    let mut models = BTreeMap::new();
    let mut members = Members::new();
    for operation in OPERATIONS {
        let model = models.entry(operation.service).or_insert_with(|| {
            let folder = data.join(operation.service);
            let versions = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
            let newest = versions.map(|entry| entry.expect("a folder").path()).max().expect("a version");
            let file = std::fs::File::open(newest.join("service-2.json.gz")).expect("a service model");
            let mut text = String::new();
            GzDecoder::new(file).read_to_string(&mut text).expect("a packed text");
            serde_json::from_str::<Value>(&text).expect("a service model is JSON")
        });
        let described = &model["operations"][operation.operation];
        assert!(described.is_object(), "the service model lacks {}", operation.iam_action);
        let mut found = BTreeSet::new();
        let answer = described["output"]["shape"].as_str().expect("an operation that reads has an output");
        walk(&model["shapes"], answer, "", &mut Vec::new(), &mut found);
        members.insert(format!("{}:{}", operation.service, operation.operation), found);
    }
    members
}

fn walk<'m>(
    shapes: &'m Value,
    name: &'m str,
    path: &str,
    around: &mut Vec<&'m str>,
    found: &mut BTreeSet<String>,
) {
    let shape = &shapes[name];
    let inner = |key: &str| shape[key]["shape"].as_str().expect("a shape");
    match shape["type"].as_str() {
        Some("list") => walk(shapes, inner("member"), path, around, found),
        Some("map") => walk(shapes, inner("value"), path, around, found),
        Some("structure") if !around.contains(&name) => {
            around.push(name);
            for (member, described) in shape["members"].as_object().expect("members") {
                let path = if path.is_empty() { member.clone() } else { format!("{path}.{member}") };
                walk(shapes, described["shape"].as_str().expect("a shape"), &path, around, found);
                found.insert(path);
            }
            around.pop();
        }
        _ => {}
    }
}

/// The members as they were recorded.
pub fn recorded() -> Members {
    let mut members = Members::new();
    for line in text(RECORDED).lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("  ") {
            None => drop(members.insert(line.to_owned(), BTreeSet::new())),
            Some(path) => {
                members.last_entry().expect("an operation comes first").get_mut().insert(path.to_owned());
            }
        }
    }
    members
}

/// The recorded file's text.
pub fn written(members: &Members) -> String {
    let mut text = HEADER.to_owned();
    for (operation, paths) in members {
        let _ = writeln!(text, "{operation}");
        for path in paths {
            let _ = writeln!(text, "  {path}");
        }
    }
    text
}

//! The rooms of the house: who may import whom, and that no code names a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Room → what it may import. `commands`, `main` and `lib` may import all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("known", &[]),
    ("time", &[]),
    ("report", &[]),
    ("yaml", &[]),
    ("id", &[]),
    ("catalogue", &["known", "time"]),
    ("snapshot", &["catalogue", "time"]),
    ("cli", &["report"]),
    ("intent", &["id", "yaml"]),
    ("collect", &["snapshot", "id", "time"]),
    ("network", &["snapshot", "id", "known"]),
    ("facts", &["network", "snapshot", "catalogue", "intent", "id", "known", "time", "yaml"]),
    ("rule", &["facts", "report", "yaml"]),
    ("render", &["report", "drift"]),
    ("drift", &["report", "snapshot"]),
];

#[test]
fn each_room_imports_only_what_it_may() {
    let may: BTreeMap<_, _> = MAY_IMPORT.iter().map(|(room, others)| (*room, *others)).collect();
    let mut trespasses = Vec::new();
    for file in files("src", "rs") {
        let room = room(&file);
        let Some(allowed) = may.get(room.as_str()) else {
            assert!(
                ["main", "lib", "commands"].contains(&room.as_str()),
                "{room} is a room that nobody knows"
            );
            continue;
        };
        for other in imports(&code(&file)) {
            if other != room
                && (may.contains_key(other.as_str()) || other == "commands")
                && !allowed.contains(&other.as_str())
            {
                trespasses.push(format!("{} imports {other}", file.display()));
            }
        }
    }
    assert_eq!(trespasses, Vec::<String>::new());
}

#[test]
fn only_collect_knows_the_aws_sdk_and_only_one_file_knows_cel() {
    for file in files("src", "rs") {
        let code = code(&file);
        let room = room(&file);
        let sdk = ["aws_sdk_", "aws_config::", "aws_smithy_", "aws_types::"]
            .iter()
            .any(|krate| code.contains(krate));
        assert!(!sdk || room == "collect", "{} names the AWS SDK", file.display());
        let cel = ["use cel::", "cel::Context", "cel::Program", "cel::Value"]
            .iter()
            .any(|name| code.contains(name));
        assert!(!cel || room == "rule", "{} names CEL", file.display());
    }
    let knowing: Vec<_> =
        files("src", "rs").into_iter().filter(|file| code(file).contains("cel::")).collect();
    assert!(knowing.len() <= 1, "CEL stays behind one file: {knowing:?}");
}

#[test]
fn no_code_names_a_rule() {
    let ids: BTreeSet<String> = files("rules", "yaml")
        .into_iter()
        .filter(|file| file.components().count() > 3)
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    for file in files("src", "rs") {
        let code = code(&file);
        for id in &ids {
            assert!(!code.contains(&format!("\"{id}\"")), "{} names the rule {id}", file.display());
        }
    }
}

#[test]
fn the_library_never_prints_and_never_exits() {
    for file in files("src", "rs") {
        if ["main", "commands"].contains(&room(&file).as_str()) {
            continue;
        }
        let code = code(&file);
        for call in ["println!", "eprintln!", "print!(", "process::exit"] {
            assert!(!code.contains(call), "{} calls {call}", file.display());
        }
    }
}

/// The files below a folder of the repository, as paths from its root.
pub fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path.strip_prefix(root).expect("below the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// `src/network/route.rs` is in the room `network`, `src/report.rs` in `report`.
fn room(file: &Path) -> String {
    let part = file.components().nth(1).expect("below src").as_os_str().to_str().expect("UTF-8");
    part.trim_end_matches(".rs").to_owned()
}

/// The file without its comments and without its unit tests, which may use anything.
fn code(file: &Path) -> String {
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if name == "tests"
        || name.ends_with("_tests")
        || file.components().any(|part| part.as_os_str() == "tests")
    {
        return String::new();
    }
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a readable file");
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The first names after `crate::` and `privek_audit::`, in paths and in `use crate::{…}`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, marker) in ["crate::", "privek_audit::"].iter().flat_map(|m| code.match_indices(m)) {
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            None => drop(found.insert(word(rest))),
            Some(group) => {
                let mut depth = 0;
                let mut fresh = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => fresh = true,
                        c if fresh && c.is_alphanumeric() => {
                            found.insert(word(&group[at..]));
                            fresh = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn imports_are_found_in_paths_and_in_groups() {
    let code =
        "use crate::{network::{self, Known}, report};\nlet x = crate::facts::Fact; pub(crate) use other;";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["facts", "network", "report"]);
}

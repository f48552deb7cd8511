//! No code names a rule, and the library neither prints nor exits. Who may import whom is in `contract`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::contract::layers::HOUSE;
use crate::contract::rules;

#[test]
fn no_code_names_a_rule() {
    let ids: BTreeSet<String> = files("rules", "yaml")
        .into_iter()
        .filter(|file| file.components().count() > 3)
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    assert!(!ids.is_empty());
    assert_eq!(rules::named_rules(&HOUSE.tree.texts, &ids), Vec::<String>::new());
}

#[test]
fn the_library_never_prints_and_never_exits() {
    assert_eq!(rules::printing(&HOUSE.imports), Vec::<String>::new());
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

//! No code names a rule, and the library neither prints nor exits. Who may import whom is in `contract`.

use std::collections::BTreeSet;

use super::checks;
use super::layers::HOUSE;
use crate::support::files::files;

#[test]
fn no_code_names_a_rule() {
    let ids: BTreeSet<String> = files("rules", "yaml")
        .into_iter()
        .filter(|file| file.components().count() > 3)
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    assert!(!ids.is_empty());
    assert_eq!(checks::named_rules(&HOUSE.tree.texts, &ids), Vec::<String>::new());
}

#[test]
fn the_library_never_prints_and_never_exits() {
    assert_eq!(checks::printing(&HOUSE.imports), Vec::<String>::new());
}

//! The house stands: the workspace's imports, read with a Rust parser, keep to the tables of `house`.

use std::sync::LazyLock;

use super::house::{CORE, EXCEPTIONS};
use super::resolve::Import;
use super::tree::{Sources, Tree, workspace};
use super::{checks, rings};
use crate::support::files::files;

/// The workspace, read once for all tests.
pub struct House {
    pub files: Sources,
    pub tree: Tree,
    pub imports: Vec<Import>,
}

pub static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let files = workspace();
    let tree = Tree::read(&files);
    let imports = tree.imports();
    House { files, tree, imports }
});

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_file_is_read_and_every_path_is_found() {
    assert!(HOUSE.imports.iter().filter(|import| import.file().is_some()).count() > 1000);
    none(&HOUSE.tree.problems);
    let crates = files("crates", "rs").into_iter().filter_map(|file| file.to_str().map(str::to_owned));
    let unknown: Vec<_> =
        crates.filter(|file| file.contains("/src/") && !HOUSE.files.contains_key(file)).collect();
    none(&unknown);
    none(&checks::lost(&HOUSE.imports));
}

#[test]
fn a_package_imports_only_those_below_it() {
    none(&checks::packages(&HOUSE.imports));
}

#[test]
fn a_room_imports_only_what_it_may() {
    none(&checks::rooms(&HOUSE.files, &HOUSE.imports));
}

#[test]
fn a_folder_of_the_facts_imports_only_those_below_it() {
    none(&checks::layers(&HOUSE.imports));
}

#[test]
fn nobody_imports_a_subject_but_the_table() {
    none(&checks::subjects(&HOUSE.imports));
}

#[test]
fn no_files_of_two_folders_import_each_other_and_few_of_one() {
    none(&rings::forbidden(&HOUSE.imports));
}

#[test]
fn the_sdk_tokio_and_cel_stay_behind_their_doors() {
    none(&checks::foreign(&HOUSE.imports));
}

#[test]
fn the_core_has_no_word_of_aws() {
    if HOUSE.files.keys().any(|file| file.starts_with(CORE)) {
        none(&checks::words(&HOUSE.files, EXCEPTIONS));
    }
}

//! The modules of the workspace's packages, what each binds, and every path that its code writes down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::scan;

/// Path from the repository's root → text. Made up in the tests of the checks.
pub type Sources = BTreeMap<String, String>;

/// The crates: how code names each, and its first file. A binary has no name.
pub const CRATES: &[(&str, &str)] = &[
    ("privek_core", "crates/core/src/lib.rs"),
    ("privek_aws", "crates/aws/src/lib.rs"),
    ("privek_audit", "src/lib.rs"),
    ("", "src/main.rs"),
];

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Tree {
    pub modules: Vec<Module>,
    pub mentions: Vec<Mention>,
    pub texts: Vec<Text>,
    /// A crate's name → its root.
    pub roots: BTreeMap<String, usize>,
    /// Files that are declared and not there, or there and not declared.
    pub problems: Vec<String>,
}

/// A module, or a block of code that has items of its own.
#[derive(Debug)]
pub struct Module {
    pub parent: Option<usize>,
    /// A block sees what is around it, a module does not.
    pub block: bool,
    pub file: String,
    pub test: bool,
    pub bindings: BTreeMap<String, Vec<Binding>>,
    pub globs: Vec<Written>,
    /// Enum → its variants, which a glob may import.
    pub variants: BTreeMap<String, BTreeSet<String>>,
    /// A macro makes items here, whose names are not known.
    pub made: bool,
}

/// What a name in a module means.
#[derive(Debug)]
pub enum Binding {
    Module(usize),
    Item(Space),
    Use(Written),
}

/// A name can mean one thing in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    Type,
    Value,
    Macro,
}

/// A path as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    pub segments: Vec<String>,
    /// `::name`, which is a crate's.
    pub absolute: bool,
}

/// A path somewhere in the code.
#[derive(Debug)]
pub struct Mention {
    pub scope: usize,
    pub line: usize,
    pub path: Written,
    pub kind: MentionKind,
    pub test: bool,
    /// `pub use` and `pub(crate) use`.
    pub reexport: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MentionKind {
    Use,
    Glob,
    Path,
    Macro,
}

/// A string of the code.
#[derive(Debug)]
pub struct Text {
    pub file: String,
    pub line: usize,
    pub value: String,
    pub test: bool,
}

impl Tree {
    pub fn read(sources: &Sources) -> Self {
        let mut tree = Self::default();
        for (name, first) in CRATES.iter().filter(|(_, first)| sources.contains_key(*first)) {
            let root = tree.add(None, false, first, false);
            if !name.is_empty() {
                tree.roots.insert((*name).to_owned(), root);
            }
            scan::file(&mut tree, sources, root, folder(first));
        }
        let read: BTreeSet<_> = tree.modules.iter().map(|module| module.file.as_str()).collect();
        let undeclared: Vec<_> = sources
            .keys()
            .filter(|file| !read.contains(file.as_str()))
            .map(|file| format!("{file} is no module of any crate"))
            .collect();
        tree.problems.extend(undeclared);
        tree
    }

    pub fn add(&mut self, parent: Option<usize>, block: bool, file: &str, test: bool) -> usize {
        self.modules.push(Module {
            parent,
            block,
            file: file.to_owned(),
            test,
            bindings: BTreeMap::new(),
            globs: Vec::new(),
            variants: BTreeMap::new(),
            made: false,
        });
        self.modules.len() - 1
    }

    pub fn bind(&mut self, module: usize, name: String, binding: Binding) {
        self.modules[module].bindings.entry(name).or_default().push(binding);
    }

    /// The module around a block, or the module itself.
    pub fn module(&self, mut scope: usize) -> usize {
        while let (true, Some(parent)) = (self.modules[scope].block, self.modules[scope].parent) {
            scope = parent;
        }
        scope
    }

    /// The root of the crate.
    pub fn root(&self, mut scope: usize) -> usize {
        while let Some(parent) = self.modules[scope].parent {
            scope = parent;
        }
        scope
    }

    /// Whether one module is the other, or inside it.
    pub fn inside(&self, mut inner: usize, outer: usize) -> bool {
        while inner != outer {
            let Some(parent) = self.modules[inner].parent else { return false };
            inner = parent;
        }
        true
    }
}

/// Everything before the last slash.
pub fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The Rust files of the workspace's packages.
pub fn workspace() -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    CRATES
        .iter()
        .map(|(_, first)| folder(first))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .flat_map(|folder| crate::support::files::files(folder, "rs"))
        .map(|file| {
            let text = std::fs::read_to_string(root.join(&file)).expect("a readable file");
            (file.to_str().expect("UTF-8").to_owned(), text)
        })
        .collect()
}

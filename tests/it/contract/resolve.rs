//! What a path leads to: through `use`, `pub use`, globs and renames to the file that defines the item.

use std::collections::BTreeSet;

use super::tree::{Binding, Mention, MentionKind, Space, Tree, Written};

/// Where a path ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    Item {
        module: usize,
        name: String,
        space: Space,
    },
    /// A name of another crate.
    Outside(String),
    /// A name that the module does not have.
    Lost(usize),
}

/// One file's import of one item.
#[derive(Debug)]
pub struct Import {
    pub from: String,
    pub line: usize,
    /// As it is written.
    pub path: String,
    pub to: To,
    /// The files of the modules that the written path goes through.
    pub through: BTreeSet<String>,
    pub test: bool,
    pub manner: Manner,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Item,
    /// A module's name alone; what is used of it is found by itself.
    Module,
    /// `pub use` of what is below: it hands on and uses nothing.
    Declaration,
    /// The name was not found in the module, and no macro can have made it.
    Lost,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    File(String),
    /// A path into another crate.
    Outside(String),
}

impl Import {
    /// The file of ours that is imported, if it is another one.
    pub fn file(&self) -> Option<&str> {
        match &self.to {
            To::File(file) if *file != self.from => Some(file),
            _ => None,
        }
    }

    /// The path into another crate.
    pub fn outside(&self) -> Option<&str> {
        match &self.to {
            To::Outside(path) => Some(path),
            To::File(_) => None,
        }
    }
}

/// The names that are being looked up, so that a circle of globs ends.
type Trail = Vec<(usize, String)>;

impl Tree {
    /// Every import, within files and between them.
    pub fn imports(&self) -> Vec<Import> {
        self.mentions.iter().flat_map(|mention| self.imports_of(mention)).collect()
    }

    fn imports_of(&self, mention: &Mention) -> Vec<Import> {
        let mut through = BTreeSet::new();
        let mut targets = self.resolve(mention.scope, &mention.path, &mut Vec::new(), &mut through);
        self.retain_meant(mention, &mut targets);
        let from = &self.modules[mention.scope].file;
        targets
            .into_iter()
            .map(|target| Import {
                from: from.clone(),
                line: mention.line,
                path: mention.path.segments.join("::")
                    + if mention.kind == MentionKind::Glob { "::*" } else { "" },
                manner: self.manner(mention, &target),
                through: through.iter().map(|module| self.modules[*module].file.clone()).collect(),
                test: mention.test,
                to: match target {
                    Target::Outside(path) => To::Outside(path),
                    Target::Module(module) | Target::Item { module, .. } | Target::Lost(module) => {
                        To::File(self.modules[module].file.clone())
                    }
                },
            })
            .collect()
    }

    fn manner(&self, mention: &Mention, target: &Target) -> Manner {
        let holder = self.module(mention.scope);
        match target {
            Target::Lost(module) if !self.may_have_more(*module) => Manner::Lost,
            Target::Module(module) | Target::Item { module, .. }
                if mention.reexport && self.inside(*module, holder) =>
            {
                Manner::Declaration
            }
            Target::Module(_) if mention.kind == MentionKind::Use => Manner::Module,
            _ => Manner::Item,
        }
    }

    /// Of the things of one name, those that a mention can mean.
    fn retain_meant(&self, mention: &Mention, targets: &mut BTreeSet<Target>) {
        let single = mention.path.segments.len() == 1;
        let first = &mention.path.segments[0];
        match mention.kind {
            MentionKind::Use | MentionKind::Glob => {}
            MentionKind::Path => targets.retain(|target| match target {
                Target::Module(_) => false,
                // A name alone that leads nowhere is a local, a type parameter or the prelude's.
                Target::Outside(_) => !single,
                Target::Item { space, .. } => *space != Space::Macro,
                Target::Lost(_) => true,
            }),
            MentionKind::Macro => {
                targets.retain(|target| match target {
                    Target::Module(_) => false,
                    Target::Item { space, .. } => *space == Space::Macro,
                    Target::Outside(_) | Target::Lost(_) => true,
                });
                if single && !targets.iter().any(Target::is_macro) {
                    let textual = self.textual(mention.scope, first);
                    *targets = BTreeSet::from([textual.unwrap_or_else(|| Target::Outside(first.clone()))]);
                }
            }
        }
    }

    fn resolve(
        &self,
        scope: usize,
        path: &Written,
        trail: &mut Trail,
        through: &mut BTreeSet<usize>,
    ) -> BTreeSet<Target> {
        let (mut found, rest) = self.start(scope, path, trail);
        for name in rest {
            let mut next = BTreeSet::new();
            // A function has no inside: the path means the module of the same name.
            let keep_values = found.iter().all(Target::is_value);
            for target in found.into_iter().filter(|target| keep_values || !target.is_value()) {
                match target {
                    Target::Outside(path) => drop(next.insert(Target::Outside(format!("{path}::{name}")))),
                    Target::Item { .. } | Target::Lost(_) => drop(next.insert(target)),
                    Target::Module(module) => {
                        through.insert(module);
                        let inside = self.lookup(module, name, trail);
                        if inside.is_empty() && !trail.contains(&(module, name.clone())) {
                            next.insert(Target::Lost(module));
                        }
                        next.extend(inside);
                    }
                }
            }
            found = next;
        }
        found
    }

    /// What the first name means, and the names that follow.
    fn start<'p>(
        &self,
        scope: usize,
        path: &'p Written,
        trail: &mut Trail,
    ) -> (BTreeSet<Target>, &'p [String]) {
        let (first, mut rest) = path.segments.split_first().expect("a path has a name");
        let own = self.module(scope);
        let module = match first.as_str() {
            _ if path.absolute => return (self.krate(first), rest),
            "crate" => self.root(scope),
            "self" => own,
            "super" => {
                let mut module = self.around(own);
                while let Some(("super", after)) =
                    rest.split_first().map(|(name, after)| (name.as_str(), after))
                {
                    (module, rest) = (self.around(module), after);
                }
                module
            }
            name => {
                let mut found = self.seen(scope, name, trail);
                // A local function cannot be what a longer path begins with: that is the crate.
                if !rest.is_empty() && found.iter().all(Target::is_value) {
                    found.clear();
                }
                return (if found.is_empty() { self.krate(name) } else { found }, rest);
            }
        };
        (BTreeSet::from([Target::Module(module)]), rest)
    }

    fn around(&self, module: usize) -> usize {
        self.modules[module].parent.map_or(module, |parent| self.module(parent))
    }

    fn krate(&self, name: &str) -> BTreeSet<Target> {
        BTreeSet::from([match self.roots.get(name) {
            Some(root) => Target::Module(*root),
            None => Target::Outside(name.to_owned()),
        }])
    }

    /// A name as the code of a scope sees it: in the blocks around, then in the module.
    fn seen(&self, mut scope: usize, name: &str, trail: &mut Trail) -> BTreeSet<Target> {
        loop {
            let found = self.lookup(scope, name, trail);
            match self.modules[scope].parent {
                Some(parent) if found.is_empty() && self.modules[scope].block => scope = parent,
                _ => return found,
            }
        }
    }

    /// A name in one module. A name can be a module and a function at once.
    fn lookup(&self, module: usize, name: &str, trail: &mut Trail) -> BTreeSet<Target> {
        let step = (module, name.to_owned());
        if trail.contains(&step) {
            return BTreeSet::new();
        }
        trail.push(step);
        let mut found = BTreeSet::new();
        for binding in self.modules[module].bindings.get(name).into_iter().flatten() {
            match binding {
                Binding::Module(inner) => drop(found.insert(Target::Module(*inner))),
                Binding::Item(space) => {
                    found.insert(Target::Item { module, name: name.to_owned(), space: *space });
                }
                Binding::Use(path) => {
                    found.extend(self.resolve(module, path, trail, &mut BTreeSet::new()));
                }
            }
        }
        if found.iter().all(Target::is_value) {
            for glob in &self.modules[module].globs {
                for target in self.resolve(module, glob, trail, &mut BTreeSet::new()) {
                    match target {
                        Target::Module(other) => found.extend(self.lookup(other, name, trail)),
                        Target::Item { module: other, name: ref kind, .. }
                            if self.modules[other]
                                .variants
                                .get(kind)
                                .is_some_and(|all| all.contains(name)) =>
                        {
                            found.insert(target);
                        }
                        _ => {}
                    }
                }
            }
        }
        trail.pop();
        found
    }

    /// The macro of this name in a module around, where `macro_rules!` is seen without an import.
    fn textual(&self, scope: usize, name: &str) -> Option<Target> {
        let mut around = self.modules[scope].parent;
        while let Some(module) = around {
            if let Some(target) =
                self.lookup(module, name, &mut Vec::new()).into_iter().find(Target::is_macro)
            {
                return Some(target);
            }
            around = self.modules[module].parent;
        }
        None
    }

    /// Whether a module may have names that were not read: made by a macro, or of another crate's glob.
    fn may_have_more(&self, module: usize) -> bool {
        self.modules[module].made
            || self.modules[module].globs.iter().any(|glob| {
                let all = self.resolve(module, glob, &mut Vec::new(), &mut BTreeSet::new());
                all.iter().any(|target| match target {
                    Target::Outside(_) => true,
                    Target::Module(other) => self.modules[*other].made,
                    Target::Item { .. } | Target::Lost(_) => false,
                })
            })
    }
}

impl Target {
    fn is_macro(&self) -> bool {
        matches!(self, Self::Item { space: Space::Macro, .. })
    }

    /// Nothing is found inside.
    fn is_value(&self) -> bool {
        matches!(self, Self::Item { space: Space::Value | Space::Macro, .. })
    }
}

//! Reads a file: its modules, what they bind, and the paths in them.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprCall, ExprPath, File, ImplItemFn, Item, ItemFn, ItemMacro, ItemMod, ItemUse,
    LitStr, Macro, Meta, PatIdent, Stmt, TraitItemFn, VisRestricted, Visibility,
};

use super::tokens::{self, Token, Word};
use super::tree::{Binding, Mention, MentionKind, Sources, Space, Text, Tree, Written};

/// Reads the file of a module; `folder` is where the files of its children are.
pub fn file(tree: &mut Tree, sources: &Sources, module: usize, folder: &str) {
    let name = tree.modules[module].file.clone();
    match syn::parse_file(&sources[&name]) {
        Err(error) => tree.problems.push(format!("{name} cannot be read: {error}")),
        Ok(File { items, attrs, .. }) => {
            let test = tree.modules[module].test;
            let folder = folder.to_owned();
            let mut scan = Scan { tree, sources, scope: module, folder, test, locals: Vec::new() };
            for attribute in &attrs {
                scan.visit_attribute(attribute);
            }
            for item in &items {
                scan.visit_item(item);
            }
        }
    }
}

struct Scan<'t> {
    tree: &'t mut Tree,
    sources: &'t Sources,
    scope: usize,
    folder: String,
    test: bool,
    /// The names that patterns bind in the functions around.
    locals: Vec<BTreeSet<String>>,
}

impl Scan<'_> {
    fn mention(&mut self, kind: MentionKind, path: Written, line: usize, reexport: bool) {
        if path.segments.first().is_some_and(|first| first != "Self") {
            let (scope, test) = (self.scope, self.test);
            self.tree.mentions.push(Mention { scope, line, path, kind, test, reexport });
        }
    }

    fn bind(&mut self, name: &syn::Ident, binding: Binding) {
        self.tree.bind(self.scope, tokens::name(name), binding);
    }

    fn is_local(&self, name: &str) -> bool {
        self.locals.iter().any(|names| names.contains(name))
    }

    fn path(&mut self, path: &syn::Path, kind: MentionKind) {
        let segments: Vec<_> = path.segments.iter().map(|segment| tokens::name(&segment.ident)).collect();
        let line = path.segments.first().map_or(0, |first| first.ident.span().start().line);
        self.mention(kind, Written { segments, absolute: path.leading_colon.is_some() }, line, false);
        path.segments.iter().for_each(|segment| self.visit_path_arguments(&segment.arguments));
    }

    fn text(&mut self, line: usize, text: String) {
        let file = self.tree.modules[self.scope].file.clone();
        self.tree.texts.push(Text { file, line, value: text, test: self.test });
    }

    fn imports(&mut self, item: &ItemUse, binds: bool) {
        let public = matches!(item.vis, Visibility::Public(_) | Visibility::Restricted(_));
        for leaf in tokens::leaves(item) {
            let kind = if leaf.glob { MentionKind::Glob } else { MentionKind::Use };
            if binds && leaf.glob {
                self.tree.modules[self.scope].globs.push(leaf.path.clone());
            } else if let (true, Some(name)) = (binds, leaf.name) {
                self.tree.bind(self.scope, name, Binding::Use(leaf.path.clone()));
            }
            self.mention(kind, leaf.path, leaf.line, public && binds);
        }
    }

    fn tokens(&mut self, stream: proc_macro2::TokenStream, of_attribute: bool) {
        for token in tokens::walk(stream, of_attribute) {
            match token {
                Token::Text(line, text) => self.text(line, text),
                Token::Use(item) => self.imports(&item, false),
                Token::Path(path, line, word) => {
                    let single = path.segments.len() == 1 && !path.absolute;
                    let skipped = match word {
                        Word::Macro | Word::Called => false,
                        Word::Bare => {
                            single && is_lower(&path.segments[0]) && {
                                of_attribute || self.is_local(&path.segments[0])
                            }
                        }
                    };
                    let kind = if word == Word::Macro { MentionKind::Macro } else { MentionKind::Path };
                    if !skipped {
                        self.mention(kind, path, line, false);
                    }
                }
            }
        }
    }

    /// Reads a function, knowing the names that its patterns bind.
    fn function(&mut self, attributes: &[Attribute], locals: Locals, read: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= attributes.iter().any(is_test);
        self.locals.push(locals.0);
        read(self);
        self.locals.pop();
        self.test = before;
    }

    fn declared(&mut self, item: &ItemMod) {
        // Only unit tests take a file from elsewhere: what the test crates share.
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("path")) {
            return self.bind(&item.ident, Binding::Item(Space::Type));
        }
        let name = tokens::name(&item.ident);
        let folder = format!("{}/{name}", self.folder);
        let around = self.tree.modules[self.scope].file.clone();
        let file = match &item.content {
            Some(_) => around.clone(),
            None => match [format!("{folder}.rs"), format!("{folder}/mod.rs")]
                .into_iter()
                .find(|file| self.sources.contains_key(file))
            {
                Some(file) => file,
                None => {
                    return self.tree.problems.push(format!("{around} declares {name}, which has no file"));
                }
            },
        };
        let module = self.tree.add(Some(self.scope), false, &file, self.test);
        self.bind(&item.ident, Binding::Module(module));
        match &item.content {
            None => self::file(self.tree, self.sources, module, &folder),
            Some((_, items)) => {
                let (scope, outside) = (self.scope, std::mem::replace(&mut self.folder, folder));
                self.scope = module;
                for item in items {
                    self.visit_item(item);
                }
                (self.scope, self.folder) = (scope, outside);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let before = self.test;
        self.test |= attributes(item).iter().any(is_test);
        match item {
            Item::Const(item) => self.bind(&item.ident, Binding::Item(Space::Value)),
            Item::Static(item) => self.bind(&item.ident, Binding::Item(Space::Value)),
            Item::Fn(item) => self.bind(&item.sig.ident, Binding::Item(Space::Value)),
            Item::Struct(item) => self.bind(&item.ident, Binding::Item(Space::Type)),
            Item::Trait(item) => self.bind(&item.ident, Binding::Item(Space::Type)),
            Item::TraitAlias(item) => self.bind(&item.ident, Binding::Item(Space::Type)),
            Item::Type(item) => self.bind(&item.ident, Binding::Item(Space::Type)),
            Item::Union(item) => self.bind(&item.ident, Binding::Item(Space::Type)),
            Item::Enum(item) => {
                self.bind(&item.ident, Binding::Item(Space::Type));
                let variants = item.variants.iter().map(|variant| tokens::name(&variant.ident)).collect();
                self.tree.modules[self.scope].variants.insert(tokens::name(&item.ident), variants);
            }
            Item::ExternCrate(item) => {
                let path = Written { segments: vec![tokens::name(&item.ident)], absolute: true };
                let name = item.rename.as_ref().map_or(&item.ident, |(_, name)| name);
                self.bind(name, Binding::Use(path.clone()));
                self.mention(MentionKind::Use, path, item.ident.span().start().line, false);
            }
            _ => {}
        }
        visit::visit_item(self, item);
        self.test = before;
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        for attribute in &item.attrs {
            self.visit_attribute(attribute);
        }
        self.declared(item);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.imports(item, true);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        match &item.ident {
            Some(name) => self.bind(name, Binding::Item(Space::Macro)),
            None => self.tree.modules[self.scope].made = true,
        }
        visit::visit_item_macro(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let mut locals = Locals::default();
        locals.visit_item_fn(item);
        self.function(&item.attrs, locals, |scan| visit::visit_item_fn(scan, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let mut locals = Locals::default();
        locals.visit_impl_item_fn(item);
        self.function(&item.attrs, locals, |scan| visit::visit_impl_item_fn(scan, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        let mut locals = Locals::default();
        locals.visit_trait_item_fn(item);
        self.function(&item.attrs, locals, |scan| visit::visit_trait_item_fn(scan, item));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let around = self.scope;
        if block.stmts.iter().any(|statement| matches!(statement, Stmt::Item(_))) {
            let file = self.tree.modules[around].file.clone();
            self.scope = self.tree.add(Some(around), true, &file, self.test);
        }
        visit::visit_block(self, block);
        self.scope = around;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path, MentionKind::Path);
    }

    fn visit_expr_path(&mut self, expr: &'ast ExprPath) {
        let local = expr.path.get_ident().map(tokens::name);
        if !local.is_some_and(|name| is_lower(&name) && self.is_local(&name)) {
            visit::visit_expr_path(self, expr);
        }
    }

    /// `let spec = spec(text)` is common, so that a function is looked for even where a local has its name.
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        match &*call.func {
            Expr::Path(ExprPath { path, qself: None, .. }) => self.path(path, MentionKind::Path),
            other => self.visit_expr(other),
        }
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        let name = tokens::name(&pattern.ident);
        if !is_lower(&name) {
            let line = pattern.ident.span().start().line;
            self.mention(MentionKind::Path, Written { segments: vec![name], absolute: false }, line, false);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.path(&call.path, MentionKind::Macro);
        self.tokens(call.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => {}
            Meta::NameValue(pair) => self.visit_expr(&pair.value),
            Meta::Path(path) => self.path(path, MentionKind::Macro),
            Meta::List(list) => {
                self.path(&list.path, MentionKind::Macro);
                self.tokens(list.tokens.clone(), true);
            }
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.text(text.span().start().line, text.value());
    }

    /// Who may see an item is no import.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

/// The names that patterns bind.
#[derive(Default)]
struct Locals(BTreeSet<String>);

impl<'ast> Visit<'ast> for Locals {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.insert(tokens::name(&pattern.ident));
        visit::visit_pat_ident(self, pattern);
    }
}

fn is_lower(name: &str) -> bool {
    !name.starts_with(char::is_uppercase)
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` and `#[cfg(any(test, …))]`.
fn is_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let text = list.tokens.to_string();
            !text.contains("not") && text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
        }
        Meta::List(list) => list.path.segments.last().is_some_and(|last| last.ident == "test"),
        Meta::NameValue(_) => false,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

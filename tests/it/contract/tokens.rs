//! Paths in the tokens of macros and attributes, and the leaves of `use` trees.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{ItemUse, LitStr, UseTree};

use super::tree::Written;

/// What tokens hold.
pub enum Token {
    Path(Written, usize, Word),
    Use(Box<ItemUse>),
    Text(usize, String),
}

/// What follows a path: `!`, parentheses, or neither.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Macro,
    Called,
    Bare,
}

/// One import of a `use` tree.
pub struct Leaf {
    pub path: Written,
    /// `None` for `_` and for globs.
    pub name: Option<String>,
    pub glob: bool,
    pub line: usize,
}

/// The attributes whose strings are paths (serde, schemars).
const STRING_PATHS: &[&str] = &[
    "with",
    "default",
    "deserialize_with",
    "serialize_with",
    "schema_with",
    "skip_serializing_if",
    "from",
    "try_from",
    "into",
    "remote",
    "getter",
    "bound",
];

/// The name without `r#`.
pub fn name(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

pub fn walk(stream: TokenStream, of_attribute: bool) -> Vec<Token> {
    let mut found = Vec::new();
    Walk { tokens: stream.into_iter().collect(), of_attribute, found: &mut found }.all();
    found
}

struct Walk<'f> {
    tokens: Vec<TokenTree>,
    of_attribute: bool,
    found: &'f mut Vec<Token>,
}

impl Walk<'_> {
    fn all(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = match &self.tokens[at] {
                TokenTree::Punct(_) => at + 1,
                TokenTree::Group(group) => {
                    let (tokens, of_attribute) = (group.stream().into_iter().collect(), self.of_attribute);
                    Walk { tokens, of_attribute, found: self.found }.all();
                    at + 1
                }
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<LitStr>(&literal.to_string()) {
                        self.literal(at, literal.span().start().line, text.value());
                    }
                    at + 1
                }
                TokenTree::Ident(ident) if ident == "use" => self.import(at),
                TokenTree::Ident(_) => self.path(at),
            };
        }
    }

    fn literal(&mut self, at: usize, line: usize, text: String) {
        let is_path = self.of_attribute
            && at > 1
            && self.is(at - 1, '=')
            && matches!(&self.tokens[at - 2], TokenTree::Ident(key) if STRING_PATHS.contains(&name(key).as_str()));
        match text.parse::<TokenStream>() {
            Ok(stream) if is_path => {
                self.found.extend(walk(stream, true).into_iter().map(|token| match token {
                    Token::Path(path, _, _) => Token::Path(path, line, Word::Called),
                    other => other,
                }));
            }
            _ => self.found.push(Token::Text(line, text)),
        }
    }

    /// `use a::{b, c};` inside a macro.
    fn import(&mut self, at: usize) -> usize {
        let Some(length) = (at..self.tokens.len()).position(|at| self.is(at, ';')) else { return at + 1 };
        let statement: TokenStream = self.tokens[at..=at + length].iter().cloned().collect();
        match syn::parse2::<ItemUse>(statement) {
            Ok(item) => self.found.push(Token::Use(Box::new(item))),
            Err(_) => return at + 1,
        }
        at + length + 1
    }

    fn path(&mut self, at: usize) -> usize {
        let mut segments = Vec::new();
        let mut end = at;
        let line = self.tokens[at].span().start().line;
        while let Some(TokenTree::Ident(ident)) = self.tokens.get(end) {
            segments.push(name(ident));
            end += 1;
            match self.tokens.get(end + 2) {
                Some(TokenTree::Ident(_)) if self.is_colons(end) => end += 2,
                _ => break,
            }
        }
        let group = |at: usize, delimiter| matches!(self.tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == delimiter);
        let word = if self.is(end, '!') && matches!(self.tokens.get(end + 1), Some(TokenTree::Group(_))) {
            Word::Macro
        } else if group(end, Delimiter::Parenthesis) {
            Word::Called
        } else {
            Word::Bare
        };
        let named =
            |at| (self.is(at, ':') && !self.is_colons(at)) || (self.is(at, '=') && !self.is(at + 1, '='));
        let before = |back: usize, punct| at >= back && self.is(at - back, punct);
        let absolute = before(1, ':') && before(2, ':');
        // A field, a method, a lifetime, what follows `<T>` or a macro's variable: none of them is a path.
        let inside = (before(1, '.') && !before(2, '.'))
            || before(1, '\'')
            || (before(1, '$') && segments[0] != "crate")
            || (absolute && at > 2 && !self.starts_path(at - 3))
            || (segments.len() == 1 && word == Word::Bare && named(end));
        if !inside {
            self.found.push(Token::Path(Written { segments, absolute }, line, word));
        }
        end
    }

    /// Whether `::` after this token begins a path.
    fn starts_path(&self, at: usize) -> bool {
        match &self.tokens[at] {
            TokenTree::Punct(punct) => punct.as_char() != '>',
            TokenTree::Ident(ident) => ident == "as" || ident == "in" || ident == "return" || ident == "dyn",
            TokenTree::Group(_) | TokenTree::Literal(_) => false,
        }
    }

    fn is(&self, at: usize, punct: char) -> bool {
        matches!(self.tokens.get(at), Some(TokenTree::Punct(found)) if found.as_char() == punct)
    }

    fn is_colons(&self, at: usize) -> bool {
        self.is(at, ':') && self.is(at + 1, ':')
    }
}

pub fn leaves(item: &ItemUse) -> Vec<Leaf> {
    let mut found = Vec::new();
    branch(&item.tree, &mut Vec::new(), item.leading_colon.is_some(), &mut found);
    found
}

fn branch(tree: &UseTree, before: &mut Vec<String>, absolute: bool, found: &mut Vec<Leaf>) {
    let leaf = |segments: Vec<String>, name: Option<String>, glob, span: proc_macro2::Span| Leaf {
        path: Written { segments, absolute },
        name: name.filter(|name| name != "_"),
        glob,
        line: span.start().line,
    };
    let with = |ident: &Ident| {
        let mut segments = before.clone();
        if ident != "self" || segments.is_empty() {
            segments.push(name(ident));
        }
        segments
    };
    match tree {
        UseTree::Path(path) => {
            before.push(name(&path.ident));
            branch(&path.tree, before, absolute, found);
            before.pop();
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| branch(tree, before, absolute, found));
        }
        UseTree::Glob(glob) => found.push(leaf(before.clone(), None, true, glob.star_token.spans[0])),
        UseTree::Name(only) => {
            let segments = with(&only.ident);
            let last = segments.last().cloned();
            found.push(leaf(segments, last, false, only.ident.span()));
        }
        UseTree::Rename(renamed) => {
            let segments = with(&renamed.ident);
            found.push(leaf(segments, Some(name(&renamed.rename)), false, renamed.ident.span()));
        }
    }
}

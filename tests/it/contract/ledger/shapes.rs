//! What the snapshot keeps of AWS's answers: which field of which shape each member is.

use std::collections::BTreeMap;

use privek_aws::snapshot::aws::COLLECTIONS;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Field, GenericArgument, Ident, Item, LitStr, PathArguments, Token, Type, braced};

use crate::support::files::{files, text};

use super::models::Members;

const FOLDER: &str = "crates/aws/src/snapshot/aws";

/// A collection that is kept below another name than that of the answer's member.
const ELSEWHERE: &[(&str, &str)] = &[("PolicyVersions", "PolicyVersion")];

/// A field: its shape's name with the module, and its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptField {
    pub shape: String,
    pub field: String,
}

/// A line of `collections!`.
struct DeclaredCollection {
    field: String,
    shape: String,
}

/// A shape: AWS's name of each field → the field and its type's last name.
type Shape = BTreeMap<String, (String, Option<String>)>;

/// The member of an answer that each field is: (operation, path) → field.
pub fn kept(members: &Members) -> BTreeMap<(String, String), KeptField> {
    let shapes = shapes();
    let types = collection_types();
    let mut kept = BTreeMap::new();
    for collection in COLLECTIONS {
        let operation = format!("{}:{}", collection.service, collection.operation);
        let (answer, declared) = (&members[&operation], &types[collection.key]);
        let elsewhere = ELSEWHERE.iter().find(|(key, _)| *key == collection.key).map(|(_, path)| *path);
        let key = elsewhere.unwrap_or(collection.key);
        // Where the answer does not say what it belongs to, its own members are those of the shape.
        let base = if answer.contains(key) { key } else { "" };
        if !base.is_empty() {
            let field = KeptField { shape: "Aws".to_owned(), field: declared.field.clone() };
            kept.insert((operation.clone(), base.to_owned()), field);
        }
        let mut open = vec![(declared.shape.clone(), base.to_owned())];
        while let Some((name, path)) = open.pop() {
            for (member, (field, inner)) in shapes.get(&name).into_iter().flatten() {
                let path = if path.is_empty() { member.clone() } else { format!("{path}.{member}") };
                if !answer.contains(&path) {
                    continue;
                }
                let field = KeptField { shape: name.clone(), field: field.clone() };
                kept.insert((operation.clone(), path.clone()), field);
                let (module, _) = name.split_once("::").expect("a shape's name has its module");
                open.extend(inner.as_ref().map(|inner| (format!("{module}::{inner}"), path)));
            }
        }
    }
    kept
}

/// A collection's key → its field, and the shape of its items.
fn collection_types() -> BTreeMap<String, DeclaredCollection> {
    let text = text(format!("{FOLDER}/mod.rs"));
    let declared = text.lines().filter_map(|line| {
        let (declared, rest) = line.split_once(" = \"")?;
        let (field, shape) = declared.trim().split_once(": ")?;
        let (key, _) = rest.split_once("\", ")?;
        let declared = DeclaredCollection { field: field.to_owned(), shape: shape.to_owned() };
        Some((key.to_owned(), declared))
    });
    let types: BTreeMap<_, _> = declared.collect();
    for collection in COLLECTIONS {
        assert!(types.contains_key(collection.key), "{FOLDER}/mod.rs: no line declares {}", collection.key);
    }
    types
}

fn shapes() -> BTreeMap<String, Shape> {
    let mut shapes = BTreeMap::new();
    for file in files(FOLDER, "rs") {
        let module = file.file_stem().and_then(|stem| stem.to_str()).expect("UTF-8").to_owned();
        let parsed = syn::parse_file(&text(&file)).expect("Rust");
        for item in parsed.items {
            let Item::Macro(item) = item else { continue };
            if !item.mac.path.is_ident("shapes") {
                continue;
            }
            let Declared(found) = item.mac.parse_body().expect("shapes");
            shapes.extend(found.into_iter().map(|(name, shape)| (format!("{module}::{name}"), shape)));
        }
    }
    shapes
}

/// What stands in `shapes!`.
struct Declared(Vec<(String, Shape)>);

impl Parse for Declared {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let case = input.parse::<LitStr>()?.value();
        input.parse::<Token![;]>()?;
        let mut shapes = Vec::new();
        while !input.is_empty() {
            input.call(Attribute::parse_outer)?;
            let name: Ident = input.parse()?;
            let body;
            braced!(body in input);
            let fields = Punctuated::<Field, Token![,]>::parse_terminated_with(&body, Field::parse_named)?;
            shapes.push((name.to_string(), fields.iter().map(|field| named(field, &case)).collect()));
        }
        Ok(Self(shapes))
    }
}

/// A field's name as AWS writes it, the field, and the last name of its type.
fn named(field: &Field, case: &str) -> (String, (String, Option<String>)) {
    let own = field.ident.as_ref().expect("a name").to_string().trim_start_matches("r#").to_owned();
    let mut renamed = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                renamed = Some(meta.value()?.parse::<LitStr>()?.value());
            }
            Ok(())
        });
    }
    let cased = || {
        let words = own.split('_').enumerate();
        let word = |(at, word): (usize, &str)| match word.chars().next() {
            Some(first) if at > 0 || case == "PascalCase" => {
                first.to_ascii_uppercase().to_string() + &word[1..]
            }
            _ => word.to_owned(),
        };
        words.map(word).collect()
    };
    (renamed.unwrap_or_else(cased), (own, innermost(&field.ty)))
}

/// `X` of `Option<Vec<X>>`; a map's values have no shape.
fn innermost(kind: &Type) -> Option<String> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    match &last.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(inner) if arguments.args.len() == 1 => innermost(inner),
            _ => None,
        },
        _ => Some(last.ident.to_string()),
    }
}

//! The imports of small made-up trees are found, however they are written.

use super::resolve::Manner;
use super::tree::{Sources, Tree};

pub fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
}

pub fn tree(files: &[(&str, &str)]) -> Tree {
    let tree = Tree::read(&sources(files));
    assert_eq!(tree.problems, Vec::<String>::new());
    tree
}

/// `line path → file` of what `a.rs` imports, in a crate that has `b` (with `c` and `d` below it) as well.
fn of_a(text: &str) -> Vec<String> {
    let files = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a.rs", text),
        (
            "src/b/mod.rs",
            "pub mod c; mod d; pub mod deep; pub use c::Thing; pub(crate) use self::d::{Other as Renamed, *};
             use d::Private; pub struct Own; pub fn c() {}",
        ),
        (
            "src/b/c.rs",
            "pub struct Thing; impl Thing { pub fn new() -> Self { Self } } pub enum Kind { Near, Far }",
        ),
        ("src/b/d.rs", "pub struct Other; pub struct Private; pub fn made() {} pub const LIMIT: u8 = 1;"),
        ("src/b/deep.rs", "pub mod er { pub struct Inline; }"),
    ];
    found(&tree(&files), "src/a.rs")
}

fn found(tree: &Tree, file: &str) -> Vec<String> {
    let imports = tree.imports();
    let of_file = imports.iter().filter(|import| import.from == file && import.manner != Manner::Lost);
    let mut all: Vec<_> = of_file
        .filter_map(|import| Some(format!("{} {} → {}", import.line, import.path, import.file()?)))
        .collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn an_import_through_a_re_export() {
    assert_eq!(of_a("use crate::b::Thing;"), ["1 crate::b::Thing → src/b/c.rs"]);
    assert_eq!(of_a("use crate::b::Own;"), ["1 crate::b::Own → src/b/mod.rs"]);
    assert_eq!(of_a("fn f(x: crate::b::Renamed) {}"), ["1 crate::b::Renamed → src/b/d.rs"]);
    let private = "mod inner { fn f(_: super::super::b::Private) {} }";
    assert_eq!(of_a(private), ["1 super::super::b::Private → src/b/d.rs"]);
}

#[test]
fn an_import_through_two_re_exports_of_another_package() {
    let files = [
        ("crates/core/src/lib.rs", "pub mod known;"),
        ("crates/core/src/known.rs", "pub struct Known;"),
        ("crates/aws/src/lib.rs", "mod facts; pub use privek_core::known; pub use facts::Fact;"),
        ("crates/aws/src/facts.rs", "pub struct Fact;"),
        ("src/lib.rs", "pub use privek_aws::*;"),
        ("src/main.rs", "use privek_audit::{Fact, known::Known};\nfn main() {}"),
    ];
    assert_eq!(
        found(&tree(&files), "src/main.rs"),
        [
            "1 privek_audit::Fact → crates/aws/src/facts.rs",
            "1 privek_audit::known::Known → crates/core/src/known.rs"
        ]
    );
}

#[test]
fn an_import_through_a_glob() {
    // The glob itself, and each name that comes through it.
    let through = of_a("use crate::b::*;\nfn f() -> Thing {\n    made()\n}\nconst X: u8 = LIMIT;");
    assert_eq!(
        through,
        [
            "1 crate::b::* → src/b/mod.rs",
            "2 Thing → src/b/c.rs",
            "3 made → src/b/d.rs",
            "5 LIMIT → src/b/d.rs"
        ]
    );
    assert_eq!(
        of_a("use crate::b::c::Kind::*;\nfn f() { match x { Near => {} _ => {} } }"),
        ["1 crate::b::c::Kind::* → src/b/c.rs", "2 Near → src/b/c.rs"]
    );
    // `made` is a local here, and no call.
    assert_eq!(of_a("use crate::b::*;\nfn f(made: u8) -> u8 { made }").len(), 1);
}

#[test]
fn a_group_with_self_and_renames() {
    let text = "use crate::{\n    b::{self as bee, c::{self, Kind as K}},\n};\nfn f() { bee::made(); c::Thing::new() }";
    assert_eq!(
        of_a(text),
        [
            "2 crate::b → src/b/mod.rs",
            "2 crate::b::c → src/b/c.rs",
            // The function of the same name.
            "2 crate::b::c → src/b/mod.rs",
            "2 crate::b::c::Kind → src/b/c.rs",
            "4 bee::made → src/b/d.rs",
            "4 c::Thing::new → src/b/c.rs"
        ]
    );
    assert_eq!(
        of_a("use crate::b as x;\ntype T = x::deep::er::Inline;").pop().as_deref(),
        Some("2 x::deep::er::Inline → src/b/deep.rs")
    );
    assert_eq!(of_a("use crate::b::Thing as _;"), ["1 crate::b::Thing → src/b/c.rs"]);
}

#[test]
fn super_and_super_super() {
    let in_module = "mod x { mod y { use super::super::super::b::Thing; } }";
    assert_eq!(of_a(in_module), ["1 super::super::super::b::Thing → src/b/c.rs"]);
    assert_eq!(of_a("use super::b::Own;"), ["1 super::b::Own → src/b/mod.rs"]);
    let files = [
        ("src/lib.rs", "mod a;"),
        ("src/a/mod.rs", "mod b; pub struct Up;"),
        ("src/a/b/mod.rs", "mod c; pub fn near() {}"),
        ("src/a/b/c.rs", "use super::super::Up;\nfn f() { super::near() }"),
    ];
    assert_eq!(
        found(&tree(&files), "src/a/b/c.rs"),
        ["1 super::super::Up → src/a/mod.rs", "2 super::near → src/a/b/mod.rs"]
    );
}

#[test]
fn in_expressions_types_patterns_and_bounds() {
    let thing = |path| vec![format!("1 {path} → src/b/c.rs")];
    assert_eq!(of_a("fn f() { let x = crate::b::Thing::new(); }"), thing("crate::b::Thing::new"));
    assert_eq!(of_a("fn f(x: Vec<Option<crate::b::Thing>>) {}"), thing("crate::b::Thing"));
    assert_eq!(of_a("fn f() { if let crate::b::c::Kind::Near = x {} }"), thing("crate::b::c::Kind::Near"));
    assert_eq!(of_a("fn f() { x.iter().map(crate::b::Thing::new); }"), thing("crate::b::Thing::new"));
    assert_eq!(of_a("impl<T: crate::b::Thing> Clone for X<T> {}"), thing("crate::b::Thing"));
    assert_eq!(of_a("fn f() { <X as crate::b::Thing>::new() }"), thing("crate::b::Thing::new"));
    assert_eq!(of_a("#[derive(crate::b::Thing)] struct X;"), thing("crate::b::Thing"));
    assert_eq!(of_a("struct X { #[serde(with = \"crate::b::Thing\")] y: u8 }"), thing("crate::b::Thing"));
    // Who may see an item is no import, nor is what a comment names.
    assert_eq!(of_a("/// [`crate::b::Thing`]\npub(in crate::b) struct X;"), Vec::<String>::new());
}

#[test]
fn in_a_macro() {
    assert_eq!(
        of_a("fn f() { assert!(crate::b::Thing::new().x); }"),
        ["1 crate::b::Thing::new → src/b/c.rs"]
    );
    assert_eq!(of_a("fn f() { vec![vec![(1, super::b::Own)]]; }"), ["1 super::b::Own → src/b/mod.rs"]);
    assert_eq!(of_a("fn f() { m!(Vec::<crate::b::Thing>::new()) }"), ["1 crate::b::Thing → src/b/c.rs"]);
    assert_eq!(
        of_a("macro_rules! m { () => { use crate::b::{Own, Renamed}; $crate::b::made() } }"),
        [
            "1 crate::b::Own → src/b/mod.rs",
            "1 crate::b::Renamed → src/b/d.rs",
            "1 crate::b::made → src/b/d.rs"
        ]
    );
    let glob = "use crate::b::*;\nfn f() { assert_eq!(made(x.made, y.Thing()), Thing { made: 1 }); }";
    assert_eq!(of_a(glob), ["1 crate::b::* → src/b/mod.rs", "2 Thing → src/b/c.rs", "2 made → src/b/d.rs"]);
}

#[test]
fn a_macro_that_is_seen_without_an_import() {
    let files = [
        ("src/lib.rs", "#[macro_use] mod a; mod b;"),
        ("src/a.rs", "macro_rules! shapes { () => {} } pub(crate) use shapes;"),
        ("src/b/mod.rs", "use crate::a::shapes; mod c;"),
        ("src/b/c.rs", "shapes!();"),
    ];
    let tree = tree(&files);
    assert_eq!(found(&tree, "src/b/mod.rs"), ["1 crate::a::shapes → src/a.rs"]);
    assert_eq!(found(&tree, "src/b/c.rs"), ["1 shapes → src/a.rs"]);
    // A function is no macro.
    let derive =
        [("src/lib.rs", "mod a; fn derive() {} fn println() {}"), ("src/a.rs", "#[derive(X)] struct Y;")];
    assert_eq!(found(&self::tree(&derive), "src/a.rs"), Vec::<String>::new());
}

#[test]
fn in_a_unit_test_and_in_a_block() {
    let text = "#[cfg(test)]\nmod tests {\n    use crate::b::Thing;\n    #[test]\n    fn f() {\n        \
                use super::super::b::{self, Own};\n        b::made();\n    }\n}";
    assert_eq!(
        of_a(text),
        [
            "3 crate::b::Thing → src/b/c.rs",
            "6 super::super::b → src/b/mod.rs",
            "6 super::super::b::Own → src/b/mod.rs",
            "7 b::made → src/b/d.rs"
        ]
    );
    let tests = |text| {
        let tree =
            tree(&[("src/lib.rs", "mod a; mod b;"), ("src/a.rs", text), ("src/b.rs", "pub struct X;")]);
        tree.imports()
            .iter()
            .filter(|import| import.file().is_some())
            .map(|import| import.test)
            .collect::<Vec<_>>()
    };
    assert_eq!(tests("#[cfg(test)] mod tests { use crate::b::X; }"), [true]);
    assert_eq!(tests("#[test] fn f() { crate::b::X; } fn g() { crate::b::X; }"), [true, false]);
    assert_eq!(tests("#[cfg(test)] use crate::b::X; #[cfg(not(test))] use crate::b::X as Y;"), [true, false]);
    assert_eq!(tests("impl Z { #[cfg(test)] fn f() { crate::b::X; } }"), [true]);
}

#[test]
fn a_file_of_unit_tests_is_a_test() {
    let files = [
        ("src/lib.rs", "mod a; pub struct X;"),
        ("src/a/mod.rs", "#[cfg(test)] mod tests;"),
        ("src/a/tests/mod.rs", "mod more;"),
        ("src/a/tests/more.rs", "use crate::X;"),
    ];
    assert!(tree(&files).imports().iter().all(|import| import.file().is_none() || import.test));
}

#[test]
fn what_is_not_found_is_said() {
    let lost = |text| {
        let tree = tree(&[("src/lib.rs", "mod a; mod b;"), ("src/a.rs", text), ("src/b.rs", "make!(X);")]);
        super::checks::lost(&tree.imports())
    };
    assert_eq!(lost("use crate::c::Y;"), ["src/a.rs:1 names crate::c::Y, which was not found"]);
    // A macro may have made it: it is taken for the module's own.
    assert_eq!(lost("use crate::b::X;"), Vec::<String>::new());
    let orphan = Tree::read(&sources(&[("src/lib.rs", "mod gone;"), ("src/a.rs", "")]));
    assert_eq!(
        orphan.problems,
        ["src/lib.rs declares gone, which has no file", "src/a.rs is no module of any crate"]
    );
}

#[test]
fn crates_of_others() {
    let outside = |text| {
        let tree = tree(&[("src/lib.rs", text)]);
        let imports = tree.imports();
        imports.iter().filter_map(|import| import.outside().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(outside("use cel::{Value, parser as p};"), ["cel::Value", "cel::parser"]);
    assert_eq!(outside("use cel as c; fn f() { c::run() }"), ["cel", "cel::run"]);
    assert_eq!(outside("fn f() { ::cel::run(cel) }"), ["cel::run"]);
    assert_eq!(outside("fn f() { select!(cel::run()) }"), ["select", "cel::run"]);
    // A module of ours with a crate's name.
    assert_eq!(outside("mod cel { pub fn run() {} } fn f() { cel::run() }"), Vec::<String>::new());
}

//! Every check finds what it forbids: each is shown a small tree that breaks its rule, and one that keeps it.

use std::collections::BTreeSet;

use super::house::{Exception, PACKAGES, ROOMS};
use super::made_up_imports::{sources, tree};
use super::resolve::Import;
use super::{checks, rings};

fn imports(files: &[(&str, &str)]) -> Vec<Import> {
    tree(files).imports()
}

fn one(wrong: &[String], expected: &str) {
    assert_eq!(wrong, [expected]);
}

fn none(wrong: &[String]) {
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_package_that_imports_one_above_it() {
    let wrong = |core, aws| {
        checks::packages(&imports(&[
            ("crates/core/src/lib.rs", core),
            ("crates/aws/src/lib.rs", aws),
            ("src/lib.rs", "pub struct Top; use privek_aws::X; use privek_core::Y;"),
        ]))
    };
    none(&wrong("pub struct Y;", "pub struct X; use privek_core::Y;"));
    one(
        &wrong("pub struct Y;\n#[cfg(test)] mod tests { use privek_aws::X; }", "pub struct X;"),
        "crates/core/src/lib.rs:2 imports privek_aws::X (crates/aws/src/lib.rs): the package core is below aws",
    );
    one(
        &wrong("pub struct Y;", "pub struct X; fn f() { vec![privek_audit::Top]; }"),
        "crates/aws/src/lib.rs:1 imports privek_audit::Top (src/lib.rs): the package aws is below audit",
    );
}

#[test]
fn a_room_that_imports_what_it_may_not() {
    let files = |network| {
        [
            ("crates/core/src/lib.rs", "pub mod sets; pub mod rule;"),
            ("crates/core/src/sets/mod.rs", "pub struct Set;"),
            ("crates/core/src/rule.rs", "pub struct Rule;"),
            ("crates/aws/src/lib.rs", "pub mod network; pub mod snapshot; pub use privek_core::*;"),
            ("crates/aws/src/network/mod.rs", network),
            ("crates/aws/src/snapshot.rs", "pub struct Snapshot;"),
        ]
    };
    let wrong = |network| checks::rooms(&sources(&files(network)), &imports(&files(network)));
    none(&wrong("use crate::snapshot::Snapshot; use privek_core::sets::Set;"));
    let said = wrong("#[cfg(test)]\nmod tests { fn f() { crate::rule::Rule } }");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(
        "crates/aws/src/network/mod.rs:2 imports crate::rule::Rule (crates/core/src/rule.rs): \
         aws::network may not import core::rule, but ["
    ));
    // The packages know no room besides those of the table.
    let strange = [("src/lib.rs", "mod attic;"), ("src/attic/mod.rs", "")];
    one(&checks::rooms(&sources(&strange), &imports(&strange)), "audit::attic is a room that nobody knows");
}

#[test]
fn the_table_of_rooms_names_rooms_above_and_thus_has_no_circle() {
    let mut above = BTreeSet::new();
    for (room, others) in ROOMS {
        for other in *others {
            let whole =
                other.strip_suffix("::*").is_some_and(|package| PACKAGES.iter().any(|(p, _)| *p == package));
            assert!(whole || above.contains(other), "{room} names {other}");
        }
        assert!(above.insert(*room), "{room} is named twice");
    }
}

/// The facts of a made-up package, with these files.
fn facts<'t>(files: &[(&'t str, &'t str)]) -> Vec<(&'t str, &'t str)> {
    let mut all = vec![
        ("crates/aws/src/lib.rs", "pub mod facts; pub mod pack;"),
        ("crates/aws/src/pack.rs", ""),
        (
            "crates/aws/src/facts/mod.rs",
            "pub mod base; pub mod ends; pub mod names; mod fact; pub mod subjects; #[cfg(test)] mod test_support;
             pub use subjects::vpc::VpcFacts; pub struct Facts; pub use names::Name;",
        ),
        ("crates/aws/src/facts/base/mod.rs", "pub struct Context;"),
        ("crates/aws/src/facts/ends/mod.rs", "pub struct End;"),
        ("crates/aws/src/facts/names/mod.rs", "pub struct Name;"),
        ("crates/aws/src/facts/fact.rs", "pub struct Fact;"),
        ("crates/aws/src/facts/test_support/mod.rs", "pub struct Fixture; use super::subjects::vpc::VpcFacts;"),
        ("crates/aws/src/facts/subjects/mod.rs", "pub mod vpc; pub mod subnet; pub struct Table; use vpc::VpcFacts;"),
        ("crates/aws/src/facts/subjects/vpc.rs", "pub struct VpcFacts;"),
        ("crates/aws/src/facts/subjects/subnet/mod.rs", "mod egress; use egress::Egress; pub struct SubnetFacts;"),
        ("crates/aws/src/facts/subjects/subnet/egress.rs", "pub struct Egress;"),
    ];
    for (file, text) in files {
        all.retain(|(other, _)| other != file);
        all.push((file, text));
    }
    all
}

fn layers(file: &str, text: &str) -> Vec<String> {
    checks::layers(&imports(&facts(&[(file, text)])))
}

#[test]
fn a_folder_of_the_facts_that_imports_one_above_it() {
    let ends = "crates/aws/src/facts/ends/mod.rs";
    none(&layers(ends, "use super::base::Context; use crate::facts::fact::Fact;"));
    for text in [
        "use super::names::Name;",
        "use super::Name;",
        "use crate::facts::*; fn f() -> Name {}",
        "#[cfg(test)] mod tests { fn f() { assert!(crate::facts::names::Name); } }",
    ] {
        let wrong = layers(ends, text);
        let names = "(crates/aws/src/facts/names/mod.rs): ends is below names in the order of the facts";
        assert!(wrong.iter().any(|said| said.ends_with(names)), "{text}: {wrong:?}");
    }
    one(
        &layers(ends, "use super::Facts;"),
        "crates/aws/src/facts/ends/mod.rs:1 imports super::Facts (crates/aws/src/facts/mod.rs): \
         ends is below mod.rs in the order of the facts",
    );
    one(
        &layers("crates/aws/src/facts/fact.rs", "use super::base::Context;"),
        "crates/aws/src/facts/fact.rs:1 imports super::base::Context (crates/aws/src/facts/base/mod.rs): \
         fact.rs is below base in the order of the facts",
    );
}

#[test]
fn support_of_tests_that_code_imports() {
    let names = "crates/aws/src/facts/names/mod.rs";
    let test = "pub struct Name; #[cfg(test)] mod tests { use crate::facts::test_support::Fixture; }";
    none(&layers(names, test));
    one(
        &layers(names, "pub struct Name; use crate::facts::test_support::Fixture;"),
        "crates/aws/src/facts/names/mod.rs:1 imports crate::facts::test_support::Fixture \
         (crates/aws/src/facts/test_support/mod.rs): only tests may import test_support",
    );
}

#[test]
fn a_subject_that_another_file_imports() {
    let subjects = |file, text| checks::subjects(&imports(&facts(&[(file, text)])));
    let (names, pack) = ("crates/aws/src/facts/names/mod.rs", "crates/aws/src/pack.rs");
    none(&subjects(pack, "use crate::facts::VpcFacts;"));
    let nobody = "nobody imports a subject but facts/mod.rs";
    one(
        &subjects(names, "pub struct Name; use super::VpcFacts;"),
        &format!("{names}:1 imports super::VpcFacts (crates/aws/src/facts/subjects/vpc.rs): {nobody}"),
    );
    one(
        &subjects(pack, "use crate::facts::subjects::vpc::VpcFacts as V;"),
        &format!(
            "{pack}:1 imports crate::facts::subjects::vpc::VpcFacts (crates/aws/src/facts/subjects/vpc.rs): \
             {nobody}"
        ),
    );
    let vpc = "crates/aws/src/facts/subjects/vpc.rs";
    let path = "crate::facts::subjects::subnet::SubnetFacts";
    one(
        &subjects(
            vpc,
            "pub struct VpcFacts; #[test] fn f() { crate::facts::subjects::subnet::SubnetFacts; }",
        ),
        &format!(
            "{vpc}:1 imports {path} (crates/aws/src/facts/subjects/subnet/mod.rs): \
             the subject vpc may not import subnet"
        ),
    );
    one(
        &subjects(vpc, "pub struct VpcFacts; use super::Table;"),
        &format!(
            "{vpc}:1 imports super::Table (crates/aws/src/facts/subjects/mod.rs): \
             the subject vpc may not import mod"
        ),
    );
}

#[test]
fn a_ring_through_three_files() {
    let ring = |c| {
        rings::forbidden(&imports(&[
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a/mod.rs", "pub mod x; pub use x::X;"),
            ("src/a/x.rs", "pub struct X; use crate::b::y::Y;"),
            ("src/b/mod.rs", "pub mod y; pub mod z;"),
            ("src/b/y.rs", "pub struct Y; fn f() { super::z::Z::new() }"),
            ("src/b/z.rs", c),
        ]))
    };
    none(&ring("pub struct Z;"));
    // Through the re-export, and in a unit test.
    one(
        &ring("pub struct Z;\n#[cfg(test)] mod tests { use crate::a::X; }"),
        "files of 2 folders import each other; none may across folders: src/a/x.rs, src/b/y.rs, src/b/z.rs. \
         The shortest ring: src/a/x.rs:1 imports crate::b::y::Y (src/b/y.rs); \
         src/b/y.rs:1 imports super::z::Z::new (src/b/z.rs); src/b/z.rs:2 imports crate::a::X (src/a/x.rs)",
    );
}

#[test]
fn a_ring_of_five_files_in_one_folder() {
    let ring = |last| {
        rings::forbidden(&imports(&[
            ("src/lib.rs", "mod r;"),
            ("src/r/mod.rs", "mod a; mod b; mod c; mod d; mod e;"),
            ("src/r/a.rs", "pub struct A; use super::b::B;"),
            ("src/r/b.rs", "pub struct B; use super::c::C;"),
            ("src/r/c.rs", "pub struct C; use super::d::D;"),
            ("src/r/d.rs", last),
            ("src/r/e.rs", "pub struct E; use super::a::A;"),
        ]))
    };
    none(&ring("pub struct D; use super::a::A;"));
    let said = ring("pub struct D; use super::e::E;");
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("5 files of one folder import each other; 4 may at most: src/r/a.rs, "));
}

#[test]
fn what_a_module_hands_on_is_no_ring_and_what_it_uses_is() {
    let ring = |parent| {
        rings::forbidden(&imports(&[
            ("src/lib.rs", "mod p;"),
            ("src/p/mod.rs", parent),
            ("src/p/c/mod.rs", "pub struct C; use super::P;"),
        ]))
        .len()
    };
    assert_eq!(ring("mod c; pub use c::C; pub struct P;"), 0);
    assert_eq!(ring("mod c; pub use c::C; pub struct P; fn f(c: C) {}"), 1);
    assert_eq!(ring("mod c; use c::C; pub struct P;"), 1);
    assert_eq!(ring("mod c; pub struct P; fn f() { c::C }"), 1);
}

#[test]
fn what_supports_tests_is_in_no_ring() {
    let ring = |folder: &str| {
        let (root, support) = (format!("mod a; mod {folder};"), format!("src/{folder}/mod.rs"));
        let a = format!("pub struct A; #[cfg(test)] mod tests {{ use crate::{folder}::F; }}");
        let files =
            [("src/lib.rs", &*root), ("src/a/mod.rs", &*a), (&*support, "pub struct F; use crate::a::A;")];
        rings::forbidden(&imports(&files)).len()
    };
    assert_eq!(ring("test_support"), 0);
    assert_eq!(ring("helpers"), 1);
}

#[test]
fn a_crate_that_not_everybody_may_name() {
    let wrong = |collect, commands, core, second| {
        checks::foreign(&imports(&[
            ("src/lib.rs", "pub mod collect; mod commands;"),
            ("src/collect/mod.rs", collect),
            ("src/commands.rs", commands),
            ("crates/core/src/lib.rs", "mod rule;"),
            ("crates/core/src/rule/mod.rs", "mod expr; mod engine;"),
            ("crates/core/src/rule/expr.rs", core),
            ("crates/core/src/rule/engine.rs", second),
        ]))
    };
    let sdk = "pub use aws_sdk_ec2::Client; use tokio::time;";
    none(&wrong(sdk, "fn f() { tokio::spawn() }", "use cel::Value;", ""));
    one(
        &wrong(sdk, "use crate::collect::Client;", "", ""),
        "src/commands.rs:1 names aws_sdk_ec2::Client: only collect may name the AWS SDK",
    );
    one(
        &wrong(sdk, "fn f() { vec![aws_config::load()]; }", "", ""),
        "src/commands.rs:1 names aws_config::load: only collect may name the AWS SDK",
    );
    one(
        &wrong(sdk, "", "#[cfg(test)] mod tests { #[tokio::test] async fn f() {} }", ""),
        "crates/core/src/rule/expr.rs:1 names tokio::test: what is offline may not name tokio",
    );
    one(
        &wrong(sdk, "use cel::Value;", "", ""),
        "src/commands.rs:1 names cel::Value: one file of the rules may name CEL",
    );
    assert_eq!(wrong(sdk, "", "use cel::Value;", "fn f(x: cel::Value) {}").len(), 2);
}

#[test]
fn a_word_of_aws_in_the_core() {
    let exception =
        || Exception { file: "crates/core/src/report/", word: "vpc", with: &[".vpc"], reason: "a test" };
    let needed = ("crates/core/src/report/trace.rs", "x.vpc");
    let wrong = |file, line: &str| checks::words(&sources(&[needed, (file, line)]), &[exception()]).len();
    let core = "crates/core/src/x.rs";
    for line in [
        "let vpc_id = 1;",
        "struct VpcId;",
        "struct AWSName;",
        "fn of_arn() {}",
        "const EKS_VERSION: u8 = 1;",
        "let x = \"arn:…\";",
        "let vpcs = 1;",
        "vpc1",
        "x.vpc",
        "let ec2_client = 1;",
        "struct Ec2Client;",
        "struct EC2Client;",
        "// what AWS says",
        "    // an ENI's address",
        "/// AWS's VPCs",
        "/// An IAM action, for instance `ec2:DescribeSubnets`.",
        "//! The cluster as EKS has it.",
        "/* of Amazon */",
        "let x = 1; // in Route53",
        "/// <https://docs.aws.amazon.com/>",
    ] {
        assert!(wrong(core, line) > 0, "{line}");
        assert_eq!(wrong("crates/aws/src/x.rs", line), 0, "{line}");
    }
    for line in [
        "// a warning about draws, weeks and laws",
        "/// A permission of the provider, an id in the cluster's network, 2 load balancers.",
        "// exec2, ec 2, aec2",
        "\n#[cfg(test)]\nmod tests {\n    // what AWS says\n}",
        "let learn = earn;",
        "struct Seeks;",
        "awsome",
    ] {
        assert_eq!(wrong(core, line), 0, "{line}");
    }
    assert_eq!(wrong("crates/core/src/report/mod.rs", "x.vpc"), 0);
    assert_eq!(wrong("crates/core/src/report/mod.rs", "let vpc = 1;"), 1);
    assert_eq!(wrong("crates/core/src/report/mod.rs", "x.vpc = aws;"), 1);
    assert_eq!(wrong("crates/core/src/report/mod.rs", "// as x.vpc"), 0);
    assert_eq!(wrong("crates/core/src/report/mod.rs", "// a vpc"), 1);
    assert_eq!(wrong("crates/core/src/report/mod.rs", "// AWS's x.vpc"), 1);
    assert_eq!(wrong("crates/core/src/rule/tests.rs", "// what AWS says"), 0);
    one(
        &checks::words(&sources(&[(core, "\n  let an = ARN;")]), &[]),
        "crates/core/src/x.rs:2 says ARN: the core has no word of AWS: let an = ARN;",
    );
    one(
        &checks::words(&sources(&[(core, "\n\n    /// An id of AWS.\n    id: u8,")]), &[]),
        "crates/core/src/x.rs:3 says AWS: the core has no word of AWS: /// An id of AWS.",
    );
    one(
        &checks::words(&sources(&[(core, "")]), &[exception()]),
        "crates/core/src/report/ does not need its exception for vpc (a test)",
    );
}

#[test]
fn code_that_names_a_rule() {
    let ids = BTreeSet::from(["no-nat".to_owned()]);
    let wrong = |text| checks::named_rules(&tree(&[("src/lib.rs", text)]).texts, &ids).len();
    assert_eq!(wrong("const ID: &str = \"no-nat\";"), 1);
    assert_eq!(wrong("fn f() { vec![(1, r\"no-nat\")]; }"), 1);
    assert_eq!(wrong("// \"no-nat\"\nconst ID: &str = \"no-nat-at-all\";"), 0);
    assert_eq!(wrong("#[cfg(test)] mod tests { const ID: &str = \"no-nat\"; }"), 0);
}

#[test]
fn code_that_prints_or_exits() {
    let wrong = |file, text| {
        let root = "mod facts; mod commands; fn println() {}";
        let others = [("src/lib.rs", root), ("src/facts.rs", ""), ("src/commands/mod.rs", "")];
        let kept = others.into_iter().filter(|(other, _)| *other != file);
        checks::printing(&imports(&kept.chain([(file, text)]).collect::<Vec<_>>())).len()
    };
    for text in [
        "fn f() { println!(\"x\") }",
        "fn f() { std::eprintln!() }",
        "fn f() { vec![{ dbg!(1) }]; }",
        "macro_rules! m { () => { print!(\"x\") } }",
        "use std::process; fn f() { process::exit(1) }",
        "fn f() { std::process::exit(1) }",
    ] {
        assert!(wrong("src/facts.rs", text) > 0, "{text}");
        assert_eq!(wrong("src/commands/mod.rs", text), 0, "{text}");
    }
    assert_eq!(wrong("src/facts.rs", "#[test] fn f() { println!() }"), 0);
    assert_eq!(wrong("src/facts.rs", "fn print() {} fn f() { print(); writeln!(x) }"), 0);
}

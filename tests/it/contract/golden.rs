//! The golden file: a hash of everything that the program prints today, one line an item, so that a change
//! that must not change a printed byte can be seen not to.
//!
//! `tests/bless golden` writes the file anew. `PRIVEK_GOLDEN_DUMP=DIR` has the full text of each item
//! written there, one file an item, so that those of two revisions can be compared with `diff -r`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use privek_audit::intent::Intent;
use privek_audit::render::text::Style;
use privek_audit::render::{default_format, document, renderer};
use privek_audit::report::Report;
use privek_audit::rule;
use privek_aws::pack::PACK;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::golden_errors;
use super::golden_runs::{self, Asked, probes};
use crate::support::bless;
use crate::support::cases::{Told, unjudged};
use crate::support::files::{files, yaml};
use crate::support::healthy::{KINDS, base, matrix};
use crate::support::judge::{Judge, side_by_side};
use crate::support::patch::apply;

const FILE: &str = "fixtures/golden.txt";

/// What is printed where the terminal says nothing.
const STYLE: Style = Style { width: 80, color: false };

/// Where an item's text comes from.
enum Origin {
    /// The report on a case of a rule.
    Case(Told),
    /// The report on a base, and on what becomes of it by `patch`, with declarations of its own.
    Changed { name: String, base: String, patch: Value, intent: Option<Value> },
    /// A run of the program.
    Run(Asked),
    /// A file of the repository.
    File(PathBuf),
}

impl Origin {
    fn name(&self) -> String {
        match self {
            Self::Case(told) => told.called.clone(),
            Self::Changed { name, .. } => name.clone(),
            Self::Run(asked) => asked.name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    fn text(&self, judge: &Judge) -> String {
        match self {
            Self::Case(told) => {
                let (snapshot, intent) = told.state();
                report(judge, &snapshot, &intent, &told.called)
            }
            Self::Changed { name, base: from, patch, intent: own } => {
                let (mut snapshot, mut intent) = base(from);
                if !patch.is_null() {
                    apply(&mut snapshot, patch, name);
                }
                if let Some(own) = own {
                    intent = Intent::from_yaml("intent", &own.to_string()).expect("declarations");
                }
                report(judge, &snapshot, &intent, name)
            }
            Self::Run(asked) => {
                let printed = asked.printed();
                assert!(!printed.contains(env!("CARGO_MANIFEST_DIR")), "{printed}");
                printed
            }
            Self::File(path) => {
                let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
                std::fs::read_to_string(path).expect("a readable file")
            }
        }
    }
}

/// The report in both forms.
fn report(judge: &Judge, snapshot: &Value, intent: &Intent, name: &str) -> String {
    let report = judge.report(snapshot, intent, name);
    let table = renderer::<Report>(default_format()).expect("the default prints reports");
    document::pretty(&report) + &table(&report, &STYLE)
}

fn origins() -> Vec<Origin> {
    let mut all: Vec<Origin> = unjudged().into_iter().map(Origin::Case).collect();
    let changed = |file: &Path, of: &str, case: &Value, [name, patch]: [&str; 2]| Origin::Changed {
        name: format!("{}: {}", file.display(), case[name].as_str().expect("a name")),
        base: of.to_owned(),
        patch: case[patch].clone(),
        intent: case.get("intent").cloned(),
    };
    for kind in KINDS {
        let file = matrix(kind);
        let (base, cases) = (format!("healthy/{kind}"), yaml(&file));
        // The rules' own cases say most of it; all would take half a minute more.
        let cases = cases.as_array().expect("a list of cases").iter().step_by(3);
        all.extend(cases.map(|case| changed(&file, &base, case, ["case", "change"])));
    }
    let file = Path::new("fixtures/closed-network.cases.yaml");
    let cases = yaml(file);
    let cases = cases["cases"].as_array().expect("cases").iter();
    all.extend(cases.map(|case| changed(file, "closed-network", case, ["name", "patch"])));
    let documents = ["md", "json"].map(|extension| files("docs", extension)).concat();
    let documents = documents.into_iter().chain([PathBuf::from("rules/eks/inputs.yaml")]);
    all.extend(documents.map(Origin::File));
    let rules = rule::built_in(&PACK).expect("the built-in rules load");
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let runs = [golden_runs::all(&ids), golden_errors::all()].concat();
    all.extend(runs.into_iter().map(Origin::Run));
    all
}

/// The hash of an item, whose text is kept where that is asked for.
fn hash(name: &str, text: &str, dump: Option<&Path>) -> String {
    let short = |text: &str| {
        let digest = Sha256::digest(text.as_bytes());
        digest.iter().take(8).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"))
    };
    if let Some(folder) = dump {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '_' };
        let file: String = name.chars().map(plain).take(160).collect();
        std::fs::write(folder.join(format!("{file}.{}.txt", short(name))), text).expect("a writable folder");
    }
    short(text)
}

#[test]
fn the_program_prints_what_it_printed_when_this_was_blessed() {
    let dump = std::env::var_os("PRIVEK_GOLDEN_DUMP").map(PathBuf::from);
    if let Some(folder) = &dump {
        std::fs::create_dir_all(folder).expect("a folder");
    }
    let hashed = side_by_side(&origins(), |judge, origin| {
        let name = origin.name().replace('\n', " ");
        let hash = hash(&name, &origin.text(judge), dump.as_deref());
        (name, hash)
    });
    let probed = probes().into_iter().map(|(name, text)| {
        let hash = hash(&name, &text, dump.as_deref());
        (name, hash)
    });
    let mut now = BTreeMap::new();
    for (name, hash) in hashed.into_iter().chain(probed) {
        assert!(now.insert(name.clone(), hash).is_none(), "two items are called {name}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if bless::asked("golden") {
        let text = now.iter().fold(String::new(), |mut text, (name, hash)| {
            let _ = writeln!(text, "{hash}  {name}");
            text
        });
        return std::fs::write(path, text).expect("a writable file");
    }
    let written = std::fs::read_to_string(path).expect("a readable file");
    let before: BTreeMap<String, String> = written
        .lines()
        .map(|line| line.split_once("  ").expect("a hash and a name"))
        .map(|(hash, name)| (name.to_owned(), hash.to_owned()))
        .collect();
    let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differing: Vec<String> = names
        .into_iter()
        .filter_map(|name| match (before.get(name), now.get(name)) {
            (Some(before), Some(now)) if before == now => None,
            (Some(_), Some(_)) => Some(format!("changed: {name}")),
            (Some(_), None) => Some(format!("gone: {name}")),
            (None, _) => Some(format!("new: {name}")),
        })
        .collect();
    assert!(
        differing.is_empty(),
        "{} of {} items are not what {FILE} says (PRIVEK_GOLDEN_DUMP=DIR writes their texts):\n{}",
        differing.len(),
        now.len(),
        differing.join("\n")
    );
}

//! The checks: each says what is wrong with file, line, import and rule, and nothing where nothing is.

use std::collections::{BTreeMap, BTreeSet};

use super::house::{
    CORE, Exception, FACTS, FOREIGN, Foreign, PACKAGES, PRINTING, ROOMS, TERMINAL, TEST_SUPPORT, WORDS_OF_AWS,
};
use super::resolve::{Import, Manner};
use super::tree::{Sources, Text};

/// What is wrong with the imports of one file from another, said once, at the first line.
fn wrong(imports: &[Import], check: impl Fn(&Import, &str) -> Option<String>) -> Vec<String> {
    let mut found: BTreeMap<(&str, &str), (usize, String)> = BTreeMap::new();
    for import in imports {
        let Some(file) = import.file() else { continue };
        let Some(rule) = check(import, file) else { continue };
        let said = format!("{}:{} imports {} ({file}): {rule}", import.from, import.line, import.path);
        let first = found.entry((&import.from, file)).or_insert_with(|| (import.line, said.clone()));
        if import.line < first.0 {
            *first = (import.line, said);
        }
    }
    found.into_values().map(|(_, said)| said).collect()
}

/// A path of ours that was not found would pass every other check.
pub fn lost(imports: &[Import]) -> Vec<String> {
    let lost = imports.iter().filter(|import| import.manner == Manner::Lost);
    lost.map(|import| format!("{}:{} names {}, which was not found", import.from, import.line, import.path))
        .collect()
}

/// A package imports those below it.
pub fn packages(imports: &[Import]) -> Vec<String> {
    wrong(imports, |import, file| {
        let (from, to) = (package(&import.from)?, package(file)?);
        let (above, below) = (PACKAGES[to].0, PACKAGES[from].0);
        (to > from).then(|| format!("the package {below} is below {above}"))
    })
}

fn package(file: &str) -> Option<usize> {
    PACKAGES.iter().position(|(_, folder)| file.starts_with(folder))
}

/// A room imports the rooms that its line of the table names.
pub fn rooms(files: &Sources, imports: &[Import]) -> Vec<String> {
    let may: BTreeMap<_, _> = ROOMS.iter().map(|(room, others)| (*room, *others)).collect();
    let known: BTreeSet<_> = files.keys().filter_map(|file| room(file)).collect();
    let unknown = known.iter().filter(|room| !may.contains_key(room.as_str()));
    let mut found: Vec<_> = unknown.map(|room| format!("{room} is a room that nobody knows")).collect();
    found.extend(wrong(imports, |import, file| {
        let (from, to) = (room(&import.from)?, room(file)?);
        let allowed = may.get(from.as_str())?;
        let whole = format!("{}::*", to.split("::").next().unwrap_or_default());
        let fine = from == to || allowed.contains(&to.as_str()) || allowed.contains(&whole.as_str());
        (!fine).then(|| format!("{from} may not import {to}, but {allowed:?}"))
    }));
    found
}

/// `crates/aws/src/network/tables/route.rs` is in the room `aws::network`, `src/main.rs` in `audit::main`.
pub fn room(file: &str) -> Option<String> {
    let (package, folder) = PACKAGES[package(file)?];
    let name = file.strip_prefix(folder)?.split('/').next()?;
    Some(format!("{package}::{}", name.trim_end_matches(".rs")))
}

/// The part of a path below the folder of the facts.
fn in_facts(file: &str) -> Option<&str> {
    file.split_once("src/facts/").map(|(_, inside)| inside)
}

/// The folder of the facts that a file is in, and its place in the order.
fn layer(inside: &str) -> (&str, Option<usize>) {
    match inside.split_once('/') {
        None if inside == "mod.rs" => ("mod.rs", Some(FACTS.len() + 1)),
        None => (inside, Some(0)),
        Some((folder, _)) => (folder, FACTS.iter().position(|other| *other == folder).map(|at| at + 1)),
    }
}

/// A folder of the facts imports those below it; tests alone import what supports them.
pub fn layers(imports: &[Import]) -> Vec<String> {
    wrong(imports, |import, file| {
        let (to, above) = layer(in_facts(file)?);
        if to == TEST_SUPPORT {
            return (!import.test).then(|| format!("only tests may import {TEST_SUPPORT}"));
        }
        let (from, own) = layer(in_facts(&import.from)?);
        match (own, above) {
            _ if from == to || from == TEST_SUPPORT => None,
            (Some(own), Some(above)) if own > above => None,
            // Files beside the folders are one layer.
            (Some(0), Some(0)) => None,
            (Some(_), Some(_)) => Some(format!("{from} is below {to} in the order of the facts")),
            _ => Some(format!("{from} or {to} has no place in the order of the facts")),
        }
    })
}

/// Nobody imports a subject but the table of the facts, and no kind another.
pub fn subjects(imports: &[Import]) -> Vec<String> {
    wrong(imports, |import, file| {
        let kind = kind(file)?;
        let rule = "nobody imports a subject but facts/mod.rs";
        let Some(inside) = in_facts(&import.from) else {
            // From outside the facts, what `facts/mod.rs` hands on is its own.
            let direct = import.through.iter().any(|module| self::kind(module).is_some());
            return direct.then(|| rule.to_owned());
        };
        match self::kind(&import.from) {
            _ if inside == "mod.rs" || layer(inside).0 == TEST_SUPPORT => None,
            Some("mod") => None,
            Some(own) if own == kind => None,
            Some(own) => Some(format!("the subject {own} may not import {kind}")),
            None => Some(rule.to_owned()),
        }
    })
}

/// The kind of subjects whose file this is.
fn kind(file: &str) -> Option<&str> {
    let name = in_facts(file)?.strip_prefix("subjects/")?.split('/').next()?;
    Some(name.trim_end_matches(".rs"))
}

/// The crates that not everybody may name.
pub fn foreign(imports: &[Import]) -> Vec<String> {
    FOREIGN.iter().flat_map(|foreign| misnamed(foreign, imports)).collect()
}

fn misnamed(foreign: &Foreign, imports: &[Import]) -> Vec<String> {
    let mut first: BTreeMap<&str, &Import> = BTreeMap::new();
    for import in imports {
        let krate = import.outside().and_then(|path| path.split("::").next()).unwrap_or_default();
        let is = |name: &&str| *name == krate || (name.ends_with('_') && krate.starts_with(name));
        if foreign.names.iter().any(is) {
            first.entry(&import.from).or_insert(import);
        }
    }
    let too_many = foreign.one_file && first.len() > 1;
    let outside = |file: &str| !foreign.only.iter().any(|folder| file.starts_with(folder));
    first
        .values()
        .filter(|import| too_many || outside(&import.from))
        .map(|import| {
            let path = import.outside().unwrap_or_default();
            format!("{}:{} names {path}: {}", import.from, import.line, foreign.rule)
        })
        .collect()
}

/// Code that names a rule; tests may.
pub fn named_rules(texts: &[Text], ids: &BTreeSet<String>) -> Vec<String> {
    let named = texts.iter().filter(|text| !text.test && ids.contains(&text.value));
    named.map(|text| format!("{}:{} names the rule {}", text.file, text.line, text.value)).collect()
}

/// Code that prints or exits, outside the door to the terminal; tests may.
pub fn printing(imports: &[Import]) -> Vec<String> {
    let calls = imports.iter().filter(|import| {
        let path = import.outside().unwrap_or_default();
        let is_call = PRINTING.contains(&path.trim_start_matches("std::"));
        is_call && !import.test && !TERMINAL.iter().any(|door| import.from.starts_with(door))
    });
    calls.map(|import| format!("{}:{} calls {}", import.from, import.line, import.path)).collect()
}

/// The words of AWS in the code, the strings and the comments of the core, and the exceptions that nothing needs.
/// Unit tests may give examples.
pub fn words(files: &Sources, exceptions: &[Exception]) -> Vec<String> {
    let mut needed = BTreeSet::new();
    let mut found = Vec::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with(CORE)) {
        if is_of_tests(file) {
            continue;
        }
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (at, line) in code.lines().enumerate() {
            for word in of_aws(line) {
                match exceptions.iter().position(|except| is_excepted(except, file, line, word)) {
                    Some(exception) => drop(needed.insert(exception)),
                    None => found.push(format!(
                        "{file}:{} says {word}: the core has no word of AWS: {}",
                        at + 1,
                        line.trim()
                    )),
                }
            }
        }
    }
    let idle = exceptions.iter().enumerate().filter(|(at, _)| !needed.contains(at));
    let idle = idle.map(|(_, Exception { file, word, reason, .. })| {
        format!("{file} does not need its exception for {word} ({reason})")
    });
    found.extend(idle);
    found
}

fn is_of_tests(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/") || file.ends_with("/sample.rs")
}

fn is_excepted(except: &Exception, file: &str, line: &str, word: &str) -> bool {
    file.starts_with(except.file) && word == except.word && except.with.iter().any(|with| line.contains(with))
}

/// The words of a line that are AWS's: alone, in `snake_case`, in `CamelCase`, and in the plural; without the
/// digits around them, and with those of their own.
fn of_aws(line: &str) -> BTreeSet<&str> {
    let is = |word: &&str| {
        let word = word.to_lowercase();
        WORDS_OF_AWS.iter().any(|of_aws| word == *of_aws || word.strip_suffix('s') == Some(of_aws))
    };
    let of_letters = line.split(|c: char| !c.is_ascii_alphabetic());
    let of_digits_too = line.split(|c: char| !c.is_ascii_alphanumeric());
    of_letters
        .chain(of_digits_too)
        .flat_map(|word| std::iter::once(word).chain(humps(word)))
        .filter(is)
        .collect()
}

/// `VpcId` → `Vpc`, `Id`; `AWSName` → `AWS`, `Name`.
fn humps(word: &str) -> Vec<&str> {
    let bytes = word.as_bytes();
    let mut begins: Vec<_> = (1..bytes.len())
        .filter(|&at| {
            let next_is_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            bytes[at].is_ascii_uppercase() && (bytes[at - 1].is_ascii_lowercase() || next_is_lower)
        })
        .collect();
    begins.push(bytes.len());
    let mut from = 0;
    begins.into_iter().map(|to| &word[std::mem::replace(&mut from, to)..to]).collect()
}

//! One thing broken (or mended) at a time in the closed network, in `fixtures/closed-network.cases.yaml`;
//! `tests/bless matrix` writes there what each changes, to be read before it is committed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::bless;
use crate::support::files::{repository, text, yaml};
use crate::support::healthy::base;
use crate::support::judge::{Changes, Judge, changed, expected, paste};
use crate::support::patch::apply;

const FILE: &str = "fixtures/closed-network.cases.yaml";

/// What a case says that it changes.
fn wanted(case: &Value, called: &str) -> Changes {
    let mut wanted = Changes::new();
    for (rule, outcomes) in case["expect"].as_object().expect("`expect` maps rules to outcomes") {
        for (id, outcome) in expected(outcomes, called) {
            wanted.insert((rule.clone(), id), outcome);
        }
    }
    wanted
}

#[test]
fn breaking_one_thing_in_the_closed_network_changes_exactly_what_the_case_lists() {
    let judge = Judge::new();
    let (snapshot, intent) = base("closed-network");
    let before = judge.judge(&snapshot, &intent, "closed-network");
    let (mut wrong, mut found) = (Vec::new(), Vec::new());
    for case in yaml(Path::new(FILE))["cases"].as_array().expect("cases") {
        let called = case["name"].as_str().expect("a case has a name");
        let mut patched = snapshot.clone();
        apply(&mut patched, &case["patch"], called);
        let after = judge.judge(&patched, &intent, called);
        for (key, (_, fingerprint)) in &after {
            let old = before.get(key).map_or(fingerprint, |(_, fingerprint)| fingerprint);
            assert_eq!(old, fingerprint, "{called}: the fingerprint of {key:?}");
        }
        let (wanted, changed) = (wanted(case, called), changed(&before, &after));
        if changed != wanted {
            wrong.push(format!("{called}: wanted{}\n  but this changed{}", paste(&wanted), paste(&changed)));
        }
        found.push((wanted, changed));
    }
    if bless::asked("matrix") {
        let path = repository().join(FILE);
        return std::fs::write(path, blessed(&text(FILE), &found)).expect("a writable file");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The file with what the cases change; entries that are right stay as they are written, comments included.
fn blessed(text: &str, found: &[(Changes, Changes)]) -> String {
    let mut found = found.iter();
    let mut new = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with("    expect:") {
            new.extend([line, "\n"]);
            continue;
        }
        let mut entries = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("      ")) {
            entries.push(line);
        }
        let (wanted, changed) = found.next().expect("as many as there are cases");
        let kept = entries_of(&entries, wanted, changed);
        new.push_str(if kept.is_empty() { "    expect: {}\n" } else { "    expect:\n" });
        new.push_str(&kept);
    }
    new
}

/// The entries of a case, each rule once: as it was written, as it is now, or new at the end.
fn entries_of(written: &[&str], wanted: &Changes, changed: &Changes) -> String {
    let (wanted, mut changed) = (by_rule(wanted), by_rule(changed));
    let (mut new, mut said) = (String::new(), String::new());
    let mut lines = written.iter().peekable();
    while let Some(line) = lines.next() {
        said.extend([line, "\n"]);
        if line.trim_start().starts_with('#') {
            continue;
        }
        while let Some(more) = lines.next_if(|line| line.starts_with("       ")) {
            said.extend([more, "\n"]);
        }
        let rule = line.trim_start().split(':').next().unwrap_or_default();
        let now = changed.remove(rule);
        match now {
            Some(now) if wanted.get(rule) == Some(&now) => new.push_str(&said),
            Some(now) => new.push_str(&entry(&now)),
            None => {}
        }
        said.clear();
    }
    new.extend(changed.values().map(entry));
    new
}

fn entry(changes: &Changes) -> String {
    paste(changes).trim_start_matches('\n').to_owned() + "\n"
}

fn by_rule(changes: &Changes) -> BTreeMap<&str, Changes> {
    let mut rules = BTreeMap::<&str, Changes>::new();
    for ((rule, id), outcome) in changes {
        rules.entry(rule).or_default().insert((rule.clone(), id.clone()), outcome.clone());
    }
    rules
}

#[test]
fn blessing_the_closed_network_changes_only_what_is_wrong() {
    let text = "    expect:\n      # Why.\n      a: { fail: [x] }\n      b:\n        fail:\n          - x\n\n  - name: next\n    expect: {}\n";
    let of = |rules: &[(&str, &str)]| -> Changes {
        let pairs = rules.iter();
        pairs.map(|(rule, outcome)| (((*rule).to_owned(), "x".to_owned()), (*outcome).to_owned())).collect()
    };
    let both = of(&[("a", "fail"), ("b", "fail")]);
    let same = [(both.clone(), both.clone()), (of(&[]), of(&[]))];
    assert_eq!(blessed(text, &same), text);
    let other = [(both, of(&[("a", "fail"), ("c", "pass")])), (of(&[]), of(&[("d", "gone")]))];
    let wanted = "    expect:\n      # Why.\n      a: { fail: [x] }\n      c: { pass: [x] }\n\n  - name: next\n    expect:\n      d: { gone: [x] }\n";
    assert_eq!(blessed(text, &other), wanted);
}

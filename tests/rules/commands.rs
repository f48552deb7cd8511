//! What the fixes of all rules tell people to type: commands with every id filled in, wherever a
//! command can help.

use std::collections::BTreeSet;

use crate::support::cases::{commands, failing, reasons};
use crate::support::shell::words;

/// The commands in a command: those whose output it takes come first.
fn parts(command: &str) -> Result<Vec<Vec<String>>, String> {
    let words = words(command)?;
    let mut all = Vec::new();
    for word in &words {
        if let Some(inner) = word.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) {
            all.extend(parts(inner)?);
        }
    }
    all.push(words);
    Ok(all)
}

/// What is wrong with a command as a text, whatever the AWS CLI says to it.
fn mistakes(command: &str, region: &str, known: &str) -> Vec<String> {
    let parts = match parts(command) {
        Ok(parts) => parts,
        Err(error) => return vec![error],
    };
    let mut wrong = Vec::new();
    for words in &parts {
        let [aws, _, _, options @ ..] = words.as_slice() else {
            wrong.push("no `aws SERVICE OPERATION`".to_owned());
            continue;
        };
        if aws != "aws" {
            wrong.push(format!("`{aws}` is not the AWS CLI"));
        }
        let named = options.windows(2).find(|pair| pair[0] == "--region").map(|pair| pair[1].as_str());
        // IAM is one for all regions of a partition, and which partition is meant the region says.
        if named != Some(region) {
            wrong.push(format!("the region {named:?}"));
        }
        for word in options.iter().filter(|word| !word.starts_with("$(")) {
            let empty =
                ["", "none", "None", "null", "undefined", "[]", "true,", "{}"].contains(&word.as_str());
            let unsaid = ["<", ">", "…", "...", "{{", "file:", "=,", ",,", "=none", "=null"];
            if empty || unsaid.iter().any(|unsaid| word.contains(unsaid)) || word.ends_with('=') {
                wrong.push(format!("`{word}` says nothing"));
            }
            wrong.extend(ids(word).filter(|id| !known.contains(id)).map(|id| format!("there is no {id}")));
        }
    }
    wrong
}

/// What has the form of AWS's ids.
fn ids(word: &str) -> impl Iterator<Item = &str> {
    let parts = word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    parts.filter(|part| {
        part.rsplit_once('-').is_some_and(|(kind, rest)| {
            !kind.is_empty() && rest.len() >= 8 && rest.chars().all(|c| c.is_ascii_hexdigit())
        })
    })
}

#[test]
fn every_command_of_every_rule_names_what_it_means() {
    let mut wrong = BTreeSet::new();
    for (rule, findings) in failing() {
        let mut last: Option<(&str, String, String)> = None;
        for (told, finding) in findings {
            if last.as_ref().is_none_or(|(called, ..)| *called != told.called) {
                let (snapshot, _) = told.state();
                let region = snapshot["region"].as_str().unwrap_or("$AWS_REGION").to_owned();
                last = Some((&told.called, region, snapshot.to_string()));
            }
            let Some((_, region, known)) = &last else { continue };
            for command in commands(finding) {
                let mistakes = mistakes(command, region, known);
                wrong.extend(mistakes.into_iter().map(|mistake| format!("{rule}: {mistake}: {command}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_fix_without_commands_is_one_that_nobody_can_type() {
    let mut wrong = Vec::new();
    let failing = failing();
    let (none_helps, looks_first) = (reasons("no_command"), reasons("look_first"));
    let reasoned = none_helps.keys().chain(looks_first.keys());
    wrong.extend(
        reasoned
            .filter(|rule| !failing.contains_key(rule.as_str()))
            .map(|rule| format!("{rule} never fails")),
    );
    for (rule, findings) in failing {
        let all: Vec<&String> = findings.iter().flat_map(|(_, finding)| commands(finding)).collect();
        let looks = |command: &&&String| {
            command.split(' ').nth(2).is_some_and(|it| it.starts_with("describe-") || it.starts_with("list-"))
        };
        let (none, only_looks) = (all.is_empty(), all.iter().all(|command| looks(&command)));
        let file = findings.first().map_or_else(|| rule.to_owned(), |(told, _)| told.file());
        match (none, none_helps.contains_key(rule)) {
            (true, false) => wrong.push(format!(
                "{file}: no failure has a command; `no_command: REASON` says there why none can help"
            )),
            (false, true) => wrong.push(format!("{file}: `no_command`, and {} commands", all.len())),
            _ => {}
        }
        match (!none && only_looks, looks_first.contains_key(rule)) {
            (true, false) => wrong.push(format!(
                "{file}: no command changes anything; `look_first: REASON` says there why none can"
            )),
            (false, true) => wrong.push(format!("{file}: `look_first`, and commands that change something")),
            _ => {}
        }
        for (told, finding) in findings {
            let summary = finding.fix.as_ref().map_or("", |fix| fix.summary.as_str());
            if summary.len() < 10 || summary.contains("  ") {
                wrong.push(format!("{}: the summary `{summary}`", told.called));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

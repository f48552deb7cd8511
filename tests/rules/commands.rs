//! What the fixes of all rules tell people to type: commands with every id filled in, wherever a
//! command can help.

use std::collections::BTreeSet;

use crate::support::cases::{commands, failing};
use crate::support::shell::words;

/// The rules whose failures no command mends, and why not.
const IN_WORDS: &[(&str, &str)] = &[
    ("address-does-not-answer", "what is in the way a trace or another firewall says"),
    ("address-speaks-no-tls", "who answers there only their owners know"),
    ("amazon-linux-2", "the pods move between making the new group and deleting this one"),
    ("api-answers-elsewhere", "reading again is this program's own"),
    ("api-certificate-of-another-ca", "the device that inspects is its owner's"),
    ("argo-cd-public", "the endpoint belongs into the operators' VPC, which only they know"),
    ("certificate-for-another-name", "who answers there only their owners know"),
    ("certificate-out-of-date", "the clock is the machine's"),
    ("certificate-unusable", "who answers there only their owners know"),
    ("closed-against-expectation", "what decides AWS does not show"),
    ("control-plane-egress-isolated", "which way out a network may have is its owner's decision"),
    ("endpoint-certificate-of-another-ca", "the device that inspects is its owner's"),
    ("fargate-subnet-in-local-zone", "the profile is made anew, with subnets that only its owners know"),
    ("fargate-subnet-public", "the profile is made anew, with subnets that only its owners know"),
    ("handshake-refused", "the firewall that refuses is its owner's"),
    ("load-balancer-subnets-in-one-zone", "which further subnets load balancers may use their owners decide"),
    ("name-against-expectation", "what that machine asks is its owner's"),
    ("name-does-not-resolve-here", "the servers are their owners'"),
    ("name-leads-elsewhere", "the servers are their owners'"),
    ("name-leads-to-a-part", "the servers are their owners'"),
    ("nobody-administers-cluster", "who is to administer the cluster only its owners know"),
    ("node-resolution-not-dependable", "which servers know the name their owners know"),
    ("node-security-group-missing", "which groups the nodes are to have only their owners know"),
    ("open-against-expectation", "which way the packets take AWS does not show"),
    ("proxy-in-between", "the environment is the machine's"),
    ("public-access-list-refused", "which prefixes can be joined only the owner of the addresses knows"),
    ("pull-through-cache-without-way-out", "the images are pulled by another host"),
    ("rebinding-filter-suspected", "the servers are their owners'"),
    (
        "remote-access-open-to-everyone",
        "the group is made anew, without it or with groups that only its owners know",
    ),
    ("resolver-answers-by-half", "the servers are their owners'"),
    ("resolver-does-not-answer", "the servers are their owners'"),
    ("resolver-endpoint-in-one-zone", "which subnet of another zone to take its owners decide"),
    ("resolver-rule-with-one-target", "which second server there is its owners know"),
    ("resolver-without-tcp", "the servers are their owners'"),
    ("resolvers-disagree", "the servers are their owners'"),
    ("role-serves-several-purposes", "what uses the role is made anew with one of its own"),
    ("service-not-offered-in-zone", "which zones have the service only AWS decides"),
    ("service-range-overlaps", "the range of a cluster cannot be changed"),
    ("service-range-overlaps-neighbours", "the range of a cluster cannot be changed"),
    ("subnet-in-another-vpc", "the group is made anew, with subnets that only its owners know"),
    ("subnet-ipv6-only", "the subnet is made anew, and what is in it moves"),
    ("subnet-public", "which private subnets to move to its owners decide"),
    ("subnets-in-docker-range", "which subnets the nodes move to their owners decide"),
    ("vpc-overlaps-neighbours", "how the networks are kept apart their owners decide"),
    ("windows-nodes-alone", "size and type of the group to add only its owners know"),
];

/// The rules whose commands only show what has to be known before anything is changed, and why.
const LOOK_FIRST: &[(&str, &str)] = &[
    ("addon-not-healthy", "what EKS says decides"),
    ("bottlerocket-settings-incomplete", "user data is written by hand"),
    ("capability-not-working", "what EKS says decides"),
    ("cluster-dns-told-wrong", "user data is written by hand"),
    ("cluster-health-issues", "what EKS says decides"),
    ("cluster-not-working", "what EKS says decides"),
    ("control-plane-interfaces-unusual", "an update may be under way"),
    ("control-plane-subnet-few-addresses", "which interfaces nobody uses only their owners know"),
    ("control-plane-update-short-of-addresses", "which interfaces nobody uses only their owners know"),
    ("fargate-profile-not-healthy", "what EKS says decides"),
    ("fargate-subnet-full", "which interfaces nobody uses only their owners know"),
    ("image-does-not-join", "user data is written by hand"),
    ("insights-failing", "what EKS recommends decides"),
    ("instance-types-not-offered", "which of the offered types does only the owner knows"),
    ("launch-template-refused", "user data is written by hand"),
    ("network-acl-full", "which entries can be joined only their owners know"),
    ("no-free-prefix", "which interfaces nobody uses only their owners know"),
    ("node-config-incomplete", "user data is written by hand"),
    ("nodegroup-not-healthy", "what EKS says decides"),
    ("proxy-takes-aws-traffic", "user data is written by hand"),
    ("proxy-takes-cluster-traffic", "user data is written by hand"),
    ("resolver-endpoint-not-working", "what Resolver says of each address decides"),
    ("resolver-rule-not-in-force", "what Resolver says of the association decides"),
    ("security-group-full", "which rules can be joined only their owners know"),
    ("service-not-offered", "which other way to the service there may be its owner decides"),
    ("start-asks-unreachable-eks-api", "user data is written by hand"),
    ("start-names-another-cluster", "user data is written by hand"),
    ("start-names-another-endpoint", "user data is written by hand"),
    ("start-names-other-service-range", "user data is written by hand"),
    ("start-script-names-no-cluster", "user data is written by hand"),
    ("start-trusts-another-ca", "user data is written by hand"),
    ("subnet-without-ipv6", "which prefix of the VPC's to take its owners decide"),
];

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
    let listed = |list: &[(&str, &str)], rule: &str| list.iter().any(|(listed, _)| *listed == rule);
    let failing = failing();
    for list in [IN_WORDS, LOOK_FIRST] {
        assert!(list.is_sorted_by(|(one, _), (next, _)| one < next), "each rule once, in order: {list:#?}");
        wrong.extend(
            list.iter()
                .filter(|(rule, _)| !failing.contains_key(rule))
                .map(|(rule, _)| format!("there is no rule {rule}")),
        );
    }
    for (rule, findings) in failing {
        let all: Vec<&String> = findings.iter().flat_map(|(_, finding)| commands(finding)).collect();
        let looks = |command: &&&String| {
            command.split(' ').nth(2).is_some_and(|it| it.starts_with("describe-") || it.starts_with("list-"))
        };
        let (none, only_looks) = (all.is_empty(), all.iter().all(|command| looks(&command)));
        if none != listed(IN_WORDS, rule) {
            wrong.push(format!("{rule} has {} commands", all.len()));
        } else if !none && only_looks != listed(LOOK_FIRST, rule) {
            wrong.push(format!("{rule}: whether its commands change anything"));
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

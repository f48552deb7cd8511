//! Which names there are, and what stands for each: `cluster-1`, `role-3`, account 000000000002.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::catalogue::registries;

/// Replaces one name of a kind.
pub(super) type Rename<'a> = &'a mut dyn FnMut(&'static str, &str) -> String;

/// Kinds in the order of precedence: a tag value that is the cluster's name becomes the cluster's.
const KINDS: &[&str] = &[
    "account",
    "cluster",
    "nodegroup",
    "fargate-profile",
    "asg",
    "launch-template",
    "launch-configuration",
    "role",
    "policy",
    "user",
    "session",
    "security-group",
    "prefix-list",
    "resolver",
    "host",
    "domain",
    "label",
    "bucket",
    "repository",
    "capability",
    "resource",
    "load-balancer",
    "vantage",
    "issuer",
    "key-pair",
    "service-account",
    "namespace",
    "group",
    "organization",
    "sid",
    "description",
    "tag",
    "pod-label",
    "value",
];

/// Kinds that are replaced only where they stand alone: as words in a text they may mean something else.
const NOT_IN_TEXT: &[&str] =
    &["account", "domain", "label", "namespace", "group", "sid", "description", "tag", "pod-label", "value"];

/// Words that a message or a document may well contain by itself.
const COMMON: &[&str] = &[
    "active",
    "available",
    "aws",
    "cluster",
    "default",
    "disabled",
    "eks",
    "enabled",
    "env",
    "false",
    "node",
    "nodegroup",
    "nodes",
    "none",
    "null",
    "role",
    "system",
    "true",
];

/// Names that Kubernetes, AWS and well-known charts give, and that rules recognise.
const WELL_KNOWN: &[&str] = &[
    "default",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "amazon-cloudwatch",
    "amazon-guardduty",
    "karpenter",
    "cert-manager",
    "external-dns",
    "external-secrets",
    "aws-node",
    "coredns",
    "kube-proxy",
    "aws-load-balancer-controller",
    "cluster-autoscaler",
    "ebs-csi-controller-sa",
    "efs-csi-controller-sa",
    "fsx-csi-controller-sa",
    "s3-csi-driver-sa",
    "cloudwatch-agent",
    "adot-collector",
    "kube-dns",
];

/// The names that a snapshot holds, by kind.
#[derive(Debug, Default)]
pub(super) struct SeenNames(BTreeMap<&'static str, BTreeSet<String>>);

impl SeenNames {
    pub(super) fn add(&mut self, kind: &'static str, name: &str) {
        if !stays(kind, name) {
            self.0.entry(kind).or_default().insert(name.to_owned());
        }
    }
}

/// What stands for each name.
#[derive(Clone, Debug)]
pub(super) struct Names {
    key: [u8; 32],
    known: BTreeMap<String, String>,
    in_text: BTreeSet<String>,
    domains: BTreeSet<String>,
    longest: usize,
}

impl Names {
    pub(super) fn new(key: [u8; 32], seen: &SeenNames) -> Self {
        let mut names = Self {
            key,
            known: BTreeMap::new(),
            in_text: BTreeSet::new(),
            domains: BTreeSet::new(),
            longest: 0,
        };
        for kind in KINDS {
            let originals = seen.0.get(kind).into_iter().flatten();
            if *kind == "domain" {
                names.domains = originals.cloned().collect();
                continue;
            }
            let mut number = 0;
            for original in originals {
                if names.known.contains_key(original) {
                    continue;
                }
                number += 1;
                let replacement =
                    if *kind == "account" { format!("{number:012}") } else { format!("{kind}-{number}") };
                names.known.insert(original.clone(), replacement);
                let is_word = original.len() >= 3 && !COMMON.contains(&original.to_lowercase().as_str());
                if is_word && !NOT_IN_TEXT.contains(kind) {
                    names.longest = names.longest.max(original.len());
                    names.in_text.insert(original.clone());
                }
            }
        }
        names
    }

    /// What stands for a name; one that the snapshot does not hold gets a stand-in from its hash.
    pub(super) fn get(&self, kind: &'static str, name: &str) -> String {
        if stays(kind, name) || kind == "domain" {
            return name.to_owned();
        }
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(name);
        let hash = hash.finalize();
        if kind == "account" {
            let digits: String = hash.iter().take(11).map(|byte| char::from(b'0' + byte % 10)).collect();
            return format!("9{digits}");
        }
        let tail = hash.iter().take(4).fold(0u32, |tail, byte| tail << 8 | u32::from(*byte));
        format!("{kind}-{tail:08x}")
    }

    /// What stands for a name that is known, whatever its kind.
    pub(super) fn known(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// The longest name that the text starts with, ending at the end of a word.
    pub(super) fn at_start_of<'t>(&self, text: &'t str) -> Option<(&'t str, &str)> {
        let ends: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .take_while(|at| *at <= self.longest)
            .filter(|at| text[*at..].chars().next().is_none_or(|next| !next.is_alphanumeric()))
            .collect();
        ends.into_iter()
            .rev()
            .map(|end| &text[..end])
            .find_map(|word| if self.in_text.contains(word) { Some((word, self.known(word)?)) } else { None })
    }

    /// Whether this host name is, or is below, a domain that the snapshot names.
    pub(super) fn has_domain(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.');
        let mut rest = Some(host);
        while let Some(domain) = rest {
            if self.domains.contains(domain) {
                return true;
            }
            rest = domain.split_once('.').map(|(_, parent)| parent);
        }
        false
    }
}

/// Names that mean the same to everybody.
fn stays(kind: &str, name: &str) -> bool {
    if name.is_empty() || name == "*" {
        return true;
    }
    match kind {
        "account" => registries::accounts().contains(name),
        "security-group" => name == "default",
        // AWS's own managed policies.
        "policy" => name.starts_with("Amazon") || name.starts_with("AWS"),
        "prefix-list" => name.starts_with("com.amazonaws."),
        "repository" => name == "ROOT",
        "resolver" => name == "*" || name.starts_with("AWSManaged"),
        "namespace" | "service-account" | "pod-label" | "group" => {
            name.starts_with("system:") || WELL_KNOWN.contains(&name)
        }
        "user" => name.starts_with("system:"),
        "value" => {
            matches!(name, "owned" | "shared" | "true" | "false" | "enabled" | "disabled")
                || (name.len() <= 3 && name.bytes().all(|byte| byte.is_ascii_digit()))
        }
        _ => false,
    }
}

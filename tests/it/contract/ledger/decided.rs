//! `rules/eks/fields.yaml`: the members that no fact reads, each with the reason why not.

use std::path::Path;

use serde::Deserialize;

use crate::support::files::yaml;

pub const FILE: &str = "rules/eks/fields.yaml";

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decided {
    /// Members that the snapshot does not keep.
    pub unread: Vec<Reason>,
    /// Members that the snapshot keeps and something besides the facts reads.
    pub kept: Vec<KeptReason>,
}

/// Members for which one reason holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub because: String,
    pub members: Vec<Pattern>,
}

/// Members that are read elsewhere.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptReason {
    pub because: String,
    /// The files that read them, by name.
    pub by: Vec<String>,
    pub members: Vec<Pattern>,
}

/// `ec2:DescribeVpcs/Vpcs.Tags`, with all that is inside it. `*` is any text within a name, `**` any path.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
pub struct Pattern(pub String);

impl Decided {
    pub fn read() -> Self {
        serde_json::from_value(yaml(Path::new(FILE))).unwrap_or_else(|error| panic!("{FILE}: {error}"))
    }
}

impl Decided {
    /// Every pattern about members that the snapshot does not keep.
    pub fn of_unkept(&self) -> impl Iterator<Item = &Pattern> {
        self.unread.iter().flat_map(|reason| &reason.members)
    }

    /// Every pattern about members that the snapshot keeps.
    pub fn of_kept(&self) -> impl Iterator<Item = &Pattern> {
        self.kept.iter().flat_map(|reason| &reason.members)
    }

    /// Every reason.
    pub fn reasons(&self) -> impl Iterator<Item = &String> {
        let unread = self.unread.iter().map(|reason| &reason.because);
        unread.chain(self.kept.iter().map(|reason| &reason.because))
    }
}

impl Pattern {
    /// Whether it is about this member, or one that this member is inside of.
    pub fn holds(&self, operation: &str, path: &str) -> bool {
        let (operations, paths) =
            self.0.split_once('/').unwrap_or_else(|| panic!("{FILE}: {self:?} has no /"));
        let (paths, path): (Vec<_>, Vec<_>) = (paths.split('.').collect(), path.split('.').collect());
        matches_name(operations, operation) && (1..=path.len()).any(|end| matches_path(&paths, &path[..end]))
    }
}

fn matches_path(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (Some((&"**", rest)), _) => (0..=path.len()).any(|skipped| matches_path(rest, &path[skipped..])),
        (Some((first, rest)), Some((name, path))) => matches_name(first, name) && matches_path(rest, path),
        (None, None) => true,
        _ => false,
    }
}

fn matches_name(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|name| {
            name.char_indices()
                .map(|(at, _)| at)
                .chain([name.len()])
                .any(|at| matches_name(rest, &name[at..]))
        }),
    }
}

#[test]
fn a_pattern_is_about_what_is_inside_its_member_too() {
    let holds = |pattern: &str, path: &str| Pattern(pattern.to_owned()).holds("ec2:DescribeVpcs", path);
    assert!(holds("ec2:DescribeVpcs/Vpcs.Tags", "Vpcs.Tags"));
    assert!(holds("ec2:DescribeVpcs/Vpcs.Tags", "Vpcs.Tags.Key"));
    assert!(!holds("ec2:DescribeVpcs/Vpcs.Tags", "Vpcs"));
    assert!(!holds("ec2:DescribeVpcs/Tags", "Vpcs.Tags"));
    assert!(holds("ec2:*/**.Tags", "Vpcs.Tags.Key"));
    assert!(holds("*/**.*Tags", "Vpcs.SomeTags"));
    assert!(!holds("eks:*/**.Tags", "Vpcs.Tags"));
}

//! What can be wrong with a snapshot's files, each in one sentence that says what would be right.

use privek_core::header::SNAPSHOT_VERSION;
use thiserror::Error;

/// Why there is no snapshot.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// There is nothing at the path.
    #[error("{path}: no such file or directory")]
    NotThere {
        /// The path.
        path: String,
    },
    /// The operating system refuses to read it.
    #[error("{path}: cannot be read: {why}")]
    Unreadable {
        /// The path.
        path: String,
        /// The operating system's words.
        why: String,
    },
    /// The bytes are no text.
    #[error("{path}: is not JSON: the text is not UTF-8, or UTF-16 with a byte order mark")]
    NotText {
        /// The path.
        path: String,
    },
    /// The file holds nothing.
    #[error(
        "{path}: is empty; a failed AWS CLI command leaves an empty file. Delete the file to treat its content as unread"
    )]
    Empty {
        /// The path.
        path: String,
    },
    /// Written of a cloud that this program does not know.
    #[error(
        "{path}: is a snapshot of provider {provider:?}; this program reads \"aws\". Use a newer privek-audit"
    )]
    OtherProvider {
        /// The path.
        path: String,
        /// The provider that it names.
        provider: String,
    },
    /// The text ends in the middle.
    #[error("{path}:{line}:{column}: the JSON ends early; the file is truncated")]
    Truncated {
        /// The path.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// The text is no JSON.
    #[error(
        "{path}:{line}:{column}: is not JSON: {why}; expected a saved snapshot or AWS CLI output (--output json)"
    )]
    NotJson {
        /// The path.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser stumbled on.
        why: String,
    },
    /// The text of a file that is called so is no YAML.
    #[error("{path}:{line}:{column}: is not YAML: {why}; expected AWS CLI output (--output yaml)")]
    NotYaml {
        /// The path.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser stumbled on.
        why: String,
    },
    /// JSON, but neither a snapshot nor an AWS output.
    #[error(
        "{path}: is {what}, neither a saved snapshot (`snapshot_version`) nor an AWS CLI output (`Vpcs`, `cluster`, …)"
    )]
    NotASnapshot {
        /// The path.
        path: String,
        /// What it is instead.
        what: String,
    },
    /// Written by a newer program.
    #[error(
        "{path}: has snapshot_version {found}; this program reads versions up to {SNAPSHOT_VERSION}. Use a newer privek-audit"
    )]
    TooNew {
        /// The path.
        path: String,
        /// The version that it has.
        found: u32,
    },
    /// A field has the wrong type.
    #[error("{path}:{line}:{column}: field `{field}`: {why}")]
    Field {
        /// The path.
        path: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// The way to the field, for instance `Subnets[0].CidrBlock`.
        field: String,
        /// What is wrong and what is expected.
        why: String,
    },
    /// An item has no identity.
    #[error("{path}: item {index} of `{collection}` has no id or name; keep the id or name in a --query")]
    NoId {
        /// The path.
        path: String,
        /// The collection's key.
        collection: &'static str,
        /// The item's place, from 0.
        index: usize,
    },
    /// AWS's output does not say what it belongs to, and neither does the file's name.
    #[error("{path}: `{key}` has no id; put the id into the file name, for instance {example}")]
    NoIdInName {
        /// The path.
        path: String,
        /// The key in the file.
        key: &'static str,
        /// A name that would do.
        example: String,
    },
    /// One identity with two contents.
    #[error(
        "{id} of `{collection}` is in {first} and in {second} with different contents; keep the newer file"
    )]
    Conflict {
        /// The collection's key.
        collection: &'static str,
        /// The item's identity.
        id: String,
        /// Where it was first.
        first: String,
        /// Where it was again.
        second: String,
    },
    /// A directory without JSON files.
    #[error(
        "{path}: contains no *.json file; expected AWS CLI outputs, for instance `aws ec2 describe-vpcs > vpcs.json`"
    )]
    NoFiles {
        /// The directory.
        path: String,
    },
    /// A directory of JSON files that are something else.
    #[error("{path}: none of the {files} *.json files is a supported AWS CLI output ({first} is {what})")]
    NothingUsable {
        /// The directory.
        path: String,
        /// How many files there are.
        files: usize,
        /// One of them.
        first: String,
        /// What that one is.
        what: String,
    },
    /// No cluster was read.
    #[error(
        "the snapshot contains no cluster; add one with `aws eks describe-cluster --name NAME > cluster.json`"
    )]
    NoCluster,
    /// Nothing was read at all, and only a probe's observations are there.
    #[error(
        "the snapshot contains only observations of a probe; add the cluster's own snapshot with another --snapshot"
    )]
    OnlyObservations,
    /// The cluster is not among those that were read.
    #[error("the snapshot contains no cluster {name}; clusters are {}", names.join(", "))]
    NoSuchCluster {
        /// The name that was asked for.
        name: String,
        /// The names that are there.
        names: Vec<String>,
    },
    /// Several clusters, and none was named.
    #[error("the snapshot contains several clusters; set --cluster to one of {}", names.join(", "))]
    SeveralClusters {
        /// The names that are there.
        names: Vec<String>,
    },
}

//! What can be wrong with a snapshot's files, each in one sentence that says what would be right.

use privek_core::header::SNAPSHOT_VERSION;
use thiserror::Error;

/// Why there is no snapshot.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SnapshotError {
    /// There is nothing at the path.
    #[error("{path}: there is no such file or directory")]
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
    #[error("{path}: is not text in UTF-8 (or UTF-16 with a byte order mark), so it is no JSON")]
    NotText {
        /// The path.
        path: String,
    },
    /// The file holds nothing.
    #[error("{path}: is empty, as a failed AWS CLI command leaves it; delete it, and it counts as not read")]
    Empty {
        /// The path.
        path: String,
    },
    /// The text ends in the middle.
    #[error("{path}:{line}:{column}: the JSON ends in the middle: the file is truncated")]
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
        "{path}: has snapshot_version {found}, but this program reads versions up to {SNAPSHOT_VERSION}: use a newer privek-audit"
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
    #[error(
        "{path}: item {index} of `{collection}` has no id or name; a file made with --query must keep it"
    )]
    NoId {
        /// The path.
        path: String,
        /// The collection's key.
        collection: &'static str,
        /// The item's place, from 0.
        index: usize,
    },
    /// AWS's output does not say what it belongs to, and neither does the file's name.
    #[error(
        "{path}: `{key}` does not say what it belongs to: put the id into the file's name, for instance {example}"
    )]
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
        "{id} of `{collection}` is in {first} and in {second} with different contents: keep the newer one"
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
        "{path}: holds no *.json file; expected AWS CLI outputs, for instance `aws ec2 describe-vpcs > vpcs.json`"
    )]
    NoFiles {
        /// The directory.
        path: String,
    },
    /// A directory of JSON files that are something else.
    #[error("{path}: none of its {files} *.json files is an AWS CLI output that is read ({first} is {what})")]
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
        "the snapshot holds no cluster; make one with `aws eks describe-cluster --name NAME > cluster.json`"
    )]
    NoCluster,
    /// Nothing was read at all, and only a probe's observations are there.
    #[error(
        "the snapshot holds only what a probe saw: give the cluster's own snapshot beside it, as one more --snapshot"
    )]
    OnlyObservations,
    /// The cluster is not among those that were read.
    #[error("the snapshot holds no cluster {name}; it holds: {}", names.join(", "))]
    NoSuchCluster {
        /// The name that was asked for.
        name: String,
        /// The names that are there.
        names: Vec<String>,
    },
    /// Several clusters, and none was named.
    #[error("the snapshot holds several clusters: name one with --cluster: {}", names.join(", "))]
    SeveralClusters {
        /// The names that are there.
        names: Vec<String>,
    },
}

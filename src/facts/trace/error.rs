//! Why a question cannot be asked of what was read.

/// Why a question cannot be asked, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// A role, where there is no cluster.
    #[error(
        "{role} is a part of a cluster, and what was read holds none: read one \
         (--cluster NAME, or a snapshot that has it), or name an id or an address"
    )]
    NeedsCluster {
        /// The role.
        role: String,
    },
    /// A role, where there are several clusters.
    #[error("{role} is a part of a cluster: say which with --cluster; there are {}", names.join(", "))]
    SeveralClusters {
        /// The role.
        role: String,
        /// The clusters.
        names: Vec<String>,
    },
    /// An id that is not among what was read.
    #[error("there is no {what} {id} among the {count} that were read; {}", hint(near))]
    NotThere {
        /// The id.
        id: String,
        /// What it would be.
        what: &'static str,
        /// How many were read.
        count: usize,
        /// Those that it is most like.
        near: Vec<String>,
    },
    /// A name that nobody declared.
    #[error("nothing is called '{name}' here; {hint}")]
    NoSuchNetwork {
        /// The name.
        name: String,
        /// What would be right.
        hint: String,
    },
    /// A service, where no VPC says whose endpoint.
    #[error("in which VPC {suffix} is meant is not clear: {hint}")]
    NeedsVpc {
        /// The service.
        suffix: String,
        /// What would be right.
        hint: String,
    },
    /// A role that nothing plays.
    #[error("{role}: in what was read there is none, so there is nothing to trace")]
    Nobody {
        /// The role.
        role: String,
    },
    /// Something that opens no connections.
    #[error("{end} only answers, so nothing can be traced from it; give it with --to")]
    OnlyDestination {
        /// The end.
        end: String,
    },
}

fn hint(near: &[String]) -> String {
    match near {
        [] => "there are none at all".to_owned(),
        [one] => format!("did you mean {one}?"),
        several => format!("there are {}", several.join(", ")),
    }
}

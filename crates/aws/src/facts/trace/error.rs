//! Why a question cannot be asked of what was read.

use crate::facts::NoEnd;

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
    /// An end that is not there, or cannot be on its side.
    #[error(transparent)]
    NoEnd(#[from] NoEnd),
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
}

//! Why a question cannot be asked of what was read.

use crate::facts::NoEnd;

/// Why a question cannot be asked, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TraceError {
    /// A role, where there is no cluster.
    #[error(
        "{role} is a role in a cluster, and no cluster was read. Read a cluster \
         (--cluster NAME, or a snapshot with a cluster), or name an id or an address"
    )]
    NeedsCluster {
        /// The role.
        role: String,
    },
    /// A role, where there are several clusters.
    #[error("{role} is a role in a cluster; choose a cluster with --cluster: {}", names.join(", "))]
    SeveralClusters {
        /// The role.
        role: String,
        /// The clusters.
        names: Vec<String>,
    },
    /// An end that is not there, or cannot be on its side.
    #[error(transparent)]
    NoEnd(#[from] NoEnd),
    /// A service, where several VPCs or none could have the VPC endpoint.
    #[error("the VPC for {suffix} is ambiguous; {hint}")]
    NeedsVpc {
        /// The service.
        suffix: String,
        /// What would be right.
        hint: String,
    },
    /// A role without any object.
    #[error("{role}: no object of this role was read, and nothing can be traced")]
    NoObject {
        /// The role.
        role: String,
    },
}

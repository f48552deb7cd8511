//! EKS: the cluster and what belongs to it.

pub(super) mod cluster;
pub(super) mod members;
pub(super) mod state;

//! IAM: what policies, trust and roles allow.

pub mod addon_permissions;
pub mod credentials;
pub mod permissions;
pub mod pod_identity;
pub mod policy;
pub mod requests;
pub mod role_chain;
pub mod role_usage;
pub mod trust_policy;

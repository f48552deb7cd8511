//! IAM: what policies, trust and roles allow.

pub mod permissions;
pub mod policy;
pub mod role_usage;
pub mod trust_policy;

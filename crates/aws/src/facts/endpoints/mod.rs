//! VPC endpoints: which one serves a service, what its policy allows, and who calls it.

pub mod callers;
pub mod centralized;
pub mod endpoint_group;
pub mod policy;
pub mod s3;
pub mod service_endpoint;

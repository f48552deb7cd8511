//! Which VPC endpoint serves a service for the cluster's machines: the one that the service's names resolve to.
//!
//! The names are looked up in the simulation of DNS (`names/`), and each answer is compared with the addresses
//! of the VPC endpoints that were read, in the cluster's VPC and elsewhere.

pub mod callers;
pub mod destination;
pub mod dns64;
pub mod endpoint_group;
pub mod needed_names;
pub mod outside_clients;
pub mod s3;
pub mod service_endpoint;
pub mod service_ends;
#[cfg(test)]
mod tests;
pub mod unseen;

pub use needed_names::{NeededName, NeededNames, needed_names};

//! Collection from AWS: one cluster, its network, and what stands around it; or the network around
//! the ends of a path.
//!
//! Calls that do not depend on each other run side by side; a call that fails leaves a gap and
//! stops nothing else. Only `DescribeCluster` is indispensable.

mod about;
mod accounts;
mod autoscaling;
mod clients;
mod config;
mod convert;
mod crawl;
mod ec2;
mod ecr;
mod eks;
mod environment;
mod error_chain;
mod failure;
mod http;
mod iam;
mod kms;
pub mod operations;
mod route53;
mod route53resolver;
mod session;
mod single_account;
mod sts;

pub use about::About;
pub use accounts::collect_accounts;
pub use aws_config::{ConfigLoader, SdkConfig};
pub use config::{AwsOptions, config, loader};
pub use environment::Environment;
pub use single_account::{collect, collect_about, collect_network};

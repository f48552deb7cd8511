//! What one table, list or group does with packets: security groups, network ACLs, route tables.

pub mod compiled;
pub mod connection;
pub mod network_acl;
pub mod network_acl_numbers;
pub mod network_acl_shadowing;
pub mod reference;
pub mod route;
pub mod security_group;
pub mod side;

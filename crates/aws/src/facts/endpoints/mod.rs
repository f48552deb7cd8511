//! What is true of one VPC endpoint by itself: its state and type, the names that its private DNS answers
//! for, its addresses, and what its policy allows.

pub mod policy;
pub mod private_names;
pub mod service_names;
pub mod vpc_endpoint;

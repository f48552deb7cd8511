//! Which VPC endpoint serves a service, by what its names resolve to.

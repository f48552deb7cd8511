//! EC2: every describe call, filtered and paginated, and the conversion of the SDK's types to the
//! snapshot's shapes. One file a subject.

pub(super) mod capacity;
pub(super) mod client_vpn;
pub(super) mod endpoints;
mod filters;
pub(super) mod firewalls;
pub(super) mod gateways;
pub(super) mod lookup;
pub(super) mod routes;
mod tags;
pub(super) mod transit;
pub(super) mod vpcs;

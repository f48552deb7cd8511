//! What AWS does, one sentence a test, on networks that are as small as they can be.

mod acls;
mod central_egress;
mod ends;
mod filters;
mod groups;
mod internet;
mod nat;
mod net;
mod never;
mod oracle;
mod precedence;
mod prefix_lists;
mod property;
mod routes;
mod transit;

//! What AWS does, one sentence a test, on networks that are as small as they can be.

mod ends;
mod filters;
mod net;
mod oracle;
mod prefix_lists;
mod property;
mod routes;
mod transit;

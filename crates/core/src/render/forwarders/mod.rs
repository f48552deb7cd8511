//! The configuration of a DNS server that forwards a cluster's names to the cluster's network: comments with
//! the purpose and the requirements, then the server's own lines.
//!
//! The values of a snapshot are data from elsewhere. Domains and addresses are typed, and any other text
//! is in comments only, without characters that could end a comment.

mod bind;
mod coredns;
mod dnsmasq;
mod parts;
#[cfg(test)]
mod tests;
mod unbound;
mod windows;

use crate::report::forwarders::{Forwarders, Server};

/// The configuration for one kind of server.
pub fn text(forwarders: &Forwarders, server: Server) -> String {
    match server {
        Server::Bind => bind::text(forwarders),
        Server::CoreDns => coredns::text(forwarders),
        Server::Dnsmasq => dnsmasq::text(forwarders),
        Server::Unbound => unbound::text(forwarders),
        Server::Windows => windows::text(forwarders),
    }
}

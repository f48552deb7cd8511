//! The configuration of a DNS server that sends a cluster's names to its VPC: comments that say what
//! it is for and what else has to be true, then the server's own lines.
//!
//! What a snapshot says is data from elsewhere. Domains and addresses are typed, and any other text
//! stands in comments only, cleared of everything that could end one.

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

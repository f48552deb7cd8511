//! Names: which ones have to resolve, and what each resolves to from where it is asked.
//!
//! A small model of Route 53 Resolver. A query goes to the resolver of a VPC, or to a network's own DNS
//! servers; there a forwarding rule, a private zone or public DNS takes it; a rule sends it on through an
//! outbound endpoint to the inbound endpoint of another VPC, whose resolver is asked in turn.

pub mod answer;
pub(crate) mod client;
mod dns_firewall;
mod forwarding;
pub(crate) mod inbound;
pub(crate) mod question;
mod records;
pub mod required;
mod resolver;
#[cfg(test)]
mod tests;
mod zones;

use std::collections::BTreeSet;

use privek_core::known::Known;

use super::base::context::Context;
use super::ends;
use answer::Answer;
use question::Question;

pub use required::{NeededName, NeededNames, needed_names};
pub(crate) use required::{cluster_host, of};

/// The client of a DNS lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DnsClient<'a> {
    /// What runs in the cluster's VPC.
    Nodes,
    /// A network of operators.
    Operator(&'a crate::intent::Operator),
}

/// The private addresses that a name resolves to for a client, by what was read; empty where the name does
/// not resolve. `None` where the name resolves to public addresses.
pub(crate) fn told(
    context: &Context<'_>,
    who: DnsClient<'_>,
    name: &str,
) -> Known<Option<BTreeSet<std::net::IpAddr>>> {
    let question = Question::new(name);
    let lookup = match who {
        DnsClient::Nodes => {
            let vpc = context.vpc.clone()?;
            let from = ends::of_role(context, "nodes");
            client::in_vpc(context, &vpc, ("nodes", &from.known), &question)
        }
        DnsClient::Operator(operator) => client::operator(context, operator, &question).lookup,
    };
    Ok(match lookup.answer? {
        Answer::Addresses(all) => Some(all),
        Answer::Nothing => Some(BTreeSet::new()),
        Answer::Public => None,
    })
}

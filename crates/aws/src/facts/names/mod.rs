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
mod record_answer;
mod records;
pub mod required;
mod resolver;
mod routing_policy;
#[cfg(test)]
mod several_tests;
#[cfg(test)]
mod tests;
pub(crate) mod wrong_answers;
mod zones;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use privek_core::known::Known;

use super::base::context::Context;
use super::ends;
use answer::Lookup;
use question::Question;

pub(crate) use required::cluster_host;

/// The client of a DNS lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DnsClient<'a> {
    /// What runs in the cluster's VPC.
    Nodes,
    /// A network of operators.
    Operator(&'a crate::intent::Operator),
}

/// The lookups of instances in VPCs that were made before, by VPC and name.
#[derive(Debug, Default)]
struct VpcLookups(RefCell<BTreeMap<(String, String), Rc<Lookup>>>);

/// A lookup by what runs in the cluster's VPC, made once.
pub(crate) fn of_nodes(context: &Context<'_>, name: &str) -> Known<Rc<Lookup>> {
    let key = (context.vpc.clone()?, name.to_owned());
    let made = context.memo.get(VpcLookups::default);
    let found = made.0.borrow().get(&key).map(Rc::clone);
    Ok(found.unwrap_or_else(|| {
        let from = ends::of_role(context, "nodes");
        let lookup = Rc::new(client::in_vpc(context, &key.0, ("nodes", &from.known), &Question::new(name)));
        made.0.borrow_mut().insert(key, Rc::clone(&lookup));
        lookup
    }))
}

/// A lookup through an inbound Resolver endpoint of the cluster's VPC.
pub(crate) fn through_inbound(context: &Context<'_>, name: &str) -> Known<Lookup> {
    let vpc = context.vpc.clone()?;
    Ok(resolver::ask(context, &vpc, &Question::through_inbound(name), &mut resolver::Trail::default()))
}

/// The private addresses that a name resolves to for a client, by what was read; empty where the name does
/// not resolve. `None` where the name resolves to public addresses.
pub(crate) fn told(
    context: &Context<'_>,
    client: DnsClient<'_>,
    name: &str,
) -> Known<Option<BTreeSet<IpAddr>>> {
    let answer = match client {
        DnsClient::Nodes => of_nodes(context, name)?.answer.clone(),
        DnsClient::Operator(operator) => {
            client::operator(context, operator, &Question::new(name)).lookup.answer
        }
    };
    answer?.addresses(context)
}

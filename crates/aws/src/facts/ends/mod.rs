//! The ends of flows: what a role of the cluster, a service or a declared network is in AWS.
//!
//! A role has parties: one for each operators' network, file system, resolver rule, …, and one for
//! everything else. What could not be listed is named, so that it is never taken for absent.

pub mod client_vpn;
mod control_plane;
mod declared;
mod efs;
pub mod end_set;
mod endpoint;
pub mod grammar;
mod hybrid;
pub(crate) mod label;
pub mod merge_blockers;
mod nodes;
mod not_found;
pub mod operator_networks;
mod placements;
mod pods;
mod resolver;
mod snat;
#[cfg(test)]
mod tests;
mod written;
mod zonal;

use std::rc::Rc;

use super::base::context::Context;
use end_set::{Ends, Parties, Party, cached};

pub(crate) use declared::groups;
pub(crate) use endpoint::by_name;
pub use not_found::NoEnd;
pub(crate) use pods::beyond_nodes;
pub(crate) use resolver::of_endpoint as of_resolver_endpoint;
pub(crate) use snat::{pods_towards, unanswered_by_pods};
pub(crate) use written::{EndSide, of_written, service};
pub(crate) use zonal::reached;

/// The parties that play a role; none of a role that does not exist.
pub(crate) fn parties<'c>(context: &'c Context<'_>, role: &str) -> Parties<'c> {
    let one = |ends: Rc<Ends>| Parties { listed: vec![Party::shared(role, ends)], unlisted: Vec::new() };
    match role {
        "operators" => declared::operators(context),
        "efs" => efs::file_systems(context),
        "resolver-targets" => resolver::targets(context),
        "nodes" => one(cached(context, "nodes", nodes::nodes)),
        "fargate" => one(cached(context, "fargate", nodes::fargate)),
        "pods" => one(cached(context, "pods", pods::pods)),
        "control-plane" => one(cached(context, "control-plane", control_plane::interfaces)),
        "control-plane-subnets" => one(cached(context, "control-plane-subnets", control_plane::subnets)),
        "resolver-inbound" => one(cached(context, "resolver-inbound", resolver::inbound)),
        "hybrid-nodes" => one(cached(context, "hybrid-nodes", hybrid::nodes)),
        "hybrid-pods" => one(cached(context, "hybrid-pods", hybrid::pods)),
        "resolver-outbound" => one(cached(context, "resolver-outbound", resolver::outbound)),
        _ => Parties::default(),
    }
}

/// Everything that plays a role.
pub(crate) fn of_role(context: &Context<'_>, role: &str) -> Ends {
    parties(context, role).into_ends()
}

/// The nodes' ends.
fn of_nodes(context: &Context<'_>) -> Rc<Ends> {
    cached(context, "nodes", nodes::nodes)
}

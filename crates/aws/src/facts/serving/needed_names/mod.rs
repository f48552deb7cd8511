//! The names that have to resolve, with the addresses that they should have.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use privek_core::known::{Known, Missing};
use privek_core::observation::CLUSTER;

use crate::catalogue::services::{self, OTHER};
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::names;
use crate::facts::names::answer::Lookup;
use crate::facts::names::required::{self, RequiredName};
use crate::intent::Intent;
use crate::snapshot::Snapshot;

use super::destination::{self, Destination};
use super::service_endpoint;

/// The names that have to resolve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NeededNames {
    /// Sorted: the cluster's, then those of services by suffix.
    pub listed: Vec<NeededName>,
    /// Why there may be more.
    pub unlisted: Vec<Missing>,
}

/// A name that has to resolve.
#[derive(Clone, Debug, PartialEq)]
pub struct NeededName {
    /// [`CLUSTER`], or the service's suffix as in `rules/eks/services.yaml`.
    pub of: String,
    /// In lower case, without a dot at the end.
    pub name: String,
    /// The private addresses that it should have in the cluster's VPC: those of the control plane's
    /// interfaces, or of the VPC endpoint's that serves. Empty where public ones are right: a gateway VPC
    /// endpoint, or none that the name resolves to.
    pub expected: Known<BTreeSet<IpAddr>>,
    /// Whether nodes or pods fail where the name does not resolve.
    pub essential: bool,
}

/// The names that a cluster needs.
pub fn needed_names(snapshot: &Snapshot, intent: &Intent) -> NeededNames {
    (*of(&Context::new(snapshot, intent))).clone()
}

/// The same, computed once.
pub(crate) fn of(context: &Context<'_>) -> Rc<NeededNames> {
    context
        .memo
        .get(|| computed(context, |name| names::of_nodes(context, name).map(|lookup| (*lookup).clone())))
}

/// The names with the addresses that the VPC's resolver returns to queries through an inbound Resolver endpoint.
pub(crate) fn through_inbound(context: &Context<'_>) -> NeededNames {
    computed(context, |name| names::through_inbound(context, name))
}

fn computed(context: &Context<'_>, lookup: impl Fn(&str) -> Known<Lookup>) -> NeededNames {
    let required = required::of(context);
    let listed = required.listed.iter().map(|one| NeededName {
        of: one.of.clone(),
        name: one.name.clone(),
        expected: if one.of == CLUSTER {
            required::control_plane(context)
        } else {
            lookup(&one.name).and_then(|lookup| of_service(context, one, &lookup))
        },
        essential: one.essential,
    });
    NeededNames { listed: listed.collect(), unlisted: required.unlisted.clone() }
}

/// The addresses of the VPC endpoint that serves a service.
fn of_service(context: &Context<'_>, name: &RequiredName, lookup: &Lookup) -> Known<BTreeSet<IpAddr>> {
    let suffix = name.of.as_str();
    let service = services::matrix()?.services.get(suffix).unwrap_or(&OTHER);
    let endpoints = match destination::of_lookup(context, (suffix, service), &name.name, lookup)? {
        Destination::Public => return Ok(BTreeSet::new()),
        Destination::Endpoints(all) => all,
        // Whatever the name resolves to, right is the VPC endpoint that serves the service.
        Destination::Nothing | Destination::Elsewhere(_) => {
            let best = service_endpoint::of(context, suffix, service)?.first().copied();
            best.filter(|best| vpc_endpoint::is_interface(context, best) == Ok(true)).into_iter().collect()
        }
    };
    let mut found = BTreeSet::new();
    for endpoint in endpoints {
        found.extend(vpc_endpoint::record_addresses(context, endpoint)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

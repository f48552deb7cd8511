//! What live probes saw, name by name and place by place, beside what it should have been.
//!
//! A probe is evidence of its place and time: what it saw is certain, what it could not finish is unknown.
//! Only the latest probe of a name from a place counts.

mod greeted;
mod name;
mod paper;
mod place;
mod resolved;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::network::{Known, Missing};
use crate::snapshot::Observation;
use crate::snapshot::aws::Time;
use crate::snapshot::observation::Vantage;

use super::{Context, Subjects, names};

pub(super) use name::ObservedNameFacts;

/// The kind of subject that this is about.
pub(super) const KIND: &str = "observed_name";

/// What one probe saw of one name.
struct Sight<'o> {
    vantage: &'o Vantage,
    at: &'o str,
    of: &'o str,
    name: &'o str,
    essential: bool,
    /// Whether the probe was told that it may lead to public addresses as well.
    also_public: bool,
    /// The private addresses that it should have.
    expected: Known<BTreeSet<IpAddr>>,
    seen: Vec<&'o Observation>,
}

/// Every name that was probed, once for each place.
pub(super) fn derive(context: &Context<'_>) -> Subjects {
    // Without a cluster there is none whose names could have been probed, or not.
    if context.snapshot.observations.is_empty()
        && let Err(missing) = &context.cluster
    {
        return Subjects::unlisted(missing.clone());
    }
    let sights = sights(context);
    Subjects {
        listed: sights.iter().map(|sight| name::subject(context, sight)).collect(),
        unlisted: Vec::new(),
    }
}

/// Whether a probe was made more than a day before or after the state was read.
fn is_old(context: &Context<'_>, at: &str) -> bool {
    const DAY: i64 = 86_400;
    let read = context.snapshot.collected_at.as_deref();
    let seconds = |text: &str| Time::parse(text).and_then(|time| time.seconds());
    match (seconds(at), read.and_then(seconds)) {
        (Some(at), Some(read)) => (at - read).abs() > DAY,
        (at, _) => at.is_none(),
    }
}

fn sights<'s>(context: &Context<'s>) -> Vec<Sight<'s>> {
    let snapshot = context.snapshot;
    if snapshot.observations.is_empty() {
        return Vec::new();
    }
    let needed = names::of(context);
    let own = names::cluster_host(context);
    let mut groups: BTreeMap<(&str, &str), Vec<&Observation>> = BTreeMap::new();
    for one in &snapshot.observations {
        // A snapshot may have been probed for several clusters.
        let is_another = own.as_ref().map_or(context.plan().is_some(), |own| *own != one.name);
        let another = one.of == names::CLUSTER && is_another;
        if another {
            let what =
                format!("What was probed about {} is not about this cluster, and is left out.", one.name);
            context.assume(what);
        } else {
            groups.entry((&one.name, &one.vantage.name)).or_default().push(one);
        }
    }
    groups
        .into_values()
        .filter_map(|mut seen| {
            let at = seen.iter().map(|one| one.at.as_str()).max()?;
            seen.retain(|one| one.at == at);
            if is_old(context, at) {
                context.assume(format!(
                    "What was probed at {at} still holds: it is not of the day of the reading."
                ));
            }
            let first = seen.first()?;
            let known =
                needed.listed.iter().find(|needed| needed.name == first.name && needed.of == first.of);
            // What the probe was told counts where nothing was read that could tell it anew.
            let expected = match known.map(|needed| needed.expected.clone()) {
                Some(expected) => expected,
                None if snapshot.read_nothing() || needed.unlisted.is_empty() => {
                    let what = format!("the private addresses that {} should have", first.name);
                    first.expected.clone().ok_or_else(|| vec![Missing::unmodelled(what)])
                }
                None => Err(needed.unlisted.clone()),
            };
            Some(Sight {
                vantage: &first.vantage,
                at,
                of: &first.of,
                name: &first.name,
                also_public: first.also_public,
                essential: known.map_or(first.essential, |needed| needed.essential),
                expected,
                seen,
            })
        })
        .collect()
}

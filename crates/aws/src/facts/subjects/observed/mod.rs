//! What live probes saw, name by name and place by place, beside what it should have been.
//!
//! A probe is evidence of its place and time: what it saw is certain, what it could not finish is unknown.
//! Only the latest probe of a name from a place counts, and none that was made more than a week before AWS's
//! state was read. Two probes at once from different addresses are two places, whatever they are called.

mod dns;
mod expected;
mod name;
mod resolver;
mod sight;
#[cfg(test)]
mod tests;
mod tls;
mod vantage;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use privek_core::known::Missing;
use privek_core::observation::{CLUSTER, Networks, Observation, Vantage, VantageKind};
use privek_core::subject::{Subject, Subjects};
use privek_core::time::Time;

use crate::facts::base::context::Context;
use crate::facts::names;
use crate::facts::serving::needed_names;
use crate::intent::Intent;
use crate::snapshot::Snapshot;

use sight::Sight;

pub(crate) use name::ObservedNameFacts;
pub(crate) use resolver::ObservedResolverFacts;
pub(crate) use sight::{NAME, RESOLVER};

/// Where the cluster is, for a probe that will run where AWS cannot be read; nothing where that was not read.
pub fn cluster_networks(snapshot: &Snapshot, intent: &Intent) -> Option<Networks> {
    let context = Context::new(snapshot, intent);
    let vpc = context.vpc.as_ref().ok().and_then(|vpc| context.network.vpc_cidrs(vpc).ok())?;
    Some(Networks { own: vpc, remote: vantage::remote_networks(&context) })
}

/// Every name that was probed, once for each place.
pub(crate) fn names(context: &Context<'_>) -> Subjects {
    listed(context, |sights| sights.iter().map(|sight| name::subject(context, sight)).collect())
}

/// Every DNS server that was asked, once for each place.
pub(crate) fn resolvers(context: &Context<'_>) -> Subjects {
    listed(context, resolver::subjects)
}

fn listed(context: &Context<'_>, subjects: impl FnOnce(&[Sight<'_>]) -> Vec<Subject>) -> Subjects {
    // Without a cluster there is none whose names could have been probed, or not.
    if context.snapshot.header.observations.is_empty()
        && let Err(missing) = &context.cluster
    {
        return Subjects::unlisted(missing.clone());
    }
    Subjects { listed: subjects(&sights(context)), unlisted: Vec::new() }
}

/// How many seconds a probe is older than the reading of AWS's state, negative where it is younger; zero
/// where only the probe has a time, and nothing where it has none.
fn older(context: &Context<'_>, at: &str) -> Option<i64> {
    let at = seconds(at)?;
    Some(context.snapshot.header.collected_at.as_deref().and_then(seconds).map_or(0, |read| read - at))
}

fn seconds(text: &str) -> Option<i64> {
    Time::parse(text).and_then(|time| time.seconds())
}

/// Two probes within this many seconds are not two probes of one place before and after a change.
const MINUTE: i64 = 60;
/// With this many seconds between them, the probe and the reading may be of different networks, which is said.
const DAY: i64 = 86_400;
/// A probe that is older than the reading by this many counts for nothing.
const WEEK: i64 = 7 * DAY;

/// The observations that count, by the name that was probed and the place.
fn by_name_and_place<'c>(context: &'c Context<'_>) -> BTreeMap<(&'c str, String), Vec<&'c Observation>> {
    let snapshot = context.snapshot;
    let own = names::cluster_host(context);
    // A snapshot may have been probed for several clusters.
    let is_another = |one: &Observation| {
        one.of == CLUSTER && own.as_ref().map_or(context.plan().is_some(), |own| *own != one.name)
    };
    let strangers = strangers(&snapshot.header.observations, is_another);
    let shared = shared(&snapshot.header.observations);
    let mut groups: BTreeMap<(&str, String), Vec<&Observation>> = BTreeMap::new();
    for one in &snapshot.header.observations {
        let name = &one.vantage.name;
        let old = older(context, &one.at);
        if is_another(one) {
            let what = format!("Probe results for {} belong to another cluster and are left out.", one.name);
            context.assume(what);
        } else if strangers.contains(&(&one.vantage, &one.at)) {
            context.assume(format!(
                "Probe results of {name} at {} are left out; {name} is a pod of another cluster.",
                one.at
            ));
        } else if old.is_none_or(|seconds| seconds > WEEK) {
            let why =
                old.map_or("without a readable time", |_| "more than a week older than the AWS settings");
            context.assume(format!("Probe results of {} are left out; they are {why}.", one.at));
        } else {
            let place = if shared.contains(name.as_str()) { told_apart(&one.vantage) } else { name.clone() };
            groups.entry((&one.name, place)).or_default().push(one);
        }
    }
    groups
}

fn sights<'c>(context: &'c Context<'_>) -> Vec<Sight<'c>> {
    let snapshot = context.snapshot;
    if snapshot.header.observations.is_empty() {
        return Vec::new();
    }
    if snapshot.read_nothing() {
        context
            .assume("Probe results are not compared with AWS's settings; the snapshot has none.".to_owned());
    }
    let needed = needed_names::of(context);
    let sight = |((_, called), mut seen): ((&str, String), Vec<&'c Observation>)| {
        let at = seen.iter().map(|one| one.at.as_str()).max_by_key(|at| seconds(at))?;
        let latest = seen.iter().find(|one| one.at == at).map(|one| &one.vantage.addresses)?;
        for one in seen.iter().filter(|one| seconds(&one.at) != seconds(at)) {
            let own = &one.vantage.addresses;
            if !own.is_empty() && !latest.is_empty() && own.is_disjoint(latest) {
                context.assume(format!(
                    "Probe results of {called} at {} are replaced by those from other addresses at {at}. If these are two places, set a separate `--vantage` for each place.",
                    one.at
                ));
            }
        }
        seen.retain(|one| seconds(&one.at) == seconds(at));
        if older(context, at).is_some_and(|seconds| seconds.abs() > DAY) {
            context.assume(format!(
                "Probe results of {at} are compared with the AWS settings, although the two are more than a day apart."
            ));
        }
        let first = *seen.first()?;
        let known = needed.listed.iter().find(|needed| needed.name == first.name && needed.of == first.of);
        // The expectations of the probe count where no state was read that replaces them.
        let expected = match known.map(|needed| needed.expected.clone()) {
            Some(expected) => expected,
            None if snapshot.read_nothing() || needed.unlisted.is_empty() => {
                let what = format!("the expected private addresses of {}", first.name);
                first.expected.clone().ok_or_else(|| vec![Missing::unmodelled(what)])
            }
            None => Err(needed.unlisted.clone()),
        };
        Some(Sight {
            vantage: &first.vantage,
            called,
            place: vantage::of(context, &first.vantage),
            at,
            of: &first.of,
            name: &first.name,
            also_public: first.also_public,
            essential: known.map_or(first.essential, |needed| needed.essential),
            expected,
            seen,
        })
    };
    by_name_and_place(context).into_iter().filter_map(sight).collect()
}

/// The pods that probed another cluster's API and not this one's, and when.
fn strangers(
    all: &[Observation],
    is_another: impl Fn(&Observation) -> bool,
) -> BTreeSet<(&Vantage, &String)> {
    let of_api = |another: bool| -> BTreeSet<_> {
        let pods = all.iter().filter(|one| one.vantage.kind == VantageKind::Pod && one.of == CLUSTER);
        pods.filter(|one| is_another(one) == another).map(|one| (&one.vantage, &one.at)).collect()
    };
    &of_api(true) - &of_api(false)
}

/// The names that two places had at the same time.
fn shared(all: &[Observation]) -> BTreeSet<&str> {
    let mut probes: BTreeMap<&str, BTreeSet<(i64, &BTreeSet<IpAddr>)>> = BTreeMap::new();
    for one in all.iter().filter(|one| !one.vantage.addresses.is_empty()) {
        let Some(at) = seconds(&one.at) else { continue };
        probes.entry(&one.vantage.name).or_default().insert((at, &one.vantage.addresses));
    }
    let at_once = |probes: &BTreeSet<(i64, &BTreeSet<IpAddr>)>| {
        let next = probes.iter().skip(1);
        probes.iter().zip(next).any(|((at, one), (then, other))| then - at < MINUTE && one.is_disjoint(other))
    };
    probes.into_iter().filter(|(_, probes)| at_once(probes)).map(|(name, _)| name).collect()
}

/// The name of a place among others of that name.
fn told_apart(vantage: &Vantage) -> String {
    let addresses: Vec<String> = vantage.addresses.iter().map(ToString::to_string).collect();
    if addresses.is_empty() {
        vantage.name.clone()
    } else {
        format!("{} ({})", vantage.name, addresses.join(", "))
    }
}

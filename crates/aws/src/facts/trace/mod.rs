//! What a user asks with `trace`: two ends and a port, and every path between them.

mod error;
mod public;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::rc::Rc;

use privek_core::known::{self, Missing};
use privek_core::path::Verdict;
use privek_core::sets::ports::Ports;
use privek_core::subject::Target;

use crate::intent::Intent;
use crate::network::{Blocker, End, EndKind, Path, blocked_path, undecided_path};
use crate::snapshot::Snapshot;

use super::base::context::Context;
use super::ends::end_set::{Ends, Parties, Party};
use super::ends::{self, EndSide, label, merge_blockers, pods_towards};
use super::serving::service_ends;
use super::{DeclaredEnd, EndSpec};

pub use error::TraceError;

/// What is known about the paths from one end to the other.
#[derive(Clone, Debug)]
pub struct TraceAnswer {
    /// Blocked where any path is, else unknown where any is.
    pub verdict: Verdict,
    /// Every path; never empty.
    pub paths: Vec<Path>,
    /// The blockers of all paths together, each object once, in the order to fix them.
    pub blockers: Vec<Blocker>,
    /// What was taken for granted.
    pub assumptions: Vec<String>,
    /// The account, region and cluster of the trace.
    pub target: Target,
}

/// Traces every path from one end to the other.
///
/// # Errors
/// An end that is not there, or that cannot be what it is asked to be.
pub fn trace(
    snapshot: &Snapshot,
    intent: &Intent,
    (from, to): (&DeclaredEnd, &DeclaredEnd),
    ports: Ports,
) -> Result<TraceAnswer, TraceError> {
    let mut context = context(snapshot, intent);
    let mut sources = listed(&context, from, EndSide::Source)?.into_ends();
    let of_pods = matches!(&from.spec, EndSpec::Role(role) if role == "pods");
    let mut paths = Vec::new();
    let mut unlisted: BTreeSet<Missing> = sources.unlisted.iter().cloned().collect();
    let named = ends::service(&context, &to.spec);
    let targets = match &named {
        Some(_) => Parties::default(),
        None => listed(&context, to, EndSide::Destination)?,
    };
    let destinations = targets.clone().into_ends();
    if let Some(suffix) = named {
        let found = service::paths(&mut context, (&sources.known, of_pods), &suffix, ports)?;
        paths.extend(found.paths);
        unlisted.extend(found.unlisted);
    } else {
        unlisted.extend(destinations.unlisted.iter().cloned());
        if of_pods {
            sources = (*pods_towards(&context, &Rc::new(sources), &destinations.known)).clone();
            unlisted.extend(sources.unlisted.iter().cloned());
        }
        paths.extend(between(&context, &sources, &targets.listed, (&ports, &mut unlisted)));
        if matches!(&to.spec, EndSpec::Role(role) if role == "pods") {
            for source in &sources.known {
                match ends::unanswered_by_pods(&context, source) {
                    Ok(blocker) => paths.extend(blocker.map(|one| blocked_path(&source.label, "pods", one))),
                    Err(missing) => unlisted.extend(missing),
                }
            }
        }
    }
    for path in &mut paths {
        withhold(path, &destinations.doubts);
    }
    if !unlisted.is_empty() {
        // What keeps an end from being known is a path of its own, so that it is never lost.
        paths.push(undecided_path(&from.to_string(), &to.to_string(), unlisted.into_iter().collect()));
    }
    Ok(finished(&context, paths))
}

/// The facts' context; several clusters are as good as none, because none of them was chosen.
fn context<'s>(snapshot: &'s Snapshot, intent: &Intent) -> Context<'s> {
    let mut context = Context::new(snapshot, intent);
    if snapshot.aws.cluster.as_ref().is_some_and(|clusters| clusters.len() > 1) {
        let missing = vec![Missing::intent("the cluster (--cluster); several were read")];
        context.cluster = Err(missing.clone());
        context.vpc = Err(missing);
    }
    context
}

/// The paths from every source to the members of every destination that the source uses.
fn between(
    context: &Context<'_>,
    sources: &Ends,
    targets: &[Party<'_>],
    (ports, unlisted): (&Ports, &mut BTreeSet<Missing>),
) -> Vec<Path> {
    let (mut paths, mut all) = (Vec::new(), Vec::new());
    for source in &sources.known {
        for target in targets {
            let reached = ends::reached(context, source, target);
            unlisted.extend(reached.missing);
            paths.extend(reached.blocker.map(|one| blocked_path(&source.label, &target.name, one)));
            all.extend(reached.members.into_iter().map(|at| (source, &target.ends.known[at])));
        }
    }
    for (source, target) in pairs(all) {
        paths.extend(ends::client_vpn::trace(context, sources, (source, target), *ports));
    }
    paths
}

/// All but an interface with itself where there are others.
fn pairs<'e>(all: Vec<(&'e End, &'e End)>) -> Vec<(&'e End, &'e End)> {
    let itself = |(source, target): &(&End, &End)| {
        matches!(source.kind, EndKind::Interface { .. }) && source.kind == target.kind
    };
    let apart: Vec<_> = all.iter().filter(|pair| !itself(pair)).copied().collect();
    if apart.is_empty() { all } else { apart }
}

/// The parties that a user means.
fn listed<'c>(context: &'c Context<'_>, end: &DeclaredEnd, side: EndSide) -> Result<Parties<'c>, TraceError> {
    let EndSpec::Role(role) = &end.spec else {
        return Ok(ends::of_written(context, end, side)?);
    };
    // Operators come from the declarations.
    if context.cluster.is_err() && role != "operators" {
        let role = role.clone();
        let names = context.snapshot.aws.ids("cluster").unwrap_or_default();
        return Err(if names.len() > 1 {
            TraceError::SeveralClusters { role, names }
        } else {
            TraceError::NeedsCluster { role }
        });
    }
    let mut parties = match (role.as_str(), side) {
        ("services", EndSide::Destination) => Parties::one(role, service_ends::of_needed(context)),
        _ => ends::of_written(context, end, side)?,
    };
    if parties.clone().into_ends().are_none() {
        return Err(TraceError::NoObject { role: role.clone() });
    }
    for party in &mut parties.listed {
        for end in &mut Rc::make_mut(&mut party.ends).known {
            if let EndKind::Interface { id } = &end.kind
                && end.label == *id
            {
                end.label = label::interface(context, id);
            }
        }
    }
    Ok(parties)
}

/// Makes a path that seems open unknown because of what is missing beside it.
fn withhold(path: &mut Path, missing: &[Missing]) {
    if missing.is_empty() {
        return;
    }
    path.missing = known::joined(path.missing.iter().chain(missing).cloned());
    if path.verdict == Verdict::Open {
        path.verdict = Verdict::Unknown;
    }
}

fn finished(context: &Context<'_>, paths: Vec<Path>) -> TraceAnswer {
    let any = |verdict| paths.iter().any(|path| path.verdict == verdict);
    let verdict = if any(Verdict::Blocked) {
        Verdict::Blocked
    } else if any(Verdict::Unknown) || paths.is_empty() {
        Verdict::Unknown
    } else {
        Verdict::Open
    };
    let mut assumptions: BTreeSet<String> = context.assumptions().into_iter().collect();
    assumptions.extend(paths.iter().flat_map(|path| path.assumptions.iter().cloned()));
    TraceAnswer {
        verdict,
        blockers: merge_blockers::merged(
            context,
            paths.iter().flat_map(|path| path.blockers.clone()).collect(),
        ),
        paths,
        assumptions: assumptions.into_iter().collect(),
        target: context.target(),
    }
}

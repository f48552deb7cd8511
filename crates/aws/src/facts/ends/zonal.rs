//! Destinations whose name resolves to the member in the client's own zone: EFS file systems.
//!
//! <https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html>

use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::facts::inventory::subnets;
use crate::network::{Blocker, BlockerCode, End, Remedy};

use super::end_set::{Party, same_zone, subnet};

/// The members of a destination that one source uses.
#[derive(Debug, Default)]
pub(crate) struct ZoneTargets {
    /// By their place in the destination's list.
    pub members: Vec<usize>,
    /// Why it may be others.
    pub missing: Vec<Missing>,
    /// Why there is none.
    pub blocker: Option<Blocker>,
}

/// The members of a destination that this source uses: all of them, unless the name depends on the zone.
pub(crate) fn reached(context: &Context<'_>, source: &End, target: &Party<'_>) -> ZoneTargets {
    let all = &target.ends.known;
    let members: Vec<usize> = (0..all.len()).collect();
    if !target.same_zone {
        return ZoneTargets { members, ..ZoneTargets::default() };
    }
    let (mut near, mut missing) = (Vec::new(), Vec::new());
    for at in members.iter().copied() {
        match same_zone(context, source, &all[at]) {
            Ok(true) => near.push(at),
            Ok(false) => {}
            Err(why) => missing.extend(why),
        }
    }
    if !near.is_empty() {
        return ZoneTargets { members: near, ..ZoneTargets::default() };
    }
    if !missing.is_empty() || !target.ends.unlisted.is_empty() {
        // A client may use any of those that may be in its zone: none is proved to be blocked.
        missing.extend(target.ends.unlisted.iter().cloned());
        return ZoneTargets { missing, ..ZoneTargets::default() };
    }
    let in_one_zone =
        all.iter().all(|end| all.first().is_some_and(|one| same_zone(context, one, end) == Ok(true)));
    if in_one_zone {
        // A One Zone file system has no other mount target; clients elsewhere have to name its zone:
        // https://docs.aws.amazon.com/efs/latest/ug/mounting-one-zone.html
        let what = format!(
            "the mount option `az` of pods on {}; the only mount target of {} is in another zone",
            source.label,
            id(target)
        );
        return ZoneTargets { members, missing: vec![Missing::unmodelled(what)], blocker: None };
    }
    ZoneTargets { blocker: Some(none_in_zone(context, source, target)), ..ZoneTargets::default() }
}

/// The file system's own id.
fn id<'p>(target: &'p Party<'_>) -> &'p str {
    target.name.split_once(':').map_or(target.name.as_str(), |(_, id)| id)
}

fn none_in_zone(context: &Context<'_>, source: &End, target: &Party<'_>) -> Blocker {
    let place = subnet(context, source);
    let zone_of =
        |id: &str| context.network.subnet(id).ok().and_then(|subnet| subnet.availability_zone.clone());
    let zone = place.as_deref().and_then(zone_of);
    let clients = subnets::client_subnets(context).0;
    let first = clients.iter().find(|id| zone.is_some() && zone_of(id) == zone).cloned();
    let groups = target.ends.known.iter().find_map(|end| match &end.kind {
        crate::network::EndKind::Interface { id } => {
            let interface = context.network.interface(id).ok()?;
            interface.groups.first()?.group_id.clone()
        }
        _ => None,
    });
    let id = id(target);
    let named = zone.as_deref().unwrap_or("the zone");
    Blocker {
        code: BlockerCode::MountTargetMissing,
        kind: "file-system".to_owned(),
        id: id.to_owned(),
        leg: None,
        part: None,
        reason: format!("{id} has no mount target in {named}; the DNS name of {id} has no address there"),
        remedy: Remedy { subnet: first.or(place), group: groups, ..Remedy::default() },
    }
}

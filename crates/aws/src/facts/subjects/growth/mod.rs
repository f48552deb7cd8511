//! Planned growth: whether planned nodes and pods get addresses, and which zone has no free address
//! first.
//!
//! Auto Scaling spreads nodes evenly over the zones and chooses itself which of them gets an odd one,
//! so the zone with least room decides: `n` nodes fit where each zone holds `ceil(n / zones)`.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::capacity::address_demand::{self, Bound, count};
use crate::facts::capacity::free_prefixes;
use crate::facts::inventory::max_pods::{self, Held, Kubelet, Limit, ON_HOST, Shape, ceil};
use crate::facts::inventory::vpc_cni::{self, Cni, CniKnown};
use crate::facts::inventory::{cluster, node_groups, subnets};
use crate::intent::Growth;

/// What rules see of planned growth (`growth` in `privek-audit.yaml`, or `--nodes`).
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct GrowthFacts {
    /// Always `planned`.
    id: String,
    /// The planned growth in words, for instance `6 nodes of m5.large`.
    name: Option<String>,
    /// `growth.nodes`.
    nodes: i64,
    /// `growth.instance_types`.
    instance_types: Vec<String>,
    /// `growth.pods`; null means as many pods as the planned nodes can run.
    pods: Option<i64>,
    /// Planned pods on each planned node, without pods on the host network.
    pods_a_node: Fact<i64>,
    /// The maximum number of pods on a planned node, without pods on the host network
    /// (`InstanceTypes[].NetworkInfo`).
    most_pods_a_node: Fact<i64>,
    /// Whether the planned nodes (`growth.nodes`) can run the planned pods (`growth.pods`) with the network
    /// interfaces and addresses of their instance types (`InstanceTypes[].NetworkInfo`).
    pods_fit: Fact<bool>,
    /// The number of nodes that can run the planned pods, by the maximum number of pods on a node.
    nodes_for_pods: Fact<i64>,
    /// Subnet addresses that each planned node and its pods use.
    addresses_a_node: Fact<i64>,
    /// Whether every zone has enough free addresses for its share of the planned nodes
    /// (`Subnets[].AvailableIpAddressCount`; in prefix mode free /28 blocks).
    fits: Fact<bool>,
    /// The largest number of planned nodes with enough free addresses, spread evenly over the zones.
    nodes_that_fit: Fact<i64>,
    /// The zone that runs out of addresses first; null if all planned nodes have addresses.
    dry_zone: Fact<Option<String>>,
    /// Each zone of the planned nodes (`Subnets[].AvailabilityZoneId`).
    zones: Fact<Vec<GrowthZone>>,
}

/// One zone of the growth.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct GrowthZone {
    /// `Subnets[].AvailabilityZoneId`.
    zone: String,
    /// The subnets of the planned nodes in the zone.
    subnets: Vec<String>,
    /// The zone's share of the planned nodes, rounded up.
    nodes: i64,
    /// Planned nodes for which the zone has enough free addresses.
    nodes_that_fit: i64,
    /// The sum of `Subnets[].AvailableIpAddressCount` of the subnets in the zone.
    free_addresses: i64,
}

/// The one plan, or none.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let Some(plan) = &context.intent.growth else {
        // That nothing is planned is said of the cluster, as far as there is one.
        return Subjects {
            listed: Vec::new(),
            unlisted: context.cluster.as_ref().err().cloned().unwrap_or_default(),
        };
    };
    let facts = facts(context, plan);
    Subjects {
        listed: vec![Subject::new("growth", &facts.id, facts.name.as_deref(), &facts)],
        unlisted: Vec::new(),
    }
}

fn facts(context: &Context<'_>, plan: &Growth) -> GrowthFacts {
    context.assume(format!(
        "The planned growth is {} nodes besides the running nodes, which keep their addresses. Planned nodes spread evenly over the zones of their subnets, and planned pods evenly over planned nodes.",
        plan.nodes
    ));
    let cni = vpc_cni::cni(context);
    let kubelet = kubelet(context);
    let shapes =
        plan.instance_types.iter().map(|name| max_pods::shape(context, name)).collect::<Known<Vec<_>>>();
    let most = kubelet.clone().and_then(|kubelet| most_pods(&shapes.clone()?, &cni, kubelet));
    let each = match plan.pods {
        Some(pods) => Ok(ceil(pods, plan.nodes.max(1))),
        None => most.clone(),
    };
    let [low, high] = [Bound::Low, Bound::High].map(|bound| {
        let (each, kubelet) = (each.clone()?, kubelet.clone()?);
        need(context, &shapes.clone()?, &cni, kubelet, each, bound)
    });
    let zones = zones(context, plan);
    // At the least each node takes its own address.
    let least = low.clone().unwrap_or(Held { addresses: 1, prefixes: 0 });
    let at_best = zones.clone().map(|zones| room(context, &zones, plan, least, Bound::Low));
    let at_worst =
        zones.clone().and_then(|zones| Ok(room(context, &zones, plan, high.clone()?, Bound::High)));
    let holds = |zones: &[GrowthZone]| zones.iter().all(|zone| zone.nodes <= zone.nodes_that_fit);
    let fits = match (&at_best, &at_worst) {
        (Ok(best), _) if !holds(best) => Ok(false),
        (_, Ok(worst)) if holds(worst) => Ok(true),
        _ => Err(why(context, &cni, &zones, &[&low, &high])),
    };
    let sure = match (&at_best, &at_worst, low == high) {
        (Ok(best), Ok(worst), true) if capacities(best) == capacities(worst) => Ok(worst.clone()),
        _ => Err(why(context, &cni, &zones, &[&low, &high])),
    };
    let pods_text = plan.pods.map(|pods| format!(" with {pods} pods")).unwrap_or_default();
    GrowthFacts {
        id: "planned".into(),
        name: Some(format!("{} nodes of {}{pods_text}", plan.nodes, plan.instance_types.join(" or "))),
        nodes: plan.nodes,
        instance_types: plan.instance_types.clone(),
        pods: plan.pods,
        pods_fit: Fact(each.clone().and_then(|each| Ok(each <= most.clone()?))),
        nodes_for_pods: Fact(match plan.pods {
            Some(pods) => most.clone().map(|most| ceil(pods, most.max(1))),
            None => Ok(plan.nodes),
        }),
        pods_a_node: Fact(each),
        most_pods_a_node: Fact(most),
        addresses_a_node: Fact(match (&low, &high) {
            (Ok(low), Ok(high)) if low == high => Ok(high.addresses),
            _ => Err(why(context, &cni, &zones, &[&low, &high])),
        }),
        fits: Fact(fits),
        nodes_that_fit: Fact(sure.clone().map(|zones| {
            let least = zones.iter().map(|zone| zone.nodes_that_fit).min().unwrap_or_default();
            least * count(zones.len())
        })),
        dry_zone: Fact(sure.clone().map(|zones| {
            let short = zones.iter().filter(|zone| zone.nodes_that_fit < zone.nodes);
            short.min_by_key(|zone| zone.nodes_that_fit).map(|zone| zone.zone.clone())
        })),
        zones: Fact(sure),
    }
}

fn capacities(zones: &[GrowthZone]) -> Vec<i64> {
    zones.iter().map(|zone| zone.nodes_that_fit).collect()
}

/// The plan's nodes are taken for EKS's own: managed ones, or Auto Mode's where that is on.
fn kubelet(context: &Context<'_>) -> Known<Kubelet> {
    let cluster = context.cluster.clone()?;
    let auto = cluster.compute_config.as_ref().and_then(|config| config.enabled) == Some(true);
    let (limit, text) = if auto {
        (Limit::AutoMode, "nodes of EKS Auto Mode")
    } else {
        (Limit::Managed, "Linux nodes of a managed node group with EKS's own image")
    };
    context.assume(format!("The planned nodes are {text}."));
    Ok(Kubelet { limit, windows: false, ipv6: cluster::ipv6(context)?, told: None })
}

/// The fewest pods with addresses of their own that one of the types holds, in any set-up that is possible.
fn most_pods(shapes: &[Shape], cni: &CniKnown, kubelet: Kubelet) -> Known<i64> {
    let on_host = if kubelet.limit == Limit::AutoMode { 0 } else { ON_HOST };
    let mut fewest: Option<i64> = None;
    for candidate in cni.candidates() {
        for shape in shapes {
            let pods = (max_pods::max_pods(*shape, &candidate, kubelet)? - on_host).max(0);
            fewest = Some(fewest.map_or(pods, |fewest| fewest.min(pods)));
        }
    }
    Ok(fewest.unwrap_or_default())
}

/// Addresses of a node in its subnet; the type with most of them counts, because any may be started.
fn need(
    context: &Context<'_>,
    shapes: &[Shape],
    cni: &CniKnown,
    kubelet: Kubelet,
    each: i64,
    bound: Bound,
) -> Known<Held> {
    if address_demand::pods_are_elsewhere(context) && matches!(cni, CniKnown::Unread(_)) {
        return Err(cni.missing());
    }
    let candidates: Vec<Cni> = cni.candidates();
    if candidates.iter().any(|cni| cni.custom_networking) {
        return Err(vec![Missing::unmodelled(
            "the pod subnets of the VPC CNI's custom networking; ENIConfig objects in Kubernetes are not read",
        )]);
    }
    if kubelet.limit == Limit::AutoMode && bound == Bound::Low {
        // How many prefixes Auto Mode keeps at hand, and when it goes without, is not documented.
        return Ok(Held { addresses: each.max(1) + 1, prefixes: 0 });
    }
    let most = candidates.iter().map(|cni| {
        let held = shapes.iter().map(|shape| max_pods::held(*shape, cni, kubelet, each.max(1)));
        held.max_by_key(|held| held.addresses).unwrap_or_default()
    });
    let found = match bound {
        Bound::Low => most.min_by_key(|held| held.addresses),
        Bound::High => most.max_by_key(|held| held.addresses),
    };
    Ok(found.unwrap_or_default())
}

/// The subnets of the planned nodes, by zone.
fn zones(context: &Context<'_>, plan: &Growth) -> Known<BTreeMap<String, Vec<String>>> {
    let subnets: BTreeSet<String> = if plan.subnets.is_empty() {
        let (subnets, missing) = node_groups::known_subnets(context);
        known::complete(missing)?;
        if subnets.is_empty() {
            let ids = context.vpc_config()?.subnet_ids.clone();
            ids.ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.subnetIds")])?
                .into_iter()
                .collect()
        } else {
            subnets
        }
    } else {
        plan.subnets.iter().cloned().collect()
    };
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in subnets {
        zones.entry(subnets::zone(context, &id)?).or_default().push(id);
    }
    Ok(zones)
}

/// What each zone holds.
fn room(
    context: &Context<'_>,
    zones: &BTreeMap<String, Vec<String>>,
    plan: &Growth,
    need: Held,
    bound: Bound,
) -> Vec<GrowthZone> {
    let share = ceil(plan.nodes, count(zones.len()).max(1));
    zones
        .iter()
        .map(|(zone, subnets)| {
            let hold = |id: &String| nodes_in(context, id, need, bound);
            GrowthZone {
                zone: zone.clone(),
                subnets: subnets.clone(),
                nodes: share,
                nodes_that_fit: subnets.iter().map(hold).sum(),
                free_addresses: subnets
                    .iter()
                    .filter_map(|id| subnets::free_addresses(context, id).ok())
                    .sum(),
            }
        })
        .collect()
}

/// Nodes that one subnet holds: by its addresses, and in prefix mode also by its free blocks.
fn nodes_in(context: &Context<'_>, id: &str, need: Held, bound: Bound) -> i64 {
    let unknown = |bound| if bound == Bound::Low { i64::from(u32::MAX) } else { 0 };
    let free = subnets::free_addresses(context, id).unwrap_or_else(|_| unknown(bound));
    let by_addresses = free / need.addresses.max(1);
    if need.prefixes == 0 {
        return by_addresses;
    }
    let blocks = free_prefixes::free_blocks(context, id).unwrap_or_else(|_| unknown(bound));
    by_addresses.min(blocks / need.prefixes)
}

/// What would have to be known.
fn why(
    context: &Context<'_>,
    cni: &CniKnown,
    zones: &Known<BTreeMap<String, Vec<String>>>,
    needs: &[&Known<Held>],
) -> Vec<Missing> {
    let mut missing: Vec<Missing> = cni.missing();
    missing.extend(needs.iter().filter_map(|need| need.as_ref().err()).flatten().cloned());
    match zones {
        Ok(zones) => {
            let prefixes = needs.iter().any(|need| need.as_ref().is_ok_and(|held| held.prefixes > 0));
            for id in zones.values().flatten() {
                missing.extend(subnets::free_addresses(context, id).err().into_iter().flatten());
                if prefixes {
                    missing.extend(free_prefixes::free_blocks(context, id).err().into_iter().flatten());
                }
            }
        }
        Err(why) => missing.extend(why.iter().cloned()),
    }
    if missing.is_empty() {
        missing.push(Missing::unmodelled("the number of nodes with free addresses"));
    }
    known::joined(missing)
}

#[cfg(test)]
mod tests;

//! Whether a managed node group can be updated at its maximum size: EKS starts new nodes before it
//! ends old ones, and load balancers want addresses of the same subnets.
//!
//! EKS raises the group's size by the larger of twice its zones and `maxUnavailable`, so up to two
//! nodes come in each zone, or more
//! (<https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html>); with the
//! strategy `MINIMAL` it ends old nodes first
//! (<https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html>).

use std::collections::BTreeMap;

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;

use crate::facts::base::context::Context;
use crate::facts::inventory::load_balancer_tags;
use crate::facts::inventory::max_pods::{Demand, ceil};
use crate::facts::inventory::node_groups::NodeGroup;

use super::address_demand::{Bound, Member, count, free, items};
use super::bin_packing::{self, Free, Item};
use super::shortage::Shortage;

/// Nodes that one update replaces at once, at most.
const MOST_AT_ONCE: i64 = 100;

/// The answer for one group.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Update {
    /// Nodes that an update adds in a zone, at most.
    pub nodes_a_zone: Fact<i64>,
    /// Whether every zone holds them besides the group's maximum and the load balancers.
    pub fits: Fact<bool>,
    /// Where it does not.
    pub shortages: Vec<Shortage>,
}

/// The answer for the group at this place; `elsewhere` is what may use the same addresses unseen.
pub(crate) fn update(
    context: &Context<'_>,
    members: &[Member<'_>],
    at: usize,
    elsewhere: &[Missing],
    missing: &[Missing],
) -> Update {
    let member = &members[at];
    let zones = match &member.zones {
        Ok(zones) => zones,
        Err(missing) => {
            let nodes_a_zone = Fact(Err(missing.clone()));
            return Update { nodes_a_zone, fits: Fact(Err(missing.clone())), shortages: Vec::new() };
        }
    };
    let nodes = nodes_a_zone(context, member.group, count(zones.len()));
    let mut shortages = Vec::new();
    let mut held = true;
    for (zone, subnets) in zones {
        let wanted = |bound: Bound| {
            let each = match bound {
                Bound::Low => member.load.low,
                Bound::High => member.load.high?,
            };
            let count = match (&nodes, bound) {
                (Ok(nodes), _) => *nodes,
                (Err(_), Bound::Low) => 0,
                (Err(_), Bound::High) => return None,
            };
            let mut all = items(members, zone, Demand::level_full, bound, None)?;
            all.push(Item { group: at, count, size: each.minimum, subnets: subnets.clone() });
            Some(all)
        };
        let low = wanted(Bound::Low).unwrap_or_default();
        let room = room(context, &low, Bound::Low);
        let sets = bin_packing::culprits(&low, &room).unwrap_or_default();
        if let Some(set) = sets.into_iter().find(|set| set.contains(&at)) {
            shortages.push(shortage(members, zone, &set, &low, &room));
        }
        held &= wanted(Bound::High).is_some_and(|high| {
            let room = self::room(context, &high, Bound::High);
            bin_packing::culprits(&high, &room).is_some_and(|sets| !sets.iter().any(|set| set.contains(&at)))
        });
    }
    let mut why = elsewhere.to_vec();
    if !held {
        why.extend(missing.iter().cloned());
        why.extend(nodes.as_ref().err().into_iter().flatten().cloned());
        if why.is_empty() {
            why.push(Missing::unmodelled("the distribution of this many node groups over their subnets"));
        }
    }
    let fits = known::disproved(!shortages.is_empty(), why);
    Update { nodes_a_zone: Fact(nodes), fits: Fact(fits), shortages }
}

fn shortage(members: &[Member<'_>], zone: &str, set: &[usize], items: &[Item], room: &Free) -> Shortage {
    let items: Vec<&Item> = items.iter().filter(|item| set.contains(&item.group)).collect();
    let mut subnets: Vec<String> = items.iter().flat_map(|item| item.subnets.clone()).collect();
    subnets.sort();
    subnets.dedup();
    Shortage {
        zone: zone.to_owned(),
        groups: set.iter().map(|group| members[*group].group.name.clone()).collect(),
        needed: items.iter().map(|item| item.count * item.size).sum(),
        free: subnets.iter().filter_map(|subnet| room.get(subnet)).sum(),
        subnets,
    }
}

/// Free addresses that load balancers leave.
fn room(context: &Context<'_>, items: &[Item], bound: Bound) -> Free {
    let mut room: BTreeMap<String, i64> = free(context, items, bound);
    for (subnet, free) in &mut room {
        *free = (*free - load_balancer_tags::addresses_kept(context, subnet)).max(0);
    }
    room
}

/// Nodes that an update adds in each zone at most, of a group at its maximum size.
fn nodes_a_zone(context: &Context<'_>, group: &NodeGroup, zones: i64) -> Known<i64> {
    if !group.managed || group.max_size == Ok(0) {
        return Ok(0);
    }
    let described = context.snapshot.aws.nodegroup.iter().flatten();
    let described = described.filter(|one| one.nodegroup_name == group.name);
    let mut described = described.filter_map(|one| one.update_config.as_ref());
    let config = described.next().ok_or_else(|| {
        vec![context.field("nodegroup", &format!("updateConfig of node group {}", group.name))]
    })?;
    if config.update_strategy.as_deref().is_some_and(|strategy| strategy.eq_ignore_ascii_case("MINIMAL")) {
        return Ok(0);
    }
    let at_once = match (config.max_unavailable, config.max_unavailable_percentage) {
        (Some(nodes), _) => nodes,
        (None, Some(percent)) => ceil(group.max_size.clone()? * percent.clamp(0, 100), 100),
        // https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html
        (None, None) => 1,
    };
    Ok(ceil(at_once.clamp(1, MOST_AT_ONCE), zones.max(1)).max(2))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, group, is_unknown, snapshot, subnet};

    /// Four nodes of m5.large in two zones: 60 addresses a zone when full, 20 for each new node.
    fn given(free: i64, config: Value) -> Value {
        let mut given = snapshot();
        given["Subnets"] = json!([subnet("a", "use1-az1", free), subnet("b", "use1-az2", 1000)]);
        given["nodegroup"] = json!([group("workers", &["m5.large"], &["subnet-a", "subnet-b"], 4)]);
        if !config.is_null() {
            given["nodegroup"][0]["updateConfig"] = config;
        }
        given
    }

    fn update(given: &Value) -> (Value, Value) {
        let facts = fields(given, "nodegroup", "workers");
        (facts["update_nodes_a_zone"].clone(), facts["fits_update"].clone())
    }

    #[test]
    fn an_update_brings_two_nodes_into_each_zone() {
        let one = json!({"maxUnavailable": 1, "updateStrategy": "DEFAULT"});
        assert_eq!(update(&given(100, one.clone())), (json!(2), json!(true)));
        assert_eq!(update(&given(99, one.clone())), (json!(2), json!(false)));
        let short = fields(&given(99, one), "nodegroup", "workers")["update_shortages"].clone();
        assert_eq!(short[0]["zone"], "use1-az1");
        assert_eq!((&short[0]["needed"], &short[0]["free"]), (&json!(100), &json!(99)));
    }

    #[test]
    fn an_update_of_many_nodes_at_once_brings_as_many() {
        assert_eq!(update(&given(119, json!({"maxUnavailable": 5}))), (json!(3), json!(false)));
        assert_eq!(update(&given(120, json!({"maxUnavailable": 5}))), (json!(3), json!(true)));
        assert_eq!(update(&given(100, json!({"maxUnavailablePercentage": 100}))), (json!(2), json!(true)));
    }

    #[test]
    fn the_minimal_strategy_needs_no_room() {
        let minimal = json!({"maxUnavailable": 1, "updateStrategy": "MINIMAL"});
        assert_eq!(update(&given(60, minimal)), (json!(0), json!(true)));
    }

    #[test]
    fn load_balancers_want_eight_addresses_of_the_subnets_that_are_marked_for_them() {
        let mut marked = given(107, json!({"maxUnavailable": 1}));
        marked["Subnets"][0]["Tags"] = json!([{"Key": "kubernetes.io/role/internal-elb", "Value": "1"}]);
        assert_eq!(update(&marked).1, false);
        marked["Subnets"][0]["AvailableIpAddressCount"] = json!(108);
        assert_eq!(update(&marked).1, true);
        marked["Subnets"][0]["AvailableIpAddressCount"] = json!(100);
        marked["Subnets"][0]["Tags"]
            .as_array_mut()
            .unwrap()
            .push(json!({"Key": "kubernetes.io/cluster/another", "Value": "shared"}));
        assert_eq!(update(&marked).1, true, "the mark is another cluster's");
    }

    #[test]
    fn a_group_whose_update_settings_are_unread_is_known_only_where_it_does_not_fit_anyway() {
        let (nodes, fits) = update(&given(1000, Value::Null));
        assert!(is_unknown(&nodes) && is_unknown(&fits));
        assert_eq!(update(&given(30, Value::Null)).1, false);
    }
}

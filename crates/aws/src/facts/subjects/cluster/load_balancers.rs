//! The subnets that load balancers are placed in: those that are marked for them.
//!
//! <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/>

use std::collections::BTreeSet;

use privek_core::known;
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::load_balancer_tags::marked;
use crate::facts::inventory::subnets;

/// What rules see of the cluster's internal load balancers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "rules see them among the cluster's other fields")]
pub(crate) struct LoadBalancerFacts {
    /// Whether subnets of the VPC are tagged for the cluster's internal load balancers (`Subnets[].Tags`).
    load_balancer_subnets_marked: Fact<bool>,
    /// The zones of the subnets that are tagged for the cluster's internal load balancers
    /// (`Subnets[].AvailabilityZoneId`).
    load_balancer_zones: Fact<Vec<String>>,
    /// Whether the subnets tagged for internal load balancers are in two zones or more; true as soon as two
    /// are proved.
    load_balancers_in_several_zones: Fact<bool>,
}

/// The facts about one cluster.
pub(crate) fn facts(context: &Context<'_>) -> LoadBalancerFacts {
    let marked = marked(context);
    let (zones, missing) = match &marked {
        Ok(marked) => {
            let (mut zones, mut missing) = (BTreeSet::new(), marked.missing());
            for subnet in &marked.certain {
                match subnets::zone(context, &subnet.subnet_id) {
                    Ok(zone) => _ = zones.insert(zone),
                    Err(why) => missing.extend(why),
                }
            }
            (zones, missing)
        }
        Err(missing) => (BTreeSet::new(), missing.clone()),
    };
    LoadBalancerFacts {
        load_balancer_subnets_marked: Fact(match marked {
            Ok(marked) => known::proved(!marked.certain.is_empty(), marked.missing()),
            Err(missing) => Err(missing),
        }),
        load_balancers_in_several_zones: Fact(known::proved(zones.len() >= 2, missing.clone())),
        load_balancer_zones: Fact(known::complete(missing).map(|()| zones.into_iter().collect())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot};

    fn mark(snapshot: &mut serde_json::Value, at: usize, tags: &[(&str, &str)]) {
        let tags: Vec<_> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        snapshot["Subnets"][at]["Tags"] = json!(tags);
    }

    const ROLE: (&str, &str) = ("kubernetes.io/role/internal-elb", "1");

    #[test]
    fn load_balancers_come_into_the_zones_of_marked_subnets() {
        let mut snapshot = snapshot();
        assert_eq!(fields(&snapshot, "cluster", "closed")["load_balancer_subnets_marked"], false);
        mark(&mut snapshot, 0, &[ROLE]);
        let one = fields(&snapshot, "cluster", "closed");
        assert_eq!(one["load_balancer_zones"], json!(["use1-az1"]));
        assert_eq!(one["load_balancers_in_several_zones"], false);
        mark(&mut snapshot, 1, &[ROLE, ("kubernetes.io/cluster/closed", "shared")]);
        assert_eq!(fields(&snapshot, "cluster", "closed")["load_balancers_in_several_zones"], true);
    }

    #[test]
    fn a_subnet_that_other_clusters_alone_are_named_on_is_theirs() {
        let mut snapshot = snapshot();
        mark(&mut snapshot, 0, &[ROLE, ("kubernetes.io/cluster/other", "shared")]);
        assert_eq!(fields(&snapshot, "subnet", "subnet-a")["left_to_other_clusters"], true);
        assert_eq!(fields(&snapshot, "cluster", "closed")["load_balancer_subnets_marked"], false);
        assert_eq!(fields(&snapshot, "subnet", "subnet-b")["left_to_other_clusters"], false);
    }

    #[test]
    fn the_tags_of_a_shared_subnet_are_not_seen() {
        let mut snapshot = snapshot();
        snapshot["Subnets"][0]["OwnerId"] = json!("999988887777");
        assert!(is_unknown(&fields(&snapshot, "cluster", "closed")["load_balancer_subnets_marked"]));
        assert!(is_unknown(&fields(&snapshot, "subnet", "subnet-a")["left_to_other_clusters"]));
    }
}

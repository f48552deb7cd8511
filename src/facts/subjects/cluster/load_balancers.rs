//! The subnets that load balancers are placed in: those that are marked for them.
//!
//! <https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/>

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::subjects::subnet;
use crate::facts::{Context, Fact, Missing};
use crate::network::Known;
use crate::snapshot::aws::ec2::{Subnet, Tag, tag};

/// What a load balancer wants of each of its subnets:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
pub(crate) const ADDRESSES: i64 = 8;

/// What rules see of the cluster's internal load balancers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "rules see them among the cluster's other fields")]
pub(crate) struct LoadBalancerFacts {
    /// Whether subnets of the VPC are marked for its internal load balancers (`Subnets[].Tags`).
    load_balancer_subnets_marked: Fact<bool>,
    /// The zones that these subnets are in (`Subnets[].AvailabilityZoneId`).
    load_balancer_zones: Fact<Vec<String>>,
    /// Whether there are two such zones or more; true as soon as two are proved.
    load_balancers_in_several_zones: Fact<bool>,
}

/// The facts about one cluster.
pub(crate) fn facts(context: &Context<'_>) -> LoadBalancerFacts {
    let marked = marked(context);
    let (zones, missing) = match &marked {
        Ok((subnets, missing)) => {
            let (mut zones, mut missing) = (BTreeSet::new(), missing.clone());
            for id in subnets {
                match subnet::zone(context, id) {
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
            Ok((subnets, _)) if !subnets.is_empty() => Ok(true),
            Ok((_, missing)) if missing.is_empty() => Ok(false),
            Ok((_, missing)) | Err(missing) => Err(missing),
        }),
        load_balancers_in_several_zones: Fact(match (zones.len() >= 2, missing.is_empty()) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(missing.clone()),
        }),
        load_balancer_zones: Fact(if missing.is_empty() {
            Ok(zones.into_iter().collect())
        } else {
            Err(missing)
        }),
    }
}

/// The subnets of the VPC that are marked for this cluster, and why there may be more.
fn marked(context: &Context<'_>) -> Known<(Vec<String>, Vec<Missing>)> {
    let vpc = context.vpc.clone()?;
    let cluster = context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
    let (mut marked, mut missing) = (Vec::new(), Vec::new());
    for found in context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)? {
        if found.vpc_id.as_deref() != Some(&vpc) {
            continue;
        }
        match tags(context, found) {
            Ok(tags) if takes(tags, cluster) => marked.push(found.subnet_id.clone()),
            Ok(_) => {}
            Err(why) => missing.extend(why),
        }
    }
    Ok((marked, missing))
}

/// A subnet's tags, which AWS does not show to those that it is shared with:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html>
fn tags<'s>(context: &Context<'_>, subnet: &'s Subnet) -> Known<&'s [Tag]> {
    let hidden = match (&subnet.owner_id, &context.account) {
        (Some(owner), Some(account)) => owner != account && !context.snapshot.accounts.contains(owner),
        _ => false,
    };
    if hidden && subnet.tags.is_empty() {
        let what = format!("Tags of {}, which only its owner is shown", subnet.subnet_id);
        return Err(vec![Missing { what, ..context.missing("Subnets", Some(&subnet.subnet_id)) }]);
    }
    Ok(&subnet.tags)
}

/// Whether a subnet is marked for internal load balancers of this cluster.
pub(crate) fn takes(tags: &[Tag], cluster: Option<&str>) -> bool {
    let clusters = clusters(tags);
    is_marked(tags) && (clusters.is_empty() || cluster.is_none_or(|cluster| clusters.contains(&cluster)))
}

/// Whether a subnet is marked for internal load balancers, though not for those of this cluster.
pub(crate) fn left_to_others(context: &Context<'_>, subnet: &Subnet) -> Known<bool> {
    let cluster = context.cluster.clone()?;
    let tags = tags(context, subnet)?;
    Ok(is_marked(tags) && !takes(tags, Some(&cluster.name)))
}

fn is_marked(tags: &[Tag]) -> bool {
    tag(tags, "kubernetes.io/role/internal-elb").is_some_and(|value| matches!(value, "1" | ""))
}

fn clusters(tags: &[Tag]) -> Vec<&str> {
    tags.iter().filter_map(|tag| tag.key.as_deref()?.strip_prefix("kubernetes.io/cluster/")).collect()
}

/// Addresses that load balancers may want of a subnet: those of a subnet that is marked for them.
pub(crate) fn addresses_kept(context: &Context<'_>, id: &str) -> i64 {
    let cluster = context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
    let marked = context.network.subnet(id).is_ok_and(|subnet| takes(&subnet.tags, cluster));
    if marked && context.intent.features.get("load_balancer_controller") != Some(&false) {
        ADDRESSES
    } else {
        0
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

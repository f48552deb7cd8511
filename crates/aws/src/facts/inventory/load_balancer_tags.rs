//! The tags that mark subnets for internal load balancers.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::aws::ec2::{Subnet, Tag, tag};

use super::vpc_owner::is_other;

/// What a load balancer wants of each of its subnets:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
pub(crate) const ADDRESSES: i64 = 8;

/// The subnets of the VPC with this cluster's tags, as this account can read them.
pub(crate) fn seen_to_be_marked<'s>(context: &Context<'s>) -> Known<Vec<&'s Subnet>> {
    let vpc = context.vpc.clone()?;
    let cluster = context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
    let all = context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)?;
    let marked = |subnet: &&Subnet| subnet.vpc_id.as_deref() == Some(&vpc) && takes(&subnet.tags, cluster);
    Ok(all.iter().filter(marked).collect())
}

/// The subnets of the VPC that are marked for this cluster, and why there may be more.
pub(crate) fn marked(context: &Context<'_>) -> Known<(Vec<String>, Vec<Missing>)> {
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
pub(crate) fn tags<'s>(context: &Context<'_>, subnet: &'s Subnet) -> Known<&'s [Tag]> {
    let hidden = subnet.owner_id.as_deref().is_some_and(|owner| is_other(context, owner));
    if hidden && subnet.tags.is_empty() {
        let what = format!("Tags of {}; AWS returns them to the subnet's owner only", subnet.subnet_id);
        return Err(vec![context.missing("Subnets", Some(&subnet.subnet_id)).worded(what)]);
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

pub(crate) fn is_marked(tags: &[Tag]) -> bool {
    tag(tags, "kubernetes.io/role/internal-elb").is_some_and(|value| matches!(value, "1" | ""))
}

pub(crate) fn clusters(tags: &[Tag]) -> Vec<&str> {
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

//! The tags that mark subnets for internal load balancers.

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::snapshot::Arn;
use crate::snapshot::aws::ec2::{Subnet, Tag, tag};

/// What a load balancer wants of each of its subnets:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html>
pub(crate) const ADDRESSES: i64 = 8;

/// The subnets of a VPC that are marked for a cluster.
#[derive(Debug, Default)]
pub(crate) struct MarkedSubnets<'s> {
    /// Those that controllers in the cluster's account see to be marked.
    pub certain: Vec<&'s Subnet>,
    /// Those whose tags they may not see, or may see others of, each with the reason.
    pub possible: Vec<(&'s Subnet, Vec<Missing>)>,
}

impl MarkedSubnets<'_> {
    /// Why there may be more than those that are certain.
    pub fn missing(&self) -> Vec<Missing> {
        self.possible.iter().flat_map(|(_, missing)| missing.iter().cloned()).collect()
    }
}

/// The subnets of the VPC that are marked for this cluster.
pub(crate) fn marked<'s>(context: &Context<'s>) -> Known<MarkedSubnets<'s>> {
    let vpc = context.vpc.clone()?;
    let cluster = context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
    let mut marked = MarkedSubnets::default();
    for found in context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", &vpc)? {
        if found.vpc_id.as_deref() != Some(&vpc) {
            continue;
        }
        match tags(context, found) {
            Ok(tags) if takes(tags, cluster) => marked.certain.push(found),
            Ok(_) => {}
            Err(why) => marked.possible.push((found, why)),
        }
    }
    Ok(marked)
}

/// A subnet's tags as controllers in the cluster's account see them. AWS shows tags to the account that set
/// them: not the owner's to those that the subnet is shared with, nor theirs to the owner
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>).
fn tags<'s>(context: &Context<'_>, subnet: &'s Subnet) -> Known<&'s [Tag]> {
    let account = cluster_account(context);
    let (Some(owner), Some(account)) = (subnet.owner_id.as_deref(), account) else { return Ok(&subnet.tags) };
    if owner == account {
        return Ok(&subnet.tags);
    }
    let (id, header) = (&subnet.subnet_id, &context.snapshot.header);
    let owner_was_read = header.accounts.contains(owner) || header.account.as_deref() == Some(owner);
    let what = match (owner_was_read, subnet.tags.is_empty()) {
        // Whoever of the two read it, there is nothing to see.
        (true, true) | (false, false) => return Ok(&subnet.tags),
        (true, false) => format!(
            "which tags of {id} account {account} sees; AWS returns the tags of {owner} to {owner} only"
        ),
        (false, true) => format!("Tags of {id}; AWS returns them to the subnet's owner only"),
    };
    Err(vec![context.missing("Subnets", Some(id)).worded(what)])
}

/// The account that the cluster's controllers belong to.
fn cluster_account<'c>(context: &'c Context<'_>) -> Option<&'c str> {
    let arn = context.cluster.as_ref().ok().and_then(|cluster| cluster.arn.as_deref()).and_then(Arn::parse);
    arn.map(|arn| arn.account).or(context.account.as_deref())
}

/// Whether a subnet is marked for internal load balancers of this cluster.
fn takes(tags: &[Tag], cluster: Option<&str>) -> bool {
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

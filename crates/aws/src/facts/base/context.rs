//! What all files of facts share: the snapshot, the intent, the network, and which cluster and
//! VPC this is about.

use std::cell::RefCell;
use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};
use privek_core::subject::Target;
use privek_core::time::Time;

use crate::intent::{Intent, Plan};
use crate::network::Reasoner;
use crate::snapshot::aws::ec2;
use crate::snapshot::aws::eks::{Cluster, VpcConfig};
use crate::snapshot::{Arn, Snapshot, unread};

use super::memo::Memo;
use super::planned_collections::{self, CLUSTER_GROUP};

/// What facts are computed from.
#[derive(Debug)]
pub struct Context<'s> {
    /// What AWS said.
    pub snapshot: &'s Snapshot,
    /// What the user declared.
    pub intent: Intent,
    /// What AWS does with packets.
    pub network: Reasoner<'s>,
    /// The cluster.
    pub cluster: Known<&'s Cluster>,
    /// The id of the cluster's VPC.
    pub vpc: Known<String>,
    /// The account that was read.
    pub account: Option<String>,
    /// The region that was read.
    pub region: Option<String>,
    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    pub partition: String,
    assumptions: RefCell<BTreeSet<String>>,
    /// What other files worked out for this context.
    pub(crate) memo: Memo,
}

impl<'s> Context<'s> {
    /// The context of one snapshot and one intent.
    pub fn new(snapshot: &'s Snapshot, intent: &Intent) -> Self {
        let cluster = snapshot
            .aws
            .cluster
            .as_ref()
            .and_then(|clusters| clusters.first())
            .ok_or_else(|| vec![unread::missing(snapshot, "cluster", None)]);
        let arn = cluster.as_ref().ok().and_then(|cluster| cluster.arn.as_deref()).and_then(Arn::parse);
        let region = snapshot.header.region.clone().or_else(|| arn.map(|arn| arn.region.to_owned()));
        let account = snapshot.header.account.clone().or_else(|| arn.map(|arn| arn.account.to_owned()));
        let partition = arn.map_or_else(
            || partition_of(region.as_deref().unwrap_or_default()),
            |arn| arn.partition.to_owned(),
        );
        let vpc = cluster.clone().and_then(|cluster| vpc_of(snapshot, cluster));
        let context = Self {
            snapshot,
            intent: intent.clone(),
            network: Reasoner::new(snapshot),
            cluster,
            vpc,
            account,
            region,
            partition,
            assumptions: RefCell::default(),
            memo: Memo::default(),
        };
        if let Some(plan) = context.plan() {
            assume(&context, plan);
        }
        context
    }

    /// How the names of AWS's services end in this partition, where that is known
    /// (<https://github.com/boto/botocore/blob/develop/botocore/data/partitions.json>).
    pub fn domain(&self) -> Option<&'static str> {
        Some(match self.partition.as_str() {
            "aws" | "aws-us-gov" => "amazonaws.com",
            "aws-cn" => "amazonaws.com.cn",
            "aws-eusc" => "amazonaws.eu",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            _ => return None,
        })
    }

    /// How the names of services end that have dual-stack names only (`dualStackDnsSuffix` there).
    pub fn newer_domain(&self) -> Option<&'static str> {
        Some(match self.partition.as_str() {
            "aws" | "aws-us-gov" => "api.aws",
            "aws-cn" => "api.amazonwebservices.com.cn",
            "aws-eusc" => "api.amazonwebservices.eu",
            "aws-iso" => "api.aws.ic.gov",
            "aws-iso-b" => "api.aws.scloud",
            "aws-iso-e" => "api.cloud-aws.adc-e.uk",
            "aws-iso-f" => "api.aws.hci.ic.gov",
            _ => return None,
        })
    }

    /// The plan, where the cluster is still to be created.
    pub fn plan(&self) -> Option<&Plan> {
        let plan = self.intent.cluster.as_ref()?;
        let cluster = self.cluster.as_ref().ok()?;
        (cluster.arn.is_none() && cluster.name == plan.called()).then_some(plan)
    }

    /// The cluster's network settings.
    pub fn vpc_config(&self) -> Known<&'s VpcConfig> {
        let cluster = self.cluster.clone()?;
        cluster.resources_vpc_config.as_ref().ok_or_else(|| vec![self.field("cluster", "resourcesVpcConfig")])
    }

    /// Whether the API answers on the VPC's interfaces; a plan is taken to mean that it will.
    pub fn private_access(&self) -> Known<bool> {
        if self.plan().is_some() {
            return Ok(true);
        }
        let access = self.vpc_config()?.endpoint_private_access;
        access.ok_or_else(|| vec![self.field("cluster", "resourcesVpcConfig.endpointPrivateAccess")])
    }

    /// Whether the API has a public endpoint; a plan is taken to mean that it will not.
    pub fn public_access(&self) -> Known<bool> {
        if self.plan().is_some() {
            return Ok(false);
        }
        let access = self.vpc_config()?.endpoint_public_access;
        access.ok_or_else(|| vec![self.field("cluster", "resourcesVpcConfig.endpointPublicAccess")])
    }

    /// Why something that this collection would contain is unknown.
    pub fn missing(&self, collection: &str, id: Option<&str>) -> Missing {
        if self.plan().is_some() && planned_collections::is_of_cluster(collection) {
            return self.field(collection, collection);
        }
        unread::missing(self.snapshot, collection, id)
    }

    /// A field that AWS's answer lacks, though the operation did answer.
    pub fn field(&self, collection: &str, field: &str) -> Missing {
        let operation = crate::snapshot::aws::collection(collection)
            .map_or_else(|| collection.to_owned(), |known| format!("{}:{}", known.service, known.operation));
        if self.plan().is_some() && planned_collections::is_of_cluster(collection) {
            let what = format!("{field}, which {operation} will return");
            return Missing::not_yet(what);
        }
        Missing::operation(format!("{field}, which {operation} did not return"), None)
    }

    /// A field that is newer than the first snapshots: absent from an older one it was not read, absent
    /// from a newer one AWS has no value for it.
    pub fn since<T>(
        &self,
        version: u32,
        value: Option<T>,
        collection: &str,
        field: &str,
    ) -> Known<Option<T>> {
        if value.is_some() || self.snapshot.header.snapshot_version >= version {
            return Ok(value);
        }
        let version = self.snapshot.header.snapshot_version;
        let what = format!("{field}, which snapshots of version {version} do not contain");
        Err(vec![self.field(collection, field).worded(what)])
    }

    /// The time that dates are judged at, in seconds since 1970.
    pub fn as_of(&self) -> Known<i64> {
        let given = self.intent.as_of.as_deref().or(self.snapshot.header.collected_at.as_deref());
        given
            .and_then(|text| Time::parse(text)?.seconds())
            .ok_or_else(|| vec![Missing::intent("the date of the audit (--as-of 2026-11-20)")])
    }

    /// The items of a collection, if it was read for this id (a VPC, a cluster, …).
    pub fn items<T>(&self, items: Option<&'s [T]>, collection: &str, id: &str) -> Known<&'s [T]> {
        match items {
            Some(items) if self.snapshot.header.covers(collection, id) => Ok(items),
            _ => Err(vec![self.missing(collection, Some(id))]),
        }
    }

    /// The network interfaces that EKS placed in the VPC for the control plane.
    ///
    /// EKS names them `Amazon EKS <cluster>`; they are not marked as managed by the requester
    /// (<https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html>). One that is attached to
    /// nothing was left behind by an earlier cluster of the name, or by an update.
    pub fn control_plane_interfaces(&self) -> Known<Vec<&'s ec2::NetworkInterface>> {
        let cluster = self.cluster.clone()?;
        let vpc = self.vpc.clone()?;
        let description = format!("Amazon EKS {}", cluster.name);
        let all = self.items(self.snapshot.aws.network_interfaces.as_deref(), "NetworkInterfaces", &vpc)?;
        Ok(all
            .iter()
            .filter(|interface| interface.description.as_deref() == Some(&description))
            .filter(|interface| interface.vpc_id.as_deref() == Some(&vpc))
            .filter(|interface| interface.status.as_deref() != Some("available"))
            .collect())
    }

    /// Takes something for granted; the report says it once.
    pub fn assume(&self, what: impl Into<String>) {
        self.assumptions.borrow_mut().insert(what.into());
    }

    /// What was taken for granted, sorted.
    pub fn assumptions(&self) -> Vec<String> {
        self.assumptions.borrow().iter().cloned().collect()
    }

    /// What is audited.
    pub fn target(&self) -> Target {
        Target {
            account: self.account.clone(),
            region: self.region.clone(),
            partition: self.partition.clone(),
            cluster: match self.plan() {
                Some(plan) => plan.name.clone(),
                None => self.cluster.as_ref().ok().map(|cluster| cluster.name.clone()),
            },
            vpc: self.vpc.as_ref().ok().cloned(),
        }
    }
}

/// A count as AWS returns it; an implausible one is not a fact.
pub(crate) fn plausible_count(count: Option<i64>) -> Option<i64> {
    count.filter(|count| (0..=100_000).contains(count))
}

/// The VPC of a cluster: what EKS says, else (some emulators leave it out) that of its subnets.
fn vpc_of(snapshot: &Snapshot, cluster: &Cluster) -> Known<String> {
    let config = cluster.resources_vpc_config.as_ref();
    if let Some(vpc) = config.and_then(|config| config.vpc_id.clone()) {
        return Ok(vpc);
    }
    let ids = config.and_then(|config| config.subnet_ids.as_deref()).unwrap_or_default();
    let found = snapshot
        .aws
        .subnets
        .iter()
        .flatten()
        .filter(|subnet| ids.contains(&subnet.subnet_id))
        .find_map(|subnet| subnet.vpc_id.clone());
    found.ok_or_else(|| vec![unread::missing(snapshot, "Subnets", ids.first().map(String::as_str))])
}

fn partition_of(region: &str) -> String {
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        region if region.starts_with("us-iso-") => "aws-iso",
        region if region.starts_with("us-isob-") => "aws-iso-b",
        region if region.starts_with("eu-isoe-") => "aws-iso-e",
        region if region.starts_with("us-isof-") || region.starts_with("eu-isof-") => "aws-iso-f",
        region if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    };
    partition.to_owned()
}

/// Says what is taken for granted about a cluster that does not exist yet.
fn assume(context: &Context<'_>, plan: &Plan) {
    let groups = if plan.security_groups.is_empty() {
        String::new()
    } else {
        format!(" and {}", plan.security_groups.join(", "))
    };
    context.assume(format!(
        "The cluster does not exist yet. EKS will place its network interfaces in {}, with a new cluster security group ({CLUSTER_GROUP}){groups}. {CLUSTER_GROUP} allows traffic from itself and all outbound traffic. The cluster API endpoint has private access and no public access.",
        plan.control_plane_subnets.join(", ")
    ));
    let subnets = if plan.node_subnets.is_empty() { &plan.control_plane_subnets } else { &plan.node_subnets };
    context.assume(format!(
        "Nodes will be EC2 instances in {} with the cluster security group.",
        subnets.join(", ")
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        Cluster {
            name: "closed".into(),
            arn: Some("arn:aws-cn:eks:cn-north-1:123456789012:cluster/closed".into()),
            resources_vpc_config: Some(VpcConfig {
                subnet_ids: Some(vec!["subnet-a".into()]),
                ..VpcConfig::default()
            }),
            ..Cluster::default()
        }
    }

    #[test]
    fn account_region_and_partition_come_from_the_arn_when_the_caller_is_unread() {
        let mut snapshot = Snapshot::default();
        snapshot.aws.cluster = Some(vec![cluster()]);
        let target = Context::new(&snapshot, &Intent::default()).target();
        assert_eq!(target.account.as_deref(), Some("123456789012"));
        assert_eq!(target.region.as_deref(), Some("cn-north-1"));
        assert_eq!(target.partition, "aws-cn");
    }

    #[test]
    fn the_vpc_is_that_of_the_subnets_when_eks_leaves_it_out() {
        let mut snapshot = Snapshot::default();
        snapshot.aws.cluster = Some(vec![cluster()]);
        assert!(Context::new(&snapshot, &Intent::default()).vpc.is_err());
        snapshot.aws.subnets = Some(vec![ec2::Subnet {
            subnet_id: "subnet-a".into(),
            vpc_id: Some("vpc-1".into()),
            ..ec2::Subnet::default()
        }]);
        assert_eq!(Context::new(&snapshot, &Intent::default()).vpc, Ok("vpc-1".to_owned()));
    }

    #[test]
    fn an_assumption_is_said_once() {
        let snapshot = Snapshot::default();
        let context = Context::new(&snapshot, &Intent::default());
        context.assume("b");
        context.assume("a");
        context.assume("b");
        assert_eq!(context.assumptions(), ["a", "b"]);
    }
}

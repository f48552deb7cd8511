//! Pods' addresses in a subnet: the VPC CNI's tags, prefixes, Fargate.

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::vpc_cni::{self, CniKnown};
use crate::facts::inventory::{cluster, subnets};
use crate::snapshot::aws::ec2::{Subnet, tag};

use super::free_prefixes;

/// The tag that includes a subnet in those with pods' addresses, or with the value 0 excludes it:
/// <https://docs.aws.amazon.com/eks/latest/best-practices/ip-opt.html>.
const CNI_ROLE: &str = "kubernetes.io/role/cni";

/// Tags that keep a subnet for some clusters; the CNI moved from the first to the second in 2026.
const OF_CLUSTERS: [&str; 2] = ["kubernetes.io/cluster/", "cni.networking.k8s.aws/cluster/"];

/// The first version of the CNI that leaves out a node's own subnet: issue 3067 of amazon-vpc-cni-k8s.
const EXCLUDES_OWN: (u32, u32) = (1, 22);

/// What rules see of pods' addresses in a subnet.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PodPlaceFacts {
    /// Whether a Fargate profile uses the subnet (`fargateProfile.subnets`); each Fargate pod uses one
    /// address.
    hosts_fargate: Fact<bool>,
    /// Whether the VPC CNI assigns /28 prefixes to nodes (`ENABLE_PREFIX_DELEGATION` of the add-on
    /// `vpc-cni`).
    prefix_delegation: Fact<bool>,
    /// Free, aligned /28 blocks of the subnet (`NetworkInterfaces`, `SubnetCidrReservations`).
    free_prefixes: Fact<i64>,
    /// Whether pods use the subnets of an `ENIConfig` (`AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG`).
    custom_networking: Fact<bool>,
    /// The tag `kubernetes.io/role/cni` of `Subnets[].Tags`.
    cni_role: Fact<Option<String>>,
    /// Subnets in the subnet's zone from which the VPC CNI assigns addresses to pods on the subnet's nodes
    /// (`Subnets[].Tags`).
    pod_subnets: Fact<Vec<String>>,
}

/// What all subnets share.
pub(crate) struct PodPlaces<'c, 's> {
    context: &'c Context<'s>,
    cni: CniKnown,
    fargate: (BTreeSet<String>, Vec<Missing>),
}

impl<'c, 's> PodPlaces<'c, 's> {
    /// Those of this cluster.
    pub fn new(context: &'c Context<'s>) -> Self {
        let (profiles, missing) = cluster::described_profiles(context);
        let subnets = profiles.into_iter().flat_map(|profile| profile.subnets.iter().cloned());
        Self { context, cni: vpc_cni::cni(context), fargate: (subnets.collect(), missing) }
    }

    /// The facts about one subnet.
    pub fn facts(&self, id: &str) -> PodPlaceFacts {
        let context = self.context;
        let found = context.network.subnet(id);
        PodPlaceFacts {
            hosts_fargate: subnets::among(&self.fargate, id),
            prefix_delegation: Fact(self.cni.setting(|cni| cni.prefixes)),
            free_prefixes: Fact(free_prefixes::free_blocks(context, id)),
            custom_networking: Fact(self.cni.setting(|cni| cni.custom_networking)),
            cni_role: Fact(found.clone().map(|subnet| tag(&subnet.tags, CNI_ROLE).map(str::to_owned))),
            pod_subnets: Fact(found.and_then(|subnet| self.pod_subnets(subnet))),
        }
    }

    /// The subnets with the addresses of pods on nodes in this one.
    fn pod_subnets(&self, own: &Subnet) -> Known<Vec<String>> {
        let context = self.context;
        let excluded = tag(&own.tags, CNI_ROLE) == Some("0");
        let mut found: Vec<String> = if excluded { Vec::new() } else { vec![own.subnet_id.clone()] };
        let vpc = own.vpc_id.as_deref();
        let vpc =
            vpc.ok_or_else(|| vec![context.field("Subnets", &format!("VpcId of {}", own.subnet_id))])?;
        let zone = subnets::zone(context, &own.subnet_id)?;
        let mut doubtful = Vec::new();
        for other in context.items(context.snapshot.aws.subnets.as_deref(), "Subnets", vpc)? {
            let tagged = tag(&other.tags, CNI_ROLE).is_some_and(|value| value != "0" && !value.is_empty());
            let near = other.vpc_id.as_deref() == Some(vpc) && other.subnet_id != own.subnet_id;
            if !tagged || !near || subnets::zone(context, &other.subnet_id)? != zone {
                continue;
            }
            if self.serves_all(other) {
                found.push(other.subnet_id.clone());
            } else if !self.serves_others_only(other) {
                doubtful.push(other.subnet_id.clone());
            }
        }
        if excluded {
            self.excludes_own()?;
        }
        match self.cni.setting(|cni| cni.subnet_discovery) {
            Ok(false) => Ok(if excluded { Vec::new() } else { vec![own.subnet_id.clone()] }),
            Err(missing) if excluded && !found.is_empty() => Err(missing),
            _ if found.is_empty() && !doubtful.is_empty() => Err(vec![Missing::unmodelled(format!(
                "the use of {} by the VPC CNI; its versions read the cluster tags of the subnet differently",
                doubtful.join(", ")
            ))]),
            _ => Ok(found),
        }
    }

    /// Whether no tag keeps a subnet for other clusters.
    fn serves_all(&self, subnet: &Subnet) -> bool {
        OF_CLUSTERS.iter().all(|prefix| self.serves(subnet, prefix) != Some(false))
    }

    /// Whether the tags of either kind keep a subnet for other clusters.
    fn serves_others_only(&self, subnet: &Subnet) -> bool {
        OF_CLUSTERS.iter().all(|prefix| self.serves(subnet, prefix) == Some(false))
    }

    /// Whether tags of this kind name the cluster; `None` without such tags.
    fn serves(&self, subnet: &Subnet, prefix: &str) -> Option<bool> {
        let names = subnet.tags.iter().filter_map(|tag| tag.key.as_deref()?.strip_prefix(prefix));
        let names: Vec<&str> = names.collect();
        let own = self.context.cluster.as_ref().ok().map(|cluster| cluster.name.as_str());
        (!names.is_empty()).then(|| own.is_some_and(|own| names.contains(&own)))
    }

    /// Nothing, where the CNI's version is known to leave out a node's own subnet.
    fn excludes_own(&self) -> Known<()> {
        let version = self.context.snapshot.aws.addon.iter().flatten();
        let version = version.filter(|addon| addon.addon_name == "vpc-cni");
        let version = version.filter_map(|addon| addon.addon_version.as_deref()).find_map(minor);
        if version.is_some_and(|version| version >= EXCLUDES_OWN) {
            return Ok(());
        }
        Err(vec![Missing::unmodelled(
            "the effect of tag kubernetes.io/role/cni on a node's own subnet; VPC CNI 1.22 and later exclude the subnet",
        )])
    }
}

/// `v1.23.1-eksbuild.1` is (1, 23).
fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::facts::test_support::minimal_cluster::{fields, is_unknown, snapshot, subnet, withhold};

    fn given(own: Option<&str>, other: &[(&str, &str)]) -> Value {
        let mut given = snapshot();
        given["addon"][0]["addonVersion"] = json!("v1.23.1-eksbuild.1");
        if let Some(value) = own {
            given["Subnets"][0]["Tags"] = json!([{"Key": "kubernetes.io/role/cni", "Value": value}]);
        }
        let mut pods = subnet("pods", "use1-az1", 100);
        pods["Tags"] = other.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
        given["Subnets"].as_array_mut().unwrap().push(pods);
        given
    }

    fn pods(given: &Value) -> Value {
        fields(given, "subnet", "subnet-a")["pod_subnets"].clone()
    }

    const TAGGED: (&str, &str) = ("kubernetes.io/role/cni", "1");

    #[test]
    fn pods_get_addresses_of_the_node_s_subnet_and_of_tagged_ones_of_its_zone() {
        assert_eq!(pods(&given(None, &[])), json!(["subnet-a"]));
        assert_eq!(pods(&given(None, &[TAGGED])), json!(["subnet-a", "subnet-pods"]));
        assert_eq!(pods(&given(Some("0"), &[TAGGED])), json!(["subnet-pods"]));
        assert_eq!(pods(&given(Some("0"), &[])), json!([]));
        let mut far = given(Some("0"), &[TAGGED]);
        far["Subnets"][2]["AvailabilityZoneId"] = json!("use1-az2");
        assert_eq!(pods(&far), json!([]), "of another zone");
    }

    #[test]
    fn a_subnet_that_is_kept_for_another_cluster_does_not_count() {
        let old = ("kubernetes.io/cluster/another", "shared");
        let new = ("cni.networking.k8s.aws/cluster/another", "shared");
        assert!(is_unknown(&pods(&given(Some("0"), &[TAGGED, old]))), "versions differ");
        assert_eq!(pods(&given(Some("0"), &[TAGGED, old, new])), json!([]));
        let own = ("kubernetes.io/cluster/closed", "owned");
        assert_eq!(pods(&given(Some("0"), &[TAGGED, old, own])), json!(["subnet-pods"]));
    }

    #[test]
    fn what_the_cni_does_must_be_known_where_it_matters() {
        let mut off = given(Some("0"), &[TAGGED]);
        off["addon"][0]["configurationValues"] = json!(r#"{"env":{"ENABLE_SUBNET_DISCOVERY":"false"}}"#);
        assert_eq!(pods(&off), json!([]));
        let mut old = given(Some("0"), &[]);
        old["addon"][0]["addonVersion"] = json!("v1.19.2-eksbuild.1");
        assert!(is_unknown(&pods(&old)));
        let mut unread = given(Some("0"), &[TAGGED]);
        withhold(&mut unread, "addon");
        assert!(is_unknown(&pods(&unread)));
        let mut plain = given(None, &[]);
        withhold(&mut plain, "addon");
        assert_eq!(pods(&plain), json!(["subnet-a"]));
    }

    #[test]
    fn a_subnet_of_a_fargate_profile_says_so() {
        let mut given = given(None, &[]);
        given["fargateProfileNames"] = json!(["batch"]);
        given["fargateProfile"] =
            json!([{"fargateProfileName": "batch", "clusterName": "closed", "subnets": ["subnet-a"]}]);
        assert_eq!(fields(&given, "subnet", "subnet-a")["hosts_fargate"], true);
        assert_eq!(fields(&given, "subnet", "subnet-b")["hosts_fargate"], false);
        withhold(&mut given, "fargateProfile");
        assert!(is_unknown(&fields(&given, "subnet", "subnet-b")["hosts_fargate"]));
    }
}

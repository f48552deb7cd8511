//! The cluster API endpoint: its public access CIDRs, the addresses that its name resolves to, its network
//! interfaces and security groups, and the sources of images.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;
use privek_core::subject::Fact;
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::ipv6;
use crate::facts::inventory::security_groups::missing_groups;
use crate::facts::inventory::{node_groups, subnets};
use crate::network::Egress;
use crate::snapshot::aws::ec2::NatGatewayAddress;
use crate::snapshot::aws::eks::Cluster;

/// What rules see of it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct ExposureFacts {
    /// Whether `publicAccessCidrs` contains the public addresses of the NAT gateways of the nodes' subnets
    /// (`NatGateways[].NatGatewayAddresses[].PublicIp`).
    nodes_admitted_publicly: Fact<bool>,
    /// Public addresses of the NAT gateways of the nodes' subnets that `publicAccessCidrs` does not contain.
    nat_addresses_not_admitted: Fact<Vec<String>>,
    /// Whether EKS accepts `publicAccessCidrs`: at most 40 CIDRs, and IPv6 CIDRs only for IPv6 clusters
    /// (`ipFamily`) whose `endpoint` is under `api.aws`.
    public_access_cidrs_accepted: Fact<bool>,
    /// Addresses of the control plane's network interfaces (`NetworkInterfaces[]` described as `Amazon EKS
    /// …`). A firewall outside the VPC must allow these addresses; an update of the cluster changes the
    /// addresses.
    control_plane_addresses: Fact<Vec<String>>,
    /// Whether the control plane has two to four network interfaces (`NetworkInterfaces[].Description`) in at
    /// least two zones.
    control_plane_interfaces_usual: Fact<bool>,
    /// Security groups of `cluster.resourcesVpcConfig` that are neither in the VPC nor associated with the
    /// VPC (`SecurityGroups`, `SecurityGroupVpcAssociations`).
    security_groups_missing: Fact<Vec<String>>,
    /// Whether every security group of `cluster.resourcesVpcConfig` is in the VPC or associated with the VPC
    /// (`SecurityGroups`, `SecurityGroupVpcAssociations`).
    security_groups_there: Fact<bool>,
    /// Those of `cluster.resourcesVpcConfig.securityGroupIds` that are in the VPC or associated with the VPC.
    additional_groups_there: Fact<Vec<String>>,
    /// Whether AWS documents the control plane's egress mode
    /// (`cluster.resourcesVpcConfig.controlPlaneEgressMode`): `AWS_MANAGED` or `CUSTOMER_ROUTED`.
    egress_mode_understood: Fact<bool>,
    /// Repository prefixes of ECR pull-through cache rules for registries outside AWS
    /// (`pullThroughCacheRules[].ecrRepositoryPrefix`).
    pull_through_prefixes: Fact<Vec<String>>,
    /// Whether ECR has a pull-through cache rule for a registry outside AWS
    /// (`pullThroughCacheRules[].ecrRepositoryPrefix`).
    pulls_through: Fact<bool>,
}

/// How many CIDRs EKS accepts: <https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html>
const CIDRS: usize = 40;

/// The facts about one cluster.
pub(crate) fn facts(context: &Context<'_>, cluster: &Cluster) -> ExposureFacts {
    let nat = nat_addresses_not_admitted(context);
    let groups = groups_missing(context);
    let prefixes = pull_through_prefixes(context);
    let interfaces = match context.plan() {
        Some(_) => Err(vec![context.field("cluster", "the control plane's network interfaces")]),
        None => context.control_plane_interfaces(),
    };
    ExposureFacts {
        nodes_admitted_publicly: Fact(nat.clone().map(|addresses| addresses.is_empty())),
        nat_addresses_not_admitted: Fact(nat),
        public_access_cidrs_accepted: Fact(cidrs_accepted(context, cluster)),
        control_plane_addresses: Fact(interfaces.clone().map(|all| {
            all.iter().filter_map(|interface| interface.private_ip_address.clone()).collect()
        })),
        control_plane_interfaces_usual: Fact(interfaces.and_then(|all| {
            if all.is_empty() {
                return Err(vec![Missing::operation("the control plane's network interfaces; no network interface that was read has EKS's description", None)]);
            }
            let zones: Known<BTreeSet<String>> = all
                .iter()
                .map(|interface| {
                    let id = interface.subnet_id.as_deref();
                    let id = id.ok_or_else(|| vec![context.field("NetworkInterfaces", "SubnetId")])?;
                    subnets::zone(context, id)
                })
                .collect();
            Ok((2..=4).contains(&all.len()) && zones?.len() >= 2)
        })),
        security_groups_there: Fact(groups.clone().map(|groups| groups.is_empty())),
        additional_groups_there: Fact(groups.clone().and_then(|missing| {
            let config = context.vpc_config()?;
            let named = config.security_group_ids.iter().flatten();
            Ok(named.filter(|id| !missing.contains(id)).cloned().collect())
        })),
        security_groups_missing: Fact(groups),
        egress_mode_understood: Fact(egress_mode_understood(context)),
        pulls_through: Fact(prefixes.clone().map(|prefixes| !prefixes.is_empty())),
        pull_through_prefixes: Fact(prefixes),
    }
}

fn public_cidrs(context: &Context<'_>) -> Known<Vec<IpNet>> {
    let config = context.vpc_config()?;
    let texts = config.public_access_cidrs.as_ref();
    let nets = texts.and_then(|all| all.iter().map(|text| text.parse().ok()).collect());
    nets.ok_or_else(|| vec![context.field("cluster", "resourcesVpcConfig.publicAccessCidrs")])
}

/// NAT gateways' addresses outside the list. A list with every address needs no NAT gateways.
fn nat_addresses_not_admitted(context: &Context<'_>) -> Known<Vec<String>> {
    let admitted: AddressSet = public_cidrs(context)?.into_iter().collect();
    if admitted.contains_all(&AddressSet::everything().only_v4()) {
        return Ok(Vec::new());
    }
    let (subnets, mut missing) = node_groups::known_subnets(context);
    let mut outside = BTreeSet::new();
    for id in &subnets {
        match nat_addresses(context, id) {
            Ok(addresses) => outside.extend(
                addresses.into_iter().filter(|address| !admitted.contains_all(&IpNet::from(*address).into())),
            ),
            Err(why) => missing.extend(why),
        }
    }
    known::found(outside.into_iter().map(|address| address.to_string()).collect(), missing)
}

/// The public addresses that a subnet's packets to the internet leave with.
fn nat_addresses(context: &Context<'_>, subnet: &str) -> Known<Vec<IpAddr>> {
    let ids = match context.network.egress(subnet)? {
        Egress::Nat => context.network.nat_gateways_of(subnet)?,
        // No way to the public endpoint at all is another rule's finding.
        Egress::Isolated => return Ok(Vec::new()),
        Egress::Internet | Egress::Inspected { .. } => {
            let what = format!(
                "the public addresses of packets from {subnet}, for comparison with publicAccessCidrs"
            );
            return Err(vec![Missing::intent(what)]);
        }
    };
    let gateways = context.snapshot.aws.nat_gateways.iter().flatten();
    let used = gateways.filter(|gateway| ids.contains(gateway.nat_gateway_id.as_str()));
    let zone = context.network.subnet(subnet)?.availability_zone.as_deref();
    // A regional one has addresses for each of its zones, and serves zones beyond them from these:
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AvailabilityZoneAddress.html
    let texts: Vec<&str> = used
        .flat_map(|gateway| {
            let all: Vec<_> = gateway.addresses_in_use().collect();
            let is_near = |its: &&&NatGatewayAddress| its.availability_zone.as_deref() == zone;
            let near: Vec<_> = all.iter().filter(is_near).copied().collect();
            if zone.is_none() || near.is_empty() { all } else { near }
        })
        .filter_map(|address| address.public_ip.as_deref())
        .collect();
    let parsed: Option<Vec<IpAddr>> = texts.iter().map(|text| text.parse().ok()).collect();
    match parsed {
        Some(parsed) if !parsed.is_empty() => Ok(parsed),
        _ => Err(vec![context.field("NatGateways", "NatGatewayAddresses[].PublicIp")]),
    }
}

fn cidrs_accepted(context: &Context<'_>, cluster: &Cluster) -> Known<bool> {
    let cidrs = public_cidrs(context)?;
    let v6 = cidrs.iter().any(|cidr| matches!(cidr, IpNet::V6(_)));
    if cidrs.len() > CIDRS {
        return Ok(false);
    }
    if !v6 {
        return Ok(true);
    }
    let ipv6 = ipv6(context)?;
    let endpoint = cluster.endpoint.as_deref().ok_or_else(|| vec![context.field("cluster", "endpoint")])?;
    // https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    let dual_stack = context.newer_domain().and_then(|domain| endpoint.strip_suffix(domain));
    Ok(ipv6 && dual_stack.is_some_and(|before| before.ends_with('.')))
}

fn groups_missing(context: &Context<'_>) -> Known<Vec<String>> {
    let config = context.vpc_config()?;
    let own = config.cluster_security_group_id.iter();
    let ids: BTreeSet<&String> = own.chain(config.security_group_ids.iter().flatten()).collect();
    let vpc = context.vpc.clone()?;
    missing_groups(context, &vpc, ids.into_iter().map(String::as_str))
}

fn egress_mode_understood(context: &Context<'_>) -> Known<bool> {
    match context.vpc_config()?.control_plane_egress_mode.as_deref() {
        Some("AWS_MANAGED" | "CUSTOMER_ROUTED") => Ok(true),
        None => Err(vec![context.field("cluster", "resourcesVpcConfig.controlPlaneEgressMode")]),
        Some(mode) => Err(vec![Missing::unmodelled(format!(
            "the packets that control plane egress mode {mode} allows; AWS does not document the mode"
        ))]),
    }
}

/// Rules for registries outside AWS: those of another ECR are filled inside AWS.
fn pull_through_prefixes(context: &Context<'_>) -> Known<Vec<String>> {
    let rules = context.snapshot.aws.pull_through_cache_rules.as_deref();
    let rules = context.items(rules, "pullThroughCacheRules", privek_core::header::EVERYTHING)?;
    let outside = rules.iter().filter(|rule| {
        let url = rule.upstream_registry_url.as_deref().unwrap_or_default();
        let private_ecr = url.contains(".dkr.ecr.") || url.contains(".dkr-ecr.");
        !private_ecr && rule.upstream_registry.as_deref() != Some("ecr")
    });
    Ok(outside.map(|rule| rule.ecr_repository_prefix.clone()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::facts::test_support::fixture::{Fixture, is_unknown};

    fn public(fixture: Fixture, private: bool, cidrs: &[&str]) -> Fixture {
        fixture.change("cluster", "name", "payments", |cluster| {
            let config = &mut cluster["resourcesVpcConfig"];
            config["endpointPublicAccess"] = json!(true);
            config["endpointPrivateAccess"] = json!(private);
            config["publicAccessCidrs"] = json!(cidrs);
        })
    }

    #[test]
    fn a_list_that_eks_would_refuse_is_not_accepted() {
        let accepted = |cidrs: &[&str]| {
            public(Fixture::healthy(), true, cidrs).fields("cluster", "payments")["public_access_cidrs_accepted"]
                .clone()
        };
        let many: Vec<String> = (0..41).map(|at| format!("203.0.113.{at}/32")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(accepted(&many[..40]), true);
        assert_eq!(accepted(&many), false);
        assert_eq!(accepted(&["2001:db8::/32"]), false, "an IPv4 cluster");
    }

    #[test]
    fn a_group_of_another_vpc_is_there_if_it_is_associated() {
        let foreign = Fixture::healthy().change("cluster", "name", "payments", |cluster| {
            cluster["resourcesVpcConfig"]["securityGroupIds"] = json!(["sg-shared"]);
        });
        assert_eq!(foreign.fields("cluster", "payments")["security_groups_missing"], json!(["sg-shared"]));
        let associated = |state: &str| {
            Fixture(foreign.0.clone()).add(
                "SecurityGroupVpcAssociations",
                json!({"GroupId": "sg-shared", "VpcId": "vpc-0a000000000000001", "State": state}),
            )
        };
        assert_eq!(associated("associated").fields("cluster", "payments")["security_groups_there"], true);
        assert_eq!(associated("disassociated").fields("cluster", "payments")["security_groups_there"], false);
        let unread = Fixture(foreign.0.clone()).withhold("SecurityGroupVpcAssociations");
        assert!(is_unknown(&unread.fields("cluster", "payments")["security_groups_there"], "Associations"));
    }

    #[test]
    fn an_egress_mode_that_nobody_documents_is_unknown() {
        for (mode, known) in [("AWS_MANAGED", true), ("CUSTOMER_ROUTED", true), ("CUSTOMER_ISOLATED", false)]
        {
            let cluster = Fixture::healthy()
                .change("cluster", "name", "payments", |cluster| {
                    cluster["resourcesVpcConfig"]["controlPlaneEgressMode"] = json!(mode);
                })
                .fields("cluster", "payments");
            assert_eq!(cluster["egress_mode_understood"] == true, known, "{mode}");
        }
    }
}

//! Who sends requests through a VPC endpoint, from which addresses, and what the requests carry.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::Missing;
use privek_core::sets::addresses::AddressSet;

use crate::catalogue::iam::{Component, Sender};
use crate::facts::base::context::Context;
use crate::facts::features::FeatureUse;
use crate::facts::iam::credentials::{self, Credentials};
use crate::facts::iam::policy::{Caller, Carried, Keys};
use crate::facts::iam::requests;
use crate::facts::iam::role_usage::{self, last};
use crate::facts::inventory::{node_groups, subnets};
use crate::snapshot::aws::ec2::VpcEndpoint;

/// What decides which requests a cluster sends, computed once for all its endpoints.
#[derive(Debug)]
pub(crate) struct Senders<'u> {
    /// The use of every feature.
    pub used: &'u BTreeMap<String, FeatureUse>,
    /// The roles of the nodes, and why there may be more.
    nodes: (BTreeSet<String>, Vec<Missing>),
    /// The roles that images are pulled with, and why there may be more.
    pullers: (BTreeSet<String>, Vec<Missing>),
    /// The roles of hybrid nodes, and why there may be more.
    hybrid: (BTreeSet<String>, Vec<Missing>),
    /// Where nodes are, each place apart.
    node_addresses: Vec<AddressSet>,
    /// Where pods are, all together: in the VPC.
    pod_addresses: Option<AddressSet>,
    /// Where hybrid nodes are, each network apart.
    hybrid_addresses: Vec<AddressSet>,
}

/// One who sends a request.
#[derive(Debug)]
pub(super) struct Asker {
    /// Who.
    pub caller: Caller,
    /// What each request carries.
    pub keys: Keys,
    /// From where, if a condition asks.
    place: Option<String>,
}

impl Asker {
    /// The role and the addresses, in words.
    pub fn words(&self) -> Option<String> {
        let role = match &self.caller {
            Caller::Role { arn: Some(arn), .. } => {
                Some(format!("IAM role {}", last(arn).unwrap_or(arn.as_str())))
            }
            _ => None,
        };
        match (role, &self.place) {
            (Some(role), Some(place)) => Some(format!("{role} from {place}")),
            (None, Some(place)) => Some(format!("clients with addresses in {place}")),
            (role, None) => role,
        }
    }
}

impl<'u> Senders<'u> {
    /// Those of a cluster that uses these features.
    pub fn new(context: &Context<'_>, used: &'u BTreeMap<String, FeatureUse>) -> Self {
        Self {
            used,
            nodes: role_usage::of_nodes(context),
            pullers: role_usage::of_pullers(context),
            hybrid: role_usage::of_hybrid_nodes(context),
            node_addresses: node_addresses(context),
            pod_addresses: pod_addresses(context),
            hybrid_addresses: hybrid_addresses(context),
        }
    }

    /// Everybody who sends a component's requests; where a condition asks for addresses, from each place.
    pub(super) fn askers(
        &self,
        context: &Context<'_>,
        endpoint: &VpcEndpoint,
        name: &str,
        component: &Component,
        asks_address: bool,
    ) -> Vec<Asker> {
        let mut askers = Vec::new();
        for caller in self.callers(context, name, component) {
            let keys = keys(context, endpoint, &caller);
            let places = if asks_address { self.places(component.caller, endpoint) } else { Vec::new() };
            if places.is_empty() {
                askers.push(Asker { caller, keys, place: None });
                continue;
            }
            for place in places {
                let (mut keys, words) = (keys.clone(), place.told());
                keys.set("aws:VpcSourceIp", Carried::Addresses(place));
                askers.push(Asker { caller: caller.clone(), keys, place: Some(words) });
            }
        }
        askers
    }

    fn callers(&self, context: &Context<'_>, name: &str, component: &Component) -> Vec<Caller> {
        let account = context.account.clone();
        let some = || Caller::Role { account: account.clone(), arn: None };
        let listed = |(arns, missing): &(BTreeSet<String>, Vec<Missing>)| {
            let others = (!missing.is_empty() || arns.is_empty()).then(some);
            arns.iter().map(|arn| requests::role(context, arn)).chain(others).collect()
        };
        match component.caller {
            Sender::Role | Sender::Eks => vec![some()],
            Sender::Nodes => listed(&self.nodes),
            Sender::Pullers => listed(&self.pullers),
            Sender::Hybrid => listed(&self.hybrid),
            Sender::Pods => match credentials::of_component(context, name, component) {
                Ok(Credentials::Own(roles)) => roles.iter().map(|arn| requests::role(context, arn)).collect(),
                Ok(Credentials::Node) => listed(&self.nodes),
                Err(_) => vec![some()],
            },
            Sender::Federated => vec![Caller::Federated { provider: None }],
            Sender::Ecr => vec![Caller::OfAws { own: account }],
            Sender::Anonymous => vec![Caller::Anonymous],
        }
    }

    /// The addresses of a caller, in the families that the endpoint has.
    fn places(&self, sender: Sender, endpoint: &VpcEndpoint) -> Vec<AddressSet> {
        let family = endpoint.ip_address_type.as_deref().map(str::to_ascii_lowercase);
        let of_family = |addresses: &AddressSet| match family.as_deref() {
            Some("dualstack") => addresses.clone(),
            Some("ipv6") => addresses.only_v6(),
            _ => addresses.only_v4(),
        };
        let places: Vec<&AddressSet> = match sender {
            Sender::Nodes | Sender::Pullers | Sender::Ecr | Sender::Anonymous => {
                self.node_addresses.iter().collect()
            }
            Sender::Hybrid => self.hybrid_addresses.iter().collect(),
            Sender::Pods | Sender::Role | Sender::Federated | Sender::Eks => {
                self.pod_addresses.iter().collect()
            }
        };
        places.into_iter().map(of_family).filter(|place| !place.is_empty()).collect()
    }
}

/// What every request of a caller through an endpoint carries.
///
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-network-properties>
pub(super) fn keys(context: &Context<'_>, endpoint: &VpcEndpoint, caller: &Caller) -> Keys {
    let mut keys = requests::of_caller(context, caller);
    keys.value("aws:SourceVpce", &endpoint.vpc_endpoint_id);
    if let Some(vpc) = &endpoint.vpc_id {
        keys.value("aws:SourceVpc", vpc);
    }
    // Only some services set these: which ones is a list that grows.
    if let Some(owner) = &endpoint.owner_id {
        keys.set("aws:VpceAccount", Carried::Perhaps(owner.clone()));
        if let (Some(vpc), Some(region)) = (&endpoint.vpc_id, &context.region) {
            let arn = format!("arn:{}:ec2:{region}:{owner}:vpc/{vpc}", context.partition);
            keys.set("aws:SourceVpcArn", Carried::Perhaps(arn));
        }
    }
    // The address of a request through a VPC endpoint is in aws:VpcSourceIp.
    keys.lacks(&["aws:SourceIp"]);
    keys
}

/// The subnets of nodes and Fargate profiles, and the addresses that instances have in them.
fn node_addresses(context: &Context<'_>) -> Vec<AddressSet> {
    let (ids, _) = subnets::client_subnets(context);
    let prefixes = ids.iter().filter_map(|id| context.network.subnet(id).ok()).map(|subnet| {
        let v6 = subnet.ipv6_cidr_block_association_set.iter().filter_map(|own| own.ipv6_cidr_block.as_ref());
        subnet.cidr_block.iter().chain(v6).filter_map(|prefix| prefix.parse::<IpNet>().ok()).collect()
    });
    let mut places: Vec<AddressSet> = prefixes.collect();
    let instances = node_groups::instances(context).unwrap_or_default();
    let addresses = instances.iter().filter_map(|instance| instance.private_ip_address.as_deref());
    places.extend(addresses.filter_map(|text| text.parse::<IpAddr>().ok()).map(AddressSet::from));
    places
}

/// Every address of the VPC: which subnets have pods, only Kubernetes may know.
fn pod_addresses(context: &Context<'_>) -> Option<AddressSet> {
    let id = context.vpc.as_ref().ok()?;
    let vpc = context.snapshot.aws.vpcs.iter().flatten().find(|vpc| vpc.vpc_id == *id)?;
    let v4 = vpc.cidr_block_association_set.iter().filter_map(|own| own.cidr_block.as_ref());
    let v6 = vpc.ipv6_cidr_block_association_set.iter().filter_map(|own| own.ipv6_cidr_block.as_ref());
    let all = vpc.cidr_block.iter().chain(v4).chain(v6);
    Some(all.filter_map(|prefix| prefix.parse::<IpNet>().ok()).collect())
}

fn hybrid_addresses(context: &Context<'_>) -> Vec<AddressSet> {
    let config = context.cluster.as_ref().ok().and_then(|cluster| cluster.remote_network_config.as_ref());
    let networks = config.into_iter().flat_map(|config| &config.remote_node_networks);
    let cidrs = networks.flat_map(|network| &network.cidrs);
    cidrs.filter_map(|cidr| cidr.parse::<IpNet>().ok()).map(AddressSet::from).collect()
}

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

/// Where the pods of a cluster send from, as a VPC endpoint sees their addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct PodAddresses {
    /// Pods on EC2 nodes, each place apart.
    pub on_nodes: Vec<AddressSet>,
    /// Pods on Fargate, each place apart.
    pub on_fargate: Vec<AddressSet>,
    /// Whether there may be pods elsewhere in the VPC.
    pub elsewhere: bool,
}

/// What decides which requests a cluster sends, computed once for all its endpoints.
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
    /// Where pods are, by the endpoint that they send to.
    pods: &'u dyn Fn(&VpcEndpoint) -> PodAddresses,
    /// Every address of the VPC.
    vpc: Option<AddressSet>,
    /// Whether the user declares that something calls the EKS API.
    eks_api_declared: bool,
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
    /// Whether the component may send nothing from there.
    pub perhaps: bool,
}

/// Addresses that a component sends from.
struct Place {
    addresses: AddressSet,
    /// Whether the component may send nothing from there.
    perhaps: bool,
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
    pub fn new(
        context: &Context<'_>,
        used: &'u BTreeMap<String, FeatureUse>,
        pods: &'u dyn Fn(&VpcEndpoint) -> PodAddresses,
    ) -> Self {
        Self {
            used,
            nodes: role_usage::of_nodes(context),
            pullers: role_usage::of_pullers(context),
            hybrid: role_usage::of_hybrid_nodes(context),
            node_addresses: node_addresses(context),
            pods,
            vpc: vpc_addresses(context),
            eks_api_declared: context.intent.features.get("eks_api") == Some(&true),
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
            let places = if asks_address { self.places(component, endpoint) } else { Vec::new() };
            if places.is_empty() {
                askers.push(Asker { caller, keys, place: None, perhaps: false });
                continue;
            }
            for Place { addresses, perhaps } in places {
                let (mut keys, words) = (keys.clone(), addresses.told());
                keys.set("aws:VpcSourceIp", Carried::Addresses(addresses));
                askers.push(Asker { caller: caller.clone(), keys, place: Some(words), perhaps });
            }
        }
        askers
    }

    fn callers(&self, context: &Context<'_>, name: &str, component: &Component) -> Vec<Caller> {
        let account = context.account.clone();
        let some = || Caller::Role { account: account.clone(), arn: None };
        let listed = |(arns, missing): &(BTreeSet<String>, Vec<Missing>)| -> Vec<Caller> {
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
            // The nodes whose start-up scripts do, and, where it is declared, anybody.
            Sender::Bootstrap => {
                let (arns, missing) = role_usage::of_groups_that_ask_eks(context);
                let mut callers: Vec<Caller> = listed(&(arns, missing));
                if self.eks_api_declared && !callers.contains(&some()) {
                    callers.push(some());
                }
                callers
            }
            Sender::Federated => vec![requests::federated(context)],
            Sender::Ecr => vec![Caller::OfAws { own: account }],
            Sender::Anonymous => vec![Caller::Anonymous],
        }
    }

    /// The addresses of a component, in the families that the endpoint has.
    fn places(&self, component: &Component, endpoint: &VpcEndpoint) -> Vec<Place> {
        let certain = |all: &[AddressSet]| {
            all.iter().map(|one| Place { addresses: one.clone(), perhaps: false }).collect::<Vec<_>>()
        };
        let places = match component.caller {
            _ if component.host_network => certain(&self.node_addresses),
            Sender::Bootstrap if self.eks_api_declared => self.of_pods(endpoint, false),
            Sender::Nodes | Sender::Pullers | Sender::Bootstrap | Sender::Ecr | Sender::Anonymous => {
                certain(&self.node_addresses)
            }
            Sender::Hybrid => certain(&self.hybrid_addresses),
            Sender::Pods | Sender::Role | Sender::Federated | Sender::Eks => {
                self.of_pods(endpoint, component.every_node)
            }
        };
        let of_family = |place: Place| Place { addresses: of_family(endpoint, &place.addresses), ..place };
        places.into_iter().map(of_family).filter(|place| !place.addresses.is_empty()).collect()
    }

    /// Where a component's pods send from. Kubernetes may place them on any node; which of them it places on
    /// Fargate, where there are nodes too, is not read.
    fn of_pods(&self, endpoint: &VpcEndpoint, every_node: bool) -> Vec<Place> {
        let pods = (self.pods)(endpoint);
        let on_fargate = if every_node { Vec::new() } else { pods.on_fargate };
        let perhaps = !pods.on_nodes.is_empty() || pods.elsewhere;
        let mut places: Vec<Place> =
            pods.on_nodes.into_iter().map(|addresses| Place { addresses, perhaps: false }).collect();
        places.extend(on_fargate.into_iter().map(|addresses| Place { addresses, perhaps }));
        if pods.elsewhere || places.is_empty() {
            let perhaps = !places.is_empty();
            places.extend(self.vpc.clone().map(|addresses| Place { addresses, perhaps }));
        }
        places
    }

    /// Every address that something of the cluster may send from.
    pub(super) fn everywhere(&self, endpoint: &VpcEndpoint) -> AddressSet {
        let pods = self.of_pods(endpoint, false);
        let pods = pods.iter().map(|place| &place.addresses);
        let all = AddressSet::union_all(pods.chain(&self.node_addresses).chain(&self.hybrid_addresses));
        of_family(endpoint, &all)
    }
}

/// The addresses of the families that an endpoint has.
fn of_family(endpoint: &VpcEndpoint, addresses: &AddressSet) -> AddressSet {
    match endpoint.ip_address_type.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("dualstack") => addresses.clone(),
        Some("ipv6") => addresses.only_v6(),
        _ => addresses.only_v4(),
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

/// Every address of the VPC.
fn vpc_addresses(context: &Context<'_>) -> Option<AddressSet> {
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

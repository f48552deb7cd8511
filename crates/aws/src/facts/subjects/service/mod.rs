//! The AWS services that nodes need, and the VPC endpoints that serve them: one subject for each
//! service of the matrix, needed or not.

mod pod_addresses;

use privek_core::known::{self, Known};
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::base::domain_name::domain;
use crate::facts::endpoints::policy::{self, PolicyVerdict, Senders};
use crate::facts::endpoints::service_names::{self, service_name};
use crate::facts::endpoints::{private_names, vpc_endpoint};
use crate::facts::ends;
use crate::facts::features;
use crate::facts::inventory::{cluster, node_proxy};
use crate::facts::serving::callers::{Clients, EndpointZones, offered_zones};
use crate::facts::serving::endpoint_group::group_for_endpoint;
use crate::facts::serving::outside_clients::OutsideClient;
use crate::facts::serving::service_endpoint;
use crate::facts::serving::unseen;
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

/// What rules see of a service.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // Each is a question of its own that rules ask.
pub(crate) struct ServiceFacts {
    /// The suffix of the service name, for instance `ecr.api`.
    id: String,
    /// Always null.
    name: Option<String>,
    /// Whether a feature of the cluster needs the service. Features are declared, or detected from `addons`,
    /// `nodegroups`, `fargateProfileNames`, `associations` and others.
    needed: Fact<bool>,
    /// The features in use that need the service.
    needed_by: Vec<String>,
    /// The evidence for each feature in use that needs the service, after the name of the feature.
    needed_because: Vec<String>,
    /// Whether nodes or pods stop without the service; false if only other programs stop.
    essential: Fact<bool>,
    /// What stops without the service, if nodes and pods still run.
    optional_for: Vec<String>,
    /// Whether hybrid nodes need the service; hybrid nodes connect to the VPC from outside.
    needed_outside: Fact<bool>,
    /// Whether an available interface VPC endpoint serves hybrid nodes. Counted are those of the VPC, and those of
    /// other VPCs that the hybrid nodes' DNS servers resolve the service's names to. A gateway VPC endpoint
    /// serves no client outside the VPC.
    reachable_from_outside: Fact<bool>,
    /// Whether the region offers a VPC endpoint for the service.
    offered: Fact<bool>,
    /// Whether the region is known to offer no VPC endpoint for the service.
    not_offered: bool,
    /// The id of the VPC endpoint that answers for the parent domain of the service's names, so that the
    /// service's names do not resolve. Null where no VPC endpoint does, or where the service has a VPC
    /// endpoint.
    hidden_by: Option<String>,
    /// The full service name for creating a VPC endpoint.
    service_name: String,
    /// The region to set in a VPC endpoint for the service, if another region than the cluster's serves the
    /// service.
    service_region: Option<String>,
    /// Whether a VPC endpoint for the service exists in any state, in the VPC (`VpcEndpoints[].ServiceName`)
    /// or in the VPC's Route 53 Profile. VPC endpoints of other VPCs count if the service's names resolve to
    /// them.
    endpoint_exists: Fact<bool>,
    /// Whether the VPC has a VPC endpoint for the service (`VpcEndpoints[].ServiceName`), or a VPC endpoint
    /// of another VPC serves the nodes. Unknown if the decisive settings cannot be read.
    served: Fact<bool>,
    /// Whether the VPC endpoint that serves this service is in another VPC. The service's names resolve to that
    /// VPC endpoint through a Route 53 Profile, a private hosted zone or a Resolver rule.
    central: bool,
    /// The VPC of the VPC endpoint that serves this service.
    endpoint_vpc: Option<String>,
    /// The ids of all VPC endpoints for the service; the first one is the VPC endpoint that serves this
    /// service.
    endpoints: Vec<String>,
    /// The id of the VPC endpoint that serves this service; null without a VPC endpoint, or if unknown.
    endpoint: Option<String>,
    /// Whether the VPC endpoint that serves this service is an interface VPC endpoint
    /// (`VpcEndpoints[].VpcEndpointType`).
    interface: Fact<bool>,
    /// Whether the VPC endpoint that serves this service has a type that can serve nodes
    /// (`VpcEndpoints[].VpcEndpointType`).
    type_right: Fact<bool>,
    /// The VPC endpoint types that can serve nodes with this service.
    types: Vec<String>,
    /// Whether the VPC endpoint that serves this service is `available` (`VpcEndpoints[].State`).
    available: Fact<bool>,
    /// The state of the VPC endpoint that serves this service, as AWS returns the state; null without a VPC
    /// endpoint.
    state: Option<String>,
    /// The last error of the VPC endpoint that serves this service, in AWS's words; null if AWS returns no
    /// error.
    last_error: Option<String>,
    /// Whether private DNS is enabled on the VPC endpoint that serves this service, independent of the VPC's
    /// DNS attributes.
    private_dns_enabled: bool,
    /// The id of a private hosted zone of the VPC with the name that private DNS of the VPC endpoint would have.
    /// EC2 refuses private DNS beside that private hosted zone. Null without one.
    own_zone: Option<String>,
    /// Whether the service's own names all resolve to the VPC endpoint that serves this service. Decided by
    /// private DNS (`VpcEndpoints[].PrivateDnsEnabled`, `DnsOptions`), the VPC's DNS attributes
    /// (`VpcAttributes`), hosted zones (`ResourceRecordSetsByZone`), Route 53 Profiles, Resolver rules
    /// (`ResolverRules`) and DNS Firewall. Names of a gateway VPC endpoint's service have to resolve to public
    /// addresses.
    private_dns: Fact<bool>,
    /// The objects that block the DNS lookup of the service's names on nodes, with the reason
    /// (`FirewallRules`, `ResolverRules`).
    name_blockers: Vec<String>,
    /// Whether the service's clients on nodes cannot be configured with another host name
    /// (`rules/eks/services.yaml`).
    name_fixed: bool,
    /// Whether S3's own names resolve to the VPC endpoint that serves this service only for queries through
    /// an inbound Resolver endpoint.
    inbound_only: bool,
    /// Whether the VPC has both DNS attributes that private DNS needs.
    dns_attributes: Fact<bool>,
    /// The zones in which the VPC endpoint that serves this service has a network interface.
    endpoint_zones: Vec<String>,
    /// The zones of the nodes' subnets.
    node_zones: Fact<Vec<String>>,
    /// Zones with nodes in which the VPC endpoint that serves this service has no network interface.
    missing_zones: Fact<Vec<String>>,
    /// Whether the VPC endpoint that serves this service has a network interface in every zone with nodes
    /// (`VpcEndpoints[].SubnetIds`, `Subnets[].AvailabilityZoneId`); true for a gateway VPC endpoint.
    covers_node_zones: Fact<bool>,
    /// Zones with nodes in which AWS offers no VPC endpoint for the service.
    zones_without_offer: Fact<Vec<String>>,
    /// Whether AWS offers a VPC endpoint for the service in every zone with nodes; true for a gateway VPC
    /// endpoint.
    offered_in_node_zones: Fact<bool>,
    /// `IpAddressType` of the VPC endpoint that serves this service.
    address_type: Option<String>,
    /// `DnsOptions.DnsRecordIpType` of the VPC endpoint that serves this service.
    record_type: Option<String>,
    /// Whether the names of the VPC endpoint that serves this service (`VpcEndpoints[].DnsOptions`) resolve to
    /// addresses of a family that nodes and pods have. All have IPv4 addresses. Those of an IPv6 cluster
    /// (`cluster.kubernetesNetworkConfig.ipFamily`) also have IPv6 addresses, if the nodes' subnets assign
    /// IPv6 addresses (`Subnets[].AssignIpv6AddressOnCreation`).
    answers_clients: Fact<bool>,
    /// Whether a subnet with nodes has no route out of the VPC.
    isolated: Fact<bool>,
    /// Why subnets with nodes have no route out of the VPC: the route table of each, or the NAT gateway.
    isolated_because: Vec<String>,
    /// Whether every subnet with nodes has a route to the internet (`RouteTables[].Routes`), and no client
    /// outside the VPC needs the service. True as well where kubelet and containerd of every node call the
    /// service through an HTTP proxy (`LaunchTemplateVersions[].LaunchTemplateData.UserData`).
    other_way: Fact<bool>,
    /// Whether the policy of the VPC endpoint that serves this service allows the minimum that nodes need
    /// (`VpcEndpoints[].PolicyDocument`).
    policy_allows: Fact<bool>,
    /// Why the policy of the VPC endpoint that serves this service denies the minimum that nodes need; null
    /// if the policy allows the minimum.
    policy_problem: Option<String>,
    /// Whether the policy of the VPC endpoint that serves this service (`VpcEndpoints[].PolicyDocument`)
    /// allows what only some nodes need. Examples: images of the account's own registry and of Bottlerocket,
    /// packages and agents in AWS's buckets.
    policy_allows_more: Fact<bool>,
    /// What stops for some nodes because of the VPC endpoint's policy, with the reason.
    policy_lacks: Vec<String>,
    /// One subnet with nodes for each zone, for a fix.
    node_subnet_per_zone: Vec<String>,
    /// One subnet with nodes for each zone in which the VPC endpoint has no network interface, for a fix.
    missing_zone_subnets: Vec<String>,
    /// The effective route tables of the nodes' subnets, for a fix.
    node_route_tables: Vec<String>,
    /// A security group for a new VPC endpoint, for a fix: that of another VPC endpoint, else the cluster's.
    security_group: String,
}

/// One subject for each service of the matrix.
pub(crate) fn derive(context: &Context<'_>) -> Subjects {
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let used = features::used(context, matrix);
    let pods = |endpoint: &VpcEndpoint| pod_addresses::towards(context, endpoint);
    let senders = Senders::new(context, &used, &pods);
    let clients = Clients::new(context);
    let group = security_group(context, matrix);
    let listed = matrix
        .services
        .iter()
        .map(|(suffix, service)| {
            let (needed, needed_by) = features::needed(matrix, &used, suffix);
            let mut facts = of_service(context, &senders, &clients, suffix, service);
            facts.needed = Fact(needed);
            facts.needed_by = needed_by;
            facts.needed_because = features::shown(matrix, &used, suffix);
            let (essential, optional_for) = features::essential(matrix, &used, suffix);
            (facts.essential, facts.optional_for) = (Fact(essential), optional_for);
            facts.security_group.clone_from(&group);
            let outside = features::needed_outside(matrix, &used, suffix, "hybrid-nodes");
            let inside = outside.clone().map(|outside| !outside);
            let routed = known::and(inside, clients.other_way.clone());
            facts.other_way = Fact(known::or(routed, node_proxy::proxied(context, suffix)));
            facts.isolated_because.clone_from(&clients.isolated_because);
            if outside != Ok(false) {
                let led = hybrid_endpoints(context, suffix, service);
                facts.reachable_from_outside = Fact(known::or(facts.reachable_from_outside.0.clone(), led));
            }
            facts.needed_outside = Fact(outside);
            Subject::new("service", suffix, None, &facts)
        })
        .collect();
    Subjects { listed, unlisted: Vec::new() }
}

fn of_service(
    context: &Context<'_>,
    senders: &Senders<'_>,
    clients: &Clients,
    suffix: &str,
    service: &Service,
) -> ServiceFacts {
    let offer = service_names::offer(context, suffix, service);
    let offered = offer.clone().map(|offer| offer.is_some());
    let detail = offer.clone().ok().flatten();
    let existing = service_endpoint::of(context, suffix, service);
    let best = existing.clone().map(|list| list.first().copied());
    let shared = unseen::of_owner(context, &clients.subnets);
    let none_here = matches!(&best, Ok(None));
    // In a shared VPC an endpoint that is not seen is not absent.
    let best = if none_here && !shared.is_empty() { Err(shared) } else { best };
    let served = match &best {
        Ok(Some(_)) => Ok(true),
        Ok(None) => known::proved(false, unseen::unread(context, &clients.subnets, (suffix, service))),
        Err(_) if none_here => Err(unseen::unread(context, &clients.subnets, (suffix, service))),
        Err(missing) => Err(missing.clone()),
    };
    let found = best.clone().ok().flatten();
    // Of an endpoint that does not exist every "is it right" is false, of an unread one unknown.
    let on = |ask: &dyn Fn(&VpcEndpoint) -> Known<bool>| match &best {
        Ok(Some(endpoint)) => Fact(ask(endpoint)),
        Ok(None) => Fact::known(false),
        Err(missing) => Fact(Err(missing.clone())),
    };
    let zones = EndpointZones::new(context, clients, &best, offered_zones(detail).as_ref());
    let policy = match &best {
        Ok(Some(endpoint)) => policy::judge(context, senders, endpoint, suffix, service, detail),
        Ok(None) => PolicyVerdict::all(Ok(false)),
        Err(missing) => PolicyVerdict::all(Err(missing.clone())),
    };
    ServiceFacts {
        id: suffix.to_owned(),
        name: None,
        needed: Fact::known(false),
        needed_by: Vec::new(),
        needed_because: Vec::new(),
        essential: Fact::known(false),
        optional_for: Vec::new(),
        needed_outside: Fact::known(false),
        reachable_from_outside: Fact(from_outside(context, &existing)),
        not_offered: offered == Ok(false),
        offered: Fact(offered),
        service_name: service_name(context, suffix, service, detail),
        service_region: region_elsewhere(context, service, detail),
        central: found.is_some_and(|endpoint| vpc_endpoint::is_central(context, endpoint)),
        endpoint_vpc: found.and_then(|endpoint| endpoint.vpc_id.clone()),
        endpoint_exists: on(&|_| Ok(true)),
        served: Fact(served),
        endpoints: existing.unwrap_or_default().iter().map(|one| one.vpc_endpoint_id.clone()).collect(),
        endpoint: found.map(|endpoint| endpoint.vpc_endpoint_id.clone()),
        interface: on(&|endpoint| vpc_endpoint::is_interface(context, endpoint)),
        type_right: on(&|endpoint| vpc_endpoint::type_right(context, endpoint, service)),
        types: service.types.clone(),
        available: on(&|endpoint| vpc_endpoint::available(context, endpoint)),
        state: found.and_then(|endpoint| endpoint.state.clone()),
        last_error: found.and_then(last_error),
        private_dns: on(&|endpoint| service_endpoint::names_served(context, endpoint)),
        private_dns_enabled: found.is_some_and(|endpoint| endpoint.private_dns_enabled == Some(true)),
        name_blockers: service_endpoint::name_blockers(context, suffix, service),
        own_zone: found.and_then(|endpoint| own_zone(context, endpoint)),
        name_fixed: service.name_fixed,
        inbound_only: found.is_some_and(|endpoint| vpc_endpoint::inbound_only(context, endpoint) == Ok(true)),
        dns_attributes: Fact(service_endpoint::dns_attributes(context)),
        endpoint_zones: zones.endpoint.iter().cloned().collect(),
        covers_node_zones: Fact(zones.missing.clone().map(|missing| missing.is_empty())),
        missing_zone_subnets: clients.one_per_zone(zones.missing.as_ref().ok()),
        offered_in_node_zones: Fact(zones.unoffered.clone().map(|zones| zones.is_empty())),
        zones_without_offer: Fact(zones.unoffered.map(|zones| zones.into_iter().collect())),
        address_type: found.and_then(|endpoint| endpoint.ip_address_type.clone()),
        record_type: found.and_then(record_type),
        answers_clients: on(&|endpoint| answers_clients(context, clients, endpoint)),
        hidden_by: service_endpoint::hidden_by(context, suffix, service)
            .filter(|_| found.is_none())
            .map(|above| above.vpc_endpoint_id.clone()),
        missing_zones: Fact(zones.missing.map(|missing| missing.into_iter().collect())),
        node_zones: Fact(clients.zones.clone().map(|zones| zones.into_keys().collect())),
        isolated: Fact(clients.isolated.clone()),
        isolated_because: Vec::new(),
        other_way: Fact(clients.other_way.clone()),
        policy_allows: Fact(policy.allows),
        policy_problem: (!policy.problems.is_empty()).then(|| policy.problems.join("; ")),
        policy_allows_more: Fact(policy.allows_more),
        policy_lacks: policy.lacks,
        node_subnet_per_zone: clients.one_per_zone(offered_zones(detail).as_ref()),
        node_route_tables: clients.tables.iter().cloned().collect(),
        security_group: String::new(),
    }
}

/// Whether one of the endpoints serves what is outside the VPC: not a gateway
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html>).
fn from_outside(context: &Context<'_>, existing: &Known<Vec<&VpcEndpoint>>) -> Known<bool> {
    known::any(existing.clone()?.into_iter().map(|endpoint| {
        let serves = vpc_endpoint::is_interface(context, endpoint);
        known::and(serves, vpc_endpoint::available(context, endpoint))
    }))
}

/// Whether the service's names lead every network of hybrid nodes to an available VPC endpoint, wherever it is.
fn hybrid_endpoints(context: &Context<'_>, suffix: &str, service: &Service) -> Known<bool> {
    let nodes = ends::of_role(context, "hybrid-nodes");
    let mut all = vec![Ok(!nodes.known.is_empty())];
    for client in nodes.known.iter().filter_map(OutsideClient::hybrid) {
        let led = client.led_to(context, suffix, service);
        let endpoints = led.endpoints.iter().map(|endpoint| vpc_endpoint::available(context, endpoint));
        all.push(known::any(endpoints.chain((!led.missing.is_empty()).then_some(Err(led.missing.clone())))));
    }
    known::all(all)
}

/// A hosted zone that is associated with the VPC, of a name that private DNS of the VPC endpoint would have: EC2 then
/// refuses private DNS, for there is "already a conflicting DNS domain"
/// (<https://dev.classmethod.jp/articles/when-creating-a-vpc-endpoint-a-conflict-occurs-what-is-the-problem>).
fn own_zone(context: &Context<'_>, endpoint: &VpcEndpoint) -> Option<String> {
    let vpc = context.vpc.as_deref().ok()?;
    let domains: Vec<String> =
        private_names::patterns(context, endpoint).iter().map(|pattern| domain(pattern)).collect();
    let all = context.snapshot.aws.hosted_zones_by_vpc.iter().flatten().filter(|one| one.vpc_id == vpc);
    let own = all.flat_map(|one| &one.hosted_zone_summaries).find(|zone| {
        let is_service = zone.owner.as_ref().is_some_and(|owner| owner.owning_service.is_some());
        !is_service && zone.name.as_deref().is_some_and(|name| domains.contains(&domain(name)))
    })?;
    own.hosted_zone_id.clone()
}

/// The home of a global service that the cluster's region does not list.
fn region_elsewhere(
    context: &Context<'_>,
    service: &Service,
    detail: Option<&ServiceDetail>,
) -> Option<String> {
    let home = service.home.get(&context.partition)?;
    (detail.is_none() && context.region.as_ref() != Some(home)).then(|| home.clone())
}

fn record_type(endpoint: &VpcEndpoint) -> Option<String> {
    endpoint.dns_options.as_ref()?.dns_record_ip_type.clone()
}

/// Whether clients have addresses of the families that an endpoint's names have records for.
fn answers_clients(context: &Context<'_>, clients: &Clients, endpoint: &VpcEndpoint) -> Known<bool> {
    let families = vpc_endpoint::record_families(context, endpoint)?;
    if families.v4 {
        return Ok(true);
    }
    // https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    let assign =
        clients.subnets.iter().map(|id| {
            context.network.subnet(id)?.assign_ipv6_address_on_creation.ok_or_else(|| {
                vec![context.field("Subnets", &format!("AssignIpv6AddressOnCreation of {id}"))]
            })
        });
    known::all(std::iter::once(cluster::ipv6(context)).chain(assign))
}

fn last_error(endpoint: &VpcEndpoint) -> Option<String> {
    let error = endpoint.last_error.as_ref();
    let message = error.and_then(|error| error.message.clone().or_else(|| error.code.clone()));
    message.or_else(|| endpoint.failure_reason.clone())
}

/// A group for a new endpoint: that of the first endpoint with one, else the cluster's own.
fn security_group(context: &Context<'_>, matrix: &services::Matrix) -> String {
    group_for_endpoint(context, matrix).unwrap_or_else(|| "SECURITY_GROUP".into())
}

#[cfg(test)]
mod tests;

//! The AWS services that nodes need, and the VPC endpoints that serve them: one subject for each
//! service of the matrix, needed or not.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use crate::network::{Egress, Known, Missing};
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

use super::endpoint_policy::{self, Senders, Verdict};
use super::features::{self, Service};
use super::{Context, Fact, Subject, Subjects, endpoints};

/// What rules see of a service.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_excessive_bools)] // Each is a question of its own that rules ask.
struct ServiceFacts {
    /// The ending of the service's name, for instance `ecr.api`.
    id: String,
    /// Null.
    name: Option<String>,
    /// Whether a feature of the cluster needs it: features are detected (`addons`, `nodegroups`,
    /// `fargateProfileNames`, `associations`, …) or declared.
    needed: Fact<bool>,
    /// The features that are known to need it.
    needed_by: Vec<String>,
    /// Whether the region offers an endpoint for it.
    offered: Fact<bool>,
    /// Whether it is certain that the region does not.
    not_offered: bool,
    /// The full name that an endpoint is created with.
    service_name: String,
    /// Whether the VPC has an endpoint for it, in whatever state (`VpcEndpoints[].ServiceName`).
    endpoint_exists: Fact<bool>,
    /// Whether the VPC has an endpoint for it (`VpcEndpoints[].ServiceName`), or another VPC's serves
    /// its nodes; unknown where only what cannot be read would tell.
    served: Fact<bool>,
    /// The ids of the VPC's endpoints for it, the best one first.
    endpoints: Vec<String>,
    /// The id of the best one; null where there is none, or it is unknown.
    endpoint: Option<String>,
    /// Whether the best one is an interface endpoint (`VpcEndpoints[].VpcEndpointType`).
    interface: Fact<bool>,
    /// Whether the best one's type can serve nodes (`VpcEndpoints[].VpcEndpointType`).
    type_right: Fact<bool>,
    /// Types that can.
    types: Vec<String>,
    /// Whether the best one is available (`VpcEndpoints[].State`).
    available: Fact<bool>,
    /// The best one's state, as AWS spells it; null where there is none.
    state: Option<String>,
    /// Why the best one failed, in AWS's words; null where AWS says nothing.
    last_error: Option<String>,
    /// Whether private DNS is on at the best one, whatever the VPC makes of it.
    private_dns_enabled: bool,
    /// Whether nodes that use the service's own name come to the best one: private DNS is on
    /// (`VpcEndpoints[].PrivateDnsEnabled`, `DnsOptions`), the VPC has its DNS attributes
    /// (`VpcAttributes`), and no resolver rule takes the name elsewhere (`ResolverRules`). A gateway
    /// needs no names.
    private_dns: Fact<bool>,
    /// Whether its clients on nodes cannot be told another host name (`rules/eks/services.yaml`).
    name_fixed: bool,
    /// Whether S3's own names lead to the best one only for what comes in through a resolver endpoint.
    inbound_only: bool,
    /// Whether the VPC has both DNS attributes that private DNS needs.
    dns_attributes: Fact<bool>,
    /// The zones that the best one has an interface in.
    endpoint_zones: Vec<String>,
    /// The zones of the nodes' subnets.
    node_zones: Fact<Vec<String>>,
    /// Zones with nodes and without an interface of the best one.
    missing_zones: Fact<Vec<String>>,
    /// Whether the best one has an interface in every zone with nodes (`VpcEndpoints[].SubnetIds`,
    /// `Subnets[].AvailabilityZoneId`); true for a gateway.
    covers_node_zones: Fact<bool>,
    /// Whether some subnet with nodes has no way out at all.
    isolated: Fact<bool>,
    /// Whether every subnet with nodes has a way to the internet (`RouteTables[].Routes`).
    other_way: Fact<bool>,
    /// Whether the best one's policy allows the least that nodes need
    /// (`VpcEndpoints[].PolicyDocument`).
    policy_allows: Fact<bool>,
    /// What decides against it; null where nothing does.
    policy_problem: Option<String>,
    /// Whether the best one's policy (`VpcEndpoints[].PolicyDocument`) allows what some nodes need
    /// besides: images of the account's own registry and of Bottlerocket, packages and agents in AWS's
    /// buckets.
    policy_allows_more: Fact<bool>,
    /// What stops without it, and what decides against it.
    policy_lacks: Vec<String>,
    /// One subnet with nodes for each zone, for a fix.
    node_subnet_per_zone: Vec<String>,
    /// One subnet with nodes for each zone that lacks an interface, for a fix.
    missing_zone_subnets: Vec<String>,
    /// The effective route tables of the nodes' subnets, for a fix.
    node_route_tables: Vec<String>,
    /// A security group for a new endpoint, for a fix: that of another endpoint, else the cluster's.
    security_group: String,
}

/// The schema of a service's fields.
pub(super) fn schema() -> Schema {
    schema_for!(ServiceFacts)
}

/// One subject for each service of the matrix.
pub(super) fn derive(context: &Context<'_>) -> Subjects {
    let matrix = match features::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let used = features::used(context, matrix);
    let senders = Senders::new(context, &used);
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
            facts.security_group.clone_from(&group);
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
    let offer = endpoints::offer(context, suffix, service);
    let offered = offer.clone().map(|offer| offer.is_some());
    let detail = offer.clone().ok().flatten();
    let existing = endpoints::of(context, suffix, service);
    let best = existing.clone().map(|list| list.first().copied());
    let shared = endpoints::of_owner(context, &clients.subnets);
    let none_here = matches!(&best, Ok(None));
    // In a shared VPC an endpoint that is not seen is not absent.
    let best = if none_here && !shared.is_empty() { Err(shared) } else { best };
    let served = match &best {
        Ok(Some(_)) => Ok(true),
        Ok(None) => match endpoints::elsewhere(context, suffix, detail) {
            missing if missing.is_empty() => Ok(false),
            missing => Err(missing),
        },
        Err(_) if none_here => Err(endpoints::elsewhere(context, suffix, detail)),
        Err(missing) => Err(missing.clone()),
    };
    let found = best.clone().ok().flatten();
    // Of an endpoint that does not exist every "is it right" is false, of an unread one unknown.
    let on = |ask: &dyn Fn(&VpcEndpoint) -> Known<bool>| match &best {
        Ok(Some(endpoint)) => Fact(ask(endpoint)),
        Ok(None) => Fact::known(false),
        Err(missing) => Fact(Err(missing.clone())),
    };
    let zones = Zones::new(context, clients, &best, offered_zones(detail).as_ref());
    let policy = match &best {
        Ok(Some(endpoint)) => endpoint_policy::judge(context, senders, endpoint, service, detail),
        Ok(None) => Verdict::all(Ok(false)),
        Err(missing) => Verdict::all(Err(missing.clone())),
    };
    ServiceFacts {
        id: suffix.to_owned(),
        name: None,
        needed: Fact::known(false),
        needed_by: Vec::new(),
        not_offered: offered == Ok(false),
        offered: Fact(offered),
        service_name: service_name(context, suffix, service, detail),
        endpoint_exists: on(&|_| Ok(true)),
        served: Fact(served),
        endpoints: existing.unwrap_or_default().iter().map(|one| one.vpc_endpoint_id.clone()).collect(),
        endpoint: found.map(|endpoint| endpoint.vpc_endpoint_id.clone()),
        interface: on(&|endpoint| endpoints::is_interface(context, endpoint)),
        type_right: on(&|endpoint| endpoints::type_right(context, endpoint, service)),
        types: service.types.clone(),
        available: on(&|endpoint| endpoints::available(context, endpoint)),
        state: found.and_then(|endpoint| endpoint.state.clone()),
        last_error: found.and_then(last_error),
        private_dns: on(&|endpoint| endpoints::names_served(context, endpoint)),
        private_dns_enabled: found.is_some_and(|endpoint| endpoint.private_dns_enabled == Some(true)),
        name_fixed: service.name_fixed,
        inbound_only: found.is_some_and(|endpoint| endpoints::inbound_only(context, endpoint)),
        dns_attributes: Fact(endpoints::dns_attributes(context)),
        endpoint_zones: zones.endpoint.iter().cloned().collect(),
        covers_node_zones: Fact(zones.missing.clone().map(|missing| missing.is_empty())),
        missing_zone_subnets: clients.one_per_zone(zones.missing.as_ref().ok()),
        missing_zones: Fact(zones.missing.map(|missing| missing.into_iter().collect())),
        node_zones: Fact(clients.zones.clone().map(|zones| zones.into_keys().collect())),
        isolated: Fact(clients.isolated.clone()),
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

/// The subnets whose nodes call AWS.
struct Clients {
    subnets: BTreeSet<String>,
    /// By zone the first of its subnets.
    zones: Known<BTreeMap<String, String>>,
    tables: BTreeSet<String>,
    isolated: Known<bool>,
    other_way: Known<bool>,
}

impl Clients {
    fn new(context: &Context<'_>) -> Self {
        let (subnets, unlisted) = endpoints::client_subnets(context);
        let mut zones = BTreeMap::new();
        let mut no_zone = unlisted.clone();
        let mut tables = BTreeSet::new();
        let (mut isolated, mut covered, mut unclear) = (false, true, unlisted);
        let gives_addresses = |id: &str| {
            context.network.subnet(id).is_ok_and(|subnet| subnet.map_public_ip_on_launch == Some(true))
        };
        for id in &subnets {
            match context.network.subnet(id).map(|subnet| subnet.availability_zone.clone()) {
                Ok(Some(zone)) => {
                    zones.entry(zone).or_insert_with(|| id.clone());
                }
                Ok(None) => no_zone.push(context.field("Subnets", &format!("AvailabilityZone of {id}"))),
                Err(missing) => no_zone.extend(missing),
            }
            if let Ok(table) = context.network.effective_route_table(id) {
                tables.insert(table.route_table_id.clone());
            }
            match context.network.egress(id) {
                Ok(Egress::Isolated) => (isolated, covered) = (true, false),
                Ok(Egress::Nat) => {}
                Ok(Egress::Internet) if gives_addresses(id) => {}
                // An internet gateway serves public addresses only:
                // https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
                Ok(Egress::Internet) => unclear.push(Missing::unmodelled(format!(
                    "whether what runs in {id}, which gives no public addresses, has any for its internet gateway"
                ))),
                Ok(Egress::Inspected { target }) => {
                    unclear.push(Missing::unmodelled(format!(
                        "what {target} does with packets to the internet"
                    )));
                }
                Err(missing) => unclear.extend(missing),
            }
        }
        unclear.sort();
        unclear.dedup();
        let known = |definite: bool, value: bool| {
            if definite || unclear.is_empty() { Ok(value) } else { Err(unclear.clone()) }
        };
        Self {
            zones: if no_zone.is_empty() { Ok(zones) } else { Err(no_zone) },
            tables,
            isolated: known(isolated, isolated),
            other_way: known(!covered, covered && !subnets.is_empty()),
            subnets,
        }
    }

    /// One subnet for each of these zones, or for each zone.
    fn one_per_zone(&self, only: Option<&BTreeSet<String>>) -> Vec<String> {
        let zones = self.zones.as_ref().into_iter().flatten();
        zones
            .filter(|(zone, _)| only.is_none_or(|only| only.contains(*zone)))
            .map(|(_, subnet)| subnet.clone())
            .collect()
    }
}

/// Where an endpoint has interfaces, and where it lacks them.
struct Zones {
    endpoint: BTreeSet<String>,
    missing: Known<BTreeSet<String>>,
}

impl Zones {
    /// A zone that the service is not offered in (`offered`) cannot be lacking.
    fn new(
        context: &Context<'_>,
        clients: &Clients,
        best: &Known<Option<&VpcEndpoint>>,
        offered: Option<&BTreeSet<String>>,
    ) -> Self {
        let none = |missing| Self { endpoint: BTreeSet::new(), missing };
        let endpoint = match best {
            Ok(Some(endpoint)) => match endpoints::is_interface(context, endpoint) {
                Ok(true) => endpoint,
                // A gateway has no interfaces.
                Ok(false) => return none(Ok(BTreeSet::new())),
                Err(missing) => return none(Err(missing)),
            },
            // An endpoint that does not exist lacks no zone.
            Ok(None) => return none(Ok(BTreeSet::new())),
            Err(missing) => return none(Err(missing.clone())),
        };
        let mut of_endpoint = BTreeSet::new();
        let mut unknown = Vec::new();
        for id in &endpoint.subnet_ids {
            match context.network.subnet(id).map(|subnet| subnet.availability_zone.clone()) {
                Ok(Some(zone)) => {
                    of_endpoint.insert(zone);
                }
                Ok(None) => unknown.push(context.field("Subnets", &format!("AvailabilityZone of {id}"))),
                Err(missing) => unknown.extend(missing),
            }
        }
        let missing = match &clients.zones {
            Ok(zones) if unknown.is_empty() => {
                let could_be = |zone: &&String| offered.is_none_or(|offered| offered.contains(*zone));
                let lacking = zones.keys().filter(|zone| !of_endpoint.contains(*zone));
                Ok(lacking.filter(could_be).cloned().collect())
            }
            Ok(_) => Err(unknown),
            Err(missing) => Err(missing.clone()),
        };
        Self { endpoint: of_endpoint, missing }
    }
}

/// The zones that a service offers endpoints in, where AWS says so: Local Zones are never among them.
fn offered_zones(detail: Option<&ServiceDetail>) -> Option<BTreeSet<String>> {
    let zones: BTreeSet<String> = detail?.availability_zones.iter().cloned().collect();
    (!zones.is_empty()).then_some(zones)
}

/// Whether every subnet that calls AWS has a way to the internet.
pub(super) fn other_way(context: &Context<'_>) -> Known<bool> {
    Clients::new(context).other_way
}

/// The name that `create-vpc-endpoint` wants: what AWS offers, else the usual form.
pub(super) fn service_name(
    context: &Context<'_>,
    suffix: &str,
    service: &Service,
    detail: Option<&ServiceDetail>,
) -> String {
    if let Some(detail) = detail {
        return detail.service_name.clone();
    }
    if service.global {
        return format!("com.amazonaws.{suffix}");
    }
    // In China gateway endpoints keep the common prefix.
    let gateway = service.types.first().is_some_and(|kind| kind == "Gateway");
    let prefix = if context.partition == "aws-cn" && !gateway { "cn.com.amazonaws" } else { "com.amazonaws" };
    format!("{prefix}.{}.{suffix}", context.region.as_deref().unwrap_or("REGION"))
}

fn last_error(endpoint: &VpcEndpoint) -> Option<String> {
    let error = endpoint.last_error.as_ref();
    let message = error.and_then(|error| error.message.clone().or_else(|| error.code.clone()));
    message.or_else(|| endpoint.failure_reason.clone())
}

fn group_ids(endpoint: &VpcEndpoint) -> Vec<String> {
    endpoint.groups.iter().filter_map(|group| group.group_id.clone()).collect()
}

/// A group for a new endpoint: that of the first endpoint with one, else the cluster's own.
fn security_group(context: &Context<'_>, matrix: &features::Matrix) -> String {
    group_for_endpoint(context, matrix).unwrap_or_else(|| "SECURITY_GROUP".into())
}

/// The group that a new endpoint can have, where one is known.
pub(super) fn group_for_endpoint(context: &Context<'_>, matrix: &features::Matrix) -> Option<String> {
    let with_groups = matrix
        .services
        .iter()
        .filter_map(|(suffix, service)| endpoints::of(context, suffix, service).ok())
        .flatten()
        .find_map(|endpoint| group_ids(endpoint).into_iter().next());
    let planned = || context.plan().and_then(|plan| plan.security_groups.first().cloned());
    let own = || context.vpc_config().ok().and_then(|config| config.cluster_security_group_id.clone());
    with_groups.or_else(planned).or_else(own)
}

#[cfg(test)]
#[path = "services_tests.rs"]
mod tests;

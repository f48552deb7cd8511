//! Where the callers of AWS services are: the subnets of nodes and Fargate profiles, their zones and their
//! egress; and in which of those zones a VPC endpoint has no network interface.

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::inventory::subnets;
use crate::network::Egress;
use crate::snapshot::aws::ec2::{ServiceDetail, VpcEndpoint};

/// The subnets whose nodes call AWS.
pub(crate) struct Clients {
    /// Their ids.
    pub subnets: BTreeSet<String>,
    /// By zone the first of its subnets.
    pub zones: Known<BTreeMap<String, String>>,
    /// Their effective route tables.
    pub tables: BTreeSet<String>,
    /// Whether a subnet among them has no route out of the VPC.
    pub isolated: Known<bool>,
    /// Why those have none, one for each.
    pub isolated_because: Vec<String>,
    /// Whether every one of them has a route to the internet.
    pub other_way: Known<bool>,
}

impl Clients {
    /// Looks at the subnets of nodes and Fargate profiles.
    pub fn new(context: &Context<'_>) -> Self {
        let (subnets, unlisted) = subnets::client_subnets(context);
        let mut zones = BTreeMap::new();
        let mut no_zone = unlisted.clone();
        let mut tables = BTreeSet::new();
        let (mut isolated, mut unclear) = (false, unlisted);
        let mut because = Vec::new();
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
            match way_out(context, id) {
                Ok(true) => {}
                Ok(false) => {
                    isolated = true;
                    let cause = context.network.egress_cause(id).ok().flatten();
                    because.push(cause.map_or_else(|| id.clone(), |cause| format!("{id}: {}", cause.reason)));
                }
                Err(missing) => unclear.extend(missing),
            }
        }
        let isolated = known::proved(isolated, unclear);
        Self {
            zones: known::complete(no_zone).map(|()| zones),
            tables,
            other_way: known::not(isolated.clone()).map(|covered| covered && !subnets.is_empty()),
            isolated,
            isolated_because: because,
            subnets,
        }
    }

    /// One subnet for each of these zones, or for each zone.
    pub fn one_per_zone(&self, only: Option<&BTreeSet<String>>) -> Vec<String> {
        let zones = self.zones.as_ref().into_iter().flatten();
        zones
            .filter(|(zone, _)| only.is_none_or(|only| only.contains(*zone)))
            .map(|(_, subnet)| subnet.clone())
            .collect()
    }
}

/// Where an endpoint has interfaces, and where it lacks them.
pub(crate) struct EndpointZones {
    /// Those with an interface.
    pub endpoint: BTreeSet<String>,
    /// Those with clients and without an interface.
    pub missing: Known<BTreeSet<String>>,
    /// Those with clients where the service is not offered.
    pub unoffered: Known<BTreeSet<String>>,
}

impl EndpointZones {
    /// A zone that the service is not offered in (`offered`) cannot be lacking.
    pub fn new(
        context: &Context<'_>,
        clients: &Clients,
        best: &Known<Option<&VpcEndpoint>>,
        offered: Option<&BTreeSet<String>>,
    ) -> Self {
        let none = |missing: Known<BTreeSet<String>>| Self {
            endpoint: BTreeSet::new(),
            unoffered: missing.clone(),
            missing,
        };
        let endpoint = match best {
            Ok(Some(endpoint)) => match vpc_endpoint::is_interface(context, endpoint) {
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
        let unoffered = match (&clients.zones, offered) {
            (Ok(zones), Some(offered)) => {
                Ok(zones.keys().filter(|zone| !offered.contains(*zone)).cloned().collect())
            }
            (Err(missing), _) => Err(missing.clone()),
            (Ok(_), None) => {
                let name = endpoint.service_name.as_deref().unwrap_or_default();
                Err(vec![context.missing("ServiceDetails", Some(name))])
            }
        };
        Self { endpoint: of_endpoint, missing, unoffered }
    }
}

/// The zones that a service offers endpoints in, where AWS says so: Local Zones are never among them.
pub(crate) fn offered_zones(detail: Option<&ServiceDetail>) -> Option<BTreeSet<String>> {
    let zones: BTreeSet<String> = detail?.availability_zones.iter().cloned().collect();
    (!zones.is_empty()).then_some(zones)
}

/// Whether a subnet has a route to the internet, and public addresses where the route needs them.
pub(crate) fn way_out(context: &Context<'_>, id: &str) -> Known<bool> {
    let unclear = |what: String| Err(vec![Missing::unmodelled(what)]);
    match context.network.egress(id)? {
        Egress::Isolated => Ok(false),
        Egress::Nat => Ok(true),
        Egress::Internet if context.network.subnet(id)?.map_public_ip_on_launch == Some(true) => Ok(true),
        // An internet gateway serves public addresses only:
        // https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
        Egress::Internet => unclear(format!(
            "public addresses of nodes in {id}; the subnet assigns none for its internet gateway"
        )),
        Egress::Inspected { target } => {
            unclear(format!("the path through {target} for packets to the internet"))
        }
    }
}

/// Whether every subnet that calls AWS has a route to the internet.
pub(crate) fn other_way(context: &Context<'_>) -> Known<bool> {
    Clients::new(context).other_way
}

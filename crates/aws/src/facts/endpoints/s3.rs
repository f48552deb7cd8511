//! How a subnet's packets reach S3: through a gateway endpoint in its effective route table, or
//! through an interface endpoint that answers for S3's own names.

use privek_core::known::{self, Known, Missing};
use privek_core::subject::Fact;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::base::domain_name;
use crate::facts::inventory::subnets;
use crate::snapshot::aws::ec2::{RouteTable, VpcEndpoint};

use super::{centralized, service_endpoint};

/// A subnet's path to S3.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum S3Route<'s> {
    /// A route to a gateway endpoint.
    Gateway {
        /// The endpoint.
        endpoint: &'s VpcEndpoint,
    },
    /// An interface endpoint under S3's own names.
    Interface {
        /// The endpoint.
        endpoint: &'s VpcEndpoint,
    },
    /// Neither.
    None,
}

/// What rules see of a subnet's path to S3.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct S3RouteFacts {
    /// Whether there is a path.
    pub open: Fact<bool>,
    /// An endpoint that is available and could serve the subnet; `None` where there is none at all.
    /// An interface endpoint that does not answer for S3's own names could not.
    pub endpoint: Fact<Option<String>>,
}

/// The S3 endpoints of the VPC.
#[derive(Debug)]
pub(crate) struct S3<'c, 's> {
    context: &'c Context<'s>,
    /// Those that are available; unknown where the owner of a shared subnet may have others.
    usable: Known<Vec<&'s VpcEndpoint>>,
    /// What else answers for S3's own names: a gateway serves the addresses of Amazon's answer only.
    names_taken: Vec<Missing>,
}

impl<'c, 's> S3<'c, 's> {
    /// Looks for the VPC's S3 endpoints.
    pub fn new(context: &'c Context<'s>) -> Self {
        Self { context, usable: usable(context), names_taken: names_taken(context) }
    }

    /// A subnet's path to S3 through a VPC endpoint, as rules see it.
    pub fn route(&self, subnet: &str) -> S3RouteFacts {
        let serves =
            |endpoint: &&&VpcEndpoint| service_endpoint::names_served(self.context, endpoint) != Ok(false);
        let best =
            |usable: &Vec<&VpcEndpoint>| usable.iter().find(serves).map(|best| best.vpc_endpoint_id.clone());
        S3RouteFacts {
            open: Fact(self.way(subnet).map(|way| way != S3Route::None)),
            endpoint: Fact(self.usable.as_ref().map(best).map_err(Clone::clone)),
        }
    }

    /// A subnet's path to S3 through a VPC endpoint.
    pub fn way(&self, subnet: &str) -> Known<S3Route<'s>> {
        let usable = self.usable.as_ref().map_err(Clone::clone)?;
        let (mut unknown, mut gateways) = (Vec::new(), Vec::new());
        // An interface endpoint that answers for S3's own names gets all packets, whatever the routes:
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
        for &endpoint in usable {
            let served = match service_endpoint::is_interface(self.context, endpoint) {
                Ok(true) => service_endpoint::names_served(self.context, endpoint),
                Ok(false) => {
                    gateways.push(endpoint);
                    continue;
                }
                Err(missing) => Err(missing),
            };
            match served {
                Ok(true) => return Ok(S3Route::Interface { endpoint }),
                Ok(false) => {}
                Err(missing) => unknown.extend(missing),
            }
        }
        known::complete(unknown)?;
        let mut unknown = Vec::new();
        gateways.retain(|endpoint| service_endpoint::is_gateway(self.context, endpoint) == Ok(true));
        if !gateways.is_empty() {
            match self.context.network.effective_route_table(subnet) {
                Ok(table) => {
                    for endpoint in gateways {
                        match leads(self.context, table, endpoint) {
                            Ok(true) if self.names_taken.is_empty() => {
                                return Ok(S3Route::Gateway { endpoint });
                            }
                            Ok(true) => unknown.extend(self.names_taken.clone()),
                            Ok(false) => {}
                            Err(missing) => unknown.extend(missing),
                        }
                    }
                }
                Err(missing) => unknown.extend(missing),
            }
        }
        known::complete(unknown).map(|()| S3Route::None)
    }
}

/// Whether a route table has a route to a gateway endpoint, on both sides' word.
fn leads(context: &Context<'_>, table: &RouteTable, endpoint: &VpcEndpoint) -> Known<bool> {
    let route = table.routes.iter().find(|route| {
        route.gateway_id.as_deref() == Some(&endpoint.vpc_endpoint_id)
            && route.destination_prefix_list_id.is_some()
    });
    let Some(route) = route.filter(|_| endpoint.route_table_ids.contains(&table.route_table_id)) else {
        return Ok(false);
    };
    context.network.is_active(table, route)
}

/// Private hosted zones and forwarding rules of the VPC that answer for S3's own names in Amazon's place:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>.
fn names_taken(context: &Context<'_>) -> Vec<Missing> {
    let names = centralized::private_names(context, "s3", None);
    let holds = |domain: &str| names.iter().any(|name| domain_name::within(name, domain));
    let aws = &context.snapshot.aws;
    let mut taken = Vec::new();
    let zones = aws.hosted_zones_by_vpc.iter().flatten();
    let zones = zones.filter(|one| context.vpc.as_ref() == Ok(&one.vpc_id));
    for zone in zones.flat_map(|one| &one.hosted_zone_summaries) {
        let name = domain_name::domain(zone.name.as_deref().unwrap_or_default());
        if holds(&name) {
            taken.push(Missing::probe(format!(
                "the answer of private hosted zone {} ({name}) for {}",
                zone.hosted_zone_id.as_deref().unwrap_or("without an id"),
                names.join(", ")
            )));
        }
    }
    if let Ok(Some(rule)) = centralized::forwarding(context, |domain| {
        (domain.is_empty() || holds(domain)) && !kept(context, domain, &names)
    }) {
        taken.push(Missing::probe(format!(
            "the answer of the targets of resolver rule {rule} for {}",
            names.join(", ")
        )));
    }
    taken
}

/// Whether a more specific rule than one for this domain keeps the names with Amazon's resolver.
fn kept(context: &Context<'_>, forwarded: &str, names: &[String]) -> bool {
    let aws = &context.snapshot.aws;
    let applied = |id: &str| {
        aws.resolver_rule_associations.iter().flatten().any(|one| {
            one.resolver_rule_id.as_deref() == Some(id) && one.vpc_id.as_ref() == context.vpc.as_ref().ok()
        })
    };
    let system = |kind: Option<&str>| kind.is_some_and(|kind| kind.eq_ignore_ascii_case("SYSTEM"));
    aws.resolver_rules.iter().flatten().filter(|rule| system(rule.rule_type.as_deref())).any(|rule| {
        let domain = domain_name::domain(rule.domain_name.as_deref().unwrap_or_default());
        domain.len() > forwarded.len()
            && names.iter().any(|name| domain_name::within(name, &domain))
            && applied(&rule.id)
    })
}

/// The S3 endpoints that are available, the best first.
fn usable<'s>(context: &Context<'s>) -> Known<Vec<&'s VpcEndpoint>> {
    let matrix = services::matrix()?;
    let Some(service) = matrix.services.get("s3") else { return Ok(Vec::new()) };
    let mut unknown = Vec::new();
    let mut usable = Vec::new();
    for endpoint in service_endpoint::of(context, "s3", service)? {
        match service_endpoint::available(context, endpoint) {
            Ok(true) => usable.push(endpoint),
            Ok(false) => {}
            Err(missing) => unknown.extend(missing),
        }
    }
    if usable.is_empty() {
        unknown.extend(centralized::of_owner(context, &subnets::client_subnets(context).0));
    }
    known::complete(unknown).map(|()| usable)
}

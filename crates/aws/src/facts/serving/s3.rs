//! How a subnet's packets reach S3: through a gateway endpoint in its effective route table, or
//! through an interface endpoint that answers for S3's own names.

use privek_core::known::{self, Known};
use privek_core::subject::Fact;

use crate::catalogue::services;
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::inventory::subnets;
use crate::snapshot::aws::ec2::{RouteTable, VpcEndpoint};

use super::destination::Destination;
use super::{service_endpoint, unseen};

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
    /// What S3's own names resolve to: a gateway serves the addresses of Amazon's answer only.
    public: Known<bool>,
}

impl<'c, 's> S3<'c, 's> {
    /// Looks for the VPC's S3 endpoints.
    pub fn new(context: &'c Context<'s>) -> Self {
        Self { context, usable: usable(context), public: public(context) }
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

    /// Whether a subnet's route table has an active route to a gateway endpoint, whatever S3's names resolve to.
    pub fn has_gateway_route(&self, subnet: &str) -> bool {
        let Ok(table) = self.context.network.effective_route_table(subnet) else { return false };
        self.usable.iter().flatten().any(|endpoint| {
            vpc_endpoint::is_gateway(self.context, endpoint) == Ok(true)
                && leads(self.context, table, endpoint) == Ok(true)
        })
    }

    /// A subnet's path to S3 through a VPC endpoint.
    pub fn way(&self, subnet: &str) -> Known<S3Route<'s>> {
        let usable = self.usable.as_ref().map_err(Clone::clone)?;
        let (mut unknown, mut gateways) = (Vec::new(), Vec::new());
        // An interface endpoint that answers for S3's own names gets all packets, whatever the routes:
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
        for &endpoint in usable {
            let served = match vpc_endpoint::is_interface(self.context, endpoint) {
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
        gateways.retain(|endpoint| vpc_endpoint::is_gateway(self.context, endpoint) == Ok(true));
        if !gateways.is_empty() {
            match self.context.network.effective_route_table(subnet) {
                Ok(table) => {
                    for endpoint in gateways {
                        match leads(self.context, table, endpoint) {
                            Ok(true) if self.public == Ok(true) => {
                                return Ok(S3Route::Gateway { endpoint });
                            }
                            Ok(true) => unknown.extend(self.public.clone().err().unwrap_or_default()),
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

/// Whether S3's own names resolve to its public addresses.
fn public(context: &Context<'_>) -> Known<bool> {
    let matrix = services::matrix()?;
    let Some(service) = matrix.services.get("s3") else { return Ok(true) };
    let all = service_endpoint::destinations(context, "s3", service)?;
    known::all(all.into_iter().map(|one| one.map(|one| one == Destination::Public)))
}

/// The S3 endpoints that are available, the best first.
fn usable<'s>(context: &Context<'s>) -> Known<Vec<&'s VpcEndpoint>> {
    let matrix = services::matrix()?;
    let Some(service) = matrix.services.get("s3") else { return Ok(Vec::new()) };
    let mut unknown = Vec::new();
    let mut usable = Vec::new();
    for endpoint in service_endpoint::of(context, "s3", service)? {
        match vpc_endpoint::available(context, endpoint) {
            Ok(true) => usable.push(endpoint),
            Ok(false) => {}
            Err(missing) => unknown.extend(missing),
        }
    }
    if usable.is_empty() {
        unknown.extend(unseen::of_owner(context, &subnets::client_subnets(context).0));
    }
    known::complete(unknown).map(|()| usable)
}

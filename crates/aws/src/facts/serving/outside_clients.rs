//! Clients outside the VPC: networks of hybrid nodes and of operators. Each has DNS servers of its own, so that the
//! names of a service may lead it to another VPC endpoint than the VPC's machines.

use std::collections::BTreeSet;
use std::net::IpAddr;

use privek_core::known::{self, Known, Missing};

use crate::catalogue::services::Service;
use crate::facts::base::context::Context;
use crate::facts::endpoints::{service_names, vpc_endpoint};
use crate::facts::names::client;
use crate::facts::names::question::Question;
use crate::intent::Operator;
use crate::network::{End, EndKind};
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::destination::{self, Destination};
use super::service_endpoint;

/// The VPC endpoints that the names of a service lead a network to.
#[derive(Debug, Default)]
pub(crate) struct LedTo<'s> {
    /// In the order of the names, each once.
    pub endpoints: Vec<&'s VpcEndpoint>,
    /// The addresses of the answers.
    pub addresses: BTreeSet<IpAddr>,
    /// Why there may be others.
    pub missing: Vec<Missing>,
}

/// A network outside the VPC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OutsideClient<'c> {
    /// Hybrid nodes, by one of the cluster's remote node networks.
    Hybrid(ipnet::IpNet),
    /// Operators.
    Operator(&'c Operator),
}

impl OutsideClient<'_> {
    /// The hybrid nodes at an end of paths.
    pub fn hybrid(end: &End) -> Option<Self> {
        match &end.kind {
            EndKind::Addresses { cidr, .. } => Some(Self::Hybrid(*cidr)),
            _ => None,
        }
    }

    /// The network, with what is declared about its DNS servers.
    fn network(self, context: &Context<'_>, host: &str) -> Operator {
        match self {
            Self::Hybrid(cidr) => client::hybrid_network(context, cidr, host),
            Self::Operator(operator) => operator.clone(),
        }
    }

    /// The VPC endpoints that the names of a service resolve to for the network. None where they resolve to
    /// something else, which is a finding about names.
    pub fn led_to<'s>(self, context: &Context<'s>, suffix: &str, service: &Service) -> LedTo<'s> {
        let mut led = LedTo::default();
        let hosts = match service_names::hosts(context, suffix, service) {
            Ok(hosts) => hosts,
            Err(missing) => return LedTo { missing, ..led },
        };
        for host in &hosts {
            let network = self.network(context, host);
            let lookup = client::operator(context, &network, &Question::new(host)).lookup;
            match destination::of_lookup(context, (suffix, service), host, &lookup) {
                Ok(Destination::Endpoints(all)) => {
                    for endpoint in all {
                        let is_new = |one: &&VpcEndpoint| one.vpc_endpoint_id != endpoint.vpc_endpoint_id;
                        if led.endpoints.iter().all(is_new) {
                            led.endpoints.push(endpoint);
                        }
                    }
                    let addresses = lookup.answer.as_ref().ok().map(|answer| answer.addresses(context));
                    led.addresses.extend(addresses.and_then(Result::ok).flatten().unwrap_or_default());
                }
                Ok(_) => {}
                Err(missing) => led.missing.extend(missing),
            }
        }
        led.missing = known::joined(led.missing);
        led
    }
}

/// The interface VPC endpoints for a service that serve the VPC, best first; with `all` those of other VPCs, too.
pub(crate) fn candidates<'s>(
    context: &Context<'s>,
    (suffix, service): (&str, &Service),
    all: bool,
) -> Known<Vec<&'s VpcEndpoint>> {
    let (mut found, mut unclear): (Vec<&VpcEndpoint>, Vec<Missing>) = (Vec::new(), Vec::new());
    let own = service_endpoint::of(context, suffix, service)?;
    let others = context.snapshot.aws.vpc_endpoints.iter().flatten();
    let others = others
        .filter(|_| all)
        .filter(|endpoint| service_names::is_for(context, endpoint, suffix, service))
        .filter(|endpoint| !vpc_endpoint::is_gone(endpoint));
    for endpoint in own.into_iter().chain(others) {
        if found.iter().any(|one| one.vpc_endpoint_id == endpoint.vpc_endpoint_id) {
            continue;
        }
        match vpc_endpoint::is_interface(context, endpoint) {
            Ok(true) => found.push(endpoint),
            Ok(false) => {}
            Err(missing) => unclear.extend(missing),
        }
    }
    if found.is_empty() { known::complete(unclear).map(|()| found) } else { Ok(found) }
}

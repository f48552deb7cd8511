//! The names of services that operators call, for instance for the EKS console, from their own networks.

use privek_core::known::{self, Known};
use privek_core::subject::{Fact, Subjects};

use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::endpoints::{service_names, vpc_endpoint};
use crate::facts::features;
use crate::facts::inventory::operators;
use crate::facts::names::client;
use crate::facts::names::question::Question;
use crate::facts::serving::service_endpoint;
use crate::intent::Operator;

use super::hybrid_names::outside_service;
use super::{NameFacts, facts};

/// The names of the services that operators call, as each network of operators looks them up.
pub(crate) fn of_operator_services(context: &Context<'_>) -> Subjects {
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let used = features::used(context, matrix);
    let mut subjects = Subjects::default();
    let mut needed = Vec::new();
    for (suffix, service) in &matrix.services {
        match features::needed_outside(matrix, &used, suffix, "operators") {
            Ok(true) => needed.push((suffix.as_str(), service)),
            Ok(false) => {}
            Err(missing) => subjects.unlisted.extend(missing),
        }
    }
    // Where operators call no service, it does not matter who they are.
    if needed.is_empty() {
        subjects.unlisted = known::joined(subjects.unlisted);
        return subjects;
    }
    let networks = match operators::declared(context) {
        Ok(networks) => networks,
        Err(missing) => return Subjects::unlisted(missing),
    };
    for network in networks {
        for (suffix, service) in &needed {
            match service_names::hosts(context, suffix, service) {
                Ok(hosts) => {
                    for host in &hosts {
                        let several = hosts.len() > 1;
                        let named = named(context, network, (suffix, service), host, several);
                        subjects.listed.push(named.subject("operator_service_name"));
                    }
                }
                Err(missing) => subjects.unlisted.extend(missing),
            }
        }
    }
    subjects.unlisted = known::joined(subjects.unlisted);
    subjects
}

fn named(
    context: &Context<'_>,
    network: &Operator,
    (suffix, service): (&str, &Service),
    host: &str,
    several: bool,
) -> NameFacts {
    let found = client::operator(context, network, &Question::new(host));
    let mut lookup = found.lookup;
    // Without an interface VPC endpoint the names have public addresses only, which is another rule's matter.
    let leads = match has_endpoint(context, suffix, service) {
        Ok(false) => super::resolves(&lookup),
        Ok(true) => {
            let why = "operators call the service through the VPC";
            outside_service(context, (suffix, host), (&network.name, found.vpc.as_deref()), why, &mut lookup)
        }
        Err(missing) => Err(missing),
    };
    let what = if several { format!("{suffix}:{host}") } else { suffix.to_owned() };
    NameFacts {
        asker: network.name.clone(),
        cidr: Some(network.cidr.to_string()),
        declared: found.declared,
        essential: false,
        leads_home: Fact(leads),
        ..facts(context, format!("operators:{}:{what}", network.name), suffix, host, lookup)
    }
}

/// Whether an interface VPC endpoint for a service serves the VPC.
fn has_endpoint(context: &Context<'_>, suffix: &str, service: &Service) -> Known<bool> {
    let all = service_endpoint::of(context, suffix, service)?;
    known::any(all.into_iter().map(|endpoint| vpc_endpoint::is_interface(context, endpoint)))
}

//! The ends of AWS services: those of the VPC endpoint that serves each.

use privek_core::known::Missing;

use crate::catalogue::services::{self, Service};
use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::ends;
use crate::facts::ends::end_set::Ends;
use crate::facts::features;
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::service_endpoint;

/// The ends of the VPC endpoints that serve the needed services.
pub(crate) fn of_needed(context: &Context<'_>) -> Ends {
    let matrix = match services::matrix() {
        Ok(matrix) => matrix,
        Err(missing) => return Ends::unlisted(missing),
    };
    let used = features::used(context, matrix);
    let mut ends = Ends::default();
    for (suffix, service) in &matrix.services {
        match features::needed(matrix, &used, suffix).0 {
            Ok(true) => ends.extend(&best(context, suffix, service)),
            Ok(false) => {}
            Err(missing) => ends.unlisted.extend(missing),
        }
    }
    ends.sorted()
}

fn best(context: &Context<'_>, suffix: &str, service: &Service) -> Ends {
    match service_endpoint::of(context, suffix, service).map(|list| list.first().copied()) {
        Ok(Some(endpoint)) => {
            let doubts = doubts(context, endpoint, suffix, true);
            let told = service_endpoint::told_addresses(context, endpoint, suffix, service);
            Ends { doubts, ..ends::by_name(context, endpoint, told.as_ref()) }
        }
        Ok(None) => {
            let what = format!("the path to {suffix} without a VPC endpoint");
            Ends::unlisted(vec![Missing::unmodelled(what)])
        }
        Err(missing) => Ends::unlisted(missing),
    }
}

/// Why the service's own name may not resolve to a VPC endpoint, or the VPC endpoint may not answer.
pub(crate) fn doubts(
    context: &Context<'_>,
    endpoint: &VpcEndpoint,
    suffix: &str,
    is_inside: bool,
) -> Vec<Missing> {
    let id = &endpoint.vpc_endpoint_id;
    let mut doubts = vpc_endpoint::silent(context, endpoint);
    // Others than the VPC's own clients have name servers of their own, which is a stated assumption.
    if !is_inside {
        return doubts;
    }
    match service_endpoint::names_served(context, endpoint) {
        Ok(true) => {}
        Ok(false) => doubts.push(Missing::probe(format!(
            "whether clients use the DNS names of {id} itself; the public name of {suffix} does not resolve to {id} \
             (`--to {id}` traces to {id} under any name)"
        ))),
        Err(missing) => doubts.extend(missing),
    }
    doubts
}

//! The private zones that answer in a VPC: that of the cluster's API, those of interface endpoints, and
//! hosted zones.

use std::collections::BTreeSet;

use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::{domain, within};
use crate::facts::endpoints::private_names::{self, matches};
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::inventory::route53_profiles::{self, HeldResource};
use crate::network::{BlockerCode, Remedy};
use crate::snapshot::Arn;
use crate::snapshot::aws::ec2::VpcEndpoint;

use super::answer::{Answer, Lookup, blocker};
use super::question::Question;
use super::records;
use super::required::{cluster_host, control_plane};
use super::resolver::Trail;

/// A private zone of a VPC.
#[derive(Clone, Debug)]
pub(crate) struct Zone<'s> {
    /// Its domain.
    pub domain: String,
    /// Whether it is of a Route 53 Profile: the VPC's own come first.
    pub of_profile: bool,
    /// The Profile's place among those of the VPC; `None` where it is not certain.
    order: Option<i64>,
    kind: ZoneKind<'s>,
}

#[derive(Clone, Debug)]
enum ZoneKind<'s> {
    /// The one that EKS keeps for the cluster's API.
    Cluster,
    /// The one that EC2 keeps for an interface endpoint, with the patterns that it answers for.
    Endpoint(&'s VpcEndpoint, Vec<String>),
    /// A hosted zone.
    Hosted { id: String, service: Option<String> },
}

/// The zone that answers for a name in a VPC, the most specific one, and what may change that.
pub(crate) fn answering<'s>(
    context: &Context<'s>,
    vpc: &str,
    question: &Question,
) -> (Option<Zone<'s>>, Vec<Missing>) {
    let name = question.name.as_str();
    let (mut zones, mut missing) = (Vec::new(), Vec::new());
    of_cluster(context, (vpc, name), &mut zones, &mut missing);
    of_endpoints(context, vpc, question, &mut zones, &mut missing);
    hosted(context, vpc, &mut zones, &mut missing);
    of_profiles(context, vpc, question, &mut zones, &mut missing);
    // EC2 and EKS list their own zones as those of a service: which one it is, its name says.
    let known: BTreeSet<String> = zones
        .iter()
        .filter(|zone| !matches!(zone.kind, ZoneKind::Hosted { .. }))
        .map(|zone| zone.domain.clone())
        .collect();
    zones.retain(|zone| {
        let is_service = matches!(&zone.kind, ZoneKind::Hosted { service: Some(_), .. });
        within(name, &zone.domain) && !(is_service && known.contains(&zone.domain))
    });
    zones.sort_by_key(|zone| (std::cmp::Reverse(zone.domain.len()), zone.of_profile, zone.order));
    let mut sorted = zones.into_iter();
    let first = sorted.next();
    if let (Some(first), Some(second)) = (&first, sorted.next())
        && second.domain == first.domain
        && first.of_profile
        && (first.order.is_none() || second.order.is_none())
        && first.id() != second.id()
    {
        missing.push(route53_profiles::unordered(vpc, name));
    }
    // No zone is more specific than one of the name itself, a VPC has no two zones of one domain, and its own come
    // before a Profile's: what is unread changes nothing then
    // (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>,
    // <https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html>).
    if first.as_ref().is_some_and(|zone| zone.domain == name && !zone.of_profile) {
        missing.clear();
    }
    (first, missing)
}

/// EKS keeps a private zone for the cluster's VPC while the private endpoint is on
/// (<https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>).
fn of_cluster(
    context: &Context<'_>,
    (vpc, name): (&str, &str),
    zones: &mut Vec<Zone<'_>>,
    missing: &mut Vec<Missing>,
) {
    match context.vpc.as_deref() {
        Ok(own) if own == vpc => {}
        Ok(_) => return,
        Err(why) => return missing.extend(why.iter().cloned()),
    }
    // An unread cluster's name is one of these too, and no other.
    if cluster_host(context).is_err() && !(name.contains(".eks.") || name.contains(".eks-cluster.")) {
        return;
    }
    match (context.private_access(), cluster_host(context)) {
        (Ok(true), Ok(domain)) => {
            zones.push(Zone { domain, of_profile: false, order: None, kind: ZoneKind::Cluster });
        }
        (Ok(false), _) => {}
        (Err(why), _) | (_, Err(why)) => missing.extend(why),
    }
}

fn of_endpoints<'s>(
    context: &Context<'s>,
    vpc: &str,
    question: &Question,
    zones: &mut Vec<Zone<'s>>,
    missing: &mut Vec<Missing>,
) {
    // The cluster's own name lies under no endpoint's.
    if cluster_host(context).as_ref() == Ok(&question.name) {
        return;
    }
    let aws = &context.snapshot.aws;
    let all = match context.items(aws.vpc_endpoints.as_deref(), "VpcEndpoints", vpc) {
        Ok(all) => all,
        Err(why) => return missing.extend(why),
    };
    for endpoint in all.iter().filter(|endpoint| endpoint.vpc_id.as_deref() == Some(vpc)) {
        of_endpoint_named(context, endpoint, question, false, zones, missing);
    }
}

fn of_endpoint_named<'s>(
    context: &Context<'s>,
    endpoint: &'s VpcEndpoint,
    question: &Question,
    of_profile: bool,
    zones: &mut Vec<Zone<'s>>,
    missing: &mut Vec<Missing>,
) {
    if vpc_endpoint::is_gone(endpoint) {
        return;
    }
    let patterns = private_names::patterns(context, endpoint);
    // Which names of FIPS endpoints are among those of a service, only EC2 says.
    let has_name = patterns.iter().any(|pattern| private_names::matches(pattern, &question.name));
    if !has_name && private_names::may_have_more(context, endpoint, &question.name) {
        return missing.push(context.missing("ServiceDetails", endpoint.service_name.as_deref()));
    }
    if !patterns.iter().any(|pattern| within(&question.name, &domain(pattern))) {
        return;
    }
    // A Profile answers for the endpoint in the VPCs that it is associated with, as for an instance there.
    let on = private_names::is_on(context, endpoint, question.inbound);
    match on {
        Ok(true) => {
            let domains: BTreeSet<String> = patterns.iter().map(|pattern| domain(pattern)).collect();
            zones.extend(domains.into_iter().map(|domain| Zone {
                domain,
                of_profile,
                order: None,
                kind: ZoneKind::Endpoint(endpoint, patterns.clone()),
            }));
        }
        // A Profile is documented for VPC endpoints that answer for their service's names in their own VPC.
        Ok(false) if of_profile && vpc_endpoint::is_interface(context, endpoint) == Ok(true) => {
            let id = &endpoint.vpc_endpoint_id;
            missing.push(Missing::probe(format!(
                "whether the VPC's Route 53 Profile answers for the names of {id}; {id} does not in its own VPC"
            )));
        }
        Ok(false) => {}
        Err(why) => missing.extend(why),
    }
}

fn hosted(context: &Context<'_>, vpc: &str, zones: &mut Vec<Zone<'_>>, missing: &mut Vec<Missing>) {
    let all = context.snapshot.aws.hosted_zones_by_vpc.as_deref();
    let all = match context.items(all, "HostedZonesByVPC", vpc) {
        Ok(all) => all,
        Err(why) => return missing.extend(why),
    };
    for zone in all.iter().filter(|one| one.vpc_id == *vpc).flat_map(|one| &one.hosted_zone_summaries) {
        let (Some(name), Some(id)) = (zone.name.as_deref(), zone.hosted_zone_id.clone()) else {
            missing.push(context.field("HostedZonesByVPC", "Name and HostedZoneId of a hosted zone"));
            continue;
        };
        let service = zone.owner.as_ref().and_then(|owner| owner.owning_service.clone());
        let kind = ZoneKind::Hosted { id, service };
        zones.push(Zone { domain: domain(name), of_profile: false, order: None, kind });
    }
}

/// The zones and VPC endpoints of the Route 53 Profiles of a VPC
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html>).
fn of_profiles<'s>(
    context: &Context<'s>,
    vpc: &str,
    question: &Question,
    zones: &mut Vec<Zone<'s>>,
    missing: &mut Vec<Missing>,
) {
    let name = &question.name;
    let held = match route53_profiles::held(context, vpc) {
        Ok(held) => held,
        Err(why) => return missing.extend(why),
    };
    for one in held {
        // What is not in force yet matters where it would answer.
        let before = zones.len();
        of_profile(context, (vpc, name.as_str()), &one, question, zones, missing);
        zones.iter_mut().skip(before).for_each(|zone| zone.order = one.order);
        if let Some(pending) = one.pending {
            let answers = zones.drain(before..).any(|zone| within(name, &zone.domain));
            missing.extend(answers.then_some(pending));
        }
    }
}

fn of_profile<'s>(
    context: &Context<'s>,
    (vpc, name): (&str, &str),
    held: &HeldResource<'s>,
    question: &Question,
    zones: &mut Vec<Zone<'s>>,
    missing: &mut Vec<Missing>,
) {
    if let Some(id) = route53_profiles::resource(held.association, "vpc-endpoint/") {
        let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
        if let Some(endpoint) = all.find(|endpoint| endpoint.vpc_endpoint_id == id) {
            return of_endpoint_named(context, endpoint, question, true, zones, missing);
        }
        let arn = held.association.resource_arn.as_deref().and_then(Arn::parse);
        let what = format!(
            "ec2:DescribeVpcEndpoints in account {}, the owner of VPC endpoint {id} in the Route 53 Profile of {vpc}",
            arn.map_or("of its owner", |arn| arn.account)
        );
        missing.push(Missing::operation(what, Some("ec2:DescribeVpcEndpoints")));
    } else if let Some(id) = route53_profiles::resource(held.association, "hostedzone/") {
        match records::domain_of(context, id) {
            Some(domain) => zones.push(Zone {
                domain,
                of_profile: true,
                order: None,
                kind: ZoneKind::Hosted { id: id.to_owned(), service: None },
            }),
            None => missing.push(Missing::probe(format!(
                "whether private hosted zone {id} answers for {name}; a Route 53 Profile associates {id} with {vpc}"
            ))),
        }
    }
}

impl Zone<'_> {
    /// The object that has the zone.
    fn id(&self) -> Option<&str> {
        match &self.kind {
            ZoneKind::Cluster => None,
            ZoneKind::Endpoint(endpoint, _) => Some(&endpoint.vpc_endpoint_id),
            ZoneKind::Hosted { id, .. } => Some(id),
        }
    }

    /// Why it may not exist, so that the next zone or rule answers: EC2 makes an endpoint's zone with the
    /// endpoint, and does not say in which state of it the zone begins or ceases to answer.
    pub fn doubts(&self, context: &Context<'_>) -> Vec<Missing> {
        match &self.kind {
            ZoneKind::Endpoint(endpoint, _) => vpc_endpoint::silent(context, endpoint),
            ZoneKind::Cluster | ZoneKind::Hosted { .. } => Vec::new(),
        }
    }

    /// What the zone answers. Without the name there is no address: nothing else is queried
    /// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>).
    pub fn answer(&self, context: &Context<'_>, question: &Question, trail: &mut Trail) -> Lookup {
        let name = &question.name;
        match &self.kind {
            ZoneKind::Cluster => {
                of_known(control_plane(context), "the private hosted zone that EKS manages".to_owned())
            }
            ZoneKind::Endpoint(endpoint, patterns) => {
                let id = &endpoint.vpc_endpoint_id;
                let step = format!("the private hosted zone {} of {id}", self.domain);
                if patterns.iter().any(|pattern| matches(pattern, name)) {
                    return Lookup::told(Answer::of_endpoint(id), step).from("vpc-endpoint", id);
                }
                let reason =
                    format!("{id} has a private hosted zone for {} without a record for {name}", self.domain);
                let remedy = Remedy { domain: Some(name.clone()), ..Remedy::default() };
                let code = BlockerCode::HostedZoneRecord;
                Lookup::denied(vec![blocker(code, "vpc-endpoint", id, reason, remedy)], step)
            }
            ZoneKind::Hosted { id, service } => {
                // What a service or a Profile brings cannot be taken off the VPC by itself.
                let own = service.is_none() && !self.of_profile;
                let zone = records::RecordScope { id, domain: &self.domain, own };
                records::answer(context, zone, question, trail)
            }
        }
    }
}

fn of_known(addresses: Known<BTreeSet<std::net::IpAddr>>, step: String) -> Lookup {
    match addresses {
        Ok(addresses) => Lookup::told(Answer::Addresses(addresses), step),
        Err(missing) => Lookup::unknown(missing, step),
    }
}

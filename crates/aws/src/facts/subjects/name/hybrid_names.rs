//! The names that hybrid nodes look up from their own networks.

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::observation::CLUSTER;
use privek_core::subject::{Fact, Subject};

use crate::catalogue::services::{self, OTHER};
use crate::facts::base::context::Context;
use crate::facts::endpoints::{service_names, vpc_endpoint};
use crate::facts::features;
use crate::facts::inventory::operators;
use crate::facts::names::answer::{Answer, Lookup};
use crate::facts::names::question::Question;
use crate::facts::names::required::RequiredName;
use crate::facts::names::{client, required, wrong_answers};
use crate::facts::serving::destination::{self, Destination};
use crate::facts::serving::service_endpoint;
use crate::intent::Operator;

use super::{NOT_CONTROL_PLANE, NameFacts, answer_leads_home, facts, named_for};

/// Adds the names of each network of hybrid nodes.
pub(super) fn add(context: &Context<'_>, listed: &mut Vec<Subject>, unlisted: &mut Vec<Missing>) {
    let Ok(cluster) = &context.cluster else { return };
    let Some(remote) = &cluster.remote_network_config else { return };
    let texts = remote.remote_node_networks.iter().flat_map(|network| &network.cidrs);
    let networks: Vec<IpNet> = texts.filter_map(|text| text.parse().ok()).collect();
    let names = names(context).unwrap_or_else(|missing| {
        unlisted.extend(missing);
        Vec::new()
    });
    for cidr in &networks {
        for name in &names {
            let network = client::hybrid_network(context, *cidr, &name.name);
            let found = client::operator(context, &network, &Question::new(&name.name));
            let mut lookup = found.lookup;
            let leads = leads(context, name, &network, found.vpc.as_deref(), &mut lookup);
            let same = names.iter().filter(|other| other.of == name.of).count();
            let mut what = name.of.clone();
            if same > 1 {
                what = format!("{what}:{}", name.name);
            }
            if networks.len() > 1 {
                what = format!("{what}@{cidr}");
            }
            let facts = NameFacts {
                asker: "hybrid-nodes".to_owned(),
                cidr: Some(cidr.to_string()),
                declared: found.declared,
                essential: name.essential,
                leads_home: Fact(leads),
                ..facts(context, format!("hybrid-nodes:{what}"), &name.of, &name.name, lookup)
            };
            listed.push(facts.subject("node_name"));
        }
    }
}

/// The API name, and the names of the services that hybrid nodes call through the VPC.
fn names(context: &Context<'_>) -> Known<Vec<RequiredName>> {
    let mut names = vec![RequiredName::new(CLUSTER, required::cluster_host(context)?)];
    let matrix = services::matrix()?;
    let used = features::used(context, matrix);
    for (suffix, service) in &matrix.services {
        if features::needed_outside(matrix, &used, suffix, "hybrid-nodes") == Ok(true) {
            let hosts = service_names::hosts(context, suffix, service)?;
            names.extend(hosts.into_iter().map(|host| RequiredName::new(suffix, host)));
        }
    }
    Ok(names)
}

/// Whether a name resolves to addresses that hybrid nodes can use.
fn leads(
    context: &Context<'_>,
    name: &RequiredName,
    network: &Operator,
    vpc: Option<&str>,
    lookup: &mut Lookup,
) -> Known<bool> {
    let host = name.name.as_str();
    if name.of == CLUSTER {
        return match lookup.answer.clone()? {
            answer @ (Answer::Addresses(_) | Answer::Endpoint { .. } | Answer::Choice(_)) => {
                let leads = answer_leads_home(context, &answer);
                if leads == Ok(false) {
                    lookup.blockers =
                        vec![wrong_answers::wrong_addresses(lookup, host, NOT_CONTROL_PLANE, None)];
                }
                leads
            }
            // https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-prep.html
            Answer::Public => {
                let admitted = operators::admitted_publicly(context, network);
                if admitted != Ok(true) {
                    lookup.blockers =
                        vec![wrong_answers::why_public(context, &network.name, vpc, lookup, host)];
                }
                admitted
            }
            Answer::Nothing => Ok(false),
        };
    }
    outside_service(
        context,
        (&name.of, host),
        (&network.name, vpc),
        "hybrid nodes call AWS through the VPC",
        lookup,
    )
}

/// Whether a service's name resolves to a VPC endpoint for a network outside the VPC, whose declarations say that it
/// calls the service through the VPC (`why`).
pub(super) fn outside_service(
    context: &Context<'_>,
    (suffix, host): (&str, &str),
    (network, vpc): (&str, Option<&str>),
    why: &str,
    lookup: &mut Lookup,
) -> Known<bool> {
    let service = services::matrix()?.services.get(suffix).unwrap_or(&OTHER);
    match destination::of_lookup(context, (suffix, service), host, lookup)? {
        Destination::Endpoints(_) => Ok(true),
        Destination::Nothing => Ok(false),
        Destination::Elsewhere(reason) => {
            lookup.blockers = vec![wrong_answers::wrong_addresses(lookup, host, &reason, None)];
            Ok(false)
        }
        Destination::Public => {
            // Where the query comes to the cluster's VPC, what is there decides; else who sends the query elsewhere.
            let last = lookup.forwards.last().map_or(vpc, |last| Some(last.to.as_str()));
            let own = named_for(context, host).or_else(|| {
                let all = service_endpoint::of(context, suffix, service).ok()?;
                all.into_iter().find(|one| vpc_endpoint::is_interface(context, one) == Ok(true))
            });
            lookup.blockers = vec![match own.filter(|_| last == context.vpc.as_deref().ok()) {
                Some(own) => wrong_answers::past_endpoint(context, lookup, host, own, why),
                None => wrong_answers::why_public(context, network, vpc, lookup, host),
            }];
            Ok(false)
        }
    }
}

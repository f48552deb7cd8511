//! The names that hybrid nodes look up from their own networks.

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::observation::CLUSTER;
use privek_core::subject::{Fact, Subject};

use crate::catalogue::services::{self, OTHER};
use crate::facts::base::context::Context;
use crate::facts::endpoints::service_names;
use crate::facts::features;
use crate::facts::inventory::operators;
use crate::facts::names::answer::{Answer, Lookup};
use crate::facts::names::question::Question;
use crate::facts::names::required::RequiredName;
use crate::facts::names::{client, required};
use crate::facts::serving::destination::{self, Destination};
use crate::intent::Operator;

use super::{NOT_CONTROL_PLANE, NameFacts, answer_leads_home, facts};

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
    let name =
        |of: &str, name: String| RequiredName { of: of.to_owned(), name, essential: true, is_fips: false };
    let mut names = vec![name(CLUSTER, required::cluster_host(context)?)];
    let matrix = services::matrix()?;
    let used = features::used(context, matrix);
    for (suffix, service) in &matrix.services {
        if features::needed_outside(matrix, &used, suffix, "hybrid-nodes") == Ok(true) {
            let hosts = service_names::hosts(context, suffix, service)?;
            names.extend(hosts.into_iter().map(|host| name(suffix, host)));
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
                    lookup.blockers = vec![client::wrong_addresses(lookup, host, NOT_CONTROL_PLANE, None)];
                }
                leads
            }
            // https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-prep.html
            Answer::Public => {
                let admitted = operators::admitted_publicly(context, network);
                if admitted != Ok(true) {
                    lookup.blockers = vec![client::why_public(context, &network.name, vpc, lookup, host)];
                }
                admitted
            }
            Answer::Nothing => Ok(false),
        };
    }
    let service = services::matrix()?.services.get(&name.of).unwrap_or(&OTHER);
    match destination::of_lookup(context, (&name.of, service), host, lookup)? {
        Destination::Endpoints(_) => Ok(true),
        Destination::Nothing => Ok(false),
        Destination::Elsewhere(reason) => {
            lookup.blockers = vec![client::wrong_addresses(lookup, host, &reason, None)];
            Ok(false)
        }
        // The declarations say that these nodes call AWS through the VPC.
        Destination::Public => {
            lookup.blockers = vec![client::why_public(context, &network.name, vpc, lookup, host)];
            known::proved(false, Vec::new())
        }
    }
}

//! Names as subjects: what nodes, pods and operators' networks resolve them to.

mod hybrid_names;
mod operator_services;

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use privek_core::observation::CLUSTER;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::services::{self, OTHER};
use crate::facts::base::context::Context;
use crate::facts::endpoints::{private_names, vpc_endpoint};
use crate::facts::ends::merge_blockers;
use crate::facts::inventory::operators;
use crate::facts::names::answer::{self, Answer, Lookup};
use crate::facts::names::inbound::inbound_servers;
use crate::facts::names::question::Question;
use crate::facts::names::required::RequiredName;
use crate::facts::names::{self, client, required, wrong_answers};
use crate::facts::serving::callers::{self, Clients};
use crate::facts::serving::destination::{self, Destination};
use crate::facts::serving::service_endpoint;
use crate::intent::Operator;
use crate::network::Blocker;
use crate::snapshot::aws::ec2::VpcEndpoint;

/// What rules see of a DNS name and of its client.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NameFacts {
    /// Client and purpose of the lookup, for instance `nodes:ecr.api`, `hybrid-nodes:cluster` or
    /// `operators:office`.
    id: String,
    /// The DNS name that the client looks up.
    name: String,
    /// The client that looks up the name: `nodes`, `hybrid-nodes`, or the name of an operator network.
    asker: String,
    /// The CIDR of the operator network or of the hybrid nodes' network; null for nodes.
    cidr: Option<String>,
    /// Whether the DNS servers of the client are known: from the VPC of the client, or from `dns:`,
    /// `forwards_to:` and `public_dns:` in `privek-audit.yaml`.
    declared: bool,
    /// `cluster` for the API name, or the service as in `rules/eks/services.yaml`.
    of: String,
    /// Whether nodes or pods fail where the name does not resolve.
    essential: bool,
    /// The steps of the lookup in order: DHCP options, resolvers, Resolver rules, DNS servers and zones.
    asked: Vec<String>,
    /// What the name resolves to: `private` addresses, `public` addresses, or `nothing`.
    answer: Fact<String>,
    /// The private addresses that the name resolves to.
    addresses: Fact<Vec<String>>,
    /// Whether the name resolves to any address. Decided by DNS attributes (`VpcAttributes`), Resolver rules
    /// (`ResolverRules`, `ResolverRuleAssociations`), paths to Resolver endpoints, private hosted zones
    /// (`HostedZonesByVPC`, `ResourceRecordSetsByZone`, `VpcEndpoints`) and DNS Firewall.
    resolves: Fact<bool>,
    /// Whether the API name resolves to addresses of the control plane (`NetworkInterfaces`). For a service
    /// name: whether the name resolves to a VPC endpoint for the service (`VpcEndpoints`), or to public
    /// addresses that nodes can reach.
    leads_home: Fact<bool>,
    /// Whether the name resolves to public addresses, and the public API endpoint allows the client.
    admitted_publicly: Fact<bool>,
    /// Whether every DNS server that the client may query answers, over UDP and over TCP.
    dependable: Fact<bool>,
    /// The addresses of the inbound Resolver endpoints in the cluster's VPC
    /// (`ResolverEndpointIpAddresses`).
    inbound_addresses: Vec<String>,
    /// The objects that keep the name from resolving to the right addresses.
    blockers: Vec<Blocker>,
    /// The objects that block some of the DNS servers or protocols that the client may use.
    weaknesses: Vec<Blocker>,
}

impl NameFacts {
    /// The API name is too long to be shown beside the id of each of its clients.
    fn subject(&self, kind: &'static str) -> Subject {
        let name = (self.of != CLUSTER).then_some(self.name.as_str());
        Subject::new(kind, &self.id, name, self)
    }
}

pub(crate) use operator_services::of_operator_services;

/// The names that nodes and pods ask for.
pub(crate) fn of_nodes(context: &Context<'_>) -> Subjects {
    let names = required::of(context);
    let mut unlisted = names.unlisted.clone();
    let mut listed = Vec::new();
    for name in &names.listed {
        // Names that only hybrid nodes or operators look up are looked up from their networks.
        match &name.in_vpc {
            Ok(true) => {}
            Ok(false) => continue,
            Err(missing) => {
                unlisted.extend(missing.iter().cloned());
                continue;
            }
        }
        let mut lookup = match names::of_nodes(context, &name.name) {
            Ok(lookup) => (*lookup).clone(),
            Err(missing) => {
                unlisted.extend(missing);
                continue;
            }
        };
        let leads_home = of_node(context, name, &mut lookup);
        let host = &name.name;
        let same = names.listed.iter().filter(|other| other.of == name.of && !other.is_fips).count();
        let what = if same > 1 || name.is_fips { format!("{}:{host}", name.of) } else { name.of.clone() };
        let facts = NameFacts {
            asker: "nodes".to_owned(),
            leads_home: Fact(leads_home),
            essential: name.essential,
            ..facts(context, format!("nodes:{what}"), &name.of, host, lookup)
        };
        listed.push(facts.subject("node_name"));
    }
    hybrid_names::add(context, &mut listed, &mut unlisted);
    Subjects { listed, unlisted: known::joined(unlisted) }
}

/// Whether a name resolves to the right addresses for nodes.
pub(crate) fn of_node(context: &Context<'_>, name: &RequiredName, lookup: &mut Lookup) -> Known<bool> {
    if name.of != CLUSTER {
        return of_service(context, name, lookup);
    }
    match &lookup.answer {
        Ok(answer @ (Answer::Addresses(_) | Answer::Endpoint { .. } | Answer::Choice(_))) => {
            let leads = answer_leads_home(context, answer);
            if leads == Ok(false) {
                lookup.blockers =
                    vec![wrong_answers::wrong_addresses(lookup, &name.name, NOT_CONTROL_PLANE, None)];
            }
            leads
        }
        // Past a private zone that has the name, public addresses are the wrong ones.
        Ok(Answer::Public) if context.private_access()? => {
            let vpc = context.vpc.as_deref().ok();
            lookup.blockers = vec![wrong_answers::why_public(context, "nodes", vpc, lookup, &name.name)];
            Ok(false)
        }
        _ => resolves(lookup),
    }
}

const NOT_CONTROL_PLANE: &str = "the control plane has other addresses";

/// Whether a service's name resolves to a VPC endpoint for the service, or to public addresses that nodes reach.
fn of_service(context: &Context<'_>, name: &RequiredName, lookup: &mut Lookup) -> Known<bool> {
    let (suffix, host) = (name.of.as_str(), name.name.as_str());
    let service = services::matrix()?.services.get(suffix).unwrap_or(&OTHER);
    let best = service_endpoint::of(context, suffix, service).map(|all| all.first().copied());
    let right = || best.as_ref().ok().copied().flatten().map(|endpoint| endpoint.vpc_endpoint_id.as_str());
    match destination::of_lookup(context, (suffix, service), host, lookup)? {
        Destination::Endpoints(_) => Ok(true),
        Destination::Nothing => Ok(false),
        Destination::Elsewhere(reason) => {
            lookup.blockers = vec![wrong_answers::wrong_addresses(lookup, host, &reason, right())];
            Ok(false)
        }
        Destination::Public => {
            // A service without an interface VPC endpoint has public addresses only.
            let Some(endpoint) = best.clone()? else { return Ok(true) };
            if !vpc_endpoint::is_interface(context, endpoint)? {
                return Ok(true);
            }
            if let Ok(true) = callers::other_way(context) {
                return Ok(true);
            }
            if Clients::new(context).isolated? {
                let own = named_for(context, host).unwrap_or(endpoint);
                lookup.blockers = vec![wrong_answers::past_endpoint(
                    context,
                    lookup,
                    host,
                    own,
                    "nodes have no route to the internet",
                )];
                return Ok(false);
            }
            Err(vec![Missing::probe(format!(
                "whether nodes reach the public addresses of {host}; the name does not resolve to its VPC endpoint"
            ))])
        }
    }
}

/// The VPC endpoint in the cluster's VPC whose private DNS would have a name, if it were on.
fn named_for<'s>(context: &Context<'s>, host: &str) -> Option<&'s VpcEndpoint> {
    let all = context.snapshot.aws.vpc_endpoints.iter().flatten();
    let mut own = all.filter(|endpoint| endpoint.vpc_id.as_deref() == context.vpc.as_deref().ok());
    own.find(|endpoint| {
        vpc_endpoint::is_interface(context, endpoint) == Ok(true)
            && private_names::patterns(context, endpoint).iter().any(|one| private_names::matches(one, host))
    })
}

/// The cluster's name, as each network of operators asks for it.
pub(crate) fn of_operators(context: &Context<'_>) -> Subjects {
    let operators = match operators::declared(context) {
        Ok(operators) => operators,
        Err(missing) => return Subjects::unlisted(missing),
    };
    let host = match required::cluster_host(context) {
        Ok(host) => host,
        Err(missing) if !operators.is_empty() => return Subjects::unlisted(missing),
        Err(_) => return Subjects::default(),
    };
    let expected = required::control_plane(context);
    let listed = operators.iter().map(|operator| {
        let client::OperatorLookup { mut lookup, vpc, declared } =
            client::operator(context, operator, &Question::new(&host));
        let told = lookup.answer.clone().and_then(|answer| answer.addresses(context));
        let mut leads = told.and_then(|told| {
            let told = told.unwrap_or_default();
            let family = of_family(&told, operator);
            if !told.is_empty() && family.is_empty() {
                lookup.blockers = vec![wrong_answers::other_family(&lookup, operator, &host)];
                return Ok(false);
            }
            if family.is_empty() { Ok(false) } else { leads_home(&family, &expected) }
        });
        let mut admitted = Ok(false);
        if lookup.answer == Ok(Answer::Public) {
            admitted = operators::admitted_publicly(context, operator);
            lookup.blockers =
                vec![wrong_answers::why_public(context, &operator.name, vpc.as_deref(), &lookup, &host)];
            // A plan's public endpoint is off.
            if context.plan().is_some() {
                leads = Ok(true);
            }
        } else if leads == Ok(false) && lookup.blockers.is_empty() {
            lookup.blockers = vec![wrong_answers::wrong_addresses(&lookup, &host, NOT_CONTROL_PLANE, None)];
        }
        NameFacts {
            asker: operator.name.clone(),
            cidr: Some(operator.cidr.to_string()),
            declared,
            leads_home: Fact(leads),
            admitted_publicly: Fact(admitted),
            ..facts(context, format!("operators:{}", operator.name), CLUSTER, &host, lookup)
        }
        .subject("operator_name")
    });
    Subjects { listed: listed.collect(), unlisted: Vec::new() }
}

/// The addresses that are of an operator network's family: its machines have no other ones.
fn of_family(told: &BTreeSet<std::net::IpAddr>, operator: &Operator) -> BTreeSet<std::net::IpAddr> {
    let v4 = operator.cidr.addr().is_ipv4();
    told.iter().filter(|one| one.is_ipv4() == v4).copied().collect()
}

pub(crate) fn facts(context: &Context<'_>, id: String, of: &str, host: &str, lookup: Lookup) -> NameFacts {
    let resolves = resolves(&lookup);
    let told = lookup.answer.clone();
    let answer = told.clone().map(|answer| match answer {
        Answer::Addresses(_) | Answer::Endpoint { .. } | Answer::Choice(_) => "private".to_owned(),
        Answer::Public => "public".to_owned(),
        Answer::Nothing => "nothing".to_owned(),
    });
    let addresses = told.and_then(|answer| answer.addresses(context));
    // Of several answers each may be the one that the client receives.
    let answer = match (&lookup.answer, &addresses) {
        (Ok(Answer::Choice(_)), Ok(None)) => Ok("public".to_owned()),
        (Ok(Answer::Choice(_)), Err(missing)) => Err(missing.clone()),
        _ => answer,
    };
    let addresses = addresses.map(|all| all.iter().flatten().map(ToString::to_string).collect());
    NameFacts {
        id,
        name: host.to_owned(),
        asker: String::new(),
        cidr: None,
        declared: true,
        of: of.to_owned(),
        essential: true,
        asked: lookup.steps.clone(),
        answer: Fact(answer),
        addresses: Fact(addresses),
        leads_home: Fact(resolves.clone()),
        admitted_publicly: Fact::known(false),
        dependable: Fact(dependable(&lookup)),
        resolves: Fact(resolves),
        inbound_addresses: inbound_servers(context),
        blockers: merge_blockers::merged(context, lookup.blockers),
        weaknesses: merge_blockers::merged(context, lookup.weaknesses),
    }
}

pub(crate) fn resolves(lookup: &Lookup) -> Known<bool> {
    let answer = lookup.answer.as_ref().map_err(Clone::clone)?;
    let mut each = answer.each().iter().map(|one| *one != Answer::Nothing);
    let first = each.next().unwrap_or(false);
    if each.all(|one| one == first) { Ok(first) } else { Err(vec![answer::undecided()]) }
}

/// A name that does not resolve at all is reported as that alone.
pub(crate) fn dependable(lookup: &Lookup) -> Known<bool> {
    match &lookup.answer {
        Ok(Answer::Nothing) => Ok(true),
        _ if !lookup.weaknesses.is_empty() => Ok(false),
        Err(missing) => Err(missing.clone()),
        Ok(_) => known::disproved(false, lookup.doubts.iter().cloned()),
    }
}

/// Whether the API name resolves to the control plane's addresses, whichever answer a routing policy chooses.
fn answer_leads_home(context: &Context<'_>, answer: &Answer) -> Known<bool> {
    let expected = required::control_plane(context);
    let mut leads = None;
    for one in answer.each() {
        let its = leads_home(&one.addresses(context)?.unwrap_or_default(), &expected)?;
        if leads.is_some_and(|before| before != its) {
            return Err(vec![answer::undecided()]);
        }
        leads = Some(its);
    }
    Ok(leads.unwrap_or(false))
}

pub(crate) fn leads_home(
    told: &BTreeSet<std::net::IpAddr>,
    expected: &Known<BTreeSet<std::net::IpAddr>>,
) -> Known<bool> {
    let expected = expected.as_ref().map_err(Clone::clone)?;
    Ok(!told.is_empty() && told.is_subset(expected))
}

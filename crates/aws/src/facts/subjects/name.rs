//! Names as subjects: what nodes, pods and operators' networks resolve them to.

use std::collections::BTreeSet;

use privek_core::known::{self, Known, Missing};
use privek_core::observation::CLUSTER;
use privek_core::subject::{Fact, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::base::context::Context;
use crate::facts::ends;
use crate::facts::ends::merge_blockers;
use crate::facts::inventory::operators;
use crate::facts::names::answer::{Answer, Lookup};
use crate::facts::names::inbound::inbound_servers;
use crate::facts::names::question::Question;
use crate::facts::names::required::NeededName;
use crate::facts::names::{client, required};
use crate::network::Blocker;

/// What rules see of a name and of whoever asks for it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct NameFacts {
    /// Who asks, and what for: `cluster`, or a service as in `rules/eks/services.yaml`.
    id: String,
    /// The name.
    name: String,
    /// `nodes`, or the name of an operators' network.
    asker: String,
    /// The operators' prefix, where operators ask.
    cidr: Option<String>,
    /// Whether it is known whom they ask: a VPC's resolver, or what `dns:`, `forwards_to:` and
    /// `public_dns:` declare.
    declared: bool,
    /// `cluster`, or the service.
    of: String,
    /// Whether nodes or pods stop without it.
    essential: bool,
    /// Who is asked, in order.
    asked: Vec<String>,
    /// What they are told: `private` addresses, `public` ones, or `nothing`.
    answer: Fact<String>,
    /// The private addresses among it.
    addresses: Fact<Vec<String>>,
    /// Whether there is any answer: DNS attributes (`VpcAttributes`), forwarding rules
    /// (`ResolverRules`, `ResolverRuleAssociations`), endpoints of Route 53 Resolver and the way to them,
    /// private zones (`HostedZonesByVPC`, `ResourceRecordSetsByZone`, `VpcEndpoints`) and DNS Firewall.
    resolves: Fact<bool>,
    /// Whether it leads to the control plane's own addresses (`NetworkInterfaces`); for other names,
    /// whether there is any answer.
    leads_home: Fact<bool>,
    /// Whether the public endpoint, to which it leads, admits whoever asks; false where it leads to none.
    admitted_publicly: Fact<bool>,
    /// Whether every server that may be asked answers, over UDP and over TCP.
    dependable: Fact<bool>,
    /// The addresses on which the resolver of the cluster's VPC answers other networks
    /// (`ResolverEndpointIpAddresses`).
    inbound_addresses: Vec<String>,
    /// What keeps it from leading there.
    blockers: Vec<Blocker>,
    /// What fails beside a way that works.
    weaknesses: Vec<Blocker>,
}

impl NameFacts {
    /// The cluster's own name is too long to stand beside the id of everybody who asks for it.
    fn subject(&self, kind: &'static str) -> Subject {
        let name = (self.of != CLUSTER).then_some(self.name.as_str());
        Subject::new(kind, &self.id, name, self)
    }
}

/// The names that nodes and pods ask for.
pub(crate) fn of_nodes(context: &Context<'_>) -> Subjects {
    let vpc = match &context.vpc {
        Ok(vpc) => vpc,
        Err(missing) => return Subjects::unlisted(missing.clone()),
    };
    let names = required::of(context);
    let from = ends::of_role(context, "nodes");
    let listed = names.listed.iter().map(|name| {
        let mut lookup = client::in_vpc(context, vpc, ("nodes", &from.known), &Question::new(&name.name));
        let leads_home = of_node(context, name, vpc, &mut lookup);
        let host = &name.name;
        let same = names.listed.iter().filter(|other| other.of == name.of).count();
        let what = if same > 1 { format!("{}:{host}", name.of) } else { name.of.clone() };
        NameFacts {
            asker: "nodes".to_owned(),
            leads_home: Fact(leads_home),
            essential: name.essential,
            ..facts(context, format!("nodes:{what}"), &name.of, host, lookup)
        }
        .subject("node_name")
    });
    Subjects { listed: listed.collect(), unlisted: names.unlisted.clone() }
}

/// Whether what nodes are told of a name serves them.
pub(crate) fn of_node(
    context: &Context<'_>,
    name: &NeededName,
    vpc: &str,
    lookup: &mut Lookup,
) -> Known<bool> {
    let of_cluster = name.of == CLUSTER;
    match &lookup.answer {
        Ok(Answer::Addresses(told)) if of_cluster => {
            let leads = leads_home(told, &name.expected);
            if leads == Ok(false) {
                lookup.blockers = vec![client::wrong_addresses(lookup, &name.name)];
            }
            leads
        }
        // Past a private zone that has the name, public addresses are the wrong ones.
        Ok(Answer::Public) if of_cluster && context.private_access()? => {
            lookup.blockers = vec![client::why_public(context, "nodes", Some(vpc), lookup, &name.name)];
            Ok(false)
        }
        // A service without an endpoint that answers for its name has public addresses only.
        Ok(Answer::Public) if name.expected.as_ref().is_ok_and(BTreeSet::is_empty) => Ok(true),
        Ok(Answer::Public) => Err(vec![Missing::probe(format!(
            "whether nodes reach the public addresses of {}, to which it leads past its endpoint",
            name.name
        ))]),
        _ => resolves(lookup),
    }
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
        let mut leads = match &lookup.answer {
            Ok(Answer::Addresses(told)) => leads_home(told, &expected),
            Ok(Answer::Public | Answer::Nothing) => Ok(false),
            Err(missing) => Err(missing.clone()),
        };
        let mut admitted = Ok(false);
        if lookup.answer == Ok(Answer::Public) {
            admitted = operators::admitted_publicly(context, operator);
            lookup.blockers =
                vec![client::why_public(context, &operator.name, vpc.as_deref(), &lookup, &host)];
            // A plan's public endpoint is off.
            if context.plan().is_some() {
                leads = Ok(true);
            }
        } else if leads == Ok(false) && lookup.blockers.is_empty() {
            lookup.blockers = vec![client::wrong_addresses(&lookup, &host)];
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

pub(crate) fn facts(context: &Context<'_>, id: String, of: &str, host: &str, lookup: Lookup) -> NameFacts {
    let resolves = resolves(&lookup);
    let told = lookup.answer.clone();
    let answer = told.clone().map(|answer| match answer {
        Answer::Addresses(_) => "private".to_owned(),
        Answer::Public => "public".to_owned(),
        Answer::Nothing => "nothing".to_owned(),
    });
    let addresses = told.map(|answer| match answer {
        Answer::Addresses(all) => all.iter().map(ToString::to_string).collect(),
        Answer::Public | Answer::Nothing => Vec::new(),
    });
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
    lookup.answer.as_ref().map(|answer| *answer != Answer::Nothing).map_err(Clone::clone)
}

/// What does not resolve at all is told by that.
pub(crate) fn dependable(lookup: &Lookup) -> Known<bool> {
    match &lookup.answer {
        Ok(Answer::Nothing) => Ok(true),
        _ if !lookup.weaknesses.is_empty() => Ok(false),
        Err(missing) => Err(missing.clone()),
        Ok(_) => known::disproved(false, lookup.doubts.iter().cloned()),
    }
}

pub(crate) fn leads_home(
    told: &BTreeSet<std::net::IpAddr>,
    expected: &Known<BTreeSet<std::net::IpAddr>>,
) -> Known<bool> {
    let expected = expected.as_ref().map_err(Clone::clone)?;
    Ok(!told.is_empty() && told.is_subset(expected))
}

//! The clients of DNS lookups: instances in a VPC, or a network outside AWS with DNS servers of its own.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};

use crate::facts::base::context::Context;
use crate::facts::ends::end_set::Ends;
use crate::facts::ends::{self, operator_networks};
use crate::facts::inventory::vpc_dns::{self, VpcDns};
use crate::facts::inventory::{operators, route53_resolver};
use crate::ids::{self, ResourceKind};
use crate::intent::Operator;
use crate::network::{BlockerCode, End, Remedy};
use crate::snapshot::aws::ec2::ClientVpnEndpoint;

use super::answer::{Answer, Lookup, blocker, of_servers};
use super::forwarding::{QuerySources, by_network};
use super::inbound::inbound_servers;
use super::question::Question;
use super::required::cluster_host;
use super::resolver::{self, Trail};

/// What a lookup by operators results in, and the VPC of the operators.
pub(crate) struct OperatorLookup {
    pub lookup: Lookup,
    pub vpc: Option<String>,
    /// Whether the DNS servers of the operators are known: from their VPC, or declared.
    pub declared: bool,
}

/// A lookup by instances in a VPC: the DHCP options of the VPC set the DNS servers.
pub(crate) fn in_vpc(
    context: &Context<'_>,
    id: &str,
    (who, from): (&str, &[End]),
    question: &Question,
) -> Lookup {
    let step = format!("the DHCP options of {id}");
    match vpc_dns::dns_of(context, id) {
        Ok((VpcDns::Amazon, _)) => resolver::ask(context, id, question, &mut Trail::default()),
        Ok((VpcDns::Custom, servers)) => match parsed(context, id, &servers) {
            Ok(servers) => {
                let from = QuerySources::all(Ends::known(from.to_vec()));
                by_network(context, who, from, &servers, question).after(step)
            }
            Err(missing) => Lookup::unknown(missing, step),
        },
        Ok((VpcDns::Mixed, servers)) => mixed(context, id, (who, from), &servers, question, step),
        Ok((VpcDns::NoServer, _)) => {
            let what = format!("the DNS servers of {id}; its DHCP options set none");
            Lookup::unknown(vec![Missing::probe(what)], step)
        }
        Err(missing) => Lookup::unknown(missing, step),
    }
}

/// DNS servers of DHCP options as addresses.
fn parsed(context: &Context<'_>, vpc: &str, servers: &[String]) -> Known<Vec<IpAddr>> {
    let all: Option<Vec<IpAddr>> = servers.iter().map(|server| server.parse().ok()).collect();
    all.ok_or_else(|| {
        vec![context.field("DhcpOptions", &format!("DhcpConfigurations of {vpc} as addresses"))]
    })
}

/// A lookup where the VPC's own resolver is one of several DNS servers. The instances may query any of them, so
/// that each has to be known; those that are, are joined as for every other client.
fn mixed(
    context: &Context<'_>,
    id: &str,
    (who, from): (&str, &[End]),
    servers: &[String],
    question: &Question,
    step: String,
) -> Lookup {
    let is_own = |server: &&String| {
        server.parse().map_or(true, |address| vpc_dns::is_resolver(context, id, address).unwrap_or_default())
    };
    let (own, others): (Vec<&String>, Vec<&String>) = servers.iter().partition(is_own);
    let others: Vec<String> = others.into_iter().cloned().collect();
    let others = match parsed(context, id, &others) {
        Ok(others) => others,
        Err(missing) => return Lookup::unknown(missing, step),
    };
    let mut all = Vec::new();
    for address in others {
        let from = QuerySources::all(Ends::known(from.to_vec()));
        all.push(by_network(context, who, from, &[address], question));
    }
    if !own.is_empty() {
        all.push(resolver::ask(context, id, question, &mut Trail::default()));
    }
    if all.iter().all(|one| one.answer.is_ok()) {
        return of_servers(all).after(step);
    }
    let what = format!(
        "the DNS server among {} that instances in {id} query for {}",
        servers.join(", "),
        question.name
    );
    Lookup::unknown(vec![Missing::probe(what)], step)
}

/// A lookup by a network of operators.
pub(crate) fn operator(context: &Context<'_>, operator: &Operator, question: &Question) -> OperatorLookup {
    let place = match Place::of(context, operator) {
        Ok(place) => place,
        Err(missing) => {
            let lookup = Lookup::unknown(missing, format!("the DNS servers of {}", operator.name));
            return OperatorLookup { lookup, vpc: None, declared: true };
        }
    };
    // People behind Client VPN query the servers that the Client VPN endpoint names, else those of their machines:
    // https://repost.aws/knowledge-center/client-vpn-how-dns-works-with-endpoint
    let told = Operator { dns: place.told_servers(operator), ..operator.clone() };
    let vpc = place.vpc.clone().filter(|_| place.client_vpn.is_none() || !told.dns.is_empty());
    let lookup = match &vpc {
        Some(vpc) if told.dns.is_empty() && told.forwards_to.is_none() => {
            in_vpc(context, vpc, (&told.name, &place.ends.known), question)
        }
        _ => outside(context, &told, &place, question),
    };
    let declared = vpc.is_some() || operator.forwards_to.is_some() || operator.public_dns.is_some();
    OperatorLookup { lookup, vpc, declared }
}

/// A network of hybrid nodes, as one of operators: what is declared for a network of operators around it holds for
/// the hybrid nodes, too.
pub(crate) fn hybrid_network(context: &Context<'_>, cidr: IpNet, host: &str) -> Operator {
    let name = format!("hybrid nodes in {cidr}");
    let all = context.intent.operators.iter().flatten();
    let around = all.filter(|operator| operator.cidr.contains(&cidr));
    if let Some(around) = around.max_by_key(|operator| operator.cidr.prefix_len()) {
        return Operator { name, cidr, ..around.clone() };
    }
    // Without an inbound Resolver endpoint only public names are left to resolve, and their addresses are the same
    // everywhere. Those of the API name are, too, where the public API endpoint is off.
    let none_there = ends::of_role(context, "resolver-inbound").are_none()
        && route53_resolver::of_owner(context, "ResolverEndpoints").is_none();
    let is_api = cluster_host(context).is_ok_and(|api| api == host);
    let alike = none_there || is_api && context.public_access() == Ok(false);
    if alike {
        context.assume(format!("The DNS servers of {name} resolve public names."));
    }
    Operator {
        name,
        cidr,
        dns: Vec::new(),
        forwards_to: alike.then(Vec::new),
        public_dns: alike.then_some(true),
        via: None,
        security_groups: Vec::new(),
    }
}

/// A lookup by a network with DNS servers of its own, or whose machines query Route 53 Resolver.
fn outside(context: &Context<'_>, operator: &Operator, place: &Place<'_>, question: &Question) -> Lookup {
    // The VPC's resolver follows its Resolver rules, other DNS servers follow their own configuration.
    let (own, others): (Vec<IpAddr>, Vec<IpAddr>) =
        operator.dns.iter().partition(|server| place.has_resolver(context, **server));
    if !own.is_empty() {
        let mut all: Vec<Lookup> =
            own.iter().map(|server| place.ask_resolver(context, *server, question)).collect();
        if !others.is_empty() {
            let others = Operator { dns: others, ..operator.clone() };
            let other = outside(context, &others, place, question);
            // Public addresses of one server and unknown ones of another are no answer.
            if let (Err(missing), true) =
                (&other.answer, all.iter().any(|own| own.answer == Ok(Answer::Public)))
            {
                let missing = missing.clone();
                return of_servers(all).unless(missing);
            }
            all.push(other);
        }
        return of_servers(all);
    }
    let name = operator.name.as_str();
    if operators::asks_resolver(context, operator) {
        let from = QuerySources::all(place.ends.clone());
        return by_network(context, name, from, &operator.dns, question);
    }
    if let Some(servers) = operator.forwards_to.as_ref().filter(|servers| !servers.is_empty()) {
        return forwarded(context, operator, place, servers, question);
    }
    beyond(context, operator, question)
}

/// A lookup by a network whose DNS servers forward to these.
fn forwarded(
    context: &Context<'_>,
    operator: &Operator,
    place: &Place<'_>,
    servers: &[IpAddr],
    question: &Question,
) -> Lookup {
    let from = match operator_networks::dns_servers(operator) {
        // Which of the network's machines are DNS servers is not declared.
        none if none.is_empty() => QuerySources { ends: place.ends.clone(), some_of: place.whole(operator) },
        servers => QuerySources::all(Ends::known(servers)),
    };
    let (own, others): (Vec<IpAddr>, Vec<IpAddr>) = servers
        .iter()
        .partition(|server| place.has_resolver(context, **server) && place.holds(context, &operator.dns));
    let mut all: Vec<Lookup> =
        own.iter().map(|server| place.ask_resolver(context, *server, question)).collect();
    if !others.is_empty() {
        all.push(by_network(context, &operator.name, from, &others, question));
    }
    of_servers(all)
}

/// A lookup by a network whose DNS servers forward the name to no VPC, as far as is declared.
fn beyond(context: &Context<'_>, operator: &Operator, question: &Question) -> Lookup {
    let name = operator.name.as_str();
    let step = format!("the DNS servers of {name}");
    let nowhere = operator.forwards_to.is_some();
    let none_there = ends::of_role(context, "resolver-inbound").are_none()
        && route53_resolver::of_owner(context, "ResolverEndpoints").is_none();
    if operator.public_dns.is_none() && (nowhere || none_there) && context.public_access() == Ok(true) {
        if !nowhere {
            context.assume(format!(
                "The DNS servers of {name} do not resolve the private names of the VPC; the VPC has no inbound Resolver endpoint."
            ));
        }
        // Public addresses or none: in both cases not those of the control plane.
        return Lookup::told(Answer::Public, step);
    }
    match (operator.public_dns, nowhere) {
        (Some(true), true) => resolver::public(context, &question.name).after(step),
        (Some(false), true) => {
            let reason = "its DNS servers neither forward AWS names nor resolve public names".to_owned();
            let remedy = Remedy {
                domain: Some(question.name.clone()),
                servers: inbound_servers(context),
                ..Remedy::default()
            };
            let code = BlockerCode::NameNotForwarded;
            Lookup::nothing(vec![blocker(code, "network", name, reason, remedy)], step)
        }
        (public, nowhere) => {
            let mut missing = Vec::new();
            if !nowhere {
                missing.push(Missing::intent(format!(
                    "the servers to which the DNS servers of {name} forward {} (`forwards_to:` in privek-audit.yaml; [] for none)",
                    question.name
                )));
            }
            if public.is_none() {
                missing.push(Missing::intent(format!(
                    "whether the DNS servers of {name} resolve public names to private addresses (`public_dns:` in privek-audit.yaml)"
                )));
            }
            Lookup::unknown(missing, step)
        }
    }
}

/// Where a network's DNS queries start.
struct Place<'s> {
    /// The VPC that the network is in, or that its Client VPN endpoint is in.
    vpc: Option<String>,
    /// The machines, as a VPC sees them.
    ends: Ends,
    /// The Client VPN endpoint that the network's people use.
    client_vpn: Option<&'s ClientVpnEndpoint>,
}

impl<'s> Place<'s> {
    fn of(context: &Context<'s>, operator: &Operator) -> Known<Self> {
        let end = operator_networks::end(operator);
        let client_vpn = ends::client_vpn::of_declared(context, &end)?;
        let vpc = match client_vpn {
            Some(endpoint) => ends::client_vpn::home(context, endpoint),
            None => home(context, operator)?,
        };
        Ok(Self { vpc, ends: ends::client_vpn::ends(context, end), client_vpn })
    }

    /// The DNS servers of the machines: the declared ones, else those of the Client VPN endpoint.
    fn told_servers(&self, operator: &Operator) -> Vec<IpAddr> {
        if !operator.dns.is_empty() {
            return operator.dns.clone();
        }
        let told = self.client_vpn.map(|endpoint| endpoint.dns_servers.as_slice()).unwrap_or_default();
        told.iter().filter_map(|server| server.parse().ok()).collect()
    }

    /// Whether an address is that of the resolver of the network's own VPC.
    fn has_resolver(&self, context: &Context<'_>, address: IpAddr) -> bool {
        self.vpc.as_deref().is_some_and(|vpc| vpc_dns::is_resolver(context, vpc, address) == Ok(true))
    }

    /// Whether these servers are in the network's own VPC: the machines themselves are, where none is declared.
    fn holds(&self, context: &Context<'_>, servers: &[IpAddr]) -> bool {
        let cidrs = self.vpc.as_deref().and_then(|vpc| context.network.vpc_cidrs(vpc).ok());
        let cidrs = cidrs.unwrap_or_default();
        self.vpc.is_some() && servers.iter().all(|server| cidrs.iter().any(|cidr| cidr.contains(server)))
    }

    /// The network, of whose machines only some are DNS servers; none in a VPC.
    fn whole(&self, operator: &Operator) -> Option<IpNet> {
        self.vpc.is_none().then_some(operator.cidr)
    }

    /// What the resolver of the network's VPC answers; what people behind Client VPN send has to pass the Client
    /// VPN endpoint first.
    fn ask_resolver(&self, context: &Context<'_>, address: IpAddr, question: &Question) -> Lookup {
        let step = format!("{address}");
        let Some(vpc) = self.vpc.as_deref() else {
            let what = format!("the VPC whose resolver has {address}");
            return Lookup::unknown(vec![Missing::unmodelled(what)], step);
        };
        let mut found = resolver::ask(context, vpc, question, &mut Trail::default());
        if self.client_vpn.is_none() {
            return found;
        }
        let (mut open, mut blockers, mut missing) = (false, Vec::new(), self.ends.unlisted.clone());
        for source in &self.ends.known {
            match ends::client_vpn::refusals(context, &self.ends, source, address) {
                Ok(none) if none.is_empty() => open = true,
                Ok(some) => blockers.extend(some),
                Err(why) => missing.extend(why),
            }
        }
        if open {
            found.weaknesses.extend(blockers);
            found.doubts.extend(missing);
            return found;
        }
        if missing.is_empty() { Lookup::nothing(blockers, step) } else { Lookup::unknown(missing, step) }
    }
}

/// The VPC that a network is in, as in the paths from it: the cluster's own before others.
fn home(context: &Context<'_>, operator: &Operator) -> Known<Option<String>> {
    let own = context.vpc.clone()?;
    let aws = &context.snapshot.aws;
    context.items(aws.vpcs.as_deref(), "Vpcs", &own)?;
    let mut homes = Vec::new();
    for vpc in aws.vpcs.iter().flatten() {
        let cidrs = context.network.vpc_cidrs(&vpc.vpc_id)?;
        if cidrs.iter().any(|cidr| cidr.contains(&operator.cidr)) {
            homes.push(vpc.vpc_id.clone());
        }
    }
    // A client behind a VPN or Direct Connect is in no VPC, and by a transit gateway only in one that is on it.
    match operator.via.as_deref().map(|via| (via, ids::kind(via))) {
        Some((_, Some(ResourceKind::VpnGateway))) => return Ok(None),
        Some((gateway, Some(ResourceKind::TransitGateway))) => {
            let attached = aws.transit_gateway_vpc_attachments.iter().flatten();
            let attached = attached.filter(|one| one.transit_gateway_id.as_deref() == Some(gateway));
            let attached: Vec<&str> = attached.filter_map(|one| one.vpc_id.as_deref()).collect();
            homes.retain(|home| attached.contains(&home.as_str()));
        }
        _ => {}
    }
    let via = operator.via.as_deref().filter(|via| via.starts_with("pcx-"));
    for peering in aws.vpc_peering_connections.iter().flatten() {
        let sides = [&peering.requester_vpc_info, &peering.accepter_vpc_info];
        let sides: Vec<_> = sides.into_iter().flatten().collect();
        if via == Some(&peering.vpc_peering_connection_id) {
            homes.retain(|home| sides.iter().any(|side| side.vpc_id.as_ref() == Some(home)));
        }
        // A far side that could not be read.
        let mut unread = sides
            .iter()
            .filter(|side| !aws.vpcs.iter().flatten().any(|vpc| side.vpc_id.as_ref() == Some(&vpc.vpc_id)));
        let holds = |text: Option<&String>| {
            text.and_then(|text| text.parse::<IpNet>().ok()).is_some_and(|cidr| cidr.contains(&operator.cidr))
        };
        let unread = unread.find(|side| {
            holds(side.cidr_block.as_ref())
                || side.cidr_block_set.iter().any(|block| holds(block.cidr_block.as_ref()))
        });
        if let Some(vpc) = unread.and_then(|side| side.vpc_id.as_deref()) {
            return Err(vec![context.missing("Vpcs", Some(vpc))]);
        }
    }
    if homes.contains(&own) && operator.via.is_none() {
        return Ok(Some(own));
    }
    match homes.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(vec![Missing::intent(format!(
            "`via` of {}; its CIDR is in each of the VPCs {}",
            operator.name,
            several.join(", ")
        ))]),
    }
}

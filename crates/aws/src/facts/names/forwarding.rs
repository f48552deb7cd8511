//! Queries that one resolver sends to others: by a rule through an outbound endpoint, or from a network's
//! own DNS servers, to the inbound endpoints of VPCs.

use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Verdict;
use privek_core::sets::ports::{Ports, Protocol};

use crate::facts::base::context::Context;
use crate::facts::base::domain_name::domain;
use crate::facts::ends::{self, end_set, merge_blockers};
use crate::facts::inventory::route53_resolver::{self, endpoint_with};
use crate::facts::inventory::{operators, vpc_dns, vpc_owner};
use crate::network::{Blocker, BlockerCode, End, EndKind, Remedy};
use crate::snapshot::aws::route53resolver::{ResolverEndpoint, ResolverRule};

use super::answer::{Forward, Lookup, blocker, of_servers};
use super::inbound::inbound_servers;
use super::question::Question;
use super::resolver::{self, Trail};

/// A sender of forwarded queries.
struct QuerySender<'a> {
    /// The source addresses.
    from: QuerySources,
    /// The Resolver rule; none for a network's own DNS servers.
    rule: Option<&'a str>,
    /// The object that is the blocker where a server does not answer.
    object: (&'static str, &'a str),
    /// Whether a fix may point it to the cluster's VPC instead.
    may_change: bool,
}

/// Where forwarded queries start.
pub(crate) struct QuerySources {
    /// The ends; for a Resolver endpoint those of all its interfaces.
    pub ends: end_set::Ends,
    /// The network, where only some of its machines send the queries and none is declared.
    pub some_of: Option<IpNet>,
}

impl QuerySources {
    /// Each of these sends queries.
    pub fn all(ends: end_set::Ends) -> Self {
        Self { ends, some_of: None }
    }
}

/// A lookup in a VPC whose Resolver rule forwards the name.
pub(crate) fn by_rule(
    context: &Context<'_>,
    rule: &ResolverRule,
    vpc: &str,
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let id = rule.id.as_str();
    let step = format!("Resolver rule {id} of {vpc}");
    let Some(through) = rule.resolver_endpoint_id.as_deref() else {
        let field = format!("ResolverEndpointId of {id}");
        return Lookup::unknown(vec![context.field("ResolverRules", &field)], step);
    };
    let mut all = context.snapshot.aws.resolver_endpoints.iter().flatten();
    let Some(outbound) = all.find(|endpoint| endpoint.id == through) else {
        return Lookup::unknown(vec![context.missing("ResolverEndpoints", Some(through))], step);
    };
    if let Some(down) = down(outbound) {
        return Lookup::nothing(vec![down], step);
    }
    let from = ends::of_resolver_endpoint(context, outbound);
    // A Resolver endpoint that is being created or repaired may not forward queries.
    let doubts = if route53_resolver::is_certain(outbound) { Vec::new() } else { from.unlisted.clone() };
    let mut targets = Vec::new();
    for target in &rule.target_ips {
        if target.protocol.as_deref().is_some_and(|protocol| !protocol.eq_ignore_ascii_case("Do53")) {
            let what = format!("forwarding by {id} over {}", target.protocol.as_deref().unwrap_or_default());
            return Lookup::unknown(vec![Missing::unmodelled(what)], step);
        }
        let text = target.ip.as_deref().or(target.ipv6.as_deref()).unwrap_or_default();
        // DNS's own port is the default:
        // https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_TargetAddress.html
        let port = u16::try_from(target.port.unwrap_or(53));
        let (Ok(address), Ok(port)) = (text.parse::<IpAddr>(), port) else {
            let field = format!("TargetIps of {id}");
            return Lookup::unknown(vec![context.field("ResolverRules", &field)], step);
        };
        targets.push((address, port));
    }
    targets.sort_unstable();
    targets.dedup();
    if targets.is_empty() {
        let field = format!("TargetIps of {id}");
        return Lookup::unknown(vec![context.field("ResolverRules", &field)], step);
    }
    let domain = rule.domain_name.as_deref().map(domain).unwrap_or_default();
    let foreign = rule.owner_id.is_some() && context.account.is_some() && rule.owner_id != context.account;
    let sender = QuerySender {
        from: QuerySources::all(from),
        rule: Some(id),
        object: ("resolver-rule", id),
        // What other names go by is not for this one to change, nor is another account's rule.
        may_change: domain == question.name && !foreign && context.vpc.as_deref() != Ok(vpc),
    };
    to_servers(context, &sender, &targets, question, trail).provided(doubts).after(step)
}

/// A lookup by a network whose DNS servers, or machines, query these addresses.
pub(crate) fn by_network(
    context: &Context<'_>,
    name: &str,
    from: QuerySources,
    targets: &[IpAddr],
    question: &Question,
) -> Lookup {
    let targets: Vec<(IpAddr, u16)> = targets.iter().map(|address| (*address, 53)).collect();
    let sender = QuerySender { from, rule: None, object: ("network", name), may_change: true };
    to_servers(context, &sender, &targets, question, &mut Trail::default())
        .after(format!("the DNS servers of {name}"))
}

fn to_servers(
    context: &Context<'_>,
    sender: &QuerySender<'_>,
    targets: &[(IpAddr, u16)],
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let all = targets.iter().map(|target| to_server(context, sender, *target, question, trail)).collect();
    of_servers(all)
}

fn to_server(
    context: &Context<'_>,
    sender: &QuerySender<'_>,
    (address, port): (IpAddr, u16),
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let step = format!("{address}");
    let wrong = |code: BlockerCode, reason: String| {
        let remedy = remedy(context, sender, question);
        Lookup::nothing(vec![blocker(code, sender.object.0, sender.object.1, reason, remedy)], step.clone())
    };
    let found = match endpoint_with(context, address) {
        Ok(found) => found,
        Err(missing) => return Lookup::unknown(missing, step),
    };
    let Some(endpoint) = found else {
        if let Some(vpc) = vpc_dns::resolver_of(context, address) {
            let reason = format!(
                "sends queries to {address}, the resolver of {vpc}; this resolver supports no queries from outside {vpc}"
            );
            return wrong(BlockerCode::ResolverRuleTarget, reason);
        }
        if let Some(vpc) = nobody_has(context, address) {
            let reason =
                format!("sends queries to {address}; no network interface in {vpc} has that address");
            return wrong(BlockerCode::ResolverRuleTarget, reason);
        }
        let what = format!("the answer of DNS server {address} for {}", question.name);
        return Lookup::unknown(vec![Missing::probe(what)], step);
    };
    let id = endpoint.id.as_str();
    match refused_by_direction(context, endpoint, address) {
        Ok(None) => {}
        Ok(Some(reason)) => return wrong(BlockerCode::ResolverRuleTarget, reason),
        Err(missing) => return Lookup::unknown(missing, step),
    }
    if let Some(down) = down(endpoint) {
        return Lookup::nothing(vec![down], step);
    }
    if let Some(reason) = refused_by_port(endpoint, (address, port)) {
        return wrong(BlockerCode::ResolverRuleTarget, reason);
    }
    let Some(vpc) = endpoint.host_vpc_id.as_deref() else {
        let field = format!("HostVPCId of {id}");
        return Lookup::unknown(vec![context.field("ResolverEndpoints", &field)], step);
    };
    let inbound = ends::of_resolver_endpoint(context, endpoint);
    let Some(end) = inbound.known.iter().find(|end| has(end, address)) else {
        if inbound.unlisted.is_empty() {
            return wrong(
                BlockerCode::ResolverRuleTarget,
                format!("sends queries to {address}; {id} no longer has that address"),
            );
        }
        return Lookup::unknown(inbound.unlisted, step);
    };
    if trail.has(vpc, &question.name) {
        let mut looped = wrong(
            BlockerCode::ResolverRuleLoop,
            format!("forwards the query in a loop, to {address} in {vpc}"),
        );
        looped.forwards.push(Forward { rule: sender.rule.map(str::to_owned), to: vpc.to_owned() });
        return looped;
    }
    let doubts = if route53_resolver::is_certain(endpoint) { Vec::new() } else { inbound.unlisted.clone() };
    let server = InboundServer { end, address, port, vpc, doubts };
    ask_inbound(context, sender, server, question, trail).after(format!("{address} of {id}"))
}

/// An inbound endpoint's address that queries are sent to.
struct InboundServer<'a> {
    /// The address as an end of paths.
    end: &'a End,
    address: IpAddr,
    port: u16,
    /// The VPC whose resolver answers.
    vpc: &'a str,
    /// Why it may not answer on this address.
    doubts: Vec<Missing>,
}

/// What the resolver behind an inbound endpoint answers, where the queries arrive.
fn ask_inbound(
    context: &Context<'_>,
    sender: &QuerySender<'_>,
    server: InboundServer<'_>,
    question: &Question,
    trail: &mut Trail,
) -> Lookup {
    let InboundServer { end, address, port, vpc, doubts } = server;
    let step = format!("{address}");
    let udp = QueryPath::new(context, sender, end, Ports { protocol: Protocol::Udp, from: port, to: port });
    let tcp = QueryPath::new(context, sender, end, Ports { protocol: Protocol::Tcp, from: port, to: port });
    // The resolver there is queried anew.
    let question = Question { inbound: true, redirected: None, ..question.clone() };
    let mut found = if udp.open {
        resolver::ask(context, vpc, &question, trail).provided(doubts)
    } else if udp.missing.is_empty() {
        Lookup::nothing(udp.blockers.clone(), step)
    } else {
        Lookup::unknown(udp.missing.clone(), step)
    };
    if udp.open {
        found.weaknesses.extend(udp.blockers);
        found.doubts.extend(udp.missing);
    }
    found.weaknesses.extend(tcp.blockers);
    found.doubts.extend(tcp.missing);
    found.doubts.extend(sender.from.ends.unlisted.iter().cloned());
    found.forwards.insert(0, Forward { rule: sender.rule.map(str::to_owned), to: vpc.to_owned() });
    found
}

/// Why an endpoint takes no forwarded queries on its addresses:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-forwarding-inbound-queries.html>
fn refused_by_direction(
    context: &Context<'_>,
    endpoint: &ResolverEndpoint,
    address: IpAddr,
) -> Known<Option<String>> {
    let id = endpoint.id.as_str();
    match endpoint.direction.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("INBOUND") => Ok(None),
        Some("INBOUND_DELEGATION") => Ok(Some(format!(
            "sends queries to {address} of {id}; inbound delegation Resolver endpoints accept no forwarded queries"
        ))),
        Some("OUTBOUND") => Ok(Some(format!(
            "sends queries to {address} of {id}; outbound Resolver endpoints accept no queries"
        ))),
        _ => Err(vec![context.field("ResolverEndpoints", &format!("Direction of {id}"))]),
    }
}

/// Why an endpoint takes no plain queries on this port:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-forwarding-inbound-queries.html>
fn refused_by_port(endpoint: &ResolverEndpoint, (address, port): (IpAddr, u16)) -> Option<String> {
    let plain = endpoint.protocols.is_empty()
        || endpoint.protocols.iter().any(|protocol| protocol.eq_ignore_ascii_case("Do53"));
    let spoken = if plain { "port 53".to_owned() } else { endpoint.protocols.join(", ") };
    let id = endpoint.id.as_str();
    (port != 53 || !plain)
        .then(|| format!("sends queries to port {port} of {address}; {id} accepts {spoken} only"))
}

/// The path of queries over one protocol.
struct QueryPath {
    /// Whether it is open from one of the senders at least.
    open: bool,
    /// What blocks it for some.
    blockers: Vec<Blocker>,
    /// What is not known of it, or of who sends.
    missing: Vec<Missing>,
}

impl QueryPath {
    fn new(context: &Context<'_>, sender: &QuerySender<'_>, to: &End, ports: Ports) -> Self {
        let mut way = Self { open: false, blockers: Vec::new(), missing: Vec::new() };
        let sources = &sender.from.ends;
        for from in &sources.known {
            let paths = ends::client_vpn::trace(context, sources, (from, to), ports);
            way.open |= paths.iter().all(|path| path.verdict == Verdict::Open);
            for path in paths {
                way.blockers.extend(path.blockers);
                way.missing.extend(path.missing);
                path.assumptions.into_iter().for_each(|text| context.assume(text));
            }
        }
        if sources.known.is_empty() {
            way.missing.extend(sources.unlisted.iter().cloned());
            if way.missing.is_empty() {
                way.missing.push(Missing::unmodelled(format!("the source addresses of {}", sender.object.1)));
            }
        }
        if let Some(network) = sender.from.some_of
            && !way.open
            && merge_blockers::is_open_for_some(network, &way.blockers)
        {
            let blocking: Vec<&str> = way.blockers.iter().map(|blocker| blocker.id.as_str()).collect();
            way.missing.push(operators::undeclared_servers(sender.object.1, network, &blocking));
            way.blockers.clear();
        }
        // A certain blocker is not made doubtful by what is unread beside it.
        way.blockers = merge_blockers::merged(context, way.blockers);
        if !way.open && !way.blockers.is_empty() {
            way.missing.clear();
        }
        way
    }
}

/// A Resolver endpoint that is being deleted, and neither answers nor forwards any more.
fn down(endpoint: &ResolverEndpoint) -> Option<Blocker> {
    let status = endpoint.status.as_deref()?;
    status.eq_ignore_ascii_case("DELETING").then(|| {
        let remedy = Remedy { state: Some(status.to_owned()), ..Remedy::default() };
        let reason = format!("status is {status}");
        blocker(BlockerCode::ResolverEndpointDown, "resolver-endpoint", &endpoint.id, reason, remedy)
    })
}

fn has(end: &End, address: IpAddr) -> bool {
    match &end.kind {
        EndKind::Subnet { addresses: Some(all), .. } => all.contains(&IpNet::from(address)),
        _ => false,
    }
}

/// The VPC whose prefix has the address, where it is certain that nothing there has it: a VPC whose
/// interfaces and resolver endpoints were read.
fn nobody_has(context: &Context<'_>, address: IpAddr) -> Option<String> {
    let aws = &context.snapshot.aws;
    let mut homes = aws.vpcs.iter().flatten().filter(|vpc| {
        let cidrs = context.network.vpc_cidrs(&vpc.vpc_id);
        cidrs.is_ok_and(|cidrs| cidrs.iter().any(|cidr| cidr.contains(&address)))
    });
    let (home, other) = (homes.next()?, homes.next());
    let id = home.vpc_id.as_str();
    let interfaces = context.items(aws.network_interfaces.as_deref(), "NetworkInterfaces", id).ok()?;
    context.items(aws.resolver_endpoints.as_deref(), "ResolverEndpoints", id).ok()?;
    let holds = |text: Option<&String>| {
        text.and_then(|text| text.parse::<IpNet>().ok()).is_some_and(|prefix| prefix.contains(&address))
    };
    let held = interfaces.iter().any(|one| {
        one.addresses().any(|its| its == address)
            || one.ipv4_prefixes.iter().any(|prefix| holds(prefix.ipv4_prefix.as_ref()))
    });
    let shared = home.owner_id.as_deref().is_some_and(|owner| vpc_owner::is_other(context, owner));
    (!held && other.is_none() && !shared).then(|| id.to_owned())
}

fn remedy(context: &Context<'_>, sender: &QuerySender<'_>, question: &Question) -> Remedy {
    Remedy {
        domain: Some(question.name.clone()),
        servers: if sender.may_change { inbound_servers(context) } else { Vec::new() },
        vpc: question.vpc.clone(),
        resolver_rule: sender.rule.map(str::to_owned),
        ..Remedy::default()
    }
}

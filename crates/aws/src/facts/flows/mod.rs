//! Flows that rules declare, traced between every pair of their ends.

mod equivalence;
mod outside_services;
mod port;
mod result;
mod services;

use std::collections::{BTreeMap, BTreeSet};

use privek_core::known::{self, Known, Missing};
use privek_core::path::Verdict;
use privek_core::sets::ports::Ports;
use privek_core::subject::{Fact, FlowSpec, Subject, Subjects};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue;
use crate::intent::Operator;
use crate::network::{Blocker, End, blocked_path};

use super::EndSpec;
use super::base::context::Context;
use super::ends::end_set::{self, Ends, Parties, Party};
use super::ends::grammar::ROLES;
use super::ends::{self, EndSide, merge_blockers, operator_networks};
use super::inventory::operators;
use equivalence::Class;
use port::{AskedPort, asked};
use result::{FlowResult, PathFacts};

pub use port::{FlowPort, FlowPortError};

/// Of more pairs than this, those that nothing tells apart are traced once.
const MANY: usize = 400;

/// What rules see of a flow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct FlowFacts {
    /// Source, destination and port of the flow, for instance `nodes->control-plane:tcp/443`.
    id: String,
    /// Always null: the id names the flow.
    name: Option<String>,
    /// The source: a role (`nodes`), one member of a role (`operators:office`), or the id, address or
    /// network that the rule names.
    from: String,
    /// The destination: a role (`control-plane`), one member of a role (`operators:office`), a service
    /// (`ecr.api`), or the id, address or network that the rule names.
    to: String,
    /// Protocol and port of the flow, for instance `tcp/443`.
    port: String,
    /// The CIDR of the operator network that is the source or destination; null for other flows.
    cidr: Option<String>,
    /// The id of the VPC endpoint that the names of the destination service resolve to for the source; several
    /// are joined with commas. Where no name resolves to a VPC endpoint, the id of the VPC endpoint that serves
    /// the service; null where none exists.
    endpoint: Option<String>,
    /// Whether the cluster needs the flow, and the source and the destination exist.
    applies: Fact<bool>,
    /// Whether requests and replies pass between every source and destination. Decided by security groups
    /// (`SecurityGroups[].IpPermissions`, `IpPermissionsEgress`), network ACLs (`NetworkAcls[].Entries`),
    /// routes (`RouteTables[].Routes`), and the gateways, attachments and VPC endpoints in the routes.
    open: Fact<bool>,
    /// Whether clients use public addresses of the service instead of the VPC endpoint. True where the
    /// service name does not resolve to the VPC endpoint (`VpcEndpoints[].PrivateDnsEnabled`), and every
    /// source has a route to the internet (`RouteTables[].Routes`). False for every destination but a service.
    bypassed: Fact<bool>,
    /// Whether nodes or pods fail where the flow is blocked. False for services of logs, metrics and the
    /// like; true for every destination but a service.
    essential: Fact<bool>,
    /// Whether only replies to ephemeral ports that few clients use are denied (`NetworkAcls[].Entries`). In
    /// that case only some connections fail.
    rare_ports_only: bool,
    /// The objects that block the flow, each with reason and fix.
    blockers: Vec<Blocker>,
    /// The inputs that are missing to decide whether the flow is open.
    missing: Vec<Missing>,
    /// The traced paths with verdict and reason, at most 200; blocked and unknown paths come first.
    paths: Vec<PathFacts>,
    /// The number of traced paths. Among many subnets with equal routes, network ACL entries and security
    /// groups, one path is traced for all.
    path_count: usize,
    /// Whether the public access CIDR list of the public API endpoint allows the operator network; false for
    /// other flows.
    public_endpoint_admits: Fact<bool>,
    /// Whether the public API endpoint certainly allows the operator network; false where that is unknown.
    public_endpoint_open: bool,
}

impl FlowFacts {
    fn subject(&self) -> Subject {
        Subject::new("flow", &self.id, None, self)
    }
}

/// The words that a flow's end may be; ids, addresses and declared networks come on top.
pub(crate) fn ends() -> Vec<String> {
    let services =
        catalogue::services::matrix().ok().into_iter().flat_map(|matrix| matrix.services.keys().cloned());
    ROLES.iter().map(|&role| role.to_owned()).chain(services).collect()
}

/// The flows between these ends: one for each pair of parties and each port.
pub(crate) fn flow(context: &Context<'_>, spec: &FlowSpec) -> Subjects {
    let unmodelled = |what: String| Subjects::unlisted(vec![Missing::unmodelled(what)]);
    let (from, to) = match (spec.from.parse::<EndSpec>(), spec.to.parse::<EndSpec>()) {
        (Ok(from), Ok(to)) => (from, to),
        (Err(error), _) | (_, Err(error)) => return unmodelled(error.to_string()),
    };
    let port = match spec.port.parse::<FlowPort>() {
        Ok(port) => port,
        Err(error) => return unmodelled(error.to_string()),
    };
    let all = match asked(context, port) {
        Ok(all) => all,
        Err(missing) => return Subjects::unlisted(missing),
    };
    if from.is_service() {
        return unmodelled(format!("flows from {from} to {to}"));
    }
    let run = FlowRun { context, from, to };
    let mut subjects = Subjects::default();
    for asked in &all {
        run.on(asked, &mut subjects);
    }
    subjects.unlisted = known::joined(subjects.unlisted);
    subjects
}

/// One flow rule's evaluation.
struct FlowRun<'r, 's> {
    context: &'r Context<'s>,
    from: EndSpec,
    to: EndSpec,
}

impl FlowRun<'_, '_> {
    /// The flows on one port.
    fn on(&self, asked: &AskedPort, subjects: &mut Subjects) {
        let Parties { listed: sources, unlisted } = self.parties(&self.from, EndSide::Source);
        if self.to.is_service() {
            return services::flows(self, asked, &Parties { listed: sources, unlisted }, subjects);
        }
        subjects.unlisted.extend(unlisted);
        let Parties { listed: targets, unlisted } = self.parties(&self.to, EndSide::Destination);
        subjects.unlisted.extend(unlisted);
        for source in &sources {
            for target in &targets {
                subjects.listed.push(self.between(asked, source, target).subject());
            }
        }
    }

    /// What one side names; what it cannot name is unknown.
    fn parties(&self, spec: &EndSpec, side: EndSide) -> Parties<'_> {
        ends::of_written(self.context, &spec.clone().into(), side)
            .unwrap_or_else(|no_end| Parties::one(spec.to_string(), Ends::unlisted(vec![no_end.missing()])))
    }

    fn between(&self, asked: &AskedPort, source: &Party<'_>, target: &Party<'_>) -> FlowFacts {
        let near = self.near(source, target);
        let some = Ok(!near.are_none() && !target.ends.are_none());
        let mut applies = known::all([source.used.clone(), target.used.clone(), asked.needed.clone(), some]);
        if is_role(&self.to, "control-plane") || is_role(&self.to, "control-plane-subnets") {
            applies = known::and(applies, self.context.private_access());
        }
        let mut traced =
            if applies == Ok(false) { FlowResult::default() } else { self.trace(asked.port, &near, target) };
        if let Some(operator) = self.undeclared_servers(source)
            && merge_blockers::is_open_for_some(operator.cidr, &traced.blockers)
        {
            let blocking: Vec<&str> = traced.blockers.iter().map(|blocker| blocker.id.as_str()).collect();
            let missing = operators::undeclared_servers(&operator.name, operator.cidr, &blocking);
            traced.undecided_in_part(missing);
        }
        let port = match (asked.port, &target.ports) {
            (FlowPort::Targets(protocol), Some(ports)) if !ports.is_empty() => {
                end_set::ports_of(protocol, ports)
            }
            (port, _) => port.to_string(),
        };
        let mut facts = self.facts(&source.name, &target.name, &port, applies, traced);
        if let Some(operator) = source.operator.or(target.operator) {
            facts.cidr = Some(operator.cidr.to_string());
            facts.public_endpoint_admits = Fact(operators::admitted_publicly(self.context, operator));
            facts.public_endpoint_open = facts.public_endpoint_admits.value() == Some(&true);
        }
        facts
    }

    /// Where the packets start.
    fn near(&self, source: &Party<'_>, target: &Party<'_>) -> std::rc::Rc<Ends> {
        // A rule's queries leave through the rule's own endpoint.
        if let (true, Some(asker)) = (is_role(&self.from, "resolver-outbound"), &target.only_from) {
            return std::rc::Rc::clone(asker);
        }
        // Machines of a network ask their own DNS servers, which ask the VPC's resolver.
        if let (true, Some(operator)) = (is_role(&self.to, "resolver-inbound"), source.operator)
            && !operator.dns.is_empty()
            && !operators::asks_resolver(self.context, operator)
        {
            return std::rc::Rc::new(Ends::known(operator_networks::dns_servers(operator)));
        }
        if is_role(&self.from, "pods") {
            return ends::pods_towards(self.context, &source.ends, &target.ends.known);
        }
        std::rc::Rc::clone(&source.ends)
    }

    /// The network outside AWS that queries the VPC's resolver through DNS servers that are not declared.
    fn undeclared_servers<'p>(&self, source: &Party<'p>) -> Option<&'p Operator> {
        let operator = source.operator.filter(|operator| operator.dns.is_empty())?;
        let inside = source.ends.known.iter().any(|end| end_set::subnet(self.context, end).is_some());
        let in_vpc = self.context.snapshot.aws.vpcs.iter().flatten().any(|vpc| {
            let cidrs = self.context.network.vpc_cidrs(&vpc.vpc_id).unwrap_or_default();
            cidrs.iter().any(|cidr| cidr.contains(&operator.cidr))
        });
        (is_role(&self.to, "resolver-inbound") && !inside && !in_vpc).then_some(operator)
    }

    fn trace(&self, port: FlowPort, from: &Ends, to: &Party<'_>) -> FlowResult {
        let mut traced = FlowResult::default();
        traced.missing.extend(from.unlisted.iter().cloned());
        self.trace_into(&mut traced, port, from, to);
        traced
    }

    fn trace_into(&self, traced: &mut FlowResult, port: FlowPort, from: &Ends, to: &Party<'_>) {
        traced.missing.extend(to.ends.unlisted.iter().chain(&to.ends.doubts).cloned());
        let many = from.known.len() * to.ends.known.len() > MANY;
        let alike = match port {
            FlowPort::Fixed(ports) if many && !to.same_zone => {
                equivalence::classes(self.context, &from.known, &to.ends.known)
                    .map(|classes| (ports, classes))
            }
            _ => None,
        };
        if let Some((ports, (sources, targets))) = alike {
            for (source, target) in sources.iter().flat_map(|one| targets.iter().map(move |two| (one, two))) {
                self.between_alike(traced, ports, (&from.known, source), (&to.ends.known, target));
            }
        } else {
            for source in &from.known {
                for (target, ports) in self.targets(traced, port, source, to) {
                    traced.extend(ends::client_vpn::trace(self.context, from, (source, target), ports));
                }
            }
        }
        if is_role(&self.to, "pods") && !to.ends.are_none() {
            for source in &from.known {
                match ends::unanswered_by_pods(self.context, source) {
                    Ok(blocker) => traced.extend(
                        blocker
                            .map(|blocker| blocked_path(&source.label, &to.name, blocker))
                            .into_iter()
                            .collect(),
                    ),
                    Err(missing) => traced.missing.extend(missing),
                }
            }
        }
        if from.are_none() {
            traced.missing.insert(Missing::operation(
                format!("the source of the flow; no object of role {} was found", self.from),
                None,
            ));
        }
    }

    /// Traces one pair of two classes, and the others only where that one is not open. Inside one subnet
    /// no network ACL counts, so that such pairs are a kind of their own.
    fn between_alike(
        &self,
        traced: &mut FlowResult,
        ports: Ports,
        (from, sources): (&[End], &Class),
        (to, targets): (&[End], &Class),
    ) {
        let subnet = |end: &End| end_set::subnet(self.context, end);
        let by_subnet: BTreeMap<Option<String>, usize> =
            targets.iter().map(|&at| (subnet(&to[at]), at)).collect();
        let within: Vec<(usize, usize)> =
            sources.iter().filter_map(|&at| Some((at, *by_subnet.get(&subnet(&from[at]))?))).collect();
        let is_within = |pair: &(usize, usize)| subnet(&from[pair.0]) == subnet(&to[pair.1]);
        let pairs = || sources.iter().flat_map(|&one| targets.iter().map(move |&two| (one, two)));
        let trace = |(one, two): (usize, usize)| self.context.network.trace(&from[one], &to[two], &ports);
        let first = pairs().find(|pair| !is_within(pair));
        for first in [first, within.first().copied()].into_iter().flatten() {
            let paths = trace(first);
            let open = paths.iter().all(|path| path.verdict == Verdict::Open);
            traced.extend(paths);
            if open {
                continue;
            }
            if is_within(&first) {
                within.iter().skip(1).for_each(|&pair| traced.extend(trace(pair)));
                continue;
            }
            // Each end once: what blocks a pair blocks it for one of its ends.
            let apart = |pair: &(usize, usize)| *pair != first && !is_within(pair);
            let of_sources = sources
                .iter()
                .filter_map(|&one| targets.iter().map(|&two| (one, two)).find(|pair| !is_within(pair)));
            let of_targets = targets
                .iter()
                .filter_map(|&two| sources.iter().map(|&one| (one, two)).find(|pair| !is_within(pair)));
            let others: BTreeSet<(usize, usize)> = of_sources.chain(of_targets).filter(apart).collect();
            for pair in others {
                traced.extend(trace(pair));
            }
        }
    }

    /// The destination of this source, and the port.
    fn targets<'e>(
        &self,
        traced: &mut FlowResult,
        port: FlowPort,
        source: &End,
        to: &'e Party<'_>,
    ) -> Vec<(&'e End, Ports)> {
        let all = &to.ends.known;
        let zone = ends::reached(self.context, source, to);
        traced.missing.extend(zone.missing);
        if let Some(blocker) = zone.blocker {
            traced.extend(vec![blocked_path(&source.label, &to.name, blocker)]);
        }
        let with_ports: Vec<(&End, Ports)> = match (port, &to.ports) {
            (FlowPort::Fixed(ports), _) => all.iter().map(|end| (end, ports)).collect(),
            (FlowPort::Targets(protocol), Some(own)) => all
                .iter()
                .zip(own)
                .map(|(end, &port)| (end, Ports { protocol, from: port, to: port }))
                .collect(),
            _ => {
                let what = format!(
                    "the port of {}; only targets of Resolver rules (resolver-targets) name a port",
                    to.name
                );
                traced.missing.insert(Missing::unmodelled(what));
                Vec::new()
            }
        };
        if with_ports.len() < all.len() {
            return with_ports;
        }
        zone.members.into_iter().map(|at| with_ports[at]).collect()
    }

    /// Nodes and pods reach what is in the VPC without address translation, S3's public addresses and
    /// other networks with it: <https://github.com/aws/amazon-vpc-cni-k8s#aws_vpc_k8s_cni_randomizesnat>.
    fn is_rare(&self, blocker: &Blocker) -> bool {
        let inside = match &self.to {
            EndSpec::Role(role) => {
                !matches!(role.as_str(), "operators" | "resolver-targets" | "hybrid-nodes" | "hybrid-pods")
            }
            EndSpec::Service(_) => true,
            _ => false,
        };
        let own_ports = ["nodes", "pods", "fargate"].iter().any(|role| is_role(&self.from, role));
        let direct = own_ports && inside && blocker.remedy.prefix_list.is_none();
        blocker.remedy.few_ports || direct && blocker.remedy.low_ports
    }

    fn facts(
        &self,
        from: &str,
        to: &str,
        port: &str,
        applies: Known<bool>,
        mut traced: FlowResult,
    ) -> FlowFacts {
        traced.complete();
        // A definite blocker outranks what is missing, and that outranks what is open.
        let open = known::disproved(traced.blocked, traced.missing.iter().cloned());
        traced.assumptions.iter().for_each(|assumption| self.context.assume(assumption));
        let rare = traced.blockers.iter().all(|blocker| self.is_rare(blocker));
        FlowFacts {
            id: format!("{from}->{to}:{port}"),
            name: None,
            from: from.to_owned(),
            to: to.to_owned(),
            port: port.to_owned(),
            cidr: None,
            endpoint: None,
            applies: Fact(applies),
            rare_ports_only: traced.blocked && traced.missing.is_empty() && rare,
            bypassed: Fact::known(false),
            essential: Fact::known(true),
            open: Fact(open),
            path_count: traced.count,
            paths: traced.shown(),
            blockers: merge_blockers::merged(self.context, traced.blockers.into_iter().collect()),
            missing: traced.missing.into_iter().collect(),
            public_endpoint_admits: Fact::known(false),
            public_endpoint_open: false,
        }
    }
}

fn is_role(spec: &EndSpec, role: &str) -> bool {
    matches!(spec, EndSpec::Role(name) if name == role)
}

#[cfg(test)]
mod tests;

//! Flows that rules declare, traced between every pair of their ends.

mod equivalence;
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
use crate::network::{Blocker, End};

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
    /// Source, destination and port.
    id: String,
    /// Null.
    name: Option<String>,
    /// The source: a role, with what it is one of after a colon where it has several (operators'
    /// networks by name), or what the rule names.
    from: String,
    /// The destination: the same, or a service.
    to: String,
    /// For instance `tcp/443`.
    port: String,
    /// The operators' prefix, where operators are an end.
    cidr: Option<String>,
    /// The VPC endpoint, where a service is the destination.
    endpoint: Option<String>,
    /// Whether the flow is needed and its ends are in place, so that it matters whether it is open.
    applies: Fact<bool>,
    /// Whether it is open between all its ends, hop by hop and back: security groups
    /// (`SecurityGroups[].IpPermissions`, `IpPermissionsEgress`), network ACLs (`NetworkAcls[].Entries`),
    /// routes (`RouteTables[].Routes`), and the gateways, attachments and endpoints that they lead to.
    open: Fact<bool>,
    /// Whether nothing depends on it now, because the endpoint does not answer for the service's own
    /// name (`VpcEndpoints[].PrivateDnsEnabled`) and every source has a way to the internet
    /// (`RouteTables[].Routes`); false for flows to other ends.
    bypassed: Fact<bool>,
    /// Whether nodes or pods stop without what it leads to; false where only something beside them does
    /// (logs, metrics, …), true for flows to other ends than services.
    essential: Fact<bool>,
    /// Whether all that is closed are ports that clients of few systems pick for replies
    /// (`NetworkAcls[].Entries`); then only some connections fail.
    rare_ports_only: bool,
    /// All that stands in its way.
    blockers: Vec<Blocker>,
    /// What would settle what is undecided.
    missing: Vec<Missing>,
    /// Every path in short; of more than two hundred, those that are not open first.
    paths: Vec<PathFacts>,
    /// How many paths were traced; between many ends that nothing tells apart, one stands for all.
    path_count: usize,
    /// Whether the cluster's public endpoint admits the operators; false for other flows.
    public_endpoint_admits: Fact<bool>,
    /// Whether it is certain that it does.
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
        subjects.unlisted.extend(unlisted);
        if self.to.is_service() {
            return services::flows(self, asked, &sources, subjects);
        }
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
        let traced =
            if applies == Ok(false) { FlowResult::default() } else { self.trace(asked.port, &near, target) };
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
                    traced.extend(self.context.network.trace(source, target, &ports));
                }
            }
        }
        if from.are_none() {
            traced.missing.insert(Missing::operation(
                format!("any source: nothing of the role {} was found", self.from),
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

    /// What this source speaks to, and on which port.
    fn targets<'e>(
        &self,
        traced: &mut FlowResult,
        port: FlowPort,
        source: &End,
        to: &'e Party<'_>,
    ) -> Vec<(&'e End, Ports)> {
        let all = &to.ends.known;
        let with_ports: Vec<(&End, Ports)> = match (port, &to.ports) {
            (FlowPort::Fixed(ports), _) => all.iter().map(|end| (end, ports)).collect(),
            (FlowPort::Targets(protocol), Some(own)) => all
                .iter()
                .zip(own)
                .map(|(end, &port)| (end, Ports { protocol, from: port, to: port }))
                .collect(),
            _ => {
                let what = format!("on which port {} answers: only resolver-targets say it", to.name);
                traced.missing.insert(Missing::unmodelled(what));
                Vec::new()
            }
        };
        if !to.same_zone {
            return with_ports;
        }
        let (mut near, mut untold) = (Vec::new(), Vec::new());
        for one in &with_ports {
            match end_set::same_zone(self.context, source, one.0) {
                Ok(true) => near.push(*one),
                Ok(false) => {}
                Err(missing) => untold.extend(missing),
            }
        }
        if near.is_empty() {
            // A client may use any of those that may be in its zone: none is proved to be blocked.
            let nowhere = untold.is_empty();
            traced.missing.extend(untold);
            return if nowhere { with_ports } else { Vec::new() };
        }
        near
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

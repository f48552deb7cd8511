//! From one end to another, and back.

use std::rc::Rc;

use privek_core::sets::ports::{ClientPorts, Ports};

use crate::network::segment::Segment;
use crate::network::{BlockerCode, End, Path, TraceLog};

use super::flow::Points;
use super::reasoner::{Reasoner, Resolved};
use super::run::at;

impl<'s> Reasoner<'s> {
    /// What is known about every path from one end to the other; never empty.
    pub fn trace(&self, from: &End, to: &End, ports: &Ports) -> Vec<Path> {
        let (from_vpc, to_vpc) = (self.vpc_of_end(from), self.vpc_of_end(to));
        let sources = self.parts(from, to_vpc, true);
        let destinations = self.parts(to, from_vpc, false);
        let mut paths = Vec::new();
        // What keeps an end from being known is a path of its own, so that it is never lost.
        let mut log = TraceLog::default();
        let mut incomplete = false;
        for end in [sources.as_ref(), destinations.as_ref()] {
            incomplete |= !end.blockers.is_empty() || !end.missing.is_empty();
            log.missing(end.missing.iter().cloned());
            end.blockers.iter().cloned().for_each(|blocker| log.block(blocker));
        }
        if incomplete || sources.parts.is_empty() || destinations.parts.is_empty() {
            paths.push(log.path(from.label.clone(), to.label.clone()));
        }
        for source in &sources.parts {
            for destination in &destinations.parts {
                let log = self.pair(source, destination, *ports);
                paths.push(log.path(name(&sources, source), name(&destinations, destination)));
            }
        }
        paths
    }

    fn parts(&self, end: &End, other: Option<&'s str>, is_source: bool) -> Rc<Resolved<'s>> {
        let key = (end.clone(), other, is_source);
        self.ends.get(key, || self.resolve(end, other, is_source))
    }

    fn pair(&self, source: &Segment<'s>, destination: &Segment<'s>, ports: Ports) -> TraceLog {
        let mut log = TraceLog::default();
        source.assumptions.iter().chain(&destination.assumptions).for_each(|text| log.assume(text.as_str()));
        let mut met = false;
        for v6 in [false, true] {
            let (mut from, mut to) = (source.family(v6), destination.family(v6));
            from.is_repeated = source.picks_anew(destination, v6);
            to.is_repeated = from.is_repeated;
            if from.addresses.is_empty() || to.addresses.is_empty() {
                continue;
            }
            met = true;
            let points = (ports.request(v6), ports.reply(v6, source.ports_towards(destination, v6)));
            if let Some(service) = to.service {
                self.to_aws_address(&mut log, (&from, &to), (service, &points.0));
            } else if to.prefix_list.is_some() {
                self.to_prefix_list(&mut log, &from, &to, &points);
            } else {
                let translated = ports.reply(v6, ClientPorts::ANY);
                let points = Points { request: &points.0, reply: &points.1, translated: &translated };
                self.both_ways(&mut log, (&from, &to), points);
            }
        }
        if !met {
            let reason =
                format!("{} and {} have no address family in common", source.label, destination.label);
            log.block(at(BlockerCode::NeverForwarded, "address-family", &destination.what, None, reason));
        }
        log
    }
}

fn name(resolved: &Resolved<'_>, part: &Segment<'_>) -> String {
    if resolved.parts.len() > 1 { format!("{} ({})", part.label, part.what) } else { part.label.clone() }
}

//! A flow between two parts: requests one way, replies the other; and anew behind each translation.

use std::collections::BTreeSet;

use crate::known::Missing;
use crate::network::TraceLog;
use crate::network::segment::{Part, Place};
use crate::network::tables::compiled::Direction;
use crate::network::tables::side::{Connection, Side};
use crate::path::Leg;
use crate::sets::addresses::AddressSet;
use crate::sets::ranges::Ranges;

use super::reasoner::Reasoner;
use super::run::{At, Reach, Run, Spot};

/// More translations than anyone needs.
const MOST: usize = 4;

/// What a flow's packets carry, one way and the other.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a> {
    pub request: &'a Ranges,
    pub reply: &'a Ranges,
}

impl<'s> Reasoner<'s> {
    pub(crate) fn both_ways(
        &self,
        story: &mut TraceLog,
        (from, to): (&Part<'s>, &Part<'s>),
        points: Points<'_>,
    ) {
        match (spot_of(from), spot_of(to)) {
            (Some(spot), _) => self.outward(story, (from, spot), to, points, 0),
            (None, Some(spot)) => self.inward(story, from, (to, spot), points),
            (None, None) => {
                let what = format!("paths between {} and {} outside AWS", from.label, to.label);
                story.missing([Missing::unmodelled(what)]);
            }
        }
    }

    /// From outside into a subnet: where requests come in is known by where the replies go.
    fn inward(
        &self,
        story: &mut TraceLog,
        from: &Part<'s>,
        (to, spot): (&Part<'s>, Spot<'s>),
        points: Points<'_>,
    ) {
        let mut connections = BTreeSet::new();
        let outbound = Side {
            direction: Direction::Outbound,
            own: from,
            peer: to,
            points: points.request,
            connections: &connections,
        };
        self.check_groups(story, &outbound);
        let mut back = TraceLog::default();
        let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
        let reaches = self.depart(&mut back, reply, spot);
        for reach in &reaches {
            let from = from.only(&reach.addresses);
            let request = Run { leg: Leg::Request, from: &from, to, points: points.request };
            match &reach.at {
                At::Outside(gate) => {
                    let entered = self.enter(story, request, gate);
                    connections.extend(entered.iter().filter(|it| it.is_home()).map(Reach::connection));
                    for name in entered.iter().filter_map(Reach::translator) {
                        let what = format!("how {name} passes on what comes in from {}", from.label);
                        story.missing([Missing::unmodelled(what)]);
                    }
                    if !to.addresses.subtract(&reached(&entered)).is_empty() {
                        nowhere(story, &from, to);
                    }
                }
                At::Destination(_) | At::Translator(_) => {}
            }
        }
        let rest = from.addresses.subtract(&reached(&reaches));
        if !rest.is_empty() {
            self.check_arrival(story, Leg::Request, (&from.only(&rest), to), points.request);
            nowhere(&mut back, from, to);
        }
        story.append(back);
        self.check_inbound(story, from, to, (points.request, connections));
    }

    /// From a subnet to anywhere.
    fn outward(
        &self,
        story: &mut TraceLog,
        (from, spot): (&Part<'s>, Spot<'s>),
        to: &Part<'s>,
        points: Points<'_>,
        depth: usize,
    ) {
        // The story is told in the packet's order: out of the interface, over the network, into the other one.
        let mut way = TraceLog::default();
        let request = Run { leg: Leg::Request, from, to, points: points.request };
        let reaches = self.depart(&mut way, request, spot);
        let rest = to.addresses.subtract(&reached(&reaches));
        if !rest.is_empty() {
            self.check_arrival(&mut way, Leg::Request, (from, &to.only(&rest)), points.request);
            nowhere(&mut way, from, to);
        }
        let mut connections: BTreeSet<Connection> = reaches.iter().map(Reach::connection).collect();
        if connections.is_empty() {
            connections.extend(self.possible_connection(from, to));
        }
        if from.translator.is_none() {
            let outbound = Side {
                direction: Direction::Outbound,
                own: from,
                peer: to,
                points: points.request,
                connections: &connections,
            };
            self.check_groups(story, &outbound);
        }
        story.append(way);
        self.directly(story, (from, to), points, (&reaches, &rest));
        for reach in &reaches {
            let to = &*to.only(&reach.addresses);
            match &reach.at {
                At::Destination(_) => {}
                At::Outside(gate) => {
                    let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
                    let entered = self.enter(story, reply, gate);
                    if !from.addresses.subtract(&arrived(&entered)).is_empty() {
                        nowhere(story, to, from);
                    }
                }
                At::Translator(_) if depth >= MOST => {
                    let what =
                        format!("more than {MOST} NAT gateways between {} and {}", from.label, to.label);
                    story.missing([Missing::unmodelled(what)]);
                }
                At::Translator(translator) => {
                    let mut beyond = TraceLog::default();
                    let client = (&translator.part, translator.spot);
                    self.outward(&mut beyond, client, to, points, depth + 1);
                    story.append(of_translator(beyond));
                    // The gateway gives replies back as they came, but for the destination.
                    let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
                    let mut back = TraceLog::default();
                    let name = &translator.part.label;
                    back.hop(Leg::Reply, "nat-gateway", name, "forward", "back to the client");
                    let returned = self.depart(&mut back, reply, translator.spot);
                    if !from.addresses.subtract(&arrived(&returned)).is_empty() {
                        nowhere(&mut back, to, from);
                    }
                    story.append(of_translator(back));
                }
            }
        }
    }

    /// What goes to the other part untranslated, or would: the replies, and who admits it there.
    fn directly(
        &self,
        story: &mut TraceLog,
        (from, to): (&Part<'s>, &Part<'s>),
        points: Points<'_>,
        (reaches, rest): (&[Reach<'s>], &AddressSet),
    ) {
        let direct = arrived(reaches).union(rest);
        if direct.is_empty() {
            return;
        }
        let to = &*to.only(&direct);
        let Some(spot) = spot_of(to) else {
            return self.check_arrival(story, Leg::Reply, (to, from), points.reply);
        };
        let mut back = TraceLog::default();
        let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
        let returned = self.depart(&mut back, reply, spot);
        let rest = from.addresses.subtract(&arrived(&returned));
        if !rest.is_empty() {
            self.check_arrival(&mut back, Leg::Reply, (to, &from.only(&rest)), points.reply);
            nowhere(&mut back, to, from);
        }
        story.append(back);
        let connections = reaches.iter().filter(|reach| reach.is_home());
        self.check_inbound(story, from, to, (points.request, connections.map(Reach::connection).collect()));
    }

    fn check_inbound(
        &self,
        story: &mut TraceLog,
        from: &Part<'s>,
        to: &Part<'s>,
        (request, mut connections): (&Ranges, BTreeSet<Connection>),
    ) {
        if connections.is_empty() {
            connections.extend(self.possible_connection(from, to));
        }
        let inbound = Side {
            direction: Direction::Inbound,
            own: to,
            peer: from,
            points: request,
            connections: &connections,
        };
        self.check_groups(story, &inbound);
    }
}

impl Reach<'_> {
    fn is_home(&self) -> bool {
        matches!(self.at, At::Destination(_))
    }

    fn translator(&self) -> Option<&str> {
        match &self.at {
            At::Translator(translator) => Some(&translator.part.label),
            At::Destination(_) | At::Outside(_) => None,
        }
    }

    fn connection(&self) -> Connection {
        match &self.at {
            At::Destination(connection) => connection.clone(),
            At::Outside(gate) => gate.connection(),
            At::Translator(translator) => Connection::Nat(translator.part.label.clone()),
        }
    }
}

fn spot_of<'s>(part: &Part<'s>) -> Option<Spot<'s>> {
    match part.place {
        Place::Inside { subnet, vpc } => Some(Spot { subnet, vpc, over: None }),
        Place::Outside { .. } => None,
    }
}

fn reached(reaches: &[Reach<'_>]) -> AddressSet {
    AddressSet::union_all(reaches.iter().map(|reach| &reach.addresses))
}

fn arrived(reaches: &[Reach<'_>]) -> AddressSet {
    AddressSet::union_all(reaches.iter().filter(|reach| reach.is_home()).map(|reach| &reach.addresses))
}

/// A way that was neither found nor refused is no way.
fn nowhere(story: &mut TraceLog, from: &Part<'_>, to: &Part<'_>) {
    if story.is_clear() {
        let what = format!("how {} and {} are connected", from.label, to.label);
        story.missing([Missing::unmodelled(what)]);
    }
}

/// Where a translator is the client, replies to low ports are as frequent as to any other.
fn of_translator(log: TraceLog) -> TraceLog {
    log.map_blockers(|mut blocker| {
        blocker.remedy.low_ports = false;
        blocker
    })
}

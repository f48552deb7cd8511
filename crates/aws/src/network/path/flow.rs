//! A flow between two parts: requests one way, replies the other; and anew behind each translation.

use std::collections::BTreeSet;

use privek_core::known::Missing;
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ranges::Ranges;

use crate::network::TraceLog;
use crate::network::segment::{Location, Segment};
use crate::network::tables::compiled::Direction;
use crate::network::tables::side::{Connection, Side};

use super::edge::Edge;
use super::reasoner::Reasoner;
use super::run::{Arrival, ArrivalPoint, Run, SubnetHop};

/// More translations than anyone needs.
const MOST: usize = 4;

/// What a flow's packets carry, one way and the other.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a> {
    pub request: &'a Ranges,
    pub reply: &'a Ranges,
    /// What the replies to a translator carry.
    pub translated: &'a Ranges,
}

impl<'s> Reasoner<'s> {
    pub(crate) fn both_ways(
        &self,
        log: &mut TraceLog,
        (from, to): (&Segment<'s>, &Segment<'s>),
        points: Points<'_>,
    ) {
        if to.is_nat_gateway {
            return self.block_unsolicited(log, to);
        }
        match (hop_of(from), hop_of(to)) {
            (Some(hop), _) => self.outward(log, (from, hop), to, points, 0),
            (None, Some(hop)) => self.inward(log, from, (to, hop), points),
            (None, None) => {
                if let Some(part) = self.behind_public_address(from, to) {
                    return self.both_ways(log, (from, &part), points);
                }
                let what = format!("paths between {} and {} outside AWS", from.label, to.label);
                log.missing([Missing::unmodelled(what)]);
            }
        }
    }

    /// From outside into a subnet: where requests enter is known by where the replies go.
    fn inward(
        &self,
        log: &mut TraceLog,
        from: &Segment<'s>,
        (to, hop): (&Segment<'s>, SubnetHop<'s>),
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
        self.check_groups(log, &outbound);
        let mut back = TraceLog::default();
        let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
        let arrivals = self.depart(&mut back, reply, hop);
        for arrival in &arrivals {
            let from = from.only(&arrival.addresses);
            let request = Run { leg: Leg::Request, from: &from, to, points: points.request };
            match &arrival.at {
                ArrivalPoint::Outside(edge) => {
                    if matches!(edge, Edge::Internet { .. }) {
                        self.check_unsolicited(log, request);
                    }
                    let entered = self.enter(log, request, edge);
                    connections.extend(entered.iter().filter(|it| it.is_home()).map(Arrival::connection));
                    for name in entered.iter().filter_map(Arrival::translator) {
                        let what = format!("forwarding by {name} of packets from {}", from.label);
                        log.missing([Missing::unmodelled(what)]);
                    }
                    if !to.addresses.subtract(&reached(&entered)).is_empty() {
                        nowhere(log, &from, to);
                    }
                }
                ArrivalPoint::Destination(_) | ArrivalPoint::Translator(_) => {}
            }
        }
        let rest = from.addresses.subtract(&reached(&arrivals));
        if !rest.is_empty() {
            self.check_arrival(log, Leg::Request, (&from.only(&rest), to), points.request);
            nowhere(&mut back, from, to);
        }
        log.append(back);
        self.check_inbound(log, from, to, (points.request, connections));
    }

    /// From a subnet to anywhere.
    fn outward(
        &self,
        log: &mut TraceLog,
        (from, hop): (&Segment<'s>, SubnetHop<'s>),
        to: &Segment<'s>,
        points: Points<'_>,
        depth: usize,
    ) {
        // The hops are in the packet's order: out of the interface, over the network, into the other one.
        let mut way = TraceLog::default();
        let request = Run { leg: Leg::Request, from, to, points: points.request };
        let arrivals = self.depart(&mut way, request, hop);
        let rest = to.addresses.subtract(&reached(&arrivals));
        if !rest.is_empty() {
            self.check_arrival(&mut way, Leg::Request, (from, &to.only(&rest)), points.request);
            nowhere(&mut way, from, to);
        }
        let mut connections: BTreeSet<Connection> = arrivals.iter().map(Arrival::connection).collect();
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
            self.check_groups(log, &outbound);
        }
        log.append(way);
        self.directly(log, (from, to), points, (&arrivals, &rest));
        for arrival in &arrivals {
            let to = &*to.only(&arrival.addresses);
            match &arrival.at {
                ArrivalPoint::Destination(_) => {}
                ArrivalPoint::Outside(edge) => {
                    let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
                    let entered = self.enter(log, reply, edge);
                    if !from.addresses.subtract(&arrived(&entered)).is_empty() {
                        nowhere(log, to, from);
                    }
                }
                ArrivalPoint::Translator(_) if depth >= MOST => {
                    let what =
                        format!("more than {MOST} NAT gateways between {} and {}", from.label, to.label);
                    log.missing([Missing::unmodelled(what)]);
                }
                ArrivalPoint::Translator(translator) => {
                    let mut beyond = TraceLog::default();
                    let client = (&translator.part, translator.hop);
                    let own = Points { reply: points.translated, ..points };
                    for to in translator.destinations(to) {
                        self.outward(&mut beyond, client, to, own, depth + 1);
                    }
                    log.append(of_translator(beyond));
                    // The gateway gives replies back as they came, but for the destination.
                    let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
                    let mut back = TraceLog::default();
                    let name = &translator.part.label;
                    back.hop(Leg::Reply, "nat-gateway", name, "forward", "back to the client");
                    let returned = self.depart(&mut back, reply, translator.hop);
                    if !from.addresses.subtract(&arrived(&returned)).is_empty() {
                        nowhere(&mut back, to, from);
                    }
                    log.append(of_translator(back));
                }
            }
        }
    }

    /// What goes to the other part untranslated, or would: the replies, and who admits it there.
    fn directly(
        &self,
        log: &mut TraceLog,
        (from, to): (&Segment<'s>, &Segment<'s>),
        points: Points<'_>,
        (arrivals, rest): (&[Arrival<'s>], &AddressSet),
    ) {
        let direct = arrived(arrivals).union(rest);
        if direct.is_empty() {
            return;
        }
        let to = &*to.only(&direct);
        let Some(hop) = hop_of(to) else {
            return self.check_arrival(log, Leg::Reply, (to, from), points.reply);
        };
        let mut back = TraceLog::default();
        let reply = Run { leg: Leg::Reply, from: to, to: from, points: points.reply };
        let returned = self.depart(&mut back, reply, hop);
        let rest = from.addresses.subtract(&arrived(&returned));
        if !rest.is_empty() {
            self.check_arrival(&mut back, Leg::Reply, (to, &from.only(&rest)), points.reply);
            nowhere(&mut back, to, from);
        }
        log.append(back);
        let connections = arrivals.iter().filter(|arrival| arrival.is_home());
        self.check_inbound(log, from, to, (points.request, connections.map(Arrival::connection).collect()));
    }

    fn check_inbound(
        &self,
        log: &mut TraceLog,
        from: &Segment<'s>,
        to: &Segment<'s>,
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
        self.check_groups(log, &inbound);
    }
}

impl Arrival<'_> {
    fn is_home(&self) -> bool {
        matches!(self.at, ArrivalPoint::Destination(_))
    }

    fn translator(&self) -> Option<&str> {
        match &self.at {
            ArrivalPoint::Translator(translator) => Some(&translator.part.label),
            ArrivalPoint::Destination(_) | ArrivalPoint::Outside(_) => None,
        }
    }

    fn connection(&self) -> Connection {
        match &self.at {
            ArrivalPoint::Destination(connection) => connection.clone(),
            ArrivalPoint::Outside(edge) => edge.connection(),
            ArrivalPoint::Translator(translator) => Connection::Nat(translator.part.label.clone()),
        }
    }
}

fn hop_of<'s>(part: &Segment<'s>) -> Option<SubnetHop<'s>> {
    match part.place {
        Location::Inside { subnet, vpc } => Some(SubnetHop { subnet, vpc, over: None }),
        Location::Outside { .. } => None,
    }
}

fn reached(arrivals: &[Arrival<'_>]) -> AddressSet {
    AddressSet::union_all(arrivals.iter().map(|arrival| &arrival.addresses))
}

fn arrived(arrivals: &[Arrival<'_>]) -> AddressSet {
    AddressSet::union_all(
        arrivals.iter().filter(|arrival| arrival.is_home()).map(|arrival| &arrival.addresses),
    )
}

/// A path that was neither found nor blocked is unknown.
fn nowhere(log: &mut TraceLog, from: &Segment<'_>, to: &Segment<'_>) {
    if log.is_clear() {
        let what = format!("the connection between {} and {}", from.label, to.label);
        log.missing([Missing::unmodelled(what)]);
    }
}

/// Where a translator is the client, replies to low ports are as frequent as to any other.
fn of_translator(log: TraceLog) -> TraceLog {
    log.map_blockers(|mut blocker| {
        blocker.remedy.low_ports = false;
        blocker
    })
}

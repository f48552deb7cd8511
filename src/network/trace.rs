//! From one end to another, and back.

use std::collections::BTreeSet;

use super::{
    BlockerCode, End, Leg, Missing, Network, Path, Ports,
    connection::Connection,
    leg::{Run, at},
    network_acl::Direction,
    part::Part,
    ranges::Ranges,
    reached::Reached,
    resolve::Resolved,
    security_group::Side,
    story::Story,
};

impl<'s> Network<'s> {
    /// What is known about every path from one end to the other; never empty.
    pub fn trace(&self, from: &End, to: &End, ports: &Ports) -> Vec<Path> {
        let (from_vpc, to_vpc) = (self.vpc_of_end(from), self.vpc_of_end(to));
        let sources = self.resolve(from, to_vpc, true);
        let destinations = self.resolve(to, from_vpc, false);
        let mut paths = Vec::new();
        // What keeps an end from being known is a path of its own, so that it is never lost.
        let mut story = Story::default();
        let mut incomplete = false;
        for end in [&sources, &destinations] {
            incomplete |= !end.blockers.is_empty() || !end.missing.is_empty();
            story.missing(end.missing.iter().cloned());
            end.blockers.iter().cloned().for_each(|blocker| story.block(blocker));
        }
        if incomplete || sources.parts.is_empty() || destinations.parts.is_empty() {
            paths.push(story.path(from.label.clone(), to.label.clone()));
        }
        for source in &sources.parts {
            for destination in &destinations.parts {
                let story = self.pair(source, destination, *ports);
                paths.push(story.path(name(&sources, source), name(&destinations, destination)));
            }
        }
        paths
    }

    fn pair(&self, source: &Part<'s>, destination: &Part<'s>, ports: Ports) -> Story {
        let mut story = Story::default();
        source
            .assumptions
            .iter()
            .chain(&destination.assumptions)
            .for_each(|text| story.assume(text.as_str()));
        let mut met = false;
        for v6 in [false, true] {
            let (from, to) = (source.family(v6), destination.family(v6));
            if from.addresses.is_empty() || to.addresses.is_empty() {
                continue;
            }
            met = true;
            let points = (ports.request(v6), ports.reply(v6));
            if to.prefix_list.is_some() {
                self.to_prefix_list(&mut story, &from, &to, &points);
            } else {
                self.both_ways(&mut story, &from, &to, &points);
            }
        }
        if !met {
            let reason =
                format!("{} and {} have no address family in common", source.label, destination.label);
            story.block(at(BlockerCode::NeverForwarded, "address-family", &destination.what, None, reason));
        }
        story
    }

    fn both_ways(&self, story: &mut Story, from: &Part<'s>, to: &Part<'s>, points: &(Ranges, Ranges)) {
        let (request, reply) = points;
        let reached = self.run_request(story, from, to, request);
        self.run_reply(story, (from, to), &reached, reply);
        self.check_inbound(story, (from, to), &reached, request);
    }

    fn run_request(
        &self,
        story: &mut Story,
        from: &Part<'s>,
        to: &Part<'s>,
        request: &Ranges,
    ) -> Reached<'s> {
        // The story is told in the packet's order: out of the interface, over the network, into the other one.
        let mut network = Story::default();
        let reached = self.run(&mut network, Run { leg: Leg::Request, from, to, points: request });
        let connections = self.connections(from, to, &reached);
        let outbound = Side {
            direction: Direction::Outbound,
            own: from,
            peer: to,
            points: request,
            connections: &connections,
        };
        self.check_groups(story, &outbound);
        story.append(network);
        reached
    }

    /// The replies' way: to whoever sent the request as the receiver sees it, and back through every
    /// translation.
    fn run_reply(
        &self,
        story: &mut Story,
        (from, to): (&Part<'s>, &Part<'s>),
        reached: &Reached<'s>,
        reply: &Ranges,
    ) {
        let direct = reached.untranslated(&to.addresses);
        if !direct.is_empty() {
            let server = to.only(&direct);
            let back = self.run(story, Run { leg: Leg::Reply, from: &server, to: from, points: reply });
            // A way that was neither found nor refused is no way.
            if (reached.connections.is_empty() || back.is_empty()) && story.is_clear() {
                let what = format!("how {} and {} are connected", from.label, to.label);
                story.missing([Missing::unmodelled(what)]);
            }
        }
        for way in &reached.translated {
            let server = to.only(&way.addresses);
            let Some(gateway) = &way.gateway else {
                self.reply_of_regional(story, (from, &server), reply);
                continue;
            };
            self.run_reply(story, (gateway, &server), &way.beyond, reply);
            // The gateway gives replies the server's address again.
            let mut untranslated = (*server).clone();
            untranslated.place = gateway.place.clone();
            untranslated.internet = false;
            self.run(story, Run { leg: Leg::Reply, from: &untranslated, to: from, points: reply });
        }
    }

    /// A regional NAT gateway serves its own VPC; no subnet's table or ACL of its own is in the way.
    fn reply_of_regional(&self, story: &mut Story, (from, to): (&Part<'s>, &Part<'s>), reply: &Ranges) {
        if let Some(subnet) = from.subnet() {
            self.check_acl(story, Leg::Reply, (&subnet.subnet_id, Direction::Inbound), to, reply);
        }
    }

    /// What the receiver's groups do with the request, whoever's address it carries.
    fn check_inbound(
        &self,
        story: &mut Story,
        (from, to): (&Part<'s>, &Part<'s>),
        reached: &Reached<'s>,
        request: &Ranges,
    ) {
        let direct = reached.untranslated(&to.addresses);
        if !direct.is_empty() {
            let connections = self.connections(from, to, reached);
            let inbound = Side {
                direction: Direction::Inbound,
                own: &to.only(&direct),
                peer: from,
                points: request,
                connections: &connections,
            };
            self.check_groups(story, &inbound);
        }
        for way in &reached.translated {
            if let Some(gateway) = &way.gateway {
                self.check_inbound(story, (gateway, &to.only(&way.addresses)), &way.beyond, request);
            }
        }
    }

    /// The connections that a request takes; where it takes none, what it could take.
    fn connections(&self, from: &Part<'s>, to: &Part<'s>, reached: &Reached<'s>) -> BTreeSet<Connection> {
        let mut connections = reached.connections.clone();
        if reached.is_empty() {
            connections.extend(self.possible_connection(from, to));
        }
        connections
    }
}

fn name(resolved: &Resolved<'_>, part: &Part<'_>) -> String {
    if resolved.parts.len() > 1 { format!("{} ({})", part.label, part.what) } else { part.label.clone() }
}

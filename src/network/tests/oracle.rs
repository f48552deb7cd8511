//! A second opinion: one packet at a time, written without the sets that the reasoning works with.

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::net::{Net, entry, route, rule};

/// A network that is generated at random, small enough to try every packet.
#[derive(Clone, Debug)]
pub struct Plan {
    pub acls: [Vec<Entry>; 3],
    pub routes: [Vec<(Prefix, Target)>; 2],
    pub inbound: Vec<Rule>,
    pub outbound: Vec<Rule>,
    pub peering_active: bool,
}

pub type Prefix = (u32, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Peering,
    Internet,
    Blackhole,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub number: i64,
    pub egress: bool,
    pub allow: bool,
    pub protocol: i64,
    pub ports: (u16, u16),
    pub prefix: Prefix,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub protocol: i64,
    pub ports: (u16, u16),
    /// A prefix, or the group of the other side.
    pub peer: Option<Prefix>,
}

/// Two in `vpc-a`, one in `vpc-b`.
pub const SUBNETS: [(&str, &str, Prefix); 3] = [
    ("subnet-0", "vpc-a", (0x0a00_0100, 28)),
    ("subnet-1", "vpc-a", (0x0a00_0200, 28)),
    ("subnet-2", "vpc-b", (0x0a01_0100, 28)),
];
/// In the first subnet.
pub const SERVER: u32 = 0x0a00_0105;
pub const PORTS: (u16, u16) = (440, 445);

fn text((base, length): Prefix) -> String {
    format!("{}/{length}", Ipv4Addr::from(base))
}

fn holds((base, length): Prefix, address: u32) -> bool {
    (0..length).all(|bit| (base >> (31 - bit)) & 1 == (address >> (31 - bit)) & 1)
}

impl Plan {
    pub fn net(&self) -> Net {
        let mut net = Net::empty();
        net.vpc("vpc-a", "10.0.0.0/16").vpc("vpc-b", "10.1.0.0/16");
        for (at, (id, vpc, prefix)) in SUBNETS.iter().enumerate() {
            net.subnet(id, vpc, &text(*prefix), "zone-a");
            let entries: Vec<Value> = self.acls[at].iter().map(Entry::json).collect();
            net.subnet_acl(&format!("acl-{at}"), vpc, id, &entries);
        }
        for (at, vpc) in ["vpc-a", "vpc-b"].iter().enumerate() {
            let id = format!("rtb-{at}");
            net.table(&id, vpc, &[]);
            let routes = self.routes[at].iter().map(|(prefix, target)| {
                let name = if *target == Target::Internet { "igw-1" } else { "pcx-1" };
                let mut route = route(&text(*prefix), name);
                if *target == Target::Blackhole {
                    route["State"] = json!("blackhole");
                }
                route
            });
            net.item("RouteTables", &id)["Routes"] = routes.collect();
        }
        let inbound: Vec<Value> = self.inbound.iter().map(|rule| rule.json("sg-client")).collect();
        let outbound: Vec<Value> = self.outbound.iter().map(|rule| rule.json("sg-server")).collect();
        net.group("sg-client", "vpc-a", &[], &outbound).group("sg-server", "vpc-a", &inbound, &[]);
        net.peering("pcx-1", "vpc-a", "vpc-b", if self.peering_active { "active" } else { "deleted" });
        net.interface("eni-1", "subnet-0", "vpc-a", &Ipv4Addr::from(SERVER).to_string(), &["sg-server"]);
        net
    }

    /// Whether every packet from a subnet arrives at the server, and every reply returns.
    pub fn is_open(&self, client: usize, replies: &[u16]) -> bool {
        let (base, length) = SUBNETS[client].2;
        let addresses = base..base + (1 << (32 - length));
        (PORTS.0..=PORTS.1).all(|port| {
            addresses.clone().all(|address| {
                self.group_passes(&self.outbound, SERVER, port)
                    && self.group_passes(&self.inbound, address, port)
                    && self.carries(client, address, 0, SERVER, port)
            })
        }) && replies
            .iter()
            .all(|port| addresses.clone().all(|address| self.carries(0, SERVER, client, address, *port)))
    }

    /// Both ends carry the group that the other's rules refer to.
    fn group_passes(&self, rules: &[Rule], peer: u32, port: u16) -> bool {
        rules.iter().any(|rule| {
            covers(rule.protocol, rule.ports, port) && rule.peer.is_none_or(|prefix| holds(prefix, peer))
        })
    }

    fn carries(&self, from: usize, source: u32, to: usize, destination: u32, port: u16) -> bool {
        if from == to {
            return true;
        }
        self.acl_passes(from, true, destination, port)
            && self.route_leads(from, to, destination)
            && self.acl_passes(to, false, source, port)
    }

    fn acl_passes(&self, subnet: usize, egress: bool, peer: u32, port: u16) -> bool {
        let first = self.acls[subnet]
            .iter()
            .filter(|entry| entry.egress == egress)
            .filter(|entry| covers(entry.protocol, entry.ports, port) && holds(entry.prefix, peer))
            .min_by_key(|entry| entry.number);
        first.is_some_and(|entry| entry.allow)
    }

    fn route_leads(&self, from: usize, to: usize, destination: u32) -> bool {
        let vpc = usize::from(from == 2);
        let local: Prefix = [(0x0a00_0000, 16), (0x0a01_0000, 16)][vpc];
        if holds(local, destination) {
            return true;
        }
        let best = self.routes[vpc]
            .iter()
            .filter(|(prefix, _)| holds(*prefix, destination))
            .max_by_key(|((_, length), _)| *length);
        let crosses = usize::from(to == 2) != vpc;
        best.is_some_and(|(_, target)| *target == Target::Peering && self.peering_active && crosses)
    }
}

fn covers(protocol: i64, (first, last): (u16, u16), port: u16) -> bool {
    protocol == -1 || (protocol == 6 && first <= port && port <= last)
}

impl Entry {
    fn json(&self) -> Value {
        let ports = (self.protocol != -1).then_some(self.ports);
        let action = if self.allow { "allow" } else { "deny" };
        entry(self.number, self.egress, action, &self.protocol.to_string(), ports, &text(self.prefix))
    }
}

impl Rule {
    fn json(&self, group: &str) -> Value {
        let ports = (self.protocol != -1).then_some(self.ports);
        let peer = self.peer.map_or_else(|| group.to_owned(), text);
        rule(&self.protocol.to_string(), ports, &peer)
    }
}

//! A question, and its answer by trying packets.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    feature::{Feature, Features},
    forward::{Arrival, Door, LOCAL_ZONE, Origin, Over, Packet, World, is_private},
    kinds::Kinds,
    plan::{Interface, Plan, Subnet},
    route::TransitNext,
};

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub from: Side,
    pub to: Side,
    /// IANA's number.
    pub protocol: i64,
    pub ports: (u16, u16),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Side {
    /// Some or all addresses of a subnet.
    Subnet {
        id: String,
        nets: Option<Vec<IpNet>>,
        groups: Vec<String>,
    },
    Interface(String),
    /// In a VPC only what its subnets hold.
    Network {
        net: IpNet,
        via: Option<String>,
        groups: Vec<String>,
    },
    /// What a gateway endpoint serves.
    List(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Open,
    Blocked,
    /// AWS's documentation does not say.
    Unsure,
}

/// One address of a side.
struct Node<'p> {
    address: IpAddr,
    groups: Vec<String>,
    subnet: Option<&'p Subnet>,
    public: bool,
    /// Whether AWS's own resolver answers there.
    resolver: bool,
}

/// A question with the packets that answer it.
pub struct Trial<'p> {
    plan: &'p Plan,
    question: &'p Question,
    clients: Vec<Node<'p>>,
    servers: Vec<Node<'p>>,
    requests: Vec<u16>,
    /// The ports that clients and NAT gateways pick:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>.
    replies: Vec<u16>,
}

impl<'p> Trial<'p> {
    pub fn new(plan: &'p Plan, question: &'p Question) -> Self {
        let kinds = Kinds::of(plan, [&question.from, &question.to]);
        Self {
            plan,
            question,
            clients: plan.senders(&question.from, plan.nodes(&question.from, &kinds)),
            servers: plan.nodes(&question.to, &kinds),
            requests: kinds.ports(question.ports),
            replies: kinds.ports((1024, 65535)),
        }
    }

    /// The answer, and the features that were asked about.
    pub fn answer(&self, features: Features) -> (Answer, Vec<Feature>) {
        let world = World { plan: self.plan, features };
        let mut answer = None;
        for client in &self.clients {
            for server in self.servers.iter().filter(|it| it.address.is_ipv4() == client.address.is_ipv4()) {
                for port in &self.requests {
                    match world.exchange(self, client, server, *port) {
                        Answer::Blocked => return (Answer::Blocked, world.features.asked()),
                        other if answer != Some(Answer::Unsure) => answer = Some(other),
                        _ => {}
                    }
                }
            }
        }
        (answer.unwrap_or(Answer::Blocked), world.features.asked())
    }
}

/// The resolver's address in every VPC.
pub const LINK_LOCAL: [u8; 4] = [169, 254, 169, 253];

impl Trial<'_> {
    fn is_delegated(&self, address: IpAddr) -> bool {
        self.plan.interfaces.iter().any(|it| it.prefixes.iter().any(|net| net.contains(&address)))
    }
}

impl Plan {
    fn is_resolver(&self, net: IpNet) -> bool {
        let mut vpcs = self.vpcs.iter();
        net.prefix_len() == 32
            && (net.addr() == IpAddr::from(LINK_LOCAL) || vpcs.any(|vpc| vpc.resolver() == net.addr()))
    }

    /// Who declares the groups of a network means the interfaces in it that have one of them, where any has.
    fn senders<'p>(&'p self, side: &Side, mut nodes: Vec<Node<'p>>) -> Vec<Node<'p>> {
        let Side::Network { net, groups, .. } = side else { return nodes };
        let has = |it: &Interface| it.groups.iter().any(|group| groups.contains(group));
        let within = |it: &&Interface| it.addresses.iter().any(|address| net.contains(address));
        if net.prefix_len() < net.max_prefix_len() && self.interfaces.iter().filter(within).any(has) {
            let of = |address: IpAddr| self.interfaces.iter().find(|it| it.addresses.contains(&address));
            nodes.retain(|node| of(node.address).is_none_or(has));
        }
        nodes
    }

    fn nodes(&self, side: &Side, kinds: &Kinds) -> Vec<Node<'_>> {
        match side {
            Side::Subnet { id, nets, groups } => {
                let subnet = self.subnet(id);
                let nets = nets.as_ref().unwrap_or(&subnet.cidrs);
                let addresses = nets.iter().flat_map(|net| kinds.addresses(*net));
                let node = |address| Node {
                    address,
                    groups: groups.clone(),
                    subnet: Some(subnet),
                    public: false,
                    resolver: false,
                };
                addresses.map(node).collect()
            }
            Side::Interface(id) => {
                let interface = self.interface(id);
                let node = |address: &IpAddr| Node {
                    address: *address,
                    groups: interface.groups.clone(),
                    subnet: Some(self.subnet(&interface.subnet)),
                    public: interface.public,
                    resolver: false,
                };
                interface.addresses.iter().map(node).collect()
            }
            Side::Network { net, .. } if self.is_resolver(*net) => {
                vec![Node {
                    address: net.addr(),
                    groups: Vec::new(),
                    subnet: None,
                    public: true,
                    resolver: true,
                }]
            }
            Side::Network { net, groups, .. } => {
                let inside = self.vpcs.iter().any(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(net)));
                let holder = |address: &IpAddr| {
                    self.subnets.iter().find(|subnet| subnet.cidrs.iter().any(|cidr| cidr.contains(address)))
                };
                let nodes = kinds.addresses(*net).into_iter().map(|address| {
                    let known = self.interfaces.iter().find(|it| {
                        it.addresses.contains(&address)
                            || it.prefixes.iter().any(|net| net.contains(&address))
                    });
                    let groups = known.map_or(groups, |interface| &interface.groups);
                    let public = known.is_some_and(|interface| interface.public);
                    Node {
                        address,
                        groups: groups.clone(),
                        subnet: holder(&address),
                        public,
                        resolver: false,
                    }
                });
                nodes.filter(|node| !inside || node.subnet.is_some()).collect()
            }
            Side::List(id) => {
                let addresses = self.list(id).entries.iter().flat_map(|net| kinds.addresses(*net));
                let node = |address| Node {
                    address,
                    groups: Vec::new(),
                    subnet: None,
                    public: true,
                    resolver: false,
                };
                addresses.map(node).collect()
            }
        }
    }
}

impl<'p> World<'p> {
    fn exchange(&self, trial: &Trial<'p>, client: &Node<'p>, server: &Node<'p>, port: u16) -> Answer {
        let question = trial.question;
        if server.resolver {
            return self.ask_resolver(client, server.address, port);
        }
        let delegated = |node: &Node<'_>| trial.is_delegated(node.address);
        if (delegated(client) || delegated(server)) && !self.features.has(Feature::DelegatedPrefix) {
            return Answer::Blocked;
        }
        let packet = Packet {
            source: client.address,
            destination: server.address,
            protocol: question.protocol,
            port,
            reply: false,
            nat: None,
        };
        let (arrivals, gateway) = match client.subnet {
            Some(subnet) => {
                let origin = Origin::Interface { public: client.public };
                (self.send(subnet, origin, packet.clone()), via(&question.to))
            }
            None => self.come_in(trial, server, packet.clone()),
        };
        // From outside it may enter anywhere, and only some of these paths may be known.
        if client.subnet.is_none() && arrivals.iter().any(|it| matches!(it, Arrival::Unsure)) {
            return Answer::Unsure;
        }
        let mut unsure = false;
        for arrival in arrivals {
            let (over, sent, door) = match arrival {
                Arrival::Unsure => {
                    unsure = true;
                    continue;
                }
                Arrival::Subnet { subnet, over, packet } if Some(subnet) == server.subnet => {
                    (over, packet, None)
                }
                Arrival::Outside { door, packet }
                    if accepts(&question.to, server, &door, packet.destination) =>
                {
                    (Over::Outside, packet, Some(door))
                }
                Arrival::Dropped | Arrival::Subnet { .. } | Arrival::Outside { .. } => {
                    return Answer::Blocked;
                }
            };
            // Not in every Local Zone: <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security>.
            let mut ends = [client.subnet, server.subnet].into_iter().flatten();
            let over = match over {
                Over::Transit { .. } if ends.any(|subnet| subnet.zone == LOCAL_ZONE) => {
                    Over::Transit { references: false }
                }
                over => over,
            };
            let request = (&packet, &sent);
            if !self.groups_agree(client, server, request, &over, true) {
                return Answer::Blocked;
            }
            for port in &trial.replies {
                let reply = Packet {
                    source: sent.destination,
                    destination: sent.source,
                    port: *port,
                    reply: true,
                    nat: None,
                    ..sent
                };
                let returned = match (&door, server.subnet) {
                    (Some(door), _) => self.enter(door, reply.clone()),
                    (None, Some(subnet)) => {
                        self.send(subnet, Origin::Interface { public: server.public }, reply.clone())
                    }
                    (None, None) => vec![Arrival::Dropped],
                };
                let returned = match sent.nat {
                    None => returned,
                    Some(nat) => {
                        self.translate_back(nat.subnet.as_str(), returned, (client.address, server.address))
                    }
                };
                for arrival in returned {
                    let home = match &arrival {
                        Arrival::Unsure => {
                            unsure = true;
                            continue;
                        }
                        Arrival::Dropped => false,
                        Arrival::Subnet { subnet, .. } => Some(*subnet) == client.subnet,
                        Arrival::Outside { door, .. } => client.subnet.is_none() && leads_to(door, gateway),
                    };
                    if !home || !self.groups_agree(client, server, (&reply, &reply), &over, false) {
                        return Answer::Blocked;
                    }
                }
            }
        }
        if unsure { Answer::Unsure } else { Answer::Open }
    }

    /// Nothing filters what goes to the resolver, which answers its own VPC only:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>,
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>.
    fn ask_resolver(&self, client: &Node<'_>, address: IpAddr, port: u16) -> Answer {
        let vpc = client.subnet.map(|subnet| self.plan.vpc(&subnet.vpc));
        let own = vpc.filter(|vpc| address == IpAddr::from(LINK_LOCAL) || address == vpc.resolver());
        match own {
            Some(vpc) if vpc.dns && port == 53 && self.features.has(Feature::AmazonDns) => Answer::Open,
            Some(vpc) if vpc.dns && self.features.has(Feature::AmazonDns) => Answer::Unsure,
            _ => Answer::Blocked,
        }
    }

    /// As the client sends it and as the server gets it. The answer to what was let in is let out.
    fn groups_agree(
        &self,
        client: &Node<'_>,
        server: &Node<'_>,
        (sent, got): (&Packet<'_>, &Packet<'_>),
        over: &Over,
        request: bool,
    ) -> bool {
        if !request && self.features.has(Feature::StatefulGroup) {
            return true;
        }
        let out =
            client.subnet.is_none() || self.groups_let(&client.groups, !request, sent, &server.groups, over);
        let into =
            server.subnet.is_none() || self.groups_let(&server.groups, request, got, &client.groups, over);
        out && into
    }

    fn translate_back(
        &self,
        nat_subnet: &str,
        arrivals: Vec<Arrival<'p>>,
        (client, server): (IpAddr, IpAddr),
    ) -> Vec<Arrival<'p>> {
        let back = |arrival| match arrival {
            Arrival::Subnet { subnet, packet, .. } if subnet.id == nat_subnet => {
                let packet = Packet { source: server, destination: client, ..packet };
                self.send(subnet, Origin::Nat { public: false }, packet)
            }
            Arrival::Unsure => vec![Arrival::Unsure],
            _ => vec![Arrival::Dropped],
        };
        arrivals.into_iter().flat_map(back).collect()
    }

    /// From outside: through the gateway that is declared, or the one that the server's subnet would answer through.
    fn come_in(
        &self,
        trial: &Trial<'p>,
        server: &Node<'p>,
        packet: Packet<'p>,
    ) -> (Vec<Arrival<'p>>, Option<&'p str>) {
        let dropped = |gateway| (vec![Arrival::Dropped], gateway);
        let Some(subnet) = server.subnet else { return dropped(None) };
        let gateway = via(&trial.question.from).or_else(|| self.active_target(subnet, packet.source));
        let Some(id) = gateway else { return dropped(None) };
        let kind = id.split('-').next();
        let vpn = self.plan.gateways.iter().find(|it| it.id == id && it.vpc.as_ref() == Some(&subnet.vpc));
        let transit = self.plan.transit.as_ref().filter(|it| it.id == id);
        let reached = server.public || server.address.is_ipv6();
        let arrivals = match (kind, vpn, transit) {
            (Some("eni"), ..) => match self.plan.interfaces.iter().find(|it| it.id == id) {
                Some(interface) if !interface.check => vec![Arrival::Unsure],
                _ => vec![Arrival::Dropped],
            },
            // The gateway's one-to-one translation.
            (Some("igw"), Some(_), _) if reached && self.features.has(Feature::InternetSource) => {
                self.enter(&Door::Internet { vpc: &subnet.vpc }, packet)
            }
            (Some("vgw"), Some(_), _) if self.features.has(Feature::VpnGateway) => {
                self.enter(&Door::VpnGateway { id, vpc: &subnet.vpc }, packet)
            }
            (Some("tgw"), _, Some(transit)) => {
                let mut attachments = transit.attachments.iter();
                let own = attachments.find(|it| it.vpc.as_ref() == Some(&subnet.vpc) && it.available);
                let back = own.map(|own| (own, self.transit_next(transit, own, packet.source)));
                match back {
                    Some((_, TransitNext::Attachment(from))) if from.vpc.is_none() => {
                        self.enter(&Door::Transit { id, attachment: from }, packet)
                    }
                    // Perhaps it comes through that VPC.
                    Some((own, TransitNext::Attachment(_))) => {
                        let (source, destination) = (packet.destination, packet.source);
                        let unsure = trial.replies.iter().any(|port| {
                            let reply = Packet { source, destination, port: *port, reply: true, ..packet };
                            let zone = self.attachment_zone(&subnet.zone);
                            let arrivals = self.through_transit(transit, own, Some(zone), reply);
                            arrivals.iter().any(|it| matches!(it, Arrival::Unsure))
                        });
                        vec![if unsure { Arrival::Unsure } else { Arrival::Dropped }]
                    }
                    _ => vec![Arrival::Dropped],
                }
            }
            _ => vec![Arrival::Dropped],
        };
        (arrivals, gateway)
    }
}

fn via(side: &Side) -> Option<&str> {
    match side {
        Side::Network { via, .. } => via.as_deref(),
        _ => None,
    }
}

fn leads_to(door: &Door<'_>, gateway: Option<&str>) -> bool {
    match door {
        Door::VpnGateway { id, .. } | Door::Transit { id, .. } => {
            gateway.is_none_or(|gateway| gateway == *id)
        }
        Door::Internet { .. } => gateway.is_some_and(|gateway| gateway.starts_with("igw-")),
        Door::Endpoint { .. } => false,
    }
}

/// Whether the other side is behind this door; that it answers is taken for granted.
fn accepts(side: &Side, server: &Node<'_>, door: &Door<'_>, destination: IpAddr) -> bool {
    // What is in a VPC is not outside.
    if server.subnet.is_some() {
        return false;
    }
    match (side, door) {
        (Side::List(_), door) => matches!(door, Door::Endpoint { .. }),
        (_, Door::Internet { .. }) => !is_private(destination) && via(side).is_none(),
        (_, Door::Endpoint { .. }) => true,
        (_, door) => leads_to(door, via(side)),
    }
}

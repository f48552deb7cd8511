//! Where one packet goes, hop by hop.
//!
//! Subnets, zones and ACLs around a transit gateway:
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>.
//! What peering never forwards: <https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html>.
//! NAT gateways: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>.

use std::net::IpAddr;

use super::{
    feature::{Feature, Features},
    plan::{Attachment, Nat, Plan, Subnet, Transit, Vpc},
    route::{Next, TransitNext},
};

/// A Local Zone, and the Availability Zone that it belongs to.
pub const LOCAL_ZONE: &str = "zone-1-lax-a";
pub const PARENT_ZONE: &str = "zone-a";

/// A plan, and AWS's behaviour (but for one feature, where that is switched off).
pub struct World<'p> {
    pub plan: &'p Plan,
    pub features: Features,
}

#[derive(Clone, Debug)]
pub struct Packet<'p> {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: i64,
    /// The destination's.
    pub port: u16,
    pub reply: bool,
    /// The gateway that replaced its source.
    pub nat: Option<&'p Nat>,
}

/// What a packet came over into the subnet where it ends.
#[derive(Clone, Debug)]
pub enum Over {
    Vpc,
    Peering,
    Transit { references: bool },
    Translated,
    Outside,
}

/// What puts a packet into a subnet.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    Interface { public: bool },
    Nat { public: bool },
    Transit { references: bool },
}

/// Where a packet leaves what AWS forwards.
#[derive(Clone, Debug)]
pub enum Door<'p> {
    Internet { vpc: &'p str },
    Endpoint { vpc: &'p str },
    VpnGateway { id: &'p str, vpc: &'p str },
    Transit { id: &'p str, attachment: &'p Attachment },
}

#[derive(Clone, Debug)]
pub enum Arrival<'p> {
    Subnet {
        subnet: &'p Subnet,
        over: Over,
        packet: Packet<'p>,
    },
    Outside {
        door: Door<'p>,
        packet: Packet<'p>,
    },
    Dropped,
    /// AWS's documentation does not say.
    Unsure,
}

pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64,
        // What NAT64 translates is routed nowhere on the internet.
        IpAddr::V6(v6) => v6.is_unique_local() || v6.segments()[..2] == [0x64, 0xff9b],
    }
}

impl<'p> World<'p> {
    /// From something in a subnet; several arrivals where AWS may choose.
    pub fn send(&self, at: &'p Subnet, origin: Origin, packet: Packet<'p>) -> Vec<Arrival<'p>> {
        let destination = packet.destination;
        if destination.is_ipv6() && !self.features.has(Feature::Ipv6) {
            return vec![Arrival::Dropped];
        }
        let over = match origin {
            // The groups of a client behind a translation are unknown.
            _ if packet.nat.is_some() => Over::Translated,
            Origin::Interface { .. } | Origin::Nat { .. } => Over::Vpc,
            Origin::Transit { references } => Over::Transit { references },
        };
        let own = at.cidrs.iter().any(|net| net.contains(&destination));
        if own && self.features.has(Feature::SameSubnet) {
            return vec![Arrival::Subnet { subnet: at, over, packet }];
        }
        let vpc = self.plan.vpc(&at.vpc);
        if self.is_local(vpc, destination) {
            let leaves = self.leaves(at, origin, &packet);
            return vec![if leaves { self.deliver(&vpc.id, packet, over) } else { Arrival::Dropped }];
        }
        let Some(next) = self.next(at, destination) else { return vec![Arrival::Dropped] };
        let stays = matches!(next, Next::Nat(nat) if nat.subnet == at.id);
        if !stays && !self.leaves(at, origin, &packet) {
            return vec![Arrival::Dropped];
        }
        match next {
            Next::Blackhole => vec![Arrival::Dropped],
            Next::Peering(peering) => vec![self.over_peering(at, origin, peering, packet)],
            Next::Transit(transit) => self.to_transit(at, origin, transit, packet),
            Next::Nat(nat) => self.translate(at, origin, nat, &packet),
            Next::Internet(gateway) => vec![self.to_internet(at, origin, gateway.vpc.as_deref(), packet)],
            Next::EgressOnly(gateway) => {
                let attached = gateway.vpc.as_ref() == Some(&at.vpc) && destination.is_ipv6();
                let from_here = !matches!(origin, Origin::Transit { .. }) && !packet.reply;
                let from_here = from_here && !is_private(destination);
                vec![if attached && from_here && self.features.has(Feature::EgressOnlyGateway) {
                    Arrival::Outside { door: Door::Internet { vpc: &at.vpc }, packet }
                } else {
                    Arrival::Dropped
                }]
            }
            // Source/destination check drops what is for others; else the instance decides.
            Next::Interface(interface) => {
                vec![if interface.check { Arrival::Dropped } else { Arrival::Unsure }]
            }
            Next::Vpn(gateway) => {
                let attached = gateway.vpc.as_ref() == Some(&at.vpc);
                vec![match origin {
                    Origin::Transit { .. } => Arrival::Unsure,
                    // What the office does with packets for another VPC is its own affair.
                    _ if attached && self.is_of_a_vpc(destination) => Arrival::Unsure,
                    _ if attached && self.features.has(Feature::VpnGateway) => {
                        Arrival::Outside { door: Door::VpnGateway { id: &gateway.id, vpc: &at.vpc }, packet }
                    }
                    _ => Arrival::Dropped,
                }]
            }
            Next::Endpoint(endpoint) => vec![match origin {
                Origin::Interface { .. }
                    if endpoint.vpc == at.vpc && self.features.has(Feature::GatewayEndpoint) =>
                {
                    Arrival::Outside { door: Door::Endpoint { vpc: &at.vpc }, packet }
                }
                Origin::Nat { .. } => Arrival::Unsure,
                _ => Arrival::Dropped,
            }],
        }
    }

    /// From the world behind a door.
    pub fn enter(&self, door: &Door<'p>, packet: Packet<'p>) -> Vec<Arrival<'p>> {
        match door {
            Door::Internet { vpc } | Door::Endpoint { vpc } | Door::VpnGateway { vpc, .. } => {
                vec![self.deliver(vpc, packet, Over::Outside)]
            }
            Door::Transit { attachment, .. } => match &self.plan.transit {
                Some(transit) => self.through_transit(transit, attachment, None, packet),
                None => vec![Arrival::Dropped],
            },
        }
    }

    pub fn is_local(&self, vpc: &Vpc, address: IpAddr) -> bool {
        match vpc.cidrs.iter().position(|net| net.contains(&address)) {
            Some(0) => true,
            Some(_) if address.is_ipv4() => self.features.has(Feature::SecondaryCidr),
            Some(_) => true,
            None => false,
        }
    }

    fn is_of_a_vpc(&self, address: IpAddr) -> bool {
        self.plan.vpcs.iter().any(|vpc| vpc.cidrs.iter().any(|net| net.contains(&address)))
    }

    /// A Local Zone has no attachment; its subnets use that of the parent zone:
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html>.
    pub fn attachment_zone<'z>(&self, zone: &'z str) -> &'z str {
        if zone == LOCAL_ZONE && self.features.has(Feature::LocalZone) { PARENT_ZONE } else { zone }
    }

    /// The last 32 bits of an address in `64:ff9b::/96`:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>.
    fn behind_nat64(&self, address: IpAddr) -> Option<IpAddr> {
        let IpAddr::V6(v6) = address else { return None };
        let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = v6.segments() else { return None };
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        self.features.has(Feature::Nat64).then(|| IpAddr::from([a, b, c, d]))
    }

    fn leaves(&self, at: &Subnet, origin: Origin, packet: &Packet<'_>) -> bool {
        self.acl_lets(at, true, packet)
            || match origin {
                Origin::Interface { .. } => false,
                Origin::Nat { .. } => !self.features.has(Feature::NatAcl),
                Origin::Transit { .. } => !self.features.has(Feature::AttachmentAcl),
            }
    }

    /// Into the subnet of a VPC that holds the address.
    fn deliver(&self, vpc: &str, packet: Packet<'p>, over: Over) -> Arrival<'p> {
        let mut subnets = self.plan.subnets.iter().filter(|subnet| subnet.vpc == vpc);
        let holds = |subnet: &&Subnet| subnet.cidrs.iter().any(|net| net.contains(&packet.destination));
        let Some(subnet) = subnets.find(holds) else { return Arrival::Dropped };
        let to_nat = || self.plan.nats.iter().any(|nat| nat.address == packet.destination);
        if self.acl_lets(subnet, false, &packet) || to_nat() && !self.features.has(Feature::NatAcl) {
            Arrival::Subnet { subnet, over, packet }
        } else {
            Arrival::Dropped
        }
    }

    fn over_peering(
        &self,
        at: &'p Subnet,
        origin: Origin,
        peering: &'p super::plan::Peering,
        packet: Packet<'p>,
    ) -> Arrival<'p> {
        if !matches!(origin, Origin::Interface { .. }) {
            return Arrival::Unsure;
        }
        let Some(far) = peering.sides.iter().find(|side| **side != at.vpc) else { return Arrival::Dropped };
        if !self.features.has(Feature::Peering)
            || !peering.active && self.features.has(Feature::PeeringState)
            || !peering.sides.contains(&at.vpc)
        {
            return Arrival::Dropped;
        }
        if self.is_local(self.plan.vpc(far), packet.destination) {
            return self.deliver(far, packet, Over::Peering);
        }
        if self.features.has(Feature::NeverTransitive) {
            return Arrival::Dropped;
        }
        // As if the far VPC were a router.
        let beyond = self.plan.vpcs.iter().find(|vpc| self.is_local(vpc, packet.destination));
        match beyond {
            Some(vpc) => self.deliver(&vpc.id, packet, Over::Peering),
            None => Arrival::Outside { door: Door::Internet { vpc: &at.vpc }, packet },
        }
    }

    fn to_internet(
        &self,
        at: &'p Subnet,
        origin: Origin,
        vpc: Option<&str>,
        packet: Packet<'p>,
    ) -> Arrival<'p> {
        let public = match origin {
            Origin::Interface { public } | Origin::Nat { public } => {
                public || packet.destination.is_ipv6() || !self.features.has(Feature::PublicAddress)
            }
            Origin::Transit { .. } => false,
        };
        let attached = vpc == Some(at.vpc.as_str());
        if attached
            && public
            && (!packet.reply || self.features.has(Feature::InternetSource))
            && !is_private(packet.destination)
            && self.features.has(Feature::InternetGateway)
        {
            return Arrival::Outside { door: Door::Internet { vpc: &at.vpc }, packet };
        }
        Arrival::Dropped
    }

    fn translate(&self, at: &Subnet, origin: Origin, nat: &'p Nat, packet: &Packet<'p>) -> Vec<Arrival<'p>> {
        // Nor is anything said of requests from outside the cloud that a VPC on their way translates.
        let from_outside = !self.plan.vpcs.iter().any(|vpc| self.is_local(vpc, packet.source));
        if packet.nat.is_some() || from_outside && !packet.reply {
            return vec![Arrival::Unsure];
        }
        let central = !matches!(origin, Origin::Transit { .. }) || self.features.has(Feature::CentralEgress);
        // A reply is no connection of its own.
        let behind = self.behind_nat64(packet.destination);
        let v4 = packet.destination.is_ipv4() || behind.is_some();
        let fit = nat.available && nat.vpc == at.vpc && v4 && !packet.reply;
        if !fit || !central || !self.features.has(Feature::Nat) {
            return vec![Arrival::Dropped];
        }
        let subnet = self.plan.subnet(&nat.subnet);
        if subnet.id != at.id && !self.acl_lets(subnet, false, packet) && self.features.has(Feature::NatAcl) {
            return vec![Arrival::Dropped];
        }
        let destination = behind.unwrap_or(packet.destination);
        let packet = Packet { source: nat.address, destination, nat: Some(nat), ..*packet };
        self.send(subnet, Origin::Nat { public: nat.public }, packet)
    }

    /// Only from a zone in which the gateway has a foot.
    fn to_transit(
        &self,
        at: &'p Subnet,
        origin: Origin,
        transit: &'p Transit,
        packet: Packet<'p>,
    ) -> Vec<Arrival<'p>> {
        if matches!(origin, Origin::Transit { .. }) {
            return vec![Arrival::Unsure];
        }
        let attached = transit.attachments.iter().find(|it| it.vpc.as_ref() == Some(&at.vpc) && it.available);
        let Some(attachment) = attached else { return vec![Arrival::Dropped] };
        let mut feet = attachment.subnets.iter().map(|id| self.plan.subnet(id));
        let zone = self.attachment_zone(&at.zone);
        let foot = match feet.clone().find(|subnet| subnet.zone == zone) {
            None if !self.features.has(Feature::TransitZone) => feet.next(),
            foot => foot,
        };
        let Some(foot) = foot else { return vec![Arrival::Dropped] };
        if !self.features.has(Feature::Transit)
            || !self.acl_lets(foot, false, &packet) && self.features.has(Feature::AttachmentAcl)
        {
            return vec![Arrival::Dropped];
        }
        self.through_transit(transit, attachment, Some(zone), packet)
    }

    /// A packet stays in its zone where it can; one from elsewhere may come out in any.
    pub fn through_transit(
        &self,
        transit: &'p Transit,
        from: &'p Attachment,
        zone: Option<&str>,
        packet: Packet<'p>,
    ) -> Vec<Arrival<'p>> {
        if !self.features.has(Feature::Transit) {
            return vec![Arrival::Dropped];
        }
        let to = match self.transit_next(transit, from, packet.destination) {
            TransitNext::Attachment(to) if to.available => to,
            _ => return vec![Arrival::Dropped],
        };
        if to.vpc.is_none() && self.is_of_a_vpc(packet.destination) {
            return vec![Arrival::Unsure];
        }
        if to.vpc.is_none() {
            return vec![Arrival::Outside {
                door: Door::Transit { id: &transit.id, attachment: to },
                packet,
            }];
        }
        if to.id == from.id {
            return vec![Arrival::Unsure];
        }
        let feet: Vec<&Subnet> = to.subnets.iter().map(|id| self.plan.subnet(id)).collect();
        let near: Vec<&Subnet> =
            feet.iter().copied().filter(|foot| Some(foot.zone.as_str()) == zone).collect();
        let references = transit.references && from.references && to.references;
        let feet = if near.is_empty() { feet } else { near };
        feet.into_iter()
            .flat_map(|foot| self.send(foot, Origin::Transit { references }, packet.clone()))
            .collect()
    }
}

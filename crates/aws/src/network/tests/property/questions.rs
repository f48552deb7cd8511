//! What is asked about a network; each question has groups and interfaces of its own.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    filters::Wish,
    links::halves,
    network::{INTERNET, INTERNET6, Maker, is_public, net},
};
use crate::network::tests::oracle::{
    plan::{Group, Interface, Subnet},
    question::{Question, Side},
    snapshot::S3,
};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    WithinVpc,
    WithinSubnet,
    AcrossVpcs,
    FromOffice,
    ToOffice,
    ToInternet,
    ToInternet6,
    ToService,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Family {
    Both,
    V4,
    V6,
}

/// One end, while its groups are being made.
pub struct Draft {
    pub side: Side,
    pub nets: Vec<IpNet>,
    pub vpc: Option<String>,
    pub group: Option<String>,
}

impl Maker {
    pub fn question(&mut self, at: usize) {
        let kind = self.dice.weighted(&[
            (6, Kind::WithinVpc),
            (12, Kind::WithinSubnet),
            (50, Kind::AcrossVpcs),
            (10, Kind::FromOffice),
            (8, Kind::ToOffice),
            (28, Kind::ToInternet),
            (6, Kind::ToInternet6),
            (8, Kind::ToService),
        ]);
        let family = match kind {
            Kind::WithinVpc | Kind::WithinSubnet | Kind::AcrossVpcs => {
                self.dice.weighted(&[(40, Family::Both), (35, Family::V4), (25, Family::V6)])
            }
            Kind::ToInternet6 => Family::V6,
            _ => Family::V4,
        };
        let Some((a, b)) = self.subnets_for(kind, family) else { return };
        let protocol = self.dice.weighted(&[(80, 6), (20, 17)]);
        let ports =
            self.dice.weighted(&[(45, (443, 443)), (30, (440, 445)), (10, (53, 53)), (15, (10250, 10255))]);
        let (from, to) = match kind {
            Kind::WithinVpc | Kind::WithinSubnet | Kind::AcrossVpcs => {
                (self.inside(at, "c", &a, family, false), self.inside(at, "s", &b, family, false))
            }
            Kind::FromOffice => (self.office(&b), self.inside(at, "s", &b, family, false)),
            Kind::ToOffice => (self.inside(at, "c", &a, family, false), self.office(&a)),
            Kind::ToInternet => (self.inside(at, "c", &a, family, is_public(&a.id)), outside(INTERNET)),
            Kind::ToInternet6 => (self.inside(at, "c", &a, family, false), outside(INTERNET6)),
            Kind::ToService => {
                let nets = self.plan.list(S3).entries.clone();
                let to = Draft { side: Side::List(S3.to_owned()), nets, vpc: None, group: None };
                (self.inside(at, "c", &a, family, false), to)
            }
        };
        self.groups_of(at, "c", &from, &to, (protocol, ports));
        self.groups_of(at, "s", &to, &from, (protocol, ports));
        self.questions.push(Question { from: from.side, to: to.side, protocol, ports });
    }

    fn subnets_for(&mut self, kind: Kind, family: Family) -> Option<(Subnet, Subnet)> {
        let fits = |it: &&Subnet| family != Family::V6 || it.cidrs.len() > 1;
        let subnets: Vec<Subnet> = self.plan.subnets.iter().filter(fits).cloned().collect();
        if subnets.is_empty() {
            return None;
        }
        let a = self.dice.pick(&subnets).clone();
        let others: Vec<Subnet> = match kind {
            Kind::WithinSubnet => vec![a.clone()],
            Kind::AcrossVpcs => subnets.into_iter().filter(|it| it.vpc != a.vpc).collect(),
            _ => subnets.into_iter().filter(|it| it.vpc == a.vpc && it.id != a.id).collect(),
        };
        (!others.is_empty()).then(|| (a, self.dice.pick(&others).clone()))
    }

    /// A subnet or a part of it, an interface in it, or a declared network.
    pub fn inside(&mut self, at: usize, role: &str, subnet: &Subnet, family: Family, public: bool) -> Draft {
        let wanted = |net: &&IpNet| match family {
            Family::Both => true,
            Family::V4 => net.addr().is_ipv4(),
            Family::V6 => net.addr().is_ipv6(),
        };
        let nets: Vec<IpNet> = subnet.cidrs.iter().filter(wanted).copied().collect();
        let group = format!("sg-{at}{role}");
        let groups = vec![group.clone()];
        let style = self.dice.weighted(&[(40, 0), (15, 1), (33, 2), (12, 3)]);
        let (side, nets) = match style {
            _ if public || style == 2 => {
                let offset = at * 2 + usize::from(role == "s");
                let addresses: Vec<IpAddr> = subnet
                    .cidrs
                    .iter()
                    .filter(|it| it.addr().is_ipv4() || family != Family::V4)
                    .map(|it| address(*it, offset))
                    .collect();
                let id = format!("eni-{at}{role}");
                let wanted = |it: &&IpAddr| family != Family::V6 || it.is_ipv6();
                let nets = addresses.iter().filter(wanted).map(|it| IpNet::from(*it)).collect();
                let mut all = groups;
                if self.dice.percent(15) {
                    let extra = format!("sg-{at}{role}x");
                    let (inbound, outbound) = (Vec::new(), Vec::new());
                    self.plan.groups.push(Group {
                        id: extra.clone(),
                        vpc: subnet.vpc.clone(),
                        inbound,
                        outbound,
                    });
                    all.insert(0, extra);
                }
                self.plan.interfaces.push(Interface {
                    id: id.clone(),
                    subnet: subnet.id.clone(),
                    addresses,
                    groups: all,
                    public: self.dice.percent(65),
                    prefixes: Vec::new(),
                    check: true,
                });
                (Side::Interface(id), nets)
            }
            3 => {
                let whole = *self.dice.pick(&nets);
                let net = if self.dice.percent(50) { halves(whole)[self.dice.below(2)] } else { whole };
                // Some are known to be in use with the declared group.
                if at.is_multiple_of(3) {
                    let offset = at * 2 + usize::from(role == "s");
                    self.plan.interfaces.push(Interface {
                        id: format!("eni-{at}{role}"),
                        subnet: subnet.id.clone(),
                        addresses: vec![address(subnet.cidrs[0], offset)],
                        groups: groups.clone(),
                        public: false,
                        prefixes: Vec::new(),
                        check: true,
                    });
                }
                (Side::Network { net, via: None, groups }, vec![net])
            }
            1 => {
                let net = halves(*self.dice.pick(&nets))[self.dice.below(2)];
                (Side::Subnet { id: subnet.id.clone(), nets: Some(vec![net]), groups }, vec![net])
            }
            _ => {
                let only = (nets.len() < subnet.cidrs.len()).then(|| nets.clone());
                (Side::Subnet { id: subnet.id.clone(), nets: only, groups }, nets)
            }
        };
        Draft { side, nets, vpc: Some(subnet.vpc.clone()), group: Some(group) }
    }

    /// An office that is declared, sometimes with its gateway.
    fn office(&mut self, subnet: &Subnet) -> Draft {
        let nets = ["192.168.7.0/24", "192.168.0.0/16", "192.168.7.0/25", "192.168.200.0/24"];
        let net = net(self.dice.pick::<&str>(&nets));
        let mut gateways: Vec<String> = self
            .plan
            .gateways
            .iter()
            .filter(|it| it.id.starts_with("vgw-") && it.vpc.as_ref() == Some(&subnet.vpc))
            .map(|it| it.id.clone())
            .collect();
        gateways.extend(self.plan.transit.iter().map(|it| it.id.clone()));
        let via = (!gateways.is_empty() && self.dice.percent(30)).then(|| self.dice.pick(&gateways).clone());
        Draft {
            side: Side::Network { net, via, groups: Vec::new() },
            nets: vec![net],
            vpc: None,
            group: None,
        }
    }

    pub fn groups_of(
        &mut self,
        at: usize,
        role: &str,
        own: &Draft,
        peer: &Draft,
        (protocol, ports): (i64, (u16, u16)),
    ) {
        let (Some(vpc), Some(id)) = (&own.vpc, &own.group) else { return };
        let list = match &peer.side {
            Side::List(id) => Some(id.as_str()),
            _ => None,
        };
        let wish = Wish {
            nets: &peer.nets,
            group: peer.group.as_deref(),
            // A transit gateway knows the other side's groups for inbound packets only.
            fits: own.vpc == peer.vpc || role == "s" || self.dice.percent(35),
            across: own.vpc != peer.vpc,
            list,
            protocol,
            ports,
            name: format!("{at}{role}"),
        };
        let rules = self.rules(&wish);
        let (inbound, outbound) = if role == "c" { (Vec::new(), rules) } else { (rules, Vec::new()) };
        self.plan.groups.push(Group { id: id.clone(), vpc: vpc.clone(), inbound, outbound });
    }
}

pub fn outside(text: &str) -> Draft {
    let net = net(text);
    Draft {
        side: Side::Network { net, via: None, groups: Vec::new() },
        nets: vec![net],
        vpc: None,
        group: None,
    }
}

/// One of the addresses that AWS does not keep for itself, none twice.
pub fn address(net: IpNet, offset: usize) -> IpAddr {
    match net.addr() {
        IpAddr::V4(v4) => {
            let last = 4 + u8::try_from(offset).unwrap();
            IpAddr::V4((u32::from(v4) + u32::from(last)).into())
        }
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) + 16 + offset as u128).into()),
    }
}

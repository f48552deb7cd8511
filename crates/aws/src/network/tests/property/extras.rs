//! What comes on top of a network and its questions: packets from the internet, to the resolver and through
//! NAT64, Local Zones, delegated prefixes, and interfaces as the targets of routes.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    network::{INTERNET, Maker, is_foot, is_public, net},
    questions::{Draft, Family, address, outside},
};
use crate::network::tests::oracle::{
    forward::LOCAL_ZONE,
    plan::{Interface, Route, Subnet, To, Vpc},
    question::{LINK_LOCAL, Question, Side},
};

const TCP: i64 = 6;

/// The addresses of `93.184.216.0/24` in `64:ff9b::/96`.
const BEHIND_NAT64: &str = "64:ff9b::5db8:d800/120";

/// Questions are numbered; the interfaces of these have addresses behind those of all others.
const FIRST: usize = 14;

impl Maker {
    /// After all else, so that what else there is stays the same.
    pub fn extras(&mut self) {
        self.local_zones();
        self.nat64_routes();
        self.appliances();
        for vpc in 0..self.plan.vpcs.len() {
            self.plan.vpcs[vpc].dns = self.dice.percent(85);
        }
        self.internet_in(FIRST);
        self.resolver_asked(FIRST + 1);
        self.nat64_used(FIRST + 2);
        self.delegated(FIRST + 3);
        self.out_of_local_zone(FIRST + 4);
    }

    fn of(&self, fits: impl Fn(&Subnet) -> bool) -> Vec<Subnet> {
        self.plan.subnets.iter().filter(|it| fits(it)).cloned().collect()
    }

    fn attached_subnets(&self) -> Vec<String> {
        let attachments = self.plan.transit.iter().flat_map(|it| &it.attachments);
        attachments.flat_map(|it| it.subnets.clone()).collect()
    }

    /// No attachment is in a Local Zone.
    fn local_zones(&mut self) {
        let feet = self.attached_subnets();
        for at in 0..self.plan.subnets.len() {
            let subnet = &self.plan.subnets[at];
            let free = !feet.contains(&subnet.id) && !is_public(&subnet.id) && !is_foot(&subnet.id);
            if free && self.dice.percent(22) {
                LOCAL_ZONE.clone_into(&mut self.plan.subnets[at].zone);
            }
        }
    }

    fn nat64_routes(&mut self) {
        for at in 0..self.plan.tables.len() {
            let vpc = self.plan.tables[at].vpc.clone();
            let Some(nat) = self.plan.nats.iter().find(|it| it.vpc == vpc).map(|it| it.id.clone()) else {
                continue;
            };
            if self.plan.vpc(&vpc).cidrs.iter().any(|it| it.addr().is_ipv6()) && self.dice.percent(80) {
                let route =
                    Route { to: To::Net(net("64:ff9b::/96")), target: nat, active: true, propagated: false };
                self.plan.tables[at].routes.push(route);
            }
        }
    }

    /// Somebody sends a part of the internet to an instance.
    fn appliances(&mut self) {
        let mut made = 0;
        for at in 0..self.plan.tables.len() {
            if made == 8 || !self.dice.percent(4) {
                continue;
            }
            let vpc = self.plan.tables[at].vpc.clone();
            let Some(subnet) = self.of(|it| it.vpc == vpc).first().cloned() else { continue };
            made += 1;
            let id = format!("eni-appliance-{at}");
            let check = self.dice.percent(60);
            let group = self.plan.groups.iter().find(|it| it.vpc == vpc).map(|it| it.id.clone());
            let Some(group) = group else { continue };
            self.plan.interfaces.push(Interface {
                id: id.clone(),
                subnet: subnet.id.clone(),
                addresses: vec![address(subnet.cidrs[0], 44 + made)],
                groups: vec![group],
                public: false,
                prefixes: Vec::new(),
                check,
            });
            let to = To::Net(net("93.184.216.64/26"));
            self.plan.tables[at].routes.push(Route { to, target: id, active: true, propagated: false });
        }
    }

    fn ask(&mut self, at: usize, from: Draft, to: Draft, ports: (u16, u16)) {
        self.groups_of(at, "c", &from, &to, (TCP, ports));
        self.groups_of(at, "s", &to, &from, (TCP, ports));
        self.questions.push(Question { from: from.side, to: to.side, protocol: TCP, ports });
    }

    fn internet_in(&mut self, at: usize) {
        let public = self.of(|it| is_public(&it.id));
        let all = self.of(|_| true);
        let among = if public.is_empty() || self.dice.percent(10) { all } else { public };
        let subnet = self.dice.pick(&among).clone();
        let to = self.inside(at, "s", &subnet, Family::V4, true);
        self.ask(at, outside(INTERNET), to, (443, 443));
    }

    fn resolver_asked(&mut self, at: usize) {
        let all = self.of(|_| true);
        let subnet = self.dice.pick(&all).clone();
        let own = self.plan.vpc(&subnet.vpc).resolver();
        let others: Vec<IpAddr> = self.plan.vpcs.iter().map(Vpc::resolver).collect();
        let link_local = IpAddr::from(LINK_LOCAL);
        let server = match self.dice.weighted(&[(60, 0), (25, 1), (15, 2)]) {
            0 => own,
            1 => link_local,
            _ => *self.dice.pick(&others),
        };
        let from = self.inside(at, "c", &subnet, Family::V4, false);
        self.ask(at, from, outside(&IpNet::from(server).to_string()), (53, 53));
    }

    fn nat64_used(&mut self, at: usize) {
        let subnets = self.of(|it| it.cidrs.len() > 1 && !is_public(&it.id));
        if subnets.is_empty() {
            return;
        }
        let subnet = self.dice.pick(&subnets).clone();
        let from = self.inside(at, "c", &subnet, Family::V6, false);
        self.ask(at, from, outside(BEHIND_NAT64), (443, 443));
    }

    /// A pod with an address of a prefix that its node's interface has.
    fn delegated(&mut self, at: usize) {
        let subnets = self.of(|it| it.cidrs.len() > 1);
        if subnets.is_empty() {
            return;
        }
        let (one, other) = (self.dice.pick(&subnets).clone(), self.dice.pick(&subnets).clone());
        let IpAddr::V6(base) = one.cidrs[1].network() else { return };
        let prefix = u128::from(base) + (0xaaaa_u128 << 48);
        let pod = IpAddr::V6((prefix + 5).into());
        let group = format!("sg-{at}s");
        self.plan.interfaces.push(Interface {
            id: format!("eni-{at}s"),
            subnet: one.id.clone(),
            addresses: vec![address(one.cidrs[0], 2 * at + 1)],
            groups: vec![group.clone()],
            public: false,
            prefixes: vec![IpNet::new(IpAddr::V6(prefix.into()), 80).unwrap()],
            check: true,
        });
        let to = Draft {
            side: Side::Network { net: pod.into(), via: None, groups: Vec::new() },
            nets: vec![pod.into()],
            vpc: Some(one.vpc),
            group: Some(group),
        };
        let from = self.inside(at, "c", &other, Family::V6, false);
        self.ask(at, from, to, (443, 443));
    }

    fn out_of_local_zone(&mut self, at: usize) {
        let local = self.of(|it| it.zone == LOCAL_ZONE);
        if local.is_empty() {
            return;
        }
        let one = self.dice.pick(&local).clone();
        let others = self.of(|it| it.vpc != one.vpc);
        let other = self.dice.pick(&others).clone();
        let from = self.inside(at, "c", &one, Family::V4, false);
        let to = self.inside(at, "s", &other, Family::V4, false);
        self.ask(at, from, to, (443, 443));
    }
}

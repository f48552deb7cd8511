//! A network that mostly works: VPCs, subnets, and what is attached to them.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::dice::Dice;
use crate::network::tests::oracle::{
    plan::{Attachment, Endpoint, Gateway, List, Nat, Peering, Plan, Subnet, Transit, Vpc},
    question::Question,
    snapshot::S3,
};

pub const OFFICE: &str = "192.168.0.0/16";
pub const INTERNET: &str = "93.184.216.0/24";
pub const INTERNET6: &str = "2606:2800:220::/48";

pub fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// A plan that grows.
pub struct Maker {
    pub dice: Dice,
    pub plan: Plan,
    /// The VPC whose NAT gateway others use.
    pub egress: Option<String>,
    pub questions: Vec<Question>,
}

/// The network of this number, and what is asked about it.
pub fn network(number: u64) -> (Plan, Vec<Question>) {
    let mut maker =
        Maker { dice: Dice::new(number), plan: Plan::default(), egress: None, questions: Vec::new() };
    let count = maker.dice.weighted(&[(4, 2), (4, 3), (2, 4)]);
    for at in 0..count {
        maker.vpc(at);
    }
    maker.peerings();
    if maker.dice.percent(92) {
        maker.transit();
    }
    maker.lists();
    maker.tables();
    maker.acls();
    for at in 0..14 {
        maker.question(at);
    }
    maker.extras();
    (maker.plan, maker.questions)
}

/// The subnet whose route table forwards to the internet gateway.
pub fn is_public(subnet: &str) -> bool {
    subnet.ends_with('p')
}

/// A subnet of the transit gateway's own.
pub fn is_foot(subnet: &str) -> bool {
    subnet.trim_start_matches("subnet-").contains('t')
}

impl Maker {
    fn vpc(&mut self, at: usize) {
        let id = format!("vpc-{at}");
        let dual = self.dice.percent(60);
        let second = self.dice.percent(40);
        let mut cidrs = vec![net(&format!("10.{at}.0.0/16"))];
        if second {
            cidrs.push(net(&format!("100.{}.0.0/20", 64 + at)));
        }
        if dual {
            cidrs.push(net(&format!("2a05:d014:{at}00::/56")));
        }
        self.plan.vpcs.push(Vpc { id: id.clone(), cidrs, dns: true });
        let count = 2 + self.dice.below(2);
        for k in 1..=count {
            let v4 = if second && k == count {
                format!("100.{}.1.0/26", 64 + at)
            } else {
                format!("10.{at}.{k}.0/26")
            };
            self.subnet(at, &k.to_string(), &v4, k, dual);
        }
        if self.dice.percent(70) {
            let subnet = self.subnet(at, "p", &format!("10.{at}.200.0/26"), 0xff, dual);
            self.gateway(&format!("igw-{at}"), &id);
            if self.dice.percent(85) {
                self.plan.nats.push(Nat {
                    id: format!("nat-{at}"),
                    vpc: id.clone(),
                    subnet,
                    address: IpAddr::V4(Ipv4Addr::new(10, u8::try_from(at).unwrap(), 200, 61)),
                    public: self.dice.percent(95),
                    available: self.dice.percent(96),
                });
            }
        }
        if dual && self.dice.percent(75) {
            self.gateway(&format!("eigw-{at}"), &id);
        }
        if self.dice.percent(45) {
            self.gateway(&format!("vgw-{at}"), &id);
        }
        if self.dice.percent(60) {
            self.plan.endpoints.push(Endpoint { id: format!("vpce-{at}"), vpc: id, list: S3.to_owned() });
        }
    }

    fn gateway(&mut self, id: &str, vpc: &str) {
        let vpc = self.dice.percent(95).then(|| vpc.to_owned());
        self.plan.gateways.push(Gateway { id: id.to_owned(), vpc });
    }

    fn subnet(&mut self, vpc: usize, name: &str, v4: &str, v6: usize, dual: bool) -> String {
        let mut cidrs = vec![net(v4)];
        if dual {
            cidrs.push(net(&format!("2a05:d014:{vpc}00:{v6:x}::/64")));
        }
        let id = format!("subnet-{vpc}{name}");
        let zone = (*self.dice.pick(&["zone-a", "zone-a", "zone-b", "zone-b", "zone-c"])).to_owned();
        self.plan.subnets.push(Subnet { id: id.clone(), vpc: format!("vpc-{vpc}"), cidrs, zone });
        id
    }

    fn peerings(&mut self) {
        for a in 0..self.plan.vpcs.len() {
            for b in a + 1..self.plan.vpcs.len() {
                if self.dice.percent(45) {
                    let sides = [self.plan.vpcs[a].id.clone(), self.plan.vpcs[b].id.clone()];
                    let active = self.dice.percent(74);
                    self.plan.peerings.push(Peering { id: format!("pcx-{a}{b}"), sides, active });
                }
            }
        }
    }

    fn transit(&mut self) {
        let tables: Vec<String> = ["tgw-rtb-1", "tgw-rtb-2"][..self.dice.weighted(&[(1, 1), (2, 2)])]
            .iter()
            .map(|id| (*id).to_owned())
            .collect();
        let mut attachments = Vec::new();
        for at in 0..self.plan.vpcs.len() {
            if self.dice.percent(88) {
                let subnets = self.feet(at);
                attachments.push(self.attachment(
                    &format!("att-{at}"),
                    Some(format!("vpc-{at}")),
                    subnets,
                    &tables,
                ));
            }
        }
        if self.dice.percent(65) {
            attachments.push(self.attachment("att-vpn", None, Vec::new(), &tables));
        }
        let attached = |vpc: &str| attachments.iter().any(|it| it.vpc.as_deref() == Some(vpc));
        let able: Vec<String> =
            self.plan.nats.iter().map(|nat| nat.vpc.clone()).filter(|vpc| attached(vpc)).collect();
        if !able.is_empty() && self.dice.percent(92) {
            self.egress = Some(self.dice.pick(&able).clone());
        }
        let references = self.dice.percent(90);
        self.plan.transit =
            Some(Transit { id: "tgw-1".to_owned(), references, attachments, tables: Vec::new() });
        self.transit_tables(&tables);
    }

    fn attachment(
        &mut self,
        id: &str,
        vpc: Option<String>,
        subnets: Vec<String>,
        tables: &[String],
    ) -> Attachment {
        let available = vpc.is_none() || self.dice.percent(97);
        let table = self.dice.percent(91).then(|| self.dice.pick(tables).clone());
        Attachment { id: id.to_owned(), vpc, subnets, available, table, references: self.dice.percent(73) }
    }

    /// Subnets of the gateway's own, or those of others, in most of a VPC's zones.
    fn feet(&mut self, vpc: usize) -> Vec<String> {
        let id = format!("vpc-{vpc}");
        let own: Vec<Subnet> = self.plan.subnets.iter().filter(|it| it.vpc == id).cloned().collect();
        let mut zones: Vec<String> = own.iter().map(|it| it.zone.clone()).collect();
        zones.sort();
        zones.dedup();
        let mut feet = Vec::new();
        for (at, zone) in zones.iter().enumerate() {
            if !feet.is_empty() && self.dice.percent(30) {
                continue;
            }
            if self.dice.percent(65) {
                let name = format!("t{at}");
                let dual = own[0].cidrs.len() > 1;
                let foot = self.subnet(vpc, &name, &format!("10.{vpc}.{}.0/26", 100 + at), 0x64 + at, dual);
                self.plan.subnets.last_mut().unwrap().zone.clone_from(zone);
                feet.push(foot);
            } else {
                let there: Vec<&Subnet> = own.iter().filter(|it| it.zone == *zone).collect();
                feet.push(self.dice.pick(&there).id.clone());
            }
        }
        feet
    }

    /// One for the service, and one for the IPv4 prefixes of each VPC.
    fn lists(&mut self) {
        let entries = ["52.219.0.0/24", "3.5.0.0/25"].map(net).to_vec();
        self.plan.lists.push(List { id: S3.to_owned(), entries });
        for vpc in &self.plan.vpcs {
            let entries = vpc.cidrs.iter().filter(|net| net.addr().is_ipv4()).copied().collect();
            self.plan.lists.push(List { id: format!("pl-{}", vpc.id), entries });
        }
    }
}

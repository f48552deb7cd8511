//! Network ACLs and security groups: most let pass what is asked about, in many ways.

use ipnet::IpNet;

use super::{
    links::halves,
    network::{INTERNET, Maker, OFFICE, is_foot, is_public, net},
};
use crate::network::tests::oracle::plan::{Acl, Entry, List, Peer, Rule, Subnet};

const TCP: i64 = 6;
const UDP: i64 = 17;

/// What a rule is to admit.
pub struct Wish<'w> {
    pub nets: &'w [IpNet],
    pub group: Option<&'w str>,
    /// Whether a reference to the group may admit it.
    pub fits: bool,
    /// Whether the group is in another VPC.
    pub across: bool,
    pub list: Option<&'w str>,
    pub protocol: i64,
    pub ports: (u16, u16),
    /// Names what is made for it.
    pub name: String,
}

fn open(number: i64, egress: bool, to: &str) -> Entry {
    Entry { number, egress, allow: true, protocol: -1, ports: None, net: net(to) }
}

impl Maker {
    pub fn acls(&mut self) {
        for vpc in self.plan.vpcs.clone() {
            let number = vpc.id.trim_start_matches("vpc-");
            let entries = Self::open_entries(100);
            self.plan.acls.push(Acl {
                id: format!("acl-{number}"),
                vpc: vpc.id.clone(),
                subnets: Vec::new(),
                entries,
            });
        }
        for subnet in self.plan.subnets.clone() {
            let plain = if is_public(&subnet.id) || is_foot(&subnet.id) { 10 } else { 45 };
            if self.dice.percent(plain) {
                continue;
            }
            let entries = self.entries(&subnet);
            let id = format!("acl-{}", subnet.id.trim_start_matches("subnet-"));
            self.plan.acls.push(Acl { id, vpc: subnet.vpc, subnets: vec![subnet.id], entries });
        }
    }

    fn open_entries(number: i64) -> Vec<Entry> {
        let both = [false, true].into_iter();
        both.flat_map(|egress| [open(number, egress, "0.0.0.0/0"), open(number + 1, egress, "::/0")])
            .collect()
    }

    fn entries(&mut self, subnet: &Subnet) -> Vec<Entry> {
        let mut entries = match self.dice.weighted(&[(55, 0), (20, 1), (25, 2)]) {
            0 => Self::open_entries(300),
            1 => [false, true]
                .into_iter()
                .flat_map(|egress| {
                    [(300, "0.0.0.0/1"), (301, "128.0.0.0/1"), (302, "::/1"), (303, "8000::/1")]
                        .map(|(number, to)| open(number, egress, to))
                })
                .collect(),
            _ => {
                // What is asked about, and the ports that clients pick.
                let mut entries = Vec::new();
                for egress in [false, true] {
                    for (at, to) in ["0.0.0.0/0", "::/0"].into_iter().enumerate() {
                        let at = i64::try_from(at).unwrap();
                        let ports = [(0, 1023), (1024, 65535), (1024, 5000)];
                        let entry = |number: i64, protocol, ports| Entry {
                            protocol,
                            ports: Some(ports),
                            ..open(number, egress, to)
                        };
                        entries.push(entry(310 + at, TCP, ports[0]));
                        let high = if self.dice.percent(92) { 1 } else { 2 };
                        entries.push(entry(320 + at, TCP, ports[high]));
                        if self.dice.percent(70) {
                            entries.push(entry(330 + at, UDP, (0, 65535)));
                        }
                    }
                }
                entries
            }
        };
        for number in 0..self.dice.weighted(&[(25, 0), (45, 1), (30, 2)]) {
            let deny = self.deny(200 + number, subnet);
            // An earlier entry may save it.
            if self.dice.percent(45) {
                entries.push(Entry { number: 100 + number, allow: true, ..deny.clone() });
            }
            entries.push(deny);
        }
        // First by number, not by place.
        if self.dice.percent(50) {
            entries.reverse();
        }
        entries
    }

    fn deny(&mut self, number: i64, subnet: &Subnet) -> Entry {
        let mut nets: Vec<IpNet> = self.plan.subnets.iter().flat_map(|it| it.cidrs.clone()).collect();
        nets.extend(nets.clone().into_iter().flat_map(halves));
        nets.extend([OFFICE, INTERNET, "192.168.7.0/25", "10.0.0.0/8", "52.219.0.0/16"].map(net));
        nets.extend(["0.0.0.0/0", "0.0.0.0/0", "::/0", "10.0.0.0/15", "2a05:d014::/32"].map(net).repeat(3));
        if self.dice.percent(26) {
            nets.clone_from(&subnet.cidrs);
        }
        // What passes through here is from and to anywhere.
        if (is_public(&subnet.id) || is_foot(&subnet.id)) && self.dice.percent(48) {
            nets = ["0.0.0.0/0", "::/0", "10.0.0.0/8", "93.184.0.0/16"].map(net).to_vec();
        }
        let high = [(1024, 4999), (5000, 5999), (32768, 65535), (10000, 10300)];
        let low = [(443, 443), (22, 22), (440, 460), (1, 1023)];
        let ports = match self.dice.below(5) {
            0 | 1 => None,
            2 => Some(*self.dice.pick(&high)),
            _ => Some(*self.dice.pick(&low)),
        };
        let protocol = match ports {
            None => -1,
            Some(_) => *self.dice.pick(&[TCP, TCP, TCP, UDP]),
        };
        let to = *self.dice.pick(&nets);
        Entry { number, egress: self.dice.percent(50), allow: false, protocol, ports, net: to }
    }

    /// Rules that mostly admit what is wished.
    pub fn rules(&mut self, wish: &Wish<'_>) -> Vec<Rule> {
        let by_group = match wish.group {
            Some(_) if wish.fits => 24 + 75 * usize::from(wish.across),
            _ => 0,
        };
        let by_list = if wish.list.is_some() { 30 } else { 10 };
        let style =
            self.dice.weighted(&[(28, 0), (12, 1), (12, 2), (8, 3), (by_list, 4), (by_group, 5), (8, 6)]);
        let mut half = false;
        let peers: Vec<Peer> = match (style, wish.group, wish.list) {
            (4, _, Some(list)) => vec![Peer::List(list.to_owned())],
            (4, _, None) => self.list_of(wish),
            (5, Some(group), _) => vec![Peer::Group(group.to_owned())],
            (1 | 6, ..) => wish.nets.iter().map(|net| Peer::Net(*net)).collect(),
            (2, ..) => {
                half = wish.nets.iter().all(|net| net.prefix_len() < net.max_prefix_len());
                wish.nets.iter().flat_map(|net| halves(*net)).map(Peer::Net).collect()
            }
            (3, ..) => {
                half = true;
                let all = [net("0.0.0.0/0"), net("::/0")];
                all.into_iter().flat_map(halves).map(Peer::Net).collect()
            }
            _ => ["0.0.0.0/0", "::/0"].map(net).map(Peer::Net).to_vec(),
        };
        let (first, last) = wish.ports;
        let middle = first + (last - first) / 2;
        let (protocol, ports): (i64, Vec<Option<(u16, u16)>>) = match style {
            6 if first < last => {
                half = true;
                (wish.protocol, vec![Some((first, middle)), Some((middle + 1, last))])
            }
            _ => match self.dice.weighted(&[(57, 0), (22, 1), (14, 2), (3, 3), (4, 4)]) {
                0 => (-1, vec![None]),
                1 => (wish.protocol, vec![Some(wish.ports)]),
                2 => (wish.protocol, vec![Some((first.saturating_sub(20), last.saturating_add(1000)))]),
                3 => (TCP + UDP - wish.protocol, vec![Some(wish.ports)]),
                _ => (wish.protocol, vec![Some((first, middle))]),
            },
        };
        let mut rules: Vec<Rule> = peers
            .iter()
            .flat_map(|peer| ports.iter().map(move |ports| (peer.clone(), *ports)))
            .map(|(peer, ports)| Rule { protocol, ports, peer, half })
            .collect();
        if self.dice.percent(5) {
            rules.remove(self.dice.below(rules.len()));
        }
        rules
    }

    /// A list of one family.
    fn list_of(&mut self, wish: &Wish<'_>) -> Vec<Peer> {
        let mut peers = Vec::new();
        for v4 in [true, false] {
            let nets: Vec<IpNet> =
                wish.nets.iter().filter(|net| net.addr().is_ipv4() == v4).copied().collect();
            if nets.is_empty() {
                continue;
            }
            let entries =
                if self.dice.percent(30) { nets.into_iter().flat_map(halves).collect() } else { nets };
            let id = format!("pl-{}-{}", wish.name, if v4 { 4 } else { 6 });
            self.plan.lists.push(List { id: id.clone(), entries });
            peers.push(Peer::List(id));
        }
        peers
    }
}

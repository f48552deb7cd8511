//! A network as a plain plan: what there is, without any way of reasoning about it.

use std::net::IpAddr;

use ipnet::IpNet;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub vpcs: Vec<Vpc>,
    pub subnets: Vec<Subnet>,
    pub tables: Vec<Table>,
    pub acls: Vec<Acl>,
    pub groups: Vec<Group>,
    pub lists: Vec<List>,
    pub interfaces: Vec<Interface>,
    pub peerings: Vec<Peering>,
    pub transit: Option<Transit>,
    pub nats: Vec<Nat>,
    /// Internet, egress-only internet and virtual private gateways, by the beginning of their ids.
    pub gateways: Vec<Gateway>,
    /// Gateway endpoints.
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Vpc {
    pub id: String,
    /// The first is the primary one.
    pub cidrs: Vec<IpNet>,
    /// Whether its resolver answers.
    pub dns: bool,
}

impl Vpc {
    /// The address of its resolver.
    pub fn resolver(&self) -> IpAddr {
        match self.cidrs[0].network() {
            IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) + 2).into()),
            IpAddr::V6(v6) => IpAddr::V6(v6),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub cidrs: Vec<IpNet>,
    pub zone: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub id: String,
    pub vpc: String,
    pub main: bool,
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub to: To,
    pub target: String,
    pub active: bool,
    pub propagated: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum To {
    Net(IpNet),
    List(String),
}

/// Without subnets: the VPC's default ACL.
#[derive(Clone, Debug, PartialEq)]
pub struct Acl {
    pub id: String,
    pub vpc: String,
    pub subnets: Vec<String>,
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub number: i64,
    pub egress: bool,
    pub allow: bool,
    /// IANA's number, or -1.
    pub protocol: i64,
    pub ports: Option<(u16, u16)>,
    pub net: IpNet,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub id: String,
    pub vpc: String,
    pub inbound: Vec<Rule>,
    pub outbound: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// IANA's number, or -1.
    pub protocol: i64,
    pub ports: Option<(u16, u16)>,
    pub peer: Peer,
    /// Whether it admits only a part that another rule completes.
    pub half: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    Net(IpNet),
    List(String),
    Group(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct List {
    pub id: String,
    pub entries: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    pub id: String,
    pub subnet: String,
    pub addresses: Vec<IpAddr>,
    pub groups: Vec<String>,
    /// Whether a public address is associated with it.
    pub public: bool,
    /// The prefixes that are delegated to it.
    pub prefixes: Vec<IpNet>,
    /// Whether it takes only what is for its own addresses.
    pub check: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Peering {
    pub id: String,
    pub sides: [String; 2],
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Transit {
    pub id: String,
    /// Whether security groups may be referred to across it.
    pub references: bool,
    pub attachments: Vec<Attachment>,
    pub tables: Vec<TransitTable>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Attachment {
    pub id: String,
    /// A VPC, or the VPN to the office.
    pub vpc: Option<String>,
    pub subnets: Vec<String>,
    pub available: bool,
    pub table: Option<String>,
    pub references: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TransitTable {
    pub id: String,
    pub routes: Vec<TransitRoute>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TransitRoute {
    pub to: IpNet,
    /// None is a blackhole.
    pub attachment: Option<String>,
    pub propagated: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Nat {
    pub id: String,
    pub vpc: String,
    pub subnet: String,
    pub address: IpAddr,
    pub public: bool,
    pub available: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    pub id: String,
    /// None where it is detached.
    pub vpc: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    pub id: String,
    pub vpc: String,
    pub list: String,
}

impl Plan {
    pub fn vpc(&self, id: &str) -> &Vpc {
        self.vpcs.iter().find(|vpc| vpc.id == id).unwrap()
    }

    pub fn subnet(&self, id: &str) -> &Subnet {
        self.subnets.iter().find(|subnet| subnet.id == id).unwrap()
    }

    pub fn group(&self, id: &str) -> &Group {
        self.groups.iter().find(|group| group.id == id).unwrap()
    }

    pub fn list(&self, id: &str) -> &List {
        self.lists.iter().find(|list| list.id == id).unwrap()
    }

    pub fn interface(&self, id: &str) -> &Interface {
        self.interfaces.iter().find(|interface| interface.id == id).unwrap()
    }
}

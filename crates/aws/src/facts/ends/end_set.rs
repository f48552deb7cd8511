//! Ends, and who they belong to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::{self, Known, Missing};
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports::Protocol;

use crate::facts::base::context::Context;
use crate::intent::Operator;
use crate::network::{End, EndKind};

/// The ends that are known, and why there may be more.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ends {
    /// In a fixed order.
    pub known: Vec<End>,
    /// Empty when they are all.
    pub unlisted: Vec<Missing>,
    /// Why what packets reach there may not answer.
    pub doubts: Vec<Missing>,
    /// The Client VPN endpoint that an end's packets have to pass first, by the end's label.
    pub client_vpns: BTreeMap<String, ClientVpnSource>,
}

/// What people behind Client VPN send: the endpoint, and the associated subnet that it is sent from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClientVpnSource {
    /// The endpoint's id.
    pub endpoint: String,
    /// Absent where the endpoint is associated with no subnet, or a network interface does not say its own.
    pub subnet: Option<String>,
}

impl Ends {
    /// None that is known, because of this.
    pub fn unlisted(missing: Vec<Missing>) -> Self {
        Self { unlisted: missing, ..Self::default() }
    }

    /// Exactly these.
    pub fn known(known: Vec<End>) -> Self {
        Self { known, ..Self::default() }
    }

    /// Whether it is proved that there are none.
    pub fn are_none(&self) -> bool {
        self.known.is_empty() && self.unlisted.is_empty()
    }

    pub fn extend(&mut self, other: &Self) {
        self.known.extend(other.known.iter().cloned());
        self.unlisted.extend(other.unlisted.iter().cloned());
        self.doubts.extend(other.doubts.iter().cloned());
        self.client_vpns.extend(other.client_vpns.iter().map(|(label, its)| (label.clone(), its.clone())));
    }

    pub fn sorted(mut self) -> Self {
        self.unlisted = known::joined(self.unlisted);
        self
    }
}

/// One side of a flow.
#[derive(Clone, Debug)]
pub(crate) struct Party<'c> {
    /// What flows call it: the role, and which of its parts where it has several.
    pub name: String,
    /// Where it is.
    pub ends: Rc<Ends>,
    /// Whether the cluster has to do with it.
    pub used: Known<bool>,
    /// The operators that it is, if it is some.
    pub operator: Option<&'c Operator>,
    /// Whether clients use the ends in their own zone, where there are any.
    pub same_zone: bool,
    /// The ports that the ends answer on, one for each, where they say so themselves.
    pub ports: Option<Vec<u16>>,
    /// The only party that sends packets to this one, where the cluster has such a setting.
    pub only_from: Option<Rc<Ends>>,
}

impl Party<'_> {
    /// A party that is nothing but its ends.
    pub fn of_ends(name: impl Into<String>, ends: Ends) -> Self {
        Self::new(name, ends)
    }

    pub fn new(name: impl Into<String>, ends: Ends) -> Self {
        Self::shared(name, Rc::new(ends))
    }

    pub fn shared(name: impl Into<String>, ends: Rc<Ends>) -> Self {
        Self {
            name: name.into(),
            ends,
            used: Ok(true),
            operator: None,
            same_zone: false,
            ports: None,
            only_from: None,
        }
    }
}

/// The parties of one side, and why there may be more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parties<'c> {
    /// In a fixed order.
    pub listed: Vec<Party<'c>>,
    /// Empty when they are all.
    pub unlisted: Vec<Missing>,
}

impl Parties<'_> {
    /// One party that is nothing but its ends.
    pub fn one(name: impl Into<String>, ends: Ends) -> Self {
        Self { listed: vec![Party::new(name, ends)], unlisted: Vec::new() }
    }

    /// The ends of all of them.
    pub fn into_ends(self) -> Ends {
        let mut all = Ends::unlisted(self.unlisted);
        for party in &self.listed {
            all.extend(&party.ends);
        }
        all.sorted()
    }
}

/// The ends that were computed.
#[derive(Default)]
pub(crate) struct EndsByRole(RefCell<BTreeMap<&'static str, Rc<Ends>>>);

/// The ends of a role, computed once: several rules ask for each.
pub(crate) fn cached<'s>(
    context: &Context<'s>,
    role: &'static str,
    compute: fn(&Context<'s>) -> Ends,
) -> Rc<Ends> {
    let by_role = context.memo.get(EndsByRole::default);
    let known = by_role.0.borrow().get(role).map(Rc::clone);
    known.unwrap_or_else(|| {
        let ends = Rc::new(compute(context));
        by_role.0.borrow_mut().insert(role, Rc::clone(&ends));
        ends
    })
}

/// The addresses of an end, as far as they were read.
pub(crate) fn addresses(context: &Context<'_>, end: &End) -> Option<AddressSet> {
    let network = &context.network;
    match &end.kind {
        EndKind::Addresses { cidr, .. } => Some(AddressSet::from(*cidr)),
        EndKind::Subnet { addresses: Some(some), .. } => Some(some.iter().copied().collect()),
        EndKind::Subnet { subnet, .. } => Some(network.subnet_cidrs(subnet).ok()?.into_iter().collect()),
        EndKind::Interface { id } => Some(network.interface(id).ok()?.addresses().map(IpNet::from).collect()),
        EndKind::PrefixList { id } => Some(network.prefix_list(id).ok()?.into_iter().collect()),
    }
}

/// Whether two ends are in one zone.
pub(crate) fn same_zone(context: &Context<'_>, one: &End, other: &End) -> Known<bool> {
    let place = |end: &End| {
        subnet(context, end)
            .ok_or_else(|| vec![Missing::unmodelled(format!("the availability zone of {}", end.label))])
    };
    context.network.same_zone(&place(one)?, &place(other)?)
}

/// The subnet that an end is in, where it is one.
pub(crate) fn subnet(context: &Context<'_>, end: &End) -> Option<String> {
    match &end.kind {
        EndKind::Subnet { subnet, .. } => Some(subnet.clone()),
        EndKind::Interface { id } => context.network.interface(id).ok()?.subnet_id.clone(),
        _ => None,
    }
}

/// What a port is when the ends say it themselves.
pub(crate) fn ports_of(protocol: Protocol, ports: &[u16]) -> String {
    let mut distinct = ports.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let texts: Vec<String> = distinct.iter().map(ToString::to_string).collect();
    let protocol = if protocol == Protocol::Udp { "udp" } else { "tcp" };
    format!("{protocol}/{}", texts.join(","))
}

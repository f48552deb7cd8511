//! Which addresses and ports the plan tells apart: one of each kind is enough to try.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    plan::{Group, Peer, Plan, Rule, To},
    question::Side,
};

/// Where something begins to differ.
pub struct Kinds {
    addresses: Vec<IpAddr>,
    ports: Vec<u16>,
}

impl Kinds {
    /// As far as a question between these sides is concerned.
    pub fn of(plan: &Plan, sides: [&Side; 2]) -> Self {
        let groups: Vec<&Group> =
            plan.groups.iter().filter(|it| sides.iter().any(|side| uses(plan, side, it))).collect();
        let rules: Vec<&Rule> = groups.iter().flat_map(|it| it.inbound.iter().chain(&it.outbound)).collect();
        let nets = prefixes(plan, &rules);
        let mut addresses: Vec<IpAddr> =
            nets.iter().flat_map(|net| [Some(net.network()), after(net.broadcast())]).flatten().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let entries = plan.acls.iter().flat_map(|acl| &acl.entries).filter_map(|entry| entry.ports);
        let ranges = entries.chain(rules.iter().filter_map(|rule| rule.ports));
        let mut ports: Vec<u16> = ranges.flat_map(|(first, last)| [first, last.saturating_add(1)]).collect();
        ports.sort_unstable();
        ports.dedup();
        Self { addresses, ports }
    }

    /// One port of each kind within a range.
    pub fn ports(&self, (first, last): (u16, u16)) -> Vec<u16> {
        let within = self.ports.iter().copied().filter(|port| first < *port && *port <= last);
        std::iter::once(first).chain(within).collect()
    }

    /// One address of each kind within a prefix.
    pub fn addresses(&self, net: IpNet) -> Vec<IpAddr> {
        let within = self.addresses.iter().copied().filter(|it| net.contains(it) && *it != net.network());
        std::iter::once(net.network()).chain(within).collect()
    }
}

/// Whether an address of the side may carry the group.
fn uses(plan: &Plan, side: &Side, group: &Group) -> bool {
    match side {
        Side::Subnet { groups, .. } => groups.contains(&group.id),
        Side::Interface(id) => plan.interface(id).groups.contains(&group.id),
        Side::Network { net, groups, .. } => {
            let within = |address: &IpAddr| net.contains(address);
            let mut known = plan.interfaces.iter().filter(|it| {
                let overlaps = |prefix: &IpNet| net.contains(prefix) || prefix.contains(net);
                it.addresses.iter().any(within) || it.prefixes.iter().any(overlaps)
            });
            groups.contains(&group.id) || known.any(|it| it.groups.contains(&group.id))
        }
        Side::List(_) => false,
    }
}

fn prefixes(plan: &Plan, rules: &[&Rule]) -> Vec<IpNet> {
    let mut nets: Vec<IpNet> = Vec::new();
    nets.extend(plan.vpcs.iter().flat_map(|vpc| &vpc.cidrs));
    nets.extend(plan.subnets.iter().flat_map(|subnet| &subnet.cidrs));
    nets.extend(plan.acls.iter().flat_map(|acl| &acl.entries).map(|entry| entry.net));
    nets.extend(plan.interfaces.iter().flat_map(|it| &it.addresses).map(|address| IpNet::from(*address)));
    nets.extend(plan.interfaces.iter().flat_map(|it| &it.prefixes));
    let mut lists = Vec::new();
    for route in plan.tables.iter().flat_map(|table| &table.routes) {
        match &route.to {
            To::Net(net) => nets.push(*net),
            To::List(list) => lists.push(list),
        }
    }
    for rule in rules {
        match &rule.peer {
            Peer::Net(net) => nets.push(*net),
            Peer::List(list) => lists.push(list),
            Peer::Group(_) => {}
        }
    }
    nets.extend(lists.into_iter().flat_map(|list| plan.list(list).entries.clone()));
    let tables = plan.transit.iter().flat_map(|transit| &transit.tables);
    nets.extend(tables.flat_map(|table| &table.routes).map(|route| route.to));
    // What stands for an IPv4 prefix behind NAT64.
    let v4 = nets.clone().into_iter().filter_map(behind_nat64);
    nets.extend(v4);
    nets
}

fn behind_nat64(net: IpNet) -> Option<IpNet> {
    let IpNet::V4(v4) = net else { return None };
    let [a, b, c, d] = v4.network().octets();
    let segments = [0x64, 0xff9b, 0, 0, 0, 0, u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
    IpNet::new(IpAddr::from(segments), 96 + v4.prefix_len()).ok()
}

fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => u32::from(v4).checked_add(1).map(|next| IpAddr::V4(next.into())),
        IpAddr::V6(v6) => u128::from(v6).checked_add(1).map(|next| IpAddr::V6(next.into())),
    }
}

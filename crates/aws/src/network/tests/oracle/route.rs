//! Which route one packet takes.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
//! <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html#tgw-route-evaluation-overview>

use std::net::IpAddr;

use super::{
    feature::Feature,
    forward::World,
    plan::{Attachment, Endpoint, Gateway, Interface, Nat, Peering, Route, Subnet, Table, To, Transit},
};

#[derive(Clone, Copy, Debug)]
pub enum Next<'p> {
    Blackhole,
    Peering(&'p Peering),
    Transit(&'p Transit),
    Nat(&'p Nat),
    Internet(&'p Gateway),
    EgressOnly(&'p Gateway),
    Vpn(&'p Gateway),
    Endpoint(&'p Endpoint),
    Interface(&'p Interface),
}

#[derive(Clone, Copy, Debug)]
pub enum TransitNext<'p> {
    Nowhere,
    Attachment(&'p Attachment),
}

/// A route that matches: how long its prefix is, and its rank among equally long ones.
struct Match<T> {
    length: u8,
    rank: u8,
    route: T,
}

impl<'p> World<'p> {
    fn table(&self, subnet: &Subnet) -> Option<&'p Table> {
        let own = self.plan.tables.iter().find(|table| table.subnets.contains(&subnet.id));
        let main = || self.plan.tables.iter().find(|table| table.main && table.vpc == subnet.vpc);
        own.or_else(|| main().filter(|_| self.features.has(Feature::MainTable)))
    }

    /// Where a subnet's table sends what is not local.
    pub fn next(&self, subnet: &Subnet, address: IpAddr) -> Option<Next<'p>> {
        let route = self.decisive(self.matching(self.table(subnet)?, address), Feature::StaticRouteFirst)?;
        Some(match (route.active, self.target(&route.target)) {
            (true, Some(next)) => next,
            _ => Next::Blackhole,
        })
    }

    /// The gateway from which a packet of this source would enter, if that is undeclared.
    pub fn active_target(&self, subnet: &Subnet, address: IpAddr) -> Option<&'p str> {
        let mut matching = self.matching(self.table(subnet)?, address);
        matching.retain(|found| found.route.active);
        self.decisive(matching, Feature::StaticRouteFirst).map(|route| route.target.as_str())
    }

    fn matching(&self, table: &'p Table, address: IpAddr) -> Vec<Match<&'p Route>> {
        let matching = table.routes.iter().filter_map(|route| {
            let (length, rank) = match &route.to {
                To::Net(net) => (net.contains(&address).then(|| net.prefix_len())?, 2),
                To::List(list) => {
                    let entries = self.plan.list(list).entries.iter();
                    let lengths = entries.filter(|net| net.contains(&address)).map(ipnet::IpNet::prefix_len);
                    (lengths.max().filter(|_| self.features.has(Feature::PrefixListRoute))?, 1)
                }
            };
            let rank = if route.propagated { 0 } else { rank };
            let counts = (!route.propagated || self.features.has(Feature::PropagatedRoute))
                && (route.active || self.features.has(Feature::Blackhole));
            counts.then_some(Match { length, rank, route })
        });
        matching.collect()
    }

    fn decisive<T>(&self, mut matching: Vec<Match<T>>, by_rank: Feature) -> Option<T> {
        matching.sort_by_key(|found| (found.length, found.rank));
        let lengths = (matching.first()?.length, matching.last()?.length);
        if lengths.0 != lengths.1 && !self.features.has(Feature::LongestPrefix) {
            matching.retain(|found| found.length == lengths.0);
        }
        let longest = matching.last()?.length;
        matching.retain(|found| found.length == longest);
        if matching.len() > 1 && !self.features.has(by_rank) {
            return matching.into_iter().next().map(|found| found.route);
        }
        matching.pop().map(|found| found.route)
    }

    fn target(&self, id: &str) -> Option<Next<'p>> {
        let plan = self.plan;
        let gateway = || plan.gateways.iter().find(|gateway| gateway.id == id);
        match id.split('-').next()? {
            "pcx" => plan.peerings.iter().find(|it| it.id == id).map(Next::Peering),
            "tgw" => plan.transit.as_ref().filter(|it| it.id == id).map(Next::Transit),
            "nat" => plan.nats.iter().find(|it| it.id == id).map(Next::Nat),
            "igw" => gateway().map(Next::Internet),
            "eigw" => gateway().map(Next::EgressOnly),
            "vgw" => gateway().map(Next::Vpn),
            "eni" => plan.interfaces.iter().find(|it| it.id == id).map(Next::Interface),
            "vpce" => plan.endpoints.iter().find(|it| it.id == id).map(Next::Endpoint),
            other => panic!("no target {other}"),
        }
    }

    /// Where the table that an attachment is associated with sends a packet.
    pub fn transit_next(&self, transit: &'p Transit, from: &Attachment, address: IpAddr) -> TransitNext<'p> {
        let first = transit.tables.first();
        let table = match &from.table {
            None if self.features.has(Feature::TransitAssociation) => None,
            Some(id) if first.is_some_and(|first| first.id != *id) => {
                let own = transit.tables.iter().find(|table| table.id == *id);
                if self.features.has(Feature::TransitSecondTable) { own } else { first }
            }
            _ => first,
        };
        let Some(table) = table else { return TransitNext::Nowhere };
        let matching = table.routes.iter().filter(|route| {
            route.to.contains(&address)
                && (!route.propagated || self.features.has(Feature::TransitPropagation))
                && (route.attachment.is_some() || self.features.has(Feature::TransitBlackhole))
        });
        let matching = matching.map(|route| Match {
            length: route.to.prefix_len(),
            rank: u8::from(!route.propagated),
            route,
        });
        let to = self
            .decisive(matching.collect(), Feature::TransitStaticFirst)
            .and_then(|route| route.attachment.as_ref());
        match to.and_then(|id| transit.attachments.iter().find(|it| it.id == *id)) {
            Some(attachment) => TransitNext::Attachment(attachment),
            None => TransitNext::Nowhere,
        }
    }
}

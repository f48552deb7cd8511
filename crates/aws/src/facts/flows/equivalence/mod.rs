//! Subnets that nothing tells apart: between many ends of one VPC, not every pair has to be traced.
//!
//! Inside a VPC only the routes to its own addresses, the entries of network ACLs, and the rules of
//! security groups decide, and they know subnets by prefixes. Ends whose subnets lie in the same of all
//! those prefixes, with like routes, entries and groups, have the same fate. Only what is open is
//! concluded: of what is not, each end is traced, so that every address is named.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use privek_core::known::Known;

use crate::facts::base::context::Context;
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::{IpPermission, NetworkAcl, Route, RouteTable};

/// Ends with equal results, as indices into their list; the first represents all.
pub(crate) type Class = Vec<usize>;

/// The classes of sources and destinations; `None` where not all of them are subnets of one VPC of
/// which everything was read.
pub(crate) fn classes(context: &Context<'_>, from: &[End], to: &[End]) -> Option<(Vec<Class>, Vec<Class>)> {
    let places =
        |ends: &[End]| ends.iter().map(|end| PlacementClass::of(context, end)).collect::<Option<Vec<_>>>();
    let (sources, targets) = (places(from)?, places(to)?);
    let vpc = &sources.first()?.vpc;
    if sources.iter().chain(&targets).any(|place| place.vpc != *vpc) {
        return None;
    }
    let own = context.network.vpc_cidrs(vpc).ok()?;
    let mut telling = Telling { own, prefixes: BTreeSet::new(), read: BTreeSet::new() };
    for place in sources.iter().chain(&targets) {
        telling.learn(context, place).ok()?;
    }
    Some((telling.split(&sources), telling.split(&targets)))
}

/// An end in a subnet, with all that decides over it.
struct PlacementClass<'s> {
    vpc: String,
    addresses: Vec<IpNet>,
    groups: Vec<String>,
    carriers: Carriers,
    table: &'s RouteTable,
    acl: &'s NetworkAcl,
}

impl<'s> PlacementClass<'s> {
    fn of(context: &Context<'s>, end: &End) -> Option<Self> {
        let EndKind::Subnet { subnet, addresses, groups: Groups::Known(groups), carriers } = &end.kind else {
            return None;
        };
        let found = context.network.subnet(subnet).ok()?;
        let addresses = match addresses {
            Some(some) => some.clone(),
            None => context.network.subnet_cidrs(subnet).ok()?,
        };
        Some(Self {
            vpc: context.network.vpc_of(found).ok()?.to_owned(),
            addresses,
            groups: groups.clone(),
            carriers: carriers.clone(),
            table: context.network.effective_route_table(subnet).ok()?,
            acl: context.network.network_acl(subnet).ok()?,
        })
    }
}

/// The prefixes by which something is decided.
struct Telling {
    own: Vec<IpNet>,
    prefixes: BTreeSet<IpNet>,
    /// Ids of what was looked through already.
    read: BTreeSet<String>,
}

impl Telling {
    fn learn(&mut self, context: &Context<'_>, place: &PlacementClass<'_>) -> Known<()> {
        if self.read.insert(place.table.route_table_id.clone()) {
            for route in &place.table.routes {
                let lists = route.destination_prefix_list_id.as_deref();
                let prefixes = self.destinations(context, route, lists)?;
                self.prefixes.extend(prefixes);
            }
        }
        if self.read.insert(place.acl.network_acl_id.clone()) {
            for entry in &place.acl.entries {
                let texts = [entry.cidr_block.as_deref(), entry.ipv6_cidr_block.as_deref()];
                self.prefixes
                    .extend(texts.into_iter().flatten().filter_map(|text| text.parse::<IpNet>().ok()));
            }
        }
        for id in &place.groups {
            if !self.read.insert(id.clone()) {
                continue;
            }
            let group = context.network.security_group(id)?;
            for permission in group.ip_permissions.iter().chain(&group.ip_permissions_egress) {
                self.prefixes.extend(peers(context, permission)?);
            }
        }
        Ok(())
    }

    /// The part of a route's destinations that can come before the local route.
    fn destinations(&self, context: &Context<'_>, route: &Route, list: Option<&str>) -> Known<Vec<IpNet>> {
        let texts = [route.destination_cidr_block.as_deref(), route.destination_ipv6_cidr_block.as_deref()];
        let mut all: Vec<IpNet> = texts.into_iter().flatten().filter_map(|text| text.parse().ok()).collect();
        // A gateway endpoint's list holds AWS's own addresses.
        let of_aws = |id: &&str| context.network.is_gateway_endpoint(id);
        if let (Some(list), None) = (list, route.gateway_id.as_deref().filter(of_aws)) {
            all.extend(context.network.prefix_list(list)?);
        }
        all.retain(|net| self.own.iter().any(|own| own.contains(net)));
        Ok(all)
    }

    /// Puts places together that nothing tells apart.
    fn split(&self, places: &[PlacementClass<'_>]) -> Vec<Class> {
        let mut by_key: BTreeMap<String, Class> = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            by_key.entry(self.key(place).unwrap_or_else(|| format!("#{at}"))).or_default().push(at);
        }
        by_key.into_values().collect()
    }

    /// What a place shares with those that are like it; `None` where a prefix divides it.
    fn key(&self, place: &PlacementClass<'_>) -> Option<String> {
        // An end of several prefixes may lie in a deciding one with a part only.
        let [net] = place.addresses.as_slice() else { return None };
        if self.prefixes.iter().any(|prefix| prefix != net && net.contains(prefix)) {
            return None;
        }
        let around: Vec<&IpNet> = self.prefixes.iter().filter(|prefix| prefix.contains(net)).collect();
        let inside = |route: &&Route| {
            let texts =
                [route.destination_cidr_block.as_deref(), route.destination_ipv6_cidr_block.as_deref()];
            let mut nets = texts.into_iter().flatten().filter_map(|text| text.parse::<IpNet>().ok());
            route.destination_prefix_list_id.is_some()
                || nets.any(|net| self.own.iter().any(|own| own.contains(&net)))
        };
        let mut routes: Vec<String> =
            place.table.routes.iter().filter(inside).map(|route| format!("{route:?}")).collect();
        routes.sort();
        let family = net.max_prefix_len();
        let propagating = place.table.propagating_vgws.iter().map(|gateway| gateway.gateway_id.as_deref());
        let propagating: BTreeSet<Option<&str>> = propagating.collect();
        Some(format!(
            "{family} {around:?} {:?} {:?} {routes:?} {propagating:?} {:?}",
            place.groups, place.carriers, place.acl.entries
        ))
    }
}

/// The prefixes of a permission's peers.
fn peers(context: &Context<'_>, permission: &IpPermission) -> Known<Vec<IpNet>> {
    let v4 = permission.ip_ranges.iter().filter_map(|range| range.cidr_ip.as_deref());
    let v6 = permission.ipv6_ranges.iter().filter_map(|range| range.cidr_ipv6.as_deref());
    let mut all: Vec<IpNet> = v4.chain(v6).filter_map(|text| text.parse().ok()).collect();
    for list in permission.prefix_list_ids.iter().filter_map(|list| list.prefix_list_id.as_deref()) {
        all.extend(context.network.prefix_list(list)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;

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
use crate::network::{End, EndKind, Groups};
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
    table: &'s RouteTable,
    acl: &'s NetworkAcl,
}

impl<'s> PlacementClass<'s> {
    fn of(context: &Context<'s>, end: &End) -> Option<Self> {
        let EndKind::Subnet { subnet, addresses, groups: Groups::Known(groups) } = &end.kind else {
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
        let propagating = &place.table.propagating_vgws;
        Some(format!(
            "{family} {around:?} {:?} {routes:?} {propagating:?} {:?}",
            place.groups, place.acl.entries
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
mod tests {
    use crate::facts::ends::of_role;
    use crate::facts::test_support::fixture::{Fixture, derived};
    use crate::intent::Intent;
    use privek_core::report::trace::Verdict;
    use privek_core::sets::ports::Ports;
    use privek_core::subject::FlowSpec;
    use serde_json::{Value, json};

    use super::*;

    /// The closed network with this many more subnets for nodes.
    fn with_subnets(count: usize) -> Fixture {
        let mut fixture = Fixture::healthy();
        let like = |list: &Value, key: &str| {
            list.as_array().unwrap().iter().find(|one| one["SubnetId"] == key).unwrap().clone()
        };
        let first = like(&fixture.0["Subnets"], "subnet-0a00000000000002a");
        let holds = |list: &Value, field: &str| -> usize {
            let all = list.as_array().unwrap();
            let ours = |one: &Value| one[field].to_string().contains("subnet-0a00000000000002a");
            all.iter().position(ours).unwrap()
        };
        let table = holds(&fixture.0["RouteTables"], "Associations");
        let acl = holds(&fixture.0["NetworkAcls"], "Associations");
        let vpc =
            fixture.0["Vpcs"].as_array_mut().unwrap().iter_mut().find(|vpc| vpc["VpcId"] == first["VpcId"]);
        vpc.unwrap()["CidrBlockAssociationSet"].as_array_mut().unwrap().push(
            json!({"AssociationId": "a-9", "CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}}),
        );
        for table in fixture.0["RouteTables"].as_array_mut().unwrap() {
            table["Routes"].as_array_mut().unwrap().push(json!({"DestinationCidrBlock": "100.64.0.0/16",
                "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}));
        }
        for at in 0..count {
            let id = format!("subnet-0a0000000000{at:05x}");
            let mut subnet = first.clone();
            subnet["SubnetId"] = json!(id);
            subnet["CidrBlock"] = json!(format!("100.64.{at}.0/24"));
            fixture.0["Subnets"].as_array_mut().unwrap().push(subnet);
            fixture.0["RouteTables"][table]["Associations"].as_array_mut().unwrap().push(json!({
                "RouteTableAssociationId": format!("rtbassoc-{at}"), "SubnetId": id,
                "AssociationState": {"State": "associated"}}));
            let acl = &mut fixture.0["NetworkAcls"][acl];
            let association = json!({"NetworkAclAssociationId": format!("aclassoc-{at}"), "SubnetId": id,
                "NetworkAclId": acl["NetworkAclId"]});
            acl["Associations"].as_array_mut().unwrap().push(association);
            fixture.0["nodegroup"][0]["subnets"].as_array_mut().unwrap().push(json!(id));
        }
        fixture
    }

    fn flow(fixture: &Fixture) -> Value {
        let snapshot = fixture.snapshot();
        let spec = FlowSpec { from: "nodes".into(), to: "nodes".into(), port: "tcp/53".into() };
        derived(&snapshot, &Intent::default()).flow(&spec).listed.remove(0).fields
    }

    fn denying(fixture: Fixture, cidr: &str) -> Fixture {
        let mut fixture = fixture;
        for acl in fixture.0["NetworkAcls"].as_array_mut().unwrap() {
            acl["Entries"].as_array_mut().unwrap().push(json!({"RuleNumber": 5, "Egress": false,
                "Protocol": "6", "RuleAction": "deny", "CidrBlock": cidr, "PortRange": {"From": 53, "To": 53}}));
        }
        fixture
    }

    /// Every pair of two classes is as the first one, or apart from it by one subnet's network ACL.
    fn hold(fixture: &Fixture) -> (usize, usize) {
        let snapshot = fixture.snapshot();
        let context = Context::new(&snapshot, &Intent::default());
        let nodes = of_role(&context, "nodes").known;
        let (sources, targets) = classes(&context, &nodes, &nodes).unwrap();
        let ports: Ports = "tcp/53".parse().unwrap();
        let verdicts = |one: usize, two: usize| -> BTreeSet<Verdict> {
            let paths = context.network.trace(&nodes[one], &nodes[two], &ports);
            paths.into_iter().map(|path| path.verdict.into()).collect()
        };
        for (ours, theirs) in sources.iter().flat_map(|one| targets.iter().map(move |two| (one, two))) {
            let pairs = ours.iter().flat_map(|&one| theirs.iter().map(move |&two| (one, two)));
            let apart: BTreeSet<_> =
                pairs.clone().filter(|(one, two)| one != two).map(|(one, two)| verdicts(one, two)).collect();
            let within: BTreeSet<_> =
                pairs.filter(|(one, two)| one == two).map(|(one, two)| verdicts(one, two)).collect();
            assert!(apart.len() <= 1 && within.len() <= 1, "{apart:?} {within:?}");
        }
        (nodes.len(), sources.len())
    }

    #[test]
    fn ends_that_nothing_tells_apart_have_one_fate() {
        let (ends, classes) = hold(&with_subnets(8));
        assert!(classes < ends, "{classes} classes of {ends}");
        let (ends, apart) = hold(&denying(with_subnets(8), "100.64.0.0/22"));
        assert!(apart > classes && apart < ends, "{apart} classes of {ends}");
        let (ends, divided) = hold(&denying(with_subnets(8), "100.64.3.0/25"));
        assert!(divided > classes && divided < ends, "{divided} classes of {ends}");
    }

    #[test]
    fn many_nodes_reach_each_other_in_few_traces() {
        let open = flow(&with_subnets(40));
        assert_eq!(open["open"], json!(true), "{}", open["blockers"]);
        assert!(open["path_count"].as_u64() < Some(100), "{}", open["path_count"]);
    }

    #[test]
    fn of_many_nodes_each_that_is_closed_is_named() {
        let closed = flow(&denying(with_subnets(40), "100.64.4.0/23"));
        assert_eq!(closed["open"], json!(false));
        assert!(closed["path_count"].as_u64() < Some(800), "{}", closed["path_count"]);
        let blockers = closed["blockers"].to_string();
        assert!(blockers.contains("100.64.4.0/23") || blockers.contains("100.64.5.0/24"), "{blockers}");
        let text = closed["blockers"].to_string() + &closed["paths"].to_string();
        assert!(
            text.contains("subnet-0a000000000000004") && text.contains("subnet-0a000000000000005"),
            "{text}"
        );
    }

    #[test]
    fn what_was_not_read_joins_nothing() {
        for collection in ["NetworkAcls", "RouteTables", "SecurityGroups", "Subnets"] {
            let snapshot = with_subnets(4).withhold(collection).snapshot();
            let context = Context::new(&snapshot, &Intent::default());
            let nodes = of_role(&context, "nodes").known;
            assert!(classes(&context, &nodes, &nodes).is_none(), "{collection}");
        }
    }
}

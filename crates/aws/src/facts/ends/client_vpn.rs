//! People behind AWS Client VPN: their packets carry the address of a network interface that Client VPN has in
//! an associated subnet, and are sent where a route and an authorization rule of the endpoint allow.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/how-it-works.html>
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html>

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports::Ports;

use crate::facts::base::context::Context;
use crate::ids::{self, ResourceKind};
use crate::network::{
    Blocker, BlockerCode, Carriers, End, EndKind, Groups, Path, Remedy, blocked_path, undecided_path,
};
use crate::snapshot::aws::ec2::{
    ClientVpnEndpoint, ClientVpnStatus, ClientVpnTargetNetwork, NetworkInterface, Subnet, Vpc,
};

use super::end_set::{ClientVpnSource, Ends, addresses};

/// What blockers call the endpoint.
const KIND: &str = "client-vpn-endpoint";

/// How Client VPN describes its network interfaces.
const DESCRIPTION: &str = "ClientVPN Endpoint resource";

/// The ends of a declared network: where its packets start, as the VPC sees them.
pub(crate) fn ends(context: &Context<'_>, declared: End) -> Ends {
    match endpoint(context, &declared) {
        Ok(Some(endpoint)) => of_endpoint(context, &declared, endpoint),
        Ok(None) => Ends::known(vec![declared]),
        Err(missing) => Ends::unlisted(missing),
    }
}

/// The Client VPN endpoint that a declared network's people use, for who looks names up.
pub(crate) fn of_declared<'s>(context: &Context<'s>, declared: &End) -> Known<Option<&'s ClientVpnEndpoint>> {
    endpoint(context, declared)
}

/// The VPC that a Client VPN endpoint sends its clients' packets into.
pub(crate) fn home(context: &Context<'_>, endpoint: &ClientVpnEndpoint) -> Option<String> {
    let networks = networks(context, &endpoint.client_vpn_endpoint_id).unwrap_or_default();
    let associated = networks.iter().find_map(|network| network.vpc_id.clone());
    endpoint.vpc_id.clone().or(associated)
}

/// What keeps the packets of one source from an address, at the Client VPN endpoint itself.
pub(crate) fn refusals(
    context: &Context<'_>,
    from: &Ends,
    source: &End,
    address: IpAddr,
) -> Known<Vec<Blocker>> {
    let Some(vpn) = from.client_vpns.get(&source.label) else { return Ok(Vec::new()) };
    let kind = EndKind::Addresses { cidr: address.into(), via: None, groups: Groups::Undeclared };
    let target = End { label: address.to_string(), kind };
    gate(context, vpn, &target, !matches!(source.kind, EndKind::Addresses { .. }))
}

/// The Client VPN endpoint that a declared network's people use: that of `via`, or the one that gives them
/// their addresses.
fn endpoint<'s>(context: &Context<'s>, declared: &End) -> Known<Option<&'s ClientVpnEndpoint>> {
    let EndKind::Addresses { cidr, via, .. } = &declared.kind else { return Ok(None) };
    let mut all = context.snapshot.aws.client_vpn_endpoints.iter().flatten();
    if let Some(via) = via {
        if ids::kind(via) != Some(ResourceKind::ClientVpnEndpoint) {
            return Ok(None);
        }
        let found = all.find(|endpoint| endpoint.client_vpn_endpoint_id == *via);
        return found.map(Some).ok_or_else(|| vec![context.missing("ClientVpnEndpoints", Some(via))]);
    }
    let gives = |endpoint: &&ClientVpnEndpoint| {
        let own = endpoint.client_cidr_block.as_deref().and_then(|text| text.parse::<IpNet>().ok());
        own.is_some_and(|own| own.contains(cidr)) && !is_gone(endpoint)
    };
    let mut giving = all.filter(gives);
    let found = giving.next();
    // Client VPN translates the addresses of clients, so that several endpoints may assign the same.
    if let (Some(one), Some(other)) = (found, giving.next()) {
        return Err(vec![Missing::intent(format!(
            "`via` of {}; {} and {} assign addresses in {cidr}",
            declared.label, one.client_vpn_endpoint_id, other.client_vpn_endpoint_id
        ))]);
    }
    let is_in = |vpc: &Vpc| {
        context.network.vpc_cidrs(&vpc.vpc_id).is_ok_and(|own| own.iter().any(|own| own.contains(cidr)))
    };
    let in_a_vpc = context.snapshot.aws.vpcs.iter().flatten().any(is_in);
    if context.snapshot.aws.client_vpn_endpoints.is_none() && !in_a_vpc {
        context.assume(format!(
            "{} ({cidr}) connects through no Client VPN endpoint; the list of Client VPN endpoints was not read.",
            declared.label
        ));
    }
    if let Some(endpoint) = found {
        context.assume(format!(
            "{} ({cidr}) connects through Client VPN endpoint {}, whose client CIDR contains the network.",
            declared.label, endpoint.client_vpn_endpoint_id
        ));
    }
    Ok(found)
}

fn is_gone(endpoint: &ClientVpnEndpoint) -> bool {
    matches!(code(endpoint.status.as_ref()), Some("deleting" | "deleted"))
}

fn code(status: Option<&ClientVpnStatus>) -> Option<&str> {
    status.and_then(|status| status.code.as_deref())
}

fn of_endpoint(context: &Context<'_>, declared: &End, endpoint: &ClientVpnEndpoint) -> Ends {
    let id = &endpoint.client_vpn_endpoint_id;
    let mut ends = Ends::default();
    if let Some(configuration) = &endpoint.transit_gateway_configuration {
        let gateway = configuration.transit_gateway_id.as_deref().unwrap_or("its transit gateway");
        let what = format!("the path from {} through {id} and {gateway}", declared.label);
        return Ends::unlisted(vec![Missing::unmodelled(what)]);
    }
    match networks(context, id) {
        Ok(networks) => {
            if networks.is_empty() || is_gone(endpoint) {
                // Nobody can connect: https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html
                let source = ClientVpnSource { endpoint: id.clone(), subnet: None };
                ends.client_vpns.insert(declared.label.clone(), source);
                ends.known.push(declared.clone());
                return ends;
            }
            for network in &networks {
                ends.extend(&of_network(context, declared, endpoint, network));
            }
        }
        Err(missing) => {
            // The interfaces show where packets start, if not all.
            for interface in interfaces(context, endpoint.vpc_id.as_deref(), &endpoint.security_group_ids) {
                ends.extend(&of_interface(context, declared, id, interface));
            }
            ends.unlisted.extend(missing);
        }
    }
    ends.sorted()
}

/// The subnets that an endpoint is associated with.
fn networks<'s>(context: &Context<'s>, id: &str) -> Known<Vec<&'s ClientVpnTargetNetwork>> {
    let all = context.snapshot.aws.client_vpn_target_networks.as_deref();
    let its = all.into_iter().flatten().filter(|one| one.client_vpn_endpoint_id.as_deref() == Some(id));
    let changing = its.clone().find_map(|one| match code(one.status.as_ref()) {
        Some(state @ ("associating" | "disassociating")) => Some(state),
        _ => None,
    });
    let its: Vec<_> = its.filter(|one| code(one.status.as_ref()) == Some("associated")).collect();
    if let (true, Some(state)) = (its.is_empty(), changing) {
        let what = format!("the result of associating {id} with a subnet; the association is {state}");
        return Err(vec![Missing::unmodelled(what)]);
    }
    if its.is_empty() && !context.snapshot.header.covers("ClientVpnTargetNetworks", id) {
        return Err(vec![context.missing("ClientVpnTargetNetworks", Some(id))]);
    }
    Ok(its)
}

fn of_network(
    context: &Context<'_>,
    declared: &End,
    endpoint: &ClientVpnEndpoint,
    network: &ClientVpnTargetNetwork,
) -> Ends {
    let id = &endpoint.client_vpn_endpoint_id;
    let Some(subnet) = &network.target_network_id else {
        let field = format!("TargetNetworkId of {}", network.association_id);
        return Ends::unlisted(vec![context.field("ClientVpnTargetNetworks", &field)]);
    };
    let groups = if network.security_groups.is_empty() {
        &endpoint.security_group_ids
    } else {
        &network.security_groups
    };
    let vpc = network.vpc_id.as_deref().or(endpoint.vpc_id.as_deref());
    let mut ends = Ends::default();
    let here = |interface: &&NetworkInterface| interface.subnet_id.as_ref() == Some(subnet);
    for interface in interfaces(context, vpc, groups).into_iter().filter(here) {
        ends.extend(&of_interface(context, declared, id, interface));
    }
    if ends.known.is_empty() {
        let groups = Groups::of(groups.iter().cloned(), || {
            vec![context.field("ClientVpnTargetNetworks", &format!("SecurityGroups of {id}"))]
        });
        let cidrs = context.network.subnet_cidrs(subnet).ok();
        let v4 = cidrs.map(|all| all.into_iter().filter(|cidr| matches!(cidr, IpNet::V4(_))).collect());
        let label = format!("{} through {id} in {subnet}", declared.label);
        let source = ClientVpnSource { endpoint: id.clone(), subnet: Some(subnet.clone()) };
        ends.client_vpns.insert(label.clone(), source);
        let carriers = Carriers::default();
        let kind = EndKind::Subnet { subnet: subnet.clone(), addresses: v4, groups, carriers };
        ends.known.push(End { label, kind });
    }
    ends
}

fn of_interface(context: &Context<'_>, declared: &End, id: &str, interface: &NetworkInterface) -> Ends {
    let source = ClientVpnSource { endpoint: id.to_owned(), subnet: interface.subnet_id.clone() };
    let name = &interface.network_interface_id;
    let label = format!("{} through {id} ({name})", declared.label);
    // What is translated has its IPv4 addresses.
    let v4: Vec<IpNet> = interface.addresses().filter(std::net::IpAddr::is_ipv4).map(IpNet::from).collect();
    let kind = match &interface.subnet_id {
        Some(subnet) if !v4.is_empty() && interface.addresses().any(|one| one.is_ipv6()) => {
            let groups = interface.groups.iter().filter_map(|group| group.group_id.clone());
            let unread = || vec![context.field("NetworkInterfaces", &format!("Groups of {name}"))];
            let (groups, carriers) = (Groups::of(groups, unread), Carriers::default());
            EndKind::Subnet { subnet: subnet.clone(), addresses: Some(v4), groups, carriers }
        }
        _ => EndKind::Interface { id: name.clone() },
    };
    let end = End { label: label.clone(), kind };
    Ends { client_vpns: [(label, source)].into(), ..Ends::known(vec![end]) }
}

/// Client VPN's network interfaces in a VPC with these security groups.
fn interfaces<'s>(context: &Context<'s>, vpc: Option<&str>, groups: &[String]) -> Vec<&'s NetworkInterface> {
    let wanted: BTreeSet<&str> = groups.iter().map(String::as_str).collect();
    let all = context.snapshot.aws.network_interfaces.iter().flatten();
    all.filter(|interface| {
        let its: BTreeSet<&str> =
            interface.groups.iter().filter_map(|group| group.group_id.as_deref()).collect();
        interface.vpc_id.as_deref() == vpc
            && interface.description.as_deref() == Some(DESCRIPTION)
            && (wanted.is_empty() || its == wanted)
    })
    .collect()
}

/// The paths between two ends; what people behind a Client VPN endpoint send has to pass the endpoint first.
pub(crate) fn trace(
    context: &Context<'_>,
    from: &Ends,
    (source, target): (&End, &End),
    ports: Ports,
) -> Vec<Path> {
    let Some(vpn) = from.client_vpns.get(&source.label) else {
        return context.network.trace(source, target, &ports);
    };
    if let Some(path) = in_v6_only(context, vpn, (source, target)) {
        return vec![path];
    }
    // People who cannot connect have no place in the network.
    let is_placed = !matches!(source.kind, EndKind::Addresses { .. });
    let mut paths = if is_placed { context.network.trace(source, target, &ports) } else { Vec::new() };
    match gate(context, vpn, target, is_placed) {
        Ok(blockers) => {
            paths.extend(blockers.into_iter().map(|one| blocked_path(&source.label, &target.label, one)));
        }
        Err(missing) => paths.push(undecided_path(&source.label, &target.label, missing)),
    }
    paths
}

/// The path of people whose endpoint carries no IPv4 to a destination: IPv6 packets are not translated, and AWS
/// assigns their addresses (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>).
fn in_v6_only(context: &Context<'_>, vpn: &ClientVpnSource, (source, target): (&End, &End)) -> Option<Path> {
    let id = vpn.endpoint.as_str();
    let mut endpoints = context.snapshot.aws.client_vpn_endpoints.iter().flatten();
    let endpoint = endpoints.find(|endpoint| endpoint.client_vpn_endpoint_id == id)?;
    let kind = endpoint.traffic_ip_address_type.as_deref()?;
    let all = addresses(context, target)?;
    let carries_v4 = kind != "ipv6" && (kind != "dual-stack" || !all.only_v4().is_empty());
    if carries_v4 || vpn.subnet.is_none() {
        return None;
    }
    let (from, to) = (source.label.as_str(), target.label.as_str());
    if all.only_v6().is_empty() {
        let reason =
            format!("{id} carries IPv6 traffic only (TrafficIpAddressType), and {to} has no IPv6 address");
        let blocker = blocker(BlockerCode::NeverForwarded, id, None, reason, Remedy::default());
        return Some(blocked_path(from, to, blocker));
    }
    let what = format!("the IPv6 addresses that {id} assigns to clients, for the path from {from} to {to}");
    Some(undecided_path(from, to, vec![Missing::unmodelled(what)]))
}

/// What an endpoint does not forward to these addresses.
fn gate(
    context: &Context<'_>,
    vpn: &ClientVpnSource,
    target: &End,
    is_associated: bool,
) -> Known<Vec<Blocker>> {
    let id = vpn.endpoint.as_str();
    if !is_associated {
        let reason = format!("{id} has no associated target network; nobody can connect");
        let remedy = Remedy { subnet: any_subnet(context, id), ..Remedy::default() };
        return Ok(vec![blocker(BlockerCode::ClientVpnTargetMissing, id, None, reason, remedy)]);
    }
    let unread =
        || vec![Missing::unmodelled(format!("the addresses of {}, for the routes of {id}", target.label))];
    let wanted = addresses(context, target).ok_or_else(unread)?.only_v4();
    let (mut blockers, mut missing) = (Vec::new(), Vec::new());
    match unrouted(context, vpn, &wanted) {
        Ok(none) if none.is_empty() => {}
        Ok(part) => {
            let from = vpn.subnet.as_deref().unwrap_or("the associated subnet");
            let reason = format!("{id} has no active route from {from} for {}", part.told());
            let remedy = Remedy {
                cidrs: networks_of(context, &part),
                subnet: vpn.subnet.clone(),
                ..Remedy::default()
            };
            blockers.push(blocker(BlockerCode::ClientVpnRouteMissing, id, Some(&part), reason, remedy));
        }
        Err(why) => missing.extend(why),
    }
    match unauthorized(context, id, &wanted) {
        Ok(none) if none.is_empty() => {}
        Ok(part) => {
            let reason = format!("{id} has no active authorization rule for {}", part.told());
            let remedy = Remedy {
                cidrs: networks_of(context, &part),
                group: a_group(context, id),
                ..Remedy::default()
            };
            let code = BlockerCode::ClientVpnAuthorizationMissing;
            blockers.push(blocker(code, id, Some(&part), reason, remedy));
        }
        Err(why) => missing.extend(why),
    }
    // A definite blocker outranks what is missing.
    if blockers.is_empty() && !missing.is_empty() { Err(missing) } else { Ok(blockers) }
}

fn blocker(
    code: BlockerCode,
    id: &str,
    part: Option<&AddressSet>,
    reason: String,
    remedy: Remedy,
) -> Blocker {
    let part = part.map(ToString::to_string);
    Blocker { code, kind: KIND.to_owned(), id: id.to_owned(), leg: Some(Leg::Request), part, reason, remedy }
}

/// The networks that hold these addresses: EKS replaces the control plane's interfaces, so that a route or a rule
/// for their present addresses does not last.
fn networks_of(context: &Context<'_>, part: &AddressSet) -> Vec<String> {
    let vpc = context.vpc.as_deref().map(|vpc| context.network.vpc_cidrs(vpc));
    let own = vpc.ok().and_then(Result::ok).unwrap_or_default();
    let wide = |cidr: IpNet| own.iter().copied().find(|own| own.contains(&cidr)).unwrap_or(cidr);
    let all: BTreeSet<IpNet> = part.cidrs().into_iter().map(wide).collect();
    all.into_iter().map(|cidr| cidr.to_string()).collect()
}

/// A subnet that an endpoint without one can be associated with, the one with the most free addresses: at least a
/// /27 with 20 free addresses
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is-best-practices.html>).
fn any_subnet(context: &Context<'_>, id: &str) -> Option<String> {
    let mut endpoints = context.snapshot.aws.client_vpn_endpoints.iter().flatten();
    let endpoint = endpoints.find(|endpoint| endpoint.client_vpn_endpoint_id == id)?;
    let vpc = endpoint.vpc_id.as_ref()?;
    let needs_v6 = endpoint.traffic_ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4");
    let fits = |subnet: &&Subnet| {
        let size = subnet.cidr_block.as_deref().and_then(|text| text.parse::<IpNet>().ok());
        subnet.vpc_id.as_ref() == Some(vpc)
            && size.is_some_and(|cidr| cidr.prefix_len() <= 27)
            && subnet.available_ip_address_count.is_some_and(|free| free >= 20)
            && (!needs_v6 || !subnet.ipv6_cidr_block_association_set.is_empty())
    };
    let subnets = context.snapshot.aws.subnets.iter().flatten().filter(fits);
    let best = subnets.max_by_key(|subnet| {
        (subnet.available_ip_address_count, std::cmp::Reverse(subnet.subnet_id.as_str()))
    });
    best.map(|subnet| subnet.subnet_id.clone())
}

/// A group that an endpoint authorizes, where its rules name groups only.
fn a_group(context: &Context<'_>, id: &str) -> Option<String> {
    let mut all = context.snapshot.aws.client_vpn_authorization_rules.iter().flatten();
    let rules = &all.find(|rules| rules.client_vpn_endpoint_id == id)?.authorization_rules;
    let everybody = rules.iter().any(|rule| rule.access_all == Some(true));
    rules.iter().find_map(|rule| rule.group_id.clone()).filter(|group| !everybody && !group.is_empty())
}

/// Those of these addresses that no active route of an endpoint has: each associated subnet has routes of its own
/// (<https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-routes.html>).
fn unrouted(context: &Context<'_>, vpn: &ClientVpnSource, wanted: &AddressSet) -> Known<AddressSet> {
    let id = vpn.endpoint.as_str();
    let mut all = context.snapshot.aws.client_vpn_routes.iter().flatten();
    let routes = all.find(|routes| routes.client_vpn_endpoint_id == id);
    let routes = routes.ok_or_else(|| vec![context.missing("ClientVpnRoutes", Some(id))])?;
    let active = routes.routes.iter().filter(|route| code(route.status.as_ref()) == Some("active"));
    let (mut left, mut perhaps) = (wanted.clone(), wanted.clone());
    for route in active {
        let field =
            |name: &str| vec![context.field("ClientVpnRoutes", &format!("{name} of a route of {id}"))];
        let its = cidr(route.destination_cidr.as_deref()).ok_or_else(|| field("DestinationCidr"))?;
        match (&route.target_subnet, &vpn.subnet) {
            (Some(target), Some(own)) if target != own => {}
            (Some(_), Some(_)) => left = left.subtract(&its),
            _ => perhaps = perhaps.subtract(&its),
        }
    }
    let decided = left.intersect(&perhaps);
    if decided.is_empty() && !left.is_empty() {
        return Err(vec![context.field("ClientVpnRoutes", &format!("TargetSubnet of the routes of {id}"))]);
    }
    Ok(decided)
}

/// Those of these addresses that no active authorization rule of an endpoint has. The rule with the longest
/// prefix decides; one for a group of people says nothing about others.
fn unauthorized(context: &Context<'_>, id: &str, wanted: &AddressSet) -> Known<AddressSet> {
    let mut all = context.snapshot.aws.client_vpn_authorization_rules.iter().flatten();
    let rules = all.find(|rules| rules.client_vpn_endpoint_id == id);
    let rules = rules.ok_or_else(|| vec![context.missing("ClientVpnAuthorizationRules", Some(id))])?;
    let active = rules.authorization_rules.iter().filter(|rule| code(rule.status.as_ref()) == Some("active"));
    let mut parsed: Vec<(IpNet, bool)> = Vec::new();
    for rule in active {
        let net = rule.destination_cidr.as_deref().and_then(|text| text.parse::<IpNet>().ok());
        let field = || {
            vec![context.field("ClientVpnAuthorizationRules", &format!("DestinationCidr of a rule of {id}"))]
        };
        parsed.push((net.ok_or_else(field)?, rule.access_all == Some(true)));
    }
    // Of two rules for one prefix, that for everybody comes first.
    parsed.sort_by_key(|(net, everybody)| (u8::MAX - net.prefix_len(), *net, !everybody));
    let (mut left, mut of_groups) = (wanted.clone(), AddressSet::default());
    for (net, everybody) in parsed {
        let its = left.intersect(&net.into());
        left = left.subtract(&its);
        if !everybody {
            of_groups = of_groups.union(&its);
        }
    }
    if left.is_empty() && !of_groups.is_empty() {
        return Err(vec![Missing::unmodelled(format!(
            "the members of the groups to which {id} authorizes {}",
            of_groups.told()
        ))]);
    }
    Ok(left)
}

fn cidr(text: Option<&str>) -> Option<AddressSet> {
    Some(AddressSet::from(text?.parse::<IpNet>().ok()?))
}

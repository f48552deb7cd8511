//! People behind AWS Client VPN: their packets carry the address of a network interface that Client VPN has in
//! an associated subnet, and are sent where a route and an authorization rule of the endpoint allow.
//!
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/how-it-works.html>
//! <https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-rules.html>

use std::collections::BTreeSet;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;
use privek_core::sets::ports::Ports;

use crate::facts::base::context::Context;
use crate::ids::{self, ResourceKind};
use crate::network::{
    Blocker, BlockerCode, End, EndKind, Groups, Path, Remedy, blocked_path, undecided_path,
};
use crate::snapshot::aws::ec2::{
    ClientVpnEndpoint, ClientVpnStatus, ClientVpnTargetNetwork, NetworkInterface,
};

use super::end_set::{Ends, addresses};

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
    let found = all.find(gives);
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
    if endpoint.transit_gateway_configuration.is_some() {
        let what = format!("the path from {} through {id} and its transit gateway", declared.label);
        return Ends::unlisted(vec![Missing::unmodelled(what)]);
    }
    match networks(context, id) {
        Ok(networks) => {
            for network in &networks {
                ends.extend(&of_network(context, declared, endpoint, network));
            }
            if networks.is_empty() {
                // Nobody can connect: https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/cvpn-working-target.html
                ends.known.push(declared.clone());
                ends.client_vpns.insert(declared.label.clone(), id.clone());
            }
        }
        Err(missing) => {
            // The interfaces show where packets start, if not all.
            for interface in interfaces(context, endpoint.vpc_id.as_deref(), &endpoint.security_group_ids) {
                ends.extend(&of_interface(declared, id, interface));
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
    let its: Vec<_> = its.filter(|one| code(one.status.as_ref()) == Some("associated")).collect();
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
        ends.extend(&of_interface(declared, id, interface));
    }
    if ends.known.is_empty() {
        let groups = Groups::of(groups.iter().cloned(), || {
            vec![context.field("ClientVpnTargetNetworks", &format!("SecurityGroups of {id}"))]
        });
        let cidrs = context.network.subnet_cidrs(subnet).ok();
        let v4 = cidrs.map(|all| all.into_iter().filter(|cidr| matches!(cidr, IpNet::V4(_))).collect());
        let label = format!("{} through {id} in {subnet}", declared.label);
        ends.client_vpns.insert(label.clone(), id.clone());
        let kind = EndKind::Subnet { subnet: subnet.clone(), addresses: v4, groups };
        ends.known.push(End { label, kind });
    }
    ends
}

fn of_interface(declared: &End, id: &str, interface: &NetworkInterface) -> Ends {
    let interface = &interface.network_interface_id;
    let label = format!("{} through {id} ({interface})", declared.label);
    let end = End { label: label.clone(), kind: EndKind::Interface { id: interface.clone() } };
    Ends { client_vpns: [(label, id.to_owned())].into(), ..Ends::known(vec![end]) }
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
    let Some(id) = from.client_vpns.get(&source.label) else {
        return context.network.trace(source, target, &ports);
    };
    // People who cannot connect have no place in the network.
    let is_placed = !matches!(source.kind, EndKind::Addresses { .. });
    let mut paths = if is_placed { context.network.trace(source, target, &ports) } else { Vec::new() };
    match gate(context, id, target, is_placed) {
        Ok(blockers) => {
            paths.extend(blockers.into_iter().map(|one| blocked_path(&source.label, &target.label, one)));
        }
        Err(missing) => paths.push(undecided_path(&source.label, &target.label, missing)),
    }
    paths
}

/// What an endpoint does not forward to these addresses.
fn gate(context: &Context<'_>, id: &str, target: &End, is_associated: bool) -> Known<Vec<Blocker>> {
    let blocker = |code: BlockerCode, part: Option<&AddressSet>, reason: String| Blocker {
        code,
        kind: KIND.to_owned(),
        id: id.to_owned(),
        leg: Some(Leg::Request),
        part: part.map(ToString::to_string),
        reason,
        remedy: Remedy {
            cidrs: part
                .map(|part| part.cidrs().iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            subnet: networks(context, id).ok().and_then(|all| all.first()?.target_network_id.clone()),
            ..Remedy::default()
        },
    };
    if !is_associated {
        let reason = format!("{id} has no associated target network; nobody can connect");
        return Ok(vec![blocker(BlockerCode::ClientVpnTargetMissing, None, reason)]);
    }
    let unread =
        || vec![Missing::unmodelled(format!("the addresses of {}, for the routes of {id}", target.label))];
    let wanted = addresses(context, target).ok_or_else(unread)?.only_v4();
    let (mut blockers, mut missing) = (Vec::new(), Vec::new());
    match unrouted(context, id, &wanted) {
        Ok(none) if none.is_empty() => {}
        Ok(part) => blockers.push(blocker(
            BlockerCode::ClientVpnRouteMissing,
            Some(&part),
            format!("{id} has no active route for {}", part.told()),
        )),
        Err(why) => missing.extend(why),
    }
    match unauthorized(context, id, &wanted) {
        Ok(none) if none.is_empty() => {}
        Ok(part) => blockers.push(blocker(
            BlockerCode::ClientVpnAuthorizationMissing,
            Some(&part),
            format!("{id} has no active authorization rule for {}", part.told()),
        )),
        Err(why) => missing.extend(why),
    }
    // A definite blocker outranks what is missing.
    if blockers.is_empty() && !missing.is_empty() { Err(missing) } else { Ok(blockers) }
}

/// Those of these addresses that no active route of an endpoint has.
fn unrouted(context: &Context<'_>, id: &str, wanted: &AddressSet) -> Known<AddressSet> {
    let mut all = context.snapshot.aws.client_vpn_routes.iter().flatten();
    let routes = all.find(|routes| routes.client_vpn_endpoint_id == id);
    let routes = routes.ok_or_else(|| vec![context.missing("ClientVpnRoutes", Some(id))])?;
    let active = routes.routes.iter().filter(|route| code(route.status.as_ref()) == Some("active"));
    let mut left = wanted.clone();
    for route in active {
        let field = || vec![context.field("ClientVpnRoutes", &format!("DestinationCidr of a route of {id}"))];
        left = left.subtract(&cidr(route.destination_cidr.as_deref()).ok_or_else(field)?);
    }
    Ok(left)
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

//! From what a user writes to ends: the one way, for `trace` and for the flows of rules.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::Missing;
use privek_core::sets::addresses::AddressSet;

use crate::facts::base::context::Context;
use crate::facts::endpoints::vpc_endpoint;
use crate::facts::{DeclaredEnd, EndSpec};
use crate::ids::{self, ResourceKind};
use crate::network::{Carriers, End, EndKind, Groups};
use crate::snapshot::aws::ec2::{Instance, InstanceNetworkInterface, ManagedPrefixList, Route};

use super::end_set::{Ends, Parties};
use super::not_found::{absent, is_known, no_such_network};
use super::{NoEnd, client_vpn, declared, endpoint, label, parties};

/// Whether an end is the source or the destination of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndSide {
    Source,
    Destination,
}

/// The parties that a text means. What is certainly not there is a mistake; what may be there, but was
/// not read, is unlisted.
pub(crate) fn of_written<'c>(
    context: &'c Context<'_>,
    end: &DeclaredEnd,
    side: EndSide,
) -> Result<Parties<'c>, NoEnd> {
    let mut unread = Vec::new();
    for group in end.groups.iter().filter(|group| !is_known(context, "SecurityGroups", group)) {
        unread.push(absent(context, "SecurityGroups", group)?);
    }
    let mut ends = match &end.spec {
        EndSpec::Role(role) if role != "services" => {
            let mut parties = parties(context, role);
            if side == EndSide::Destination {
                parties.listed.iter_mut().for_each(|party| party.ends = behind_client_vpn(&party.ends));
            }
            return Ok(parties);
        }
        EndSpec::Role(name) | EndSpec::Service(name) => {
            answers(name, side)?;
            elsewhere(name)
        }
        EndSpec::Addresses(cidr) => client_vpn::ends(context, declared::addresses(context, *cidr, end)),
        // A name that somebody gave to a network means the network, whatever else it looks like.
        EndSpec::Resource(name) | EndSpec::Network(name) => match declared::network(context, name) {
            Some(network) => client_vpn::ends(context, network),
            None if matches!(end.spec, EndSpec::Resource(_)) => resource(context, name, end, side)?,
            None if service(context, &end.spec).is_some() => {
                answers(name, side)?;
                elsewhere(name)
            }
            None => return Err(no_such_network(context, name)),
        },
    };
    if side == EndSide::Destination {
        ends = (*behind_client_vpn(&Rc::new(ends))).clone();
    }
    ends.unlisted.extend(unread);
    Ok(Parties::one(end.spec.to_string(), ends))
}

/// Which VPC endpoint serves a service is a question of names, which are looked up from ends: whoever traces
/// to a service asks for it there.
fn elsewhere(name: &str) -> Ends {
    Ends::unlisted(vec![Missing::unmodelled(format!("{name} as an end without a client"))])
}

/// People behind Client VPN as a destination: their addresses are translated, so that nothing in the VPC opens a
/// connection to them that is known here.
fn behind_client_vpn(ends: &Rc<Ends>) -> Rc<Ends> {
    let Some(its) = ends.client_vpns.values().next() else { return Rc::clone(ends) };
    let what = format!("connections to clients of {}, whose addresses Client VPN translates", its.endpoint);
    Rc::new(Ends::unlisted(vec![Missing::unmodelled(what)]))
}

/// The suffix of the service that an end names, if it names one.
pub(crate) fn service(context: &Context<'_>, spec: &EndSpec) -> Option<String> {
    match spec {
        EndSpec::Service(suffix) => Some(suffix.clone()),
        // A service that no feature needs is one all the same where there is an endpoint for it.
        EndSpec::Network(name) if declared::network(context, name).is_none() => {
            let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
            all.any(|endpoint| vpc_endpoint::suffix(endpoint) == Some(name)).then(|| name.clone())
        }
        _ => None,
    }
}

fn answers(end: &str, side: EndSide) -> Result<(), NoEnd> {
    match side {
        EndSide::Source => Err(NoEnd::OnlyDestination { end: end.to_owned() }),
        EndSide::Destination => Ok(()),
    }
}

fn resource(context: &Context<'_>, id: &str, end: &DeclaredEnd, side: EndSide) -> Result<Ends, NoEnd> {
    let one = |label: String, kind: EndKind| Ends::known(vec![End { label, kind }]);
    let unless_known = |collection: &str, ends: &dyn Fn() -> Ends| {
        if is_known(context, collection, id) {
            return Ok(ends());
        }
        absent(context, collection, id).map(|missing| Ends::unlisted(vec![missing]))
    };
    match ids::kind(id) {
        Some(ResourceKind::NetworkInterface) => unless_known("NetworkInterfaces", &|| {
            one(label::interface(context, id), EndKind::Interface { id: id.to_owned() })
        }),
        Some(ResourceKind::Subnet) => unless_known("Subnets", &|| {
            let label = label::subnet(context, id);
            let vpc = context.network.subnet(id).ok().and_then(|subnet| subnet.vpc_id.as_deref());
            let groups = declared::groups(&end.groups);
            let groups = match vpc {
                Some(vpc) => context.network.groups_within(&label, &groups, vpc, &AddressSet::default()),
                None => groups,
            };
            let carriers = Carriers::default();
            let kind = EndKind::Subnet { subnet: id.to_owned(), addresses: None, groups, carriers };
            one(label, kind)
        }),
        Some(ResourceKind::Instance) => instance(context, id),
        Some(ResourceKind::VpcEndpoint) => {
            answers(id, side)?;
            let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
            match all.find(|endpoint| endpoint.vpc_endpoint_id == id) {
                Some(found) => {
                    let doubts = vpc_endpoint::silent(context, found);
                    Ok(Ends { doubts, ..endpoint::of_endpoint(context, found) })
                }
                None => Ok(Ends::unlisted(vec![absent(context, "VpcEndpoints", id)?])),
            }
        }
        Some(ResourceKind::PrefixList) => prefix_list(context, id, side),
        _ => Ok(Ends::unlisted(vec![Missing::unmodelled(format!(
            "{id} as the source or destination of a path"
        ))])),
    }
}

/// An instance's network interfaces; where they were not read, its own words about them.
fn instance(context: &Context<'_>, id: &str) -> Result<Ends, NoEnd> {
    let aws = &context.snapshot.aws;
    let interfaces = aws.network_interfaces.iter().flatten();
    let attached = interfaces.filter(|interface| interface.instance() == Some(id));
    let mut ids: BTreeSet<&str> = attached.map(|interface| interface.network_interface_id.as_str()).collect();
    let mut instances = aws.reservations.iter().flatten().flat_map(|reservation| &reservation.instances);
    let instance: Option<&Instance> = instances.find(|instance| instance.instance_id == id);
    let own = instance.into_iter().flat_map(|instance| &instance.network_interfaces);
    ids.extend(own.clone().filter_map(|interface| interface.network_interface_id.as_deref()));
    let known: Vec<End> = ids
        .into_iter()
        .map(|interface| {
            let told = own.clone().find(|one| one.network_interface_id.as_deref() == Some(interface));
            let kind = match told {
                Some(told) if context.network.interface(interface).is_err() => as_told(told),
                _ => None,
            };
            let kind = kind.unwrap_or_else(|| EndKind::Interface { id: interface.to_owned() });
            End { label: format!("{interface} of {id}"), kind }
        })
        .collect();
    if !known.is_empty() {
        return Ok(Ends::known(known));
    }
    let missing = match instance {
        Some(_) => context.missing("NetworkInterfaces", Some(id)),
        None => absent(context, "Reservations", id)?,
    };
    Ok(Ends::unlisted(vec![missing]))
}

/// An interface as its instance describes it.
fn as_told(told: &InstanceNetworkInterface) -> Option<EndKind> {
    let texts = told.private_ip_addresses.iter().filter_map(|address| address.private_ip_address.as_deref());
    let all: BTreeSet<IpNet> = texts
        .chain(told.private_ip_address.as_deref())
        .filter_map(|text| text.parse::<IpAddr>().ok())
        .map(IpNet::from)
        .collect();
    let groups: Vec<String> = told.groups.iter().filter_map(|group| group.group_id.clone()).collect();
    (!all.is_empty() && !groups.is_empty()).then_some(EndKind::Subnet {
        subnet: told.subnet_id.clone()?,
        addresses: Some(all.into_iter().collect()),
        groups: Groups::Known(groups),
        carriers: Carriers::default(),
    })
}

/// The list of a gateway endpoint's service stands for what the gateway serves, any other for its entries.
fn prefix_list(context: &Context<'_>, id: &str, side: EndSide) -> Result<Ends, NoEnd> {
    let aws = &context.snapshot.aws;
    let list = aws.prefix_lists.iter().flatten().find(|list| list.prefix_list_id == id);
    let to_gateway = |route: &Route| {
        route.destination_prefix_list_id.as_deref() == Some(id)
            && route.gateway_id.as_deref().is_some_and(|target| context.network.is_gateway_endpoint(target))
    };
    let routed = || aws.route_tables.iter().flatten().flat_map(|table| &table.routes).any(to_gateway);
    if list.is_some_and(is_of_gateway) || routed() {
        answers(id, side)?;
        return Ok(Ends::known(vec![End {
            label: id.to_owned(),
            kind: EndKind::PrefixList { id: id.to_owned() },
        }]));
    }
    if list.is_none() {
        return Ok(Ends::unlisted(vec![absent(context, "PrefixLists", id)?]));
    }
    let prefixes = match context.network.prefix_list(id) {
        Ok(prefixes) if prefixes.is_empty() => {
            return Ok(Ends::unlisted(vec![Missing::unmodelled(format!(
                "{id} as a source or destination; the prefix list has no entries"
            ))]));
        }
        Ok(prefixes) => prefixes,
        Err(missing) => return Ok(Ends::unlisted(missing)),
    };
    let known = prefixes.into_iter().map(|cidr| {
        let bare = DeclaredEnd::from(EndSpec::Addresses(cidr));
        let end = declared::addresses(context, cidr, &bare);
        End { label: format!("{} of {id}", end.label), ..end }
    });
    Ok(Ends::known(known.collect()))
}

/// Whether a list is that of a service with gateway endpoints. No customer's list may be called so:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateManagedPrefixList.html>.
fn is_of_gateway(list: &ManagedPrefixList) -> bool {
    let name = list.prefix_list_name.as_deref().unwrap_or_default();
    let service = name.rsplit('.').next().unwrap_or_default();
    name.starts_with("com.amazonaws.") && matches!(service, "s3" | "dynamodb" | "s3express")
}

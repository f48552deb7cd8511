//! From what a user writes to the ends of paths. What the user names and what is certainly not
//! there is a mistake; what may be there, but was not read, is unknown.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::TraceError;
use crate::facts::ends::{self, Ends};
use crate::facts::spec::{ROLES, called};
use crate::facts::{Context, DeclaredEnd, EndSpec, features};
use crate::network::{End, EndKind, Groups, Missing, MissingKind};
use crate::snapshot::aws::ec2::{self, Instance, NetworkInterface};
use crate::snapshot::aws::{self};
use crate::yaml;

/// How many ids an error lists.
const MOST_LISTED: usize = 6;

/// Something that only a live probe can show.
pub(super) fn probe(what: impl Into<String>) -> Missing {
    Missing { kind: MissingKind::Probe, what: what.into(), permission: None }
}

/// The suffix of the service that an end names, if it names one.
pub(super) fn service(context: &Context<'_>, spec: &EndSpec) -> Option<String> {
    match spec {
        EndSpec::Service(suffix) => Some(suffix.clone()),
        // A service that no feature needs is one all the same where there is an endpoint for it.
        EndSpec::Network(name) if declared(context, name).is_none() => {
            let mut endpoints = context.snapshot.aws.vpc_endpoints.iter().flatten();
            endpoints.any(|endpoint| suffix(endpoint) == Some(name)).then(|| name.clone())
        }
        _ => None,
    }
}

/// What stands after the region in the name of an endpoint's service.
pub(super) fn suffix(endpoint: &ec2::VpcEndpoint) -> Option<&str> {
    let name = endpoint.service_name.as_deref()?;
    let rest = name.strip_prefix("cn.").unwrap_or(name).strip_prefix("com.amazonaws.")?;
    match rest.split_once('.') {
        Some((region, suffix)) if region.contains('-') => Some(suffix),
        _ => Some(rest),
    }
}

/// The ends that a user means. Services are not among them: which endpoint answers depends on the other end.
pub(super) fn of(context: &Context<'_>, end: &DeclaredEnd, is_source: bool) -> Result<Ends, TraceError> {
    for group in &end.groups {
        if let Some(error) = absent(context, "SecurityGroups", group, "security group") {
            return Err(error);
        }
    }
    match &end.spec {
        EndSpec::Role(name) if is_source && name == "services" => only_destination(name),
        EndSpec::Service(name) if is_source => only_destination(name),
        EndSpec::Role(role) => of_role(context, role),
        EndSpec::Service(_) => Ok(Ends::default()),
        EndSpec::Resource(id) => match declared(context, id) {
            Some(network) => Ok(one(network)),
            None => resource(context, id, end, is_source),
        },
        EndSpec::Addresses(cidr) => Ok(one(addresses(context, *cidr, end))),
        EndSpec::Network(name) => match declared(context, name) {
            Some(network) => Ok(one(network)),
            None => Err(no_such_network(context, name)),
        },
    }
}

fn one(end: End) -> Ends {
    Ends { known: vec![end], unlisted: Vec::new() }
}

fn only_destination(end: &str) -> Result<Ends, TraceError> {
    Err(TraceError::OnlyDestination { end: end.to_owned() })
}

fn of_role(context: &Context<'_>, role: &str) -> Result<Ends, TraceError> {
    // Operators come from the declarations.
    if context.cluster.is_err() && role != "operators" {
        let role = role.to_owned();
        let names = context.snapshot.aws.ids("cluster").unwrap_or_default();
        return Err(if names.len() > 1 {
            TraceError::SeveralClusters { role, names }
        } else {
            TraceError::NeedsCluster { role }
        });
    }
    let mut ends = ends::of_role(context, role);
    if ends.are_none() {
        return Err(TraceError::Nobody { role: role.to_owned() });
    }
    for end in &mut ends.known {
        if let EndKind::Interface { id } = &end.kind
            && end.label == *id
        {
            end.label = interface_label(context, id);
        }
    }
    Ok(ends)
}

/// A network that the declarations name.
fn declared(context: &Context<'_>, name: &str) -> Option<End> {
    networks(context).into_iter().find(|network| network.label == name)
}

/// All networks that the declarations name.
fn networks(context: &Context<'_>) -> Vec<End> {
    let end = |(name, cidr, via, groups): (&String, IpNet, &Option<String>, &[String])| End {
        label: name.clone(),
        kind: EndKind::Addresses { cidr, via: via.clone(), groups: groups_of(groups) },
    };
    let networks = context.intent.networks.iter();
    let networks = networks.map(|one| (&one.name, one.cidr, &one.via, one.security_groups.as_slice()));
    let operators = context.intent.operators.iter().flatten();
    let operators = operators.map(|one| (&one.name, one.cidr, &one.via, one.security_groups.as_slice()));
    networks.chain(operators).map(end).collect()
}

fn groups_of(groups: &[String]) -> Groups {
    if groups.is_empty() { Groups::Undeclared } else { Groups::Known(groups.to_vec()) }
}

fn no_such_network(context: &Context<'_>, name: &str) -> TraceError {
    let networks = networks(context);
    let services = features::matrix().map(|matrix| matrix.services.keys()).into_iter().flatten();
    let known = ROLES.iter().copied().chain(networks.iter().map(|network| network.label.as_str()));
    let near = yaml::nearest(name, known.chain(services.map(String::as_str)));
    let hint = match near {
        Some(near) => format!("did you mean {near}?"),
        None if networks.is_empty() => {
            "the declarations name no network (networks: or operators: in privek-audit.yaml)".to_owned()
        }
        None => {
            let names: Vec<String> = networks.into_iter().map(|network| network.label).collect();
            format!("the declarations name {}", names.join(", "))
        }
    };
    TraceError::NoSuchNetwork { name: name.to_owned(), hint }
}

/// Addresses; what the user declares about a network that holds them all holds for them, too.
fn addresses(context: &Context<'_>, cidr: IpNet, end: &DeclaredEnd) -> End {
    let mut label = EndSpec::Addresses(cidr).to_string();
    if let Some(interface) = holder(context, cidr) {
        let id = &interface.network_interface_id;
        let note = interface_note(context, id).map(|note| format!(", {note}")).unwrap_or_default();
        label = format!("{label} ({id}{note})");
    }
    let (mut via, mut groups) = (end.via.clone(), groups_of(&end.groups));
    if via.is_none() && end.groups.is_empty() {
        let around = networks(context).into_iter().filter_map(|network| match network.kind {
            EndKind::Addresses { cidr: wide, via, groups } if wide.contains(&cidr) => {
                (via.is_some() || groups != Groups::Undeclared).then_some((network.label, wide, via, groups))
            }
            _ => None,
        });
        if let Some((name, wide, its_via, its_groups)) = around.max_by_key(|around| around.1.prefix_len()) {
            context.assume(format!("What is declared about {name} ({wide}) holds for {cidr}."));
            (via, groups) = (its_via, its_groups);
        }
    }
    End { label, kind: EndKind::Addresses { cidr, via, groups } }
}

/// The one interface that has this address, where there is one.
fn holder<'s>(context: &Context<'s>, cidr: IpNet) -> Option<&'s NetworkInterface> {
    if cidr.prefix_len() < cidr.max_prefix_len() {
        return None;
    }
    let wanted = cidr.addr();
    let has = |interface: &&NetworkInterface| {
        let v4 = interface.private_ip_addresses.iter().filter_map(|one| one.private_ip_address.as_deref());
        let v6 = interface.ipv6_addresses.iter().filter_map(|one| one.ipv6_address.as_deref());
        let mut all = interface.private_ip_address.as_deref().into_iter().chain(v4).chain(v6);
        all.any(|text| text.parse::<IpAddr>() == Ok(wanted))
    };
    let mut found = context.snapshot.aws.network_interfaces.iter().flatten().filter(has);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn resource(context: &Context<'_>, id: &str, end: &DeclaredEnd, is_source: bool) -> Result<Ends, TraceError> {
    let what = called(id);
    let (collection, kind) = match id.split('-').next().unwrap_or_default() {
        "i" => return instance(context, id),
        "vpce" => return endpoint(context, id, is_source),
        "pl" => return prefix_list(context, id, is_source),
        "eni" => ("NetworkInterfaces", EndKind::Interface { id: id.to_owned() }),
        "subnet" => {
            let groups = groups_of(&end.groups);
            ("Subnets", EndKind::Subnet { subnet: id.to_owned(), addresses: None, groups })
        }
        _ => return Ok(unlisted(Missing::unmodelled(format!("{id} as the end of a path")))),
    };
    if let Some(error) = absent(context, collection, id, what) {
        return Err(error);
    }
    let label = match &kind {
        EndKind::Interface { id } => interface_label(context, id),
        _ => subnet_label(context, id),
    };
    Ok(one(End { label, kind }))
}

fn unlisted(missing: Missing) -> Ends {
    Ends { known: Vec::new(), unlisted: vec![missing] }
}

/// An instance's network interfaces; where they were not read, its own words about them.
fn instance(context: &Context<'_>, id: &str) -> Result<Ends, TraceError> {
    let aws = &context.snapshot.aws;
    let attached = aws.network_interfaces.iter().flatten().filter(|interface| {
        interface.attachment.as_ref().and_then(|attachment| attachment.instance_id.as_deref()) == Some(id)
    });
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
        return Ok(Ends { known, unlisted: Vec::new() });
    }
    if instance.is_none()
        && let Some(error) = absent(context, "Reservations", id, called(id))
    {
        return Err(error);
    }
    Ok(unlisted(context.missing("NetworkInterfaces", Some(id))))
}

/// An interface as its instance describes it.
fn as_told(told: &ec2::InstanceNetworkInterface) -> Option<EndKind> {
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
    })
}

fn endpoint(context: &Context<'_>, id: &str, is_source: bool) -> Result<Ends, TraceError> {
    if is_source {
        return only_destination(id);
    }
    let mut all = context.snapshot.aws.vpc_endpoints.iter().flatten();
    match all.find(|endpoint| endpoint.vpc_endpoint_id == id) {
        Some(endpoint) => Ok(super::service::of_endpoint(context, endpoint)),
        None => match absent(context, "VpcEndpoints", id, called(id)) {
            Some(error) => Err(error),
            None => Ok(unlisted(context.missing("VpcEndpoints", Some(id)))),
        },
    }
}

/// AWS's own lists stand for what a gateway endpoint serves, others for their entries.
fn prefix_list(context: &Context<'_>, id: &str, is_source: bool) -> Result<Ends, TraceError> {
    let aws = &context.snapshot.aws;
    let list = aws.prefix_lists.iter().flatten().find(|list| list.prefix_list_id == id);
    let owner = list.and_then(|list| list.owner_id.as_deref());
    let own = owner.is_some_and(|owner| owner.chars().all(|c| c.is_ascii_digit()));
    if !own && is_source {
        return only_destination(id);
    }
    if !own {
        let kind = EndKind::PrefixList { id: id.to_owned() };
        return Ok(one(End { label: id.to_owned(), kind }));
    }
    let prefixes = match context.network.prefix_list(id) {
        Ok(prefixes) => prefixes,
        Err(unlisted) => return Ok(Ends { known: Vec::new(), unlisted }),
    };
    let known = prefixes.into_iter().map(|cidr| {
        let bare = DeclaredEnd::from(EndSpec::Addresses(cidr));
        let end = addresses(context, cidr, &bare);
        End { label: format!("{} of {id}", end.label), ..end }
    });
    Ok(Ends { known: known.collect(), unlisted: Vec::new() })
}

/// The mistake of naming what is not there, where it is certain that it would have been read.
fn absent(context: &Context<'_>, collection: &str, id: &str, what: &'static str) -> Option<TraceError> {
    let read = context.snapshot.aws.ids(collection)?;
    let known = aws::collection(collection)?;
    let mut gaps = context.snapshot.gaps.iter();
    if gaps.any(|gap| gap.service == known.service && gap.operation == known.operation) {
        return None;
    }
    let ids: BTreeSet<&str> = match collection {
        "Reservations" => {
            let all = context.snapshot.aws.reservations.iter().flatten();
            all.flat_map(|reservation| &reservation.instances).map(|one| one.instance_id.as_str()).collect()
        }
        _ => read.iter().map(String::as_str).collect(),
    };
    if ids.contains(id) {
        return None;
    }
    let near = match yaml::nearest(id, ids.iter().copied().filter(|other| differ_little(id, other))) {
        Some(near) => vec![near.to_owned()],
        None => listed(&ids),
    };
    Some(TraceError::NotThere { id: id.to_owned(), what, count: ids.len(), near })
}

/// Ids of one kind are all alike in length; only few other characters are a typo.
fn differ_little(one: &str, other: &str) -> bool {
    let different = one.chars().zip(other.chars()).filter(|(a, b)| a != b).count();
    different + one.len().abs_diff(other.len()) <= 3
}

fn listed(ids: &BTreeSet<&str>) -> Vec<String> {
    let mut listed: Vec<String> = ids.iter().take(MOST_LISTED).map(|&id| id.to_owned()).collect();
    if ids.len() > listed.len() {
        listed.push("…".to_owned());
    }
    listed
}

/// An interface's id, and what it is the interface of.
fn interface_label(context: &Context<'_>, id: &str) -> String {
    interface_note(context, id).map_or_else(|| id.to_owned(), |note| format!("{id} ({note})"))
}

fn interface_note(context: &Context<'_>, id: &str) -> Option<String> {
    let interface = context.network.interface(id).ok()?;
    let description = interface.description.as_deref().unwrap_or_default();
    if description.starts_with("Amazon EKS ") {
        return Some("Kubernetes API".to_owned());
    }
    if let Some(endpoint) = description.strip_prefix("VPC Endpoint Interface ") {
        return Some(endpoint.to_owned());
    }
    interface.attachment.as_ref()?.instance_id.clone()
}

fn subnet_label(context: &Context<'_>, id: &str) -> String {
    let name = context.network.subnet(id).ok().and_then(|subnet| ec2::tag(&subnet.tags, "Name"));
    name.map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"))
}

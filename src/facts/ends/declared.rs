//! Networks that the user declares, and ends that are named by id or address.

use std::rc::Rc;

use ipnet::IpNet;

use super::{Ends, Parties, Party, endpoint, of_role, parties};
use crate::facts::{Context, EndSpec, operators as access};
use crate::network::{End, EndKind, Groups, Missing};
use crate::snapshot::aws::ec2::VpcEndpoint;

/// One party for each operators' network.
pub(super) fn operators<'c>(context: &'c Context<'_>) -> Parties<'c> {
    let declared = match access::declared(context) {
        Ok(declared) => declared,
        Err(unlisted) => return Parties { listed: Vec::new(), unlisted },
    };
    let listed = declared
        .iter()
        .map(|operator| {
            let ends = Ends::known(vec![access::end(operator)]);
            Party { operator: Some(operator), ..Party::new(format!("operators:{}", operator.name), ends) }
        })
        .collect();
    Parties { listed, unlisted: Vec::new() }
}

/// The parties that an end of a flow names.
pub(in crate::facts) fn of_spec<'c>(context: &'c Context<'_>, spec: &EndSpec) -> Parties<'c> {
    let one = |ends: Ends| {
        let party = Party::shared(spec.to_string(), Rc::new(ends));
        Parties { listed: vec![party], unlisted: Vec::new() }
    };
    match spec {
        EndSpec::Role(role) if role != "services" => parties(context, role),
        EndSpec::Role(name) | EndSpec::Service(name) => one(of_role(context, name)),
        EndSpec::Addresses(cidr) => one(Ends::known(vec![addresses(*cidr)])),
        EndSpec::Network(name) => one(network(context, name)),
        EndSpec::Resource(id) => one(resource(context, id)),
    }
}

fn addresses(cidr: IpNet) -> End {
    let label =
        if cidr.prefix_len() == cidr.max_prefix_len() { cidr.addr().to_string() } else { cidr.to_string() };
    End { label, kind: EndKind::Addresses { cidr, via: None, groups: Groups::Undeclared } }
}

/// A network that the declarations name: one of `networks:`, else an operators' one.
fn network(context: &Context<'_>, name: &str) -> Ends {
    let networks = &context.intent.networks;
    if let Some(network) = networks.iter().find(|network| network.name == name) {
        let groups = if network.security_groups.is_empty() {
            Groups::Undeclared
        } else {
            Groups::Known(network.security_groups.clone())
        };
        let kind = EndKind::Addresses { cidr: network.cidr, via: network.via.clone(), groups };
        return Ends::known(vec![End { label: network.name.clone(), kind }]);
    }
    let mut operators = context.intent.operators.iter().flatten();
    if let Some(operator) = operators.find(|operator| operator.name == name) {
        return Ends::known(vec![access::end(operator)]);
    }
    let what = format!("which addresses the network {name} has (networks: in privek-audit.yaml)");
    Ends::unlisted(vec![Missing::intent(what)])
}

fn resource(context: &Context<'_>, id: &str) -> Ends {
    let one = |kind: EndKind| Ends::known(vec![End { label: id.to_owned(), kind }]);
    let kind = id.split('-').next().unwrap_or_default();
    match kind {
        "eni" => one(EndKind::Interface { id: id.to_owned() }),
        "pl" => one(EndKind::PrefixList { id: id.to_owned() }),
        "subnet" => {
            one(EndKind::Subnet { subnet: id.to_owned(), addresses: None, groups: Groups::Undeclared })
        }
        "vpce" => {
            let found: Option<&VpcEndpoint> =
                context.snapshot.aws.vpc_endpoints.iter().flatten().find(|one| one.vpc_endpoint_id == id);
            match found {
                Some(endpoint) => endpoint::of_any(context, endpoint),
                None => Ends::unlisted(vec![context.missing("VpcEndpoints", Some(id))]),
            }
        }
        "i" => instance(context, id),
        _ => Ends::unlisted(vec![Missing::unmodelled(format!("{id} as the end of a flow"))]),
    }
}

/// An instance's network interfaces.
fn instance(context: &Context<'_>, id: &str) -> Ends {
    let attached = context.snapshot.aws.network_interfaces.iter().flatten().filter(|interface| {
        interface.attachment.as_ref().and_then(|attached| attached.instance_id.as_deref()) == Some(id)
    });
    let mut known: Vec<End> = attached
        .map(|interface| interface.network_interface_id.clone())
        .map(|interface| End {
            label: format!("{interface} of {id}"),
            kind: EndKind::Interface { id: interface },
        })
        .collect();
    known.sort_by(|one, other| one.label.cmp(&other.label));
    if known.is_empty() {
        return Ends::unlisted(vec![context.missing("NetworkInterfaces", Some(id))]);
    }
    Ends::known(known)
}

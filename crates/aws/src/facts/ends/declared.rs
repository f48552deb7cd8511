//! Networks that the user declares: the operators', and others by their names.

use ipnet::IpNet;

use crate::facts::base::context::Context;
use crate::facts::inventory::operators;
use crate::facts::{DeclaredEnd, EndSpec};
use crate::network::{End, EndKind, Groups};

use super::end_set::{Parties, Party};
use super::{client_vpn, operator_networks};

/// One party for each operators' network.
pub(crate) fn operators<'c>(context: &'c Context<'_>) -> Parties<'c> {
    let declared = match operators::declared(context) {
        Ok(declared) => declared,
        Err(unlisted) => return Parties { listed: Vec::new(), unlisted },
    };
    let listed = declared
        .iter()
        .map(|operator| {
            let ends = client_vpn::ends(context, operator_networks::end(operator));
            Party { operator: Some(operator), ..Party::new(format!("operators:{}", operator.name), ends) }
        })
        .collect();
    Parties { listed, unlisted: Vec::new() }
}

/// Security groups as they are declared.
pub(crate) fn groups(declared: &[String]) -> Groups {
    if declared.is_empty() { Groups::Undeclared } else { Groups::Known(declared.to_vec()) }
}

/// All networks that the declarations name.
pub(crate) fn networks(context: &Context<'_>) -> Vec<End> {
    let networks = context.intent.networks.iter().map(|network| {
        let groups = groups(&network.security_groups);
        let kind = EndKind::Addresses { cidr: network.cidr, via: network.via.clone(), groups };
        End { label: network.name.clone(), kind }
    });
    networks.chain(context.intent.operators.iter().flatten().map(operator_networks::end)).collect()
}

/// The declared network of this name.
pub(crate) fn network(context: &Context<'_>, name: &str) -> Option<End> {
    networks(context).into_iter().find(|network| network.label == name)
}

/// Addresses; what the user declares about a network that holds them all holds for them, too.
pub(crate) fn addresses(context: &Context<'_>, cidr: IpNet, end: &DeclaredEnd) -> End {
    let label = super::label::addresses(context, &EndSpec::Addresses(cidr), cidr);
    let (mut via, mut groups) = (end.via.clone(), groups(&end.groups));
    if via.is_none() && end.groups.is_empty() {
        let around = networks(context).into_iter().filter_map(|network| match network.kind {
            EndKind::Addresses { cidr: wide, via, groups } if wide.contains(&cidr) => {
                (via.is_some() || groups != Groups::Undeclared).then_some((network.label, wide, via, groups))
            }
            _ => None,
        });
        if let Some((name, wide, its_via, its_groups)) = around.max_by_key(|around| around.1.prefix_len()) {
            context.assume(format!("The declarations for {name} ({wide}) also apply to {cidr}."));
            (via, groups) = (its_via, its_groups);
        }
    }
    End { label, kind: EndKind::Addresses { cidr, via, groups } }
}

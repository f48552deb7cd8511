//! Pods as sources outside the VPC: the VPC CNI gives their packets the primary address of
//! the node's first interface, so the node's subnet, routes and security groups decide.
//!
//! Not so within the VPC's own prefixes, where `AWS_VPC_K8S_CNI_EXTERNALSNAT` is true, for IPv6, nor, in
//! strict mode, for pods with security groups of their own
//! (<https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html>,
//! <https://docs.aws.amazon.com/eks/latest/best-practices/sgpp.html>).

use std::rc::Rc;

use privek_core::known::Missing;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{self, IpFamily};
use crate::facts::inventory::vpc_cni::{self, Cni, CniKnown, Snat};
use crate::network::{End, EndKind};

use super::end_set::Ends;
use super::{of_nodes, pods};

/// The ends whose addresses pods' packets carry towards these destinations.
pub(crate) fn pods_towards(context: &Context<'_>, own: &Rc<Ends>, targets: &[End]) -> Rc<Ends> {
    let all: Option<Vec<bool>> = targets.iter().map(|target| is_inside(context, target)).collect();
    match all {
        Some(inside) if inside.iter().all(|inside| *inside) => Rc::clone(own),
        Some(inside) if inside.iter().all(|inside| !inside) => Rc::new(outside(context, own)),
        _ => {
            let what = "the source address of pods towards a network that is partly in the VPC; name the parts inside and outside separately";
            Rc::new(Ends::unlisted(vec![Missing::unmodelled(what)]))
        }
    }
}

fn outside(context: &Context<'_>, own: &Ends) -> Ends {
    let family = cluster::ip_family(context);
    if family == Ok(IpFamily::V6) {
        return own.clone();
    }
    let cni = match vpc_cni::cni(context) {
        CniKnown::Read(cni) => cni,
        CniKnown::Assumed => Cni::default(),
        CniKnown::Unread(missing) => return Ends::unlisted(missing),
    };
    if let (Err(missing), true) = (family, cni.snat != Snat::None) {
        return Ends::unlisted(missing);
    }
    let mut ends = match cni.snat {
        Snat::None => return own.clone(),
        Snat::Some => {
            let what = "the destinations to which pods keep their own source address (AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS)";
            return Ends::unlisted(vec![Missing::unmodelled(what)]);
        }
        Snat::All | Snat::Shared => (*of_nodes(context)).clone(),
    };
    if cni.snat == Snat::Shared {
        ends.extend(&pods::branches(context));
    }
    ends.sorted()
}

/// Whether a destination is in the cluster's VPC; `None` where only a part of it is, or it was not read.
fn is_inside(context: &Context<'_>, target: &End) -> Option<bool> {
    let vpc = context.vpc.as_deref().ok()?;
    let is_ours = |id: Option<&str>| id.map(|id| id == vpc);
    match &target.kind {
        EndKind::PrefixList { .. } => Some(false),
        EndKind::Interface { id } => is_ours(context.network.interface(id).ok()?.vpc_id.as_deref()),
        EndKind::Subnet { subnet, .. } => is_ours(context.network.subnet(subnet).ok()?.vpc_id.as_deref()),
        EndKind::Addresses { cidr, .. } => {
            let own = context.network.vpc_cidrs(vpc).ok()?;
            if own.iter().any(|own| own.contains(cidr)) {
                return Some(true);
            }
            (!own.iter().any(|own| cidr.contains(own))).then_some(false)
        }
    }
}

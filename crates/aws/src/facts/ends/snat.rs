//! Pods and networks outside the VPC: the VPC CNI gives pods' packets the primary address of the node's first
//! interface, so the node's subnet, routes and security groups decide. Replies to what comes from outside leave
//! that interface, too, so that pods on other interfaces do not answer
//! (<https://github.com/aws/amazon-vpc-cni-k8s#aws_vpc_k8s_cni_externalsnat>).
//!
//! Not so within the VPC's own prefixes, where `AWS_VPC_K8S_CNI_EXTERNALSNAT` is true, for IPv6, nor, in
//! strict mode, for pods with security groups of their own
//! (<https://docs.aws.amazon.com/eks/latest/userguide/external-snat.html>,
//! <https://docs.aws.amazon.com/eks/latest/best-practices/sgpp.html>).

use std::rc::Rc;

use ipnet::IpNet;
use privek_core::known::{Known, Missing};
use privek_core::path::Leg;
use privek_core::sets::addresses::AddressSet;

use crate::facts::base::context::Context;
use crate::facts::inventory::cluster::{self, IpFamily};
use crate::facts::inventory::vpc_cni::{self, Cni, CniKnown, Snat};
use crate::network::{Blocker, BlockerCode, End, EndKind, Remedy};

use super::end_set::{Ends, addresses};
use super::{of_nodes, pods};

/// The ends whose addresses pods' packets carry towards these destinations.
pub(crate) fn pods_towards(context: &Context<'_>, own: &Rc<Ends>, targets: &[End]) -> Rc<Ends> {
    let all: Option<Vec<bool>> = targets.iter().map(|target| is_inside(context, target)).collect();
    match all {
        Some(inside) if inside.iter().all(|inside| *inside) => Rc::clone(own),
        Some(inside) if inside.iter().all(|inside| !inside) => Rc::new(outside(context, own, targets)),
        _ => {
            let what = "the source address of pods towards a network that is partly in the VPC; name the parts inside and outside separately";
            Rc::new(Ends::unlisted(vec![Missing::unmodelled(what)]))
        }
    }
}

fn outside(context: &Context<'_>, own: &Ends, targets: &[End]) -> Ends {
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
        Snat::All | Snat::Shared => {
            let excepted = targets.iter().map(|target| excepts(context, &cni, target));
            let excepted = excepted.collect::<Known<Vec<bool>>>();
            match excepted {
                Ok(all) if !all.is_empty() && all.iter().all(|excepted| *excepted) => return own.clone(),
                Ok(all) if !all.contains(&true) => {}
                Ok(_) => {
                    let what = format!(
                        "the source address of pods towards several networks, some of them in {EXCLUDED}; name the networks separately"
                    );
                    return Ends::unlisted(vec![Missing::unmodelled(what)]);
                }
                Err(missing) => return Ends::unlisted(missing),
            }
            (*of_nodes(context)).clone()
        }
    };
    if cni.snat == Snat::Shared {
        ends.extend(&pods::branches(context));
    }
    ends.sorted()
}

/// The setting with networks to which pods keep their own addresses.
const EXCLUDED: &str = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS";

/// Whether pods keep their own addresses towards this network outside the VPC.
fn excepts(context: &Context<'_>, cni: &Cni, other: &End) -> Known<bool> {
    let unclear = |what: String| Err(vec![Missing::unmodelled(what)]);
    let excluded: AddressSet = match cni.snat_excluded.as_slice() {
        [] => return Ok(false),
        texts => match texts.iter().map(|text| text.parse::<IpNet>()).collect::<Result<_, _>>() {
            Ok(excluded) => excluded,
            Err(_) => return unclear(format!("{EXCLUDED} = {}; not a list of CIDRs", texts.join(","))),
        },
    };
    let Some(addresses) = addresses(context, other) else {
        return unclear(format!("the addresses of {}, for comparison with {EXCLUDED}", other.label));
    };
    if excluded.contains_all(&addresses) {
        return Ok(true);
    }
    if excluded.intersect(&addresses).is_empty() {
        return Ok(false);
    }
    unclear(format!("the source address of pods towards {}, of which {EXCLUDED} has a part", other.label))
}

/// Why pods on secondary interfaces do not answer this source, if they do not.
pub(crate) fn unanswered_by_pods(context: &Context<'_>, source: &End) -> Known<Option<Blocker>> {
    if is_inside(context, source) == Some(true) || cluster::ip_family(context)? == IpFamily::V6 {
        return Ok(None);
    }
    match &source.kind {
        EndKind::Subnet { subnet, .. } => _ = context.network.subnet(subnet)?,
        EndKind::Interface { id } => _ = context.network.interface(id)?,
        EndKind::Addresses { .. } | EndKind::PrefixList { .. } => {}
    }
    let cni = match vpc_cni::cni(context) {
        CniKnown::Read(cni) => cni,
        CniKnown::Assumed => {
            let what = format!(
                "whether pods reply to {} with their own address (AWS_VPC_K8S_CNI_EXTERNALSNAT); the cluster has no add-on vpc-cni",
                source.label
            );
            return Err(vec![Missing::unmodelled(what)]);
        }
        CniKnown::Unread(missing) => return Err(missing),
    };
    if cni.snat == Snat::None {
        return Ok(None);
    }
    if context.vpc.clone().and_then(|vpc| context.network.vpc_cidrs(&vpc)).is_err() {
        return Err(vec![context.missing("Vpcs", context.vpc.as_deref().ok())]);
    }
    if excepts(context, &cni, source)? {
        return Ok(None);
    }
    // The prefixes of a node's first interface may hold all its pods, but for custom networking, which leaves that
    // interface without any: https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html
    if cni.prefixes && !cni.custom_networking {
        let what = format!(
            "whether pods on secondary network interfaces exist, which would reply to {} over another one",
            source.label
        );
        return Err(vec![Missing::unmodelled(what)]);
    }
    Ok(Some(Blocker {
        code: BlockerCode::PodAddressTranslated,
        kind: "addon".to_owned(),
        id: "vpc-cni".to_owned(),
        leg: Some(Leg::Reply),
        part: None,
        reason: format!(
            "pods on secondary network interfaces reply to {} over the primary network interface of their node; \
             AWS_VPC_K8S_CNI_EXTERNALSNAT is not true",
            source.label
        ),
        remedy: Remedy::default(),
    }))
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

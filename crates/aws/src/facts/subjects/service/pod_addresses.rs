//! The addresses that pods' requests carry to a VPC endpoint.

use std::rc::Rc;

use crate::facts::base::context::Context;
use crate::facts::endpoints::policy::PodAddresses;
use crate::facts::ends::{self, end_set};
use crate::network::{End, EndKind};
use crate::snapshot::aws::ec2::VpcEndpoint;

/// Where pods send from to an endpoint: to one outside the VPC the VPC CNI may send with the nodes' addresses.
pub(super) fn towards(context: &Context<'_>, endpoint: &VpcEndpoint) -> PodAddresses {
    let pods = Rc::new(ends::of_role(context, "pods"));
    let inside = context.vpc.as_ref().is_ok_and(|vpc| endpoint.vpc_id.as_ref() == Some(vpc));
    let pods = if inside { pods } else { ends::pods_towards(context, &pods, &interfaces(endpoint)) };
    let fargate = ends::of_role(context, "fargate");
    let addresses =
        |ends: &[End]| ends.iter().map(|end| end_set::addresses(context, end)).collect::<Option<Vec<_>>>();
    let (on_nodes, on_fargate) = (addresses(&pods.known), addresses(&fargate.known));
    let elsewhere = !pods.unlisted.is_empty() || on_nodes.is_none();
    PodAddresses {
        elsewhere: elsewhere || !fargate.unlisted.is_empty() || on_fargate.is_none(),
        on_nodes: distinct(on_nodes),
        on_fargate: distinct(on_fargate),
    }
}

fn interfaces(endpoint: &VpcEndpoint) -> Vec<End> {
    let end = |id: &String| End { label: id.clone(), kind: EndKind::Interface { id: id.clone() } };
    endpoint.network_interface_ids.iter().map(end).collect()
}

/// Pods with several sets of security groups may be in one subnet.
fn distinct<T: PartialEq>(all: Option<Vec<T>>) -> Vec<T> {
    let mut out: Vec<T> = Vec::new();
    for one in all.unwrap_or_default() {
        if !out.contains(&one) {
            out.push(one);
        }
    }
    out
}
